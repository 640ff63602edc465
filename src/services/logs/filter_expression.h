// SPDX-License-Identifier: Apache-2.0
// What JSON and word patterns share: comparisons joined by && and ||, with parentheses, over named
// operands.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "services/logs/filter_regex.h"

namespace sitelatch::logs {

struct Literal {
  std::string text;              // as written, without quotes; `*` is any run of characters
  std::optional<double> number;  // if it was written as one, unquoted
  std::optional<FilterRegex> regex;

  bool is_like(std::string_view other) const;  // as text
};

struct Comparison {
  enum class Operator {
    equal,
    not_equal,
    less,
    greater,
    less_or_equal,
    greater_or_equal,
    is_true,
    is_false,
    is_null,
    not_exists
  };
  std::string operand;
  Operator op = Operator::equal;
  Literal literal;
};
// `*` is any run of characters, and the only wildcard.
bool like(std::string_view pattern, std::string_view text);
bool compare_number(double value, Comparison::Operator op, double with);

struct Expression {
  enum class Kind { comparison, all, any };
  Kind kind = Kind::comparison;
  Comparison comparison;
  std::vector<Expression> parts;

  using Judge = std::function<bool(const Comparison&)>;
  bool holds(const Judge& judge) const;
  std::size_t regexes() const;
  static Result<Expression> parse(std::string_view text);
};

}  // namespace sitelatch::logs
