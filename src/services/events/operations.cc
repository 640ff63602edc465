// SPDX-License-Identifier: Apache-2.0
// The operations, and what each asks of IAM (fact events-33).
#include "services/events/events.h"

namespace sitelatch::events {
namespace {
using aws::Permission;

Permission pass_role(const std::string& role_arn) {
  return {"iam:PassRole", {role_arn}, {{"iam:passedtoservice", {"events.amazonaws.com"}}}, ""};
}

void add_request_keys(const aws::Value& input, aws::ConditionKeys& keys) {
  aws::add_request_tags(aws::read_tags(input["Tags"]), input["TagKeys"].strings(), keys);
  for (const auto& target : input["Targets"].items())
    keys.add("events:TargetArn", target["Arn"].string_or(""));
}

}  // namespace

const aws::OperationTable<Events>& Events::operation_table() {
  static const aws::OperationTable<Events> table{
      "events",
      {
          {"PutRule", &Events::put_rule, &Events::ask_to_put_rule},
          {"DescribeRule", &Events::describe_rule, &Events::ask_of_rule},
          {"ListRules", &Events::list_rules, &Events::ask_of_everything},
          {"EnableRule", &Events::enable_rule, &Events::ask_of_rule},
          {"DisableRule", &Events::disable_rule, &Events::ask_of_rule},
          {"DeleteRule", &Events::delete_rule, &Events::ask_of_rule},
          {"PutTargets", &Events::put_targets, &Events::ask_to_put_targets},
          {"RemoveTargets", &Events::remove_targets, &Events::ask_of_rule},
          {"ListTargetsByRule", &Events::list_targets_by_rule, &Events::ask_of_rule},
          {"ListRuleNamesByTarget", &Events::list_rule_names_by_target, &Events::ask_of_everything},
          {"TagResource", &Events::tag_resource, &Events::ask_of_tagged},
          {"UntagResource", &Events::untag_resource, &Events::ask_of_tagged},
          {"ListTagsForResource", &Events::list_tags_for_resource, &Events::ask_of_tagged},
          {"CreateEventBus", &Events::create_event_bus, &Events::ask_to_create_bus},
          {"UpdateEventBus", &Events::update_event_bus, &Events::ask_of_bus},
          {"DeleteEventBus", &Events::delete_event_bus, &Events::ask_of_bus},
          {"ListEventBuses", &Events::list_event_buses, &Events::ask_of_everything},
          {"DescribeEventBus", &Events::describe_event_bus, &Events::ask_of_bus},
          {"PutPermission", &Events::put_permission, &Events::ask_of_bus},
          {"RemovePermission", &Events::remove_permission, &Events::ask_of_bus},
          {"PutEvents", &Events::put_events, &Events::ask_to_put_events},
          {"TestEventPattern", &Events::test_event_pattern, &Events::ask_of_everything},
          {"CreateArchive", &Events::create_archive, &Events::ask_of_archive},
          {"UpdateArchive", &Events::update_archive, &Events::ask_of_archive},
          {"DeleteArchive", &Events::delete_archive, &Events::ask_of_archive},
          {"DescribeArchive", &Events::describe_archive, &Events::ask_of_archive},
          {"ListArchives", &Events::list_archives, &Events::ask_of_everything},
          {"StartReplay", &Events::start_replay, &Events::ask_of_replay},
          {"DescribeReplay", &Events::describe_replay, &Events::ask_of_replay},
          {"ListReplays", &Events::list_replays, &Events::ask_of_everything},
          {"CancelReplay", &Events::cancel_replay, &Events::ask_of_replay},
          {"ListApiDestinations", &Events::list_nothing, &Events::ask_of_everything},
          {"ListConnections", &Events::list_nothing, &Events::ask_of_everything},
          {"ListEndpoints", &Events::list_nothing, &Events::ask_of_everything},
          {"ListEventSources", &Events::list_nothing, &Events::ask_of_everything},
          {"DescribeApiDestination", &Events::not_there, &Events::ask_of_everything},
          {"DeleteApiDestination", &Events::not_there, &Events::ask_of_everything},
          {"DescribeConnection", &Events::not_there, &Events::ask_of_everything},
          {"DeleteConnection", &Events::not_there, &Events::ask_of_everything},
          {"DeauthorizeConnection", &Events::not_there, &Events::ask_of_everything},
          {"DescribeEndpoint", &Events::not_there, &Events::ask_of_everything},
          {"DeleteEndpoint", &Events::not_there, &Events::ask_of_everything},
          {"DescribeEventSource", &Events::not_there, &Events::ask_of_everything},
          {"ActivateEventSource", &Events::not_there, &Events::ask_of_everything},
          {"DeactivateEventSource", &Events::not_there, &Events::ask_of_everything},
      }};
  return table;
}

// `arn` is of a rule or of a bus.
Permission Events::question_of(const std::string& arn, const aws::Call& call) const {
  Permission asked{action(call), {arn}, {}, ""};
  add_request_keys(call.input, asked.keys);
  if (const auto found = rules_.find(arn); found != rules_.end()) {
    asked.keys.set("events:creatorAccount", account_);
    if (found->second.rule.managed_by)
      asked.keys.set("events:ManagedBy", *found->second.rule.managed_by);
    aws::add_resource_tags(found->second.rule.tags, asked.keys);
  }
  if (const auto found = buses_.find(arn); found != buses_.end()) {
    asked.resource_policy = found->second.policy;
    aws::add_resource_tags(found->second.tags, asked.keys);
  }
  return asked;
}

// Operations on a bus call it Name, others EventBusName.
Events::Question Events::ask_of_bus(const aws::Call& call) const {
  const auto& named = call.input[call.input.has("Name") ? "Name" : "EventBusName"];
  return {question_of(bus_arn(call.region, bus_name(call.region, named)), call)};
}

Events::Question Events::ask_to_create_bus(const aws::Call& call) const {
  Question out{question_of(bus_arn(call.region, call.input["Name"].string_or("")), call)};
  if (!call.input["Tags"].items().empty()) {
    out.push_back(out.front());
    out.back().action = operation_table().action("TagResource");
  }
  return out;
}

// Operations on a rule call it Name, those on its targets Rule.
std::string Events::asked_rule(const aws::Call& call) const {
  const auto& named = call.input[call.input.has("Rule") ? "Rule" : "Name"];
  return rule_arn(call.region, bus_name(call.region, call.input["EventBusName"]),
                  named.string_or(""));
}

Events::Question Events::ask_of_rule(const aws::Call& call) const {
  return {question_of(asked_rule(call), call)};
}

Events::Question Events::ask_of_archive(const aws::Call& call) const {
  return {
      question_of(own_arn(call.region, "archive", call.input["ArchiveName"].string_or("")), call)};
}

Events::Question Events::ask_of_replay(const aws::Call& call) const {
  return {
      question_of(own_arn(call.region, "replay", call.input["ReplayName"].string_or("")), call)};
}

Events::Question Events::ask_of_tagged(const aws::Call& call) const {
  return {question_of(call.input["ResourceARN"].string_or("*"), call)};
}

Events::Question Events::ask_to_put_rule(const aws::Call& call) const {
  const auto arn = asked_rule(call);
  Question out{question_of(arn, call)};
  if (const auto pattern = EventPattern::parse(call.input["EventPattern"].string_or("")); pattern) {
    for (const auto& source : pattern->plain_values("source"))
      out.front().keys.add("events:source", source);
    for (const auto& type : pattern->plain_values("detail-type"))
      out.front().keys.add("events:detail-type", type);
  }
  if (!rules_.contains(arn) && !call.input["Tags"].items().empty()) {
    out.push_back(out.front());
    out.back().action = operation_table().action("TagResource");
  }
  if (call.input.has("RoleArn")) out.push_back(pass_role(call.input["RoleArn"].string()));
  return out;
}

// A question for each entry: what it says of itself may be allowed or not.
Events::Question Events::ask_to_put_events(const aws::Call& call) const {
  Question out;
  for (const auto& entry : call.input["Entries"].items()) {
    out.push_back(
        question_of(bus_arn(call.region, bus_name(call.region, entry["EventBusName"])), call));
    out.back().keys.set("events:source", entry["Source"].string_or(""));
    out.back().keys.set("events:detail-type", entry["DetailType"].string_or(""));
    out.back().keys.set("events:eventBusInvocation", "false");
  }
  return out;
}

Events::Question Events::ask_to_put_targets(const aws::Call& call) const {
  auto out = ask_of_rule(call);
  for (const auto& target : call.input["Targets"].items())
    if (target.has("RoleArn")) out.push_back(pass_role(target["RoleArn"].string()));
  return out;
}

}  // namespace sitelatch::events
