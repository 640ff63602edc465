// SPDX-License-Identifier: Apache-2.0
#include "services/events/input.h"

#include <optional>

#include "base/text.h"

namespace sitelatch::events {
namespace {
using aws::Value;

struct Step {
  std::string name;         // a member
  std::int64_t index = -1;  // or an element
};

// One step off the front of the path: ".name", "['name']", "[3]".
std::optional<Step> take_step(std::string_view& path) {
  if (path.starts_with('.')) {
    const auto end = path.find_first_of(".[", 1);
    const auto name = path.substr(1, end == std::string_view::npos ? end : end - 1);
    path = end == std::string_view::npos ? std::string_view{} : path.substr(end);
    if (name.empty()) return std::nullopt;
    return Step{std::string{name}};
  }
  const auto end = path.find(']');
  if (!path.starts_with('[') || end == std::string_view::npos) return std::nullopt;
  const auto inner = path.substr(1, end - 1);
  path.remove_prefix(end + 1);
  const char quote = inner.empty() ? '\0' : inner.front();
  if (quote == '\'' || quote == '"') {
    if (inner.size() < 3 || inner.back() != quote) return std::nullopt;
    return Step{std::string{inner.substr(1, inner.size() - 2)}};
  }
  const auto index = parse_int(inner);
  if (!index || *index < 0) return std::nullopt;
  return Step{"", *index};
}

std::optional<std::vector<Step>> parse_path(std::string_view path) {
  if (!path.starts_with('$')) return std::nullopt;
  path.remove_prefix(1);
  std::vector<Step> steps;
  while (!path.empty()) {
    auto step = take_step(path);
    if (!step) return std::nullopt;
    steps.push_back(std::move(*step));
  }
  return steps;
}

// A value inside a quoted string of a template: lists as [A,B], objects as {k:v}, without quotes.
std::string bare(const Value& value) {
  if (value.is_null()) return "";
  if (value.is_string()) return value.string();
  if (value.is_list()) {
    std::vector<std::string> items;
    for (const auto& item : value.items()) items.push_back(bare(item));
    return "[" + join(items, ",") + "]";
  }
  if (value.is_struct()) {
    std::vector<std::string> items;
    for (const auto& [name, member] : value.members()) items.push_back(name + ":" + bare(member));
    return "{" + join(items, ",") + "}";
  }
  return aws::to_json(value);
}

std::string escaped(const std::string& text) {
  const auto quoted = aws::to_json(Value{text});
  return quoted.substr(1, quoted.size() - 2);
}

// The event without its detail, in the names that AWS's own variable has (fact events-23).
Value bare_event(const Event& event) {
  Value out = Value::structure();
  for (const auto& [name, value] : event.value.members()) {
    if (name == "detail") continue;
    out.set(name == "detail-type" ? "detailType" : name, value);
  }
  return out;
}

Value placeholder_value(std::string_view name, const Value& paths, const Event& event,
                        const RuleName& rule) {
  if (name == "aws.events.rule-arn") return rule.arn;
  if (name == "aws.events.rule-name") return rule.name;
  if (name == "aws.events.event.ingestion-time") return iso8601_seconds(event.ingested);
  if (name == "aws.events.event") return bare_event(event);
  return at_path(event.value, paths[name].string_or("$.?"));
}

// Where a placeholder begins at `at`: its name. AWS's names are letters, digits, `_`, `-` and `.`.
std::optional<std::string_view> placeholder_at(std::string_view text, std::size_t at) {
  if (text[at] != '<') return std::nullopt;
  const auto end = text.find('>', at);
  if (end == std::string_view::npos || end == at + 1) return std::nullopt;
  const auto name = text.substr(at + 1, end - at - 1);
  for (const char c : name)
    if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
          c == '-' || c == '.'))
      return std::nullopt;
  return name;
}

std::string transformed(const Value& transformer, const Event& event, const RuleName& rule) {
  const auto& text = transformer["InputTemplate"].string();
  std::string out;
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (const auto name = placeholder_at(text, i)) {
      const bool whole = *name == "aws.events.event.json";
      const auto value =
          whole ? event.value : placeholder_value(*name, transformer["InputPathsMap"], event, rule);
      if (quoted && whole)
        out += escaped(event.json);
      else if (whole)
        out += event.json;
      else if (quoted)
        out += escaped(bare(value));
      else
        out += value.is_null() ? "\"\"" : aws::to_json(value);
      i += name->size() + 1;
      continue;
    }
    out += text[i];
    if (text[i] == '\\' && quoted && i + 1 < text.size())
      out += text[++i];
    else if (text[i] == '"')
      quoted = !quoted;
  }
  return out;
}

}  // namespace

bool valid_path(std::string_view path) { return parse_path(path).has_value(); }

Value at_path(const Value& event, std::string_view path) {
  const auto steps = parse_path(path);
  if (!steps) return {};
  const Value* at = &event;
  for (const auto& step : *steps) {
    if (step.index >= 0) {
      if (!at->is_list() || static_cast<std::size_t>(step.index) >= at->items().size()) return {};
      at = &at->items()[static_cast<std::size_t>(step.index)];
    } else {
      if (!at->is_struct()) return {};
      at = &(*at)[step.name];
    }
  }
  return *at;
}

std::vector<std::string> placeholders(std::string_view text) {
  std::vector<std::string> out;
  for (std::size_t i = 0; i < text.size(); ++i)
    if (const auto name = placeholder_at(text, i)) out.emplace_back(*name);
  return out;
}

bool is_predefined(std::string_view name) {
  return name == "aws.events.rule-arn" || name == "aws.events.rule-name" ||
         name == "aws.events.event.ingestion-time" || name == "aws.events.event" ||
         name == "aws.events.event.json";
}

std::string payload_for(const Value& target, const Event& event, const RuleName& rule) {
  if (target.has("Input")) return target["Input"].string();
  if (target.has("InputPath") && target["InputPath"].string() != "$")
    return aws::to_json(at_path(event.value, target["InputPath"].string()));
  if (target.has("InputTransformer")) return transformed(target["InputTransformer"], event, rule);
  return event.json;
}

}  // namespace sitelatch::events
