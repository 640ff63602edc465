// SPDX-License-Identifier: Apache-2.0
// Numbers, reasons and messages, to the letter.
#include <doctest/doctest.h>

#include "services/cloudwatch/alarm_message.h"
#include "services/cloudwatch/history_data.h"
#include "services/cloudwatch/java_double.h"
#include "services/cloudwatch/json_text.h"
#include "services/cloudwatch/reason.h"

using namespace sitelatch;
using namespace sitelatch::cloudwatch;

namespace {

MetricAlarm alarm_of_the_guide() {
  MetricAlarm alarm;
  alarm.region = "us-east-1";
  alarm.name = "hc";
  alarm.arn = "arn:aws:cloudwatch:us-east-1:000000000000:alarm:hc";
  alarm.alarm_actions = {"arn:aws:sns:us-east-1:000000000000:topic"};
  alarm.metric = {"us-east-1", "AWS/Route53", "HealthCheckStatus", {{"HealthCheckId", "233e"}}};
  alarm.statistic = Statistic::basic("Minimum");
  alarm.threshold = 1;
  alarm.comparison = Comparison::less;
  alarm.treat_missing_data = "notBreaching";
  alarm.configured = from_civil(2026, 11, 22, 10, 30, 38) + std::chrono::milliseconds{351};
  return alarm;
}

// Values newest first, a minute apart, the newest at 10:41; a NaN is a missing one.
Verdict verdict(State state, std::vector<double> values, std::size_t missing = 0) {
  Verdict out;
  out.state = state;
  out.missing = missing;
  auto at = from_civil(2026, 11, 22, 10, 41, 0);
  for (const double value : values) {
    out.evaluated.push_back({at, value, 3});
    at -= std::chrono::minutes{1};
  }
  return out;
}

}  // namespace

TEST_CASE("doubles as Java prints them") {
  CHECK(java_double(0) == "0.0");
  CHECK(java_double(-0.0) == "-0.0");
  CHECK(java_double(1) == "1.0");
  CHECK(java_double(-12.15) == "-12.15");
  CHECK(java_double(38.839999999999996) == "38.839999999999996");
  CHECK(java_double(1.50785441792E10) == "1.50785441792E10");
  CHECK(java_double(1e7) == "1.0E7");
  CHECK(java_double(9999999) == "9999999.0");
  CHECK(java_double(0.001) == "0.001");
  CHECK(java_double(0.00099) == "9.9E-4");
  CHECK(java_double(100) == "100.0");
  CHECK(java_double(1e-10) == "1.0E-10");
  CHECK(java_double(123456.789) == "123456.789");
  CHECK(java_double(0.1) == "0.1");
  CHECK(java_double(0.012) == "0.012");
  CHECK(java_double(1.7976931348623157e308) == "1.7976931348623157E308");
  CHECK(java_double(0.0 / 1e-300 * 0 + 1e300 * 1e300) == "Infinity");
}

TEST_CASE("JSON strings") {
  CHECK(json_string("a\"b\\c\n\x01\xc3\xa9") == "\"a\\\"b\\\\c\\n\\u0001\xc3\xa9\"");
}

TEST_CASE("reasons without datapoints to alarm (facts cloudwatch-16, -17)") {
  auto alarm = alarm_of_the_guide();
  CHECK(state_reason(alarm, verdict(State::alarm, {0})) ==
        "Threshold Crossed: 1 datapoint [0.0 (22/11/26 10:41:00)] was less than the threshold "
        "(1.0).");
  CHECK(state_reason(alarm, verdict(State::ok, {1})) ==
        "Threshold Crossed: 1 datapoint [1.0 (22/11/26 10:41:00)] was not less than the threshold "
        "(1.0).");
  CHECK(state_reason(alarm, verdict(State::ok, {}, 1)) ==
        "Threshold Crossed: no datapoints were received for 1 period and 1 missing datapoint was "
        "treated as [NonBreaching].");
  alarm.evaluation_periods = 2;
  alarm.treat_missing_data = "breaching";
  CHECK(state_reason(alarm, verdict(State::alarm, {}, 2)) ==
        "Threshold Crossed: no datapoints were received for 2 periods and 2 missing datapoints "
        "were treated as [Breaching].");
  CHECK(state_reason(alarm, verdict(State::alarm, {0}, 1)) ==
        "Threshold Crossed: 1 datapoint was received for 2 periods and 1 missing datapoint was "
        "treated as [Breaching].");
  CHECK(state_reason(alarm, verdict(State::alarm, {0, 0})) ==
        "Threshold Crossed: 2 datapoints [0.0 (22/11/26 10:41:00), 0.0 (22/11/26 10:40:00)] were "
        "less than the threshold (1.0).");
  alarm.treat_missing_data.reset();
  CHECK(state_reason(alarm, verdict(State::insufficient_data, {}, 2)) ==
        "Insufficient Data: 2 datapoints were unknown.");
  alarm.evaluation_periods = 1;
  CHECK(state_reason(alarm, verdict(State::insufficient_data, {}, 1)) ==
        "Insufficient Data: 1 datapoint was unknown.");
}

TEST_CASE("reasons with datapoints to alarm") {
  auto alarm = alarm_of_the_guide();
  alarm.comparison = Comparison::greater_or_equal;
  alarm.evaluation_periods = 3;
  alarm.datapoints_to_alarm = 3;
  CHECK(state_reason(alarm, verdict(State::alarm, {1, 2, 3})) ==
        "Threshold Crossed: 3 out of the last 3 datapoints [1.0 (22/11/26 10:41:00), 2.0 (22/11/26 "
        "10:40:00), 3.0 "
        "(22/11/26 10:39:00)] were greater than or equal to the threshold (1.0) (minimum 3 "
        "datapoints for OK -> ALARM transition).");
  CHECK(state_reason(alarm, verdict(State::ok, {0, 2, 3})) ==
        "Threshold Crossed: 1 out of the last 3 datapoints [0.0 (22/11/26 10:41:00)] was not "
        "greater than or equal to the "
        "threshold (1.0) (minimum 1 datapoint for ALARM -> OK transition).");
  alarm.datapoints_to_alarm = 1;
  alarm.evaluation_periods = 1;
  alarm.comparison = Comparison::less;
  alarm.threshold = 99;
  CHECK(state_reason(alarm, verdict(State::alarm, {12.15})) ==
        "Threshold Crossed: 1 out of the last 1 datapoints [12.15 (22/11/26 10:41:00)] was less "
        "than the threshold (99.0) "
        "(minimum 1 datapoint for OK -> ALARM transition).");
}

TEST_CASE("five datapoints and more are told apart (fact cloudwatch-18)") {
  auto alarm = alarm_of_the_guide();
  alarm.comparison = Comparison::greater;
  alarm.threshold = 0;
  alarm.evaluation_periods = 6;
  const std::string five =
      "[1.0 (22/11/26 10:41:00), 2.0 (22/11/26 10:40:00), 3.0 (22/11/26 10:39:00), 4.0 (22/11/26 "
      "10:38:00), 5.0 (22/11/26 10:37:00)]";
  CHECK(state_reason(alarm, verdict(State::alarm, {1, 2, 3, 4, 5, 6})) ==
        "Threshold Crossed: 6 datapoints were greater than the threshold (0.0). The most recent "
        "datapoints which crossed "
        "the threshold: " +
            five + ".");
  alarm.datapoints_to_alarm = 6;
  CHECK(state_reason(alarm, verdict(State::alarm, {1, 2, 3, 4, 5, 6})) ==
        "Threshold Crossed: 6 out of the last 6 datapoints were greater than the threshold (0.0). "
        "The most recent datapoints "
        "which crossed the threshold: " +
            five + " (minimum 6 datapoints for OK -> ALARM transition).");
}

TEST_CASE("reason data, with and without datapoints (fact cloudwatch-19)") {
  auto alarm = alarm_of_the_guide();
  const auto now = from_civil(2026, 11, 22, 10, 42, 21) + std::chrono::milliseconds{231};
  auto two = verdict(State::alarm, {0, 1});
  alarm.evaluation_periods = 2;
  CHECK(state_reason_data(alarm, two, two.evaluated, now) ==
        R"({"version":"1.0","queryDate":"2026-11-22T10:42:21.231+0000",)"
        R"("startDate":"2026-11-22T10:40:00.000+0000",)"
        R"("statistic":"Minimum","period":60,"recentDatapoints":[1.0,0.0],"threshold":1.0,)"
        R"("evaluatedDatapoints":[)"
        R"({"timestamp":"2026-11-22T10:41:00.000+0000","sampleCount":3.0,"value":0.0},)"
        R"({"timestamp":"2026-11-22T10:40:00.000+0000","sampleCount":3.0,"value":1.0}]})");
  alarm.evaluation_periods = 1;
  alarm.unit = unit_by_name("Seconds");
  const std::vector<Datapoint> nothing = {{from_civil(2026, 11, 22, 10, 41, 0), {}, 0},
                                          {from_civil(2026, 11, 22, 10, 40, 0), {}, 0}};
  CHECK(state_reason_data(alarm, verdict(State::ok, {}, 1), nothing, now) ==
        R"({"version":"1.0","queryDate":"2026-11-22T10:42:21.231+0000","unit":"Seconds",)"
        R"("statistic":"Minimum","period":60,)"
        R"("recentDatapoints":[],"threshold":1.0,"evaluatedDatapoints":)"
        R"([{"timestamp":"2026-11-22T10:41:00.000+0000"}]})");
}

TEST_CASE("reason data never outgrows its limit and stays JSON") {
  auto alarm = alarm_of_the_guide();
  alarm.evaluation_periods = 500;
  auto many = verdict(State::alarm, std::vector<double>(500, 1.0 / 3));
  const auto data = state_reason_data(alarm, many, many.evaluated, Instant{});
  CHECK(data.size() <= 4000);
  CHECK(aws::from_json(data));
}

TEST_CASE("the notification, in order (facts cloudwatch-20, -21)") {
  auto alarm = alarm_of_the_guide();
  alarm.state = State::alarm;
  alarm.state_reason = state_reason(alarm, verdict(State::alarm, {0}));
  alarm.state_updated = from_civil(2026, 11, 22, 10, 42, 21) + std::chrono::milliseconds{231};
  const std::string head =
      R"({"AlarmName":"hc","AlarmDescription":null,"AWSAccountId":"000000000000",)"
      R"("AlarmConfigurationUpdatedTimestamp":"2026-11-22T10:30:38.351+0000",)"
      R"("NewStateValue":"ALARM",)"
      R"("NewStateReason":"Threshold Crossed: 1 datapoint [0.0 (22/11/26 10:41:00)] was less than )"
      R"(the threshold (1.0).",)"
      R"j("StateChangeTime":"2026-11-22T10:42:21.231+0000","Region":"US East (N. Virginia)",)j"
      R"("AlarmArn":"arn:aws:cloudwatch:us-east-1:000000000000:alarm:hc","OldStateValue":"OK",)"
      R"("OKActions":[],"AlarmActions":["arn:aws:sns:us-east-1:000000000000:topic"],)"
      R"("InsufficientDataActions":[],)";
  CHECK(notification_message(alarm, "000000000000", State::ok) ==
        head + R"("Trigger":{"MetricName":"HealthCheckStatus","Namespace":"AWS/Route53",)"
               R"("StatisticType":"Statistic",)"
               R"("Statistic":"MINIMUM","Unit":null,"Dimensions":[{"value":"233e",)"
               R"("name":"HealthCheckId"}],"Period":60,)"
               R"("EvaluationPeriods":1,"ComparisonOperator":"LessThanThreshold","Threshold":1.0,)"
               R"("TreatMissingData":"notBreaching","EvaluateLowSampleCountPercentile":""}})");
  alarm.statistic = Statistic::basic("SampleCount");
  alarm.datapoints_to_alarm = 1;
  alarm.unit = unit_by_name("Seconds");
  alarm.treat_missing_data.reset();
  CHECK(
      notification_message(alarm, "000000000000", State::ok) ==
      head +
          R"("Trigger":{"MetricName":"HealthCheckStatus","Namespace":"AWS/Route53",)"
          R"("StatisticType":"Statistic",)"
          R"("Statistic":"SAMPLE_COUNT","Unit":"Seconds","Dimensions":[{"value":"233e",)"
          R"("name":"HealthCheckId"}],"Period":60,)"
          R"("EvaluationPeriods":1,"DatapointsToAlarm":1,"ComparisonOperator":"LessThanThreshold",)"
          R"("Threshold":1.0,"TreatMissingData":"","EvaluateLowSampleCountPercentile":""}})");
  alarm.statistic = Statistic::extended("p99.9");
  CHECK(notification_message(alarm, "000000000000", State::ok)
            .find(R"("StatisticType":"ExtendedStatistic","ExtendedStatistic":"p99.9","Unit")") !=
        std::string::npos);
}

TEST_CASE("the subject, cut inside its quotes where it is too long (fact cloudwatch-22)") {
  auto alarm = alarm_of_the_guide();
  alarm.state = State::alarm;
  CHECK(notification_subject(alarm) == "ALARM: \"hc\" in US East (N. Virginia)");
  alarm.name = std::string(200, 'n');
  const auto subject = notification_subject(alarm);
  CHECK(subject.size() == 100);
  CHECK(subject.find("n...\" in US East (N. Virginia)") != std::string::npos);
  alarm.region = "eu-west-1";
  alarm.state = State::insufficient_data;
  alarm.name = "x";
  CHECK(notification_subject(alarm) == "INSUFFICIENT_DATA: \"x\" in EU (Ireland)");
  CHECK(region_display_name("xx-nowhere-9") == "xx-nowhere-9");
}

TEST_CASE("a Lambda action's event") {
  auto alarm = alarm_of_the_guide();
  alarm.state = State::alarm;
  alarm.state_reason = "r";
  alarm.state_updated = from_civil(2026, 1, 2, 3, 4, 5);
  CHECK(
      function_event(alarm, {State::ok, "before", std::nullopt, from_civil(2026, 1, 1, 0, 0, 0)},
                     {"000000000000", "m"}) ==
      R"({"source":"aws.cloudwatch",)"
      R"("alarmArn":"arn:aws:cloudwatch:us-east-1:000000000000:alarm:hc",)"
      R"("accountId":"000000000000",)"
      R"("time":"2026-01-02T03:04:05.000+0000","region":"us-east-1","alarmData":{"alarmName":"hc",)"
      R"("state":{"value":"ALARM",)"
      R"("reason":"r","timestamp":"2026-01-02T03:04:05.000+0000"},"previousState":{"value":"OK",)"
      R"("reason":"before","timestamp":"2026-01-01T00:00:00.000+0000"},"configuration":)"
      R"({"metrics":[{"id":"m","metricStat":{"metric":)"
      R"({"namespace":"AWS/Route53","name":"HealthCheckStatus",)"
      R"("dimensions":{"HealthCheckId":"233e"}},"period":60,)"
      R"("stat":"Minimum"},"returnData":true}]}}})");
}

TEST_CASE("history data keeps to its limit") {
  auto alarm = alarm_of_the_guide();
  alarm.description = std::string(1024, 'd');
  alarm.alarm_actions.assign(5, "arn:aws:sns:us-east-1:000000000000:" + std::string(900, 't'));
  for (const auto& data :
       {created_data(configuration_json(alarm)), deleted_data(configuration_json(alarm)),
        updated_data(configuration_json(alarm), configuration_json(alarm))}) {
    CHECK(data.size() <= longest_history_data);
    CHECK(aws::from_json(data));
  }
  CHECK(
      created_data(configuration_json(alarm_of_the_guide()))
          .rfind(R"({"version":"1.0","type":"Create","createdAlarm":{"alarmName":"hc","alarmArn":)",
                 0) == 0);
  CHECK(state_update_data({State::ok, "a", R"({"v":1})", {}}, alarm) ==
        R"({"version":"1.0","oldState":{"stateValue":"OK","stateReason":"a",)"
        R"("stateReasonData":{"v":1}},)"
        R"("newState":{"stateValue":"INSUFFICIENT_DATA","stateReason":""}})");
}
