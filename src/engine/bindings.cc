// SPDX-License-Identifier: Apache-2.0
#include "engine/bindings.h"

#include <fmt/format.h>

#include "aws/auth/arn.h"
#include "aws/auth/policy.h"
#include "engine/realism/realism.h"
#include "engine/tally.h"
#include "services/cloudwatch/cloudwatch.h"
#include "services/events/events.h"
#include "services/iam/identities.h"
#include "services/lambda/lambda.h"
#include "services/logs/logs.h"
#include "services/sns/sns.h"

namespace sitelatch::engine {
namespace {

bool is_of(std::string_view service, std::string_view arn) {
  const auto parsed = aws::parse_arn(arn);
  return parsed && parsed->service == service;
}
bool names_function(std::string_view arn) { return is_of("lambda", arn); }
bool names_topic(std::string_view arn) { return is_of("sns", arn); }
bool names_queue(std::string_view arn) { return is_of("sqs", arn); }

aws::QueueUser as_role(const std::string& role_arn) {
  aws::QueueUser out;
  out.role_arn = role_arn;
  return out;
}

}  // namespace

bool role_may(const Services& services, const std::string& role_arn, std::string_view action,
              const std::vector<std::string>& resources, const std::string& resource_policy) {
  const auto* role = services.identities->role_by_arn(role_arn);
  if (!role) return false;
  aws::PolicySet policies = services.identities->policies_of(*role);
  if (!resource_policy.empty()) {
    if (auto parsed = aws::parse_policy(resource_policy, aws::PolicyUse::resource))
      policies.resource = *parsed;
  }
  if (services.realism) policies.service_control = services.realism->service_control();
  aws::ConditionKeys keys;
  services.identities->add_keys(*role, keys);
  if (const auto arn = aws::parse_arn(resources.front()); arn && !arn->region.empty())
    keys.set("aws:requestedregion", arn->region);
  aws::PolicyPrincipal principal;
  principal.kind = aws::PolicyPrincipal::Kind::role_session;
  principal.account = services.account;
  principal.arn = principal.principal_arn = role_arn;
  return aws::evaluate({principal, action, resources, keys}, policies).allowed();
}

namespace {

constexpr std::string_view health_metrics = "AWS/Route53";

// --- alarms as health checks have them (fact route53-90; the texts are ours)

std::string no_such_alarm(std::string_view region, std::string_view name) {
  if (name.starts_with("arn:"))
    return fmt::format(
        "CloudWatch metric health checks must have the name of an alarm of this account "
        "specified, not an ARN: {}.",
        name);
  return fmt::format("The CloudWatch alarm {} does not exist in {}.", name, region);
}

// Why Route 53 does not take this alarm; empty: it does.
std::string beyond_health_checks(const cloudwatch::MetricAlarm& alarm) {
  const auto refused = [&](std::string_view what, const std::string& why) {
    return fmt::format("CloudWatch metric health checks do not support {}: the alarm {} in {} {}",
                       what, alarm.name, alarm.region, why);
  };
  if (alarm.is_on_queries())
    return refused("metric math", "watches an expression (one metric is needed).");
  const auto of = alarm.datapoints_to_alarm.value_or(alarm.evaluation_periods);
  if (of != alarm.evaluation_periods)
    return refused("M out of N datapoints",
                   fmt::format("takes {} of {} (DatapointsToAlarm must be the same as "
                               "EvaluationPeriods, or left out).",
                               of, alarm.evaluation_periods));
  if (alarm.high_resolution())
    return refused("high-resolution alarms",
                   fmt::format("has a Period of {} seconds (60 or a multiple of it is needed).",
                               alarm.period_s));
  if (alarm.statistic->is_extended())
    return refused("extended statistics",
                   fmt::format("has {} (Average, Maximum, Minimum, SampleCount or Sum is needed).",
                               alarm.statistic->name()));
  return {};
}

route53::AlarmConfiguration copied(const cloudwatch::MetricAlarm& alarm) {
  route53::AlarmConfiguration out;
  out.evaluation_periods = static_cast<int>(alarm.evaluation_periods);
  out.threshold = alarm.threshold;
  out.comparison_operator = comparison_name(alarm.comparison);
  out.period_s = static_cast<int>(alarm.period_s);
  out.metric_name = alarm.metric.name;
  out.metric_namespace = alarm.metric.name_space;
  out.statistic = alarm.statistic->name();
  for (const auto& dimension : alarm.metric.dimensions)
    out.dimensions.emplace_back(dimension.name, dimension.value);
  return out;
}

// And back. TreatMissingData is not among what was copied, so missing is missing; but not where the
// engine itself measures: there a gap is time in which it was off, and settles nothing (fact
// route53-91).
std::optional<cloudwatch::MetricAlarm> alarm_of(std::string_view region,
                                                const route53::AlarmConfiguration& settings) {
  const auto comparison = cloudwatch::comparison_by_name(settings.comparison_operator);
  auto statistic = cloudwatch::Statistic::basic(settings.statistic);
  // No alarm looks at more than a week (fact cloudwatch-8), whatever a row says.
  constexpr int longest_s = 604'800;
  if (!comparison || !statistic || settings.period_s < 60 || settings.evaluation_periods <= 0 ||
      settings.evaluation_periods > longest_s / settings.period_s)
    return std::nullopt;
  cloudwatch::MetricAlarm out;
  out.metric = {std::string{region}, settings.metric_namespace, settings.metric_name, {}};
  for (const auto& [name, value] : settings.dimensions)
    out.metric.dimensions.push_back({name, value});
  out.statistic = std::move(statistic);
  out.period_s = settings.period_s;
  out.evaluation_periods = settings.evaluation_periods;
  out.threshold = settings.threshold;
  out.comparison = *comparison;
  if (settings.metric_namespace == health_metrics) out.treat_missing_data = "ignore";
  return out;
}

}  // namespace

void HealthMetricsToCloudWatch::publish(std::string_view metric_name,
                                        std::string_view health_check_id, double value,
                                        std::string_view unit, Instant at) {
  // "Unhealthy" is what alarms and the latch rest on: it survives a crash, or an engine that is
  // killed again and again would never latch.
  using Durable = cloudwatch::CloudWatch::Durable;
  const bool unhealthy = metric_name == "HealthCheckStatus" && value == 0;
  services_.cloudwatch->put_datum(
      "us-east-1", std::string{health_metrics}, std::string{metric_name},
      {{"HealthCheckId", std::string{health_check_id}}}, value, unit, at,
      unhealthy ? Durable::with_this_batch : Durable::within_a_minute);
}

Result<route53::AlarmConfiguration> MetricDataOfCloudWatch::alarm(std::string_view region,
                                                                  std::string_view name) const {
  const auto* found = services_.cloudwatch->alarm(region, name);
  if (!found) return failure(Problem{no_such_alarm(region, name)});
  if (auto text = beyond_health_checks(*found); !text.empty())
    return failure(Problem{std::move(text)});
  return copied(*found);
}

route53::MetricDataStream::State MetricDataOfCloudWatch::evaluate(
    std::string_view region, const route53::AlarmConfiguration& settings, Instant now) const {
  const auto alarm = alarm_of(region, settings);
  if (!alarm) return State::insufficient_data;
  const auto verdict = services_.cloudwatch->judge(*alarm, now);
  // What leaves an alarm as it is settles nothing here (fact route53-91).
  if (!verdict.state || *verdict.state == cloudwatch::State::insufficient_data)
    return State::insufficient_data;
  return *verdict.state == cloudwatch::State::alarm ? State::alarm : State::ok;
}

bool QueryLogsInLogs::has_group(std::string_view group_name) const {
  return services_.logs->has_group("us-east-1", group_name);
}

void QueryLogsInLogs::write(const std::string& group_name, const std::string& stream_name,
                            Instant at, std::vector<std::string> lines) {
  std::vector<logs::Logs::Line> out;
  out.reserve(lines.size());
  for (auto& line : lines) out.push_back({at, std::move(line)});
  services_.logs->append("us-east-1", group_name, stream_name, std::move(out));
}

Result<Done> AlarmActionsToServices::execute(const cloudwatch::AlarmAction& action) {
  if (names_topic(action.action_arn)) {
    auto published = services_.sns->publish_as_service(
        {"cloudwatch.amazonaws.com", action.alarm_arn, services_.account, action.action_arn,
         action.subject, action.message});
    if (!published) return failure(Problem{published.error().message});
    return Done{};
  }
  if (names_function(action.action_arn)) {
    const auto outcome = services_.lambda->invoke_async(action.action_arn, action.function_event,
                                                        "lambda.alarms.cloudwatch.amazonaws.com",
                                                        action.alarm_arn, services_.account);
    if (outcome.kind != aws::DispatchOutcome::Kind::accepted)
      return failure(Problem{outcome.reason});
    return Done{};
  }
  return failure(
      Problem{fmt::format("this engine has no actions of the kind {}", action.action_arn)});
}

aws::DispatchOutcome FunctionDeliveriesToLambda::dispatch(const std::string& function_arn,
                                                          const std::string& payload,
                                                          const std::string& topic_arn) {
  return services_.lambda->invoke_async(function_arn, payload, "sns.amazonaws.com", topic_arn,
                                        services_.account);
}

void AlarmActionsToServices::announce(const cloudwatch::AlarmEvent& event) {
  services_.events->publish({event.region,
                             "aws.cloudwatch",
                             event.detail_type,
                             {event.alarm_arn},
                             event.detail,
                             event.time});
}

// --- targets of rules, and their dead letters

namespace {
using Handed = aws::DispatchOutcome::Kind;
constexpr const char* rules_service = "events.amazonaws.com";

// In EventBridge's words (fact events-31).
aws::DispatchOutcome refused(std::string reason, std::string_view code) {
  return {Handed::refused, "", std::move(reason), std::string{code}};
}
constexpr std::string_view no_resource = "NO_RESOURCE", no_permissions = "NO_PERMISSIONS",
                           not_taken = "SDK_CLIENT_ERROR";
}  // namespace

aws::DispatchOutcome RuleTargets::dispatch(const events::Delivery& delivery) {
  switch (events::target_kind(delivery.target_arn).value_or(events::TargetKind::bus)) {
    case events::TargetKind::topic:
      return to_topic(delivery);
    case events::TargetKind::function:
      return to_function(delivery);
    case events::TargetKind::queue:
      return to_queue(delivery);
    case events::TargetKind::log_group:
      return to_log_group(delivery);
    case events::TargetKind::bus:
      break;
  }
  return refused(fmt::format("this engine has no targets of the kind {}", delivery.target_arn),
                 no_resource);
}

aws::DispatchOutcome RuleTargets::to_topic(const events::Delivery& delivery) {
  if (!services_.sns->topic_policy(delivery.target_arn))
    return refused("Topic does not exist", no_resource);
  auto published =
      services_.sns->publish_as_service({rules_service, delivery.rule_arn, services_.account,
                                         delivery.target_arn, "", delivery.payload});
  if (published) return {Handed::accepted, *published, ""};
  const bool forbidden = published.error().code.find("Auth") != std::string::npos ||
                         published.error().code.find("AccessDenied") != std::string::npos;
  return refused(published.error().message, forbidden ? no_permissions : not_taken);
}

aws::DispatchOutcome RuleTargets::to_function(const events::Delivery& delivery) {
  auto outcome = services_.lambda->invoke_async(
      delivery.target_arn, delivery.payload, rules_service, delivery.rule_arn, services_.account);
  if (outcome.kind == Handed::refused)
    outcome.code = outcome.reason.find("not authorized") != std::string::npos ? no_permissions
                   : outcome.reason.find("not found") != std::string::npos    ? no_resource
                                                                              : not_taken;
  else if (outcome.kind == Handed::failed)
    outcome.code = "INTERNAL_ERROR";
  return outcome;
}

aws::DispatchOutcome RuleTargets::to_queue(const events::Delivery& delivery) {
  if (!services_.queues->exists(delivery.target_arn))
    return refused(fmt::format("The queue {} does not exist.", delivery.target_arn), no_resource);
  aws::QueueUser sender;
  sender.service = rules_service;
  sender.source_arn = delivery.rule_arn;
  if (!services_.queues->permitted(delivery.target_arn, "SendMessage", sender))
    return refused(fmt::format("{} may not send to {}", rules_service, delivery.target_arn),
                   no_permissions);
  aws::QueueLetter letter;
  letter.queue_arn = delivery.target_arn;
  letter.body = delivery.payload;
  letter.group_id = delivery.message_group.value_or("");
  if (!letter.group_id.empty()) letter.deduplication_id = delivery.event_id;
  for (const auto& [name, value] : delivery.attributes)
    letter.attributes.push_back({name, "String", value});
  auto outcome = services_.queues->send(letter, sender);
  if (outcome.kind != Handed::accepted && outcome.code.empty()) outcome.code = not_taken;
  return outcome;
}

// A stream for each event, as EventBridge makes them; what a transformer gives as
// {"timestamp": .., "message": ..} is the line (fact events-65).
aws::DispatchOutcome RuleTargets::to_log_group(const events::Delivery& delivery) {
  const auto arn = aws::parse_arn(delivery.target_arn);
  constexpr std::string_view prefix = "log-group:";
  auto group = arn->resource.substr(prefix.size());
  if (group.ends_with(":*")) group.resize(group.size() - 2);
  if (!services_.logs->has_group(arn->region, group))
    return refused(fmt::format("The log group {} does not exist.", group), no_resource);
  logs::Logs::Line line{delivery.at, delivery.payload};
  if (const auto given = aws::from_json(delivery.payload); given && given->is_struct()) {
    const auto& time = (*given)["timestamp"];
    const auto& message = (*given)["message"];
    if (time.is_integer() && message.is_string()) {
      line.at = from_unix_ms(time.integer());
      line.message = message.string();
    }
  }
  services_.logs->append(arn->region, group, delivery.event_id, {std::move(line)});
  return {Handed::accepted, delivery.event_id, ""};
}

aws::Outcome<ports::Credentials> ExecutionRoles::assume(const std::string& role_arn,
                                                        const std::string& session_name,
                                                        Duration duration) {
  return services_.identities->assume_role_for_service(role_arn, session_name,
                                                       "lambda.amazonaws.com", duration);
}

aws::Outcome<Done> ExecutionRoles::assumable(const std::string& role_arn) {
  if (services_.identities->trusts_service(role_arn, "lambda.amazonaws.com")) return Done{};
  return aws::refuse("InvalidParameterValueException",
                     "The role defined for the function cannot be assumed by Lambda.");
}

void FunctionLogsToLogs::write(const std::string& region, const std::string& group,
                               const std::string& stream, const std::vector<lambda::LogLine>& lines,
                               const std::string& role_arn) {
  const std::string group_arn =
      fmt::format("arn:aws:logs:{}:{}:log-group:{}", region, services_.account, group);
  const std::string stream_arn = fmt::format("{}:log-stream:{}", group_arn, stream);
  const std::vector<std::string> group_spellings{group_arn, group_arn + ":*"};
  // Creating what exists already needs no right.
  if (!services_.logs->has_group(region, group) &&
      !role_may(services_, role_arn, "logs:CreateLogGroup", group_spellings))
    return;
  if (!services_.logs->has_stream(region, group, stream) &&
      !role_may(services_, role_arn, "logs:CreateLogStream", {stream_arn, group_arn + ":*"}))
    return;
  if (!role_may(services_, role_arn, "logs:PutLogEvents", {stream_arn})) return;
  std::vector<logs::Logs::Line> out;
  out.reserve(lines.size());
  for (const auto& line : lines) out.push_back({line.at, line.text});
  services_.logs->append(region, group, stream, std::move(out));
}

void FilterMetricsToCloudWatch::add(const logs::FilterSample& sample) {
  std::vector<cloudwatch::Dimension> dimensions;
  for (const auto& [name, value] : sample.dimensions) dimensions.push_back({name, value});
  services_.cloudwatch->put_datum(sample.region, sample.name_space, sample.name, dimensions,
                                  sample.value, sample.unit, sample.at,
                                  cloudwatch::CloudWatch::Durable::with_this_batch, sample.samples);
}

std::string SubscribersToLambda::principal_of(const std::string& function_arn,
                                              const std::string& group_arn) const {
  const auto arn = aws::parse_arn(group_arn);
  auto regional = fmt::format("logs.{}.amazonaws.com", arn ? arn->region : "");
  const auto judged =
      services_.lambda->judge_caller(function_arn, regional, group_arn, services_.account);
  return judged.kind == aws::DispatchOutcome::Kind::accepted ? regional : "logs.amazonaws.com";
}

bool SubscribersToLambda::invocable(const std::string& function_arn,
                                    const std::string& group_arn) const {
  return services_.lambda
             ->judge_caller(function_arn, principal_of(function_arn, group_arn), group_arn,
                            services_.account)
             .kind == aws::DispatchOutcome::Kind::accepted;
}

aws::DispatchOutcome SubscribersToLambda::dispatch(const std::string& function_arn,
                                                   const std::string& payload,
                                                   const std::string& group_arn) {
  return services_.lambda->invoke_async(
      function_arn, payload, principal_of(function_arn, group_arn), group_arn, services_.account);
}

bool EventDestinations::permitted(const std::string& target_arn, const std::string& role_arn) {
  if (names_queue(target_arn))
    return services_.queues->permitted(target_arn, "SendMessage", as_role(role_arn));
  const auto policy = services_.sns->topic_policy(target_arn);
  return role_may(services_, role_arn, "sns:Publish", {target_arn}, policy.value_or(""));
}

aws::Outcome<> EventDestinations::to_queue(aws::QueueLetter letter, const std::string& role_arn) {
  const auto outcome = services_.queues->send(letter, as_role(role_arn));
  if (outcome.kind != aws::DispatchOutcome::Kind::accepted)
    return aws::refuse("ServiceException", outcome.reason);
  return aws::Value{};
}

aws::Outcome<> EventDestinations::send(const std::string& destination_arn,
                                       const std::string& record, const std::string& role_arn,
                                       const std::string& function_arn) {
  if (names_queue(destination_arn)) return to_queue({destination_arn, record}, role_arn);
  if (names_topic(destination_arn)) {
    if (!permitted(destination_arn, role_arn))
      return aws::refuse("AuthorizationError",
                         fmt::format("{} may not publish to {}", role_arn, destination_arn));
    auto published = services_.sns->publish_authorised(destination_arn, std::nullopt, record);
    if (!published) return failure(published.error());
    return aws::Value{};
  }
  if (names_function(destination_arn)) {
    if (!role_may(services_, role_arn, "lambda:InvokeFunction", {destination_arn}))
      return aws::refuse("AccessDeniedException",
                         fmt::format("{} may not invoke {}", role_arn, destination_arn));
    const auto outcome = services_.lambda->dispatch(destination_arn, record);
    if (outcome.kind != aws::DispatchOutcome::Kind::accepted)
      return aws::refuse("ServiceException", outcome.reason);
    return aws::Value{};
  }
  return aws::refuse(
      "InvalidParameterValueException",
      fmt::format("The destination ARN {} of {} is invalid.", destination_arn, function_arn));
}

aws::Outcome<> EventDestinations::send_dead_letter(const std::string& topic_arn,
                                                   const lambda::DeadLetter& letter,
                                                   const std::string& role_arn,
                                                   const std::string& function_arn) {
  if (names_queue(topic_arn)) {
    aws::QueueLetter sent{topic_arn, letter.payload};
    sent.attributes = {{"ErrorCode", "Number", std::to_string(letter.error_code)}};
    if (!letter.error_message.empty())
      sent.attributes.push_back({"ErrorMessage", "String", letter.error_message});
    sent.attributes.push_back({"RequestID", "String", letter.request_id});
    return to_queue(std::move(sent), role_arn);
  }
  if (!names_topic(topic_arn)) return send(topic_arn, letter.payload, role_arn, function_arn);
  if (!permitted(topic_arn, role_arn))
    return aws::refuse("AuthorizationError",
                       fmt::format("{} may not publish to {}", role_arn, topic_arn));
  sns::MessageAttributes why{{"ErrorCode", {"Number", std::to_string(letter.error_code)}}};
  if (!letter.error_message.empty())
    why.push_back({"ErrorMessage", {"String", letter.error_message}});
  why.push_back({"RequestID", {"String", letter.request_id}});
  auto published =
      services_.sns->publish_authorised(topic_arn, std::nullopt, letter.payload, std::move(why));
  if (!published) return failure(published.error());
  return aws::Value{};
}

namespace {
void put(const Services& services, std::string_view region, const char* name_space,
         const char* dimension, std::string_view of, std::string_view metric, double value,
         std::string_view unit, Instant at) {
  std::vector<cloudwatch::Dimension> dimensions;
  if (!of.empty()) dimensions.push_back({dimension, std::string{of}});
  services.cloudwatch->put_datum(std::string{region}, name_space, std::string{metric}, dimensions,
                                 value, unit, at);
}
}  // namespace

void TopicMetrics::count(std::string_view region, std::string_view metric_name,
                         std::string_view topic_name, double value, std::string_view unit,
                         Instant at) {
  if (services_.tally) services_.tally->topic_metric(metric_name, value);
  put(services_, region, "AWS/SNS", "TopicName", topic_name, metric_name, value, unit, at);
}
void LambdaMetrics::count(const std::string& region, std::string_view metric_name,
                          const std::string& function_name, double value, std::string_view unit,
                          Instant at) {
  if (services_.tally) services_.tally->function_metric(region, metric_name, function_name, value);
  put(services_, region, "AWS/Lambda", "FunctionName", function_name, metric_name, value, unit, at);
}
void EventsMetrics::count(const events::MetricOf& of, std::string_view metric_name, double value,
                          std::string_view unit, Instant at) {
  std::vector<cloudwatch::Dimension> dimensions;
  if (!of.bus.empty() && of.bus != events::default_bus)
    dimensions.push_back({"EventBusName", std::string{of.bus}});
  if (!of.rule.empty()) dimensions.push_back({"RuleName", std::string{of.rule}});
  services_.cloudwatch->put_datum(std::string{of.region}, "AWS/Events", std::string{metric_name},
                                  dimensions, value, unit, at);
}

}  // namespace sitelatch::engine
