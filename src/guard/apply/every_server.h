// SPDX-License-Identifier: Apache-2.0
// Whether all name servers have followed a latch, asked one by one: they learn of it at different
// times, and one that has not is one that still sends users to Primary.
#pragma once

#include <string>

#include "guard/apply/carry_out.h"

namespace sitelatch::guard {

// Empty: every server of each zone names Backup for every name of the check. Else the first that
// does not, or does not say, in words. Where a server is given (--dns-server) it alone is asked.
std::string not_on_backup(Context& context, const RecordsSnapshot& records);

}  // namespace sitelatch::guard
