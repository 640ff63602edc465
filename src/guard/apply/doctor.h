// SPDX-License-Identifier: Apache-2.0
// Findings in an account that may know nothing of Sitelatch: what guards there are and who made
// them, what is left over, who else writes to the same checks, and where DNS would hand a failed
// Primary the traffic. Reads only. Calls: one a hosted zone, and some thirty for each check that a
// PRIMARY record or a guard uses.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "guard/apply/carry_out.h"
#include "guard/apply/preflight.h"
#include "guard/rules/safety.h"

namespace sitelatch::guard {

struct Observation {
  enum class Kind { sound, note, problem } kind = Kind::note;
  std::string name;     // "secondary-health", "orphan", "other-writer", ...
  std::string subject;  // a health check's id, or a resource
  std::string why, mend;
  aws::Value change;  // of records: the ChangeBatch that mends it; null: none
};
std::string_view to_string(Observation::Kind kind);

struct Diagnosis {
  std::vector<Observation> observations;
  std::vector<std::string> blind;  // what could not be seen
  int checks = 0, guards = 0;
};
// Who reckons how safe each guard is, and for whom; without `reckon` nothing is said of it.
struct SafetyDesk {
  Reckon reckon{};
  SafetyWish wish{};  // but for the health check
};
// Error: nothing could be read at all.
Result<Diagnosis, Error> diagnose(Context& context, const SafetyDesk& safety = {});

// The health check's id in the name of a guard's resource, ours or the guide's; empty: it is none.
std::string id_in_name(std::string_view name);

}  // namespace sitelatch::guard
