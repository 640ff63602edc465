// SPDX-License-Identifier: Apache-2.0
#include "services/cloudwatch/history_data.h"

#include "services/cloudwatch/json_text.h"

namespace sitelatch::cloudwatch {
namespace {

void add_head(const AlarmBasics& alarm, JsonObject& out) {
  out.text("alarmName", alarm.name);
  if (alarm.description) out.text("alarmDescription", *alarm.description);
  out.text("alarmArn", alarm.arn);
  out.text("alarmConfigurationUpdatedTimestamp", iso8601_ms_offset(alarm.configured));
}
void add_metric(const MetricAlarm& alarm, JsonObject& out) {
  out.text("namespace", alarm.metric.name_space).text("metricName", alarm.metric.name);
  out.text(alarm.statistic->is_extended() ? "extendedStatistic" : "statistic",
           alarm.statistic->name());
  out.integer("period", alarm.period_s);
  if (alarm.unit) out.text("unit", unit_name(*alarm.unit));
  out.json("dimensions", dimensions_json(alarm.metric.dimensions));
}
void add_tail(const AlarmBasics& alarm, JsonObject& out) {
  out.text("stateValue", state_name(alarm.state));
  out.text("stateUpdatedTimestamp", iso8601_ms_offset(alarm.state_updated));
  out.boolean("actionsEnabled", alarm.actions_enabled);
  out.json("alarmActions", json_string_list(alarm.alarm_actions));
  out.json("insufficientDataActions", json_string_list(alarm.insufficient_data_actions));
  out.json("okactions", json_string_list(alarm.ok_actions));
}

// Falls back to less where the whole is longer than AWS allows.
std::string whole_or(const std::string& whole, const std::string& less) {
  return whole.size() <= longest_history_data ? whole : less;
}

std::string change(std::string_view type, std::string_view member,
                   const std::string& configuration) {
  const auto head = JsonObject{}.text("version", "1.0").text("type", type);
  return whole_or(JsonObject{head}.json(member, configuration).str(), head.str());
}

std::string state_json(State state, const std::string& reason,
                       const std::optional<std::string>& data) {
  JsonObject out;
  out.text("stateValue", state_name(state)).text("stateReason", reason);
  if (data && aws::from_json(*data)) out.json("stateReasonData", *data);
  return out.str();
}

}  // namespace

std::string created_data(const std::string& configuration) {
  return change("Create", "createdAlarm", configuration);
}
std::string deleted_data(const std::string& configuration) {
  return change("Delete", "deletedAlarm", configuration);
}

std::string updated_data(const std::string& before, const std::string& after) {
  const auto old_fields = aws::from_json(before), new_fields = aws::from_json(after);
  // Only the names and old values of what changed; both texts are ours, so they parse.
  aws::Value changed = aws::Value::structure();
  if (old_fields && new_fields)
    for (const auto& [name, value] : old_fields->members())
      if (!(value == (*new_fields)[name])) changed.set(name, value);
  const auto head = JsonObject{}.text("version", "1.0").text("type", "Update");
  return whole_or(JsonObject{head}
                      .json("originalUpdatedFields", aws::to_json(changed))
                      .json("updatedAlarm", after)
                      .str(),
                  change("Update", "updatedAlarm", after));
}

std::string configuration_json(const MetricAlarm& alarm) {
  JsonObject out;
  add_head(alarm, out);
  if (alarm.is_on_queries())
    out.json("metrics", queries_json(alarm.queries));
  else
    add_metric(alarm, out);
  out.number("threshold", alarm.threshold);
  out.text("comparisonOperator", comparison_name(alarm.comparison));
  out.integer("evaluationPeriods", alarm.evaluation_periods);
  if (alarm.datapoints_to_alarm) out.integer("datapointsToAlarm", *alarm.datapoints_to_alarm);
  if (alarm.treat_missing_data) out.text("treatMissingData", *alarm.treat_missing_data);
  if (alarm.evaluate_low_sample_count_percentile)
    out.text("evaluateLowSampleCountPercentile", *alarm.evaluate_low_sample_count_percentile);
  add_tail(alarm, out);
  return out.str();
}

std::string configuration_json(const CompositeAlarm& alarm) {
  JsonObject out;
  add_head(alarm, out);
  out.text("alarmRule", alarm.rule_text);
  if (alarm.suppressor)
    out.text("actionsSuppressor", *alarm.suppressor)
        .integer("actionsSuppressorWaitPeriod", alarm.wait_period_s)
        .integer("actionsSuppressorExtensionPeriod", alarm.extension_period_s);
  add_tail(alarm, out);
  return out.str();
}

std::string state_update_data(const StateBefore& before, const AlarmBasics& now) {
  const auto written = [&](const std::optional<std::string>& old_data,
                           const std::optional<std::string>& new_data) {
    JsonObject out;
    out.text("version", "1.0").json("oldState", state_json(before.state, before.reason, old_data));
    return out.json("newState", state_json(now.state, now.state_reason, new_data)).str();
  };
  auto whole = written(before.reason_data, now.state_reason_data);
  if (whole.size() > longest_history_data) whole = written(std::nullopt, now.state_reason_data);
  if (whole.size() > longest_history_data) whole = written(std::nullopt, std::nullopt);
  return whole;
}

std::string action_data(const ExecutedAction& action, Instant state_updated) {
  JsonObject out;
  out.text("actionState", action.error.empty() ? "Succeeded" : "Failed");
  out.integer("stateUpdateTimestamp", unix_ms(state_updated))
      .text("notificationResource", action.arn);
  if (!action.error.empty()) out.text("error", action.error);
  return whole_or(JsonObject{out}.text("publishedMessage", action.message).str(), out.str());
}

}  // namespace sitelatch::cloudwatch
