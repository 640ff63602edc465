// SPDX-License-Identifier: Apache-2.0
// What happened, in order and with the seconds between: the last failover of a guard, from
// Route 53's metric (to the minute), the alarm's history, the audit log, and what this page itself
// has seen change while somebody looked. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "guard/apply/audit_log.h"
#include "guard/rules/health.h"

namespace sitelatch::console {

// How well a moment is known.
enum class Precision {
  exact,   // AWS or the audit log says so
  minute,  // a minute of a metric: it was within it
  seen,    // seen from here: it had happened by then, at most one look before
};
std::string_view to_string(Precision precision);

struct Moment {
  Instant at{};
  std::string kind;  // "failed", "alarm", "latched", "dns-backup", "dns-primary", "answers",
                     // "released", "ok", "other": which mark is drawn
  std::string words;
  Precision precision = Precision::exact;
};

// A change of the alarm's state, as its history tells.
struct AlarmChange {
  Instant at{};
  std::string from, to;  // "OK", "ALARM", ...
  std::string reason;    // StateReason: names the oldest datapoint
};

struct StoryParts {
  std::vector<guard::StatusMinute> minutes;  // of Primary's check, oldest first
  std::vector<AlarmChange> alarm;            // of the guide's form
  std::vector<guard::AuditEntry> audit;      // oldest first
  std::vector<Moment> sightings;             // of this page
};

// The last failover or latch and what followed, oldest first; before it a little, so that the
// failure itself is there. Empty: nothing of the kind is known.
std::vector<Moment> story_of(const StoryParts& parts);

// "role oncall (anna)" of an assumed role's ARN, "user anna", "the account's root", "the function";
// else what there is.
std::string who_in_short(const std::string& arn);

}  // namespace sitelatch::console
