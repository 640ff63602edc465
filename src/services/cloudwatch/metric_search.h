// SPDX-License-Identifier: Apache-2.0
// The first argument of SEARCH: which metrics it finds ("Search expression syntax"; fact
// cloudwatch-51):
//   search = ["{" namespace {"," dimension} "}"] [any]
//   any    = all {"OR" all}      all = one {["AND"] one}
//   one    = {"NOT"} ( "(" any ")" | [name "="] (word | quoted) )
// A schema is exact: that namespace, and these dimensions and no others. What is quoted is the
// whole of a namespace, metric name, dimension name or value, or of the named one; a word is some
// of its parts (CPUUtilization: CPU, Utilization), in any case. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "services/cloudwatch/metric.h"

namespace sitelatch::cloudwatch {

class MetricSearch {
 public:
  static Result<MetricSearch> parse(std::string_view text);
  bool finds(const MetricId& metric) const;

 private:
  friend class MetricSearchParser;
  struct Term {
    enum class Kind { word, both, either, negated } kind = Kind::word;
    std::string name, value;  // word: of what (empty: of anything), and which
    bool exact = false;
    std::vector<Term> of;
  };
  static bool holds(const Term& term, const MetricId& metric);

  std::optional<std::string> name_space_;
  std::vector<std::string> dimensions_;  // sorted; with a namespace only
  std::optional<Term> term_;
};

}  // namespace sitelatch::cloudwatch
