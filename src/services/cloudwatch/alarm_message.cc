// SPDX-License-Identifier: Apache-2.0
#include "services/cloudwatch/alarm_message.h"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "services/cloudwatch/json_text.h"

namespace sitelatch::cloudwatch {
namespace {

constexpr std::size_t longest_subject = 100;

constexpr std::array<std::pair<std::string_view, std::string_view>, 30> regions = {{
    {"us-east-1", "US East (N. Virginia)"},
    {"us-east-2", "US East (Ohio)"},
    {"us-west-1", "US West (N. California)"},
    {"us-west-2", "US West (Oregon)"},
    {"af-south-1", "Africa (Cape Town)"},
    {"ap-east-1", "Asia Pacific (Hong Kong)"},
    {"ap-south-1", "Asia Pacific (Mumbai)"},
    {"ap-south-2", "Asia Pacific (Hyderabad)"},
    {"ap-northeast-1", "Asia Pacific (Tokyo)"},
    {"ap-northeast-2", "Asia Pacific (Seoul)"},
    {"ap-northeast-3", "Asia Pacific (Osaka)"},
    {"ap-southeast-1", "Asia Pacific (Singapore)"},
    {"ap-southeast-2", "Asia Pacific (Sydney)"},
    {"ap-southeast-3", "Asia Pacific (Jakarta)"},
    {"ap-southeast-4", "Asia Pacific (Melbourne)"},
    {"ca-central-1", "Canada (Central)"},
    {"ca-west-1", "Canada West (Calgary)"},
    {"cn-north-1", "China (Beijing)"},
    {"cn-northwest-1", "China (Ningxia)"},
    {"eu-central-1", "EU (Frankfurt)"},
    {"eu-central-2", "Europe (Zurich)"},
    {"eu-west-1", "EU (Ireland)"},
    {"eu-west-2", "EU (London)"},
    {"eu-west-3", "EU (Paris)"},
    {"eu-north-1", "EU (Stockholm)"},
    {"eu-south-1", "Europe (Milan)"},
    {"il-central-1", "Israel (Tel Aviv)"},
    {"me-south-1", "Middle East (Bahrain)"},
    {"me-central-1", "Middle East (UAE)"},
    {"sa-east-1", "South America (Sao Paulo)"},
}};

// "SampleCount" -> "SAMPLE_COUNT"
std::string upper_snake(std::string_view name) {
  std::string out;
  for (const char c : name) {
    const bool capital = c >= 'A' && c <= 'Z';
    if (capital && !out.empty()) out += '_';
    out += capital || c < 'a' || c > 'z' ? c : static_cast<char>(c - 'a' + 'A');
  }
  return out;
}

std::string trigger(const MetricAlarm& alarm) {
  JsonObject out;
  out.text("MetricName", alarm.metric.name).text("Namespace", alarm.metric.name_space);
  if (alarm.statistic->is_extended())
    out.text("StatisticType", "ExtendedStatistic")
        .text("ExtendedStatistic", alarm.statistic->name());
  else
    out.text("StatisticType", "Statistic").text("Statistic", upper_snake(alarm.statistic->name()));
  if (alarm.unit)
    out.text("Unit", unit_name(*alarm.unit));
  else
    out.null("Unit");
  std::vector<std::string> dimensions;
  for (const auto& dimension : alarm.metric.dimensions)
    dimensions.push_back(
        JsonObject{}.text("value", dimension.value).text("name", dimension.name).str());
  out.json("Dimensions", json_list(dimensions)).integer("Period", alarm.period_s);
  out.integer("EvaluationPeriods", alarm.evaluation_periods);
  if (alarm.datapoints_to_alarm) out.integer("DatapointsToAlarm", *alarm.datapoints_to_alarm);
  out.text("ComparisonOperator", comparison_name(alarm.comparison))
      .number("Threshold", alarm.threshold);
  out.text("TreatMissingData", alarm.treat_missing_data.value_or(""));
  out.text("EvaluateLowSampleCountPercentile",
           alarm.evaluate_low_sample_count_percentile.value_or(""));
  return out.str();
}

JsonObject common(const AlarmBasics& alarm, const std::string& account, State old_state) {
  JsonObject out;
  out.text("AlarmName", alarm.name);
  if (alarm.description)
    out.text("AlarmDescription", *alarm.description);
  else
    out.null("AlarmDescription");
  out.text("AWSAccountId", account);
  out.text("AlarmConfigurationUpdatedTimestamp", iso8601_ms_offset(alarm.configured));
  out.text("NewStateValue", state_name(alarm.state)).text("NewStateReason", alarm.state_reason);
  out.text("StateChangeTime", iso8601_ms_offset(alarm.state_updated));
  out.text("Region", region_display_name(alarm.region)).text("AlarmArn", alarm.arn);
  out.text("OldStateValue", state_name(old_state));
  out.json("OKActions", json_string_list(alarm.ok_actions));
  out.json("AlarmActions", json_string_list(alarm.alarm_actions));
  out.json("InsufficientDataActions", json_string_list(alarm.insufficient_data_actions));
  return out;
}

std::string state_of(State state, const std::string& reason, const std::optional<std::string>& data,
                     Instant at) {
  JsonObject out;
  out.text("value", state_name(state)).text("reason", reason);
  if (data) out.text("reasonData", *data);
  return out.text("timestamp", iso8601_ms_offset(at)).str();
}

std::string metric_of(const MetricAlarm& alarm, const std::string& id) {
  JsonObject dimensions;
  for (const auto& dimension : alarm.metric.dimensions)
    dimensions.text(dimension.name, dimension.value);
  JsonObject metric;
  metric.text("namespace", alarm.metric.name_space).text("name", alarm.metric.name);
  metric.json("dimensions", dimensions.str());
  JsonObject stat;
  stat.json("metric", metric.str())
      .integer("period", alarm.period_s)
      .text("stat", alarm.statistic->name());
  if (alarm.unit) stat.text("unit", unit_name(*alarm.unit));
  return JsonObject{}
      .text("id", id)
      .json("metricStat", stat.str())
      .boolean("returnData", true)
      .str();
}

std::string whole_configuration(const MetricAlarm& alarm, const std::string& metric_id) {
  JsonObject out;
  out.integer("evaluationPeriods", alarm.evaluation_periods);
  if (alarm.datapoints_to_alarm) out.integer("datapointsToAlarm", *alarm.datapoints_to_alarm);
  out.number("threshold", alarm.threshold)
      .text("comparisonOperator", comparison_name(alarm.comparison));
  if (alarm.treat_missing_data) out.text("treatMissingData", *alarm.treat_missing_data);
  if (alarm.evaluate_low_sample_count_percentile)
    out.text("evaluateLowSampleCountPercentile", *alarm.evaluate_low_sample_count_percentile);
  out.json("metrics", json_list({metric_of(alarm, metric_id)})).text("alarmName", alarm.name);
  if (alarm.description) out.text("description", *alarm.description);
  out.boolean("actionsEnabled", alarm.actions_enabled)
      .text("timestamp", iso8601_ms_offset(alarm.configured));
  out.json("okActions", json_string_list(alarm.ok_actions));
  out.json("alarmActions", json_string_list(alarm.alarm_actions));
  out.json("insufficientDataActions", json_string_list(alarm.insufficient_data_actions));
  return out.str();
}

}  // namespace

std::string region_display_name(std::string_view region) {
  for (const auto& [id, name] : regions)
    if (id == region) return std::string{name};
  return std::string{region};
}

std::string notification_subject(const AlarmBasics& alarm) {
  const auto written = [&](std::string_view name) {
    return fmt::format("{}: \"{}\" in {}", state_name(alarm.state), name,
                       region_display_name(alarm.region));
  };
  auto subject = written(alarm.name);
  if (subject.size() <= longest_subject) return subject;
  auto keep = alarm.name.size() - std::min(alarm.name.size(), subject.size() - longest_subject + 3);
  // Not in the middle of a character.
  while (keep > 0 && (static_cast<unsigned char>(alarm.name[keep]) & 0xc0) == 0x80) --keep;
  return written(alarm.name.substr(0, keep) + "...");
}

std::string notification_message(const MetricAlarm& alarm, const std::string& account,
                                 State old_state) {
  return common(alarm, account, old_state).json("Trigger", trigger(alarm)).str();
}

std::string state_change_detail(const MetricAlarm& alarm, const StateBefore& before,
                                const std::string& metric_id) {
  JsonObject configuration;
  if (alarm.description) configuration.text("description", *alarm.description);
  configuration.json("metrics", json_list({metric_of(alarm, metric_id)}));
  JsonObject data;
  data.text("alarmName", alarm.name);
  data.json("state", state_of(alarm.state, alarm.state_reason, alarm.state_reason_data,
                              alarm.state_updated));
  data.json("previousState",
            state_of(before.state, before.reason, before.reason_data, before.updated));
  data.json("configuration", configuration.str());
  return data.str();
}

std::string configuration_change_detail(const MetricAlarm& alarm, std::string_view operation,
                                        const MetricAlarm* previous, const std::string& metric_id) {
  JsonObject data, state;
  data.text("alarmName", alarm.name).text("operation", operation);
  state.text("value", state_name(alarm.state))
      .text("timestamp", iso8601_ms_offset(alarm.state_updated));
  data.json("state", state.str());
  data.json("configuration", whole_configuration(alarm, metric_id));
  if (previous) data.json("previousConfiguration", whole_configuration(*previous, metric_id));
  return data.str();
}

std::string function_event(const MetricAlarm& alarm, const StateBefore& before,
                           const FunctionEventIds& ids) {
  JsonObject out;
  out.text("source", "aws.cloudwatch").text("alarmArn", alarm.arn).text("accountId", ids.account);
  out.text("time", iso8601_ms_offset(alarm.state_updated)).text("region", alarm.region);
  return out.json("alarmData", state_change_detail(alarm, before, ids.metric_id)).str();
}

}  // namespace sitelatch::cloudwatch
