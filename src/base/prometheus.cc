// SPDX-License-Identifier: Apache-2.0
#include "base/prometheus.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/check.h"
#include "base/text.h"

namespace sitelatch::prometheus {
namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD";  // U+FFFD

std::string label_value(std::string_view text) {
  const bool utf8 = valid_utf8(text);
  std::string out;
  for (const char c : text) {
    if (c == '\\')
      out += "\\\\";
    else if (c == '"')
      out += "\\\"";
    else if (c == '\n')
      out += "\\n";
    else if (!utf8 && static_cast<unsigned char>(c) >= 0x80)
      out += replacement;
    else
      out += c;
  }
  return out;
}

std::string help_text(std::string_view text) {
  return replace_all(replace_all(std::string{text}, "\\", "\\\\"), "\n", "\\n");
}

// "a=\"1\",b=\"2\"": without its braces.
std::string label_text(const Labels& labels) {
  std::string out;
  for (const auto& [name, value] : labels)
    if (!value.empty())
      out += fmt::format("{}{}=\"{}\"", out.empty() ? "" : ",", name, label_value(value));
  return out;
}

std::string in_braces(const std::string& labels) {
  return labels.empty() ? labels : "{" + labels + "}";
}

std::string number(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  constexpr double exact = 1e15;
  if (std::abs(value) < exact && std::trunc(value) == value)
    return fmt::format("{}", static_cast<std::int64_t>(value));
  return fmt::format("{}", value);
}

std::string_view word(Kind kind) {
  switch (kind) {
    case Kind::gauge:
      return "gauge";
    case Kind::counter:
      return "counter";
    case Kind::histogram:
      return "histogram";
  }
  return "untyped";
}

}  // namespace

Histogram::Histogram(std::span<const double> bounds, std::span<const std::uint64_t> counts,
                     double sum)
    : bounds_(bounds), counts_(counts.begin(), counts.end()), sum_(sum) {
  ENSURE(counts.size() == bounds.size() + 1);
}

void Histogram::record(double value, std::uint64_t times) {
  const auto place = std::lower_bound(bounds_.begin(), bounds_.end(), value);
  counts_[static_cast<std::size_t>(place - bounds_.begin())] += times;
  sum_ += value * static_cast<double>(times);
}

const Metric& Exposition::metric(std::string_view name, bool histogram) const {
  const auto found = std::find_if(metrics_.begin(), metrics_.end(),
                                  [name](const Metric& one) { return one.name == name; });
  ENSURE(found != metrics_.end(), "a sample of a metric that is not declared");
  ENSURE((found->kind == Kind::histogram) == histogram, name);
  return *found;
}

void Exposition::add(std::string_view name, const Labels& labels, double value) {
  const auto& declared = metric(name, false);
  const auto text = label_text(labels);
  samples_[declared.name].emplace(
      text, fmt::format("{}{} {}\n", declared.name, in_braces(text), number(value)));
}

void Exposition::add(std::string_view name, const Labels& labels, const Histogram& histogram) {
  const auto& declared = metric(name, true);
  const auto text = label_text(labels);
  std::string lines;
  std::uint64_t so_far = 0;
  for (std::size_t i = 0; i <= histogram.bounds().size(); ++i) {
    so_far += histogram.counts()[i];
    lines +=
        fmt::format("{}_bucket{{{}{}le=\"{}\"}} {}\n", declared.name, text, text.empty() ? "" : ",",
                    i < histogram.bounds().size() ? number(histogram.bounds()[i]) : "+Inf", so_far);
  }
  lines += fmt::format("{0}_sum{1} {2}\n{0}_count{1} {3}\n", declared.name, in_braces(text),
                       number(histogram.sum()), so_far);
  samples_[declared.name].emplace(text, std::move(lines));
}

std::string Exposition::text() const {
  std::string out;
  for (const auto& metric : metrics_) {
    const auto found = samples_.find(metric.name);
    if (found == samples_.end()) continue;
    out += fmt::format("# HELP {} {}\n# TYPE {} {}\n", metric.name, help_text(metric.help),
                       metric.name, word(metric.kind));
    for (const auto& [labels, lines] : found->second) out += lines;
  }
  return out;
}

}  // namespace sitelatch::prometheus
