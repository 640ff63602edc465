// SPDX-License-Identifier: Apache-2.0
#include "services/events/rule.h"

#include <algorithm>
#include <set>

#include "aws/auth/arn.h"
#include "base/text.h"
#include "services/events/input.h"
#include "services/events/refusals.h"

namespace sitelatch::events {
namespace {
using aws::Value;
using Checked = aws::Outcome<Done>;

// Exact, so that a tick that is read back is the tick that was stored.
std::int64_t nanoseconds(Instant t) {
  return static_cast<std::int64_t>(t.time_since_epoch().count());
}

Checked check_arn(const std::string& text) {
  const auto arn = aws::parse_arn(text);
  if (!arn)
    return invalid("Parameter " + text +
                   " is not valid. Reason: Provided Arn is not in correct format.");
  const bool is_function = arn->service == "lambda" && arn->resource.starts_with("function:");
  if (!is_function && arn->service != "sns")
    return invalid("Parameter " + text +
                   " is not valid. Reason: Sitelatch's engine delivers to Lambda "
                   "functions and SNS topics only.");
  return Done{};
}

Checked check_transformer(const Value& transformer, const std::string& id) {
  for (const auto& [name, path] : transformer["InputPathsMap"].members())
    if (!valid_path(path.string())) return invalid("Invalid InputPath for target " + id + ".");
  for (const auto& name : placeholders(transformer["InputTemplate"].string()))
    if (!is_predefined(name) && !transformer["InputPathsMap"].has(name))
      return invalid("InputTemplate for target " + id + " contains invalid placeholder " + name +
                     ".");
  return Done{};
}

}  // namespace

Value to_value(const Rule& rule) {
  Value targets = Value::list();
  for (const auto& target : rule.targets) targets.push(target);
  return Value::structure({{"region", rule.region},
                           {"name", rule.name},
                           {"arn", rule.arn},
                           {"expression", rule.expression},
                           {"state", rule.state},
                           {"description", rule.description},
                           {"role_arn", rule.role_arn},
                           {"tags", aws::tag_list(rule.tags)},
                           {"targets", targets},
                           {"countdown_start_ns", nanoseconds(rule.countdown_start)},
                           {"due_ns", rule.due ? Value{nanoseconds(*rule.due)} : Value{}}});
}

Rule rule_from(const Value& value) {
  Rule rule;
  rule.region = value["region"].string();
  rule.name = value["name"].string();
  rule.arn = value["arn"].string();
  rule.expression = value["expression"].string();
  rule.state = value["state"].string();
  rule.description = value["description"].optional_string();
  rule.role_arn = value["role_arn"].optional_string();
  rule.tags = aws::read_tags(value["tags"]);
  rule.targets = value["targets"].items();
  rule.countdown_start = Instant{Duration{value["countdown_start_ns"].integer()}};
  if (value.has("due_ns")) rule.due = Instant{Duration{value["due_ns"].integer()}};
  return rule;
}

Checked check_target(const Value& target) {
  const auto& id = target["Id"].string();
  if (auto ok = check_arn(target["Arn"].string()); !ok) return ok;
  const int given = target.has("Input") + target.has("InputPath") + target.has("InputTransformer");
  if (given > 1)
    return invalid(
        "Only one of Input, InputPath, or InputTransformer must be provided for target " + id +
        ".");
  if (target.has("Input") && !aws::from_json(target["Input"].string()))
    return invalid("JSON syntax error in input for target " + id + ".");
  if (target.has("InputPath") && !valid_path(target["InputPath"].string()))
    return invalid("Invalid InputPath for target " + id + ".");
  if (target.has("InputTransformer")) return check_transformer(target["InputTransformer"], id);
  return Done{};
}

TargetRetry retry_of(const Value& target) {
  const Value& policy = target["RetryPolicy"];
  TargetRetry out;
  out.most_retries = policy["MaximumRetryAttempts"].integer_or(out.most_retries);
  out.longest = std::chrono::seconds{policy["MaximumEventAgeInSeconds"].integer_or(86'400)};
  return out;
}

Duration retry_delay(int failures) {
  constexpr int longest_s = 480;  // so that 185 of them fill the 24 hours
  return std::chrono::seconds{std::min(longest_s, 1 << std::min(failures - 1, 20))};
}

const aws::TagRules tag_rules{
    [](const std::string&) { return invalid("Tag keys must not begin with aws:"); },
    [](const std::string& key) { return invalid("Duplicate keys are not allowed: " + key); },
    [] { return invalid("A rule can have no more than 50 tags"); }};

}  // namespace sitelatch::events
