// SPDX-License-Identifier: Apache-2.0
// When the function is the weak link: it fails and is retried, it fails for good, it is told twice,
// it lacks a right.
#include <doctest/doctest.h>

#include <algorithm>

#include "failover_story.h"

namespace sitelatch::scenario {
namespace {

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
  return found;
}
bool has(const std::string& text, const std::string& part) { return count(text, part) > 0; }

}  // namespace

TEST_CASE(
    "the function fails twice: Lambda tries again after one and two minutes, and the latch holds") {
  FailoverStory engine;
  engine.arm();
  engine.functions[engine.name] = fails_first(2);
  engine.primary().goes_down();
  engine.wait(time_to_latch + 3min);

  REQUIRE(engine.invoked.size() == 3);
  CHECK(engine.invoked[1].at - engine.invoked[0].at == 1min);
  CHECK(engine.invoked[2].at - engine.invoked[1].at == 2min);
  const auto log = engine.log();
  CHECK(count(log, "[ERROR] Exception: not this time") == 2);
  CHECK(count(log, "START RequestId: ") == 3);
  CHECK(engine.path() == latch_path);

  engine.primary().comes_up();
  engine.wait(1h);
  CHECK(engine.dns() == backup_address);
}

TEST_CASE("the function fails twice, and the engine is killed before each retry") {
  FailoverStory engine;
  engine.arm();
  engine.functions[engine.name] = fails_first(2);
  engine.primary().goes_down();
  for (int quarter_minutes = 0; quarter_minutes < 32; ++quarter_minutes) {
    engine.wait(15s);
    engine.crash();
  }
  REQUIRE(engine.invoked.size() == 3);
  CHECK(engine.invoked[1].at - engine.invoked[0].at == 1min);
  CHECK(engine.invoked[2].at - engine.invoked[1].at == 2min);
  CHECK(engine.path() == latch_path);
}

// A hole of the guide: Lambda gives up after two retries, and the alarm does not fire again as long
// as it stays in ALARM. Nothing latches, and Primary serves as soon as it is back, sessions lost or
// not.
TEST_CASE("known hole: the function fails three times, and nobody latches") {
  FailoverStory engine;
  engine.arm();
  engine.functions[engine.name] = fails_first(3);
  engine.primary().goes_down();
  engine.wait(2h);
  CHECK(engine.invoked.size() == 3);
  CHECK(engine.alarm() == "ALARM");
  CHECK(engine.path() == healthy_path);
  CHECK(engine.dns() == backup_address);
  CHECK(engine.metric("AWS/Lambda", "AsyncEventsDropped", "FunctionName", engine.name,
                      "eu-west-1") == 1);

  engine.primary().comes_up();
  engine.wait(1min);
  CHECK(engine.dns() == primary_address);
}

TEST_CASE("SNS may deliver twice: the second latch changes nothing but the version") {
  FailoverStory engine;
  engine.arm();
  std::string message;
  engine.functions[engine.name] = [&message](Running& running) {
    message = running.event["Records"].items().at(0)["Sns"]["Message"].string();
    guide_function(running);
  };
  engine.lose_primary();
  CHECK(engine.version() == 2);

  engine.ok("sns", "Publish",
            Value::structure({{"TopicArn", engine.topic_arn}, {"Message", message}}));
  engine.wait(1s);
  CHECK(engine.invoked.size() == 2);
  CHECK(engine.path() == latch_path);
  CHECK(engine.version() == 3);
  CHECK(engine.dns() == backup_address);
  CHECK(engine.alarm() == "ALARM");
}

// Worse: the second delivery comes after the switch back. Primary is latched again, which is safe,
// and has to be switched back again.
TEST_CASE("a notification that comes late latches again") {
  FailoverStory engine;
  engine.arm();
  std::string message;
  engine.functions[engine.name] = [&message](Running& running) {
    message = running.event["Records"].items().at(0)["Sns"]["Message"].string();
    guide_function(running);
  };
  engine.lose_primary();
  engine.primary().comes_up();
  engine.switch_back_by_hand();
  engine.wait(3min);
  CHECK(engine.dns() == primary_address);
  engine.ok("sns", "Publish",
            Value::structure({{"TopicArn", engine.topic_arn}, {"Message", message}}));
  engine.wait(1min);
  CHECK(engine.path() == latch_path);
  CHECK(engine.dns() == backup_address);
}

TEST_CASE("without its policy the function is refused, says so in its log, and nothing latches") {
  FailoverStory engine;
  engine.follow_the_guide({FailoverStory::Step::attach_policy});
  engine.wait(2min);
  engine.primary().goes_down();
  engine.wait(1h);
  CHECK(engine.alarm() == "ALARM");
  CHECK(engine.path() == healthy_path);
  CHECK(engine.version() == 1);
  CHECK(engine.invoked.size() == 3);
  const auto log = engine.log();
  CHECK(
      count(log,
            "An error occurred (AccessDenied) when calling the UpdateHealthCheck operation: User: "
            "arn:aws:sts::000000000000:assumed-role/" +
                engine.name + "/" + engine.name +
                " is not authorized to perform: route53:UpdateHealthCheck on resource: "
                "arn:aws:route53:::healthcheck/" +
                engine.primary_check) == 3);
}

TEST_CASE("the policy is attached while the function is being retried: the retry latches") {
  FailoverStory engine;
  engine.follow_the_guide({FailoverStory::Step::attach_policy});
  engine.wait(2min);
  engine.primary().goes_down();
  for (int seconds = 0; engine.invoked.empty() && seconds < 300; ++seconds) engine.wait(1s);
  engine.follow(FailoverStory::Step::attach_policy);
  engine.wait(61s);
  CHECK(engine.invoked.size() == 2);
  CHECK(engine.path() == latch_path);
}

TEST_CASE("without the right to write logs the function latches in silence") {
  FailoverStory engine;
  engine.follow_the_guide({FailoverStory::Step::attach_logs});
  engine.wait(2min);
  engine.lose_primary();
  CHECK(engine.log().empty());
}

TEST_CASE(
    "without its permission SNS may not invoke the function: the alarm's history does not know, "
    "and nothing latches") {
  FailoverStory engine;
  engine.follow_the_guide({FailoverStory::Step::permission});
  engine.wait(2min);
  engine.primary().goes_down();
  engine.wait(30min);
  CHECK(engine.alarm() == "ALARM");
  CHECK(engine.history("Action") == "Successfully executed action " + engine.topic_arn + "\n");
  CHECK(engine.invoked.empty());
  CHECK(engine.path() == healthy_path);
  CHECK(engine.metric("AWS/SNS", "NumberOfNotificationsFailed", "TopicName", engine.name,
                      "us-east-1") == 1);
  CHECK(engine.metric("AWS/SNS", "NumberOfNotificationsDelivered", "TopicName", engine.name,
                      "us-east-1") == 0);
}

TEST_CASE("a permission for another topic does not help") {
  FailoverStory engine;
  engine.follow_the_guide({FailoverStory::Step::permission});
  engine.ok("lambda", "AddPermission",
            Value::structure({{"FunctionName", engine.name},
                              {"StatementId", "s"},
                              {"Action", "lambda:InvokeFunction"},
                              {"Principal", "sns.amazonaws.com"},
                              {"SourceArn", engine.topic_arn + "-old"}}),
            FailoverStory::function_region);
  engine.wait(2min);
  engine.primary().goes_down();
  engine.wait(30min);
  CHECK(engine.invoked.empty());
  CHECK(engine.path() == healthy_path);
}

TEST_CASE("the function may change health checks, and nothing else") {
  FailoverStory engine;
  engine.arm();
  std::string refused;
  engine.functions[engine.name] = [&](Running& running) {
    try {
      running.call("route53", "DeleteHealthCheck",
                   Value::structure({{"HealthCheckId", engine.primary_check}}));
    } catch (const FunctionError& error) {
      refused = error.message;
    }
    guide_function(running);
  };
  engine.lose_primary();
  CHECK(has(refused, "is not authorized to perform: route53:DeleteHealthCheck"));
}

}  // namespace sitelatch::scenario
