// SPDX-License-Identifier: Apache-2.0
// Fixtures of the rules' tests: one guarded check, its alarm, a notification.
#pragma once

#include "guard/rules/config_form.h"
#include "guard/rules/decision.h"
#include "guard/rules/json.h"

namespace sitelatch::guard::testing {

inline const std::string id = "233e180f-f023-45a3-954e-415303f21eab";
inline const Instant noon = from_civil(2026, 11, 22, 12, 0, 0);
inline Instant at(int seconds) { return noon + std::chrono::seconds{seconds}; }

inline Check healthy_check() {
  Check check;
  check.id = id;
  check.version = 1;
  check.path = "/lb-check";
  check.fqdn = "primary.example.test";
  return check;
}

// A character a minute from `first` on: 1 healthy, 0 not, x both, a blank: no data.
inline std::vector<StatusMinute> status_minutes(std::string_view text, Instant first) {
  std::vector<StatusMinute> minutes;
  for (std::size_t i = 0; i < text.size(); ++i)
    if (text[i] != ' ')
      minutes.push_back({first + std::chrono::minutes{i}, text[i] != '1', text[i] != '0'});
  return minutes;
}

// Found healthy in each of the twenty minutes before.
inline PrimaryHealth healthy_until(Instant end) {
  return {true, status_minutes(std::string(20, '1'), end - std::chrono::minutes{20})};
}

// An alarm as somebody has put it by that rule, and nothing else of it.
inline ObservedAlarm alarm_by(const AlarmRule& rule) {
  ObservedAlarm alarm;
  alarm.metric_namespace = rule.metric_namespace;
  alarm.metric = rule.metric;
  alarm.statistic = rule.statistic;
  alarm.comparison = rule.comparison;
  alarm.dimensions = rule.dimensions;
  alarm.threshold = rule.threshold;
  alarm.period_s = rule.period_s;
  alarm.evaluation_periods = rule.periods;
  return alarm;
}

inline Situation armed() {
  Situation s;
  s.check = healthy_check();
  s.alarm = AlarmSnapshot{AlarmState::ok, at(-3600), true, true};
  s.record.original_path = "/lb-check";
  s.record.latch = LatchKind::path;
  s.health = healthy_until(at(0));
  return s;
}

// What AWS would look like afterwards.
inline void carry_out(const Change& change, Situation& s) {
  if (!change.check.empty()) s.check = apply(change.check, s.check);
  s.record = change.record;
  if (change.alarm_actions && s.alarm) s.alarm->actions_enabled = *change.alarm_actions;
}

inline Arrangement arrangement() {
  return {id,
          "arn:aws:cloudwatch:us-east-1:000000000000:alarm:sitelatch-" + id,
          "arn:aws:sns:us-east-1:000000000000:sitelatch-" + id,
          "arn:aws:sns:us-east-1:000000000000:sitelatch-" + id + "-notify",
          "arn:aws:events:us-east-1:000000000000:rule/sitelatch-" + id,
          "/sitelatch/" + id};
}

// The alarm's message (fact cloudwatch-20), with parts to replace.
struct AlarmMessage {
  std::string state = "ALARM", metric = "HealthCheckStatus", metric_namespace = "AWS/Route53",
              arn = arrangement().alarm_arn,
              dimensions = R"([{"value":")" + id + R"(","name":"HealthCheckId"}])",
              changed = "2026-11-22T12:00:00.000+0000",
              reason =
                  "Threshold Crossed: 1 datapoint [0.0 (22/11/26 11:59:00)] was less than the "
                  "threshold (1.0).";
  std::string json() const {
    return JsonObject{}
        .add("AlarmName", "sitelatch-" + id)
        .raw("AlarmDescription", "null")
        .add("NewStateValue", state)
        .add("NewStateReason", reason)
        .add("StateChangeTime", changed)
        .add("AlarmArn", arn)
        .raw("Trigger", JsonObject{}
                            .add("MetricName", metric)
                            .add("Namespace", metric_namespace)
                            .raw("Dimensions", dimensions)
                            .text())
        .text();
  }
};

inline std::string sns_event(const std::vector<std::string>& messages,
                             const std::string& topic = arrangement().alarm_topic_arn) {
  std::vector<std::string> records;
  for (const auto& message : messages) {
    const auto sns = JsonObject{}
                         .add("MessageId", "m-1")
                         .add("TopicArn", topic)
                         .add("Message", message)
                         .add("Timestamp", "2026-11-22T12:00:01.000Z")
                         .text();
    records.push_back(JsonObject{}.add("EventSource", "aws:sns").raw("Sns", sns).text());
  }
  return JsonObject{}.raw("Records", json_array(records)).text();
}

}  // namespace sitelatch::guard::testing
