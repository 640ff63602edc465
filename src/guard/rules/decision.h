// SPDX-License-Identifier: Apache-2.0
// What the function does with an event: parse, judge every record of it, then decide on the check
// as read. Also what `sitelatch reconcile` does by hand. Pure; nothing here throws on any input.
// Read the check before the record: a release writes the record first, so a released check is never
// seen with an older record (docs/decisions/0010).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "guard/rules/transitions.h"

namespace sitelatch::guard {

// What the function is configured to guard (environment, see function_environment() in plan.h).
struct Arrangement {
  std::string health_check_id;
  std::string alarm_arn;
  std::string alarm_topic_arn;
  std::string notify_topic_arn;
  std::string rule_arn;     // empty: no schedule
  std::string audit_group;  // empty: no audit log
};
// Refused with the missing variable's name.
Result<Arrangement> read_arrangement(const Texts& environment);

// One record of an SNS event, or why it is none.
struct SnsRecord {
  std::string message_id, topic_arn, message;
  std::optional<Instant> timestamp;
};
struct Event {
  enum class Kind { notifications, schedule, self_test, unknown } kind = Kind::unknown;
  std::vector<Result<SnsRecord>> records;  // notifications
  std::string rule_arn;                    // schedule: resources[0]
  std::optional<Instant> time;             // schedule: its time; notifications: the newest
  std::string problem;                     // unknown: why
};
Event parse_event(std::string_view json);

// What an acceptable notification says.
struct Evidence {
  Instant at;  // StateChangeTime, on CloudWatch's clock
};
// Everything must be right: topic, alarm, NewStateValue ALARM, namespace, metric, dimension by
// name, health check.
Result<Evidence> judge(const SnsRecord& record, const Arrangement& ours);

struct Verdict {
  enum class Kind {
    latch,        // change: latch
    latch_again,  // change: somebody undid the latch of this release
    end_freeze,   // change: maintenance is over, the check is no longer frozen healthy
    note,  // change of the record only: a latch that nobody had noted, or an end of maintenance to
           // tell
    already_latched,
    kept_planned,  // a planned switch-over is never overwritten
    in_maintenance,
    older_evidence,  // older than the last release
    nothing_to_do,
  } kind = Kind::nothing_to_do;
  std::string why;               // one sentence
  std::optional<Change> change;  // what to do; with the later kinds at most a note in the record
  bool tell = false;             // people hear of it
};
std::string_view to_string(Verdict::Kind kind);

// An acceptable alarm notification.
Verdict on_alarm(const Situation& situation, const Evidence& evidence, Instant now);
// The schedule's tick, and `sitelatch reconcile`.
Verdict on_tick(const Situation& situation, Instant now);

// The time of a decision: ours, or AWS's where its event is later (clocks that lag; an engine that
// runs ahead).
Instant decision_time(Instant ours, const Event& event);

}  // namespace sitelatch::guard
