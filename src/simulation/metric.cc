// SPDX-License-Identifier: Apache-2.0
#include "simulation/metric.h"

#include <algorithm>

namespace sitelatch::simulation {

void Metric::begin(Ms last) {
  all_good_until_ = last;
  minutes_.fill({});
}

void Metric::put(Ms minute_number, bool good, Ms visible) {
  auto& slot = minutes_[static_cast<std::size_t>(minute_number % kept)];
  if (slot.number != minute_number) {
    slot = {minute_number, good, visible, visible};
    return;
  }
  if (!good && slot.good) slot.bad_visible = std::max(slot.visible, visible);
  slot.good = slot.good && good;
}

std::optional<bool> Metric::minimum(Ms minute_number, Ms now) const {
  if (minute_number < 0) return true;
  const auto& slot = minutes_[static_cast<std::size_t>(minute_number % kept)];
  if (slot.number != minute_number)
    return minute_number <= all_good_until_ ? std::optional{true} : std::nullopt;
  if (now < slot.visible) return std::nullopt;
  return slot.good || now < slot.bad_visible;
}

Reader::Reader(cloudwatch::Rule rule)
    : rule_(rule), slots_(cloudwatch::evaluation_range(rule.evaluation_periods)) {}

std::optional<cloudwatch::State> Reader::read(const Metric& metric, Ms minute_number, Ms now) {
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    const auto number = minute_number - 1 - static_cast<Ms>(i);
    const auto minimum = metric.minimum(number, now);
    slots_[i].start = Instant{std::chrono::minutes{number}};
    slots_[i].value = minimum ? std::optional{*minimum ? 1.0 : 0.0} : std::nullopt;
  }
  return cloudwatch::evaluate(rule_, slots_).state;
}

cloudwatch::Rule rule_of_alarm(const AlarmAsks& asks) {
  cloudwatch::Rule rule;
  rule.evaluation_periods = static_cast<std::size_t>(asks.periods);
  rule.datapoints_to_alarm = static_cast<std::size_t>(asks.datapoints);
  rule.missing = cloudwatch::MissingData::not_breaching;
  rule.comparison = cloudwatch::Comparison::less;
  rule.threshold = 1;
  return rule;
}

cloudwatch::Rule rule_of_good_minutes(std::size_t minutes, ShortWindow short_window) {
  cloudwatch::Rule rule;
  rule.evaluation_periods = minutes;
  rule.datapoints_to_alarm = minutes;
  rule.missing = short_window == ShortWindow::as_alarm ? cloudwatch::MissingData::missing
                                                       : cloudwatch::MissingData::ignore;
  rule.comparison = cloudwatch::Comparison::greater_or_equal;
  rule.threshold = 1;
  return rule;
}

}  // namespace sitelatch::simulation
