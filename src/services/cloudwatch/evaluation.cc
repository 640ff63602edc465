// SPDX-License-Identifier: Apache-2.0
#include "services/cloudwatch/evaluation.h"

#include <algorithm>

namespace sitelatch::cloudwatch {
namespace {

// The state when fewer than N datapoints are there, but some.
std::optional<State> judge_some(const Rule& rule, std::size_t breaching, std::size_t real,
                                std::size_t oldest_age) {
  const auto alarm_if = [](bool condition) { return condition ? State::alarm : State::ok; };
  const auto needed = rule.datapoints_to_alarm;
  switch (rule.missing) {
    case MissingData::breaching:
      return alarm_if(breaching + rule.evaluation_periods - real >= needed);
    case MissingData::not_breaching:
      return alarm_if(breaching >= needed);
    case MissingData::missing:
    case MissingData::ignore:
      break;
  }
  if (breaching < real) return alarm_if(breaching >= needed);
  if (oldest_age < needed || rule.missing == MissingData::ignore) return std::nullopt;
  return State::alarm;
}

std::optional<State> judge_none(MissingData missing) {
  switch (missing) {
    case MissingData::missing:
      return State::insufficient_data;
    case MissingData::ignore:
      return std::nullopt;
    case MissingData::breaching:
      return State::alarm;
    case MissingData::not_breaching:
      return State::ok;
  }
  return std::nullopt;
}

}  // namespace

std::size_t evaluation_range(std::size_t evaluation_periods) { return evaluation_periods + 2; }

Rule rule_of(const MetricAlarm& alarm) {
  Rule out;
  out.evaluation_periods = static_cast<std::size_t>(alarm.evaluation_periods);
  out.datapoints_to_alarm =
      static_cast<std::size_t>(alarm.datapoints_to_alarm.value_or(alarm.evaluation_periods));
  out.missing = alarm.missing_data();
  out.comparison = alarm.comparison;
  out.threshold = alarm.threshold;
  return out;
}

Verdict evaluate(const Rule& rule, const std::vector<Datapoint>& slots) {
  Verdict out;
  out.evaluated.reserve(std::min(rule.evaluation_periods, slots.size()));
  std::size_t breaching = 0, oldest_age = 0;
  for (std::size_t i = 0; i < slots.size() && out.evaluated.size() < rule.evaluation_periods; ++i) {
    if (!slots[i].value) continue;
    out.evaluated.push_back(slots[i]);
    if (breaches(*slots[i].value, rule.comparison, rule.threshold)) ++breaching;
    oldest_age = i + 1;
  }
  const auto real = out.evaluated.size();
  out.missing = rule.evaluation_periods - real;
  if (real == rule.evaluation_periods)
    out.state = breaching >= rule.datapoints_to_alarm ? State::alarm : State::ok;
  else if (real == 0)
    out.state = judge_none(rule.missing);
  else
    out.state = judge_some(rule, breaching, real, oldest_age);
  return out;
}

bool low_sample_count(double percentile, double sample_count) {
  const double p = percentile / 100;
  const double tail = std::min(p, 1 - p);
  return tail > 0 && sample_count < 10 / tail;
}

}  // namespace sitelatch::cloudwatch
