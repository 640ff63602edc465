// SPDX-License-Identifier: Apache-2.0
#include "services/logs/metric_publisher.h"

#include <cmath>
#include <optional>
#include <tuple>

#include "base/text.h"

namespace sitelatch::logs {
namespace {

constexpr std::int64_t minute_ms = 60'000;
// An event without one of the dimensions counts for nothing (fact logs-24).
constexpr std::size_t longest_dimension = 255;

std::int64_t minute_of(std::int64_t ms) { return ms - ms % minute_ms; }

std::optional<double> value_in(const MetricFilter& filter, const std::string& message) {
  const auto text = filter.value.starts_with('$') ? filter.pattern.select(message, filter.value)
                                                  : std::optional{filter.value};
  const auto number = text ? parse_double(*text) : std::nullopt;
  return number && std::isfinite(*number) ? number : std::nullopt;
}

using Dimensions = std::vector<std::pair<std::string, std::string>>;
std::optional<Dimensions> dimensions_in(const MetricFilter& filter, const std::string& message) {
  Dimensions out;
  for (const auto& [name, selector] : filter.dimensions) {
    auto value = filter.pattern.select(message, selector);
    if (!value || value->empty() || value->size() > longest_dimension) return std::nullopt;
    out.emplace_back(name, std::move(*value));
  }
  return out;
}

}  // namespace

void MetricPublisher::publish(const GroupFilters& filters, const std::vector<NewEvent>& events) {
  for (const auto& [name, filter] : filters.metrics) publish(filters, filter, events);
}

void MetricPublisher::publish(const GroupFilters& group, const MetricFilter& filter,
                              const std::vector<NewEvent>& events) {
  // Equal values of one minute are one sample with its number, so that a batch of ten thousand
  // lines costs no ten thousand rows.
  std::map<std::tuple<std::int64_t, double, Dimensions>, double> counted;
  std::set<std::int64_t> matched, seen;
  for (const auto& event : events) {
    const auto minute = minute_of(event.timestamp_ms);
    seen.insert(minute);
    if (!filter.pattern.matches(event.message)) continue;
    const auto value = value_in(filter, event.message);
    auto dimensions = value ? dimensions_in(filter, event.message) : std::nullopt;
    if (!dimensions) continue;
    matched.insert(minute);
    counted[{minute, *value, std::move(*dimensions)}] += 1;
  }
  FilterSample sample{group.region, filter.name_space, filter.metric, {}, 0, 1, filter.unit, {}};
  for (const auto& [what, times] : counted) {
    sample.at = from_unix_ms(std::get<0>(what));
    sample.value = std::get<1>(what);
    sample.dimensions = std::get<2>(what);
    sample.samples = times;
    metrics_.add(sample);
  }
  if (!filter.default_value) return;
  auto& minutes = waiting_[group.region + '/' + group.group + '\0' + filter.name];
  sample.dimensions.clear();
  sample.value = *filter.default_value;
  sample.samples = 1;
  minutes.sample = std::move(sample);
  minutes.matched.merge(matched);
  minutes.seen.merge(seen);
  if (waiting_.size() > 1 || minutes.seen.empty()) return;
  const auto end = minute_of(unix_ms(timers_.now())) + minute_ms;
  turn_.set(timers_, from_unix_ms(end), [this] { give_defaults(); });
}

void MetricPublisher::give_defaults() {
  for (auto& [filter, minutes] : waiting_)
    for (const auto minute : minutes.seen) {
      if (minutes.matched.contains(minute)) continue;
      minutes.sample.at = from_unix_ms(minute);
      metrics_.add(minutes.sample);
    }
  waiting_.clear();
}

}  // namespace sitelatch::logs
