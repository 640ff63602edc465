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
  std::string dns_name{};   // what users look up, for messages; empty: not known
};
// Refused with the missing variable's name.
Result<Arrangement> read_arrangement(const Texts& environment);

// One record of an SNS event, or why it is none.
struct SnsRecord {
  std::string message_id, topic_arn, message;
  std::optional<Instant> timestamp;
};
struct Event {
  enum class Kind { notifications, schedule, self_test, url, unknown } kind = Kind::unknown;
  std::vector<Result<SnsRecord>> records;  // notifications
  std::string rule_arn;                    // schedule: resources[0]
  std::optional<Instant> time;             // schedule, url: its time; notifications: the newest
  std::string method, path;                // url: a request of the function's URL (fact guard-60)
  std::string problem;                     // unknown: why
};
Event parse_event(std::string_view json);

// What an acceptable notification says.
struct Evidence {
  Instant at;                            // StateChangeTime, on CloudWatch's clock
  std::optional<Instant> oldest_data{};  // the oldest datapoint that its NewStateReason shows
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
    late_evidence,   // it came long after, and Primary has been healthy since
    nothing_to_do,
  } kind = Kind::nothing_to_do;
  std::string why;               // one sentence
  std::optional<Change> change;  // what to do; with the later kinds at most a note in the record
  bool tell = false;             // people hear of it
};
std::string_view to_string(Verdict::Kind kind);

// An acceptable alarm notification. SNS and Lambda deliver for hours: evidence older than a quarter
// of an hour, where the alarm has been OK as long, is told to people and latches nothing. Primary
// has served since then, and Backup may be the older site now.
Verdict on_alarm(const Situation& situation, const Evidence& evidence, Instant now);
// Whether on_alarm needs the alarm as it is now; where it cannot be seen, late evidence latches.
bool needs_alarm(const Evidence& evidence, Instant now);

// What the relay has seen (relay.h, rules 1 and 2), and what it keeps in mind of releases.
struct RelayEvidence {
  std::string why;                            // a clause: who said what, when
  std::optional<std::uint64_t> came_back_in;  // Primary was seen in this release
  bool alarm_unseen = false;                  // it cannot be read: taken for armed
};
// The sentinel says that Backup serves (relay.h, rules 3 and 4). What is latched already is left to
// the schedule, which notes and tells what it finds: the relay runs several times at once, and
// would tell its own latch again.
Verdict on_relay(const Situation& situation, const RelayEvidence& evidence, Instant now);
// Whether on_relay needs `health.minutes` from the release on.
bool needs_status_minutes(const Situation& situation, const RelayEvidence& evidence, Instant now);

// The schedule's tick.
Verdict on_tick(const Situation& situation, Instant now);
// `sitelatch reconcile`: the tick, and what only a person may decide. Route 53's own verdict
// latches where the alarm lags, cannot be seen or has its actions off; where it is not clear
// either, the sentence names `trip`. Not within a release's window, in which a check takes its
// time.
Verdict on_reconcile(const Situation& situation, Instant now);
// Whether on_tick needs `health.minutes` from the release on: in a release's window an alarm that
// has stayed in ALARM does not say whether Primary came back and failed again.
bool needs_status_minutes(const Situation& situation, Instant now);

// The time of a decision: ours, or AWS's where its event is later (clocks that lag; an engine that
// runs ahead).
Instant decision_time(Instant ours, const Event& event);

}  // namespace sitelatch::guard
