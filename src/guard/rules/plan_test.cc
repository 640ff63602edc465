// SPDX-License-Identifier: Apache-2.0
#include "guard/rules/plan.h"

#include <doctest/doctest.h>

#include "guard/rules/json.h"
#include "guard/rules/testing.h"

using namespace sitelatch;
using namespace sitelatch::guard;
using guard::testing::id;

namespace {
Settings settings() {
  Settings s;
  s.health_check_id = id;
  s.account = "000000000000";
  s.record.original_path = "/lb-check";
  return s;
}
std::string refusal(const Settings& s) {
  const auto plan = make_plan(s);
  return plan ? "" : plan.error().text;
}
}  // namespace

TEST_CASE("the plan of a guard: names, ARNs, homes") {
  const auto plan = make_plan(settings());
  REQUIRE(plan);
  CHECK(plan->health_check_arn == "arn:aws:route53:::healthcheck/" + id);
  CHECK(plan->alarm.arn == "arn:aws:cloudwatch:us-east-1:000000000000:alarm:sitelatch-" + id);
  CHECK(plan->function.arn == "arn:aws:lambda:us-east-1:000000000000:function:sitelatch-" + id);
  CHECK(plan->role.arn == "arn:aws:iam::000000000000:role/sitelatch-" + id);
  CHECK(plan->function.runtime == "provided.al2023");
  CHECK(plan->function.tags.at("sitelatch:guard") == id);
  CHECK(plan->role.name.size() <= 64);
  CHECK(plan->function_subscription.endpoint == plan->function.arn);
  CHECK(plan->function.environment.at("SITELATCH_ALARM_ARN") == plan->alarm.arn);
  const auto ours = read_arrangement(plan->function.environment);
  REQUIRE(ours);
  CHECK(ours->rule_arn == plan->schedule.arn);
  CHECK(read_record(plan->function.environment, {}).original_path == "/lb-check");
}

TEST_CASE("another region, another partition") {
  auto s = settings();
  s.function_region = "eu-west-1";
  auto plan = make_plan(s);
  REQUIRE(plan);
  CHECK(plan->alarm_topic.region == "us-east-1");
  CHECK(plan->notify_topic.region == "eu-west-1");
  CHECK(plan->schedule.region == "eu-west-1");
  s.partition = "aws-cn";
  s.function_region = "cn-north-1";
  plan = make_plan(s);
  REQUIRE(plan);
  CHECK(plan->alarm.arn.starts_with("arn:aws-cn:cloudwatch:cn-northwest-1:"));
  CHECK(plan->role.policy.find("arn:aws:") == std::string::npos);
}

TEST_CASE("the role may do what the function calls, on these resources, and nothing else") {
  const auto plan = make_plan(settings());
  std::vector<std::string> actions;
  for (const auto& right : function_rights(*plan))
    for (const auto& action : right.actions) {
      actions.push_back(action);
      for (const auto& resource : right.resources) {
        // CloudWatch knows no narrower resource for a metric (fact guard-18).
        const bool whole_region = action == "cloudwatch:GetMetricStatistics" && resource == "*";
        CHECK((whole_region ||
               (resource.starts_with("arn:aws:") && resource.find(id) != std::string::npos)));
      }
    }
  CHECK(actions ==
        std::vector<std::string>{"route53:GetHealthCheck", "route53:UpdateHealthCheck",
                                 "cloudwatch:DescribeAlarms", "cloudwatch:GetMetricStatistics",
                                 "sns:ListTagsForResource", "sns:TagResource", "sns:Publish",
                                 "logs:CreateLogStream", "logs:PutLogEvents",
                                 "logs:CreateLogStream", "logs:PutLogEvents"});
  const auto document = Json::parse(plan->role.policy);
  REQUIRE(document);
  CHECK((*document)["Statement"].elements().size() == function_rights(*plan).size());
  CHECK(plan->role.policy.find(R"("ForAllValues:StringEquals":{"aws:TagKeys":["sitelatch:latched",)"
                               R"("sitelatch:notified"]})") != std::string::npos);
  CHECK(plan->role.policy.size() < 6000);
  for (const auto& text : {plan->role.trust, plan->alarm_topic.policy}) CHECK(Json::parse(text));
}

TEST_CASE("the environment stays under Lambda's 4 KB with the longest path") {
  auto s = settings();
  s.record.original_path = "/" + std::string(254, 'x');
  s.dns_name = std::string(253, 'x');
  std::size_t bytes = 0;
  const auto plan = make_plan(s);
  for (const auto& [name, value] : plan->function.environment)
    bytes += name.size() + value.size() + 6;
  CHECK(bytes < 2500);
  CHECK(plan->function.environment.at("SITELATCH_DNS_NAME") == s.dns_name);
  CHECK_FALSE(make_plan(settings())->function.environment.contains("SITELATCH_DNS_NAME"));
}

TEST_CASE("Python has no schedule, no record of its own to write, and the guide's handler") {
  auto s = settings();
  s.function = FunctionKind::python;
  s.names = guide_names(id);
  const auto plan = make_plan(s);
  REQUIRE(plan);
  CHECK_FALSE(plan->has_schedule);
  CHECK(plan->function.name == id);
  CHECK(plan->function.handler == "lambda.handler");
  CHECK(plan->role.policy.find("sns:TagResource") == std::string::npos);
  CHECK(plan->sns_permission.statement_id == "function-with-sns");
}

TEST_CASE("guard-on-aws 17: regions that must be opted in to, and what SNS delivers to") {
  CHECK(default_regions().size() == 17);
  for (const auto region : default_regions()) CHECK_FALSE(opt_in_region(region));
  // Of botocore's list, and one that nobody knows yet: every new region is such a one.
  for (const auto* region :
       {"af-south-1", "ap-east-2", "ap-southeast-6", "mx-central-1", "me-central-1", "xx-new-1"})
    CHECK(opt_in_region(region));
  // Other partitions have none; ap-northeast-4 was never one.
  for (const auto* region : {"cn-north-1", "us-gov-east-1"}) CHECK_FALSE(opt_in_region(region));
  CHECK_FALSE(delivery_doubt("aws", "us-east-1"));
  CHECK_FALSE(delivery_doubt("aws", "eu-west-1"));
  CHECK_FALSE(delivery_doubt("aws-cn", "cn-north-1"));
  CHECK(delivery_doubt("aws", "eu-south-1")->find("opt-in") != std::string::npos);
  // Everybody has Osaka, and SNS's own list names it.
  CHECK(delivery_doubt("aws", "ap-northeast-3")->find("opt-in") != std::string::npos);
  // What is there is seen and removed, wherever it is.
  auto s = settings();
  s.function_region = "eu-south-1";
  CHECK(refusal(s).empty());
}

TEST_CASE("guard-on-aws 12: each topic has its region's key, and the function may use its own's") {
  auto s = settings();
  s.function_region = "eu-west-1";
  s.kms_keys = {"arn:aws:kms:us-east-1:000000000000:key/mrk-1"};
  const auto plan = make_plan(s);
  REQUIRE(plan);
  CHECK(plan->alarm_topic.kms_key == s.kms_keys.front());
  CHECK(plan->notify_topic.kms_key == "arn:aws:kms:eu-west-1:000000000000:key/mrk-1");
  CHECK(function_rights(*plan).back().resources ==
        std::vector<std::string>{plan->notify_topic.kms_key});
}

TEST_CASE(
    "guard-on-aws 18: path, boundary and tags are in the plan; what AWS would refuse is not") {
  auto s = settings();
  s.role_path = "/guards/";
  s.extra_tags = {{"team", "web"}};
  const auto plan = make_plan(s);
  REQUIRE(plan);
  CHECK(plan->role.arn == "arn:aws:iam::000000000000:role/guards/sitelatch-" + id);
  CHECK(plan->function.role_arn == plan->role.arn);
  CHECK(plan->alarm.tags.at("team") == "web");
  CHECK(plan->alarm_topic.tags.at("sitelatch:tag-keys") == "team");

  CHECK(check_role_wishes("", ""));
  CHECK(check_role_wishes("/", "arn:aws:iam::000000000000:policy/x/boundary"));
  for (const auto* path : {"guards", "/guards", "guards/", "/a b/"})
    CHECK_FALSE(check_role_wishes(path, ""));
  for (const auto* boundary : {"boundary", "arn:aws:iam::000000000000:role/x", "arn:aws:iam::x"})
    CHECK_FALSE(check_role_wishes("", boundary));
  CHECK(check_extra_tags({{"cost centre", "x"}}).error().text.find("cost centre") !=
        std::string::npos);
  for (const auto* key : {"", "AWS:x", "sitelatch:guard", "healthcheckid", "k\xc3\xa4"})
    CHECK_FALSE(check_extra_tags({{key, "x"}}));
  CHECK_FALSE(check_extra_tags({{"x", std::string(257, 'y')}}));
  CHECK(check_extra_tags({{"team", ""}, {"cost-centre", "47 11"}}));
}

TEST_CASE("what cannot be is refused with its reason") {
  auto s = settings();
  s.record.original_path = "/lb-check-failed-over";
  CHECK(refusal(s).find("latched") != std::string::npos);
  s = settings();
  s.health_check_id = "../x";
  CHECK_FALSE(refusal(s).empty());
  s = settings();
  s.account = "1";
  CHECK_FALSE(refusal(s).empty());
  s = settings();
  s.notify_endpoint = "nobody";
  CHECK_FALSE(refusal(s).empty());
}

TEST_CASE("an endpoint tells its protocol") {
  CHECK(subscription_protocol("ops@example.org") == "email");
  CHECK(subscription_protocol("https://example.org/hook") == "https");
  CHECK(subscription_protocol("arn:aws:sqs:us-east-1:000000000000:q") == "sqs");
  CHECK_FALSE(subscription_protocol("https://"));
  CHECK_FALSE(subscription_protocol("@x"));
}
