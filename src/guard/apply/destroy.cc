// SPDX-License-Identifier: Apache-2.0
#include "guard/apply/destroy.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "client/wait.h"
#include "guard/apply/find_check.h"

namespace sitelatch::guard {
namespace {

using aws::Value;
using client::Outcome;

using Call = RemovalCall;

bool ours(const Texts& tags, const std::string& id) { return is_tagged_for(tags, id); }

// IAM's detaching takes a moment to arrive where it deletes: "must detach all policies first".
Outcome<Done> make(Context& context, const Call& call) {
  client::Backoff backoff;
  backoff.every = std::chrono::seconds{1};
  backoff.growth = 1.5;
  backoff.at_most = std::chrono::minutes{1};
  std::optional<client::Error> last;
  Waiting waiting(context);
  const auto made =
      client::wait_for<Done>(context.clock, backoff, [&]() -> Outcome<std::optional<Done>> {
        const auto reply = context.aws.call(call.service, call.operation, call.input, call.region);
        if (reply || client::is_absent(reply.error())) return std::optional{Done{}};
        last = reply.error();
        if (!last->code.starts_with("DeleteConflict")) return failure(*last);
        waiting.until({"AWS lets " + call.operation + " be done (" + last->message + ")", "seconds",
                       backoff.at_most});
        return std::optional<Done>{};
      });
  if (!made) return failure(made.error());
  if (*made) return Done{};
  return failure(*last);
}
std::function<Outcome<Done>(Context&)> calls(std::vector<Call> all) {
  return [all = std::move(all)](Context& context) -> Outcome<Done> {
    for (const auto& call : all) {
      const auto done = make(context, call);
      if (!done) return done;
    }
    return Done{};
  };
}

struct GuidesPolicy {
  std::string arn;
  Texts tags;
  bool attached_elsewhere = false;
  std::vector<std::string> old_versions;
};

// Nothing: there is none by the guide's name.
Outcome<std::optional<GuidesPolicy>> guides_policy(client::Aws& aws, const Plan& plan,
                                                   const Observed& observed) {
  GuidesPolicy policy;
  policy.arn = fmt::format("arn:{}:iam::{}:policy/{}", plan.settings.partition,
                           plan.settings.account, plan.settings.health_check_id);
  const auto input = Value::structure({{"PolicyArn", policy.arn}});
  const auto reply = aws.call("iam", "GetPolicy", input);
  if (!reply)
    return client::is_absent(reply.error())
               ? Outcome<std::optional<GuidesPolicy>>{std::optional<GuidesPolicy>{}}
               : Outcome<std::optional<GuidesPolicy>>{failure(reply.error())};
  for (const auto& tag : (*reply)["Policy"]["Tags"].items())
    policy.tags[tag["Key"].string_or("")] = tag["Value"].string_or("");
  std::int64_t ours_attached = 0;
  if (observed.role) {
    const auto& attached = observed.role->managed_policies;
    ours_attached = std::count(attached.begin(), attached.end(), policy.arn);
  }
  policy.attached_elsewhere = (*reply)["Policy"]["AttachmentCount"].integer_or(0) > ours_attached;
  const auto versions = aws.call_all("iam", "ListPolicyVersions", input);
  if (!versions) return failure(versions.error());
  for (const auto& version : (*versions)["Versions"].items())
    if (!version["IsDefaultVersion"].boolean_or(false))
      policy.old_versions.push_back(version["VersionId"].string_or(""));
  return std::optional{policy};
}

class Planner {
 public:
  Planner(RemovalPlan& ending, const RemovalOptions& options,
          const std::optional<GuidesPolicy>& guides_policy)
      : ending_(ending),
        options_(options),
        guides_policy_(guides_policy),
        plan_(ending.plan),
        snapshot_(ending.snapshot) {}

  Step run() {
    const auto judged = judge_latch();
    if (!judged) return judged;
    quiet_the_alarm();
    remove_subscription();
    remove_schedule();
    // The path stands in the notify topic's tags, but for one too long for a tag: that one goes
    // back first.
    const bool path_outlives_function = topic_has_path();
    if (!path_outlives_function) restore_check();
    remove_function();
    remove_role();
    if (path_outlives_function) restore_check();
    remove_alarm();
    remove_topic(plan_.notify_topic, snapshot_.observed.notify_topic);
    remove_logs();
    remove_topic(plan_.alarm_topic, snapshot_.observed.alarm_topic);
    return Done{};
  }

 private:
  const std::string& id() const { return plan_.settings.health_check_id; }
  const Observed& observed() const { return snapshot_.observed; }

  void remove(std::string verb, std::string name, std::vector<Call> all) {
    ending_.removals.push_back(removal_of(std::move(verb), std::move(name), std::move(all)));
  }
  void leave(const std::string& name) {
    ending_.left.push_back(
        fmt::format("{}: not tagged {}={}, so it is not this guard's", name, tag::guard, id()));
  }

  Step judge_latch() {
    if (!observed().check) {
      ending_.notes.emplace_back("The health check itself is gone.");
      return Done{};
    }
    const auto& check = *observed().check;
    if (!latched(check)) {
      if (frozen_by_us())
        ending_.notes.emplace_back("The check is frozen as healthy by a maintenance: it is freed.");
      return Done{};
    }
    const auto path = path_to_restore();
    const auto by_hand =
        check.disabled
            ? fmt::format(
                  "aws route53 update-health-check --health-check-id {} --no-disabled "
                  "--no-inverted",
                  id())
            : fmt::format("aws route53 update-health-check --health-check-id {} --resource-path {}",
                          id(), path.value_or("PATH"));
    if (options_.latch == Latch::unsaid)
      return failure(
          error_of(Error::Kind::refused,
                   fmt::format("Health check {} is latched. Say what becomes of it: --keep-latched "
                               "(Backup goes on serving) or --restore (Primary serves once it is "
                               "healthy; sitelatch switch-back asks first whether it should).",
                               id())));
    if (options_.latch == Latch::keep) {
      ending_.notes.push_back(fmt::format(
          "The check stays latched and nobody guards it. To release it later: {}", by_hand));
      return Done{};
    }
    if (!path && !check.disabled)
      return failure(error_of(Error::Kind::refused,
                              fmt::format("Nobody noted the path that the latch replaced. Restore "
                                          "it by hand ({}) and run destroy again.",
                                          by_hand)));
    ending_.notes.emplace_back(
        "The check gets its path back: Primary serves as soon as it is healthy, whether or not the "
        "sites are in sync.");
    return Done{};
  }

  bool frozen_by_us() const {
    const auto& maintenance = snapshot_.settings.record.maintenance;
    return observed().check && frozen_healthy(*observed().check) && maintenance &&
           maintenance->keep == Keep::primary;
  }

  std::optional<std::string> path_to_restore() const {
    const auto& check = *observed().check;
    if (auto path = snapshot_.settings.record.path_to_restore()) return path;
    if (check.path && !is_latch_path(*check.path)) return check.path;
    return std::nullopt;
  }

  bool topic_has_path() const {
    const auto& topic = observed().notify_topic;
    return topic && topic->tags.contains(std::string{tag::original_path});
  }

  void quiet_the_alarm() {
    if (!observed().alarm || !ours(observed().alarm->tags, id()) ||
        !observed().alarm->snapshot.actions_enabled)
      return;
    remove("disable", "actions of alarm " + plan_.alarm.name,
           {{"cloudwatch", "DisableAlarmActions", plan_.alarm.region,
             Value::structure({{"AlarmNames", Value::list({plan_.alarm.name})}})}});
  }

  void remove_subscription() {
    const bool function_ours = observed().function && ours(observed().function->tags, id());
    const bool topic_ours = observed().alarm_topic && ours(observed().alarm_topic->tags, id());
    for (const auto& subscription : observed().alarm_subscriptions)
      if ((function_ours || topic_ours) && subscription.endpoint == plan_.function.arn &&
          !subscription.pending)
        remove("delete", "subscription of the function",
               {{"sns", "Unsubscribe", plan_.alarm_topic.region,
                 Value::structure({{"SubscriptionArn", subscription.arn}})}});
  }

  void remove_schedule() {
    if (!observed().schedule) return;
    const auto& plan = plan_.schedule;
    if (!ours(observed().schedule->tags, id())) return leave("rule " + plan.name);
    std::vector<Call> all;
    auto ids = Value::list();
    for (const auto& target : observed().schedule->targets) ids.push(target.first);
    if (!observed().schedule->targets.empty())
      all.push_back({"events", "RemoveTargets", plan.region,
                     Value::structure({{"Rule", plan.name}, {"Ids", ids}})});
    all.push_back({"events", "DeleteRule", plan.region, Value::structure({{"Name", plan.name}})});
    remove("delete", "rule " + plan.name, std::move(all));
  }

  void remove_function() {
    if (!observed().function) return;
    const auto& plan = plan_.function;
    if (!ours(observed().function->tags, id())) return leave("function " + plan.name);
    remove("delete", fmt::format("function {} ({})", plan.name, plan.region),
           {{"lambda", "DeleteFunction", plan.region,
             Value::structure({{"FunctionName", plan.name}})}});
  }

  void remove_role() {
    if (observed().role) {
      const auto& name = plan_.role.name;
      if (!ours(observed().role->tags, id())) return leave("role " + name);
      const auto role = Value::structure({{"RoleName", name}});
      std::vector<Call> all;
      for (const auto& [policy, document] : observed().role->inline_policies) {
        auto input = role;
        input.set("PolicyName", policy);
        all.push_back({"iam", "DeleteRolePolicy", {}, input});
      }
      for (const auto& arn : observed().role->managed_policies) {
        auto input = role;
        input.set("PolicyArn", arn);
        all.push_back({"iam", "DetachRolePolicy", {}, input});
      }
      all.push_back({"iam", "DeleteRole", {}, role});
      remove("delete", "role " + name, std::move(all));
    }
    remove_guides_policy();
  }

  // Adopted with the guide's role, which it was attached to, and tagged then.
  void remove_guides_policy() {
    if (!guides_policy_ || !ours(guides_policy_->tags, id())) return;
    const auto input = Value::structure({{"PolicyArn", guides_policy_->arn}});
    std::vector<Call> all;
    for (const auto& version : guides_policy_->old_versions) {
      auto one = input;
      one.set("VersionId", version);
      all.push_back({"iam", "DeletePolicyVersion", {}, one});
    }
    all.push_back({"iam", "DeletePolicy", {}, input});
    if (guides_policy_->attached_elsewhere)
      ending_.left.push_back(fmt::format("policy {}: something else is attached to it", id()));
    else
      remove("delete", "policy " + id(), std::move(all));
  }

  void restore_check() {
    if (!observed().check) return;
    const auto& check = *observed().check;
    CheckChange change;
    if (latched(check) && options_.latch == Latch::restore)
      change = releasing(check, path_to_restore().value_or(""));
    else if (frozen_by_us())
      change.disabled = false;
    if (change.empty()) return;
    auto input = Value::structure({{"HealthCheckId", id()},
                                   {"HealthCheckVersion", static_cast<std::int64_t>(check.version)},
                                   {"ResourcePath", change.path},
                                   {"Disabled", change.disabled},
                                   {"Inverted", change.inverted}});
    if (change.reset_path) input.set("ResetElements", Value::list({"ResourcePath"}));
    remove("restore", fmt::format("health check {}: {}", id(), describe(change)),
           {{"route53", "UpdateHealthCheck", {}, input}});
  }

  void remove_alarm() {
    if (!observed().alarm) return;
    if (!ours(observed().alarm->tags, id())) return leave("alarm " + plan_.alarm.name);
    remove("delete", "alarm " + plan_.alarm.name,
           {{"cloudwatch", "DeleteAlarms", plan_.alarm.region,
             Value::structure({{"AlarmNames", Value::list({plan_.alarm.name})}})}});
  }

  void remove_topic(const TopicPlan& plan, const std::optional<ObservedTopic>& there) {
    if (!there) return;
    if (!ours(there->tags, id())) return leave("topic " + plan.name);
    remove("delete", "topic " + plan.name,
           {{"sns", "DeleteTopic", plan.region, Value::structure({{"TopicArn", there->arn}})}});
  }

  void remove_logs() {
    for (const auto& [plan, there] : {std::pair{&plan_.function_group, &observed().function_group},
                                      std::pair{&plan_.audit_group, &observed().audit_group}}) {
      if (!*there) continue;
      if (!ours((*there)->tags, id())) {
        leave("log group " + plan->name);
        continue;
      }
      if (options_.logs)
        remove("delete", "log group " + plan->name,
               {{"logs", "DeleteLogGroup", plan->region,
                 Value::structure({{"logGroupName", plan->name}})}});
      else
        ending_.left.push_back(fmt::format("log group {}: kept for {}; --logs removes it",
                                           plan->name,
                                           counted(plan->retention_days, "day", "days")));
    }
  }

  RemovalPlan& ending_;
  const RemovalOptions& options_;
  const std::optional<GuidesPolicy>& guides_policy_;
  const Plan& plan_;
  const Snapshot& snapshot_;
};

Error cannot_see(const Snapshot& snapshot) {
  return error_of(Error::Kind::no_answer,
                  "Destroy must see everything that it may remove, and does not. " +
                      describe(missing_rights(snapshot.blind), snapshot.caller_arn,
                               Audience::deployer, snapshot.settings.health_check_id));
}

}  // namespace

Removal removal_of(std::string verb, std::string name, std::vector<RemovalCall> all) {
  std::vector<std::string> actions;
  for (const auto& one : all) actions.push_back(client::iam_action(one.service, one.operation));
  return {std::move(verb), std::move(name), std::move(actions), calls(std::move(all))};
}

bool is_tagged_for(const Texts& tags, const std::string& id) {
  const auto found = tags.find(std::string{tag::guard});
  return found != tags.end() && found->second == id;
}

Result<RemovalPlan, Error> plan_removal(Context& context, const RemovalOptions& options) {
  if (!valid_health_check_id(options.health_check_id))
    return failure(not_an_id(options.health_check_id));
  Query how;
  how.health_check_id = options.health_check_id;
  how.records = how.deliveries = false;
  how.other_regions = true;
  auto snapshot = observe(context.aws, how, Instant{context.clock.now().time_since_epoch()});
  if (!snapshot)
    return failure(
        error_of(snapshot.error(), "look at the guard of health check " + options.health_check_id));
  if (!snapshot->blind.empty()) return failure(cannot_see(*snapshot));
  auto settings = snapshot->settings;
  // A record that nobody would deploy with may still be removed.
  settings.record.original_path.reset();
  if (!subscription_protocol(settings.notify_endpoint)) settings.notify_endpoint.clear();
  auto plan = make_plan(std::move(settings));
  if (!plan) return failure(error_of(Error::Kind::refused, plan.error().text + "."));
  RemovalPlan ending{std::move(*snapshot), std::move(*plan), {}, {}, {}, {}, Form::guide};
  const auto policy = guides_policy(context.aws, ending.plan, ending.snapshot.observed);
  if (!policy)
    return failure(error_of(policy.error(), "look at policy " + options.health_check_id));
  const auto planned = Planner(ending, options, *policy).run();
  if (!planned) return failure(planned.error());
  if (options.ask_rights && !ending.removals.empty()) {
    std::vector<std::string> actions;
    for (const auto& removal : ending.removals)
      actions.insert(actions.end(), removal.actions.begin(), removal.actions.end());
    if (auto missing =
            missing_rights(context.aws, ending.snapshot.caller_arn,
                           only(rights_of(Audience::deployer, scope_of(ending.plan)), actions)))
      ending.missing = std::move(*missing);
  }
  return ending;
}

Step carry_out(Context& context, const RemovalPlan& ending) {
  if (!ending.missing.empty())
    return failure(error_of(
        Error::Kind::no_answer,
        "Nothing was removed. " + describe(ending.missing, ending.snapshot.caller_arn,
                                           Audience::deployer, ending.plan.settings.health_check_id,
                                           ending.form)));
  AuditEntry entry;
  const View view{
      ending.snapshot, ending.plan, aws_now(ending.snapshot, context.clock.now()), {}, {}};
  if (ending.snapshot.observed.audit_group && ending.removals.size() > 1) {
    entry.at = view.now;
    entry.action = "destroy";
    entry.stage = "asked";
    entry.who = ending.snapshot.caller_arn;
    if (const auto problem = note_down(context, view, entry)) context.progress(*problem);
  }
  for (const auto& removal : ending.removals) {
    context.progress(fmt::format("{} {}", removal.verb, removal.name));
    const auto done = removal.act(context);
    if (!done) {
      auto why = error_of(done.error(), fmt::format("{} {}", removal.verb, removal.name));
      why.text += " Run destroy again; it goes on from here.";
      return failure(why);
    }
  }
  return Done{};
}

}  // namespace sitelatch::guard
