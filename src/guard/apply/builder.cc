// SPDX-License-Identifier: Apache-2.0
// The resources other than function and role (builder_function.cc).
#include "guard/apply/builder.h"

#include <fmt/format.h>

#include <algorithm>

#include "guard/apply/wire_forms.h"

namespace sitelatch::guard {

using aws::Value;

Builder::Builder(Dependencies dependencies, const Plan& plan, const Observed& observed,
                 FunctionCode code)
    : dependencies_(std::move(dependencies)),
      plan_(plan),
      observed_(observed),
      code_(std::move(code)) {
  if (observed.role) role_id_ = observed.role->role_id;
}

Step Builder::make(Resource resource) {
  switch (resource) {
    case Resource::notify_topic:
      return topic(plan_.notify_topic, observed_.notify_topic, true);
    case Resource::notify_subscription:
      return plan_.notify_subscription ? subscribe(*plan_.notify_subscription) : Step{Done{}};
    case Resource::audit_group:
      return log_group(plan_.audit_group, observed_.audit_group);
    case Resource::function_group:
      return log_group(plan_.function_group, observed_.function_group);
    case Resource::role:
      return role();
    case Resource::role_policy:
      return role_policy();
    case Resource::function:
      return function();
    case Resource::function_code:
      return function_code();
    case Resource::function_configuration:
      return function_configuration();
    case Resource::failure_destination:
      return failure_destination();
    case Resource::alarm_topic:
      return topic(plan_.alarm_topic, observed_.alarm_topic, false);
    case Resource::alarm_topic_policy:
      return topic_policy();
    case Resource::sns_permission:
      return permission(plan_.sns_permission);
    case Resource::subscription:
      return subscribe_function();
    case Resource::schedule:
      return schedule();
    case Resource::schedule_target:
      return schedule_target();
    case Resource::events_permission:
      return permission(plan_.events_permission);
    case Resource::alarm:
      return alarm();
    case Resource::alarm_actions:
      return Done{};  // arming's
    case Resource::function_concurrency:
      return function_concurrency();
  }
  return Done{};
}

Result<Value, Error> Builder::ask(const Call& call, Value input) {
  auto reply = dependencies_.aws.call(call.service, call.operation, std::move(input), call.region);
  if (!reply) return failure(error_of(reply.error(), call.doing));
  return std::move(*reply);
}

Step Builder::call(const Call& call, Value input) {
  const auto reply = ask(call, std::move(input));
  if (!reply) return failure(reply.error());
  return Done{};
}

client::Outcome<std::optional<Done>> Builder::patiently(const Call& call, const Value& input,
                                                        const Passing& passing,
                                                        std::string_view waiting_for,
                                                        std::string& last) {
  // What IAM and Lambda make eventual passes in seconds; what takes longer is something else.
  constexpr auto propagation = std::chrono::minutes{2};
  client::Backoff backoff;
  backoff.every = std::chrono::milliseconds{500};
  backoff.growth = 1.5;
  backoff.longest = std::chrono::seconds{10};
  backoff.at_most = std::clamp<Duration>(
      Duration{dependencies_.deadline - dependencies_.clock.now()}, Duration{0}, propagation);
  bool said = false;
  return client::wait_for<Done>(
      dependencies_.clock, backoff, [&]() -> client::Outcome<std::optional<Done>> {
        const auto reply = dependencies_.aws.call(call.service, call.operation, input, call.region);
        if (reply) return std::optional{Done{}};
        if (!passing(reply.error())) return failure(reply.error());
        last = reply.error().message;
        if (!said) say(fmt::format("waiting until {}", waiting_for));
        said = true;
        return std::optional<Done>{};
      });
}

Error Builder::not_in_time(const Call& call, const std::string& last) const {
  return error_of(Error::Kind::not_in_time,
                  fmt::format("Could not {} in time: {}. Run deploy again; it goes on from here.",
                              call.doing, last));
}

Step Builder::call_patiently(const Call& call, const Value& input, const Passing& passing,
                             std::string_view waiting_for) {
  std::string last;
  const auto outcome = patiently(call, input, passing, waiting_for, last);
  if (!outcome) return failure(error_of(outcome.error(), call.doing));
  if (*outcome) return Done{};
  return failure(not_in_time(call, last));
}

Texts Builder::missing_tags(const Texts& wanted, const Texts& there) const {
  Texts missing;
  for (const auto& [key, value] : wanted) {
    const auto found = there.find(key);
    if (found == there.end() || found->second != value) missing[key] = value;
  }
  return missing;
}

Step Builder::topic(const TopicPlan& plan, const std::optional<ObservedTopic>& there,
                    bool with_record) {
  if (!there) {
    auto input = Value::structure({{"Name", plan.name}, {"Tags", tag_list(plan.tags)}});
    if (!plan.kms_key.empty())
      input.set("Attributes", Value::structure({{"KmsMasterKeyId", plan.kms_key}}));
    const auto made = dependencies_.aws.call("sns", "CreateTopic", input, plan.region);
    // It is there all the same, with other tags (fact sns-2): the next look sees it.
    if (!made && made.error().message.find("already exists") == std::string::npos)
      return failure(error_of(made.error(), "create topic " + plan.name));
    return Done{};
  }
  auto tags = missing_tags(plan.tags, there->tags);
  // The record's tags have their own writers; deploy only says what nobody has said.
  if (with_record)
    for (const auto key : record_tag_keys())
      if (there->tags.contains(std::string{key}) && key != tag::original_path && key != tag::latch)
        tags.erase(std::string{key});
  if (!tags.empty()) {
    const auto tagged =
        call({"sns", "TagResource", plan.region, "tag topic " + plan.name},
             Value::structure({{"ResourceArn", plan.arn}, {"Tags", tag_list(tags)}}));
    if (!tagged) return tagged;
  }
  if (plan.kms_key.empty() || there->kms_key == plan.kms_key) return Done{};
  return call({"sns", "SetTopicAttributes", plan.region, "set the key of topic " + plan.name},
              Value::structure({{"TopicArn", plan.arn},
                                {"AttributeName", "KmsMasterKeyId"},
                                {"AttributeValue", plan.kms_key}}));
}

Step Builder::topic_policy() {
  const auto& topic = plan_.alarm_topic;
  if (topic.policy.empty()) return Done{};
  return call({"sns", "SetTopicAttributes", topic.region, "set the policy of topic " + topic.name},
              Value::structure({{"TopicArn", topic.arn},
                                {"AttributeName", "Policy"},
                                {"AttributeValue", topic.policy}}));
}

Step Builder::subscribe(const SubscriptionPlan& plan) {
  return call({"sns", "Subscribe", plan.region,
               fmt::format("subscribe {} to {}", plan.endpoint, plan.topic_arn)},
              Value::structure({{"TopicArn", plan.topic_arn},
                                {"Protocol", plan.protocol},
                                {"Endpoint", plan.endpoint}}));
}

// One that filters messages is there already; the function wants every one.
Step Builder::subscribe_function() {
  const auto& plan = plan_.function_subscription;
  for (const auto& one : observed_.alarm_subscriptions) {
    if (one.endpoint != plan.endpoint || one.filter_policy.empty()) continue;
    return call({"sns", "SetSubscriptionAttributes", plan.region,
                 "remove the filter policy of subscription " + one.arn},
                Value::structure({{"SubscriptionArn", one.arn},
                                  {"AttributeName", "FilterPolicy"},
                                  {"AttributeValue", "{}"}}));
  }
  return subscribe(plan);
}

Step Builder::log_group(const LogGroupPlan& plan, const std::optional<ObservedLogGroup>& there) {
  const auto name = Value::structure({{"logGroupName", plan.name}});
  if (!there) {
    auto input = name;
    input.set("tags", text_map(plan.tags));
    const auto made = dependencies_.aws.call("logs", "CreateLogGroup", input, plan.region);
    // The function may have made its group first.
    if (!made && !made.error().is("ResourceAlreadyExistsException"))
      return failure(error_of(made.error(), "create log group " + plan.name));
  } else if (const auto tags = missing_tags(plan.tags, there->tags); !tags.empty()) {
    const auto tagged =
        call({"logs", "TagResource", plan.region, "tag log group " + plan.name},
             Value::structure({{"resourceArn", plan.arn}, {"tags", text_map(tags)}}));
    if (!tagged) return tagged;
  }
  if (plan.retention_days == 0 || (there && there->retention_days == plan.retention_days))
    return Done{};
  auto input = name;
  input.set("retentionInDays", plan.retention_days);
  return call(
      {"logs", "PutRetentionPolicy", plan.region, "set the retention of log group " + plan.name},
      input);
}

Step Builder::schedule() {
  const auto& schedule = plan_.schedule;
  auto input =
      Value::structure({{"Name", schedule.name},
                        {"ScheduleExpression", schedule.expression},
                        {"State", "ENABLED"},
                        {"Description", "Sitelatch: latches what the alarm's chain has missed"}});
  if (!observed_.schedule) input.set("Tags", tag_list(schedule.tags));
  const auto put =
      call({"events", "PutRule", schedule.region, "create rule " + schedule.name}, input);
  if (!put || !observed_.schedule) return put;
  const auto tags = missing_tags(schedule.tags, observed_.schedule->tags);
  if (tags.empty()) return Done{};
  return call({"events", "TagResource", schedule.region, "tag rule " + schedule.name},
              Value::structure({{"ResourceARN", schedule.arn}, {"Tags", tag_list(tags)}}));
}

Step Builder::schedule_target() {
  const auto& schedule = plan_.schedule;
  const auto target = Value::structure({{"Id", schedule.target_id}, {"Arn", schedule.target_arn}});
  const auto put = ask(
      {"events", "PutTargets", schedule.region, "let rule " + schedule.name + " run the function"},
      Value::structure({{"Rule", schedule.name}, {"Targets", Value::list({target})}}));
  if (!put) return failure(put.error());
  if ((*put)["FailedEntryCount"].integer_or(0) == 0) return Done{};
  const auto& entry = (*put)["FailedEntries"].items();
  return failure(
      error_of(Error::Kind::failed,
               fmt::format("Rule {} does not take the function as its target: {}", schedule.name,
                           entry.empty() ? "no reason given"
                                         : entry.front()["ErrorMessage"].string_or(""))));
}

Step Builder::remove_schedule() {
  if (!observed_.schedule) return Done{};
  const auto& schedule = plan_.schedule;
  auto ids = Value::list();
  for (const auto& target : observed_.schedule->targets) ids.push(target.first);
  if (!observed_.schedule->targets.empty()) {
    const auto removed = call(
        {"events", "RemoveTargets", schedule.region, "remove the targets of rule " + schedule.name},
        Value::structure({{"Rule", schedule.name}, {"Ids", ids}}));
    if (!removed) return removed;
  }
  return call({"events", "DeleteRule", schedule.region, "remove rule " + schedule.name},
              Value::structure({{"Name", schedule.name}}));
}

Step Builder::disarm_alarm() {
  return call({"cloudwatch", "DisableAlarmActions", plan_.alarm.region,
               "disable the actions of alarm " + plan_.alarm.name},
              Value::structure({{"AlarmNames", Value::list({plan_.alarm.name})}}));
}

namespace {

// What the guide's alarm is.
void watch_the_check(Value& input, const AlarmPlan& plan) {
  const auto dimension =
      Value::structure({{"Name", AlarmPlan::dimension}, {"Value", plan.health_check_id}});
  input.set("Namespace", AlarmPlan::metric_namespace);
  input.set("MetricName", AlarmPlan::metric);
  input.set("Dimensions", Value::list({dimension}));
  input.set("Statistic", AlarmPlan::statistic);
  input.set("ComparisonOperator", AlarmPlan::comparison);
  input.set("Threshold", AlarmPlan::threshold);
  input.set("TreatMissingData", AlarmPlan::missing_data);
  input.set("Period", AlarmPlan::period_s);
  input.set("EvaluationPeriods", AlarmPlan::evaluation_periods);
}

}  // namespace

Step Builder::alarm() {
  const auto& plan = plan_.alarm;
  if (!observed_.alarm) {
    // Off until it is armed. While latched there is nothing to arm for, and the release finds a
    // guard that can fire.
    const bool latched_now = observed_.check && latched(*observed_.check);
    auto input = Value::structure({{"AlarmName", plan.name},
                                   {"AlarmDescription", plan.description},
                                   {"ActionsEnabled", latched_now},
                                   {"AlarmActions", Value::list({plan.topic_arn})},
                                   {"Tags", tag_list(plan.tags)}});
    watch_the_check(input, plan);
    return call({"cloudwatch", "PutMetricAlarm", plan.region, "create alarm " + plan.name}, input);
  }
  const auto& there = *observed_.alarm;
  if (!alarm_is_as_planned(plan_, there)) {
    const auto changed = change_alarm(Value::structure({{"AlarmName", plan.name}}));
    if (!changed) return changed;
  }
  const auto tags = missing_tags(plan.tags, there.tags);
  if (tags.empty()) return Done{};
  return call({"cloudwatch", "TagResource", plan.region, "tag alarm " + plan.name},
              Value::structure({{"ResourceARN", there.arn}, {"Tags", tag_list(tags)}}));
}

// PutMetricAlarm replaces the whole alarm: what the plan does not speak of is carried over.
Step Builder::change_alarm(Value input) {
  const auto& plan = plan_.alarm;
  const auto reply = ask({"cloudwatch", "DescribeAlarms", plan.region, "read alarm " + plan.name},
                         Value::structure({{"AlarmNames", Value::list({plan.name})}}));
  if (!reply) return failure(reply.error());
  const auto& alarms = (*reply)["MetricAlarms"].items();
  const Value there = alarms.empty() ? Value::structure() : alarms.front();
  for (const auto* kept : {"AlarmDescription", "ActionsEnabled", "OKActions", "AlarmActions",
                           "InsufficientDataActions"})
    input.set(kept, there[kept]);
  auto actions = there["AlarmActions"].strings();
  if (std::find(actions.begin(), actions.end(), plan.topic_arn) == actions.end()) {
    Value all = Value::list({plan.topic_arn});
    for (const auto& action : actions) all.push(action);
    input.set("AlarmActions", all);
  }
  watch_the_check(input, plan);
  return call({"cloudwatch", "PutMetricAlarm", plan.region, "change alarm " + plan.name}, input);
}

}  // namespace sitelatch::guard
