// SPDX-License-Identifier: Apache-2.0
#include "guard/apply/reading.h"

#include <algorithm>
#include <map>

#include "base/text.h"
#include "client/retry.h"
#include "guard/rules/json.h"

namespace sitelatch::guard {

using aws::Value;

namespace {

// One statement's condition value, whatever operator and spelling: {"ArnLike": {"AWS:SourceArn":
// "..."}}.
std::string condition_value(const Json& condition, std::string_view key) {
  for (const auto& operation : condition.elements())
    for (std::size_t i = 0; i < operation.names().size(); ++i)
      if (equal_ignoring_case(operation.names()[i], key)) return operation.elements()[i].text();
  return {};
}

std::string principal_of(const Json& principal) {
  if (principal.is_string()) return principal.text();
  const auto& service = principal["Service"];
  if (service.is_string()) return service.text();
  if (service.is_array() && !service.elements().empty()) return service.elements().front().text();
  return principal["AWS"].text();
}

// AWS says so since 2021, whatever the service.
bool denied_by_organisation(const client::Error& error) {
  return client::is_denied(error) &&
         error.message.find("service control policy") != std::string::npos;
}

// A bucket of requests is an operation's; a service that is out is so for all of them.
bool is_out(const client::Error& error) {
  return is_silence(error) && !client::is_throttled(error);
}

int whole(const Value& value) { return static_cast<int>(value.integer_or(0)); }

}  // namespace

std::optional<Value> Reading::ask(std::string_view what, std::string_view service,
                                  std::string_view operation, Value input,
                                  std::string_view region) {
  if (fatal_) return std::nullopt;
  if (const auto* silence = silence_of(service, region)) {
    auto same = *silence;
    same.operation = operation;
    note(what, same);
    return std::nullopt;
  }
  auto reply = aws_.call_all(service, operation, std::move(input), region);
  if (reply) return std::move(*reply);
  if (is_out(reply.error()))
    silent_.emplace(std::pair{std::string{service}, std::string{region}}, reply.error());
  const bool closed = guessed_.contains(region) && denied_by_organisation(reply.error());
  if (closed)
    ++closed_;
  else if (!client::is_absent(reply.error()))
    note(what, reply.error());
  return std::nullopt;
}

void Reading::note(std::string_view what, const client::Error& error) {
  if (client::is_denied(error) && !client::is_expired_token(error) &&
      error.cause == client::Cause::service && error.code != "InvalidClientTokenId" &&
      error.code != "UnrecognizedClientException" && error.code != "SignatureDoesNotMatch")
    blind_.push_back({std::string{what}, error});
  else if (despite_silence_ && is_silence(error))
    blind_.push_back({std::string{what}, error});
  else
    stop(error);
}

const client::Error* Reading::silence_of(std::string_view service, std::string_view region) const {
  if (!despite_silence_) return nullptr;
  const auto found = silent_.find({std::string{service}, std::string{region}});
  return found == silent_.end() ? nullptr : &found->second;
}

bool is_silence(const client::Error& error) {
  switch (client::retry_of(error)) {
    case client::Retry::transient:
    case client::Retry::timed_out:
    case client::Retry::throttled:
      return true;
    case client::Retry::never:
    case client::Retry::conflict:
      return false;
  }
  return false;
}

Texts texts_from(const Value& map) {
  Texts texts;
  for (const auto& [key, value] : map.members()) texts[key] = value.string_or("");
  return texts;
}

Texts tags_from(const Value& list) {
  Texts texts;
  for (const auto& tag : list.items()) texts[tag["Key"].string_or("")] = tag["Value"].string_or("");
  return texts;
}

std::string document_from(const std::string& document) {
  if (!document.starts_with('%')) return document;
  return percent_decode(document).value_or(document);
}

Texts Reading::tags(std::string_view service, std::string_view arn_member, const std::string& arn,
                    std::string_view region) {
  const auto reply = ask("the tags of " + arn, service, "ListTagsForResource",
                         Value::structure({{arn_member, arn}}), region);
  if (!reply) return {};
  return (*reply)["Tags"].is_list() ? tags_from((*reply)["Tags"]) : texts_from((*reply)["tags"]);
}

ObservedAlarm alarm_from(const Value& wire) {
  ObservedAlarm alarm;
  alarm.name = wire["AlarmName"].string_or("");
  alarm.arn = wire["AlarmArn"].string_or("");
  alarm.metric_namespace = wire["Namespace"].string_or("");
  alarm.metric = wire["MetricName"].string_or("");
  alarm.statistic = wire["Statistic"].string_or("");
  alarm.comparison = wire["ComparisonOperator"].string_or("");
  alarm.missing_data = wire["TreatMissingData"].string_or("");
  alarm.state_reason = wire["StateReason"].string_or("");
  for (const auto& dimension : wire["Dimensions"].items())
    alarm.dimensions.emplace_back(dimension["Name"].string_or(""),
                                  dimension["Value"].string_or(""));
  alarm.alarm_actions = wire["AlarmActions"].strings();
  alarm.ok_actions = wire["OKActions"].strings();
  alarm.insufficient_data_actions = wire["InsufficientDataActions"].strings();
  alarm.description = wire["AlarmDescription"].string_or("");
  alarm.threshold = wire["Threshold"].number_or(0);
  alarm.period_s = whole(wire["Period"]);
  alarm.evaluation_periods = whole(wire["EvaluationPeriods"]);
  alarm.datapoints_to_alarm = whole(wire["DatapointsToAlarm"]);
  alarm.snapshot.state =
      alarm_state(wire["StateValue"].string_or("")).value_or(AlarmState::insufficient_data);
  for (const auto* name : {"StateUpdatedTimestamp", "StateTransitionedTimestamp"})
    if (wire[name].is_timestamp()) alarm.snapshot.transitioned_at = wire[name].timestamp();
  alarm.snapshot.actions_enabled = wire["ActionsEnabled"].boolean_or(true);
  alarm.snapshot.from_data = from_real_data(alarm.state_reason);
  alarm.snapshot.oldest_data = oldest_datapoint(alarm.state_reason);
  return alarm;
}

std::optional<ObservedTopic> Reading::topic(const std::string& arn, std::string_view region) {
  const auto seen = blind_.size();
  const auto reply = ask("topic " + arn, "sns", "GetTopicAttributes",
                         Value::structure({{"TopicArn", arn}}), region);
  if (!reply) {
    if (was_denied(seen)) {
      (void)tags("sns", "ResourceArn", arn, region);
      (void)subscriptions(arn, region);
    }
    return std::nullopt;
  }
  const auto attributes = texts_from((*reply)["Attributes"]);
  const auto text = [&](const std::string& name) {
    const auto found = attributes.find(name);
    return found == attributes.end() ? std::string{} : found->second;
  };
  return ObservedTopic{arn, text("KmsMasterKeyId"), text("Policy"),
                       tags("sns", "ResourceArn", arn, region), text("DisplayName")};
}

std::vector<ObservedSubscription> Reading::subscriptions(const std::string& topic_arn,
                                                         std::string_view region) {
  const auto reply = ask("the subscriptions of " + topic_arn, "sns", "ListSubscriptionsByTopic",
                         Value::structure({{"TopicArn", topic_arn}}), region);
  std::vector<ObservedSubscription> subscriptions;
  if (!reply) return subscriptions;
  for (const auto& wire : (*reply)["Subscriptions"].items()) {
    ObservedSubscription subscription;
    subscription.arn = wire["SubscriptionArn"].string_or("");
    subscription.protocol = wire["Protocol"].string_or("");
    subscription.endpoint = wire["Endpoint"].string_or("");
    if (subscription.arn == "Deleted") continue;
    subscription.pending = !subscription.arn.starts_with("arn:");
    subscriptions.push_back(std::move(subscription));
  }
  return subscriptions;
}

std::optional<ObservedFunction> Reading::function(const std::string& name,
                                                  std::string_view region) {
  const auto seen = blind_.size();
  const auto reply = ask("function " + name + " in " + std::string{region}, "lambda", "GetFunction",
                         Value::structure({{"FunctionName", name}}), region);
  if (reply) return function_from(*reply, name);
  if (was_denied(seen)) {
    ObservedFunction unseen;
    unseen.name = name;
    invocation(unseen, region);
  }
  return std::nullopt;
}

std::optional<ObservedFunction> Reading::search_function(const std::string& name,
                                                         std::string_view region,
                                                         std::optional<client::Error>& denial) {
  if (fatal_) return std::nullopt;
  auto reply =
      aws_.call("lambda", "GetFunction", Value::structure({{"FunctionName", name}}), region);
  if (reply) return function_from(*reply, name);
  if (client::is_denied(reply.error()))
    denial = reply.error();
  else if (!client::is_absent(reply.error()))
    note("function " + name + " in " + std::string{region}, reply.error());
  return std::nullopt;
}

ObservedFunction Reading::function_from(const Value& reply, const std::string& name) {
  const auto& wire = reply["Configuration"];
  ObservedFunction function;
  function.name = wire["FunctionName"].string_or(name);
  function.arn = wire["FunctionArn"].string_or("");
  function.runtime = wire["Runtime"].string_or("");
  function.handler = wire["Handler"].string_or("");
  function.role_arn = wire["Role"].string_or("");
  function.sha256 = wire["CodeSha256"].string_or("");
  function.state = wire["State"].string_or("");
  function.last_update_status = wire["LastUpdateStatus"].string_or("");
  function.state_reason =
      wire["StateReason"].string_or(wire["LastUpdateStatusReason"].string_or(""));
  function.revision_id = wire["RevisionId"].string_or("");
  const auto architectures = wire["Architectures"].strings();
  function.architecture = architectures.empty() ? "" : architectures.front();
  function.timeout_s = whole(wire["Timeout"]);
  function.memory_mb = whole(wire["MemorySize"]);
  function.environment = texts_from(wire["Environment"]["Variables"]);
  function.tags = texts_from(reply["Tags"]);
  function.description = wire["Description"].string_or("");
  for (const auto& layer : wire["Layers"].items())
    function.layers.push_back(layer["Arn"].string_or(""));
  function.subnets = wire["VpcConfig"]["SubnetIds"].strings();
  function.security_groups = wire["VpcConfig"]["SecurityGroupIds"].strings();
  // A function without tags is somebody else's: one whose tags may not be seen is not.
  if (const auto& unseen = reply["TagsError"]; unseen) {
    client::Error error;
    error.code = unseen["ErrorCode"].string_or("");
    error.message = unseen["Message"].string_or("");
    error.service = "lambda";
    error.operation = "ListTags";
    blind_.push_back({"the tags of function " + function.name, error});
  }
  if (const auto& reserved = reply["Concurrency"]["ReservedConcurrentExecutions"]; reserved)
    function.reserved_concurrency = whole(reserved);
  if (const auto used = function.tags.find(std::string{role_id_tag}); used != function.tags.end())
    function.role_id_used = used->second;
  return function;
}

std::vector<ObservedPermission> permissions_from(const std::string& policy) {
  std::vector<ObservedPermission> permissions;
  const auto json = Json::parse(policy);
  if (!json) return permissions;
  for (const auto& statement : (*json)["Statement"].elements()) {
    if (statement["Effect"].text() != "Allow") continue;
    ObservedPermission permission;
    permission.statement_id = statement["Sid"].text();
    permission.principal = principal_of(statement["Principal"]);
    permission.action = statement["Action"].text();
    permission.source_arn = condition_value(statement["Condition"], "aws:SourceArn");
    permission.source_account = condition_value(statement["Condition"], "aws:SourceAccount");
    permissions.push_back(std::move(permission));
  }
  return permissions;
}

void Reading::invocation(ObservedFunction& function, std::string_view region) {
  const auto name = Value::structure({{"FunctionName", function.name}});
  if (const auto reply =
          ask("the policy of function " + function.name, "lambda", "GetPolicy", name, region))
    function.permissions = permissions_from((*reply)["Policy"].string_or(""));
  const auto reply = ask("the failure destination of function " + function.name, "lambda",
                         "GetFunctionEventInvokeConfig", name, region);
  if (!reply) return;
  function.failure_destination =
      (*reply)["DestinationConfig"]["OnFailure"]["Destination"].string_or("");
  if (const auto& retries = (*reply)["MaximumRetryAttempts"]; retries)
    function.retries = whole(retries);
  if (const auto& age = (*reply)["MaximumEventAgeInSeconds"]; age)
    function.event_age_s = whole(age);
}

std::optional<ObservedRole> Reading::role(const std::string& name) {
  const auto input = Value::structure({{"RoleName", name}});
  const auto seen = blind_.size();
  const auto reply = ask("role " + name, "iam", "GetRole", input);
  if (!reply) {
    if (was_denied(seen)) {
      (void)ask("the policies of role " + name, "iam", "ListRolePolicies", input);
      (void)ask("the policies attached to role " + name, "iam", "ListAttachedRolePolicies", input);
    }
    return std::nullopt;
  }
  const auto& wire = (*reply)["Role"];
  ObservedRole role;
  role.arn = wire["Arn"].string_or("");
  role.role_id = wire["RoleId"].string_or("");
  role.path = wire["Path"].string_or("/");
  role.permissions_boundary = wire["PermissionsBoundary"]["PermissionsBoundaryArn"].string_or("");
  role.trust = document_from(wire["AssumeRolePolicyDocument"].string_or(""));
  role.tags = tags_from(wire["Tags"]);
  role.description = wire["Description"].string_or("");
  if (const auto names = ask("the policies of role " + name, "iam", "ListRolePolicies", input))
    for (const auto& policy : (*names)["PolicyNames"].strings())
      if (const auto document = ask("policy " + policy + " of role " + name, "iam", "GetRolePolicy",
                                    Value::structure({{"RoleName", name}, {"PolicyName", policy}})))
        role.inline_policies[policy] = document_from((*document)["PolicyDocument"].string_or(""));
  if (const auto attached =
          ask("the policies attached to role " + name, "iam", "ListAttachedRolePolicies", input))
    for (const auto& policy : (*attached)["AttachedPolicies"].items())
      role.managed_policies.push_back(policy["PolicyArn"].string_or(""));
  return role;
}

std::optional<ObservedSchedule> Reading::schedule(const std::string& name,
                                                  std::string_view region) {
  const auto seen = blind_.size();
  const auto reply =
      ask("rule " + name, "events", "DescribeRule", Value::structure({{"Name", name}}), region);
  if (!reply) {
    if (was_denied(seen))
      (void)ask("the targets of rule " + name, "events", "ListTargetsByRule",
                Value::structure({{"Rule", name}}), region);
    return std::nullopt;
  }
  ObservedSchedule schedule;
  schedule.arn = (*reply)["Arn"].string_or("");
  schedule.expression = (*reply)["ScheduleExpression"].string_or("");
  schedule.description = (*reply)["Description"].string_or("");
  schedule.enabled = (*reply)["State"].string_or("").starts_with("ENABLED");
  if (const auto targets = ask("the targets of rule " + name, "events", "ListTargetsByRule",
                               Value::structure({{"Rule", name}}), region))
    for (const auto& target : (*targets)["Targets"].items())
      schedule.targets.emplace_back(target["Id"].string_or(""), target["Arn"].string_or(""));
  schedule.tags = tags("events", "ResourceARN", schedule.arn, region);
  return schedule;
}

std::optional<ObservedLogGroup> Reading::log_group(const std::string& name,
                                                   std::string_view region) {
  const auto reply = ask("log group " + name, "logs", "DescribeLogGroups",
                         Value::structure({{"logGroupNamePrefix", name}}), region);
  if (!reply) return std::nullopt;
  for (const auto& wire : (*reply)["logGroups"].items()) {
    if (wire["logGroupName"].string_or("") != name) continue;
    ObservedLogGroup group;
    group.arn = wire["arn"].string_or("");
    if (group.arn.ends_with(":*")) group.arn.resize(group.arn.size() - 2);
    if (const auto& days = wire["retentionInDays"]; days) group.retention_days = whole(days);
    group.tags = tags("logs", "resourceArn", group.arn, region);
    return group;
  }
  return std::nullopt;
}

namespace {

struct MetricQuery {
  std::string id, metric_namespace, metric, dimension, value, statistic = "Sum";
  std::optional<double> ObservedDeliveries::*into = nullptr;
};

Value wire_of(const MetricQuery& query, int period_s) {
  const auto dimension = Value::structure({{"Name", query.dimension}, {"Value", query.value}});
  const auto metric = Value::structure({{"Namespace", query.metric_namespace},
                                        {"MetricName", query.metric},
                                        {"Dimensions", Value::list({dimension})}});
  return Value::structure(
      {{"Id", query.id},
       {"MetricStat",
        Value::structure({{"Metric", metric}, {"Period", period_s}, {"Stat", query.statistic}})}});
}

double sum_of(const Value& reply, std::string_view id) {
  double sum = 0;
  for (const auto& result : reply["MetricDataResults"].items())
    if (result["Id"].string_or("") == id)
      for (const auto& value : result["Values"].items()) sum += value.number();
  return sum;
}

MetricQuery failures_of_topic(std::string id, const std::string& topic,
                              std::optional<double> ObservedDeliveries::*into = nullptr) {
  return {std::move(id), "AWS/SNS", "NumberOfNotificationsFailed", "TopicName", topic, "Sum", into};
}

}  // namespace

std::optional<Value> Reading::delivery_metrics(Value queries, const std::string& region,
                                               Instant now) {
  constexpr auto back = std::chrono::hours{3};
  return ask("delivery metrics in " + region, "cloudwatch", "GetMetricData",
             Value::structure({{"MetricDataQueries", std::move(queries)},
                               {"StartTime", now - back},
                               {"EndTime", now + std::chrono::minutes{10}}}),
             region);
}

std::optional<double> Reading::failed_deliveries(const std::string& topic,
                                                 const std::string& region, Instant now) {
  const auto query = failures_of_topic("notify", topic);
  const auto reply = delivery_metrics(Value::list({wire_of(query, 300)}), region, now);
  return reply ? std::optional{sum_of(*reply, query.id)} : std::nullopt;
}

std::optional<ObservedDeliveries> Reading::deliveries(const Where& where, Instant now) {
  const auto& names = where.names;
  using D = ObservedDeliveries;
  const std::vector<MetricQuery> at_function = {
      {"errors", "AWS/Lambda", "Errors", "FunctionName", names.function, "Sum",
       &D::function_errors},
      {"throttles", "AWS/Lambda", "Throttles", "FunctionName", names.function, "Sum",
       &D::function_throttles},
      {"dropped", "AWS/Lambda", "AsyncEventsDropped", "FunctionName", names.function, "Sum",
       &D::events_dropped},
      {"untold", "AWS/Lambda", "DestinationDeliveryFailures", "FunctionName", names.function, "Sum",
       &D::destination_failures},
      failures_of_topic("notify", names.notify_topic, &D::notify_topic_failed)};
  const std::vector<MetricQuery> at_home = {
      failures_of_topic("alarm", names.alarm_topic, &D::alarm_topic_failed)};
  ObservedDeliveries deliveries;
  const auto read = [&](const std::vector<MetricQuery>& queries, const std::string& region) {
    Value wanted = Value::list();
    for (const auto& query : queries) wanted.push(wire_of(query, 300));
    const auto reply = delivery_metrics(std::move(wanted), region, now);
    if (!reply) return false;
    for (const auto& query : queries) deliveries.*query.into = sum_of(*reply, query.id);
    return true;
  };
  if (where.function_region == where.home) {
    auto all = at_function;
    all.insert(all.end(), at_home.begin(), at_home.end());
    if (!read(all, where.home)) return std::nullopt;
    return deliveries;
  }
  const bool function_read = read(at_function, where.function_region);
  const bool home_read = read(at_home, where.home);
  if (!function_read && !home_read) return std::nullopt;
  return deliveries;
}

std::optional<std::vector<StatusMinute>> Reading::status_minutes(const std::string& health_check_id,
                                                                 std::string_view region,
                                                                 Instant now, Duration back) {
  constexpr auto ahead = std::chrono::hours{24};  // of engines whose time runs faster than ours
  Value queries = Value::list();
  for (const auto& [query, statistic] : {std::pair{"lowest", "Minimum"}, {"highest", "Maximum"}})
    queries.push(wire_of({query, "AWS/Route53", "HealthCheckStatus", "HealthCheckId",
                          health_check_id, statistic, nullptr},
                         60));
  const auto reply = ask(
      "HealthCheckStatus of health check " + health_check_id, "cloudwatch", "GetMetricData",
      Value::structure(
          {{"MetricDataQueries", queries}, {"StartTime", now - back}, {"EndTime", now + ahead}}),
      region);
  if (!reply) return std::nullopt;
  std::map<Instant, StatusMinute> minutes;
  for (const auto& result : (*reply)["MetricDataResults"].items()) {
    const bool lowest = result["Id"].string_or("") == "lowest";
    const auto& times = result["Timestamps"].items();
    const auto& values = result["Values"].items();
    for (std::size_t i = 0; i < std::min(times.size(), values.size()); ++i) {
      if (!times[i].is_timestamp()) continue;
      auto& minute = minutes[times[i].timestamp()];
      minute.begins = times[i].timestamp();
      if (lowest) minute.any_unhealthy = values[i].number_or(0) < 1.0;
      if (!lowest) minute.any_healthy = values[i].number_or(0) >= 1.0;
    }
  }
  std::vector<StatusMinute> out;
  for (const auto& [begins, minute] : minutes) out.push_back(minute);
  return out;
}

Reading::Health Reading::health(const Check& check, std::string_view region, Instant now,
                                Probes probes) {
  Health out;
  out.now = now;
  const auto look_at_probes = [&] {
    const auto checkers = read_checkers(aws_, check.id);
    if (!checkers) return note("what the checkers say", checkers.error());
    out.checkers = *checkers;
    std::optional<Instant> newest;
    for (const auto& checker : out.checkers)
      if (checker.at && (!newest || *checker.at > *newest)) newest = checker.at;
    out.now = newest.value_or(out.now);
  };
  const bool probed = has_checkers(check);
  if (probed && probes == Probes::shown) look_at_probes();
  out.minutes = status_minutes(check.id, region, out.now);
  // Nothing of the last minutes, by a clock that is not AWS's: the checkers tell the time.
  if (probed && out.checkers.empty() && out.minutes && !verdict(*out.minutes, out.now)) {
    look_at_probes();
    if (!out.checkers.empty()) out.minutes = status_minutes(check.id, region, out.now);
  }
  if (out.minutes) out.healthy = verdict(*out.minutes, out.now);
  if (out.minutes && !out.minutes->empty()) out.now = std::max(out.now, out.minutes->back().begins);
  if (check.disabled) out.healthy = !check.inverted;  // whatever the endpoint does (fact guard-1)
  return out;
}

Reading::Mutes Reading::mutes(const std::string& alarm, std::string_view region) {
  Mutes out;
  if (fatal_) return out;
  const auto listed = aws_.call_all(
      "cloudwatch", "ListAlarmMuteRules",
      Value::structure({{"AlarmName", alarm}, {"Statuses", Value::list({"ACTIVE", "SCHEDULED"})}}),
      region);
  if (listed) {
    for (const auto& rule : (*listed)["AlarmMuteRuleSummaries"].items()) {
      const auto arn = rule["AlarmMuteRuleArn"].string_or("");
      out.rules.push_back(
          {arn.substr(arn.rfind(':') + 1), rule["Status"].string_or("") == "ACTIVE"});
    }
  } else if (listed.error().cause == client::Cause::service &&
             client::is_unanswered(listed.error())) {  // denied, throttled to the end
    out.unseen = client::explain(listed.error());
  } else if (listed.error().cause != client::Cause::service &&
             listed.error().cause != client::Cause::answer) {
    stop(listed.error());  // a CloudWatch that does not know mute rules has none
  }
  return out;
}

std::string Reading::filter_policy(const std::string& subscription_arn, std::string_view region) {
  const auto reply = ask("subscription " + subscription_arn, "sns", "GetSubscriptionAttributes",
                         Value::structure({{"SubscriptionArn", subscription_arn}}), region);
  if (!reply) return {};
  auto policy = texts_from((*reply)["Attributes"])["FilterPolicy"];
  return policy == "{}" ? std::string{} : policy;
}

std::vector<std::string> Reading::failed_actions(const std::string& alarm,
                                                 std::string_view region) {
  constexpr int most = 20;
  std::vector<std::string> failed;
  const auto reply = ask("the history of alarm " + alarm, "cloudwatch", "DescribeAlarmHistory",
                         Value::structure({{"AlarmName", alarm},
                                           {"HistoryItemType", "Action"},
                                           {"ScanBy", "TimestampDescending"},
                                           {"MaxRecords", most}}),
                         region);
  if (!reply) return failed;
  for (const auto& item : (*reply)["AlarmHistoryItems"].items()) {
    const auto summary = item["HistorySummary"].string_or("");
    if (!summary.starts_with("Failed")) break;
    failed.push_back(summary);
  }
  return failed;
}

}  // namespace sitelatch::guard
