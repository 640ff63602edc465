// SPDX-License-Identifier: Apache-2.0
// What is there (Observed, filled in by guard/apply), how it differs from the plan, and what state
// that is. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "guard/rules/plan.h"
#include "guard/rules/transitions.h"

namespace sitelatch::guard {

// The resources in the order in which deploy makes them (destroy: backwards).
enum class Resource {
  notify_topic,
  notify_subscription,
  audit_group,
  function_group,
  role,
  role_policy,
  function,
  function_code,
  function_configuration,
  failure_destination,
  alarm_topic,
  alarm_topic_policy,
  sns_permission,
  subscription,
  schedule,
  schedule_target,
  events_permission,
  alarm,
  alarm_actions,
  function_concurrency,  // no link of the chain: reserved where the account's limit allows it
};
std::string_view to_string(Resource resource);  // "notify-topic"

struct ObservedTopic {
  std::string arn, kms_key, policy;
  Texts tags;
  std::string display_name{};
};
struct ObservedSubscription {
  std::string arn;  // "PendingConfirmation" where SNS says so
  std::string protocol, endpoint;
  bool pending = false;
  std::string filter_policy{};  // JSON; empty: none, so that every message comes through
};
// An alarm mute rule: while it is active the alarm changes its state and acts on nothing.
struct ObservedMute {
  std::string name;
  bool active = false;  // else it will be
};
struct ObservedAlarm {
  std::string name, arn, metric_namespace, metric, statistic, comparison, missing_data,
      state_reason;
  std::vector<std::pair<std::string, std::string>> dimensions;
  std::vector<std::string> alarm_actions;
  double threshold = 0;
  int period_s = 0, evaluation_periods = 0, datapoints_to_alarm = 0;  // 0: not set
  AlarmSnapshot snapshot;
  Texts tags;
  std::vector<ObservedMute> mutes{};  // those that are not over
  std::string mutes_unseen{};         // why they may not be listed; empty: they were
  std::string description{};
  std::vector<std::string> ok_actions{}, insufficient_data_actions{};
};
struct ObservedRole {
  std::string arn, role_id, trust;
  std::map<std::string, std::string> inline_policies;  // name -> document
  std::vector<std::string> managed_policies;           // attached ARNs
  Texts tags;
  std::string path = "/", permissions_boundary{};  // boundary: ARN; empty: none
  std::string description{};
};
struct ObservedPermission {
  std::string statement_id, principal, source_arn, source_account, action;
};
struct ObservedFunction {
  std::string name, arn, runtime, handler, role_arn, sha256, state, last_update_status,
      state_reason, revision_id;
  int timeout_s = 0, memory_mb = 0;
  Texts environment, tags;
  std::vector<ObservedPermission> permissions;
  std::string failure_destination;
  std::optional<int> retries, event_age_s;
  std::optional<int> reserved_concurrency;  // 0: it never runs
  std::string role_id_used;  // where known: the role may have been made again under its name
  std::string architecture;  // "x86_64", "arm64"; empty: not said
  std::string description{};
  std::vector<std::string> layers{}, subnets{}, security_groups{};  // layers: ARNs
};
struct ObservedSchedule {
  std::string arn, expression;
  bool enabled = true;
  std::vector<std::pair<std::string, std::string>> targets;  // id, ARN
  Texts tags;
  std::string description{};
};
struct ObservedLogGroup {
  std::string arn;
  std::optional<int> retention_days;
  Texts tags;
};
// Of the last hours, where read: nothing is "not looked at".
struct ObservedDeliveries {
  std::optional<double> function_errors, function_throttles, events_dropped, destination_failures;
  std::optional<double> alarm_topic_failed, notify_topic_failed;
};

struct Observed {
  std::optional<Check> check;   // nothing: the health check is gone
  std::optional<bool> healthy;  // Route 53's verdict (health.h); nothing: not known
  // HealthCheckStatus of the last quarter of an hour; nothing: not looked at, or not to be seen
  std::optional<std::vector<StatusMinute>> status_minutes{};
  bool probes_fail = false;    // the checkers' last probes, where they were asked: mostly
  Instant check_changed_at{};  // zero: unknown
  std::optional<ObservedTopic> notify_topic, alarm_topic;
  std::vector<ObservedSubscription> notify_subscriptions, alarm_subscriptions;
  std::optional<ObservedAlarm> alarm;
  std::optional<ObservedRole> role;
  std::optional<ObservedFunction> function;
  std::optional<ObservedSchedule> schedule;
  std::optional<ObservedLogGroup> audit_group, function_group;
  std::optional<ObservedDeliveries> deliveries;
  // What could not be read, and why: of these nobody knows whether they are there, or as they
  // should be. A resource that is not there is in neither.
  std::map<Resource, std::string> unseen{};
  std::string check_unseen{};  // why the check itself could not be read; empty: it was
};
// Nobody knows whether it is there, or as it should be: of a part that hangs on what is unseen too.
bool unseen(const Observed& observed, Resource resource);
// What a part hangs on: where that is not there, or not to be seen, neither is the part.
std::optional<Resource> owner_of(Resource part);
Record record_of(
    const Observed& observed);  // from the function's environment and the notify topic's tags
Situation situation_of(const Observed& observed);  // needs observed.check

// The guide's Python latches without reading the check: over a planned switch-over too.
bool overwrites_planned(const Observed& observed);

struct Difference {
  enum class Kind { missing, differs, excess } kind = Kind::missing;
  Resource resource = Resource::notify_topic;
  std::string what;    // "role: policy sitelatch-x differs"
  std::string why;     // what does not work so, or what is too much
  bool breaks = true;  // the chain does not work so; false: tags, retention, an old policy too wide
};
std::vector<Difference> differences(const Plan& plan, const Observed& observed);
// The part of it that is the alarm's settings: false means that deploy rewrites them.
bool alarm_is_as_planned(const Plan& plan, const ObservedAlarm& alarm);

// One link of the chain, for status.
struct Link {
  // off: not used, by choice; unknown: it cannot be seen
  enum class Health { ok, broken, unknown, off } health = Health::ok;
  std::string name;  // "subscription"
  std::string why;   // empty when ok
  std::string mend;
};

enum class State {
  not_deployed,
  partial,
  armed,
  maintenance,
  tripped,
  switched_over,
  unlatched_but_unhealthy,
  latched_without_guard,
  drifted,
  failing_over,    // Primary has failed, and the latch is on its way
  switching_back,  // released, and what follows a release is on its way
  unknown,         // what decides the state may not be seen
};
std::string_view to_string(State state);  // "not-deployed", as JSON and documents spell it
// What cron acts on: armed 0, not_deployed to drifted 10 to 18 in the order above, failing_over 21,
// switching_back 22 (19 and 20 are the commands'), unknown 5, as whatever may not be seen.
int exit_code(State state);
// Of several exit codes the one to end with: the highest, but what passes by itself (21, 22) is
// outdone by every other that is not 0.
int graver(int a, int b);

struct Assessment {
  State state = State::not_deployed;
  std::string sentence;  // why this state
  std::optional<Instant> since;
  std::vector<Link> links;
  bool sound() const;  // every link ok, or off
};
// failing_over is bounded: five minutes after Route 53 found Primary unhealthy the alarm should
// have seen it, three minutes after the alarm the latch should stand (fact guard-27); then it is
// unlatched_but_unhealthy, and at once where the chain is broken. switching_back ends with the
// release's window.
Assessment assess(const Plan& plan, const Observed& observed, Instant now);

}  // namespace sitelatch::guard
