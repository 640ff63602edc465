// SPDX-License-Identifier: Apache-2.0
// What a deploy would do: the look, the settings, the work between.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "aws/auth/partition.h"
#include "base/text.h"
#include "guard/apply/deploy.h"
#include "guard/apply/find_check.h"
#include "guard/rules/adoption.h"
#include "guard/rules/kms.h"
#include "guard/rules/rights.h"

namespace sitelatch::guard {
namespace {

constexpr std::string_view guides_path = "/lb-check";

// The alarm's topic comes first: its tag says where the rest is.
int turn(Resource resource) {
  if (resource == Resource::alarm_topic) return -1;
  if (resource == Resource::function_concurrency)
    return 2 * static_cast<int>(Resource::function) + 1;
  return 2 * static_cast<int>(resource);
}

std::string name_of(Resource resource, const Plan& plan) {
  switch (resource) {
    case Resource::notify_topic:
      return "topic " + plan.notify_topic.name;
    case Resource::notify_subscription:
      return "subscription of " + (plan.notify_subscription ? plan.notify_subscription->endpoint
                                                            : std::string{"people"});
    case Resource::audit_group:
      return "log group " + plan.audit_group.name;
    case Resource::function_group:
      return "log group " + plan.function_group.name;
    case Resource::role:
      return "role " + plan.role.name;
    case Resource::role_policy:
      return fmt::format("policy {} of role {}", plan.role.policy_name, plan.role.name);
    case Resource::function:
      return fmt::format("function {} ({}, {})", plan.function.name, to_string(plan.function.kind),
                         plan.function.region);
    case Resource::function_code:
      return "code of function " + plan.function.name;
    case Resource::function_configuration:
      return "configuration of function " + plan.function.name;
    case Resource::failure_destination:
      return "failure destination of function " + plan.function.name;
    case Resource::alarm_topic:
      return "topic " + plan.alarm_topic.name;
    case Resource::alarm_topic_policy:
      return "policy of topic " + plan.alarm_topic.name;
    case Resource::sns_permission:
      return fmt::format("permission {} of function {}", plan.sns_permission.statement_id,
                         plan.function.name);
    case Resource::subscription:
      return "subscription of the function to topic " + plan.alarm_topic.name;
    case Resource::schedule:
      return "rule " + plan.schedule.name;
    case Resource::schedule_target:
      return "target of rule " + plan.schedule.name;
    case Resource::events_permission:
      return fmt::format("permission {} of function {}", plan.events_permission.statement_id,
                         plan.function.name);
    case Resource::alarm:
      return "alarm " + plan.alarm.name;
    case Resource::alarm_actions:
      return "actions of alarm " + plan.alarm.name;
    case Resource::function_concurrency:
      return "reserved concurrency of function " + plan.function.name;
  }
  return {};
}

class ResourceChanges {
 public:
  explicit ResourceChanges(const Plan& plan) : plan_(plan) {}

  void add(Resource resource, Verb verb, std::string why) {
    for (auto& work : all_) {
      if (work.resource != resource) continue;
      if (verb == Verb::create) work.verb = verb;
      if (std::find(work.why.begin(), work.why.end(), why) == work.why.end())
        work.why.push_back(std::move(why));
      return;
    }
    all_.push_back({resource, verb, name_of(resource, plan_), {std::move(why)}});
  }
  std::vector<ResourceChange> take() {
    std::stable_sort(all_.begin(), all_.end(), [](const auto& a, const auto& b) {
      return turn(a.resource) < turn(b.resource);
    });
    return std::move(all_);
  }

 private:
  const Plan& plan_;
  std::vector<ResourceChange> all_;
};

// What belongs to a resource that is not there is not there either, though nobody can have looked
// at it.
void add_parts(Resource missing, const Plan& plan, const Observed& observed,
               ResourceChanges& works) {
  switch (missing) {
    case Resource::role:
      works.add(Resource::role_policy, Verb::create,
                "exactly what the function does, on exactly these resources");
      if (observed.function)
        works.add(Resource::function_configuration, Verb::change,
                  "its role is made again under the same name");
      break;
    case Resource::function:
      works.add(Resource::failure_destination, Verb::create,
                "a latch that failed for good is told to people");
      works.add(Resource::sns_permission, Verb::create, "the alarm's topic invokes the function");
      if (plan.has_schedule)
        works.add(Resource::events_permission, Verb::create, "the schedule invokes the function");
      break;
    case Resource::alarm_topic:
      works.add(Resource::alarm_topic_policy, Verb::create, "only the alarm may publish");
      break;
    case Resource::schedule:
      works.add(Resource::schedule_target, Verb::create,
                "every minute the function makes good what the alarm's chain missed");
      break;
    default:
      break;
  }
}

bool tag_differs(const Texts& wanted, const Texts& there, std::string_view key) {
  const auto want = wanted.find(std::string{key});
  const auto found = there.find(std::string{key});
  return want != wanted.end() && (found == there.end() || found->second != want->second);
}

// What the rules leave to us: tags of ours, and a function that still holds the role that was there
// before.
void add_own(const Plan& plan, const Observed& observed, ResourceChanges& works) {
  if (observed.alarm_topic &&
      tag_differs(plan.alarm_topic.tags, observed.alarm_topic->tags, function_region_tag))
    works.add(Resource::alarm_topic, Verb::change, "its tag says where the function is");
  if (observed.notify_topic)
    for (const auto key : {tag::original_path, tag::latch})
      if (tag_differs(plan.notify_topic.tags, observed.notify_topic->tags, key))
        works.add(Resource::notify_topic, Verb::change,
                  fmt::format("the record's {} is not so", key));
  if (observed.function && observed.role && !observed.function->role_id_used.empty() &&
      observed.function->role_id_used != observed.role->role_id)
    works.add(Resource::function_configuration, Verb::change,
              "the role was made again under its name; the function still holds the old one");
  if (observed.role) {
    const auto strip = policies_to_strip(plan, *observed.role);
    for (const auto* all : {&strip.managed, &strip.inlined})
      for (const auto& policy : *all)
        works.add(Resource::role_policy, Verb::change,
                  fmt::format("{}: more rights than the function needs", policy));
  }
  if (observed.schedule && !plan.has_schedule)
    works.add(Resource::schedule, Verb::remove,
              "the Python function does not know what a schedule wants of it");
  if (observed.function &&
      (observed.function->state == "Failed" || observed.function->last_update_status == "Failed"))
    works.add(Resource::function_configuration, Verb::change,
              "its last change failed: " + observed.function->state_reason);
}

// Whether an alarm now would reach a function that may latch.
bool chain_works(const std::vector<Difference>& found) {
  return std::none_of(found.begin(), found.end(), [](const Difference& d) {
    if (!d.breaks || d.kind != Difference::Kind::missing) return false;
    return d.resource == Resource::role || d.resource == Resource::role_policy ||
           d.resource == Resource::function || d.resource == Resource::alarm_topic ||
           d.resource == Resource::sns_permission || d.resource == Resource::subscription;
  });
}

Verb verb_of(Difference::Kind kind) {
  return kind == Difference::Kind::missing ? Verb::create : Verb::change;
}

std::string reason_of(const Difference& difference) {
  const auto colon = difference.what.find(": ");
  return (colon == std::string::npos ? difference.what : difference.what.substr(colon + 2)) + ": " +
         difference.why;
}

}  // namespace

std::string_view to_string(Verb verb) {
  switch (verb) {
    case Verb::create:
      return "create";
    case Verb::change:
      return "change";
    case Verb::disable:
      return "disable";
    case Verb::remove:
      return "remove";
  }
  return "";
}

std::vector<ResourceChange> work_between(const Plan& plan, const Observed& observed) {
  ResourceChanges works(plan);
  const auto found = differences(plan, observed);
  for (const auto& difference : found) {
    if (difference.resource == Resource::alarm_actions) continue;  // arming's
    if (difference.kind == Difference::Kind::excess) continue;     // add_own(): what is stripped
    works.add(difference.resource, verb_of(difference.kind), reason_of(difference));
    if (difference.kind == Difference::Kind::missing)
      add_parts(difference.resource, plan, observed, works);
  }
  add_own(plan, observed, works);
  auto all = works.take();
  const bool latched_now = observed.check && latched(*observed.check);
  if (observed.alarm && observed.alarm->snapshot.actions_enabled && !latched_now &&
      !chain_works(found))
    all.insert(all.begin(),
               ResourceChange{
                   Resource::alarm_actions,
                   Verb::disable,
                   name_of(Resource::alarm_actions, plan),
                   {"the chain behind them does not work yet: on, they would look like a guard"}});
  return all;
}

namespace {

Error refusal_of(std::string text) { return error_of(Error::Kind::refused, std::move(text)); }

void settle_original_path(const Snapshot& snapshot, Settings& settings,
                          std::vector<std::string>& notes) {
  const auto& check = *snapshot.observed.check;
  auto& original = settings.record.original_path;
  const auto path = check.path.value_or("");
  if (!latched(check) && !settings.record.latched_in_this_release() && !is_latch_path(path)) {
    if (original && *original != path)
      notes.push_back(
          fmt::format("The check's path is {} now (it was {}): from now on that is the path that a "
                      "release restores.",
                      path, *original));
    original = path;
    return;
  }
  if (original) return;
  if (check.path && !is_latch_path(path)) {
    original = path;
    return;
  }
  original = std::string{guides_path};
  notes.push_back(
      fmt::format("Nobody noted the path that the latch replaced: taken to be {}, the guide's. If "
                  "it was another one, restore it by hand before `sitelatch switch-back`.",
                  guides_path));
}

// What a person asks for must be possible before anything is looked at for long.
Step check_wishes(const DeployOptions& options) {
  if (!valid_health_check_id(options.health_check_id))
    return failure(not_an_id(options.health_check_id));
  for (const auto& checked : {check_role_wishes(options.role_path, options.permissions_boundary),
                              check_extra_tags(options.tags)})
    if (!checked) return failure(refusal_of(checked.error().text + "."));
  const auto& region = options.function_region;
  if (region.empty() || options.accept_holes.contains(hole::function_region)) return Done{};
  const auto partition = std::string{aws::partition_of(region).name};
  if (const auto doubt = delivery_doubt(partition, region))
    return failure(refusal_of(
        fmt::format("{}. Leave --function-region out, or accept it with --accept-hole {}.", *doubt,
                    hole::function_region)));
  return Done{};
}

// Whether the account can spare what is reserved for the function; nothing: it is reserved already.
struct Spare {
  bool wanted = false;                     // not reserved yet
  std::optional<std::int64_t> unreserved;  // of the account; nothing: not to be seen
  bool enough() const {
    constexpr std::int64_t kept_by_aws = 100;
    return unreserved && *unreserved - FunctionPlan{}.reserved_concurrency >= kept_by_aws;
  }
};
Spare spare_concurrency(client::Aws& aws, const Observed& observed, const std::string& region) {
  Spare spare;
  spare.wanted = !observed.function || observed.function->reserved_concurrency.value_or(0) == 0;
  if (!spare.wanted) return spare;
  const auto limits = aws.call("lambda", "GetAccountSettings", client::Value::structure(), region);
  if (limits)
    spare.unreserved = (*limits)["AccountLimit"]["UnreservedConcurrentExecutions"].integer_or(0);
  return spare;
}

// The regions of the guard's topics, each once.
std::vector<std::string> topic_regions(const Settings& settings) {
  std::vector<std::string> regions{std::string{control_region(settings.partition)}};
  if (settings.function_region != regions.front()) regions.push_back(settings.function_region);
  return regions;
}

void note_foreign_policies(DeployPlan& deployment_plan) {
  const auto& role = deployment_plan.snapshot.observed.role;
  if (!role) return;
  for (const auto& foreign : foreign_policies(deployment_plan.plan, *role))
    deployment_plan.notes.push_back(
        fmt::format("Role {} has {}, which the function does not need. It was attached after the "
                    "role became the guard's, and stays.",
                    deployment_plan.plan.role.name, foreign));
}

}  // namespace

Result<Settings, Error> Deployment::settle(const Snapshot& snapshot,
                                           std::vector<std::string>& notes) const {
  auto settings = snapshot.settings;
  const auto& function = snapshot.observed.function;
  if (function && !options_.function_region.empty() &&
      settings.function_region != options_.function_region)
    return failure(refusal_of(
        fmt::format("The guard's function is in {} already. Leave --function-region out, or remove "
                    "the guard first (sitelatch destroy {}).",
                    settings.function_region, options_.health_check_id)));
  if (!options_.function_region.empty()) settings.function_region = options_.function_region;
  if (aws::partition_of(settings.function_region).name != settings.partition)
    return failure(refusal_of(fmt::format("Region {} is not in partition {} of this account.",
                                          settings.function_region, settings.partition)));
  if (options_.function) settings.function = *options_.function;
  if (options_.latch) settings.latch = *options_.latch;
  if (!options_.kms_keys.empty()) {
    settings.kms_keys = options_.kms_keys;
    const auto checked = check_keys(settings.kms_keys, topic_regions(settings));
    if (!checked) return failure(refusal_of("--kms-key: " + checked.error().text + "."));
  }
  if (!dns_name_.empty()) settings.dns_name = dns_name_;
  const auto variant = dependencies_.context.aws.endpoint_variant();
  if (variant.fips) settings.endpoint_variables["AWS_USE_FIPS_ENDPOINT"] = "true";
  if (variant.dual_stack) settings.endpoint_variables["AWS_USE_DUALSTACK_ENDPOINT"] = "true";
  if (!subscription_protocol(settings.notify_endpoint))
    settings.notify_endpoint.clear();  // a phone number, say: it stays
  if (!options_.notify_endpoint.empty()) settings.notify_endpoint = options_.notify_endpoint;
  settings.function_sha256 = code(settings.function).sha256;
  settings.function_architecture = code(settings.function).architecture;
  if (!options_.role_path.empty() && snapshot.observed.role &&
      snapshot.observed.role->path != options_.role_path)
    return failure(refusal_of(
        fmt::format("Role {} exists with the path {}, and a role's path cannot be changed. Leave "
                    "--role-path out, or remove the guard first (sitelatch destroy {}).",
                    settings.names.role, snapshot.observed.role->path, options_.health_check_id)));
  if (!options_.role_path.empty()) settings.role_path = options_.role_path;
  if (!options_.permissions_boundary.empty())
    settings.permissions_boundary = options_.permissions_boundary;
  for (const auto& [key, value] : options_.tags) settings.extra_tags[key] = value;
  settings.accepted_holes.insert(options_.accept_holes.begin(), options_.accept_holes.end());
  if (accepted_holes_) settings.accepted_holes = *accepted_holes_;
  settle_original_path(snapshot, settings, notes);
  settings.record.latch = settings.latch;
  return settings;
}

Result<DeployPlan, Error> Deployment::plan_resources() {
  const auto possible = check_wishes(options_);
  if (!possible) return failure(possible.error());
  Query how;
  how.health_check_id = options_.health_check_id;
  how.function_region = options_.function_region;
  how.records = how.deliveries = false;
  how.other_regions = true;
  auto& aws = dependencies_.context.aws;
  auto snapshot = observe(aws, how, Instant{dependencies_.context.clock.now().time_since_epoch()});
  if (!snapshot)
    return failure(error_of(snapshot.error(),
                            "look at the guard of health check " + options_.health_check_id));
  if (!snapshot->blind.empty())
    return failure(
        error_of(Error::Kind::no_answer,
                 "Deploy must see everything that it may change, and does not. " +
                     describe(missing_rights(snapshot->blind), snapshot->caller_arn,
                              Audience::deployer, options_.health_check_id, options_.form)));
  if (!snapshot->observed.check)
    return failure(refusal_of(fmt::format(
        "There is no health check {} in account {}. List them: aws route53 list-health-checks",
        options_.health_check_id, snapshot->settings.account)));
  const auto looked = look_at_records();
  if (!looked) return failure(looked.error());
  DeployPlan deployment_plan;
  auto settings = settle(*snapshot, deployment_plan.notes);
  if (!settings) return failure(settings.error());
  // Adopted Python keeps its code, and native code is always ours to replace.
  auto plan = make_plan(std::move(*settings));
  if (!plan) return failure(refusal_of(plan.error().text + "."));
  deployment_plan.plan = std::move(*plan);
  deployment_plan.plan.alarm_topic.tags[std::string{function_region_tag}] =
      deployment_plan.plan.settings.function_region;
  deployment_plan.now = aws_now(*snapshot, dependencies_.context.clock.now());
  deployment_plan.snapshot = std::move(*snapshot);
  const auto& observed = deployment_plan.snapshot.observed;
  const auto& record = deployment_plan.snapshot.settings.record;
  deployment_plan.will_arm =
      !latched(*observed.check) && !record.in_maintenance(deployment_plan.now);
  note_foreign_policies(deployment_plan);
  if (options_.reserve_concurrency && !concurrency_was_tried_) {
    const auto spare =
        spare_concurrency(aws, observed, deployment_plan.plan.settings.function_region);
    // Not to be seen: a new function tries it once.
    deployment_plan.reserves =
        spare.wanted && (spare.enough() || (!spare.unreserved && !observed.function));
    if (spare.wanted && spare.unreserved && !spare.enough())
      deployment_plan.notes.push_back(fmt::format(
          "The account has {} unreserved concurrent executions in {}, and AWS keeps 100 of them: "
          "none are reserved for the function, which waits with all others when the account is "
          "busy. Ask AWS for a higher limit (Service Quotas, Lambda, Concurrent executions).",
          *spare.unreserved, deployment_plan.plan.settings.function_region));
  }
  work_out(deployment_plan);
  if (deployment_plan.plan.settings.function == FunctionKind::python)
    deployment_plan.notes.emplace_back(
        "The guide's Python function has no schedule: a latch that somebody undoes is not set "
        "again, an alarm that got lost is not made good, and a maintenance does not end by itself. "
        "--function native has one.");
  if (latched(*observed.check))
    deployment_plan.notes.push_back(
        fmt::format("The check is latched and stays so: release it with sitelatch switch-back{}.",
                    observed.alarm && !observed.alarm->snapshot.actions_enabled
                        ? ", then sitelatch arm: the alarm's actions are off"
                        : ""));
  else if (record.in_maintenance(deployment_plan.now))
    deployment_plan.notes.emplace_back(
        "The guard is in maintenance and stays so: sitelatch arm ends it.");
  return deployment_plan;
}

// The work between what is there and the plan, and what this run has done already.
void Deployment::work_out(DeployPlan& deployment_plan) const {
  const auto& observed = deployment_plan.snapshot.observed;
  auto& plan = deployment_plan.plan;
  auto& work = deployment_plan.work;
  // A tag that is there must be overwritten to say that nothing is accepted any more.
  if (plan.settings.accepted_holes.empty() && observed.notify_topic &&
      observed.notify_topic->tags.contains(std::string{tag::accepted_holes}))
    plan.notify_topic.tags[std::string{tag::accepted_holes}] = holes_text({});
  work = work_between(plan, observed);
  const auto listed = [&work](Resource resource) {
    return std::any_of(work.begin(), work.end(),
                       [resource](const ResourceChange& w) { return w.resource == resource; });
  };
  // Runtime, handler and code change together; the code alone would not start.
  if (observed.function && !listed(Resource::function_code) &&
      observed.function->runtime.starts_with("python") !=
          (plan.settings.function == FunctionKind::python))
    work.push_back({Resource::function_code,
                    Verb::change,
                    "code of function " + plan.function.name,
                    {"it is of the other kind"}});
  if (deployment_plan.reserves)
    work.push_back({Resource::function_concurrency,
                    Verb::change,
                    name_of(Resource::function_concurrency, plan),
                    {"the latch does not wait behind what else the account runs"}});
  // A subscription that waits to be confirmed is listed late, and asked for twice it is mailed
  // twice.
  if (people_were_asked_)
    work.erase(std::remove_if(work.begin(), work.end(),
                              [](const ResourceChange& w) {
                                return w.resource == Resource::notify_subscription;
                              }),
               work.end());
  const auto disabling = work.begin() != work.end() && work.front().verb == Verb::disable;
  std::stable_sort(
      work.begin() + (disabling ? 1 : 0), work.end(),
      [](const auto& a, const auto& b) { return turn(a.resource) < turn(b.resource); });
}

// The name that users look up goes to the function, whose messages say it.
Step Deployment::look_at_records() {
  if (!std::exchange(wants_records_, false)) return Done{};
  auto records = read_records(dependencies_.context.aws, options_.health_check_id);
  if (!records && !client::is_denied(records.error()))
    return failure(error_of(records.error(), "read the hosted zones' records"));
  if (!records) return Done{};
  records_ = std::move(*records);
  dns_name_ = primary_name(*records_);
  return Done{};
}

Result<DeployPlan, Error> Deployment::plan() {
  wants_records_ = true;
  auto deployment_plan = plan_resources();
  if (!deployment_plan) return deployment_plan;
  auto& aws = dependencies_.context.aws;
  auto& snapshot = deployment_plan->snapshot;
  snapshot.records = records_;
  auto& plan = deployment_plan->plan;
  for (const auto* topic : {&plan.alarm_topic, &plan.notify_topic})
    if (!topic->kms_key.empty() &&
        (topic == &plan.alarm_topic || plan.notify_topic.kms_key != plan.alarm_topic.kms_key))
      if (auto key = read_key(aws, topic->kms_key)) snapshot.keys.push_back(std::move(*key));
  auto& findings = deployment_plan->findings;
  findings = preflight(plan, snapshot, dependencies_.context.ask_site);
  // What was accepted and is mended is forgotten: it may not come back in silence.
  if (snapshot.records) {
    const auto open = holes_among(findings);
    HoleNames kept;
    for (const auto& name : plan.settings.accepted_holes)
      if (open.contains(name)) kept.insert(name);
    accepted_holes_ = kept;
    if (kept != plan.settings.accepted_holes) {
      plan.settings.accepted_holes = kept;
      plan.notify_topic.tags.erase(std::string{tag::accepted_holes});
      if (!kept.empty())
        plan.notify_topic.tags[std::string{tag::accepted_holes}] = holes_text(kept);
      work_out(*deployment_plan);
    }
  }
  look_for_missing_rights(*deployment_plan);
  return deployment_plan;
}

void Deployment::look_for_missing_rights(DeployPlan& deployment_plan) {
  if (deployment_plan.work.empty()) return;
  std::vector<std::string> actions;
  const auto needs = [&actions](const std::vector<std::string>& more) {
    actions.insert(actions.end(), more.begin(), more.end());
  };
  for (const auto& work : deployment_plan.work) {
    if (work.verb == Verb::disable)
      needs({"cloudwatch:DisableAlarmActions"});
    else if (work.verb == Verb::remove)
      needs({"events:RemoveTargets", "events:DeleteRule"});
    else
      needs(actions_to_make(work.resource, work.verb != Verb::create, deployment_plan.plan));
  }
  if (deployment_plan.will_arm)
    needs(actions_to_make(Resource::alarm_actions, true, deployment_plan.plan));
  const auto missing =
      missing_rights(dependencies_.context.aws, deployment_plan.snapshot.caller_arn,
                     only(rights_of(Audience::deployer, scope_of(deployment_plan.plan)), actions));
  if (missing) deployment_plan.missing = *missing;
}

Step Deployment::permitted(const DeployPlan& deployment_plan) const {
  if (deployment_plan.will_arm && refuses(deployment_plan.findings)) {
    std::string text = "Nothing was made, because it could not be armed:";
    for (const auto& finding : deployment_plan.findings)
      if (finding.kind == Finding::Kind::refusal && !finding.may_pass)
        text += fmt::format("\n  {}: {} To mend it: {}.", finding.name, finding.why, finding.mend);
    return failure(refusal_of(text));
  }
  if (!deployment_plan.work.empty() && !deployment_plan.missing.empty())
    return failure(error_of(
        Error::Kind::no_answer,
        "Nothing was made. " + describe(deployment_plan.missing,
                                        deployment_plan.snapshot.caller_arn, Audience::deployer,
                                        options_.health_check_id, options_.form)));
  return Done{};
}

}  // namespace sitelatch::guard
