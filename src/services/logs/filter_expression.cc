// SPDX-License-Identifier: Apache-2.0
#include "services/logs/filter_expression.h"

#include <algorithm>

#include "base/text.h"

namespace sitelatch::logs {
namespace {

using Operator = Comparison::Operator;

// Recursive descent: any = all ("||" all)*; all = one ("&&" one)*; one = "(" any ")" | comparison.
class Parser {
 public:
  explicit Parser(std::string_view text) : rest_(text) {}

  Result<Expression> whole() {
    auto out = joined(Expression::Kind::any);
    if (!out) return out;
    skip();
    if (!rest_.empty()) return wrong();
    return out;
  }

 private:
  static constexpr int deepest = 20;

  static Failure<Problem> wrong() { return invalid_pattern("the expression cannot be read"); }
  void skip() { rest_ = trim(rest_); }
  bool take(std::string_view token) {
    skip();
    if (rest_.substr(0, token.size()) != token) return false;
    rest_.remove_prefix(token.size());
    return true;
  }
  bool take_word(std::string_view word) {
    skip();
    if (rest_.size() < word.size() || !equal_ignoring_case(rest_.substr(0, word.size()), word))
      return false;
    if (rest_.size() > word.size() && !ends_operand(rest_[word.size()])) return false;
    rest_.remove_prefix(word.size());
    return true;
  }
  static bool ends_operand(char c) {
    return std::string_view{" \t\r\n=!<>()&|,"}.find(c) != std::string_view::npos;
  }

  Result<Expression> joined(Expression::Kind kind) {
    const bool any = kind == Expression::Kind::any;
    Expression out;
    out.kind = kind;
    do {
      auto part = any ? joined(Expression::Kind::all) : one();
      if (!part) return part;
      out.parts.push_back(std::move(*part));
    } while (take(any ? "||" : "&&"));
    return out.parts.size() == 1 ? Expression{std::move(out.parts.front())} : out;
  }

  Result<Expression> one() {
    if (!take("(")) return comparison();
    if (++depth_ > deepest) return invalid_pattern("the expression is nested too deeply");
    auto out = joined(Expression::Kind::any);
    --depth_;
    if (out && !take(")")) return wrong();
    return out;
  }

  Result<Expression> comparison() {
    Expression out;
    out.comparison.operand = operand();
    if (out.comparison.operand.empty()) return wrong();
    if (take_word("NOT")) {
      if (!take_word("EXISTS")) return wrong();
      out.comparison.op = Operator::not_exists;
      return out;
    }
    if (take_word("IS")) {
      if (take_word("TRUE"))
        out.comparison.op = Operator::is_true;
      else if (take_word("FALSE"))
        out.comparison.op = Operator::is_false;
      else if (take_word("NULL"))
        out.comparison.op = Operator::is_null;
      else
        return wrong();
      return out;
    }
    const auto op = comparison_operator();
    if (!op) return wrong();
    out.comparison.op = *op;
    auto value = literal();
    if (!value) return failure(value.error());
    // Only numbers are less or greater; AWS shows the text in quotes (fact logs-22).
    const bool ordered = *op != Operator::equal && *op != Operator::not_equal;
    if (ordered && !value->number)
      return invalid_term(value->regex ? value->text : '"' + value->text + '"');
    out.comparison.literal = std::move(*value);
    return out;
  }

  std::string operand() {
    skip();
    std::string out;
    char quote = 0;
    while (!rest_.empty()) {
      const char c = rest_.front();
      if (quote == 0 && ends_operand(c)) break;
      if (quote != 0)
        quote = c == quote ? '\0' : quote;
      else if (c == '"' || c == '\'')
        quote = c;
      out += c;
      rest_.remove_prefix(1);
    }
    return quote == 0 ? out : "";
  }

  std::optional<Operator> comparison_operator() {
    if (take("!=")) return Operator::not_equal;
    if (take("<=")) return Operator::less_or_equal;
    if (take(">=")) return Operator::greater_or_equal;
    if (take("=")) return Operator::equal;
    if (take("<")) return Operator::less;
    if (take(">")) return Operator::greater;
    return std::nullopt;
  }

  Result<Literal> literal() {
    skip();
    Literal out;
    if (!rest_.empty() && rest_.front() == '%') {
      const auto whole = rest_;
      auto regex = FilterRegex::take(rest_);
      if (!regex) return failure(regex.error());
      out.text = whole.substr(0, whole.size() - rest_.size());
      out.regex = std::move(*regex);
      return out;
    }
    if (!rest_.empty() && rest_.front() == '"') {
      rest_.remove_prefix(1);
      for (; !rest_.empty() && rest_.front() != '"'; rest_.remove_prefix(1)) {
        if (rest_.front() == '\\' && rest_.size() > 1) rest_.remove_prefix(1);
        out.text += rest_.front();
      }
      if (rest_.empty()) return invalid_pattern("a quote is not closed");
      rest_.remove_prefix(1);
      return out;
    }
    const auto length = std::min(rest_.find_first_of(" \t\r\n=!<>()&|,\""), rest_.size());
    out.text = rest_.substr(0, length);
    rest_.remove_prefix(length);
    if (out.text.empty()) return invalid_pattern("a value is missing");
    out.number = parse_double(out.text);
    return out;
  }

  std::string_view rest_;
  int depth_ = 0;
};

}  // namespace

bool like(std::string_view pattern, std::string_view text) {
  const auto first = pattern.find('*');
  if (first == std::string_view::npos) return pattern == text;
  if (text.substr(0, first) != pattern.substr(0, first)) return false;
  text.remove_prefix(first);
  pattern.remove_prefix(first + 1);
  while (pattern.find('*') != std::string_view::npos) {
    const auto piece = pattern.substr(0, pattern.find('*'));
    const auto at = text.find(piece);
    if (at == std::string_view::npos) return false;
    text.remove_prefix(at + piece.size());
    pattern.remove_prefix(piece.size() + 1);
  }
  return text.size() >= pattern.size() && text.substr(text.size() - pattern.size()) == pattern;
}

bool Literal::is_like(std::string_view other) const {
  return regex ? regex->found_in(other) : like(text, other);
}

std::size_t Expression::regexes() const {
  std::size_t out = kind == Kind::comparison && comparison.literal.regex ? 1 : 0;
  for (const auto& part : parts) out += part.regexes();
  return out;
}

bool compare_number(double value, Operator op, double with) {
  switch (op) {
    case Operator::equal:
      return value == with;
    case Operator::not_equal:
      return value != with;
    case Operator::less:
      return value < with;
    case Operator::greater:
      return value > with;
    case Operator::less_or_equal:
      return value <= with;
    case Operator::greater_or_equal:
      return value >= with;
    default:
      return false;
  }
}

bool Expression::holds(const Judge& judge) const {
  const auto part_holds = [&judge](const Expression& part) { return part.holds(judge); };
  switch (kind) {
    case Kind::comparison:
      return judge(comparison);
    case Kind::all:
      return std::all_of(parts.begin(), parts.end(), part_holds);
    case Kind::any:
      return std::any_of(parts.begin(), parts.end(), part_holds);
  }
  return false;
}

Result<Expression> Expression::parse(std::string_view text) { return Parser{text}.whole(); }

}  // namespace sitelatch::logs
