// SPDX-License-Identifier: Apache-2.0
// A metric math expression as text and as a tree (CloudWatch User Guide, "Metric math syntax and
// functions"; facts cloudwatch-38 to 42): numbers, ids, strings, arrays [a, b], + - * / ^, the
// comparisons, AND OR && ||, and function calls. What a function takes and gives is known before
// any data is: S a scalar, TS a time series, TS[] an array of them.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace sitelatch::cloudwatch::math {

enum class Type { scalar, series, array };

struct Node {
  enum class Kind { number, id, text, array, call, negate, operation };
  Kind kind = Kind::number;
  double number = 0;
  std::string word;  // an id, a function's name, an operator, a text
  std::vector<Node> of;
};

// The problem's text is what AWS puts into brackets after "Error in expression 'e1'".
Result<Node> parse(std::string_view text);
// a+b+c+... is as deep to the left as it is long: its operations from the innermost on, and the
// first operand. Nothing else nests without a bound.
struct Chain {
  const Node* first = nullptr;
  std::vector<const Node*> operations;
};
Chain chain_of(const Node& operation);

// The ids of other queries that it names; `all_metrics`: it calls METRICS().
struct References {
  std::set<std::string> ids;
  bool all_metrics = false;
  std::int64_t search_period_s = 0;  // the longest of its SEARCHes; 0: it has none
};
References references(const Node& node);

// The arguments of a call of SEARCH that has been checked.
struct Search {
  std::string words, statistic;
  std::int64_t period_s = 0;
};
Search search_of(const Node& call);

// What the expression gives. `type_of` tells of other queries' ids; nothing: there is none such.
using TypeOf = std::function<std::optional<Type>(const std::string& id)>;
Result<Type> check(const Node& node, const TypeOf& type_of);

}  // namespace sitelatch::cloudwatch::math
