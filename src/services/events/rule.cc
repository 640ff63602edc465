// SPDX-License-Identifier: Apache-2.0
#include "services/events/rule.h"

#include <algorithm>
#include <array>
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

Failure<aws::Error> bad_arn(const std::string& text) {
  return invalid("Parameter " + text +
                 " is not valid. Reason: Provided Arn is not in correct format.");
}

// What is targeted by a role's rights alone.
constexpr std::array role_services{"batch",     "codebuild", "codepipeline", "ecs",
                                   "firehose",  "glue",      "inspector",    "kinesis",
                                   "sagemaker", "redshift",  "ssm",          "states"};

Checked check_arn(const Value& target) {
  const auto& text = target["Arn"].string();
  const auto arn = aws::parse_arn(text);
  if (!arn) return bad_arn(text);
  const bool needs_role =
      std::find(role_services.begin(), role_services.end(), arn->service) != role_services.end() ||
      (arn->service == "events" && arn->resource.starts_with("api-destination/"));
  if (needs_role && !target.has("RoleArn"))
    return invalid("RoleArn is required for target " + text + ".");
  return Done{};
}

// A standard queue, of this region.
Checked check_dead_letters(const Value& target) {
  const auto& arn = target["DeadLetterConfig"]["Arn"];
  if (arn.is_null()) return Done{};
  const auto queue = aws::parse_arn(arn.string());
  if (!queue || queue->service != "sqs" || queue->resource.ends_with(".fifo"))
    return bad_arn(arn.string());
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
  Value bus, pattern;
  if (rule.bus != default_bus) bus = rule.bus;
  if (!rule.pattern.empty()) pattern = rule.pattern;
  return Value::structure({{"region", rule.region},
                           {"bus", bus},
                           {"pattern", pattern},
                           {"managed_by", rule.managed_by},
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
  rule.bus = value["bus"].string_or(default_bus);
  rule.pattern = value["pattern"].string_or("");
  rule.managed_by = value["managed_by"].optional_string();
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
  const auto& arn = target["Arn"].string();
  if (auto ok = check_arn(target); !ok) return ok;
  if (auto ok = check_dead_letters(target); !ok) return ok;
  if (target_kind(arn) == TargetKind::queue && arn.ends_with(".fifo") &&
      !target.has("SqsParameters"))
    return invalid("Parameter(s) SqsParameters must be specified for target: " + id + ".");
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

std::optional<TargetKind> target_kind(std::string_view text) {
  const auto arn = aws::parse_arn(text);
  if (!arn) return std::nullopt;
  if (arn->service == "lambda" && arn->resource.starts_with("function:"))
    return TargetKind::function;
  if (arn->service == "sns") return TargetKind::topic;
  if (arn->service == "sqs") return TargetKind::queue;
  if (arn->service == "logs" && arn->resource.starts_with("log-group:"))
    return TargetKind::log_group;
  if (arn->service == "events" && arn->resource.starts_with("event-bus/")) return TargetKind::bus;
  return std::nullopt;
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
