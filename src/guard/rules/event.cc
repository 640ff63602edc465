// SPDX-License-Identifier: Apache-2.0
// What the function is sent, and whether it may act on it.
#include "base/text.h"
#include "guard/rules/decision.h"
#include "guard/rules/json.h"

namespace sitelatch::guard {
namespace {
std::optional<Instant> time_of(const Json& json) {
  return json.is_string() && json.text().size() <= 40 ? parse_iso8601(json.text()) : std::nullopt;
}

// Hostile text in a reason: short, one line.
std::string shown(const Json& json) {
  if (json.is_null()) return "nothing";
  if (json.is_object() || json.is_array()) return "something else";
  std::string text;
  for (const char c : json.text().substr(0, 100))
    text += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? ' ' : c;
  return valid_utf8(text) ? "'" + text + "'" : "'...'";
}

Result<SnsRecord> read_record(const Json& json) {
  if (!json.is_object()) return failure(Problem{"the record is not an object"});
  if (json["EventSource"].text() != "aws:sns")
    return failure(Problem{"the record is not from SNS, but from " + shown(json["EventSource"])});
  const auto& sns = json["Sns"];
  if (!sns.is_object() || !sns["Message"].is_string() || !sns["TopicArn"].is_string())
    return failure(Problem{"the record has no Sns.Message or no Sns.TopicArn"});
  return SnsRecord{sns["MessageId"].text(), sns["TopicArn"].text(), sns["Message"].text(),
                   time_of(sns["Timestamp"])};
}

Event unknown(std::string problem) {
  Event event;
  event.problem = std::move(problem);
  return event;
}

Event notifications(const Json& records) {
  Event event;
  event.kind = Event::Kind::notifications;
  for (const auto& json : records.elements()) {
    auto record = read_record(json);
    if (record && record->timestamp && (!event.time || *record->timestamp > *event.time))
      event.time = record->timestamp;
    event.records.push_back(std::move(record));
  }
  return event;
}

// Lambda writes all of it but the method, the path, the headers and the body.
Event request(const Json& json) {
  Event event;
  event.kind = Event::Kind::url;
  event.method = json["requestContext"]["http"]["method"].text();
  event.path = json["rawPath"].text();
  const auto ms = parse_int(json["requestContext"]["timeEpoch"].text());
  if (ms && *ms > 0) event.time = from_unix_ms(*ms);
  return event;
}

Problem expected(std::string_view what, std::string_view ours, const Json& theirs) {
  return {std::string{what} + " is " + shown(theirs) + ", not '" + std::string{ours} + "'"};
}

// The dimension by its name, wherever it stands and however its keys are spelled (JSON of alarms:
// lower case).
const Json* dimension(const Json& trigger, std::string_view name) {
  for (const auto& json : trigger["Dimensions"].elements())
    for (const auto* keys : {"name", "Name"})
      if (json[keys].is_string() && json[keys].text() == name)
        return json.has("value") ? &json["value"] : &json["Value"];
  return nullptr;
}
}  // namespace

Event parse_event(std::string_view text) {
  const auto json = Json::parse(text);
  if (!json) return unknown("the event is not JSON");
  if (!json->is_object()) return unknown("the event is not an object");
  const auto& event = *json;
  if (event["sitelatch"].text() == "self-test") {
    Event test;
    test.kind = Event::Kind::self_test;
    return test;
  }
  if (event["Records"].is_array()) {
    if (event["Records"].elements().empty()) return unknown("the event has no record");
    return notifications(event["Records"]);
  }
  if (event["source"].text() == "aws.events" && event["detail-type"].text() == "Scheduled Event") {
    Event tick;
    tick.kind = Event::Kind::schedule;
    tick.time = time_of(event["time"]);
    if (!event["resources"].elements().empty())
      tick.rule_arn = event["resources"].elements()[0].text();
    return tick;
  }
  if (event["version"].text() == "2.0" && event["requestContext"]["http"].is_object())
    return request(event);
  return unknown(
      "the event is neither a notification of SNS, nor a tick of a schedule, nor a request of a "
      "URL, nor "
      "a self-test");
}

Result<Evidence> judge(const SnsRecord& record, const Arrangement& ours) {
  const auto message = Json::parse(record.message);
  if (record.topic_arn != ours.alarm_topic_arn)
    return failure(Problem{"it came by the topic '" + record.topic_arn.substr(0, 200) + "', not '" +
                           ours.alarm_topic_arn + "'"});
  if (!message || !message->is_object())
    return failure(Problem{"the message is not that of an alarm"});
  const auto& alarm = *message;
  if (alarm["AlarmArn"].text() != ours.alarm_arn)
    return failure(expected("the alarm", ours.alarm_arn, alarm["AlarmArn"]));
  if (alarm["NewStateValue"].text() != "ALARM")
    return failure(expected("the new state", "ALARM", alarm["NewStateValue"]));
  const auto& trigger = alarm["Trigger"];
  if (trigger["Namespace"].text() != "AWS/Route53")
    return failure(expected("the namespace", "AWS/Route53", trigger["Namespace"]));
  if (trigger["MetricName"].text() != "HealthCheckStatus")
    return failure(expected("the metric", "HealthCheckStatus", trigger["MetricName"]));
  const auto* id = dimension(trigger, "HealthCheckId");
  if (!id) return failure(Problem{"the alarm has no dimension HealthCheckId"});
  if (!id->is_string() || id->text() != ours.health_check_id)
    return failure(expected("the health check", ours.health_check_id, *id));
  const auto at = time_of(alarm["StateChangeTime"]);
  if (!at) return failure(Problem{"the message does not say when the alarm changed"});
  return Evidence{*at, oldest_datapoint(alarm["NewStateReason"].text())};
}

Result<Arrangement> read_arrangement(const Texts& environment) {
  const auto get = [&environment](const char* name) {
    const auto found = environment.find(name);
    return found == environment.end() ? std::string{} : found->second;
  };
  Arrangement ours{get("SITELATCH_HEALTH_CHECK_ID"), get("SITELATCH_ALARM_ARN"),
                   get("SITELATCH_ALARM_TOPIC_ARN"), get("SITELATCH_NOTIFY_TOPIC_ARN"),
                   get("SITELATCH_RULE_ARN"),        get("SITELATCH_AUDIT_GROUP"),
                   get("SITELATCH_DNS_NAME")};
  for (const auto* name : {"SITELATCH_HEALTH_CHECK_ID", "SITELATCH_ALARM_ARN",
                           "SITELATCH_ALARM_TOPIC_ARN", "SITELATCH_NOTIFY_TOPIC_ARN"})
    if (get(name).empty())
      return failure(Problem{std::string{name} + " is not set: deploy the guard again"});
  return ours;
}

}  // namespace sitelatch::guard
