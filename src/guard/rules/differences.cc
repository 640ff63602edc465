// SPDX-License-Identifier: Apache-2.0
// What is there against what should be, resource by resource.
#include <algorithm>
#include <array>

#include "aws/auth/policy.h"
#include "base/text.h"
#include "guard/rules/json.h"
#include "guard/rules/state.h"

namespace sitelatch::guard {
namespace {
using Kind = Difference::Kind;

class Differences {
 public:
  void missing(Resource resource, std::string what, std::string why) {
    add(Kind::missing, resource, std::move(what), std::move(why), true);
  }
  void broken(Resource resource, std::string what, std::string why) {
    add(Kind::differs, resource, std::move(what), std::move(why), true);
  }
  void untidy(Resource resource, std::string what, std::string why) {
    add(Kind::differs, resource, std::move(what), std::move(why), false);
  }
  void excess(Resource resource, std::string what, std::string why) {
    add(Kind::excess, resource, std::move(what), std::move(why), false);
  }
  std::vector<Difference> take() {
    std::stable_sort(all_.begin(), all_.end(),
                     [](const auto& a, const auto& b) { return a.resource < b.resource; });
    return std::move(all_);
  }

 private:
  void add(Kind kind, Resource resource, std::string what, std::string why, bool breaks) {
    all_.push_back({kind, resource, std::string{to_string(resource)} + ": " + std::move(what),
                    std::move(why), breaks});
  }
  std::vector<Difference> all_;
};

bool same_document(std::string_view a, std::string_view b) {
  if (a == b) return true;
  const auto left = Json::parse(a), right = Json::parse(b);
  return left && right && *left == *right;
}

// Tags of the record are the present, not the plan: they are compared only where the plan alone
// says them.
bool tags_there(const Texts& wanted, const Texts& there) {
  return std::all_of(wanted.begin(), wanted.end(), [&there](const auto& tag) {
    const auto& keys = record_tag_keys();
    if (std::find(keys.begin(), keys.end(), tag.first) != keys.end()) return true;
    const auto found = there.find(tag.first);
    return found != there.end() && found->second == tag.second;
  });
}

void compare_tags(Resource resource, const Texts& wanted, const Texts& there, Differences& out) {
  if (!tags_there(wanted, there))
    out.untidy(resource, "is not tagged as this guard's",
               "destroy and doctor know a guard's resources by their tags");
}

// As SNS decides it. CloudWatch publishes in the name of its account, which is how the policy that
// SNS gives to new topics lets it in (fact sns-80).
bool lets_alarm_publish(const Plan& plan, std::string_view policy) {
  if (policy.empty()) return true;  // not said
  const aws::ConditionKeys keys{{"aws:SourceArn", {plan.alarm.arn}},
                                {"aws:SourceAccount", {plan.settings.account}},
                                {"aws:SourceOwner", {plan.settings.account}}};
  return aws::resource_policy_allows(policy, "cloudwatch.amazonaws.com", "SNS:Publish",
                                     plan.alarm_topic.arn, keys);
}

void compare_topics(const Plan& plan, const Observed& o, Differences& out) {
  if (!o.notify_topic) {
    out.missing(Resource::notify_topic, "there is none",
                "nobody hears of a latch, and the guard's record has no home");
  } else {
    compare_tags(Resource::notify_topic, plan.notify_topic.tags, o.notify_topic->tags, out);
    if (!plan.notify_topic.kms_key.empty() && o.notify_topic->kms_key != plan.notify_topic.kms_key)
      out.untidy(Resource::notify_topic, "is not encrypted with the key asked for",
                 "messages lie in SNS unencrypted, or under another key");
  }
  if (!o.alarm_topic) {
    out.missing(Resource::alarm_topic, "there is none", "the alarm has nobody to tell");
    return;
  }
  compare_tags(Resource::alarm_topic, plan.alarm_topic.tags, o.alarm_topic->tags, out);
  if (!plan.alarm_topic.kms_key.empty() && o.alarm_topic->kms_key != plan.alarm_topic.kms_key)
    out.untidy(Resource::alarm_topic, "is not encrypted with the key asked for",
               "messages lie in SNS unencrypted, or under another key");
  if (!lets_alarm_publish(plan, o.alarm_topic->policy))
    out.broken(Resource::alarm_topic_policy, "does not let the alarm publish",
               "an alarm never reaches the function");
  else if (!same_document(o.alarm_topic->policy, plan.alarm_topic.policy))
    out.untidy(Resource::alarm_topic_policy, "differs", "others than the alarm may publish");
}

const ObservedSubscription* find_subscription(const std::vector<ObservedSubscription>& all,
                                              const SubscriptionPlan& wanted) {
  const auto found = std::find_if(all.begin(), all.end(), [&wanted](const auto& one) {
    return one.protocol == wanted.protocol && one.endpoint == wanted.endpoint;
  });
  return found == all.end() ? nullptr : &*found;
}

void compare_subscriptions(const Plan& plan, const Observed& o, Differences& out) {
  const auto* function = find_subscription(o.alarm_subscriptions, plan.function_subscription);
  if (!function)
    out.missing(Resource::subscription, "the function is not subscribed to the alarm's topic",
                "an alarm never reaches the function");
  else if (function->pending)
    out.broken(Resource::subscription, "the function's subscription is pending",
               "an alarm never reaches the function");
  else if (!function->filter_policy.empty())
    out.broken(Resource::subscription, "has a filter policy",
               "what it does not let through, an alarm perhaps, never reaches the function");
  if (!plan.notify_subscription) return;
  if (!find_subscription(o.notify_subscriptions, *plan.notify_subscription))
    out.missing(Resource::notify_subscription,
                plan.notify_subscription->endpoint + " is not subscribed",
                "nobody there hears of a latch");
}

bool uses_alarm_metric(const Plan& plan, const ObservedAlarm& a) {
  return a.metric_namespace == AlarmPlan::metric_namespace && a.metric == AlarmPlan::metric &&
         a.dimensions.size() == 1 && a.dimensions[0].first == AlarmPlan::dimension &&
         a.dimensions[0].second == plan.settings.health_check_id;
}

// The one judgement of an alarm's settings: status and doctor name what it finds, and deploy
// rewrites an alarm only where it finds something. An adopted alarm that is stricter stays.
void judge_alarm(const Plan& plan, const ObservedAlarm& a, Differences& out) {
  if (!uses_alarm_metric(plan, a))
    out.broken(Resource::alarm, "does not watch HealthCheckStatus of this health check",
               "it tells nothing of Primary");
  // The metric is 0 or 1; an average below 1 is stricter than a minimum is not, a maximum hides a
  // failure.
  if (a.comparison != AlarmPlan::comparison || a.threshold <= 0 || a.threshold > 1 ||
      (a.statistic != "Minimum" && a.statistic != "Average"))
    out.broken(Resource::alarm, "does not fire when the status is below 1",
               "a failing Primary does not raise it");
  if (a.missing_data != AlarmPlan::missing_data && a.missing_data != "ignore" &&
      a.missing_data != "missing" && !a.missing_data.empty())
    out.broken(Resource::alarm, "treats missing data as " + a.missing_data,
               "a gap in the metric would latch a healthy Primary");
  const int needed = a.datapoints_to_alarm ? a.datapoints_to_alarm : a.evaluation_periods;
  if (a.period_s * needed > AlarmPlan::period_s * AlarmPlan::evaluation_periods)
    out.untidy(Resource::alarm, "waits " + std::to_string(a.period_s * needed) + " s",
               "so long Primary may come back into DNS unlatched");
  if (std::find(a.alarm_actions.begin(), a.alarm_actions.end(), plan.alarm_topic.arn) ==
      a.alarm_actions.end())
    out.broken(Resource::alarm, "does not tell the guard's topic",
               "an alarm never reaches the function");
}

void compare_alarm(const Plan& plan, const Observed& o, Differences& out) {
  if (!o.alarm) {
    out.missing(Resource::alarm, "there is none", "nothing notices that Primary has failed");
    return;
  }
  judge_alarm(plan, *o.alarm, out);
  compare_tags(Resource::alarm, plan.alarm.tags, o.alarm->tags, out);
  if (!o.alarm->snapshot.actions_enabled)
    out.broken(Resource::alarm_actions, "are disabled", "the alarm tells nobody; arm enables them");
  for (const auto& mute : o.alarm->mutes)
    if (mute.active)
      out.broken(Resource::alarm_actions, "are muted by the alarm mute rule " + mute.name,
                 "the alarm tells nobody while the rule is active");
}

void compare_role(const Plan& plan, const Observed& o, Differences& out) {
  if (!o.role) {
    out.missing(Resource::role, "there is none", "the function cannot run");
    return;
  }
  const auto& r = *o.role;
  compare_tags(Resource::role, plan.role.tags, r.tags, out);
  if (!same_document(r.trust, plan.role.trust) &&
      r.trust.find("lambda.amazonaws.com") == r.trust.npos)
    out.broken(Resource::role, "does not trust lambda.amazonaws.com", "the function cannot run");
  if (!plan.role.permissions_boundary.empty() &&
      r.permissions_boundary != plan.role.permissions_boundary)
    out.untidy(Resource::role, "has not the permissions boundary asked for",
               "what the organisation demands of every role is not held");
  const auto policy = r.inline_policies.find(plan.role.policy_name);
  // The guide's Python works with the policies that the guide attaches.
  const bool guide = plan.function.kind == FunctionKind::python && !r.managed_policies.empty();
  if (policy == r.inline_policies.end()) {
    if (guide)
      out.untidy(Resource::role_policy, "only what the guide attaches",
                 "it may update every health check of the account");
    else
      out.missing(Resource::role_policy, plan.role.policy_name + " is not there",
                  "the function may not do its work");
  } else if (!same_document(policy->second, plan.role.policy)) {
    out.broken(Resource::role_policy, plan.role.policy_name + " differs",
               "the function may not do all of its work, or more than that");
  }
  for (const auto& arn : r.managed_policies)
    if (std::find(plan.role.managed_policies.begin(), plan.role.managed_policies.end(), arn) ==
            plan.role.managed_policies.end() &&
        !guide)
      out.excess(Resource::role_policy, arn + " is attached",
                 "more rights than the function needs");
  for (const auto& [name, document] : r.inline_policies)
    if (name != plan.role.policy_name)
      out.excess(Resource::role_policy, "inline policy " + name,
                 "more rights than the function needs");
}

bool has_permission(const ObservedFunction& f, const PermissionPlan& wanted) {
  return std::any_of(
      f.permissions.begin(), f.permissions.end(), [&wanted](const ObservedPermission& p) {
        const bool whose = p.principal == wanted.principal || p.principal == "*";
        const bool from = p.source_arn.empty() || wildcard_match(p.source_arn, wanted.source_arn);
        const bool what =
            p.action == "lambda:InvokeFunction" || p.action == "lambda:*" || p.action.empty();
        return whose && from && what;
      });
}

void compare_configuration(const Plan& plan, const ObservedFunction& f, Differences& out) {
  const auto& wanted = plan.function;
  const bool native = wanted.kind == FunctionKind::native;
  const auto differs = [&out](std::string what, std::string why) {
    out.broken(Resource::function_configuration, std::move(what), std::move(why));
  };
  if (native && f.runtime != wanted.runtime)
    differs("the runtime is " + f.runtime, "the native function needs provided.al2023");
  if (!native && !f.runtime.starts_with("python"))
    differs("the runtime is " + f.runtime, "the function is not the guide's Python");
  if (native && f.handler != wanted.handler)
    differs("the handler is " + f.handler, "the plan says bootstrap");
  if (f.role_arn != wanted.role_arn)
    differs("the role is " + f.role_arn, "its rights are not those of the guard's role");
  if (f.timeout_s < 10)
    differs("the timeout is " + std::to_string(f.timeout_s) + " s",
            "a cold start with a retry may take longer");
  else if (native && f.timeout_s != wanted.timeout_s)
    out.untidy(Resource::function_configuration,
               "the timeout is " + std::to_string(f.timeout_s) + " s",
               "the plan says " + std::to_string(wanted.timeout_s) + " s");
  const auto record_part = [](const std::string& name) { return name == env::release; };
  for (const auto& [name, value] : wanted.environment) {
    if (record_part(name)) continue;
    const auto found = f.environment.find(name);
    if (found != f.environment.end() && found->second == value) continue;
    if (native)
      differs("the variable " + name +
                  (found == f.environment.end() ? " is missing" : " is '" + found->second + "'"),
              "the function does not know what it guards");
    else
      out.untidy(Resource::function_configuration, "the variable " + name + " is not there",
                 "the guard's record is incomplete");
  }
}

void compare_function(const Plan& plan, const Observed& o, Differences& out) {
  if (!o.function) {
    out.missing(Resource::function, "there is none", "nothing latches");
    return;
  }
  const auto& f = *o.function;
  compare_tags(Resource::function, plan.function.tags, f.tags, out);
  if (!plan.function.sha256.empty() && f.sha256 != plan.function.sha256)
    out.broken(Resource::function_code, "is not this version's",
               "it may decide otherwise than these rules");
  if (!plan.function.architecture.empty() && !f.architecture.empty() &&
      f.architecture != plan.function.architecture)
    out.broken(Resource::function_code,
               "runs on " + f.architecture + ", and the code is for " + plan.function.architecture,
               "it cannot start");
  compare_configuration(plan, f, out);
  if (f.failure_destination != plan.function.failure_destination)
    out.broken(Resource::failure_destination,
               f.failure_destination.empty() ? "there is none" : "is " + f.failure_destination,
               "a latch that failed for good is told to nobody");
  if (f.retries.value_or(2) != plan.function.retries)
    out.broken(Resource::failure_destination,
               "retries are set to " + std::to_string(f.retries.value_or(2)),
               "a failed latch is not tried again");
  if (!has_permission(f, plan.sns_permission))
    out.missing(Resource::sns_permission, "the alarm's topic may not invoke the function",
                "an alarm never reaches the function");
  if (plan.has_schedule && !has_permission(f, plan.events_permission))
    out.missing(Resource::events_permission, "the schedule may not invoke the function",
                "what the alarm's chain misses is not made good");
}

void compare_schedule(const Plan& plan, const Observed& o, Differences& out) {
  if (!plan.has_schedule) return;
  if (!o.schedule) {
    out.missing(Resource::schedule, "there is none",
                "what the alarm's chain misses is not made good");
    return;
  }
  const auto& s = *o.schedule;
  compare_tags(Resource::schedule, plan.schedule.tags, s.tags, out);
  if (!s.enabled)
    out.broken(Resource::schedule, "is disabled", "what the alarm's chain misses is not made good");
  if (s.expression != plan.schedule.expression)
    out.broken(Resource::schedule, "is " + s.expression,
               "the plan says " + plan.schedule.expression);
  const bool ours = std::any_of(s.targets.begin(), s.targets.end(), [&plan](const auto& t) {
    return t.second == plan.schedule.target_arn;
  });
  if (!ours)
    out.missing(Resource::schedule_target, "the schedule does not run the function",
                "what the alarm's chain misses is not made good");
}

void compare_group(Resource resource, const LogGroupPlan& wanted,
                   const std::optional<ObservedLogGroup>& there, Differences& out) {
  if (!there) {
    out.missing(resource, wanted.name + " is not there", "nothing can be written to it");
    return;
  }
  compare_tags(resource, wanted.tags, there->tags, out);
  if (there->retention_days != wanted.retention_days)
    out.untidy(resource,
               wanted.name + " keeps " +
                   (there->retention_days ? counted(*there->retention_days, "day", "days")
                                          : std::string{"everything"}),
               "the plan says " + counted(wanted.retention_days, "day", "days"));
}
}  // namespace

std::string_view to_string(Resource resource) {
  static constexpr std::array<std::string_view, 20> names = {"notify-topic",
                                                             "notify-subscription",
                                                             "audit-group",
                                                             "function-group",
                                                             "role",
                                                             "role-policy",
                                                             "function",
                                                             "function-code",
                                                             "function-configuration",
                                                             "failure-destination",
                                                             "alarm-topic",
                                                             "alarm-topic-policy",
                                                             "sns-permission",
                                                             "subscription",
                                                             "schedule",
                                                             "schedule-target",
                                                             "events-permission",
                                                             "alarm",
                                                             "alarm-actions",
                                                             "function-concurrency"};
  return names[static_cast<std::size_t>(resource)];
}

bool alarm_is_as_planned(const Plan& plan, const ObservedAlarm& alarm) {
  Differences out;
  judge_alarm(plan, alarm, out);
  return out.take().empty();
}

bool unseen(const Observed& observed, Resource resource) {
  if (observed.unseen.contains(resource)) return true;
  const auto owner = owner_of(resource);
  return owner && observed.unseen.contains(*owner);
}

std::optional<Resource> owner_of(Resource part) {
  switch (part) {
    case Resource::role_policy:
      return Resource::role;
    case Resource::function_code:
    case Resource::function_configuration:
    case Resource::failure_destination:
    case Resource::sns_permission:
    case Resource::events_permission:
      return Resource::function;
    case Resource::alarm_topic_policy:
    case Resource::subscription:
      return Resource::alarm_topic;
    case Resource::notify_subscription:
      return Resource::notify_topic;
    case Resource::schedule_target:
      return Resource::schedule;
    case Resource::alarm_actions:
      return Resource::alarm;
    default:
      return std::nullopt;
  }
}

std::vector<Difference> differences(const Plan& plan, const Observed& observed) {
  Differences out;
  compare_topics(plan, observed, out);
  compare_subscriptions(plan, observed, out);
  compare_group(Resource::audit_group, plan.audit_group, observed.audit_group, out);
  compare_group(Resource::function_group, plan.function_group, observed.function_group, out);
  compare_role(plan, observed, out);
  compare_function(plan, observed, out);
  compare_schedule(plan, observed, out);
  compare_alarm(plan, observed, out);
  auto all = out.take();
  // What may not be seen reads as "not there" up to here.
  std::erase_if(all, [&](const Difference& d) { return unseen(observed, d.resource); });
  return all;
}

}  // namespace sitelatch::guard
