// SPDX-License-Identifier: Apache-2.0
#include "services/cloudwatch/metric_label.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "services/cloudwatch/metric_query.h"

namespace sitelatch::cloudwatch {
namespace {

using math::Point;

std::optional<std::string> property(std::string_view name, const math::Series& series,
                                    const LabelContext& context) {
  if (name == "AccountId" || name == "AccountLabel") return context.account;
  if (name == "Region") return context.region;
  if (name == "Period")
    return std::to_string(std::chrono::duration_cast<std::chrono::seconds>(series.period).count());
  if (!series.source) return std::nullopt;
  const auto& metric = series.source->metric;
  if (name == "MetricName") return metric.name;
  if (name == "Namespace") return metric.name_space;
  if (name == "Stat") return series.source->statistic->name();
  if (!name.starts_with("Dim.")) return std::nullopt;
  for (const auto& dimension : metric.dimensions)
    if (dimension.name == name.substr(4)) return dimension.value;
  return std::nullopt;
}

class Points {
 public:
  Points(const math::Series& series, const LabelContext& context)
      : points_(series.points), context_(context) {}

  // Nothing: no such word, or no data to tell it from.
  std::optional<std::string> word(std::string_view word) const {
    if (word == "DATAPOINT_COUNT") return std::to_string(points_.size());
    if (points_.empty()) return std::nullopt;
    double sum = 0;
    for (const auto& point : points_) sum += point.value;
    if (word == "SUM") return figure(sum);
    if (word == "AVG") return figure(sum / static_cast<double>(points_.size()));
    const auto& least = *std::min_element(points_.begin(), points_.end(), by_value);
    const auto& most = *std::max_element(points_.begin(), points_.end(), by_value);
    if (word == "MIN_MAX_RANGE") return figure(least.value) + " - " + figure(most.value);
    if (word == "MIN_MAX_TIME_RANGE") return time(least) + " - " + time(most);
    const auto &first = points_.front(), &last = points_.back();
    if (word == "FIRST_LAST_RANGE") return figure(first.value) + " - " + figure(last.value);
    if (word == "FIRST_LAST_TIME_RANGE") return time(first) + " - " + time(last);
    for (const auto& [name, point] : {std::pair{"MIN", &least}, std::pair{"MAX", &most},
                                      std::pair{"FIRST", &first}, std::pair{"LAST", &last}}) {
      if (!word.starts_with(name)) continue;
      const auto rest = word.substr(std::string_view{name}.size());
      if (rest.empty()) return figure(point->value);
      if (rest == "_TIME") return time(*point);
      if (rest == "_TIME_RELATIVE") return sitelatch::describe(context_.now - point->at) + " ago";
    }
    return std::nullopt;
  }

 private:
  static bool by_value(const Point& a, const Point& b) { return a.value < b.value; }
  static std::string figure(double value) { return fmt::format("{:.6g}", value); }
  std::string time(const Point& point) const {
    const auto t = civil(point.at + context_.ahead_of_utc);
    return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02}", t.year, t.month, t.day, t.hour,
                       t.minute, t.second);
  }

  const std::vector<Point>& points_;
  const LabelContext& context_;
};

// How many expressions over the data one label may have (CWD).
constexpr int most_figures = 6;

std::optional<std::string> meaning(std::string_view expression, const math::Series& series,
                                   const LabelContext& context, int& figures) {
  if (expression == "LABEL") return series.label;
  if (!expression.starts_with("PROP("))
    return ++figures > most_figures ? std::nullopt : Points{series, context}.word(expression);
  auto name = expression.substr(5);
  if (name.size() < 3 || name.back() != ')' || (name.front() != '\'' && name.front() != '"') ||
      name[name.size() - 2] != name.front())
    return std::nullopt;
  return property(name.substr(1, name.size() - 3), series, context);
}

}  // namespace

std::optional<std::chrono::minutes> label_timezone(std::string_view text) {
  if (text.size() != 5 || (text.front() != '+' && text.front() != '-')) return std::nullopt;
  if (text.find_first_not_of("0123456789", 1) != text.npos) return std::nullopt;
  const auto hours = parse_int(text.substr(1, 2)), minutes = parse_int(text.substr(3));
  if (*hours > 23 || *minutes > 59) return std::nullopt;
  const std::chrono::minutes out{*hours * 60 + *minutes};
  return text.front() == '-' ? -out : out;
}

std::string written_label(const std::string& label, const math::Series& series,
                          const LabelContext& context) {
  std::string out;
  std::size_t at = 0;
  int figures = 0;
  for (;;) {
    const auto open = label.find("${", at);
    const auto close = open == label.npos ? label.npos : label.find('}', open);
    out += label.substr(at, open == label.npos || close == label.npos ? label.npos : open - at);
    if (open == label.npos || close == label.npos) return out;
    const auto whole = std::string_view{label}.substr(open, close + 1 - open);
    out += meaning(whole.substr(2, whole.size() - 3), series, context, figures)
               .value_or(std::string{whole});
    at = close + 1;
  }
}

}  // namespace sitelatch::cloudwatch
