// SPDX-License-Identifier: Apache-2.0
#include "services/cloudwatch/aggregate.h"

#include <algorithm>
#include <cmath>

namespace sitelatch::cloudwatch {
namespace {

std::vector<Weighted> merged(const std::vector<Weighted>& a, const std::vector<Weighted>& b) {
  std::vector<Weighted> out;
  out.reserve(a.size() + b.size());
  std::merge(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(out),
             [](const Weighted& x, const Weighted& y) { return x.value < y.value; });
  std::size_t kept = 0;
  for (std::size_t i = 1; i < out.size(); ++i) {
    if (out[i].value == out[kept].value)
      out[kept].count += out[i].count;
    else
      out[++kept] = out[i];
  }
  if (!out.empty()) out.resize(kept + 1);
  return out;
}

// Joins neighbours that lie within `width` of each other, relative to their size.
std::vector<Weighted> joined(const std::vector<Weighted>& values, double width) {
  std::vector<Weighted> out;
  double start = 0;
  for (const auto& next : values) {
    if (!out.empty() && std::fabs(next.value - start) <= width * std::fabs(start)) {
      auto& last = out.back();
      const double total = last.count + next.count;
      last.value += (next.value - last.value) * (next.count / total);
      last.count = total;
    } else {
      out.push_back(next);
      start = next.value;
    }
  }
  return out;
}

}  // namespace

Aggregate::Aggregate(double value, double sample_count)
    : count(sample_count), sum(value * sample_count), minimum(value), maximum(value) {}

Aggregate Aggregate::of(const Set& set) {
  Aggregate out;
  out.count = set.count;
  out.sum = set.sum;
  out.minimum = set.minimum;
  out.maximum = set.maximum;
  out.exact = set.minimum == set.maximum;
  return out;
}

std::vector<Weighted> Aggregate::weighted() const {
  if (empty()) return {};
  return values.empty() ? std::vector<Weighted>{{minimum, count}} : values;
}

void Aggregate::add(const Aggregate& other) {
  if (other.empty()) return;
  if (empty()) {
    *this = other;
    return;
  }
  if (!exact || !other.exact) {
    exact = false;
    values.clear();
  } else if (minimum != maximum || other.minimum != other.maximum || minimum != other.minimum) {
    values = merged(weighted(), other.weighted());
    for (double width = 0.01; values.size() > most_values; width *= 2)
      values = joined(values, width);
  }
  count += other.count;
  sum += other.sum;
  minimum = std::min(minimum, other.minimum);
  maximum = std::max(maximum, other.maximum);
}

}  // namespace sitelatch::cloudwatch
