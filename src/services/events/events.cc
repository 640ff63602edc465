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

Failure<aws::Error> too_many() {
  return aws::refuse("LimitExceededException",
                     "The requested resource exceeds the maximum number allowed.");
}
Failure<aws::Error> no_rule(const std::string& name) {
  return aws::refuse("ResourceNotFoundException",
                     "Rule " + name + " does not exist on EventBus default.");
}

Value described(const Rule& rule) {
  return Value::structure({{"Name", rule.name},
                           {"Arn", rule.arn},
                           {"ScheduleExpression", rule.expression},
                           {"State", rule.state},
                           {"Description", rule.description},
                           {"RoleArn", rule.role_arn},
                           {"EventBusName", "default"}});
}

std::optional<aws::Page> page_of(const Value& input) {
  return aws::Page::at("events", input["NextToken"], input["Limit"].integer_or(100));
}

}  // namespace

Events::Events(Dependencies dependencies, std::string account)
    : dependencies_(dependencies), account_(std::move(account)) {
  load();
}

std::string Events::rule_arn(const std::string& region, const std::string& name) const {
  return "arn:aws:events:" + region + ":" + account_ + ":rule/" + name;
}
std::string Events::bus_arn(const std::string& region) const {
  return "arn:aws:events:" + region + ":" + account_ + ":event-bus/default";
}

aws::Outcome<Done> Events::check_bus(const aws::Call& call, std::string_view member) const {
  const auto bus = call.input[member].string_or("default");
  if (bus == "default" || bus == bus_arn(call.region)) return Done{};
  const auto slash = bus.rfind('/');
  const auto name =
      bus.starts_with("arn:") && slash != std::string::npos ? bus.substr(slash + 1) : bus;
  return aws::refuse("ResourceNotFoundException", "Event bus " + name + " does not exist.");
}

aws::Outcome<Events::Scheduled*> Events::find_rule(const aws::Call& call, std::string_view member) {
  if (auto ok = check_bus(call, "EventBusName"); !ok) return failure(ok.error());
  const auto& name = call.input[member].string();
  const auto found = rules_.find(rule_arn(call.region, name));
  if (found == rules_.end()) return no_rule(name);
  return &found->second;
}

void Events::save(const Rule& rule) {
  dependencies_.journal.put("events.rules", rule.arn, aws::to_json(to_value(rule)));
}

std::size_t Events::rules_in(const std::string& region) const {
  const auto prefix = rule_arn(region, "");
  const auto from = rules_.lower_bound(prefix);
  auto to = from;
  while (to != rules_.end() && to->first.starts_with(prefix)) ++to;
  return static_cast<std::size_t>(std::distance(from, to));
}

aws::Outcome<> Events::put_rule(const aws::Call& call) {
  const Value& input = call.input;
  if (auto ok = check_bus(call, "EventBusName"); !ok) return failure(ok.error());
  const auto expression = input["ScheduleExpression"].string_or("");
  if (input.has("EventPattern") && !input["EventPattern"].string().empty())
    return aws::refuse(
        "InvalidEventPatternException",
        "Event pattern is not valid. Reason: Sitelatch's engine runs scheduled rules; no "
        "events travel on its bus that a pattern could match");
  if (expression.empty())
    return invalid("Parameter(s) EventPattern or ScheduleExpression must be specified.");
  if (!parse_schedule(expression)) return invalid("Parameter ScheduleExpression is not valid.");

  const auto& name = input["Name"].string();
  const auto arn = rule_arn(call.region, name);
  const bool is_new = rules_.find(arn) == rules_.end();
  aws::Tags tags;
  if (is_new) {
    if (rules_in(call.region) >= most_rules) return too_many();
    auto given = aws::with_tags({}, aws::read_tags(input["Tags"]), tag_rules);
    if (!given) return failure(given.error());
    tags = std::move(*given);
  }
  // What the call leaves out is cleared; targets and tags stay (fact events-3).
  Scheduled& scheduled = rules_[arn];
  Rule& rule = scheduled.rule;
  const bool was_running = !is_new && rule.enabled() && rule.expression == expression;
  if (is_new) rule.tags = std::move(tags);
  rule.region = call.region;
  rule.name = name;
  rule.arn = arn;
  rule.expression = expression;
  rule.state = input["State"].string_or("ENABLED");
  rule.description = input["Description"].optional_string();
  rule.role_arn = input["RoleArn"].optional_string();
  if (!was_running || !rule.enabled()) restart_countdown(scheduled);
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
  if (auto ok = check_bus(call, "EventBusName"); !ok) return failure(ok.error());
  auto page = page_of(call.input);
  if (!page) return invalid("Parameter NextToken is not valid.");
  const auto prefix = rule_arn(call.region, call.input["NamePrefix"].string_or(""));
  for (auto at = rules_.lower_bound(prefix); at != rules_.end() && at->first.starts_with(prefix);
       ++at)
    page->offer(at->second.rule.name, [&] { return described(at->second.rule); });
  return Value::structure({{"Rules", page->items()}, {"NextToken", page->next_token()}});
}

aws::Outcome<> Events::set_state(const aws::Call& call, const std::string& state) {
  auto found = find_rule(call, "Name");
  if (!found) return failure(found.error());
  Rule& rule = (*found)->rule;
  if (rule.enabled() == (state == "ENABLED")) return Value{};
  rule.state = state;
  restart_countdown(**found);
  save(rule);
  return Value{};
}
aws::Outcome<> Events::enable_rule(const aws::Call& call) { return set_state(call, "ENABLED"); }
aws::Outcome<> Events::disable_rule(const aws::Call& call) { return set_state(call, "DISABLED"); }

aws::Outcome<> Events::delete_rule(const aws::Call& call) {
  if (auto ok = check_bus(call, "EventBusName"); !ok) return failure(ok.error());
  const auto found = rules_.find(rule_arn(call.region, call.input["Name"].string()));
  if (found == rules_.end()) return Value{};  // fact events-4
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
  if (auto ok = check_bus(call, "EventBusName"); !ok) return failure(ok.error());
  auto page = page_of(call.input);
  if (!page) return invalid("Parameter NextToken is not valid.");
  const auto prefix = rule_arn(call.region, "");
  const Value& wanted = call.input["TargetArn"];
  for (auto at = rules_.lower_bound(prefix); at != rules_.end() && at->first.starts_with(prefix);
       ++at) {
    const auto& targets = at->second.rule.targets;
    if (std::any_of(targets.begin(), targets.end(),
                    [&](const Value& t) { return t["Arn"] == wanted; }))
      page->offer(at->second.rule.name, [&] { return Value{at->second.rule.name}; });
  }
  return Value::structure({{"RuleNames", page->items()}, {"NextToken", page->next_token()}});
}

aws::Outcome<Events::Scheduled*> Events::find_tagged(const aws::Call& call) {
  const auto& arn = call.input["ResourceARN"].string();
  const auto found = rules_.find(arn);
  if (found != rules_.end() && found->second.rule.region == call.region) return &found->second;
  const auto slash = arn.rfind('/');
  if (!arn.starts_with("arn:") || slash == std::string::npos)
    return invalid("Parameter " + arn +
                   " is not valid. Reason: Provided Arn is not in correct format.");
  return no_rule(arn.substr(slash + 1));
}

aws::Outcome<> Events::tag_resource(const aws::Call& call) {
  auto found = find_tagged(call);
  if (!found) return failure(found.error());
  auto tags = aws::with_tags((*found)->rule.tags, aws::read_tags(call.input["Tags"]), tag_rules);
  if (!tags) return failure(tags.error());
  (*found)->rule.tags = std::move(*tags);
  save((*found)->rule);
  return Value::structure();
}

aws::Outcome<> Events::untag_resource(const aws::Call& call) {
  auto found = find_tagged(call);
  if (!found) return failure(found.error());
  auto& tags = (*found)->rule.tags;
  tags = aws::without_tags(tags, call.input["TagKeys"].strings());
  save((*found)->rule);
  return Value::structure();
}

aws::Outcome<> Events::list_tags_for_resource(const aws::Call& call) {
  auto found = find_tagged(call);
  if (!found) return failure(found.error());
  return Value::structure({{"Tags", aws::tag_list((*found)->rule.tags)}});
}

aws::Outcome<> Events::list_event_buses(const aws::Call& call) {
  Value buses = Value::list();
  if (std::string_view{"default"}.starts_with(call.input["NamePrefix"].string_or("")))
    buses.push(Value::structure({{"Name", "default"}, {"Arn", bus_arn(call.region)}}));
  return Value::structure({{"EventBuses", buses}});
}

aws::Outcome<> Events::describe_event_bus(const aws::Call& call) {
  if (auto ok = check_bus(call, "Name"); !ok) return failure(ok.error());
  return Value::structure({{"Name", "default"}, {"Arn", bus_arn(call.region)}});
}

}  // namespace sitelatch::events
