// SPDX-License-Identifier: Apache-2.0
// When the alarm is the weak link: it may not publish, it is switched off, or it had already fired
// when it was armed.
#include <doctest/doctest.h>

#include "failover_story.h"

namespace sitelatch::scenario {

TEST_CASE("a topic policy without CloudWatch: the alarm's history says that its action failed") {
  FailoverStory engine;
  engine.follow_the_guide();
  const std::string only_somebody_else =
      R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sns:Publish",)"
      R"("Principal":{"AWS":"arn:aws:iam::000000000000:role/somebody"},"Resource":")" +
      engine.topic_arn + R"("}]})";
  engine.ok("sns", "SetTopicAttributes",
            Value::structure({{"TopicArn", engine.topic_arn},
                              {"AttributeName", "Policy"},
                              {"AttributeValue", only_somebody_else}}));
  engine.wait(2min);
  engine.primary().goes_down();
  engine.wait(1h);
  CHECK(engine.alarm() == "ALARM");
  const auto history = engine.history("Action");
  CHECK_MESSAGE(
      history.rfind("Failed to execute action " + engine.topic_arn + ". Received error: \"", 0) ==
          0,
      history);
  CHECK(history.find("not authorized to perform: SNS:Publish") != std::string::npos);
  CHECK(engine.invoked.empty());
  CHECK(engine.path() == healthy_path);
  CHECK(engine.dns() == backup_address);
}

TEST_CASE("disabled actions: the alarm changes its state, and nothing happens") {
  FailoverStory engine;
  engine.arm();
  const auto names = Value::structure({{"AlarmNames", Value::list({engine.name})}});
  engine.ok("cloudwatch", "DisableAlarmActions", names);
  engine.primary().goes_down();
  engine.wait(1h);
  CHECK(engine.alarm() == "ALARM");
  CHECK(engine.history("Action").empty());
  CHECK(engine.path() == healthy_path);

  // Enabling them does not make up for it: actions go with transitions.
  engine.ok("cloudwatch", "EnableAlarmActions", names);
  engine.wait(1h);
  CHECK(engine.path() == healthy_path);
  CHECK(engine.invoked.empty());
}

// A hole of the guide: the alarm of step 2 fires while Primary is already down, before step 10 has
// subscribed the function. It stays in ALARM and says nothing more.
TEST_CASE(
    "known hole: armed while Primary is down, the alarm has fired too early and never fires "
    "again") {
  using Step = FailoverStory::Step;
  FailoverStory engine;
  engine.primary().goes_down();
  engine.wait(2min);
  engine.follow(Step::topic);
  engine.follow(Step::alarm);
  engine.wait(3min);
  CHECK(engine.alarm() == "ALARM");
  engine.follow_the_guide({Step::topic, Step::alarm});
  engine.wait(4h);
  CHECK(engine.invoked.empty());
  CHECK(engine.path() == healthy_path);

  // Primary's return is not held up by anything.
  engine.primary().comes_up();
  engine.wait(1min);
  CHECK(engine.dns() == primary_address);
}

// The steps within the same minute are early enough: the alarm fires once they are done.
TEST_CASE("armed in one go while Primary is down, the alarm latches it") {
  FailoverStory engine;
  engine.primary().goes_down();
  engine.wait(2min);
  engine.follow_the_guide();
  engine.wait(time_to_latch);
  CHECK(engine.path() == latch_path);
  CHECK(engine.history("StateUpdate") == "Alarm updated from INSUFFICIENT_DATA to ALARM\n");
}

TEST_CASE("the alarm is deleted: nothing fires") {
  FailoverStory engine;
  engine.arm();
  engine.ok("cloudwatch", "DeleteAlarms",
            Value::structure({{"AlarmNames", Value::list({engine.name})}}));
  engine.primary().goes_down();
  engine.wait(1h);
  CHECK(engine.path() == healthy_path);
  CHECK(engine.dns() == backup_address);
}

// The metric of a health check lives in us-east-1 alone, as on AWS; elsewhere there is never any
// data.
TEST_CASE("an alarm in another region never fires") {
  FailoverStory engine;
  engine.follow_the_guide({FailoverStory::Step::alarm});
  engine.ok("cloudwatch", "PutMetricAlarm",
            Value::structure(
                {{"AlarmName", "elsewhere"},
                 {"Dimensions", Value::list({Value::structure({{"Name", "HealthCheckId"},
                                                               {"Value", engine.primary_check}})})},
                 {"ComparisonOperator", "LessThanThreshold"},
                 {"EvaluationPeriods", 1},
                 {"MetricName", "HealthCheckStatus"},
                 {"Namespace", "AWS/Route53"},
                 {"Period", 60},
                 {"Statistic", "Minimum"},
                 {"Threshold", 1.0},
                 {"TreatMissingData", "notBreaching"}}),
            "eu-west-1");
  engine.primary().goes_down();
  engine.wait(30min);
  const auto found =
      engine.ok("cloudwatch", "DescribeAlarms",
                Value::structure({{"AlarmNames", Value::list({"elsewhere"})}}), "eu-west-1");
  CHECK(found["MetricAlarms"].items().at(0)["StateValue"].string() == "OK");
  CHECK(engine.path() == healthy_path);
}

}  // namespace sitelatch::scenario
