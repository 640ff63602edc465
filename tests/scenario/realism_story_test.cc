// SPDX-License-Identifier: Apache-2.0
// The engine on AWS's ordinary days and on its bad ones: what each fault and each lag does to an
// account, seen from outside.
#include <doctest/doctest.h>

#include "failover_story.h"
#include "services/lambda/test_world.h"

using namespace sitelatch;
using namespace sitelatch::scenario;
using realism::Fault;
using realism::FaultKind;

namespace {

Fault fault(FaultKind kind, std::string service, std::string operation = "",
            std::string region = "") {
  Fault out;
  out.kind = kind;
  out.service = std::move(service);
  out.operation = std::move(operation);
  out.region = std::move(region);
  return out;
}

std::string code_of(const aws::Outcome<>& outcome) { return outcome ? "" : outcome.error().code; }

aws::Outcome<> update_path(FailoverStory& story, const std::string& path) {
  return story.call(
      "route53", "UpdateHealthCheck",
      Value::structure({{"HealthCheckId", story.primary_check}, {"ResourcePath", path}}));
}

Value named(const char* member, const std::string& name) {
  return Value::structure({{member, name}});
}

}  // namespace

TEST_CASE("a throttled request has done nothing, and says so in the service's words") {
  FailoverStory story;
  auto limited = fault(FaultKind::throttle, "route53", "UpdateHealthCheck");
  limited.count = 1;
  story.realism.add(limited);
  const auto version = story.version();
  CHECK(code_of(update_path(story, "/elsewhere")) == "Throttling");
  CHECK(story.version() == version);
  CHECK(update_path(story, "/elsewhere"));
  story.realism.add(fault(FaultKind::throttle, "lambda"));
  CHECK(code_of(story.call("lambda", "ListFunctions", Value::structure())) ==
        "TooManyRequestsException");
}

TEST_CASE("a denied request reads as if no policy allowed it, for root too") {
  FailoverStory story;
  story.realism.add(fault(FaultKind::deny, "route53", "UpdateHealthCheck"));
  const auto denied = update_path(story, "/elsewhere");
  CHECK(code_of(denied) == "AccessDenied");
  CHECK(denied.error().message.find("route53:UpdateHealthCheck on resource: arn:aws:route53") !=
        std::string::npos);
  CHECK(denied.error().message.find("no identity-based policy") != std::string::npos);
  story.realism.add(fault(FaultKind::deny, "sts"));
  CHECK(story.call("sts", "GetCallerIdentity", Value::structure()));
}

TEST_CASE("a lost answer's request is carried out, durably") {
  FailoverStory story;
  auto lost = fault(FaultKind::lose_answer, "route53", "UpdateHealthCheck");
  lost.count = 1;
  story.realism.add(lost);
  CHECK(code_of(update_path(story, latch_path)) == "ConnectionLost");
  story.crash();
  CHECK(story.path() == latch_path);
}

TEST_CASE("a list that lags tells what was so then, whatever was made since") {
  FailoverStory story;
  story.realism.add(fault(FaultKind::lag, "sns"));
  const auto topic = story.ok("sns", "CreateTopic", named("Name", "one"))["TopicArn"].string();
  story.ok("sns", "TagResource",
           Value::structure(
               {{"ResourceArn", topic},
                {"Tags", Value::list({Value::structure({{"Key", "k"}, {"Value", "v"}})})}}));
  const auto topics = [&] {
    return story.ok("sns", "ListTopics", Value::structure())["Topics"].items().size();
  };
  CHECK(topics() == 0);
  CHECK(code_of(story.call("sns", "ListTagsForResource", named("ResourceArn", topic))) ==
        "ResourceNotFound");
  CHECK(code_of(story.call("sns", "GetTopicAttributes", named("TopicArn", topic))) == "NotFound");
  CHECK(story.call("sns", "Publish", Value::structure({{"TopicArn", topic}, {"Message", "m"}})));
  story.wait(31s);
  CHECK(topics() == 1);
  CHECK(
      story.ok("sns", "ListTagsForResource", named("ResourceArn", topic))["Tags"].items().size() ==
      1);
  story.ok("sns", "DeleteTopic", named("TopicArn", topic));
  CHECK(topics() == 1);
  story.realism.clear();
  CHECK(topics() == 0);
}

TEST_CASE("a lag is the service's alone, and so are its alarms and its measurements") {
  FailoverStory story;
  story.arm();
  story.realism.add(fault(FaultKind::lag, "cloudwatch"));
  story.ok("cloudwatch", "SetAlarmState",
           Value::structure(
               {{"AlarmName", story.name}, {"StateValue", "ALARM"}, {"StateReason", "by hand"}}));
  CHECK(story.alarm() == "OK");
  story.wait(1min);
  const auto newest = [&] {
    const auto found = story.ok(
        "cloudwatch", "GetMetricStatistics",
        Value::structure(
            {{"Namespace", "AWS/Route53"},
             {"MetricName", "HealthCheckStatus"},
             {"Dimensions", Value::list({Value::structure(
                                {{"Name", "HealthCheckId"}, {"Value", story.primary_check}})})},
             {"StartTime", story.now() - 10min},
             {"EndTime", story.now()},
             {"Period", 60},
             {"Statistics", Value::list({"Minimum"})}}));
    Instant out{};
    for (const auto& point : found["Datapoints"].items())
      out = std::max(out, point["Timestamp"].timestamp());
    return out;
  };
  const auto behind = newest();
  story.realism.clear();
  CHECK(newest() >= behind);
  CHECK(story.ok("sns", "ListTopics", Value::structure())["Topics"].items().size() == 1);
}

TEST_CASE("where Lambda is out functions do not run, and the latch comes when it is back") {
  FailoverStory story;
  story.arm();
  auto out = fault(FaultKind::outage, "lambda", "", FailoverStory::function_region);
  out.until = story.now() + 1h;
  story.realism.add(out);
  CHECK(code_of(story.call("lambda", "ListFunctions", Value::structure(),
                           FailoverStory::function_region)) == "ServiceUnavailableException");
  CHECK(story.call("lambda", "ListFunctions", Value::structure(), "us-east-1"));
  story.primary().goes_down();
  story.wait(30min);
  CHECK(story.alarm() == "ALARM");
  CHECK(story.dns() == backup_address);  // DNS goes on
  CHECK(story.path() == healthy_path);
  CHECK(story.invoked.empty());
  story.wait(45min);
  CHECK(story.path() == latch_path);
}

TEST_CASE("where SNS is out an alarm reaches nobody, and its history says why") {
  FailoverStory story;
  story.arm();
  story.realism.add(fault(FaultKind::outage, "sns", "", "us-east-1"));
  story.primary().goes_down();
  story.wait(time_to_latch);
  CHECK(story.alarm() == "ALARM");
  CHECK(story.path() == healthy_path);
  CHECK(story.history("Action").find("Failed to execute action") != std::string::npos);
}

TEST_CASE("where CloudWatch is out no alarm changes, and it does when it is back") {
  FailoverStory story;
  story.arm();
  const auto id = story.realism.add(fault(FaultKind::outage, "cloudwatch"));
  story.primary().goes_down();
  story.wait(10min);
  CHECK(story.dns() == backup_address);
  CHECK(story.path() == healthy_path);
  story.realism.clear(id);
  story.wait(2min);
  CHECK(story.alarm() == "ALARM");
  CHECK(story.path() == latch_path);
}

TEST_CASE("a service control policy binds root, users' functions and no service") {
  FailoverStory story;
  story.arm();
  REQUIRE(story.realism.add_service_control(
      "region-deny.json",
      R"({"Version":"2012-10-17","Statement":[{"Effect":"Deny","Resource":"*",
          "NotAction":["iam:*","route53:*","sts:*"],
          "Condition":{"StringNotEquals":{"aws:RequestedRegion":["us-east-1","eu-west-1"]}}}]})"));
  const auto denied = story.call("sns", "ListTopics", Value::structure(), "ap-south-1");
  CHECK(code_of(denied) == "AuthorizationError");
  CHECK(denied.error().message.ends_with("with an explicit deny in a service control policy"));
  CHECK(story.call("sns", "ListTopics", Value::structure(), "eu-west-1"));
  CHECK(story.call("iam", "ListRoles", Value::structure(), "ap-south-1"));
  story.lose_primary();  // alarm, topic and function act for themselves, or where they may

  FailoverStory bound;
  bound.arm();
  REQUIRE(bound.realism.add_service_control(
      "no-changes.json",
      R"({"Version":"2012-10-17","Statement":[{"Effect":"Deny","Resource":"*",
          "Action":["route53:UpdateHealthCheck","logs:*"]}]})"));
  bound.primary().goes_down();
  bound.wait(time_to_latch);
  CHECK(bound.path() == healthy_path);  // the function was told so
  CHECK(bound.log().empty());
}

TEST_CASE("a permissions boundary binds the function's role") {
  FailoverStory story;
  story.follow_the_guide();
  const auto boundary =
      story
          .ok("iam", "CreatePolicy",
              Value::structure(
                  {{"PolicyName", "boundary"},
                   {"PolicyDocument",
                    R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"logs:*",
                         "Resource":"*"}]})"}}))["Policy"]["Arn"]
          .string();
  story.ok("iam", "PutRolePermissionsBoundary",
           Value::structure({{"RoleName", story.name}, {"PermissionsBoundary", boundary}}));
  story.wait(2min);
  story.primary().goes_down();
  story.wait(time_to_latch);
  CHECK(story.path() == healthy_path);
  CHECK(story.log().find("no permissions boundary allows the route53:UpdateHealthCheck action") !=
        std::string::npos);
}

TEST_CASE("realistic: a role cannot be assumed at once, and a function is Pending for a while") {
  FailoverStory story;
  story.realism.be_realistic(true);
  story.follow_the_guide({FailoverStory::Step::function, FailoverStory::Step::permission,
                          FailoverStory::Step::subscription});
  const auto region = FailoverStory::function_region;
  const auto create = [&] {
    return story.call(
        "lambda", "CreateFunction",
        Value::structure({{"FunctionName", "f"},
                          {"Runtime", "python3.11"},
                          {"Handler", "lambda.handler"},
                          {"Role", story.role_arn},
                          {"Code", Value::structure({{"ZipFile", lambda::test::small_zip()}})}}),
        region);
  };
  CHECK(code_of(create()) == "InvalidParameterValueException");
  int tries = 1;
  auto made = create();
  for (; !made && tries < 60; ++tries) {
    story.wait(1s);
    made = create();
  }
  REQUIRE(made);
  CHECK(tries > 1);
  CHECK(tries <= 12);
  const auto state = [&] {
    const auto found =
        story.call("lambda", "GetFunctionConfiguration", named("FunctionName", "f"), region);
    return found ? (*found)["State"].string() : found.error().code;
  };
  story.wait(1s);
  CHECK(state() == "Pending");
  CHECK(code_of(story.call("lambda", "Invoke", named("FunctionName", "f"), region)) ==
        "ResourceConflictException");
  CHECK(code_of(story.call(
            "lambda", "UpdateFunctionCode",
            Value::structure({{"FunctionName", "f"}, {"ZipFile", lambda::test::small_zip()}}),
            region)) == "ResourceConflictException");
  story.wait(10s);
  CHECK(state() == "Active");
  CHECK(story.call("lambda", "Invoke",
                   Value::structure({{"FunctionName", "f"}, {"Payload", R"({"Records":[]})"}}),
                   region));
}

TEST_CASE("realistic: what was just made is not listed at once, and is in seconds") {
  FailoverStory story;
  story.realism.be_realistic(true);
  bool late = false;
  for (int i = 0; i < 20; ++i) {
    const auto name = "role-" + std::to_string(i);
    story.ok("iam", "CreateRole",
             Value::structure({{"RoleName", name},
                               {"AssumeRolePolicyDocument",
                                R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow",
                    "Principal":{"Service":"lambda.amazonaws.com"},
                    "Action":"sts:AssumeRole"}]})"}}));
    late = late || code_of(story.call("iam", "GetRole", named("RoleName", name))) == "NoSuchEntity";
    story.wait(11s);
    CHECK(story.call("iam", "GetRole", named("RoleName", name)));
  }
  CHECK(late);
}

TEST_CASE("realistic: Route 53 takes ten requests a second, and fifty at once") {
  FailoverStory story;
  story.realism.be_realistic(true);
  story.wait(1min);
  int taken = 0;
  const auto read = [&] {
    return story.call("route53", "GetHealthCheck", named("HealthCheckId", story.primary_check));
  };
  while (read()) ++taken;
  CHECK(taken == 50);
  CHECK(code_of(read()) == "Throttling");
  story.wait(1s);
  CHECK(read());
}

TEST_CASE("realistic: an alarm comes within minutes, and the latch with it") {
  FailoverStory story;
  story.arm();
  story.realism.be_realistic(true);
  story.primary().goes_down();
  const auto from = story.now();
  while (story.alarm() != "ALARM" && story.now() - from < 15min) story.wait(5s);
  const auto took = story.now() - from;
  CHECK(took > 40s);
  CHECK(took < 6min);
  story.wait(1min);
  CHECK(story.path() == latch_path);
  CHECK(story.dns() == backup_address);
}

TEST_CASE("realistic: an engine that is killed every minute still latches, late metrics or not") {
  FailoverStory story;
  story.arm();
  story.realism.be_realistic(true);
  story.primary().goes_down();
  for (int i = 0; i < 12; ++i) {
    story.wait(55s);
    story.crash();
  }
  story.wait(1min);
  CHECK(story.path() == latch_path);
}
