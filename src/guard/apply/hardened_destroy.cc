// SPDX-License-Identifier: Apache-2.0
#include "guard/apply/hardened_destroy.h"

#include <fmt/format.h>

#include <map>
#include <utility>

#include "base/text.h"

namespace sitelatch::guard {
namespace {

using aws::Value;

std::string not_ours(const std::string& name, const std::string& id) {
  return fmt::format("{}: not tagged {}={}, so it is not this guard's", name, tag::guard, id);
}

class Removals {
 public:
  Removals(const HardenedLook& look, RemovalPlan& ending) : look_(look), ending_(ending) {}

  // What IAM must allow for it.
  std::vector<std::string> plan(bool logs) {
    remove_clock();
    remove_function();
    remove_role();
    remove_sentinel();
    remove_log(logs);
    if (tagged()) last_.push_back(removal_of("untag", "health check " + id(), {untag()}));
    std::vector<std::string> actions;
    for (const auto* ours : {&first_, &last_})
      for (const auto& one : *ours)
        actions.insert(actions.end(), one.actions.begin(), one.actions.end());
    auto all = std::move(first_);
    for (auto* more : {&ending_.removals, &last_})
      for (auto& one : *more) all.push_back(std::move(one));
    ending_.removals = std::move(all);
    return actions;
  }

 private:
  const std::string& id() const { return look_.plan.endpoint; }
  const std::string& region() const { return look_.plan.relay.function.region; }
  void remove(std::string name, std::vector<RemovalCall> all) {
    first_.push_back(removal_of("delete", std::move(name), std::move(all)));
  }

  // First: then nothing runs the relay any more.
  void remove_clock() {
    if (!look_.observed.clock) return;
    const auto& clock = look_.observed.clock->id;
    remove("health check " + clock + ", the relay's clock",
           {{"route53", "DeleteHealthCheck", "", Value::structure({{"HealthCheckId", clock}})}});
  }
  void remove_function() {
    const auto& function = look_.observed.relay.function;
    if (!function) return;
    if (!is_tagged_for(function->tags, id()))
      return ending_.left.push_back(not_ours("function " + function->name, id()));
    remove(fmt::format("function {} ({}), the relay, and its URL", function->name, region()),
           {{"lambda", "DeleteFunction", region(),
             Value::structure({{"FunctionName", function->name}})}});
  }
  void remove_role() {
    const auto& role = look_.observed.relay.role;
    if (!role) return;
    const auto& name = look_.plan.relay.role.name;
    if (!is_tagged_for(role->tags, id()))
      return ending_.left.push_back(not_ours("role " + name, id()));
    const auto input = Value::structure({{"RoleName", name}});
    std::vector<RemovalCall> all;
    for (const auto& [policy, document] : role->inline_policies) {
      auto one = input;
      one.set("PolicyName", policy);
      all.push_back({"iam", "DeleteRolePolicy", "", one});
    }
    for (const auto& arn : role->managed_policies) {
      auto one = input;
      one.set("PolicyArn", arn);
      all.push_back({"iam", "DetachRolePolicy", "", one});
    }
    all.push_back({"iam", "DeleteRole", "", input});
    remove("role " + name, std::move(all));
  }
  // Nobody deletes a check that a record follows, so it goes although E stays.
  void remove_sentinel() {
    std::map<std::string, Value> by_zone;
    for (const auto& record : look_.sentinels) {
      auto& list = by_zone[record.zone_id];
      if (list.is_null()) list = Value::list();
      list.push(Value::structure({{"Action", "DELETE"}, {"ResourceRecordSet", record.wire}}));
    }
    for (auto& [zone, changes] : by_zone)
      remove(fmt::format("records {} TXT in zone {}", look_.sentinels.front().name, zone),
             {{"route53", "ChangeResourceRecordSets", "",
               Value::structure(
                   {{"HostedZoneId", zone},
                    {"ChangeBatch", Value::structure({{"Comment", "sitelatch destroy"},
                                                      {"Changes", std::move(changes)}})}})}});
  }
  void remove_log(bool logs) {
    const auto& group = look_.observed.relay.function_group;
    if (!group) return;
    const auto& plan = look_.plan.relay.function_group;
    if (!is_tagged_for(group->tags, id()))
      return ending_.left.push_back(not_ours("log group " + plan.name, id()));
    if (logs)
      return remove("log group " + plan.name, {{"logs", "DeleteLogGroup", region(),
                                                Value::structure({{"logGroupName", plan.name}})}});
    ending_.left.push_back(fmt::format("log group {}: kept for {}; --logs removes it", plan.name,
                                       counted(plan.retention_days, "day", "days")));
  }

  bool tagged() const {
    if (!ending_.snapshot.observed.check) return false;
    const auto form = look_.endpoint_tags.find(std::string{tag::form});
    return look_.endpoint_tags.contains(std::string{tag::clock_check}) ||
           (form != look_.endpoint_tags.end() && form->second == to_string(Form::hardened));
  }
  RemovalCall untag() const {
    return {"route53", "ChangeTagsForResource", "",
            Value::structure(
                {{"ResourceType", "healthcheck"},
                 {"ResourceId", id()},
                 {"RemoveTagKeys", Value::list({tag::form, tag::clock_check, tag::last_drill})}})};
  }

  const HardenedLook& look_;
  RemovalPlan& ending_;
  std::vector<Removal> first_, last_;
};

}  // namespace

Step add_hardened(Context& context, RemovalPlan& ending, bool logs) {
  const auto& id = ending.plan.settings.health_check_id;
  auto records = read_records(context.aws, id);
  if (!records) return failure(error_of(records.error(), "look for the relay's sentinel"));
  ending.snapshot.records = std::move(*records);
  HardenedQuery how;
  how.health = false;
  const auto look = look_at_hardened(context, ending.snapshot, ending.plan, how);
  if (!look) return failure(look.error());
  if (!look->blind.empty())
    return failure(unseen_of(look->blind, "Destroy must see everything that it may remove",
                             ending.snapshot.caller_arn, id));
  const auto actions = Removals(*look, ending).plan(logs);
  ending.form = Form::hardened;
  const auto& clock = look->observed.clock;
  const auto scope = relay_alone(scope_of_hardened(ending.plan, clock ? clock->id : ""));
  auto rights = only(rights_of(Audience::deployer, scope), actions);
  if (!look->sentinels.empty())
    rights = in_zone(std::move(rights), look->sentinels.front().zone_id);
  if (const auto missing = missing_rights(context.aws, ending.snapshot.caller_arn, rights))
    ending.missing.insert(ending.missing.end(), missing->begin(), missing->end());
  return Done{};
}

Result<RemovalPlan, Error> plan_hardened_removal(Context& context,
                                                 const std::string& health_check_id) {
  RemovalOptions options;
  options.health_check_id = health_check_id;
  options.latch = Latch::keep;  // nothing of the latch is touched
  options.ask_rights = false;
  auto ending = plan_removal(context, options);
  if (!ending) return failure(ending.error());
  ending->removals.clear();
  ending->left.clear();
  ending->notes.clear();
  const auto added = add_hardened(context, *ending, false);
  if (!added) return failure(added.error());
  return ending;
}

}  // namespace sitelatch::guard
