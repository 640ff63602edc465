// SPDX-License-Identifier: Apache-2.0
// The one place where a guard command's health check is found: people give its id, or the DNS name
// that users look up (guard/apply/find_check.h).
#pragma once

#include <optional>
#include <string>

#include "cli/guard_report.h"

namespace sitelatch::cli {

// Says on stderr which check a name has led to.
Result<std::string, guard::Error> check_id(GuardContext& context, const std::string& id_or_name);

// Makes an id of a name in place. A status: it could not, which has been reported, and with which
// the command ends.
std::optional<int> make_id(const GuardOptions& options, std::string& id_or_name);

}  // namespace sitelatch::cli
