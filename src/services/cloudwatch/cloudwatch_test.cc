// SPDX-License-Identifier: Apache-2.0
// The service on virtual time: metrics in, alarms out.
#include "services/cloudwatch/cloudwatch.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "ports/rows.h"
#include "services/cloudwatch/service_fixture.h"

using namespace sitelatch;
using namespace sitelatch::cloudwatch;
using namespace std::chrono_literals;
using aws::Value;

namespace {

Value datum(Value more) {
  Value out = Value::structure({{"MetricName", "m"}});
  for (const auto& [name, value] : more.members()) out.set(name, value);
  return Value::structure({{"Namespace", "N"}, {"MetricData", Value::list({out})}});
}

}  // namespace

TEST_CASE(
    "the guide's alarm: silent while healthy, one notification when down, quiet until up and down "
    "again") {
  Fixture f;
  f.ok("PutMetricAlarm", guide_alarm());
  CHECK(f.state() == "INSUFFICIENT_DATA");
  CHECK(f.alarm()["StateReason"].string() == "Unchecked: Initial alarm creation");
  f.world.advance(60s);
  CHECK(f.state() == "OK");
  CHECK(f.alarm()["StateReason"].string() ==
        "Threshold Crossed: no datapoints were received for 1 period and 1 missing datapoint was "
        "treated as [NonBreaching].");
  f.minutes(3, 1);
  CHECK(f.actions.done.empty());
  f.sample(0);  // one sample of three is enough
  f.world.advance(20s);
  f.sample(1);
  f.world.advance(100s);
  CHECK(f.state() == "ALARM");
  REQUIRE(f.actions.done.size() == 1);
  CHECK(f.actions.done[0].action_arn == "arn:aws:sns:us-east-1:000000000000:topic");
  CHECK(f.actions.done[0].alarm_arn == "arn:aws:cloudwatch:us-east-1:000000000000:alarm:latch");
  CHECK(f.actions.done[0].subject == "ALARM: \"latch\" in US East (N. Virginia)");
  const auto message = aws::from_json(f.actions.done[0].message);
  CHECK((*message)["NewStateReason"].string() ==
        "Threshold Crossed: 1 datapoint [0.0 (01/01/26 00:04:00)] was less than the threshold "
        "(1.0).");
  f.minutes(10, 0);
  CHECK(f.actions.done.size() == 1);
  f.minutes(3, 1);
  CHECK(f.state() == "OK");
  f.minutes(3, 0);
  CHECK(f.actions.done.size() == 2);
}

TEST_CASE(
    "an alarm fires between ten and thirty seconds after the minute is complete (fact "
    "cloudwatch-12)") {
  Fixture f;
  f.ok("PutMetricAlarm", guide_alarm());
  f.minutes(2, 1);
  f.minutes(1, 0);  // 00:02:00 to 00:03:00
  f.world.advance_to(from_civil(2026, 1, 1, 0, 3, 9));
  CHECK(f.actions.done.empty());
  f.world.advance_to(from_civil(2026, 1, 1, 0, 3, 30));
  REQUIRE(f.actions.done.size() == 1);
  const auto updated = f.alarm()["StateUpdatedTimestamp"].timestamp();
  CHECK(f.alarm()["StateTransitionedTimestamp"].timestamp() == updated);
  MetricAlarm alarm;
  alarm.arn = "arn:aws:cloudwatch:us-east-1:000000000000:alarm:latch";
  CHECK(next_evaluation(alarm, from_civil(2026, 1, 1, 0, 3, 0)) == updated);
  CHECK(next_evaluation(alarm, updated) == updated + 60s);
}

TEST_CASE("a crash loses no state, doubles no action, and evaluation goes on") {
  Fixture f;
  f.ok("PutMetricAlarm", guide_alarm());
  f.minutes(3, 1);
  f.minutes(2, 0);
  CHECK(f.state() == "ALARM");
  CHECK(f.actions.done.size() == 1);
  const auto before = f.alarm();
  f.crash();
  CHECK(f.alarm() == before);
  f.minutes(2, 0);
  CHECK(f.actions.done.size() == 1);
  f.minutes(3, 1);
  CHECK(f.state() == "OK");
  CHECK(f.history("StateUpdate").size() == 3);
}

TEST_CASE("actions: enabled or not, failing or not, all in the history") {
  Fixture f;
  f.ok("PutMetricAlarm", guide_alarm());
  f.ok("DisableAlarmActions", Value::structure({{"AlarmNames", Value::list({"latch"})}}));
  CHECK(f.alarm()["ActionsEnabled"].boolean() == false);
  const auto set = [&](const char* state) {
    f.ok("SetAlarmState",
         Value::structure(
             {{"AlarmName", "latch"}, {"StateValue", state}, {"StateReason", "drill"}}));
  };
  set("ALARM");
  CHECK(f.actions.done.empty());
  CHECK(f.alarm()["StateReason"].string() == "drill");
  CHECK_FALSE(f.alarm().has("StateReasonData"));
  f.ok("EnableAlarmActions", Value::structure({{"AlarmNames", Value::list({"latch", "unknown"})}}));
  CHECK(f.actions.done.empty());  // only changes act
  set("ALARM");
  CHECK(f.actions.done.empty());
  set("OK");
  CHECK(f.actions.done.empty());  // no OK actions
  set("ALARM");
  CHECK(f.actions.done.size() == 1);
  set("OK");
  f.actions.refusal =
      "CloudWatch Alarms is not authorized to perform: SNS:Publish on resource: arn:x";
  set("ALARM");
  CHECK(f.state() == "ALARM");
  const auto acted = f.history("Action");
  REQUIRE(acted.size() == 2);
  CHECK(acted[0]["HistorySummary"].string() ==
        "Successfully executed action arn:aws:sns:us-east-1:000000000000:topic");
  CHECK(acted[1]["HistorySummary"].string() ==
        "Failed to execute action arn:aws:sns:us-east-1:000000000000:topic. Received error: "
        "\"CloudWatch Alarms is not "
        "authorized to perform: SNS:Publish on resource: arn:x\"");
  CHECK(aws::from_json(acted[1]["HistoryData"].string()).value()["actionState"].string() ==
        "Failed");
  const auto updates = f.history("StateUpdate");
  CHECK(updates.front()["HistorySummary"].string() ==
        "Alarm updated from INSUFFICIENT_DATA to ALARM");
}

TEST_CASE("SetAlarmState lasts until the next evaluation") {
  Fixture f;
  f.ok("PutMetricAlarm", guide_alarm());
  f.minutes(3, 1);
  f.ok("SetAlarmState",
       Value::structure({{"AlarmName", "latch"}, {"StateValue", "ALARM"}, {"StateReason", "x"}}));
  CHECK(f.state() == "ALARM");
  f.minutes(1, 1);
  CHECK(f.state() == "OK");
  CHECK(f.error(
            "SetAlarmState",
            Value::structure({{"AlarmName", "no"}, {"StateValue", "OK"}, {"StateReason", "x"}})) ==
        "ResourceNotFound: ");
  CHECK(f.error("SetAlarmState", Value::structure({{"AlarmName", "latch"},
                                                   {"StateValue", "OK"},
                                                   {"StateReason", "x"},
                                                   {"StateReasonData", "{"}}))
            .rfind("InvalidFormatFault: ", 0) == 0);
}

TEST_CASE("an update overwrites the configuration and leaves the state and tags") {
  Fixture f;
  f.ok("PutMetricAlarm", with(guide_alarm(), "Tags",
                              Value::list({Value::structure({{"Key", "env"}, {"Value", "x"}})})));
  f.minutes(3, 0);
  const auto before = f.alarm();
  f.world.advance(1s);
  f.ok("PutMetricAlarm",
       with(with(guide_alarm(), "AlarmDescription", "new"), "TreatMissingData", Value{}));
  const auto after = f.alarm();
  CHECK(after["StateValue"].string() == "ALARM");
  CHECK(after["StateUpdatedTimestamp"] == before["StateUpdatedTimestamp"]);
  CHECK(after["AlarmConfigurationUpdatedTimestamp"].timestamp() >
        before["AlarmConfigurationUpdatedTimestamp"].timestamp());
  CHECK(after["AlarmDescription"].string() == "new");
  CHECK_FALSE(after.has("TreatMissingData"));
  CHECK_FALSE(after.has("DatapointsToAlarm"));
  const auto arn = after["AlarmArn"].string();
  CHECK(f.ok("ListTagsForResource", Value::structure({{"ResourceARN", arn}}))["Tags"]
            .items()
            .size() == 1);
  const auto changes = f.history("ConfigurationUpdate");
  REQUIRE(changes.size() == 2);
  CHECK(changes[1]["HistorySummary"].string() == "Alarm \"latch\" updated");
}

TEST_CASE("high resolution alarms are evaluated every ten seconds") {
  Fixture f;
  auto input = with(with(guide_alarm(), "Period", 10), "Namespace", "N");
  input = with(with(input, "MetricName", "m"), "Dimensions", Value{});
  f.ok("PutMetricAlarm", input);
  f.world.advance(30s);
  CHECK(f.state() == "OK");
  f.ok("PutMetricData", datum(Value::structure({{"Value", 0.5}, {"StorageResolution", 1}})));
  f.world.advance(17s);
  CHECK(f.state() == "ALARM");
}

TEST_CASE("missing and ignore: states follow the table over time") {
  Fixture f;
  f.ok("PutMetricAlarm", with(guide_alarm(), "TreatMissingData", "missing"));
  f.minutes(2, 1);
  CHECK(f.state() == "OK");
  f.world.advance(6min);
  CHECK(f.state() == "INSUFFICIENT_DATA");
  CHECK(f.alarm()["StateReason"].string() == "Insufficient Data: 1 datapoint was unknown.");
  f.ok("PutMetricAlarm", with(guide_alarm(), "TreatMissingData", "ignore"));
  f.minutes(2, 0);
  CHECK(f.state() == "ALARM");
  f.world.advance(60min);
  CHECK(f.state() == "ALARM");
}

// What health checks ask: by settings alone, and always what an alarm with these settings finds.
TEST_CASE("judged by its settings a metric says what an alarm says that was never set by hand") {
  Fixture f;
  auto input = with(with(guide_alarm(), "EvaluationPeriods", 3), "TreatMissingData", Value{});
  f.ok("PutMetricAlarm", input);
  const auto said = [&] {
    const auto verdict =
        f.service->judge(*f.service->alarm("us-east-1", "latch"), f.world.timers.now());
    return verdict.state ? std::string{state_name(*verdict.state)} : "as it was";
  };
  std::mt19937 random(7);
  int alarms = 0, unsettled = 0;
  for (int minute = 0; minute < 200; ++minute) {
    // Runs of missing, good and bad minutes.
    const auto kind = random() % 3;
    for (auto left = 1 + random() % 6; left > 0; --left)
      if (kind == 0)
        f.world.advance(1min);
      else
        f.minutes(1, kind == 1 ? 1 : 0);
    f.world.advance(31s);  // the alarm has been looked at in this minute
    const auto now = said();
    if (now == "as it was")
      ++unsettled;
    else
      CHECK(f.state() == now);
    alarms += now == "ALARM";
    f.ok("SetAlarmState", Value::structure({{"AlarmName", "latch"},
                                            {"StateValue", minute % 2 == 0 ? "ALARM" : "OK"},
                                            {"StateReason", "by hand"}}));
    CHECK(said() == now);
    f.world.advance(29s);
  }
  CHECK(alarms > 10);
  CHECK(unsettled > 1);
  CHECK(f.service->alarm("eu-west-1", "latch") == nullptr);
  CHECK(f.service->alarm("us-east-1", "other") == nullptr);
}

TEST_CASE("a metric is judged over seven days of hours, from the journal too") {
  // The 168 newest hours decide: a good one just before them does not count, the oldest of them
  // does.
  for (const auto& [good, state] : {std::pair{1, State::alarm}, {2, State::ok}}) {
    Fixture f;
    f.ok("PutMetricAlarm", with(with(guide_alarm(), "EvaluationPeriods", 168), "Period", 3600));
    for (int hour = 0; hour < 170; ++hour) {
      f.sample(hour == good ? 1 : 0);
      f.world.advance(1h);
    }
    const auto judged = [&] {
      return f.service->judge(*f.service->alarm("us-east-1", "latch"), f.world.timers.now());
    };
    CHECK(judged().state == state);
    CHECK(judged().evaluated.size() == 168);
    f.crash();
    CHECK(judged().state == state);
  }
}

TEST_CASE("a given unit starves an alarm on other units' data") {
  Fixture f;
  f.ok("PutMetricAlarm", with(guide_alarm(), "Unit", "Count"));
  f.minutes(4, 0);
  CHECK(f.state() == "OK");
}

TEST_CASE("PutMetricAlarm refuses what AWS refuses") {
  Fixture f;
  CHECK(f.error("PutMetricAlarm", with(guide_alarm(), "Period", 45)) ==
        "ValidationError: Period must be 10, 20, 30 or a multiple of 60");
  CHECK(f.error("PutMetricAlarm", with(guide_alarm(), "EvaluationPeriods", 1441)) ==
        "ValidationError: Metrics cannot be checked across more than a day (EvaluationPeriods * "
        "Period must be <= 86400).");
  CHECK(f.error("PutMetricAlarm", with(guide_alarm(), "DatapointsToAlarm", 2))
            .rfind("ValidationError", 0) == 0);
  CHECK(f.error("PutMetricAlarm", with(guide_alarm(), "ExtendedStatistic", "p9"))
            .rfind("InvalidParameterCombinationException", 0) == 0);
  CHECK(f.error("PutMetricAlarm", with(guide_alarm(), "Statistic", Value{}))
            .rfind("MissingRequiredParameterException", 0) == 0);
  CHECK(f.error("PutMetricAlarm", with(guide_alarm(), "Threshold", Value{})) ==
        "MissingRequiredParameterException: The parameter Threshold is required.");
  CHECK(f.error("PutMetricAlarm", with(guide_alarm(), "AlarmActions", Value::list({"foo"}))) ==
        "ValidationError: Invalid arn syntax: foo");
  CHECK(f.error("PutMetricAlarm",
                with(guide_alarm(), "AlarmActions", Value::list({"arn:aws:sns:eu-west-1:0:t"}))) ==
        "ValidationError: Invalid region eu-west-1 specified. Only us-east-1 is supported.");
  CHECK(f.error("PutMetricAlarm", with(guide_alarm(), "Metrics", Value::list()))
            .rfind("InvalidParameterCombinationException", 0) == 0);
  CHECK(f.error("PutMetricAlarm", with(guide_alarm(), "TreatMissingData", "perhaps"))
            .rfind("ValidationError", 0) == 0);
  CHECK(
      f.error("PutMetricAlarm", with(guide_alarm(), "ComparisonOperator", "LessThanLowerThreshold"))
          .rfind("ValidationError", 0) == 0);
  CHECK(f.error("PutMetricAlarm", with(guide_alarm(), "AlarmName", "a\nb"))
            .rfind("ValidationError", 0) == 0);
  CHECK(f.state() == "gone");
}

TEST_CASE("DescribeAlarms filters, pages and answers empty lists") {
  Fixture f;
  const auto empty = f.ok("DescribeAlarms", Value::structure());
  for (const auto* list : {"MetricAlarms", "CompositeAlarms", "LogAlarms"}) {
    CHECK(empty[list].is_list());
    CHECK(empty[list].items().empty());
  }
  for (int i = 0; i < 120; ++i)
    f.ok("PutMetricAlarm", with(guide_alarm(), "AlarmName", "a" + std::to_string(1000 + i)));
  f.ok("PutMetricAlarm", guide_alarm());
  CHECK(f.ok("DescribeAlarms", Value::structure(), "eu-west-1")["MetricAlarms"].items().empty());
  std::vector<std::string> names;
  Value input = Value::structure({{"MaxRecords", 50}});
  for (;;) {
    const auto page = f.ok("DescribeAlarms", input);
    for (const auto& item : page["MetricAlarms"].items())
      names.push_back(item["AlarmName"].string());
    if (!page.has("NextToken")) break;
    input.set("NextToken", page["NextToken"]);
  }
  CHECK(names.size() == 121);
  CHECK(std::is_sorted(names.begin(), names.end()));
  const auto count = [&](const Value& filter) {
    return f.ok("DescribeAlarms", filter)["MetricAlarms"].items().size();
  };
  CHECK(count(Value::structure({{"AlarmNamePrefix", "lat"}})) == 1);
  CHECK(count(Value::structure({{"AlarmNames", Value::list({"a1000", "a1001", "zz"})}})) == 2);
  CHECK(count(Value::structure({{"StateValue", "OK"}})) == 0);
  CHECK(count(Value::structure({{"ActionPrefix", "arn:aws:lambda"}})) == 0);
  CHECK(count(Value::structure({{"AlarmTypes", Value::list({"CompositeAlarm"})}})) == 0);
  CHECK(f.error("DescribeAlarms", Value::structure({{"NextToken", "nonsense"}}))
            .rfind("InvalidNextToken", 0) == 0);
  const auto of_metric = f.ok("DescribeAlarmsForMetric",
                              Value::structure({{"Namespace", "AWS/Route53"},
                                                {"MetricName", "HealthCheckStatus"},
                                                {"Dimensions", guide_alarm()["Dimensions"]}}));
  CHECK(of_metric["MetricAlarms"].items().size() == 121);
}

TEST_CASE("history: survives deletion, pages both ways, two weeks") {
  Fixture f;
  f.ok("PutMetricAlarm", guide_alarm());
  for (int i = 0; i < 10; ++i) {
    f.world.advance(1ms);
    f.ok("SetAlarmState", Value::structure({{"AlarmName", "latch"},
                                            {"StateValue", i % 2 ? "OK" : "INSUFFICIENT_DATA"},
                                            {"StateReason", "r"}}));
  }
  f.ok("DeleteAlarms", Value::structure({{"AlarmNames", Value::list({"latch", "never"})}}));
  CHECK(f.state() == "gone");
  const auto all = f.history();
  REQUIRE(all.size() == 11);  // created, nine changes (the first was none), deleted
  CHECK(all.front()["HistorySummary"].string() == "Alarm \"latch\" created");
  CHECK(all.back()["HistorySummary"].string() == "Alarm \"latch\" deleted");
  for (const auto* order : {"TimestampAscending", "TimestampDescending"}) {
    std::vector<Value> paged;
    Value input = Value::structure({{"MaxRecords", 3}, {"ScanBy", order}});
    for (;;) {
      const auto page = f.ok("DescribeAlarmHistory", input);
      for (const auto& item : page["AlarmHistoryItems"].items()) paged.push_back(item);
      if (!page.has("NextToken")) break;
      input.set("NextToken", page["NextToken"]);
    }
    if (std::string_view{order} == "TimestampDescending") std::reverse(paged.begin(), paged.end());
    CHECK(paged == all);
  }
  const auto at = all[5]["Timestamp"].timestamp();
  CHECK(f.ok("DescribeAlarmHistory",
             Value::structure({{"StartDate", at}, {"EndDate", at}}))["AlarmHistoryItems"]
            .items()
            .size() == 1);
  CHECK(
      f.ok("DescribeAlarmHistory",
           Value::structure({{"AlarmTypes", Value::list({"CompositeAlarm"})}}))["AlarmHistoryItems"]
          .items()
          .empty());
  f.crash();
  CHECK(f.history().size() == 11);
  f.world.advance(24h * 14 + 2h);
  CHECK(f.history().empty());
  CHECK(f.ok("DescribeAlarmHistory", Value::structure())["AlarmHistoryItems"].items().empty());
}

TEST_CASE("tags") {
  Fixture f;
  f.ok("PutMetricAlarm", guide_alarm());
  const std::string arn = "arn:aws:cloudwatch:us-east-1:000000000000:alarm:latch";
  const auto tag = [](const char* key, const char* value) {
    return Value::structure({{"Key", key}, {"Value", value}});
  };
  f.ok("TagResource", Value::structure({{"ResourceARN", arn},
                                        {"Tags", Value::list({tag("a", "1"), tag("b", "2")})}}));
  f.ok("TagResource",
       Value::structure({{"ResourceARN", arn}, {"Tags", Value::list({tag("a", "3")})}}));
  f.ok("UntagResource",
       Value::structure({{"ResourceARN", arn}, {"TagKeys", Value::list({"b", "c"})}}));
  f.crash();
  CHECK(f.ok("ListTagsForResource", Value::structure({{"ResourceARN", arn}}))["Tags"] ==
        Value::list({tag("a", "3")}));
  CHECK(f.error("TagResource", Value::structure({{"ResourceARN", arn},
                                                 {"Tags", Value::list({tag("aws:x", "3")})}}))
            .rfind("InvalidParameterValueException", 0) == 0);
  CHECK(f.error("TagResource", Value::structure({{"ResourceARN", arn + "x"},
                                                 {"Tags", Value::list({tag("x", "3")})}}))
            .rfind("ResourceNotFoundException", 0) == 0);
  f.ok("DeleteAlarms", Value::structure({{"AlarmNames", Value::list({"latch"})}}));
  CHECK(f.ok("ListTagsForResource", Value::structure({{"ResourceARN", arn}}))["Tags"]
            .items()
            .empty());
}

TEST_CASE("PutMetricData refuses what AWS refuses, and then takes nothing of it") {
  Fixture f;
  const auto error = [&](const Value& more) { return f.error("PutMetricData", datum(more)); };
  CHECK(error(Value::structure({{"Value", 1.0}, {"Values", Value::list({1.0})}})) ==
        "InvalidParameterCombinationException: The parameters MetricData.member.1.Value and "
        "MetricData.member.1.Values are "
        "mutually exclusive and you have specified both.");
  CHECK(error(Value::structure(
            {{"Values", Value::list({1.0})}, {"Counts", Value::list({1.0, 2.0})}})) ==
        "InvalidParameterValueException: The parameters MetricData.member.1.Values and "
        "MetricData.member.1.Counts must be of the same size.");
  CHECK(error(Value::structure({{"Value", std::nan("")}})) ==
        "InvalidParameterValueException: The value NaN for parameter MetricData.member.1.Value is "
        "invalid.");
  CHECK(error(Value::structure({{"Value", 1e300}})).rfind("InvalidParameterValueException", 0) ==
        0);
  CHECK(error(Value::structure()).rfind("MissingRequiredParameterException", 0) == 0);
  CHECK(error(Value::structure({{"Value", 1.0}, {"Timestamp", f.world.timers.now() + 3h}}))
            .rfind("InvalidParameterValueException", 0) == 0);
  CHECK(error(Value::structure({{"Value", 1.0}, {"Timestamp", f.world.timers.now() - 24h * 15}}))
            .rfind("InvalidParameterValueException", 0) == 0);
  CHECK(error(Value::structure({{"Value", 1.0}, {"StorageResolution", 2}}))
            .rfind("InvalidParameterValueException", 0) == 0);
  CHECK(
      f.error("PutMetricData",
              with(datum(Value::structure({{"Value", 1.0}})), "Namespace", "AWS/Route53")) ==
      "InvalidParameterValueException: The value AWS/Route53 for parameter Namespace is invalid.");
  auto two = datum(Value::structure({{"Value", 1.0}}));
  two["MetricData"];
  Value list = two["MetricData"];
  list.push(Value::structure({{"MetricName", "m"}}));
  CHECK(f.error("PutMetricData", with(two, "MetricData", list)) != "none");
  CHECK(f.ok("ListMetrics", Value::structure())["Metrics"].items().empty());
}

TEST_CASE("reads of metrics") {
  Fixture f;
  f.world.advance(10min);
  const auto now = f.world.timers.now();
  const auto put = [&](Value more) { f.ok("PutMetricData", datum(std::move(more))); };
  put(Value::structure({{"Values", Value::list({1.0, 2.0})},
                        {"Counts", Value::list({3.0, 1.0})},
                        {"Timestamp", now - 5min}}));
  put(Value::structure(
      {{"StatisticValues",
        Value::structure(
            {{"SampleCount", 2.0}, {"Sum", 10.0}, {"Minimum", 4.0}, {"Maximum", 6.0}})},
       {"Timestamp", now - 3min},
       {"Unit", "Seconds"}}));
  Value statistics = Value::structure({{"Namespace", "N"},
                                       {"MetricName", "m"},
                                       {"Period", 60},
                                       {"StartTime", now - 10min},
                                       {"EndTime", now},
                                       {"Statistics", Value::list({"Average", "SampleCount"})},
                                       {"ExtendedStatistics", Value::list({"p50"})}});
  const auto points = f.ok("GetMetricStatistics", statistics);
  CHECK(points["Label"].string() == "m");
  REQUIRE(points["Datapoints"].items().size() == 2);
  CHECK(points["Datapoints"].items()[0] ==
        Value::structure({{"Timestamp", now - 5min},
                          {"Average", 1.25},
                          {"SampleCount", 4.0},
                          {"Unit", "None"},
                          {"ExtendedStatistics", Value::structure({{"p50", 1.0}})}}));
  CHECK(points["Datapoints"].items()[1]["Unit"].string() == "Seconds");
  CHECK(
      f.ok("GetMetricStatistics", with(statistics, "Unit", "Count"))["Datapoints"].items().empty());
  CHECK(f.ok("GetMetricStatistics", with(statistics, "MetricName", "x"))["Datapoints"].is_list());
  CHECK(f.error("GetMetricStatistics", with(statistics, "EndTime", now - 10min)) ==
        "InvalidParameterValueException: The parameter StartTime must be less than the parameter "
        "EndTime.");
  CHECK(
      f.error("GetMetricStatistics", with(with(statistics, "StartTime", now - 24h), "Period", 1)) ==
      "InvalidParameterCombinationException: You have requested up to 86400 datapoints, which "
      "exceeds the limit of 1440. You may reduce "
      "the datapoints requested by increasing Period, or decreasing the time range.");

  const auto query = [](const char* id, const char* stat) {
    return Value::structure(
        {{"Id", id},
         {"MetricStat",
          Value::structure({{"Metric", Value::structure({{"Namespace", "N"}, {"MetricName", "m"}})},
                            {"Period", 60},
                            {"Stat", stat}})}});
  };
  Value data = Value::structure(
      {{"StartTime", now - 10min},
       {"EndTime", now},
       {"MetricDataQueries", Value::list({query("a", "Sum"), query("b", "Maximum")})}});
  const auto result = f.ok("GetMetricData", data);
  REQUIRE(result["MetricDataResults"].items().size() == 2);
  const auto& first = result["MetricDataResults"].items()[0];
  CHECK(first["Label"].string() == "m Sum");
  // Of several units the first by name, and which there are.
  CHECK(first["Values"] == Value::list({5.0}));
  CHECK(first["Timestamps"] == Value::list({now - 5min}));
  CHECK(first["StatusCode"].string() == "Complete");
  CHECK(first["Messages"] ==
        Value::list({Value::structure({{"Code", "MultipleUnits"},
                                       {"Value", "Multiple units returned: '[None, Seconds]'"}})}));
  CHECK(result["Messages"].is_list());
  put(Value::structure({{"Value", 10.0}, {"Timestamp", now - 3min}}));
  auto paged = with(data, "MaxDatapoints", 3);
  const auto page = f.ok("GetMetricData", paged);
  CHECK(page["MetricDataResults"].items()[1]["StatusCode"].string() == "PartialData");
  const auto rest = f.ok("GetMetricData", with(paged, "NextToken", page["NextToken"]));
  CHECK(rest["MetricDataResults"].items()[1]["Values"] == Value::list({2.0}));
  CHECK_FALSE(rest.has("NextToken"));
  CHECK(f.error("GetMetricData",
                with(data, "MetricDataQueries",
                     Value::list({Value::structure({{"Id", "e"}, {"Expression", "m1*2"}})})))
            .rfind("ValidationError", 0) == 0);
}

TEST_CASE("ListMetrics filters, pages and forgets") {
  Fixture f;
  for (int i = 0; i < 600; ++i)
    f.service->put_datum("us-east-1", "AWS/Route53", "HealthCheckStatus",
                         {{"HealthCheckId", std::to_string(i)}}, 1, "None", f.world.timers.now());
  Value filter = Value::structure({{"Namespace", "AWS/Route53"}});
  const auto page = f.ok("ListMetrics", filter);
  CHECK(page["Metrics"].items().size() == 500);
  CHECK(
      f.ok("ListMetrics", with(filter, "NextToken", page["NextToken"]))["Metrics"].items().size() ==
      100);
  CHECK(f.ok("ListMetrics", with(filter, "Dimensions",
                                 Value::list({Value::structure(
                                     {{"Name", "HealthCheckId"}, {"Value", "7"}})})))["Metrics"]
            .items()
            .size() == 1);
  CHECK(f.ok("ListMetrics", with(filter, "MetricName", "x"))["Metrics"].is_list());
  CHECK(f.error("ListMetrics", Value::structure({{"NextToken", "?"}}))
            .rfind("InvalidParameterValueException", 0) == 0);
  f.world.advance(4h);
  CHECK(f.ok("ListMetrics", with(filter, "RecentlyActive", "PT3H"))["Metrics"].items().empty());
  CHECK(f.ok("ListMetrics", filter)["Metrics"].items().size() == 500);
  f.world.advance(24h * 14);
  CHECK(f.ok("ListMetrics", filter)["Metrics"].items().empty());
}

TEST_CASE("two rows of one metric, or of one number, are refused at the start") {
  for (const char* key :
       {"7fffffff", "0000001"}) {  // another number; the same one, written shorter
    CAPTURE(key);
    Fixture f;
    f.service->put_datum("us-east-1", "N", "m", {}, 1, "None", f.world.timers.now());
    f.service->flush();
    f.world.settle();
    std::string row;
    f.world.journal.scan("cloudwatch.series", "", "", [&](std::string_view, std::string_view text) {
      row = text;
      return false;
    });
    REQUIRE_FALSE(row.empty());
    f.world.journal.put("cloudwatch.series", key, row);
    CHECK_THROWS_AS(f.make(), ports::BadRow);
  }
}

TEST_CASE("what operations ask of IAM") {
  Fixture f;
  const auto asked = [&](std::string_view operation, const Value& input) {
    return f.service->authorisation(
        {operation, input, f.caller, "us-east-1", "000000000000", "", "", {}});
  };
  const auto put = asked(
      "PutMetricAlarm",
      with(guide_alarm(), "Tags", Value::list({Value::structure({{"Key", "k"}, {"Value", "v"}})})));
  REQUIRE(put.size() == 2);
  CHECK(put[0].action == "cloudwatch:PutMetricAlarm");
  CHECK(put[0].resources ==
        std::vector<std::string>{"arn:aws:cloudwatch:us-east-1:000000000000:alarm:latch"});
  CHECK(put[0].keys.at("cloudwatch:alarmactions").size() == 1);
  CHECK(put[1].action == "cloudwatch:TagResource");
  CHECK(asked("DeleteAlarms", Value::structure({{"AlarmNames", Value::list({"a", "b"})}})).size() ==
        2);
  CHECK(asked("DescribeAlarms", Value::structure())[0].resources[0] ==
        "arn:aws:cloudwatch:us-east-1:000000000000:alarm:*");
  const auto data = asked("PutMetricData", Value::structure({{"Namespace", "N"}}));
  CHECK(data[0].resources[0] == "*");
  CHECK(data[0].keys.at("cloudwatch:namespace")[0] == "N");
}
