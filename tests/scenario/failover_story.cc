// SPDX-License-Identifier: Apache-2.0
#include "failover_story.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "base/text.h"
#include "services/lambda/test_world.h"

namespace sitelatch::scenario {
namespace {

constexpr auto account = "000000000000";

const std::string trust = R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow",
  "Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]})";
const std::string may_update_health_checks =
    R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow",
  "Action":["route53:UpdateHealthCheck"],"Resource":"*"}]})";

Value pair_member(const std::string& role, const std::string& check, const std::string& address) {
  return Value::structure(
      {{"Action", "UPSERT"},
       {"ResourceRecordSet",
        Value::structure(
            {{"Name", client_name},
             {"Type", "A"},
             {"TTL", 60},
             {"SetIdentifier", lower(role)},
             {"Failover", role},
             {"HealthCheckId", check},
             {"ResourceRecords", Value::list({Value::structure({{"Value", address}})})}})}});
}

}  // namespace

FailoverStory::FailoverStory(const Setting& setting) : TestEngine(setting.seed, setting.checkers) {
  site("primary", "127.0.1.1");
  site("backup", "127.0.1.2");
  primary_check = make_check("primary", "127.0.1.1", setting);
  backup_check = make_check("backup", "127.0.1.2", setting);
  make_records();
  name =
      primary_check;  // NOLINT(cppcoreguidelines-prefer-member-initializer): not before it is made
  topic_arn = fmt::format("arn:aws:sns:us-east-1:{}:{}", account, name);
  role_arn = fmt::format("arn:aws:iam::{}:role/{}", account, name);
  policy_arn = fmt::format("arn:aws:iam::{}:policy/{}", account, name);
  function_arn = fmt::format("arn:aws:lambda:{}:{}:function:{}", function_region, account, name);
}

std::string FailoverStory::make_check(const std::string& reference, const std::string& address,
                                      const Setting& setting) {
  const auto config = Value::structure({{"Type", "HTTP"},
                                        {"IPAddress", address},
                                        {"Port", 8080},
                                        {"ResourcePath", healthy_path},
                                        {"RequestInterval", setting.request_interval_s},
                                        {"FailureThreshold", setting.failure_threshold}});
  return ok("route53", "CreateHealthCheck",
            Value::structure({{"CallerReference", reference},
                              {"HealthCheckConfig", config}}))["HealthCheck"]["Id"]
      .string();
}

void FailoverStory::make_records() {
  make("route53", "CreateHostedZone",
       Value::structure({{"Name", "example.test"}, {"CallerReference", "zone"}}));
  const auto zones =
      ok("route53", "ListHostedZonesByName", Value::structure({{"DNSName", "example.test"}}));
  zone = replace_all(zones["HostedZones"].items().at(0)["Id"].string(), "/hostedzone/", "");
  ok("route53", "ChangeResourceRecordSets",
     Value::structure(
         {{"HostedZoneId", zone},
          {"ChangeBatch",
           Value::structure(
               {{"Changes",
                 Value::list({pair_member("PRIMARY", primary_check, primary_address),
                              pair_member("SECONDARY", backup_check, backup_address)})}})}}));
  watch({client_name, primary_check, primary_address, backup_check, backup_address});
}

void FailoverStory::follow_the_guide(const std::set<Step>& leave_out) {
  for (int step = 1; step <= 10; ++step)
    if (!leave_out.contains(Step{step})) follow(Step{step});
}

void FailoverStory::follow(Step step) {
  const auto tag = Value::structure({{"Key", "HealthCheckId"}, {"Value", primary_check}});
  switch (step) {
    case Step::topic:
      make("sns", "CreateTopic", Value::structure({{"Name", name}, {"Tags", Value::list({tag})}}));
      return;
    case Step::alarm:
      make("cloudwatch", "PutMetricAlarm",
           Value::structure(
               {{"AlarmName", name},
                {"AlarmActions", Value::list({topic_arn})},
                {"ActionsEnabled", true},
                {"Dimensions", Value::list({Value::structure(
                                   {{"Name", "HealthCheckId"}, {"Value", primary_check}})})},
                {"ComparisonOperator", "LessThanThreshold"},
                {"EvaluationPeriods", 1},
                {"MetricName", "HealthCheckStatus"},
                {"Namespace", "AWS/Route53"},
                {"Period", 60},
                {"Statistic", "Minimum"},
                {"Threshold", 1.0},
                {"TreatMissingData", "notBreaching"}}));
      return;
    case Step::role:
      make("iam", "CreateRole",
           Value::structure({{"RoleName", name}, {"AssumeRolePolicyDocument", trust}}));
      return;
    case Step::policy:
      make("iam", "CreatePolicy",
           Value::structure({{"PolicyName", name}, {"PolicyDocument", may_update_health_checks}}));
      return;
    case Step::attach_policy:
      make("iam", "AttachRolePolicy",
           Value::structure({{"RoleName", name}, {"PolicyArn", policy_arn}}));
      return;
    case Step::attach_logs:
      make(
          "iam", "AttachRolePolicy",
          Value::structure(
              {{"RoleName", name},
               {"PolicyArn", "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"}}));
      return;
    case Step::zip:
      return;  // on the person's own machine
    case Step::function:
      make("lambda", "CreateFunction",
           Value::structure({{"FunctionName", name},
                             {"Runtime", "python3.11"},
                             {"Handler", "lambda.handler"},
                             {"Role", role_arn},
                             {"Code", Value::structure({{"ZipFile", lambda::test::small_zip()}})}}),
           function_region);
      return;
    case Step::permission:
      make("lambda", "AddPermission",
           Value::structure({{"FunctionName", name},
                             {"StatementId", "function-with-sns"},
                             {"Action", "lambda:InvokeFunction"},
                             {"Principal", "sns.amazonaws.com"},
                             {"SourceArn", topic_arn}}),
           function_region);
      return;
    case Step::subscription:
      make("sns", "Subscribe",
           Value::structure(
               {{"TopicArn", topic_arn}, {"Protocol", "lambda"}, {"Endpoint", function_arn}}));
      return;
  }
}

void FailoverStory::arm() {
  follow_the_guide();
  wait(2min);
  CHECK(alarm() == "OK");
  CHECK(dns() == primary_address);
}

void FailoverStory::lose_primary() {
  primary().goes_down();
  wait(time_to_latch);
  CHECK(dns() == backup_address);
  CHECK(alarm() == "ALARM");
  CHECK(path() == latch_path);
}

void FailoverStory::switch_back_by_hand() {
  ok("route53", "UpdateHealthCheck",
     Value::structure({{"HealthCheckId", primary_check}, {"ResourcePath", healthy_path}}));
}

std::string FailoverStory::path() {
  return ok("route53", "GetHealthCheck",
            Value::structure({{"HealthCheckId",
                               primary_check}}))["HealthCheck"]["HealthCheckConfig"]["ResourcePath"]
      .string();
}

std::int64_t FailoverStory::version() {
  return ok("route53", "GetHealthCheck",
            Value::structure(
                {{"HealthCheckId", primary_check}}))["HealthCheck"]["HealthCheckVersion"]
      .integer();
}

std::string FailoverStory::alarm() {
  const auto found =
      ok("cloudwatch", "DescribeAlarms", Value::structure({{"AlarmNames", Value::list({name})}}));
  const auto& alarms = found["MetricAlarms"].items();
  return alarms.empty() ? "none" : alarms[0]["StateValue"].string();
}

std::string FailoverStory::history(const std::string& item_type) {
  const auto found = ok(
      "cloudwatch", "DescribeAlarmHistory",
      Value::structure(
          {{"AlarmName", name}, {"HistoryItemType", item_type}, {"ScanBy", "TimestampAscending"}}));
  std::string out;
  for (const auto& item : found["AlarmHistoryItems"].items())
    out += item["HistorySummary"].string() + "\n";
  return out;
}

std::string FailoverStory::log() {
  const auto found =
      call("logs", "FilterLogEvents", Value::structure({{"logGroupName", "/aws/lambda/" + name}}),
           function_region);
  std::string out;
  if (!found) return out;
  for (const auto& event : (*found)["events"].items()) out += event["message"].string();
  return out;
}

double FailoverStory::metric(const std::string& name_space, const std::string& metric_name,
                             const std::string& dimension, const std::string& value,
                             const std::string& region) {
  const auto found = ok(
      "cloudwatch", "GetMetricStatistics",
      Value::structure(
          {{"Namespace", name_space},
           {"MetricName", metric_name},
           {"Dimensions", Value::list({Value::structure({{"Name", dimension}, {"Value", value}})})},
           {"StartTime", now() - 3h},
           {"EndTime", now() + 1min},
           {"Period", 3600},
           {"Statistics", Value::list({"Sum"})}}),
      region);
  double sum = 0;
  for (const auto& point : found["Datapoints"].items()) sum += point["Sum"].number();
  return sum;
}

std::string FailoverStory::outcome() {
  const auto attached = ok("iam", "ListAttachedRolePolicies",
                           Value::structure({{"RoleName", name}}))["AttachedPolicies"]
                            .items()
                            .size();
  const auto subscriptions = ok("sns", "ListSubscriptionsByTopic",
                                Value::structure({{"TopicArn", topic_arn}}))["Subscriptions"]
                                 .items()
                                 .size();
  const auto function = ok("lambda", "GetFunctionConfiguration",
                           Value::structure({{"FunctionName", name}}), function_region);
  return fmt::format(
      "dns {}, path {}, alarm {}, attached {}, subscriptions {}, function {} of {}\n{}{}", dns(),
      path(), alarm(), attached, subscriptions, function["State"].string(),
      function["Role"].string(), history("StateUpdate"), history("Action"));
}

}  // namespace sitelatch::scenario
