// SPDX-License-Identifier: Apache-2.0
#include "guard/rules/code_values.h"

#include <charconv>

#include "base/text.h"
#include "guard/rules/json.h"

namespace sitelatch::guard::code {
namespace {

using aws::Value;

Value text_or_none(const std::string& text) { return text.empty() ? Value{} : Value{text}; }
Value number_or_none(int number) { return number == 0 ? Value{} : Value{number}; }
Value true_or_none(bool value) { return value ? Value{true} : Value{}; }
Value list_or_none(const std::vector<std::string>& texts) {
  return texts.empty() ? Value{} : list_of(texts);
}

Value value_of(const Json& json) {
  switch (json.type()) {
    case Json::Type::null:
      return {};
    case Json::Type::boolean:
      return json.boolean();
    case Json::Type::number:
      if (const auto whole = parse_int(json.text())) return *whole;
      return json.number().value_or(0);
    case Json::Type::string:
      return json.text();
    case Json::Type::array: {
      auto list = Value::list();
      for (const auto& one : json.elements()) list.push(value_of(one));
      return list;
    }
    case Json::Type::object: {
      auto object = Value::structure();
      for (std::size_t i = 0; i < json.names().size(); ++i)
        object.set(json.names()[i], value_of(json.elements()[i]));
      return object;
    }
  }
  return {};
}

}  // namespace

Value list_of(const std::vector<std::string>& texts) {
  auto list = Value::list();
  for (const auto& text : texts) list.push(text);
  return list;
}

Value key_values(const Texts& tags) {
  auto list = Value::list();
  for (const auto& [key, value] : tags)
    list.push(Value::structure({{"Key", key}, {"Value", value}}));
  return list;
}

Value name_values(const Texts& texts) {
  auto map = Value::structure();
  for (const auto& [key, value] : texts) map.set(key, value);
  return map;
}

Value check_config(const HealthCheck& check) {
  auto out = Value::structure({{"Type", check.type},
                               {"IPAddress", text_or_none(check.address)},
                               {"FullyQualifiedDomainName", text_or_none(check.name)},
                               {"Port", number_or_none(check.port)},
                               {"ResourcePath", text_or_none(check.path)},
                               {"SearchString", text_or_none(check.search)},
                               {"RequestInterval", number_or_none(check.interval_s)},
                               {"FailureThreshold", number_or_none(check.failure_threshold)},
                               {"MeasureLatency", true_or_none(check.measures_latency)},
                               {"EnableSNI", check.sni},
                               {"Inverted", true_or_none(check.inverted)},
                               {"Regions", list_or_none(check.regions)},
                               {"ChildHealthChecks", list_or_none(check.children)},
                               {"HealthThreshold", number_or_none(check.health_threshold)}});
  if (!check.alarm_name.empty())
    out.set("AlarmIdentifier",
            Value::structure({{"Region", check.alarm_region}, {"Name", check.alarm_name}}));
  out.set("InsufficientDataHealthStatus", text_or_none(check.insufficient_data));
  return out;
}

Value alarm_settings(const Alarm& alarm) {
  auto dimensions = Value::list();
  for (const auto& [name, value] : alarm.dimensions)
    dimensions.push(Value::structure({{"Name", name}, {"Value", value}}));
  return Value::structure(
      {{"AlarmName", alarm.name},
       {"AlarmDescription", text_or_none(alarm.description)},
       {"Namespace", alarm.metric_namespace},
       {"MetricName", alarm.metric},
       {"Dimensions", dimensions},
       {"Statistic", alarm.statistic},
       {"ComparisonOperator", alarm.comparison},
       {"Threshold", alarm.threshold},
       {"Period", alarm.period_s},
       {"EvaluationPeriods", alarm.evaluation_periods},
       {"DatapointsToAlarm", number_or_none(alarm.datapoints_to_alarm)},
       {"TreatMissingData", text_or_none(alarm.missing_data)},
       {"ActionsEnabled", alarm.acts},
       {"AlarmActions", list_or_none(alarm.actions)},
       {"OKActions", list_or_none(alarm.ok_actions)},
       {"InsufficientDataActions", list_or_none(alarm.insufficient_data_actions)},
       {"Tags", alarm.tags.empty() ? Value{} : key_values(alarm.tags)}});
}

Value record_set(const Record& record) {
  auto out = Value::structure({{"Name", record.name},
                               {"Type", record.type},
                               {"SetIdentifier", text_or_none(record.set_identifier)},
                               {"Failover", text_or_none(record.failover)},
                               {"HealthCheckId", text_or_none(record.health_check_id)}});
  if (record.alias) {
    out.set("AliasTarget",
            Value::structure({{"HostedZoneId", record.alias->zone_id},
                              {"DNSName", record.alias->name},
                              {"EvaluateTargetHealth", record.alias->evaluate_target_health}}));
    return out;
  }
  auto values = Value::list();
  for (const auto& value : record.values) values.push(Value::structure({{"Value", value}}));
  out.set("TTL", record.ttl_s);
  out.set("ResourceRecords", values);
  return out;
}

Value document_value(const std::string& json) {
  const auto parsed = Json::parse(json);
  return parsed && parsed->is_object() ? value_of(*parsed) : Value{json};
}

std::string number_text(double number) {
  char buffer[40];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, number).ptr;
  return {buffer, end};
}

}  // namespace sitelatch::guard::code
