// SPDX-License-Identifier: Apache-2.0
// What must hold before a guard is armed, and what people must know although it does not stop it.
// Asked before arming, not before repairing. Each finding says what mends it; of records, the
// change itself.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "aws/wire/value.h"
#include "guard/apply/observe.h"
#include "guard/apply/site_probe.h"
#include "guard/rules/plan.h"

namespace sitelatch::guard {

struct Finding {
  enum class Kind { sound, warning, refusal } kind = Kind::sound;
  std::string name;       // "latch-path", for JSON
  std::string why;        // a sentence
  std::string mend;       // a sentence; empty when sound
  bool may_pass = false;  // waiting may mend it (Primary is just starting)
  aws::Value change;      // of records: the ChangeBatch that mends it; null: none
};
std::string_view to_string(Finding::Kind kind);

std::vector<Finding> preflight(const Plan& plan, const Snapshot& snapshot, const AskSite& ask);

}  // namespace sitelatch::guard
