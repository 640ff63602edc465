// SPDX-License-Identifier: Apache-2.0
// { $.a.b[0] = "x*" && ... }: messages that are JSON.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "aws/wire/value.h"
#include "base/text.h"
#include "services/logs/filter_expression.h"
#include "services/logs/filter_pattern.h"

namespace sitelatch::logs {
namespace {

using aws::Value;
using Operator = Comparison::Operator;

constexpr std::size_t most_wildcards = 3;

struct Step {
  std::string member;                // empty: an index
  std::optional<std::size_t> index;  // neither: every item
};
using Path = std::vector<Step>;

// "$.a.b[0]", "$.a[*]", "$['a b'].c"
std::optional<Path> parse_path(std::string_view text) {
  if (text.empty() || text.front() != '$') return std::nullopt;
  text.remove_prefix(1);
  Path out;
  while (!text.empty()) {
    if (text.front() == '.') {
      text.remove_prefix(1);
      if (!text.empty() && text.front() == '[') continue;
      const auto length = std::min(text.find_first_of(".["), text.size());
      if (length == 0 || text.substr(0, length).find_first_of("\"'") != std::string_view::npos)
        return std::nullopt;
      out.push_back({std::string{text.substr(0, length)}, {}});
      text.remove_prefix(length);
    } else if (text.front() == '[') {
      const auto close = text.find(']');
      if (close == std::string_view::npos) return std::nullopt;
      const auto inside = text.substr(1, close - 1);
      text.remove_prefix(close + 1);
      if (inside == "*") {
        out.push_back({"", {}});
      } else if (inside.size() > 2 && (inside.front() == '"' || inside.front() == '\'') &&
                 inside.back() == inside.front()) {
        out.push_back({std::string{inside.substr(1, inside.size() - 2)}, {}});
      } else {
        const auto index = parse_int(inside);
        if (!index || *index < 0) return std::nullopt;
        out.push_back({"", static_cast<std::size_t>(*index)});
      }
    } else {
      return std::nullopt;
    }
  }
  return out;
}

const Value* member_of(const Value& value, const std::string& name) {
  if (!value.is_struct()) return nullptr;
  for (const auto& member : value.members())
    if (member.name == name) return &member.value;
  return nullptr;
}

// Every value that the path leads to.
void follow(const Value& value, const Path& path, std::size_t at, std::vector<const Value*>& out) {
  if (at == path.size()) {
    out.push_back(&value);
    return;
  }
  const auto& step = path[at];
  if (!step.member.empty()) {
    if (const auto* member = member_of(value, step.member)) follow(*member, path, at + 1, out);
    return;
  }
  if (!value.is_list()) return;
  const auto& items = value.items();
  if (step.index) {
    if (*step.index < items.size()) follow(items[*step.index], path, at + 1, out);
    return;
  }
  for (const auto& item : items) follow(item, path, at + 1, out);
}

std::optional<double> number_in(const Value& value) {
  if (value.is_number()) return value.number();
  return value.is_string() ? parse_double(value.string()) : std::nullopt;
}
std::optional<std::string> text_of(const Value& value) {
  if (value.is_string()) return value.string();
  if (value.is_bool()) return value.boolean() ? "true" : "false";
  if (value.is_integer()) return std::to_string(value.integer());
  if (value.is_double()) return fmt::format("{}", value.number());
  return std::nullopt;
}

bool judge_value(const Value& value, const Comparison& comparison) {
  switch (comparison.op) {
    case Operator::is_true:
      return value.is_bool() && value.boolean();
    case Operator::is_false:
      return value.is_bool() && !value.boolean();
    case Operator::is_null:
      return value.is_null();
    case Operator::not_exists:
      return false;
    default:
      break;
  }
  const auto& literal = comparison.literal;
  if (const auto number = number_in(value); number && literal.number)
    return compare_number(*number, comparison.op, *literal.number);
  const auto text = text_of(value);
  if (comparison.op == Operator::equal) return text && literal.is_like(*text);
  if (comparison.op == Operator::not_equal) return text && !literal.is_like(*text);
  return false;
}

class JsonCondition final : public FilterPattern::Condition {
 public:
  JsonCondition(Expression expression, std::map<std::string, Path> paths)
      : expression_(std::move(expression)), paths_(std::move(paths)) {}
  FilterPattern::Kind kind() const override { return FilterPattern::Kind::json; }
  std::size_t regexes() const override { return expression_.regexes(); }
  bool matches(const std::string& message) const override {
    const auto document = aws::from_json(trim(message));
    if (!document || (!document->is_struct() && !document->is_list())) return false;
    return expression_.holds([&](const Comparison& comparison) {
      std::vector<const Value*> found;
      follow(*document, paths_.at(comparison.operand), 0, found);
      if (comparison.op == Operator::not_exists) return found.empty();
      for (const auto* value : found)
        if (judge_value(*value, comparison)) return true;
      return false;
    });
  }
  FilterPattern::Values extract(const std::string& message) const override {
    FilterPattern::Values values;
    const auto document = aws::from_json(trim(message));
    if (!document) return values;
    for (const auto& [selector, path] : paths_) {
      std::vector<const Value*> found;
      follow(*document, path, 0, found);
      if (found.empty()) continue;
      const auto text = text_of(*found.front());
      values[selector] = text ? *text : aws::to_json(*found.front());
    }
    return values;
  }
  bool can_select(std::string_view selector) const override {
    return parse_path(selector).has_value();
  }
  std::optional<std::string> select(const std::string& message,
                                    std::string_view selector) const override {
    const auto path = parse_path(selector);
    const auto document = path ? aws::from_json(trim(message)) : std::nullopt;
    if (!document) return std::nullopt;
    std::vector<const Value*> found;
    follow(*document, *path, 0, found);
    return found.empty() ? std::nullopt : text_of(*found.front());
  }

 private:
  Expression expression_;
  std::map<std::string, Path> paths_;
};

std::size_t wildcards_of(const Path& path) {
  return static_cast<std::size_t>(std::count_if(path.begin(), path.end(), [](const Step& step) {
    return step.member.empty() && !step.index;
  }));
}

// Gives how many wildcards there are in all (fact logs-23).
Result<std::size_t> collect_paths(const Expression& expression, std::map<std::string, Path>& out) {
  std::size_t wildcards = 0;
  if (expression.kind == Expression::Kind::comparison) {
    const auto& operand = expression.comparison.operand;
    auto path = parse_path(operand);
    if (!path) return invalid_term(operand);
    wildcards = wildcards_of(*path);
    if (wildcards > 1) return invalid_pattern("a selector has one wildcard at most");
    out[operand] = std::move(*path);
  }
  for (const auto& part : expression.parts) {
    const auto more = collect_paths(part, out);
    if (!more) return more;
    wildcards += *more;
  }
  return wildcards;
}

}  // namespace

Result<std::shared_ptr<const FilterPattern::Condition>> parse_json_pattern(std::string_view text) {
  auto expression = Expression::parse(trim(text.substr(1, text.size() - 2)));
  if (!expression) return failure(expression.error());
  std::map<std::string, Path> paths;
  const auto wildcards = collect_paths(*expression, paths);
  if (!wildcards) return failure(wildcards.error());
  if (*wildcards > most_wildcards)
    return invalid_pattern("a pattern has three wildcards in its selectors at most");
  return std::shared_ptr<const FilterPattern::Condition>{
      std::make_shared<JsonCondition>(std::move(*expression), std::move(paths))};
}

}  // namespace sitelatch::logs
