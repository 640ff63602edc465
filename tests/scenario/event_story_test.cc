// SPDX-License-Identifier: Apache-2.0
// The second common trigger of a latch: alarm, EventBridge, function. And what else travels on the
// buses.
#include <doctest/doctest.h>

#include "failover_story.h"
#include "services/lambda/test_world.h"

namespace sitelatch::scenario {
namespace {

using Step = FailoverStory::Step;
const std::string rule_arn = "arn:aws:events:us-east-1:000000000000:rule/latch";

// The guide's alarm, without its topic; a rule on the alarm's changes, and the function `latch`
// behind it.
struct EventStory : FailoverStory {
  std::vector<std::string> payloads;  // of the function's runs

  EventStory() {
    follow_the_guide(
        {Step::topic, Step::zip, Step::function, Step::permission, Step::subscription});
    ok("cloudwatch", "DisableAlarmActions",
       Value::structure({{"AlarmNames", Value::list({name})}}));
    make("lambda", "CreateFunction",
         Value::structure({{"FunctionName", "latch"},
                           {"Runtime", "python3.11"},
                           {"Handler", "lambda.handler"},
                           {"Role", role_arn},
                           {"Code", Value::structure({{"ZipFile", lambda::test::small_zip()}})}}));
    functions["latch"] = [this](Running& running) {
      payloads.push_back(aws::to_json(running.event));
      running.call("route53", "UpdateHealthCheck",
                   Value::structure(
                       {{"HealthCheckId", running.event["check"]}, {"ResourcePath", latch_path}}));
    };
  }
  void put_rule(const std::string& pattern) {
    ok("events", "PutRule", Value::structure({{"Name", "latch"}, {"EventPattern", pattern}}));
  }
  void permit() {
    make("lambda", "AddPermission",
         Value::structure({{"FunctionName", "latch"},
                           {"StatementId", "rule"},
                           {"Action", "lambda:InvokeFunction"},
                           {"Principal", "events.amazonaws.com"},
                           {"SourceArn", rule_arn}}));
  }
  void target(const Value& more = {}) {
    Value target = Value::structure(
        {{"Id", "1"}, {"Arn", "arn:aws:lambda:us-east-1:000000000000:function:latch"}});
    for (const auto& [member, value] : more.members()) target.set(member, value);
    ok("events", "PutTargets",
       Value::structure({{"Rule", "latch"}, {"Targets", Value::list({target})}}));
  }
  void arm_with_rule() {
    put_rule(R"({"source":["aws.cloudwatch"],"detail-type":["CloudWatch Alarm State Change"],)"
             R"("resources":[{"suffix":":alarm:)" +
             name + R"("}],"detail":{"state":{"value":["ALARM"]}}})");
    permit();
    const std::string dimension =
        "$.detail.configuration.metrics[0].metricStat.metric.dimensions.HealthCheckId";
    target(Value::structure(
        {{"InputTransformer",
          Value::structure(
              {{"InputPathsMap",
                Value::structure({{"check", dimension}, {"was", "$.detail.previousState.value"}})},
               {"InputTemplate",
                R"({"check":<check>,"was":<was>,"by":"<aws.events.rule-name>"})"}})}}));
    wait(2min);
    CHECK(alarm() == "OK");
    CHECK(payloads.empty());
  }
};

}  // namespace

TEST_CASE("an alarm latches by a rule, its own actions off") {
  EventStory engine;
  engine.arm_with_rule();
  engine.lose_primary();
  REQUIRE(engine.payloads.size() == 1);
  CHECK(engine.payloads[0] ==
        R"({"check":")" + engine.primary_check + R"(","was":"OK","by":"latch"})");
  CHECK(engine.metric("AWS/Events", "Invocations", "RuleName", "latch", "us-east-1") == 1);
  engine.primary().comes_up();
  engine.wait(1h);
  CHECK(engine.dns() == backup_address);
  CHECK(engine.payloads.size() == 1);
}

TEST_CASE("killed at every commit from the failure on, the rule latches all the same") {
  EventStory engine;
  engine.arm_with_rule();
  engine.downtime = 1s;
  engine.crash_whenever([](Moment) { return true; });
  engine.primary().goes_down();
  engine.wait(time_to_latch + 1min);
  engine.crash_whenever(nullptr);
  CHECK(engine.crashes() > 5);
  CHECK(engine.path() == latch_path);
  CHECK(engine.dns() == backup_address);
}

TEST_CASE("without the function's permission nothing latches, and the metric says so") {
  EventStory engine;
  engine.put_rule(R"({"source":["aws.cloudwatch"],"detail":{"state":{"value":["ALARM"]}}})");
  engine.target();
  engine.wait(2min);
  engine.primary().goes_down();
  engine.wait(1h);
  CHECK(engine.alarm() == "ALARM");
  CHECK(engine.payloads.empty());
  CHECK(engine.metric("AWS/Events", "FailedInvocations", "RuleName", "latch", "us-east-1") == 1);
}

TEST_CASE("EventBridge out of order: the event waits for it") {
  EventStory engine;
  engine.arm_with_rule();
  realism::Fault outage;
  outage.kind = realism::FaultKind::outage;
  outage.service = "events";
  engine.realism.add(outage);
  engine.primary().goes_down();
  engine.wait(time_to_latch);
  CHECK(engine.path() == healthy_path);
  engine.realism.clear();
  engine.wait(10min);
  CHECK(engine.path() == latch_path);
}

TEST_CASE("what becomes of an alarm is told in full; a log group hears of it") {
  EventStory engine;
  engine.ok("logs", "CreateLogGroup", Value::structure({{"logGroupName", "/aws/events/alarms"}}));
  engine.put_rule(R"({"source":[{"prefix":"aws.cloud"}]})");
  engine.ok("events", "PutTargets",
            Value::structure(
                {{"Rule", "latch"},
                 {"Targets",
                  Value::list({Value::structure(
                      {{"Id", "log"},
                       {"Arn",
                        "arn:aws:logs:us-east-1:000000000000:log-group:/aws/events/alarms"}})})}}));
  engine.ok("cloudwatch", "EnableAlarmActions",
            Value::structure({{"AlarmNames", Value::list({engine.name})}}));
  engine.wait(2min);
  engine.ok("cloudwatch", "DeleteAlarms",
            Value::structure({{"AlarmNames", Value::list({engine.name})}}));
  const auto found = engine.ok("logs", "FilterLogEvents",
                               Value::structure({{"logGroupName", "/aws/events/alarms"}}));
  std::vector<Value> events;
  for (const auto& line : found["events"].items())
    events.push_back(aws::from_json(line["message"].string()).value());
  REQUIRE(events.size() == 3);
  CHECK(events[0]["detail-type"].string() == "CloudWatch Alarm Configuration Change");
  CHECK(events[0]["detail"]["operation"].string() == "update");
  CHECK(events[0]["detail"]["configuration"]["actionsEnabled"].boolean());
  CHECK_FALSE(events[0]["detail"]["previousConfiguration"]["actionsEnabled"].boolean());
  const Value& change = events[1];
  CHECK(change["detail-type"].string() == "CloudWatch Alarm State Change");
  CHECK(change["source"].string() == "aws.cloudwatch");
  CHECK(change["resources"].items().at(0).string() ==
        "arn:aws:cloudwatch:us-east-1:000000000000:alarm:" + engine.name);
  CHECK(change["detail"]["alarmName"].string() == engine.name);
  CHECK(change["detail"]["state"]["value"].string() == "OK");
  CHECK(change["detail"]["state"].has("reasonData"));
  CHECK(change["detail"]["previousState"]["value"].string() == "INSUFFICIENT_DATA");
  const Value& metric = change["detail"]["configuration"]["metrics"].items().at(0);
  CHECK(metric["returnData"].boolean());
  CHECK(metric["metricStat"]["metric"]["name"].string() == "HealthCheckStatus");
  CHECK(events[2]["detail"]["operation"].string() == "delete");
}

TEST_CASE("PutEvents to another bus: its topic, by the topic's policy alone") {
  FailoverStory engine;
  engine.make("sns", "CreateTopic", Value::structure({{"Name", "notes"}}));
  const std::string topic = "arn:aws:sns:us-east-1:000000000000:notes";
  engine.make("events", "CreateEventBus", Value::structure({{"Name", "other"}}));
  engine.ok("events", "PutRule",
            Value::structure({{"Name", "r"},
                              {"EventBusName", "other"},
                              {"EventPattern", R"({"detail":{"level":[{"numeric":[">",3]}]}})"}}));
  const Value target = Value::structure({{"Id", "1"}, {"Arn", topic}});
  engine.ok("events", "PutTargets",
            Value::structure(
                {{"Rule", "r"}, {"EventBusName", "other"}, {"Targets", Value::list({target})}}));
  const auto send = [&](const std::string& bus, const char* detail) {
    const Value entry = Value::structure(
        {{"Source", "my.app"}, {"DetailType", "Note"}, {"Detail", detail}, {"EventBusName", bus}});
    const auto answer =
        engine.ok("events", "PutEvents", Value::structure({{"Entries", Value::list({entry})}}));
    CHECK(answer["FailedEntryCount"].integer() == 0);
  };
  const auto published = [&] {
    engine.wait(1min);
    return engine.metric("AWS/SNS", "NumberOfMessagesPublished", "TopicName", "notes", "us-east-1");
  };
  send("other", R"({"level":4})");
  CHECK(published() == 0);  // the default policy lets only the account in
  engine.ok("sns", "SetTopicAttributes",
            Value::structure(
                {{"TopicArn", topic},
                 {"AttributeName", "Policy"},
                 {"AttributeValue",
                  R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":)"
                  R"({"Service":"events.amazonaws.com"},"Action":"sns:Publish","Resource":")" +
                      topic +
                      R"(","Condition":{"ArnEquals":{"aws:SourceArn":)"
                      R"("arn:aws:events:us-east-1:000000000000:rule/other/r"}}}]})"}}));
  send("other", R"({"level":4})");
  send("other", R"({"level":3})");
  send("default", R"({"level":4})");
  CHECK(published() == 1);
}

}  // namespace sitelatch::scenario
