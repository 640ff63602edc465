// SPDX-License-Identifier: Apache-2.0
// What is kept of the samples of one slot of time: count, sum, minimum, maximum, and the values
// with their counts so that percentiles can be told. Beyond `most_values` different values
// neighbours within 1 % are joined (fact cloudwatch-6). Statistic sets bring no values: percentiles
// of what contains them are unknown, unless all samples are equal.
#pragma once

#include <cstddef>
#include <vector>

namespace sitelatch::cloudwatch {

struct Weighted {
  double value = 0, count = 0;
  friend bool operator==(const Weighted&, const Weighted&) = default;
};

class Aggregate {
 public:
  static constexpr std::size_t most_values = 256;

  Aggregate() = default;
  Aggregate(double value, double sample_count);
  // A statistic set. Values are unknown unless minimum == maximum.
  struct Set {
    double count, sum, minimum, maximum;
  };
  static Aggregate of(const Set& set);

  bool empty() const { return count == 0; }
  void add(const Aggregate& other);
  bool knows_values() const { return exact; }
  // By value, ascending. Only when knows_values().
  std::vector<Weighted> weighted() const;

  friend bool operator==(const Aggregate&, const Aggregate&) = default;

  double count = 0, sum = 0, minimum = 0, maximum = 0;
  bool exact = true;  // the values are known: `values`, or all are `minimum` when that is empty
  std::vector<Weighted> values;  // ascending
};

}  // namespace sitelatch::cloudwatch
