// SPDX-License-Identifier: Apache-2.0
// Metric math on data: what an expression gives for the series that it names. Pure. A point that
// cannot be told (no partner at its time, a division by zero, the logarithm of zero) is not there;
// a scalar that cannot be told is NaN (fact cloudwatch-40).
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "base/time.h"
#include "services/cloudwatch/math_expression.h"

namespace sitelatch::cloudwatch {
struct MetricQuery;
}

namespace sitelatch::cloudwatch::math {

struct Point {
  Instant at;
  double value = 0;
  friend bool operator==(const Point&, const Point&) = default;
};
struct Series {
  std::string label;
  Duration period{};
  std::vector<Point> points;                    // by time, once each
  std::shared_ptr<const MetricQuery> source{};  // what it was read from, or made of
};
using Data = std::variant<double, Series, std::vector<Series>>;

struct Environment {
  Instant from, to;   // the stretch that FILL fills and TIME_SERIES covers
  Duration period{};  // the steps of it
  std::function<Data(const std::string& id)> data_of;
  // The queries that read a metric, in their order, whose ids contain the text.
  std::function<std::vector<Series>(std::string_view part)> metrics;
  std::function<std::vector<Series>(const Search& search)> search;
  // How many more points may be computed; what runs out gives nothing from then on.
  std::size_t* budget = nullptr;
};

// `node` has been checked.
Data evaluate(const Node& node, const Environment& environment);

}  // namespace sitelatch::cloudwatch::math
