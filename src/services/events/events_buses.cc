// SPDX-License-Identifier: Apache-2.0
// Events: buses with their policies, and the tags of buses and rules.
#include "aws/auth/arn.h"
#include "aws/auth/policy.h"
#include "aws/service/paging.h"
#include "services/events/events.h"
#include "services/events/refusals.h"

namespace sitelatch::events {
using aws::Value;

namespace {

constexpr std::size_t most_buses = 100;

Value shown_time(const std::optional<Instant>& at) { return at ? Value{*at} : Value{}; }

// As the list has it; a description has more.
Value listed(const EventBus& bus) {
  return Value::structure({{"Name", bus.name},
                           {"Arn", bus.arn},
                           {"Description", bus.description},
                           {"Policy", bus.policy.empty() ? Value{} : Value{bus.policy}},
                           {"CreationTime", shown_time(bus.created)},
                           {"LastModifiedTime", shown_time(bus.modified)}});
}

void add_settings(const EventBus& bus, Value& out) {
  out.set("Description", bus.description);
  out.set("KmsKeyIdentifier", bus.kms_key);
  out.set("DeadLetterConfig", bus.dead_letters);
  out.set("LogConfig", bus.logs);
}

void take_settings(const Value& input, EventBus& bus) {
  if (input.has("Description")) bus.description = input["Description"].optional_string();
  if (input.has("KmsKeyIdentifier")) bus.kms_key = input["KmsKeyIdentifier"].optional_string();
  if (input.has("DeadLetterConfig")) bus.dead_letters = input["DeadLetterConfig"];
  if (input.has("LogConfig")) bus.logs = input["LogConfig"];
}

aws::Outcome<std::string> policy_given(const EventBus& bus, const Value& input) {
  std::string out;
  if (const Value& whole = input["Policy"]; whole) {
    if (const auto parsed = aws::parse_policy(whole.string(), aws::PolicyUse::resource); !parsed)
      return invalid("Parameter Policy is not valid. Reason: " + parsed.error().text);
    out = whole.string();
  } else {
    for (const char* needed : {"Action", "Principal", "StatementId"})
      if (!input.has(needed))
        return invalid(std::string{"Parameter(s) "} + needed + " must be specified.");
    if (input["Action"].string() != "events:PutEvents")
      return invalid("Provided value in parameter 'action' is not supported.");
    out = with_statement(bus, input);
    if (const auto parsed = aws::parse_policy(out, aws::PolicyUse::resource); !parsed)
      return invalid("Parameter Condition is not valid. Reason: " + parsed.error().text);
  }
  if (out.size() > longest_policy)
    return aws::refuse("PolicyLengthExceededException",
                       "The policy of an event bus may have no more than 10240 characters.");
  return out;
}

}  // namespace

std::string Events::bus_arn(const std::string& region, std::string_view name) const {
  return "arn:aws:events:" + region + ":" + account_ + ":event-bus/" + std::string{name};
}

std::string Events::bus_name(const std::string& region, const Value& named) const {
  const auto text = named.string_or(default_bus);
  const auto own = bus_arn(region, "");
  return text.starts_with(own) ? text.substr(own.size()) : text;
}

bool Events::has_bus(const std::string& region, const std::string& name) const {
  return name == default_bus || buses_.contains(bus_arn(region, name));
}

aws::Outcome<std::string> Events::find_bus(const aws::Call& call, std::string_view member) const {
  auto name = bus_name(call.region, call.input[member]);
  if (has_bus(call.region, name)) return name;
  const auto arn = aws::parse_arn(name);
  const auto slash = name.find('/');
  return no_bus(arn && slash != std::string::npos ? name.substr(slash + 1) : name);
}

// The bus as it is; the default one whether or not anything was set for it.
EventBus Events::bus_of(const std::string& region, const std::string& name) const {
  const auto arn = bus_arn(region, name);
  if (const auto found = buses_.find(arn); found != buses_.end()) return found->second;
  EventBus out;
  out.region = region;
  out.name = name;
  out.arn = arn;
  return out;
}

void Events::save(EventBus bus) {
  bus.modified = dependencies_.timers.now();
  if (!bus.created) bus.created = bus.modified;
  dependencies_.journal.put("events.buses", bus.arn, aws::to_json(to_value(bus)));
  buses_.insert_or_assign(bus.arn, std::move(bus));
}

aws::Outcome<> Events::create_event_bus(const aws::Call& call) {
  const Value& input = call.input;
  const auto& name = input["Name"].string();
  if (input.has("EventSourceName"))
    return aws::refuse("ResourceNotFoundException",
                       "Event source " + input["EventSourceName"].string() + " does not exist.");
  if (name.find('/') != std::string::npos) return invalid("Event bus name must not contain '/'.");
  if (has_bus(call.region, name))
    return aws::refuse("ResourceAlreadyExistsException", "Event bus " + name + " already exists.");
  const auto prefix = bus_arn(call.region, "");
  const auto from = buses_.lower_bound(prefix);
  auto to = from;
  while (to != buses_.end() && to->first.starts_with(prefix)) ++to;
  if (static_cast<std::size_t>(std::distance(from, to)) >= most_buses) return too_many();
  auto tags = aws::with_tags({}, aws::read_tags(input["Tags"]), tag_rules);
  if (!tags) return failure(tags.error());
  EventBus bus = bus_of(call.region, name);
  take_settings(input, bus);
  bus.tags = std::move(*tags);
  Value out = Value::structure({{"EventBusArn", bus.arn}});
  add_settings(bus, out);
  save(std::move(bus));
  return out;
}

aws::Outcome<> Events::update_event_bus(const aws::Call& call) {
  auto name = find_bus(call, "Name");
  if (!name) return failure(name.error());
  EventBus bus = bus_of(call.region, *name);
  take_settings(call.input, bus);
  Value out = Value::structure({{"Arn", bus.arn}, {"Name", bus.name}});
  add_settings(bus, out);
  save(std::move(bus));
  return out;
}

aws::Outcome<> Events::delete_event_bus(const aws::Call& call) {
  const auto name = bus_name(call.region, call.input["Name"]);
  if (name == default_bus) return invalid("Cannot delete event bus default.");
  const auto found = buses_.find(bus_arn(call.region, name));
  if (found == buses_.end()) return Value{};  // fact events-51
  if (rules_on(call.region, name) > 0)
    return invalid("EventBus can't be deleted since it has rules.");
  dependencies_.journal.erase("events.buses", found->first);
  buses_.erase(found);
  return Value{};
}

aws::Outcome<> Events::list_event_buses(const aws::Call& call) {
  auto page =
      aws::Page::at("event-buses", call.input["NextToken"], call.input["Limit"].integer_or(100));
  if (!page) return invalid("Parameter NextToken is not valid.");
  const auto wanted = call.input["NamePrefix"].string_or("");
  const auto prefix = bus_arn(call.region, "");
  std::map<std::string, EventBus> all;
  if (default_bus.starts_with(wanted))
    all.emplace(default_bus, bus_of(call.region, std::string{default_bus}));
  for (auto at = buses_.lower_bound(prefix + wanted);
       at != buses_.end() && at->first.starts_with(prefix + wanted); ++at)
    all.insert_or_assign(at->second.name, at->second);
  for (const auto& [name, bus] : all)
    if (!page->offer(name, [&, &shown = bus] { return listed(shown); })) break;
  return Value::structure({{"EventBuses", page->items()}, {"NextToken", page->next_token()}});
}

aws::Outcome<> Events::describe_event_bus(const aws::Call& call) {
  auto name = find_bus(call, "Name");
  if (!name) return failure(name.error());
  const EventBus bus = bus_of(call.region, *name);
  Value out = listed(bus);
  add_settings(bus, out);
  return out;
}

aws::Outcome<> Events::put_permission(const aws::Call& call) {
  auto name = find_bus(call, "EventBusName");
  if (!name) return failure(name.error());
  EventBus bus = bus_of(call.region, *name);
  auto policy = policy_given(bus, call.input);
  if (!policy) return failure(policy.error());
  bus.policy = std::move(*policy);
  save(std::move(bus));
  return Value{};
}

aws::Outcome<> Events::remove_permission(const aws::Call& call) {
  auto name = find_bus(call, "EventBusName");
  if (!name) return failure(name.error());
  EventBus bus = bus_of(call.region, *name);
  std::optional<std::string> policy;
  if (call.input["RemoveAllPermissions"].boolean_or(false))
    policy = "";
  else
    policy = without_statement(bus, call.input["StatementId"].string_or(""));
  if (!policy)
    return aws::refuse("ResourceNotFoundException",
                       "Statement with the provided id does not exist.");
  bus.policy = std::move(*policy);
  save(std::move(bus));
  return Value{};
}

// --- tags

aws::Outcome<aws::Tags> Events::tags_of(const aws::Call& call) const {
  const auto& arn = call.input["ResourceARN"].string();
  const auto parsed = aws::parse_arn(arn);
  const auto slash = arn.rfind('/');
  if (!parsed || parsed->service != "events" || slash == std::string::npos)
    return invalid("Parameter " + arn +
                   " is not valid. Reason: Provided Arn is not in correct format.");
  const auto name = arn.substr(slash + 1);
  if (arn.starts_with(bus_arn(call.region, ""))) {
    if (has_bus(call.region, name)) return bus_of(call.region, name).tags;
    return no_bus(name);
  }
  if (const auto found = rules_.find(arn);
      found != rules_.end() && found->second.rule.region == call.region)
    return found->second.rule.tags;
  const auto begin = arn.find('/') + 1;
  const auto bus = begin <= slash ? arn.substr(begin, slash - begin) : std::string{default_bus};
  return aws::refuse("ResourceNotFoundException",
                     "Rule " + name + " does not exist on EventBus " + bus + ".");
}

aws::Outcome<> Events::change_tags(const aws::Call& call, aws::Tags tags) {
  const auto& arn = call.input["ResourceARN"].string();
  if (const auto found = rules_.find(arn); found != rules_.end()) {
    found->second.rule.tags = std::move(tags);
    save(found->second.rule);
  } else {
    EventBus bus = bus_of(call.region, bus_name(call.region, call.input["ResourceARN"]));
    bus.tags = std::move(tags);
    save(std::move(bus));
  }
  return Value::structure();
}

aws::Outcome<> Events::tag_resource(const aws::Call& call) {
  auto present = tags_of(call);
  if (!present) return failure(present.error());
  auto tags = aws::with_tags(std::move(*present), aws::read_tags(call.input["Tags"]), tag_rules);
  if (!tags) return failure(tags.error());
  return change_tags(call, std::move(*tags));
}

aws::Outcome<> Events::untag_resource(const aws::Call& call) {
  auto present = tags_of(call);
  if (!present) return failure(present.error());
  return change_tags(call, aws::without_tags(std::move(*present), call.input["TagKeys"].strings()));
}

aws::Outcome<> Events::list_tags_for_resource(const aws::Call& call) {
  auto tags = tags_of(call);
  if (!tags) return failure(tags.error());
  return Value::structure({{"Tags", aws::tag_list(*tags)}});
}

}  // namespace sitelatch::events
