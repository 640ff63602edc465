// SPDX-License-Identifier: Apache-2.0
// A statistic by its AWS name and its value for an aggregate: SampleCount, Average, Sum, Minimum,
// Maximum, and the extended ones p99.9, tm, wm, tc, ts (tm90 or tm(10%:90%) or tm(1:5)), pr(1:5),
// iqm (fact cloudwatch-7).
#pragma once

#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include "services/cloudwatch/aggregate.h"

namespace sitelatch::cloudwatch {

class Statistic {
 public:
  static std::optional<Statistic> basic(std::string_view name);     // "Average"
  static std::optional<Statistic> extended(std::string_view name);  // "p90"
  static std::optional<Statistic> any(std::string_view name);

  const std::string& name() const { return name_; }
  bool is_extended() const { return kind_ >= Kind::percentile; }
  std::optional<double> percentile() const;  // 90 of p90; nothing for others
  // Nothing: no samples, or their values are unknown.
  std::optional<double> of(const Aggregate& aggregate) const;

 private:
  enum class Kind {
    sample_count,
    average,
    sum,
    minimum,
    maximum,
    percentile,
    trimmed_mean,
    winsorized_mean,
    trimmed_count,
    trimmed_sum,
    percentile_rank
  };
  // Bounds of the trimmed ones, as percentages of the samples or as values.
  struct Bounds {
    bool percent = true;
    double low = 0, high = 100;
  };
  static std::optional<Bounds> parse_bounds(std::string_view text);
  std::optional<double> trimmed(const Aggregate& aggregate) const;

  std::string name_;
  Kind kind_ = Kind::average;
  Bounds bounds_;  // percentile: high
};

}  // namespace sitelatch::cloudwatch
