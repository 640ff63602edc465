// SPDX-License-Identifier: Apache-2.0
// Prometheus's text format, version 0.0.4
// (https://prometheus.io/docs/instrumenting/exposition_formats/): gauges, counters and histograms
// with their HELP and TYPE, label values escaped as it says (backslash, quote, newline; what is no
// UTF-8 is replaced). The same samples give the same text, in whatever order they came. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sitelatch::prometheus {

inline constexpr std::string_view content_type = "text/plain; version=0.0.4; charset=utf-8";

enum class Kind { gauge, counter, histogram };
struct Metric {
  std::string_view name, help;
  Kind kind = Kind::gauge;
};

// A label without a value is left out: to Prometheus the two are the same.
using Labels = std::vector<std::pair<std::string_view, std::string>>;

// What was measured, counted by bounds that it does not exceed. One thread.
class Histogram {
 public:
  // Ascending; borrowed.
  explicit Histogram(std::span<const double> bounds)
      : bounds_(bounds), counts_(bounds.size() + 1) {}
  // As somebody else has counted; `counts` as counts() gives them.
  Histogram(std::span<const double> bounds, std::span<const std::uint64_t> counts, double sum);
  void record(double value) { record(value, 1); }
  void record(double value, std::uint64_t times);  // so often

  std::span<const double> bounds() const { return bounds_; }
  // One more than bounds: the last one is of what exceeds them all. Not summed up.
  std::span<const std::uint64_t> counts() const { return counts_; }
  double sum() const { return sum_; }

 private:
  std::span<const double> bounds_;
  std::vector<std::uint64_t> counts_;
  double sum_ = 0;
};

class Exposition {
 public:
  // In the order in which they are printed; borrowed. Those without a sample are not printed.
  explicit Exposition(std::span<const Metric> metrics) : metrics_(metrics) {}
  // `name` is one of the metrics. A second sample with the same labels is dropped: a reader would
  // refuse all of the text because of it.
  void add(std::string_view name, const Labels& labels, double value);
  void add(std::string_view name, const Labels& labels, const Histogram& histogram);
  std::string text() const;

 private:
  const Metric& metric(std::string_view name, bool histogram) const;

  std::span<const Metric> metrics_;
  // By name and label text: the lines.
  std::map<std::string_view, std::map<std::string, std::string>> samples_;
};

}  // namespace sitelatch::prometheus
