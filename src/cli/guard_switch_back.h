// SPDX-License-Identifier: Apache-2.0
// The report of a switch back, whatever the form of the latch.
#pragma once

#include <string>

#include "cli/guard_report.h"
#include "guard/apply/switch_back.h"

namespace sitelatch::cli {

int finish_switch_back(const GuardOptions& options, const std::string& health_check_id,
                       const guard::SwitchBackReport& report);

}  // namespace sitelatch::cli
