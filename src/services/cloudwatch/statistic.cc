// SPDX-License-Identifier: Apache-2.0
#include "services/cloudwatch/statistic.h"

#include <algorithm>
#include <cmath>

#include "base/text.h"

namespace sitelatch::cloudwatch {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

std::optional<double> parse_percent(std::string_view text) {
  if (text.empty() || text.size() > 14 ||
      text.find_first_not_of("0123456789.") != std::string_view::npos)
    return std::nullopt;
  const auto value = parse_double(text);
  if (!value || *value < 0 || *value > 100) return std::nullopt;
  return value;
}

// The value at or below which `percent` of the samples lie: linear between the ranks of neighbours.
double percentile_of(const std::vector<Weighted>& values, double total, double percent) {
  const double rank = percent / 100.0 * total;
  double below = 0;
  for (const auto& item : values) {
    below += item.count;
    if (below >= rank) return item.value;
  }
  return values.back().value;
}

}  // namespace

std::optional<Statistic> Statistic::basic(std::string_view name) {
  Statistic out;
  out.name_ = name;
  if (name == "SampleCount")
    out.kind_ = Kind::sample_count;
  else if (name == "Average")
    out.kind_ = Kind::average;
  else if (name == "Sum")
    out.kind_ = Kind::sum;
  else if (name == "Minimum")
    out.kind_ = Kind::minimum;
  else if (name == "Maximum")
    out.kind_ = Kind::maximum;
  else
    return std::nullopt;
  return out;
}

std::optional<Statistic::Bounds> Statistic::parse_bounds(std::string_view text) {
  Bounds out;
  if (text.size() < 3 || text.front() != '(' || text.back() != ')') {
    const auto high = parse_percent(text);
    if (!high) return std::nullopt;
    out.high = *high;
    return out;
  }
  text = text.substr(1, text.size() - 2);
  const auto colon = text.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  auto low = text.substr(0, colon), high = text.substr(colon + 1);
  if (low.empty() && high.empty()) return std::nullopt;
  const auto is_percent = [](std::string_view bound) {
    return !bound.empty() && bound.back() == '%';
  };
  out.percent = is_percent(low) || is_percent(high);
  if (out.percent) {
    if ((!low.empty() && !is_percent(low)) || (!high.empty() && !is_percent(high)))
      return std::nullopt;
    const auto from = low.empty() ? 0.0 : parse_percent(low.substr(0, low.size() - 1));
    const auto to = high.empty() ? 100.0 : parse_percent(high.substr(0, high.size() - 1));
    if (!from || !to || *from >= *to) return std::nullopt;
    out.low = *from;
    out.high = *to;
    return out;
  }
  const auto from = low.empty() ? -infinity : parse_double(low);
  const auto to = high.empty() ? infinity : parse_double(high);
  if (!from || !to || !(*from < *to)) return std::nullopt;
  out.low = *from;
  out.high = *to;
  return out;
}

std::optional<Statistic> Statistic::extended(std::string_view name) {
  Statistic out;
  out.name_ = name;
  const auto text = lower(name);
  const std::string_view view = text;
  if (view == "iqm") {
    out.kind_ = Kind::trimmed_mean;
    out.bounds_ = {true, 25, 75};
    return out;
  }
  std::optional<Bounds> bounds;
  if (view.size() >= 3 && view.substr(0, 2) == "pr" && view[2] == '(') {
    out.kind_ = Kind::percentile_rank;
    bounds = parse_bounds(view.substr(2));
    if (bounds && bounds->percent) bounds.reset();
  } else if (view.size() >= 2 && view.front() == 'p') {
    out.kind_ = Kind::percentile;
    if (view[1] != '(') bounds = parse_bounds(view.substr(1));
  } else if (view.size() >= 3) {
    const auto kind = view.substr(0, 2);
    if (kind == "tm")
      out.kind_ = Kind::trimmed_mean;
    else if (kind == "wm")
      out.kind_ = Kind::winsorized_mean;
    else if (kind == "tc")
      out.kind_ = Kind::trimmed_count;
    else if (kind == "ts")
      out.kind_ = Kind::trimmed_sum;
    else
      return std::nullopt;
    bounds = parse_bounds(view.substr(2));
  }
  if (!bounds) return std::nullopt;
  out.bounds_ = *bounds;
  return out;
}

std::optional<Statistic> Statistic::any(std::string_view name) {
  const auto plain = basic(name);
  return plain ? plain : extended(name);
}

std::optional<double> Statistic::percentile() const {
  if (kind_ != Kind::percentile) return std::nullopt;
  return bounds_.high;
}

std::optional<double> Statistic::of(const Aggregate& aggregate) const {
  if (aggregate.empty()) return std::nullopt;
  switch (kind_) {
    case Kind::sample_count:
      return aggregate.count;
    case Kind::average:
      return aggregate.sum / aggregate.count;
    case Kind::sum:
      return aggregate.sum;
    case Kind::minimum:
      return aggregate.minimum;
    case Kind::maximum:
      return aggregate.maximum;
    default:
      break;
  }
  if (!aggregate.knows_values()) return std::nullopt;
  if (kind_ == Kind::percentile)
    return percentile_of(aggregate.weighted(), aggregate.count, bounds_.high);
  return trimmed(aggregate);
}

std::optional<double> Statistic::trimmed(const Aggregate& aggregate) const {
  const auto values = aggregate.weighted();
  const double total = aggregate.count;
  double count = 0, sum = 0, below = 0, outside = 0;
  const double from = bounds_.percent ? bounds_.low / 100 * total : 0;
  const double to = bounds_.percent ? bounds_.high / 100 * total : 0;
  // The bounds as values: what a winsorized mean pulls the outliers to.
  const double low = bounds_.percent ? percentile_of(values, total, bounds_.low) : bounds_.low;
  const double high = bounds_.percent ? percentile_of(values, total, bounds_.high) : bounds_.high;
  for (const auto& item : values) {
    double inside = 0;
    if (bounds_.percent)
      inside = std::max(0.0, std::min(below + item.count, to) - std::max(below, from));
    else if (item.value > bounds_.low && item.value <= bounds_.high)
      inside = item.count;
    below += item.count;
    count += inside;
    sum += inside * item.value;
    outside += (item.count - inside) * std::clamp(item.value, low, high);
  }
  switch (kind_) {
    case Kind::trimmed_count:
      return count;
    case Kind::trimmed_sum:
      return sum;
    case Kind::percentile_rank:
      return 100 * count / total;
    case Kind::winsorized_mean:
      return (sum + outside) / total;
    default:
      break;
  }
  if (count == 0) return std::nullopt;
  return sum / count;
}

}  // namespace sitelatch::cloudwatch
