// SPDX-License-Identifier: Apache-2.0
#include "services/sns/filter_policy.h"

#include <cstdint>

#include "base/text.h"
#include "services/sns/filter_rules.h"

namespace sitelatch::sns {
namespace {
using aws::Value;
using Checked = Result<Done, std::string>;

constexpr std::size_t most_keys = 5;
constexpr std::int64_t most_combinations = 150;
constexpr std::size_t largest_policy_bytes = 256 * 1024;
constexpr int deepest = 32;

// Walks a policy's objects: every rule is checked, and the combinations are counted as AWS counts
// them (fact sns-51): the sizes of all lists multiplied, each times its depth; alternatives of $or
// are added.
class Checker {
 public:
  explicit Checker(FilterScope scope) : scope_(scope) {}

  Checked check(const Value& object, int depth, std::int64_t& combinations) {
    if (depth > deepest) return failure(std::string{"FilterPolicy: Filter policy is too complex"});
    if (scope_ == FilterScope::message_attributes && depth > 1)
      return failure(std::string{
          "Filter policy scope MessageAttributes does not support nested filter policy"});
    for (const auto& [key, value] : object.members()) {
      auto checked = check_member(key, value, depth, combinations);
      if (!checked) return checked;
    }
    return Done{};
  }

 private:
  Checked check_member(const std::string& key, const Value& value, int depth,
                       std::int64_t& combinations) {
    if (value.is_struct()) return check(value, depth + 1, combinations);
    if (!value.is_list())
      return failure("FilterPolicy: \"" + key + "\" must be an object or an array");
    if (value.items().empty())
      return failure(std::string{"FilterPolicy: Empty arrays are not allowed"});
    if (key == "$or" && is_alternatives(value))
      return check_alternatives(value, depth, combinations);
    for (const auto& rule : value.items())
      if (auto checked = check_filter_rule(rule); !checked) return checked;
    return multiply(combinations, static_cast<std::int64_t>(value.items().size()) * depth);
  }

  Checked check_alternatives(const Value& list, int depth, std::int64_t& combinations) {
    std::int64_t sum = 0;
    for (const auto& alternative : list.items()) {
      std::int64_t branch = combinations;
      auto checked = check(alternative, depth, branch);
      if (!checked) return checked;
      sum += branch;
    }
    combinations = sum;
    return multiply(combinations, 1);
  }

  static Checked multiply(std::int64_t& combinations, std::int64_t by) {
    combinations *= by;
    if (combinations > most_combinations)
      return failure(std::string{"FilterPolicy: Filter policy is too complex"});
    return Done{};
  }

  FilterScope scope_;
};

// The values that an attribute offers to the rules; nothing: the attribute cannot be matched
// (Binary).
Value::List values_of(const MessageAttribute& attribute) {
  if (attribute.type == "String.Array") {
    const auto list = aws::from_json(attribute.value);
    if (list && list->is_list()) return list->items();
    return {};
  }
  if (attribute.type == "Number" || attribute.type.starts_with("Number.")) {
    const auto number = parse_double(attribute.value);
    return number ? Value::List{Value{*number}} : Value::List{};
  }
  if (attribute.type == "String" || attribute.type.starts_with("String."))
    return {Value{attribute.value}};
  return {};
}

void collect(const Value& value, Value::List& out) {
  if (!value.is_list()) return out.push_back(value);
  for (const auto& item : value.items()) collect(item, out);
}

bool matches_body(const Value& policy, const Value& body);

bool matches_body_member(const std::string& key, const Value& rule, const Value& body) {
  if (key == "$or" && is_alternatives(rule)) {
    for (const auto& alternative : rule.items())
      if (matches_body(alternative, body)) return true;
    return false;
  }
  const Value* member = nullptr;
  for (const auto& [name, value] : body.members())
    if (name == key) member = &value;
  if (rule.is_list()) {
    Value::List values;
    if (member) collect(*member, values);
    return matches_any_rule(rule, member ? &values : nullptr);
  }
  // A policy on what is not there can still match by {"exists": false} within.
  if (!member) return matches_body(rule, Value::structure());
  Value::List objects;
  collect(*member, objects);
  for (const auto& object : objects)
    if (object.is_struct() && matches_body(rule, object)) return true;
  return false;
}

bool matches_body(const Value& policy, const Value& body) {
  for (const auto& [key, rule] : policy.members())
    if (!matches_body_member(key, rule, body)) return false;
  return true;
}

bool matches_attributes(const Value& policy, const MessageAttributes& attributes) {
  for (const auto& [key, rule] : policy.members()) {
    if (key == "$or" && is_alternatives(rule)) {
      bool any = false;
      for (const auto& alternative : rule.items())
        any = any || matches_attributes(alternative, attributes);
      if (!any) return false;
      continue;
    }
    const MessageAttribute* found = nullptr;
    for (const auto& [name, attribute] : attributes)
      if (name == key) found = &attribute;
    const Value::List values = found ? values_of(*found) : Value::List{};
    if (!matches_any_rule(rule, found ? &values : nullptr)) return false;
  }
  return true;
}

}  // namespace

Result<FilterPolicy, std::string> FilterPolicy::parse(const std::string& json, FilterScope scope) {
  if (json.size() > largest_policy_bytes)
    return failure(std::string{"FilterPolicy: Filter policy is too complex"});
  auto rules = aws::from_json(json);
  if (!rules) return failure(std::string{"FilterPolicy: failed to parse JSON."});
  if (!rules->is_struct())
    return failure(std::string{"FilterPolicy: Filter policy must be an object"});
  if (rules->members().size() > most_keys)
    return failure(std::string{"FilterPolicy: Filter policy can not have more than 5 keys"});
  std::int64_t combinations = 1;
  auto checked = Checker{scope}.check(*rules, 1, combinations);
  if (!checked) return failure(checked.error());
  return FilterPolicy{std::move(*rules), scope};
}

FilterVerdict FilterPolicy::judge(const MessageAttributes& attributes,
                                  const std::string& message) const {
  if (scope_ == FilterScope::message_attributes) {
    if (matches_attributes(rules_, attributes)) return FilterVerdict::wanted;
    return attributes.empty() ? FilterVerdict::no_attributes : FilterVerdict::mismatch;
  }
  const auto body = aws::from_json(message);
  if (!body || !body->is_struct()) return FilterVerdict::invalid_body;
  return matches_body(rules_, *body) ? FilterVerdict::wanted : FilterVerdict::mismatch;
}

}  // namespace sitelatch::sns
