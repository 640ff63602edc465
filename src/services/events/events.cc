// SPDX-License-Identifier: Apache-2.0
#include "services/events/events.h"

#include <algorithm>

#include "aws/service/paging.h"
#include "base/text.h"
#include "services/events/refusals.h"

namespace sitelatch::events {
using aws::Value;

namespace {

constexpr std::size_t most_rules = 300, most_targets = 5;

Failure<aws::Error> no_rule(const std::string& name, const std::string& bus) {
  return aws::refuse("ResourceNotFoundException",
                     "Rule " + name + " does not exist on EventBus " + bus + ".");
}
aws::Outcome<Done> check_managed(const Rule& rule, const Value& forced) {
  if (!rule.managed_by || forced.boolean_or(false)) return Done{};
  return aws::refuse("ManagedRuleException", "Rule " + rule.name + " is managed by " +
                                                 *rule.managed_by +
                                                 " and cannot be changed by you.");
}

Value described(const Rule& rule) {
  const auto or_none = [](const std::string& text) { return text.empty() ? Value{} : Value{text}; };
  return Value::structure({{"Name", rule.name},
                           {"Arn", rule.arn},
                           {"EventPattern", or_none(rule.pattern)},
                           {"ScheduleExpression", or_none(rule.expression)},
                           {"State", rule.state},
                           {"Description", rule.description},
                           {"RoleArn", rule.role_arn},
                           {"ManagedBy", rule.managed_by},
                           {"EventBusName", rule.bus}});
}

std::optional<aws::Page> page_of(const Value& input) {
  return aws::Page::at("events", input["NextToken"], input["Limit"].integer_or(100));
}

}  // namespace

Events::Events(Dependencies dependencies, std::string account)
    : dependencies_(dependencies), account_(std::move(account)) {
  load();
}

std::string Events::rule_arn(const std::string& region, std::string_view bus,
                             std::string_view name) const {
  std::string out = "arn:aws:events:" + region + ":" + account_ + ":rule/";
  if (bus != default_bus) out += std::string{bus} + "/";
  out += name;
  return out;
}

aws::Outcome<Events::Entry*> Events::find_rule(const aws::Call& call, std::string_view member) {
  auto bus = find_bus(call, "EventBusName");
  if (!bus) return failure(bus.error());
  const auto& name = call.input[member].string();
  const auto found = rules_.find(rule_arn(call.region, *bus, name));
  if (found == rules_.end()) return no_rule(name, *bus);
  return &found->second;
}

void Events::save(const Rule& rule) {
  dependencies_.journal.put("events.rules", rule.arn, aws::to_json(to_value(rule)));
}

std::size_t Events::rules_on(const std::string& region, const std::string& bus) const {
  std::size_t out = 0;
  visit_rules(region, bus, "", [&](const Entry&) {
    ++out;
    return true;
  });
  return out;
}

aws::Outcome<> Events::put_rule(const aws::Call& call) {
  const Value& input = call.input;
  auto bus = find_bus(call, "EventBusName");
  if (!bus) return failure(bus.error());
  const auto expression = input["ScheduleExpression"].string_or("");
  const auto pattern_text = input["EventPattern"].string_or("");
  if (expression.empty() && pattern_text.empty())
    return invalid("Parameter(s) EventPattern or ScheduleExpression must be specified.");
  std::optional<EventPattern> pattern;
  if (!pattern_text.empty()) {
    auto parsed = EventPattern::parse(pattern_text);
    if (!parsed) return bad_pattern(parsed.error());
    pattern = std::move(*parsed);
  }
  if (!expression.empty() && *bus != default_bus)
    return invalid("ScheduleExpression is supported only on the default event bus.");
  if (!expression.empty() && !parse_schedule(expression))
    return invalid("Parameter ScheduleExpression is not valid.");

  const auto& name = input["Name"].string();
  const auto arn = rule_arn(call.region, *bus, name);
  const auto present = rules_.find(arn);
  const bool is_new = present == rules_.end();
  aws::Tags tags;
  if (is_new) {
    if (rules_on(call.region, *bus) >= most_rules) return too_many();
    auto given = aws::with_tags({}, aws::read_tags(input["Tags"]), tag_rules);
    if (!given) return failure(given.error());
    tags = std::move(*given);
  } else if (auto ok = check_managed(present->second.rule, {}); !ok) {
    return failure(ok.error());
  }
  // What the call leaves out is cleared; targets and tags stay (fact events-3).
  Entry& entry = rules_[arn];
  Rule& rule = entry.rule;
  const bool was_running = !is_new && rule.enabled() && rule.expression == expression;
  if (is_new) rule.tags = std::move(tags);
  rule.region = call.region;
  rule.bus = *bus;
  rule.name = name;
  rule.arn = arn;
  rule.expression = expression;
  rule.pattern = pattern_text;
  rule.state = input["State"].string_or("ENABLED");
  rule.description = input["Description"].optional_string();
  rule.role_arn = input["RoleArn"].optional_string();
  entry.pattern = std::move(pattern);
  if (!was_running || !rule.enabled()) restart_countdown(entry);
  save(rule);
  return Value::structure({{"RuleArn", arn}});
}

aws::Outcome<> Events::describe_rule(const aws::Call& call) {
  auto found = find_rule(call, "Name");
  if (!found) return failure(found.error());
  Value out = described((*found)->rule);
  out.set("CreatedBy", account_);
  return out;
}

aws::Outcome<> Events::list_rules(const aws::Call& call) {
  auto bus = find_bus(call, "EventBusName");
  if (!bus) return failure(bus.error());
  auto page = page_of(call.input);
  if (!page) return invalid("Parameter NextToken is not valid.");
  visit_rules(call.region, *bus, call.input["NamePrefix"].string_or(""), [&](const Entry& entry) {
    return page->offer(entry.rule.name, [&] { return described(entry.rule); });
  });
  return Value::structure({{"Rules", page->items()}, {"NextToken", page->next_token()}});
}

aws::Outcome<> Events::set_state(const aws::Call& call, const std::string& state) {
  auto found = find_rule(call, "Name");
  if (!found) return failure(found.error());
  Rule& rule = (*found)->rule;
  if (auto ok = check_managed(rule, {}); !ok) return failure(ok.error());
  if (rule.enabled() == (state == "ENABLED")) return Value{};
  rule.state = state;
  restart_countdown(**found);
  save(rule);
  return Value{};
}
aws::Outcome<> Events::enable_rule(const aws::Call& call) { return set_state(call, "ENABLED"); }
aws::Outcome<> Events::disable_rule(const aws::Call& call) { return set_state(call, "DISABLED"); }

aws::Outcome<> Events::delete_rule(const aws::Call& call) {
  auto bus = find_bus(call, "EventBusName");
  if (!bus) return failure(bus.error());
  const auto found = rules_.find(rule_arn(call.region, *bus, call.input["Name"].string()));
  if (found == rules_.end()) return Value{};  // fact events-4
  if (auto ok = check_managed(found->second.rule, call.input["Force"]); !ok)
    return failure(ok.error());
  if (!found->second.rule.targets.empty())
    return invalid("Rule can't be deleted since it has targets.");
  dependencies_.journal.erase("events.rules", found->first);
  rules_.erase(found);
  return Value{};
}

aws::Outcome<> Events::put_targets(const aws::Call& call) {
  auto found = find_rule(call, "Rule");
  if (!found) return failure(found.error());
  Rule& rule = (*found)->rule;
  if (auto ok = check_managed(rule, {}); !ok) return failure(ok.error());
  auto targets = rule.targets;
  for (const auto& target : call.input["Targets"].items()) {
    if (auto ok = check_target(target); !ok) return failure(ok.error());
    const auto same = [&](const Value& present) { return present["Id"] == target["Id"]; };
    const auto present = std::find_if(targets.begin(), targets.end(), same);
    if (present != targets.end())
      *present = target;
    else
      targets.push_back(target);
  }
  if (targets.size() > most_targets) return too_many();
  rule.targets = std::move(targets);
  save(rule);
  return Value::structure({{"FailedEntryCount", 0}, {"FailedEntries", Value::list()}});
}

aws::Outcome<> Events::remove_targets(const aws::Call& call) {
  auto found = find_rule(call, "Rule");
  if (!found) return failure(found.error());
  Rule& rule = (*found)->rule;
  if (auto ok = check_managed(rule, call.input["Force"]); !ok) return failure(ok.error());
  const auto ids = call.input["Ids"].strings();
  std::erase_if(rule.targets, [&](const Value& target) {
    return std::find(ids.begin(), ids.end(), target["Id"].string()) != ids.end();
  });
  save(rule);
  return Value::structure({{"FailedEntryCount", 0}, {"FailedEntries", Value::list()}});
}

aws::Outcome<> Events::list_targets_by_rule(const aws::Call& call) {
  auto found = find_rule(call, "Rule");
  if (!found) return failure(found.error());
  auto page = page_of(call.input);
  if (!page) return invalid("Parameter NextToken is not valid.");
  std::map<std::string, const Value*> by_id;
  for (const auto& target : (*found)->rule.targets) by_id[target["Id"].string()] = &target;
  for (const auto& entry : by_id) page->offer(entry.first, [&] { return *entry.second; });
  return Value::structure({{"Targets", page->items()}, {"NextToken", page->next_token()}});
}

aws::Outcome<> Events::list_rule_names_by_target(const aws::Call& call) {
  auto bus = find_bus(call, "EventBusName");
  if (!bus) return failure(bus.error());
  auto page = page_of(call.input);
  if (!page) return invalid("Parameter NextToken is not valid.");
  const Value& wanted = call.input["TargetArn"];
  visit_rules(call.region, *bus, "", [&](const Entry& entry) {
    const auto& targets = entry.rule.targets;
    if (std::none_of(targets.begin(), targets.end(),
                     [&](const Value& target) { return target["Arn"] == wanted; }))
      return true;
    return page->offer(entry.rule.name, [&] { return Value{entry.rule.name}; });
  });
  return Value::structure({{"RuleNames", page->items()}, {"NextToken", page->next_token()}});
}

}  // namespace sitelatch::events
