// SPDX-License-Identifier: Apache-2.0
// The form `config`: a latch of health checks alone (docs/forms.md). What is there, and what that
// means. Pure.
//
//   E  the endpoint's check, which is there already and is never changed
//   C  CALCULATED over E and H, both of them: "Primary answers, and is not held out"
//   alarm on HealthCheckStatus of C, Minimum >= 1 in fifteen minutes of fifteen; no actions. Its
//      ALARM means *fifteen good minutes*
//   H  CLOUDWATCH_METRIC on that alarm's data, Inverted, last known status without data: healthy
//      exactly after fifteen good minutes. The PRIMARY record follows H
//
// Why it latches: when E fails, C reports 0, and H turns unhealthy by that; then C is 0 because of
// H, whatever E does. The failover is the latch. Only a person ends it: C asks for one of the two
// (threshold 1) until fifteen minutes of E alone were good, and then for both again.
//
//   deploy: C = [E] 1 --15 good minutes--> C = [E, H] 2 --records--> serving
//   serving --E fails--> latched --switch-back: C 1--> switching back --15 good minutes, C 2-->
//   serving serving | latched --trip: H Disabled--> tripped --switch-back--> serving
//
// By AWS's documents (facts guard-47 to guard-51); not measured on AWS.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/time.h"
#include "guard/rules/form.h"
#include "guard/rules/health.h"
#include "guard/rules/latch.h"
#include "guard/rules/plan.h"
#include "guard/rules/state.h"

namespace sitelatch::guard {

// What the alarm asks of C, and what H has copied of it.
struct AlarmRule {
  std::string metric_namespace, metric, statistic, comparison;
  std::vector<std::pair<std::string, std::string>> dimensions;
  double threshold = 0;
  int period_s = 0, periods = 0, datapoints = 0;  // datapoints: M of N; 0: not set
};
inline constexpr int good_minutes_asked = 15;
AlarmRule good_minutes_rule(std::string_view combined_id);
AlarmRule rule_of(const ObservedAlarm& alarm);
// How `there` is not good_minutes_rule(), in words; empty: it is.
std::vector<std::string> deviations(const AlarmRule& there, std::string_view combined_id);

struct ConfigPlan {
  std::string endpoint, region;  // region: where health checks report
  std::string alarm, audit_group;
  // Of telling people (config_notify.h); the topic's ARN once the account is known.
  std::string latched_alarm, failing_alarm, notify_topic, notify_arn;
  std::string partition, account;
};
// The alarm as deploy puts it, beside its rule. Missing data: as the hold, which keeps its last
// status.
std::string config_alarm_description(std::string_view endpoint);
inline constexpr std::string_view config_alarm_missing_data = "ignore";
// Whose guard an alarm of that name is of; nothing: it is no guard's of this form.
std::optional<std::string> endpoint_of_config_alarm(std::string_view alarm);
ConfigPlan plan_config(std::string_view endpoint, std::string_view partition,
                       std::string_view account = {});
// Tags of what the form makes; `role`: "combined", "hold", "alarm", "audit", "notify".
Texts tags_of_config(const ConfigPlan& plan, std::string_view role);

// CallerReferences say whose a check is before it has tags: an answer may be lost between the two
// calls. `number` grows where one was used by a check that is gone (fact guard-51).
struct ConfigReference {
  std::string endpoint;
  bool hold = false;
  int number = 1;
};
std::string to_string(const ConfigReference& reference);
std::optional<ConfigReference> config_reference(std::string_view text);

struct CombinedCheck {
  std::string id;
  std::uint64_t version = 0;
  std::vector<std::string> children;
  int threshold = 0;
  bool disabled = false, inverted = false;
  Texts tags;
};
struct HoldCheck {
  std::string id;
  std::uint64_t version = 0;
  std::string alarm_region, alarm_name, insufficient_data;
  std::optional<AlarmRule> copy;  // nothing: Route 53 does not tell
  bool disabled = false, inverted = false;
  Texts tags;
  bool tripped() const { return disabled && inverted; }
};

// The failover records, as far as the form needs them.
struct FormRecords {
  int on_endpoint = 0, on_hold = 0;           // PRIMARY records
  std::vector<std::string> secondary_checks;  // SECONDARY records with a health check, in words
  std::vector<std::string> target_health;     // records behind them that evaluate their target
  bool attached() const { return on_hold > 0 && on_endpoint == 0; }
};

// Who is told, as far as anybody is.
struct PeopleTold {
  std::optional<ObservedTopic> topic;
  std::vector<ObservedSubscription> subscriptions;
  std::optional<ObservedAlarm> latched, failing;  // H below 1, E below 1
  std::string site;                               // what users look up; empty: not known
  bool unseen = false;                            // not looked at, or the topic may not be seen
  std::optional<double> failed_deliveries{};      // of the last hours; nothing: not seen
  bool any() const { return topic || latched || failing; }
};

struct ConfigObserved {
  std::optional<Check> endpoint;
  PrimaryHealth endpoint_health;  // by the metric, with what the checkers' last probes say
  std::optional<CombinedCheck> combined;
  std::optional<std::vector<StatusMinute>> combined_minutes;
  std::optional<HoldCheck> hold;
  std::optional<std::vector<StatusMinute>> hold_minutes;
  std::optional<ObservedAlarm> alarm;
  PeopleTold people;
  std::optional<FormRecords> records;  // nothing: not looked at, or not to be seen
  std::optional<bool> dns_primary;     // every name server asked: all Primary, or all Backup
  std::string unseen;                  // why what decides cannot be seen; empty: it can
  bool is_deployed() const { return combined || hold || alarm; }
};

// C asks for one child of [E], while nothing follows H: fifteen good minutes of E make H healthy.
bool window_is_open(const ConfigPlan& plan, const ConfigObserved& observed);
// C asks for both of [E, H].
bool is_closed(const ConfigPlan& plan, const ConfigObserved& observed);
// C asks for one of [E, H]: a switch back is under way, or somebody has left it so.
bool is_releasing(const ConfigPlan& plan, const ConfigObserved& observed);

// H, by its own metric; where that has nothing, by what C and E say. Nothing: not known.
std::optional<bool> hold_is_healthy(const ConfigPlan& plan, const ConfigObserved& observed,
                                    Instant now);
// E now: what the metric says, but not healthy while the checkers' last probes fail.
std::optional<bool> endpoint_is_healthy(const ConfigObserved& observed);
// H is healthy, and was not within the last minutes: an alarm on it that is new looks at one of
// them first, and tells of a latch that is none.
bool hold_was_unhealthy(const ConfigPlan& plan, const ConfigObserved& observed, Instant now);
// Whole minutes at the end of C's metric without a 0 and without a gap, from `since` on; at most
// fifteen.
int good_minutes(const std::vector<StatusMinute>& minutes, Instant since, Instant now);

enum class Phase {
  not_deployed,
  starting,      // H waits for its first fifteen good minutes; nothing follows it
  not_attached,  // all is there and well; the records follow E still
  serving,
  failing_over,
  latched,
  tripped,
  switching_back,
  drifted,  // somebody has changed it so that it does not work as it should
  unknown,
};
std::string_view to_string(Phase phase);  // "not-attached"
// As of the guide's states that mean the same to whoever is on duty (state.h): serving 0,
// not_deployed 10, starting and not_attached 11, latched and tripped 14, drifted 18, failing_over
// 21, switching_back 22, unknown 5.
int exit_code(Phase phase);

struct ConfigProblem {
  std::string name;  // "combined-threshold"
  std::string why, mend;
  bool breaks =
      true;  // the latch does not hold, or nothing fails over; false: another deploy might
};
struct ConfigAssessment {
  Phase phase = Phase::not_deployed;
  std::string sentence;
  std::string next;  // what to do, a sentence; empty: nothing
  int good_minutes = 0;
  std::optional<Instant> since;  // of a latch: the first minute without Primary
  std::vector<ConfigProblem> problems;
};
ConfigAssessment assess_config(const ConfigPlan& plan, const ConfigObserved& observed, Instant now);

// What is not as it should be, whatever the phase.
std::vector<ConfigProblem> problems_of(const ConfigPlan& plan, const ConfigObserved& observed);

}  // namespace sitelatch::guard
