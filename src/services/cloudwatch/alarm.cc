// SPDX-License-Identifier: Apache-2.0
#include "services/cloudwatch/alarm.h"

#include <algorithm>
#include <array>

#include "base/check.h"

namespace sitelatch::cloudwatch {
namespace {

using aws::Value;

constexpr std::array<std::string_view, 3> state_names = {"INSUFFICIENT_DATA", "OK", "ALARM"};
constexpr std::array<std::string_view, 4> comparison_names = {
    "GreaterThanOrEqualToThreshold", "GreaterThanThreshold", "LessThanThreshold",
    "LessThanOrEqualToThreshold"};

template <class Enum, std::size_t size>
std::optional<Enum> by_name(const std::array<std::string_view, size>& names,
                            std::string_view name) {
  for (std::size_t i = 0; i < size; ++i)
    if (names[i] == name) return static_cast<Enum>(i);
  return std::nullopt;
}

Value string_list(const std::vector<std::string>& strings) {
  Value out = Value::list();
  for (const auto& text : strings) out.push(text);
  return out;
}

Instant instant_from(const Value& value) { return from_unix_ms(value.integer_or(0)); }

}  // namespace

std::string_view state_name(State state) { return state_names[static_cast<std::size_t>(state)]; }
std::optional<State> state_by_name(std::string_view name) {
  return by_name<State>(state_names, name);
}

std::string_view comparison_name(Comparison comparison) {
  return comparison_names[static_cast<std::size_t>(comparison)];
}
std::optional<Comparison> comparison_by_name(std::string_view name) {
  return by_name<Comparison>(comparison_names, name);
}
std::string_view comparison_words(Comparison comparison) {
  switch (comparison) {
    case Comparison::greater_or_equal:
      return "greater than or equal to";
    case Comparison::greater:
      return "greater than";
    case Comparison::less:
      return "less than";
    case Comparison::less_or_equal:
      return "less than or equal to";
  }
  return {};
}
bool breaches(double value, Comparison comparison, double threshold) {
  switch (comparison) {
    case Comparison::greater_or_equal:
      return value >= threshold;
    case Comparison::greater:
      return value > threshold;
    case Comparison::less:
      return value < threshold;
    case Comparison::less_or_equal:
      return value <= threshold;
  }
  return false;
}

std::optional<MissingData> missing_data_by_name(std::string_view name) {
  if (name == "missing") return MissingData::missing;
  if (name == "ignore") return MissingData::ignore;
  if (name == "breaching") return MissingData::breaching;
  if (name == "notBreaching") return MissingData::not_breaching;
  return std::nullopt;
}

const std::vector<std::string>& AlarmBasics::actions_for(State of) const {
  if (of == State::ok) return ok_actions;
  return of == State::alarm ? alarm_actions : insufficient_data_actions;
}

std::string alarm_key(std::string_view region, std::string_view name) {
  std::string out{region};
  out += '/';
  out += name;
  return out;
}

void copy_state(const AlarmBasics& from, AlarmBasics& to) {
  to.state = from.state;
  to.state_reason = from.state_reason;
  to.state_reason_data = from.state_reason_data;
  to.state_updated = from.state_updated;
  to.state_transitioned = from.state_transitioned;
  to.tags = from.tags;
  to.muted_from = from.muted_from;
}

MissingData MetricAlarm::missing_data() const {
  // Alarms on DynamoDB's metrics always ignore missing data (fact cloudwatch-14).
  if (metric.name_space == "AWS/DynamoDB") return MissingData::ignore;
  return missing_data_by_name(treat_missing_data.value_or("missing"))
      .value_or(MissingData::missing);
}

const MetricQuery& MetricAlarm::watched() const {
  const auto found = std::find_if(queries.begin(), queries.end(),
                                  [](const MetricQuery& query) { return query.returned; });
  ENSURE(found != queries.end());
  return *found;
}

Value describe_dimensions(const std::vector<Dimension>& dimensions) {
  Value out = Value::list();
  for (const auto& dimension : dimensions)
    out.push(Value::structure({{"Name", dimension.name}, {"Value", dimension.value}}));
  return out;
}
std::vector<Dimension> dimensions_from(const Value& list) {
  std::vector<Dimension> out;
  for (const auto& item : list.items())
    out.push_back({item["Name"].string_or(""), item["Value"].string_or("")});
  return out;
}

void describe_basics(const AlarmBasics& basics, Value& out) {
  out.set("AlarmName", basics.name);
  out.set("AlarmArn", basics.arn);
  out.set("AlarmDescription", basics.description);
  out.set("AlarmConfigurationUpdatedTimestamp", basics.configured);
  out.set("ActionsEnabled", basics.actions_enabled);
  out.set("OKActions", string_list(basics.ok_actions));
  out.set("AlarmActions", string_list(basics.alarm_actions));
  out.set("InsufficientDataActions", string_list(basics.insufficient_data_actions));
  out.set("StateValue", state_name(basics.state));
  out.set("StateReason", basics.state_reason);
  out.set("StateReasonData", basics.state_reason_data);
  out.set("StateUpdatedTimestamp", basics.state_updated);
  out.set("StateTransitionedTimestamp", basics.state_transitioned);
}

Value describe(const MetricAlarm& alarm) {
  Value out = Value::structure();
  describe_basics(alarm, out);
  if (alarm.is_on_queries()) {
    out.set("Dimensions", Value::list());
    out.set("Metrics", describe(alarm.queries));
  } else {
    out.set("MetricName", alarm.metric.name);
    out.set("Namespace", alarm.metric.name_space);
    out.set(alarm.statistic->is_extended() ? "ExtendedStatistic" : "Statistic",
            alarm.statistic->name());
    out.set("Dimensions", describe_dimensions(alarm.metric.dimensions));
    out.set("Period", alarm.period_s);
  }
  if (alarm.unit) out.set("Unit", unit_name(*alarm.unit));
  out.set("EvaluationPeriods", alarm.evaluation_periods);
  out.set("DatapointsToAlarm", alarm.datapoints_to_alarm);
  out.set("Threshold", alarm.threshold);
  out.set("ComparisonOperator", comparison_name(alarm.comparison));
  out.set("TreatMissingData", alarm.treat_missing_data);
  out.set("EvaluateLowSampleCountPercentile", alarm.evaluate_low_sample_count_percentile);
  return out;
}

Value basics_to_row(const AlarmBasics& basics) {
  Value out = Value::structure();
  describe_basics(basics, out);
  out.set("Region", basics.region);
  Value tags = Value::list();
  for (const auto& [key, value] : basics.tags) tags.push(Value::list({key, value}));
  out.set("Tags", std::move(tags));
  if (basics.muted_from) out.set("MutedFrom", state_name(*basics.muted_from));
  return out;
}

void basics_from_row(const Value& row, AlarmBasics& out) {
  out.region = row["Region"].string_or("");
  out.name = row["AlarmName"].string_or("");
  out.arn = row["AlarmArn"].string_or("");
  out.description = row["AlarmDescription"].optional_string();
  out.configured = instant_from(row["AlarmConfigurationUpdatedTimestamp"]);
  out.actions_enabled = row["ActionsEnabled"].boolean_or(true);
  out.ok_actions = row["OKActions"].strings();
  out.alarm_actions = row["AlarmActions"].strings();
  out.insufficient_data_actions = row["InsufficientDataActions"].strings();
  out.state = state_by_name(row["StateValue"].string_or("")).value_or(State::insufficient_data);
  out.state_reason = row["StateReason"].string_or("");
  out.state_reason_data = row["StateReasonData"].optional_string();
  out.state_updated = instant_from(row["StateUpdatedTimestamp"]);
  out.state_transitioned = instant_from(row["StateTransitionedTimestamp"]);
  out.muted_from = state_by_name(row["MutedFrom"].string_or(""));
  for (const auto& pair : row["Tags"].items())
    if (pair.items().size() == 2)
      out.tags.push_back({pair.items()[0].string(), pair.items()[1].string()});
}

Value to_row(const MetricAlarm& alarm) {
  Value out = describe(alarm);
  const auto basics = basics_to_row(alarm);
  out.set("Region", basics["Region"]);
  out.set("Tags", basics["Tags"]);
  out.set("MutedFrom", basics["MutedFrom"]);
  return out;
}

std::optional<MetricAlarm> metric_alarm_from_row(const Value& row) {
  MetricAlarm out;
  basics_from_row(row, out);
  out.metric = {out.region, row["Namespace"].string_or(""), row["MetricName"].string_or(""),
                dimensions_from(row["Dimensions"])};
  if (row.has("Metrics")) {
    auto queries = metric_queries_from_row(out.region, row["Metrics"]);
    if (!queries) return std::nullopt;
    out.queries = std::move(*queries);
  }
  out.statistic = row.has("Statistic")
                      ? Statistic::basic(row["Statistic"].string())
                      : Statistic::extended(row["ExtendedStatistic"].string_or(""));
  if (row.has("Unit")) out.unit = unit_by_name(row["Unit"].string());
  out.period_s = out.is_on_queries() ? out.watched().period_s : row["Period"].integer_or(60);
  out.evaluation_periods = row["EvaluationPeriods"].integer_or(1);
  if (row.has("DatapointsToAlarm")) out.datapoints_to_alarm = row["DatapointsToAlarm"].integer();
  out.threshold = row["Threshold"].number_or(0);
  const auto comparison = comparison_by_name(row["ComparisonOperator"].string_or(""));
  out.treat_missing_data = row["TreatMissingData"].optional_string();
  out.evaluate_low_sample_count_percentile =
      row["EvaluateLowSampleCountPercentile"].optional_string();
  if ((!out.statistic && !out.is_on_queries()) || !comparison || out.name.empty())
    return std::nullopt;
  out.comparison = *comparison;
  return out;
}

}  // namespace sitelatch::cloudwatch
