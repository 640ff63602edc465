// SPDX-License-Identifier: Apache-2.0
// [a, b = x*, ..., c > 1]: words of a message by their place. Words are parted by spaces; "..." and
// [...] are one word.
#include <algorithm>

#include "base/text.h"
#include "services/logs/filter_expression.h"
#include "services/logs/filter_pattern.h"

namespace sitelatch::logs {
namespace {

using Operator = Comparison::Operator;

struct Field {
  std::string name;                      // empty: it has none
  bool any_number = false;               // "..."
  std::optional<Expression> expression;  // nothing: any word
};

std::vector<std::string> words_of(std::string_view message) {
  std::vector<std::string> out;
  for (message = trim(message); !message.empty(); message = trim(message)) {
    const char open = message.front();
    const char close = open == '"' ? '"' : open == '[' ? ']' : '\0';
    const auto end = close ? message.find(close, 1) : std::string_view::npos;
    if (end != std::string_view::npos) {
      out.emplace_back(message.substr(1, end - 1));
      message.remove_prefix(end + 1);
      continue;
    }
    const auto length = std::min(message.find_first_of(" \t\r\n"), message.size());
    out.emplace_back(message.substr(0, length));
    message.remove_prefix(length);
  }
  return out;
}

bool word_matches(const Field& field, const std::string& word) {
  if (!field.expression) return true;
  return field.expression->holds([&word](const Comparison& comparison) {
    const auto& literal = comparison.literal;
    const auto number = parse_double(word);
    if (number && literal.number) return compare_number(*number, comparison.op, *literal.number);
    // A word that is no number is neither less nor greater.
    const bool same = literal.is_like(word);
    if (comparison.op == Operator::equal) return same;
    return comparison.op == Operator::not_equal && !same;
  });
}

class WordsCondition final : public FilterPattern::Condition {
 public:
  explicit WordsCondition(std::vector<Field> fields) : fields_(std::move(fields)) {}
  FilterPattern::Kind kind() const override { return FilterPattern::Kind::words; }
  std::size_t regexes() const override {
    std::size_t out = 0;
    for (const auto& field : fields_) out += field.expression ? field.expression->regexes() : 0;
    return out;
  }
  bool matches(const std::string& message) const override {
    const auto words = words_of(message);
    const auto gap = std::find_if(fields_.begin(), fields_.end(),
                                  [](const Field& field) { return field.any_number; });
    const auto before = static_cast<std::size_t>(gap - fields_.begin());
    const auto after = gap == fields_.end() ? 0 : fields_.size() - before - 1;
    if (gap == fields_.end() ? words.size() != fields_.size() : words.size() < before + after)
      return false;
    for (std::size_t i = 0; i < before; ++i)
      if (!word_matches(fields_[i], words[i])) return false;
    for (std::size_t i = 0; i < after; ++i)
      if (!word_matches(fields_[fields_.size() - 1 - i], words[words.size() - 1 - i])) return false;
    return true;
  }
  FilterPattern::Values extract(const std::string& message) const override {
    FilterPattern::Values values;
    const auto words = words_of(message);
    bool from_the_end = false;
    for (std::size_t i = 0; i < fields_.size(); ++i) {
      from_the_end = from_the_end || fields_[i].any_number;
      const auto at = from_the_end ? words.size() - (fields_.size() - i) : i;
      if (!fields_[i].name.empty()) values["$" + fields_[i].name] = words[at];
    }
    return values;
  }
  bool can_select(std::string_view selector) const override {
    return std::any_of(fields_.begin(), fields_.end(), [selector](const Field& field) {
      return !field.name.empty() && selector == "$" + field.name;
    });
  }
  std::optional<std::string> select(const std::string& message,
                                    std::string_view selector) const override {
    const auto values = extract(message);
    const auto found = values.find(std::string{selector});
    return found == values.end() ? std::nullopt : std::optional{found->second};
  }

 private:
  std::vector<Field> fields_;
};

// The name that every comparison of a field begins with.
std::string operand_of(const Expression& expression) {
  return expression.parts.empty() ? expression.comparison.operand
                                  : operand_of(expression.parts.front());
}

bool is_name(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
  });
}

// Commas part fields, but not inside quotes or regular expressions.
std::vector<std::string_view> fields_in(std::string_view text) {
  std::vector<std::string_view> out;
  bool quoted = false;
  std::size_t start = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '"') quoted = !quoted;
    if (text[i] == '%' && !quoted && trim(text.substr(start, i - start)).ends_with('='))
      i = std::min(text.find('%', i + 1), text.size() - 1);
    if (text[i] != ',' || quoted) continue;
    out.push_back(trim(text.substr(start, i - start)));
    start = i + 1;
  }
  out.push_back(trim(text.substr(start)));
  return out;
}

}  // namespace

Result<std::shared_ptr<const FilterPattern::Condition>> parse_word_pattern(std::string_view text) {
  if (text.size() < 2 || text.back() != ']') return invalid_pattern("a bracket is not closed");
  std::vector<Field> fields;
  bool gap = false;
  for (const auto part : fields_in(text.substr(1, text.size() - 2))) {
    Field field;
    if (part == "...") {
      if (gap) return invalid_pattern("... may stand once");
      gap = field.any_number = true;
    } else if (!is_name(part)) {
      auto expression = Expression::parse(part);
      if (!expression) return failure(expression.error());
      field.name = operand_of(*expression);
      field.expression = std::move(*expression);
    } else {
      field.name = part;
    }
    fields.push_back(std::move(field));
  }
  return std::shared_ptr<const FilterPattern::Condition>{
      std::make_shared<WordsCondition>(std::move(fields))};
}

}  // namespace sitelatch::logs
