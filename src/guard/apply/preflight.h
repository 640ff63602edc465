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
  enum class Kind {
    sound,
    warning,   // people should know
    accepted,  // a hole (rules/holes.h) that somebody has accepted by its name
    refusal,   // the guard is not armed so
  } kind = Kind::sound;
  std::string name;       // "latch-path", for JSON; of a hole: what --accept-hole takes
  std::string why;        // a sentence
  std::string mend;       // a sentence; empty when sound
  bool may_pass = false;  // waiting may mend it (Primary is just starting)
  aws::Value change;      // of records: the ChangeBatch that mends it; null: none
  aws::Value rollback;    // and the one that undoes that
};
std::string_view to_string(Finding::Kind kind);

std::vector<Finding> preflight(const Plan& plan, const Snapshot& snapshot, const AskSite& ask);
// The part of it that is about records alone: it asks nobody.
std::vector<Finding> record_findings(const Plan& plan, const Snapshot& snapshot);

// Whether one of them stops whoever would arm; what waiting may mend does not, yet.
bool refuses(const std::vector<Finding>& findings);
// Names of the holes among them, accepted or not.
HoleNames holes_among(const std::vector<Finding>& findings);

}  // namespace sitelatch::guard
