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

// The members of the rule, behind those of what is watched.
JsonObject with_rule(const MetricAlarm& alarm, JsonObject out) {
  out.integer("EvaluationPeriods", alarm.evaluation_periods);
  if (alarm.datapoints_to_alarm) out.integer("DatapointsToAlarm", *alarm.datapoints_to_alarm);
  out.text("ComparisonOperator", comparison_name(alarm.comparison))
      .number("Threshold", alarm.threshold);
  out.text("TreatMissingData", alarm.treat_missing_data.value_or(""));
  out.text("EvaluateLowSampleCountPercentile",
           alarm.evaluate_low_sample_count_percentile.value_or(""));
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
  out.json("Dimensions", dimensions_json(alarm.metric.dimensions))
      .integer("Period", alarm.period_s);
  return with_rule(alarm, std::move(out)).str();
}

// Of an alarm on queries: members by name, as AWS has them there.
std::string trigger_query(const MetricQuery& query) {
  JsonObject out;
  if (query.is_expression()) out.text("Expression", query.expression);
  out.text("Id", query.id);
  if (query.label) out.text("Label", *query.label);
  if (!query.is_expression()) {
    JsonObject metric;
    metric.json("Dimensions", dimensions_json(query.metric.dimensions));
    metric.text("MetricName", query.metric.name).text("Namespace", query.metric.name_space);
    JsonObject stat;
    stat.json("Metric", metric.str()).integer("Period", query.period_s);
    stat.text("Stat", query.statistic->name());
    if (query.unit) stat.text("Unit", unit_name(*query.unit));
    out.json("MetricStat", stat.str());
  }
  return out.boolean("ReturnData", query.returned).str();
}
std::string trigger_of_queries(const MetricAlarm& alarm) {
  std::vector<std::string> queries;
  for (const auto& query : alarm.queries) queries.push_back(trigger_query(query));
  return with_rule(alarm, JsonObject{}.integer("Period", alarm.period_s))
      .json("Metrics", json_list(queries))
      .str();
}

// A composite alarm's message does not tell when it was configured (fact cloudwatch-36).
enum class Configured { told, not_told };
JsonObject common(const AlarmBasics& alarm, const std::string& account, State old_state,
                  Muted muted, Configured configured = Configured::told) {
  JsonObject out;
  out.text("AlarmName", alarm.name);
  if (alarm.description)
    out.text("AlarmDescription", *alarm.description);
  else
    out.null("AlarmDescription");
  out.text("AWSAccountId", account);
  if (configured == Configured::told)
    out.text("AlarmConfigurationUpdatedTimestamp", iso8601_ms_offset(alarm.configured));
  out.text("NewStateValue", state_name(alarm.state)).text("NewStateReason", alarm.state_reason);
  out.text("StateChangeTime", iso8601_ms_offset(alarm.state_updated));
  out.text("Region", region_display_name(alarm.region)).text("AlarmArn", alarm.arn);
  // Composite alarms tell the old state after the actions.
  const auto tell_old_state = [&] {
    out.text("OldStateValue", state_name(old_state));
    if (muted == Muted::was) out.boolean("ActionExecutedAfterMuteWindow", true);
  };
  if (configured == Configured::told) tell_old_state();
  out.json("OKActions", json_string_list(alarm.ok_actions));
  out.json("AlarmActions", json_string_list(alarm.alarm_actions));
  out.json("InsufficientDataActions", json_string_list(alarm.insufficient_data_actions));
  if (configured == Configured::not_told) tell_old_state();
  return out;
}

std::string state_of(const StateBefore& stood) {
  JsonObject out;
  out.text("value", state_name(stood.state)).text("reason", stood.reason);
  if (stood.reason_data) out.text("reasonData", *stood.reason_data);
  out.text("timestamp", iso8601_ms_offset(stood.updated));
  if (!stood.suppressed_by.empty())
    out.text("actionsSuppressedBy", stood.suppressed_by)
        .text("actionsSuppressedReason", "Actions suppressed by " + stood.suppressed_by);
  return out.str();
}

// What functions and EventBridge are told of a change: the state, the one before, and of what.
std::string change_detail(const AlarmBasics& alarm, const StateBefore& before,
                          const std::string& configuration, const std::string& suppressed_by = "") {
  JsonObject data;
  data.text("alarmName", alarm.name);
  data.json("state", state_of({alarm.state, alarm.state_reason, alarm.state_reason_data,
                               alarm.state_updated, suppressed_by}));
  data.json("previousState", state_of(before));
  data.json("configuration", configuration);
  return data.str();
}

std::string event_of(const AlarmBasics& alarm, const std::string& account,
                     const std::string& detail) {
  JsonObject out;
  out.text("source", "aws.cloudwatch").text("alarmArn", alarm.arn).text("accountId", account);
  out.text("time", iso8601_ms_offset(alarm.state_updated)).text("region", alarm.region);
  return out.json("alarmData", detail).str();
}

std::string query_json(const MetricQuery& query) {
  JsonObject out;
  out.text("id", query.id);
  if (query.is_expression()) {
    out.text("expression", query.expression);
  } else {
    JsonObject dimensions;
    for (const auto& dimension : query.metric.dimensions)
      dimensions.text(dimension.name, dimension.value);
    JsonObject metric;
    metric.text("namespace", query.metric.name_space).text("name", query.metric.name);
    metric.json("dimensions", dimensions.str());
    JsonObject stat;
    stat.json("metric", metric.str()).integer("period", query.period_s);
    stat.text("stat", query.statistic->name());
    if (query.unit) stat.text("unit", unit_name(*query.unit));
    out.json("metricStat", stat.str());
  }
  if (query.label) out.text("label", *query.label);
  return out.boolean("returnData", query.returned).str();
}

std::string metric_of(const MetricAlarm& alarm, const std::string& id) {
  MetricQuery query;
  query.id = id;
  query.period_s = alarm.period_s;
  query.metric = alarm.metric;
  query.statistic = alarm.statistic;
  query.unit = alarm.unit;
  return query_json(query);
}

std::string metrics_of(const MetricAlarm& alarm, const std::string& metric_id) {
  return alarm.is_on_queries() ? queries_json(alarm.queries)
                               : json_list({metric_of(alarm, metric_id)});
}

void add_rule(JsonObject& out, const CompositeAlarm& alarm) {
  out.text("alarmRule", alarm.rule_text);
  if (alarm.suppressor)
    out.text("actionsSuppressor", *alarm.suppressor)
        .integer("actionsSuppressorWaitPeriod", alarm.wait_period_s)
        .integer("actionsSuppressorExtensionPeriod", alarm.extension_period_s);
}

// What both types of alarm have in their whole configuration.
std::string with_basics(JsonObject out, const AlarmBasics& alarm) {
  out.text("alarmName", alarm.name);
  if (alarm.description) out.text("description", *alarm.description);
  out.boolean("actionsEnabled", alarm.actions_enabled)
      .text("timestamp", iso8601_ms_offset(alarm.configured));
  out.json("okActions", json_string_list(alarm.ok_actions));
  out.json("alarmActions", json_string_list(alarm.alarm_actions));
  out.json("insufficientDataActions", json_string_list(alarm.insufficient_data_actions));
  return out.str();
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
  out.json("metrics", metrics_of(alarm, metric_id));
  return with_basics(std::move(out), alarm);
}

std::string whole_configuration(const CompositeAlarm& alarm) {
  JsonObject out;
  add_rule(out, alarm);
  return with_basics(std::move(out), alarm);
}

// `before`: the configuration that was replaced; empty: none was.
std::string configuration_detail(const AlarmBasics& alarm, std::string_view operation,
                                 const std::string& configuration, const std::string& before) {
  JsonObject data, state;
  data.text("alarmName", alarm.name).text("operation", operation);
  state.text("value", state_name(alarm.state))
      .text("timestamp", iso8601_ms_offset(alarm.state_updated));
  data.json("state", state.str());
  data.json("configuration", configuration);
  if (!before.empty()) data.json("previousConfiguration", before);
  return data.str();
}

}  // namespace

std::string region_display_name(std::string_view region) {
  for (const auto& [id, name] : regions)
    if (id == region) return std::string{name};
  return std::string{region};
}

std::string queries_json(const MetricQueries& queries) {
  std::vector<std::string> out;
  for (const auto& query : queries) out.push_back(query_json(query));
  return json_list(out);
}

std::string dimensions_json(const std::vector<Dimension>& dimensions) {
  std::vector<std::string> out;
  for (const auto& dimension : dimensions)
    out.push_back(JsonObject{}.text("value", dimension.value).text("name", dimension.name).str());
  return json_list(out);
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
                                 State old_state, Muted muted) {
  return common(alarm, account, old_state, muted)
      .json("Trigger", alarm.is_on_queries() ? trigger_of_queries(alarm) : trigger(alarm))
      .str();
}

std::string state_change_detail(const MetricAlarm& alarm, const StateBefore& before,
                                const std::string& metric_id) {
  JsonObject configuration;
  if (alarm.description) configuration.text("description", *alarm.description);
  configuration.json("metrics", metrics_of(alarm, metric_id));
  return change_detail(alarm, before, configuration.str());
}

std::string configuration_change_detail(const MetricAlarm& alarm, std::string_view operation,
                                        const MetricAlarm* previous, const std::string& metric_id) {
  return configuration_detail(alarm, operation, whole_configuration(alarm, metric_id),
                              previous ? whole_configuration(*previous, metric_id) : "");
}

std::string function_event(const MetricAlarm& alarm, const StateBefore& before,
                           const FunctionEventIds& ids) {
  return event_of(alarm, ids.account, state_change_detail(alarm, before, ids.metric_id));
}

std::string notification_message(const CompositeAlarm& alarm, const std::string& account,
                                 State old_state, Muted muted) {
  std::vector<std::string> children;
  for (const auto& child : alarm.triggering) {
    JsonObject state;
    state.text("Value", state_name(child.state)).text("Timestamp", iso8601_ms_offset(child.since));
    children.push_back(JsonObject{}.text("Arn", child.arn).json("State", state.str()).str());
  }
  return common(alarm, account, old_state, muted, Configured::not_told)
      .text("AlarmRule", alarm.rule_text)
      .json("TriggeringChildren", json_list(children))
      .str();
}

std::string state_change_detail(const CompositeAlarm& alarm, const StateBefore& before) {
  JsonObject configuration;
  if (alarm.description) configuration.text("description", *alarm.description);
  add_rule(configuration, alarm);
  return change_detail(
      alarm, before, configuration.str(),
      alarm.suppressed_by ? std::string{suppressed_by_name(*alarm.suppressed_by)} : std::string{});
}

std::string configuration_change_detail(const CompositeAlarm& alarm, std::string_view operation,
                                        const CompositeAlarm* previous) {
  return configuration_detail(alarm, operation, whole_configuration(alarm),
                              previous ? whole_configuration(*previous) : "");
}

std::string function_event(const CompositeAlarm& alarm, const StateBefore& before,
                           const std::string& account) {
  return event_of(alarm, account, state_change_detail(alarm, before));
}

}  // namespace sitelatch::cloudwatch
