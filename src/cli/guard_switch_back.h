// SPDX-License-Identifier: Apache-2.0
// What a switch back has in common, whatever the form of the latch: what is asked for, and the
// report.
#pragma once

#include <optional>
#include <string>

#include "cli/guard_commands.h"
#include "cli/guard_report.h"
#include "guard/apply/switch_back.h"

namespace sitelatch::cli {

// Nothing: it was taken; else the exit status, and what is wrong is said.
std::optional<int> take_wish(const SwitchBackOptions& options, guard::ReleaseWish& wish);

int finish_switch_back(const GuardOptions& options, const std::string& health_check_id,
                       const guard::SwitchBackReport& report);

}  // namespace sitelatch::cli
