// SPDX-License-Identifier: Apache-2.0
// A metric alarm: what PutMetricAlarm configured, and the state that evaluation or SetAlarmState
// gave it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "aws/service/tags.h"
#include "aws/wire/value.h"
#include "base/time.h"
#include "services/cloudwatch/metric.h"
#include "services/cloudwatch/metric_query.h"
#include "services/cloudwatch/statistic.h"

namespace sitelatch::cloudwatch {

enum class State { insufficient_data, ok, alarm };
std::string_view state_name(State state);  // "INSUFFICIENT_DATA", "OK", "ALARM"
std::optional<State> state_by_name(std::string_view name);

enum class Comparison { greater_or_equal, greater, less, less_or_equal };
std::string_view comparison_name(Comparison comparison);  // "GreaterThanOrEqualToThreshold"
std::optional<Comparison> comparison_by_name(std::string_view name);
std::string_view comparison_words(Comparison comparison);  // "greater than or equal to"
bool breaches(double value, Comparison comparison, double threshold);

enum class MissingData { missing, ignore, breaching, not_breaching };
std::optional<MissingData> missing_data_by_name(std::string_view name);

// What an alarm of either type does, and how it stands.
struct AlarmBasics {
  std::string region, name, arn;
  std::optional<std::string> description;
  bool actions_enabled = true;
  std::vector<std::string> ok_actions, alarm_actions, insufficient_data_actions;
  Instant configured;  // AlarmConfigurationUpdatedTimestamp

  State state = State::insufficient_data;
  std::string state_reason;
  std::optional<std::string> state_reason_data;
  Instant state_updated, state_transitioned;

  aws::Tags tags;
  // The state that was last acted on, while the alarm is muted and has left it.
  std::optional<State> muted_from;

  const std::vector<std::string>& actions_for(State state) const;
};
// "<region>/<name>": what alarms of either type are kept by.
std::string alarm_key(std::string_view region, std::string_view name);
// What an update of the configuration leaves alone: the state, its times and the tags.
void copy_state(const AlarmBasics& from, AlarmBasics& to);

constexpr std::size_t longest_reason_data = 4000;  // characters of StateReasonData

struct MetricAlarm : AlarmBasics {
  MetricId metric;
  std::optional<Statistic> statistic;  // always set once configured, but for queries
  std::optional<Unit> unit;
  std::int64_t period_s = 60;
  std::int64_t evaluation_periods = 1;
  std::optional<std::int64_t> datapoints_to_alarm;
  double threshold = 0;
  Comparison comparison = Comparison::greater_or_equal;
  std::optional<std::string> treat_missing_data;                    // as given
  std::optional<std::string> evaluate_low_sample_count_percentile;  // as given
  // One on metric math: its queries, in place of metric, statistic and unit; `period_s` is that of
  // the query that returns its data.
  MetricQueries queries;

  bool is_on_queries() const { return !queries.empty(); }
  const MetricQuery& watched() const;
  MissingData missing_data() const;
  // Periods below a minute are evaluated every 10 s, the others every minute.
  bool high_resolution() const { return period_s < 60; }
};

// The wire shapes that describe them.
aws::Value describe(const MetricAlarm& alarm);
aws::Value describe_dimensions(const std::vector<Dimension>& dimensions);
std::vector<Dimension> dimensions_from(const aws::Value& list);
void describe_basics(const AlarmBasics& basics, aws::Value& out);

// As rows of the journal.
aws::Value to_row(const MetricAlarm& alarm);
std::optional<MetricAlarm> metric_alarm_from_row(const aws::Value& row);
aws::Value basics_to_row(const AlarmBasics& basics);
void basics_from_row(const aws::Value& row, AlarmBasics& out);

}  // namespace sitelatch::cloudwatch
