// SPDX-License-Identifier: Apache-2.0
// Gives traffic back to Primary where the latch is a hold check (form config):
//   1 who asks; Route 53 finds Primary healthy (its own check was never touched), it answers from
//     here, every --check exits 0, a person types the name
//   2 the hold's tag says that a switch back is under way, and since when
//   3 C is content with one of two: it follows Primary alone. Backup serves still
//   4 fifteen good minutes; where somebody had tripped the hold it is let go only now
//   5 H is healthy, DNS names Primary; at once C asks for both again, or nothing would fail over
//   6 it waits until metric and DNS show it, and takes the tags away
// Cut off anywhere and run again it goes on. Not good in the window: C asks for both again, and
// the latch stands as before.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "guard/apply/config_change.h"
#include "guard/apply/switch_back.h"

namespace sitelatch::guard {

struct ConfigSwitchBackOptions : ReleaseWish {  // `expected_version`: of the hold check
  ConfigSwitchBackOptions() : ReleaseWish(std::chrono::minutes{40}) {}
  std::function<bool(const ConfigView& view, const std::string& name)> confirm;
};
// `release` of the report stays 0; `version` is the hold check's.
SwitchBackReport config_switch_back(Context& context, const ConfigSwitchBackOptions& options);

// After an interrupt: C asks for both again, so that nothing is left half released. Gives how far
// it came, in sentences.
std::string hold_again(Context& context, const std::string& endpoint);

// What users look up, by the first PRIMARY record; else the check's name, else its id.
std::string name_to_type(const ConfigView& view);

}  // namespace sitelatch::guard
