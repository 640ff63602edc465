// SPDX-License-Identifier: Apache-2.0
// May this transition happen, and what exactly does it change? Pure functions of (situation, now):
// the change, or every reason against it. The caller applies the change in its order and under
// `expected_version`; on a mismatch it reads again and asks again. What is safe to lose comes last:
// latch first, note it then; but promise first, release then.
//
//   armed --trip--> tripped | switched-over --switch_back--> armed
//   armed --disarm primary--> maintenance (check frozen healthy) --arm | expiry--> armed
//   armed --disarm backup--> maintenance (planned latch) --expiry--> switched-over --switch_back-->
//     armed
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "guard/rules/health.h"
#include "guard/rules/latch.h"
#include "guard/rules/record.h"

namespace sitelatch::guard {

enum class AlarmState { ok, alarm, insufficient_data };
std::optional<AlarmState> alarm_state(std::string_view text);  // "OK", "ALARM", "INSUFFICIENT_DATA"
std::string_view to_string(AlarmState state);

// The alarm as DescribeAlarms tells it.
struct AlarmSnapshot {
  AlarmState state = AlarmState::insufficient_data;
  Instant
      transitioned_at;  // StateTransitionedTimestamp; StateUpdatedTimestamp where that is absent
  bool actions_enabled = true;
  bool from_data =
      true;  // its state rests on datapoints, not on missing ones (see from_real_data())
  std::optional<Instant> oldest_data{};  // the oldest datapoint that its StateReason shows
};
// StateReason of an alarm whose last evaluation saw datapoints ("... datapoint [1.0 (..)] ..."),
// not their absence.
bool from_real_data(std::string_view state_reason);

struct Situation {
  Check check;
  std::optional<AlarmSnapshot> alarm;  // nothing: there is none
  Record record;
  PrimaryHealth health{};  // as far as it was looked at
};

// Of a latched check: a planned switch-over, by its value or by the note of who set it.
bool planned_latch(const Situation& situation);

// What somebody else has set on the check so that no guard can work: Inverted, or Disabled outside
// of a maintenance of ours (whose window may be over: nobody has ended it yet). Nothing: none.
enum class ForeignSetting { inverted, disabled };
std::optional<ForeignSetting> foreign_setting(const Check& check, const Record& record);

// Why this guard cannot be armed however long one waits, in words; nothing: waiting may help.
std::optional<std::string> standing_refusal(const Situation& situation);

// Whether the alarm's next ALARM would be no news: it has seen the latch that is on the check. In
// ALARM is not enough: where somebody undid the latch for a while, or set the alarm's state by
// hand, it is about to turn OK and into ALARM again. True where nothing is latched, or no alarm is.
bool alarm_has_seen_latch(const Situation& situation, Instant now);

enum class Order { check_then_record, record_then_check };

struct Change {
  CheckChange check;                   // may be empty
  std::uint64_t expected_version = 0;  // HealthCheckVersion for the update
  bool exact_version = false;          // a person named it: the same values in another are others
  Record record;                       // the whole record afterwards
  Order order = Order::check_then_record;
  std::optional<bool> alarm_actions;  // enable or disable, last
  std::string says;                   // one sentence for people and the audit log
};

// A record that comes first is a promise that the check's change relies on: a freeze or a release
// that stands nowhere cannot be told from somebody's meddling. Where the guard's record could be
// written; why such a change must not be made there (nothing: it may).
struct Places {
  bool topic = false;     // the notify topic's tags: all of it
  bool function = false;  // the function's environment: path, latch kind, release
};
std::optional<std::string> nowhere_to_write(const Change& change, const Record& before,
                                            const Places& places);

// `name`: what --force takes; empty: nothing overrides it.
struct Refusal {
  std::string name;
  std::string why;
};
using Transition = Result<Change, std::vector<Refusal>>;

// What is latched in the same way already is left as it is, and noted where nobody has.
struct Trip {
  bool planned = false;
  std::string reason;
};
Transition trip(const Situation& situation, const Trip& options, Instant now);

// To keep Primary freezes its check as healthy, which gives DNS back to a Primary that has failed
// over a moment ago. The alarm comes minutes later, so Route 53 itself must have found Primary
// healthy for ten minutes (`situation.health`); what cannot be seen refuses.
struct Disarm {
  Duration length{};
  Keep keep = Keep::primary;
  std::string reason;
  bool overwrites_planned = false;  // the guard's function does (state.h)
};
Transition disarm(const Situation& situation, const Disarm& options, Instant now);

// Arms after a deploy, or ends a maintenance early. Refused while the guard could not fire.
// Names: "primary" (its own path does not answer, whatever the checkers said last).
struct Arm {
  std::optional<bool> healthy;            // the check by Route 53's own status; nothing: not known
  std::optional<bool> primary_answers{};  // nothing: the caller has asked by other means
  std::set<std::string> force{};
};
Transition arm(const Situation& situation, const Arm& options, Instant now);

// Names: "primary" (its own path did not answer), "checks" (a --check failed), "alarm" (has not
// seen the latch yet), "dns" (a name server still names Primary: to a relay the end of the old
// latch would look like a new failover; docs/proof/README.md, A7).
struct SwitchBack {
  std::string reason;
  // Compare and set, by what the person saw: the check, whatever its version; or the version
  // itself.
  std::optional<Check> shown;
  std::optional<std::uint64_t> expected_version;
  std::optional<std::uint64_t> expected_release;
  std::optional<bool> primary_answers;     // own path answered 200 each time; nothing: not tried
  std::optional<bool> checks_passed;       // nothing: none were given
  std::optional<bool> dns_has_followed{};  // every name server names Backup; nothing: not asked
  std::set<std::string> force;
  Duration window = std::chrono::minutes{10};
};
Transition switch_back(const Situation& situation, const SwitchBack& options, Instant now);

// After a release whose Primary did not become healthy in time: latched again in the new release.
Transition latch_again(const Situation& situation, std::string_view reason, Instant now);

}  // namespace sitelatch::guard
