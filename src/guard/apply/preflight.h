// SPDX-License-Identifier: Apache-2.0
// What must hold before a guard is armed, and what people must know although it does not stop it.
// Asked before arming, not before repairing. Each finding says what mends it; of records, the
// change itself.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "aws/value.h"
#include "guard/apply/observe.h"
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

// Asks `path` at the site as Route 53's checkers would: the HTTP status, or why there was no
// answer.
using AskSite = std::function<Result<int>(const aws::Value& check_config, const std::string& path)>;
AskSite ask_site_from_here();

std::vector<Finding> preflight(const Plan& plan, const Seen& seen, Instant now, const AskSite& ask);
// The part of it that needs no network: the check itself and the records.
std::vector<Finding> preflight_records(const Plan& plan, const Seen& seen);

}  // namespace sitelatch::guard
