// SPDX-License-Identifier: Apache-2.0
#include "services/events/bus.h"

#include <algorithm>

namespace sitelatch::events {
namespace {
using aws::Value;

Value instant_or_none(const std::optional<Instant>& at) {
  return at ? Value{unix_ms(*at)} : Value{};
}
std::optional<Instant> instant_from(const Value& ms) {
  if (ms.is_null()) return std::nullopt;
  return from_unix_ms(ms.integer());
}

// A policy may have one statement that is no list.
Value::List statements_of(const std::string& policy) {
  const auto document = aws::from_json(policy);
  if (!document) return {};
  const Value& statement = (*document)["Statement"];
  return statement.is_list() ? statement.items() : Value::List{statement};
}

bool is_called(const Value& statement, const std::string& sid) {
  return statement["Sid"] == Value{sid};
}

std::string policy_of(Value::List statements) {
  return aws::to_json(
      Value::structure({{"Version", "2012-10-17"}, {"Statement", Value{std::move(statements)}}}));
}

}  // namespace

Value to_value(const EventBus& bus) {
  return Value::structure({{"region", bus.region},
                           {"name", bus.name},
                           {"arn", bus.arn},
                           {"description", bus.description},
                           {"kms_key", bus.kms_key},
                           {"dead_letters", bus.dead_letters},
                           {"logs", bus.logs},
                           {"policy", bus.policy},
                           {"tags", aws::tag_list(bus.tags)},
                           {"created_ms", instant_or_none(bus.created)},
                           {"modified_ms", instant_or_none(bus.modified)}});
}

EventBus bus_from(const Value& value) {
  EventBus bus;
  bus.region = value["region"].string();
  bus.name = value["name"].string();
  bus.arn = value["arn"].string();
  bus.description = value["description"].optional_string();
  bus.kms_key = value["kms_key"].optional_string();
  bus.dead_letters = value["dead_letters"];
  bus.logs = value["logs"];
  bus.policy = value["policy"].string_or("");
  bus.tags = aws::read_tags(value["tags"]);
  bus.created = instant_from(value["created_ms"]);
  bus.modified = instant_from(value["modified_ms"]);
  return bus;
}

std::string with_statement(const EventBus& bus, const Value& permission) {
  const auto& who = permission["Principal"].string();
  Value statement = Value::structure({{"Sid", permission["StatementId"]}, {"Effect", "Allow"}});
  if (who == "*")
    statement.set("Principal", "*");
  else
    statement.set("Principal", Value::structure({{"AWS", "arn:aws:iam::" + who + ":root"}}));
  statement.set("Action", permission["Action"]);
  statement.set("Resource", bus.arn);
  if (const Value& condition = permission["Condition"]; condition) {
    Value key = Value::structure();
    key.set(condition["Key"].string(), condition["Value"]);
    Value test = Value::structure();
    test.set(condition["Type"].string(), key);
    statement.set("Condition", test);
  }
  auto statements = statements_of(bus.policy);
  const auto same = std::find_if(statements.begin(), statements.end(), [&](const Value& present) {
    return is_called(present, permission["StatementId"].string());
  });
  if (same != statements.end())
    *same = statement;
  else
    statements.push_back(statement);
  return policy_of(std::move(statements));
}

std::optional<std::string> without_statement(const EventBus& bus, const std::string& sid) {
  auto statements = statements_of(bus.policy);
  if (std::erase_if(statements, [&](const Value& each) { return is_called(each, sid); }) == 0)
    return std::nullopt;
  return statements.empty() ? std::string{} : policy_of(std::move(statements));
}

}  // namespace sitelatch::events
