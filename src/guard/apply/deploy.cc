// SPDX-License-Identifier: Apache-2.0
#include "guard/apply/deploy.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "aws/auth/partition.h"
#include "base/text.h"

namespace sitelatch::guard {
namespace {

constexpr int most_rounds = 5;
constexpr std::string_view guides_path = "/lb-check";

// The alarm's topic comes first: its tag says where the rest is.
int turn(Resource resource) {
  return resource == Resource::alarm_topic ? -1 : static_cast<int>(resource);
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

Deployment::Deployment(Dependencies dependencies, DeployOptions options, Codes codes)
    : dependencies_(std::move(dependencies)),
      options_(std::move(options)),
      codes_(std::move(codes)),
      deadline_(dependencies_.context.clock.now() + dependencies_.timeout) {}

Duration Deployment::left() const {
  return std::max(Duration{0}, Duration{deadline_ - dependencies_.context.clock.now()});
}

namespace {

Error refused(std::string text) { return error_of(Error::Kind::refused, std::move(text)); }

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

}  // namespace

Result<Settings, Error> Deployment::settle(const Snapshot& snapshot,
                                           std::vector<std::string>& notes) const {
  auto settings = snapshot.settings;
  const auto& function = snapshot.observed.function;
  if (function && !options_.function_region.empty() &&
      settings.function_region != options_.function_region)
    return failure(
        refused(fmt::format("The guard's function is in {} already. Leave --function-region out, "
                            "or remove the guard first (sitelatch destroy {}).",
                            settings.function_region, options_.health_check_id)));
  if (!options_.function_region.empty()) settings.function_region = options_.function_region;
  if (aws::partition_of(settings.function_region).name != settings.partition)
    return failure(refused(fmt::format("Region {} is not in partition {} of this account.",
                                       settings.function_region, settings.partition)));
  if (options_.function) settings.function = *options_.function;
  if (options_.latch) settings.latch = *options_.latch;
  if (!options_.kms_key.empty()) settings.kms_key = options_.kms_key;
  if (!dns_name_.empty()) settings.dns_name = dns_name_;
  if (!subscription_protocol(settings.notify_endpoint))
    settings.notify_endpoint.clear();  // a phone number, say: it stays
  if (!options_.notify_endpoint.empty()) settings.notify_endpoint = options_.notify_endpoint;
  settings.function_sha256 = code(settings.function).sha256;
  settle_original_path(snapshot, settings, notes);
  settings.record.latch = settings.latch;
  return settings;
}

Result<DeployPlan, Error> Deployment::plan_resources() {
  if (!valid_health_check_id(options_.health_check_id))
    return failure(refused(fmt::format(
        "\"{}\" is not the id of a health check (letters, digits and dashes, at most 48).",
        options_.health_check_id)));
  Query how;
  how.health_check_id = options_.health_check_id;
  how.function_region = options_.function_region;
  how.records = how.deliveries = false;
  how.other_regions = true;
  auto snapshot = observe(dependencies_.context.aws, how,
                          Instant{dependencies_.context.clock.now().time_since_epoch()});
  if (!snapshot)
    return failure(error_of(snapshot.error(),
                            "look at the guard of health check " + options_.health_check_id));
  if (!snapshot->blind.empty()) {
    std::string text = "Deploy must see everything that it may change, and does not:";
    for (const auto& blind : snapshot->blind) text += "\n  " + describe(blind);
    return failure(error_of(Error::Kind::no_answer, text));
  }
  if (!snapshot->observed.check)
    return failure(refused(fmt::format(
        "There is no health check {} in account {}. List them: aws route53 list-health-checks",
        options_.health_check_id, snapshot->settings.account)));
  const auto looked = look_at_records();
  if (!looked) return failure(looked.error());
  DeployPlan deployment_plan;
  auto settings = settle(*snapshot, deployment_plan.notes);
  if (!settings) return failure(settings.error());
  const auto kind = settings->function;
  // Adopted Python keeps its code, and native code is always ours to replace.
  auto plan = make_plan(std::move(*settings));
  if (!plan) return failure(refused(plan.error().text + "."));
  deployment_plan.plan = std::move(*plan);
  deployment_plan.plan.alarm_topic.tags[std::string{function_region_tag}] =
      deployment_plan.plan.settings.function_region;
  deployment_plan.now = aws_now(*snapshot, dependencies_.context.clock.now());
  deployment_plan.work = work_between(deployment_plan.plan, snapshot->observed);
  deployment_plan.snapshot = std::move(*snapshot);
  const auto& observed = deployment_plan.snapshot.observed;
  if (observed.function &&
      observed.function->runtime.starts_with("python") != (kind == FunctionKind::python)) {
    // Runtime, handler and code change together; the code alone would not start.
    const bool listed =
        std::any_of(deployment_plan.work.begin(), deployment_plan.work.end(),
                    [](const ResourceChange& w) { return w.resource == Resource::function_code; });
    if (!listed)
      deployment_plan.work.push_back({Resource::function_code,
                                      Verb::change,
                                      "code of function " + deployment_plan.plan.function.name,
                                      {"it is of the other kind"}});
    std::stable_sort(
        deployment_plan.work.begin(), deployment_plan.work.end(),
        [](const auto& a, const auto& b) { return turn(a.resource) < turn(b.resource); });
  }
  const auto& record = deployment_plan.snapshot.settings.record;
  deployment_plan.will_arm =
      !latched(*observed.check) && !record.in_maintenance(deployment_plan.now);
  if (kind == FunctionKind::python)
    deployment_plan.notes.push_back(
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
    deployment_plan.notes.push_back(
        "The guard is in maintenance and stays so: sitelatch arm ends it.");
  return deployment_plan;
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
  deployment_plan->snapshot.records = records_;
  deployment_plan->findings =
      preflight(deployment_plan->plan, deployment_plan->snapshot, dependencies_.context.ask_site);
  return deployment_plan;
}

Step Deployment::carry_out(const DeployPlan& deployment_plan, std::string& noted) {
  Builder builder({dependencies_.context.aws, dependencies_.context.clock,
                   dependencies_.context.progress, deadline_},
                  deployment_plan.plan, deployment_plan.snapshot.observed,
                  code(deployment_plan.plan.settings.function));
  for (const auto& work : deployment_plan.work) {
    const auto what = fmt::format("{} {}", to_string(work.verb), work.name);
    say(what);
    const auto done = work.verb == Verb::disable  ? builder.disarm_alarm()
                      : work.verb == Verb::remove ? builder.remove_schedule()
                                                  : builder.make(work.resource);
    if (!done) return done;
    noted += (noted.empty() ? "" : ", ") + what;
  }
  return Done{};
}

Step Deployment::build(DeployPlan& deployment_plan) {
  std::string noted;
  for (int round = 0; round < most_rounds && !deployment_plan.work.empty(); ++round) {
    const auto done = carry_out(deployment_plan, noted);
    if (!done) return done;
    auto next = plan_resources();
    if (!next) return failure(next.error());
    next->snapshot.records = std::move(deployment_plan.snapshot.records);
    next->findings = std::move(deployment_plan.findings);
    deployment_plan = std::move(*next);
  }
  if (deployment_plan.work.empty()) {
    if (!noted.empty()) audit(deployment_plan, noted);
    return Done{};
  }
  std::string text = "AWS still shows these as before; somebody else may be changing them:";
  for (const auto& work : deployment_plan.work)
    text += fmt::format("\n  {}: {}", work.name, join(work.why, "; "));
  return failure(error_of(Error::Kind::failed, text));
}

void Deployment::audit(const DeployPlan& deployment_plan, const std::string& note) {
  AuditEntry entry;
  entry.at = deployment_plan.now;
  entry.action = "deploy";
  entry.stage = "done";
  entry.who = deployment_plan.snapshot.caller_arn;
  entry.note = note.substr(0, 4000);
  const View view{deployment_plan.snapshot, deployment_plan.plan, deployment_plan.now, {}, {}};
  if (const auto problem = note_down(dependencies_.context, view, entry)) say(*problem);
}

// One look. True: the waiting is over, because it may or because it was `stopped`.
bool Deployment::may_arm(DeployPlan& deployment_plan, std::optional<Error>& stopped,
                         std::string& waiting_for) {
  const auto again = refresh(dependencies_.context.aws, deployment_plan.snapshot);
  if (!again) {
    stopped = error_of(again.error(), "see whether the guard can fire");
    return true;
  }
  const auto& observed = deployment_plan.snapshot.observed;
  if (!observed.check) {
    stopped = refused("The health check is gone.");
    return true;
  }
  deployment_plan.now = aws_now(deployment_plan.snapshot, dependencies_.context.clock.now());
  const auto situation = situation_of(observed);
  if (const auto standing = standing_refusal(situation)) {
    stopped = refused(fmt::format("Not armed: {}. See sitelatch status {}.", *standing,
                                  options_.health_check_id));
    return true;
  }
  deployment_plan.findings =
      preflight(deployment_plan.plan, deployment_plan.snapshot, dependencies_.context.ask_site);
  std::vector<std::string> waiting;
  for (const auto& finding : deployment_plan.findings) {
    if (finding.kind != Finding::Kind::refusal) continue;
    if (finding.may_pass) {
      waiting.push_back(finding.why);
      continue;
    }
    stopped = refused(fmt::format("Not armed: {} To mend it: {}.", finding.why, finding.mend));
    return true;
  }
  const auto transition = guard::arm(situation, {observed.healthy}, deployment_plan.now);
  if (!transition) waiting.push_back(all_reasons(transition.error()));
  waiting_for = join(waiting, " ");
  return waiting.empty();
}

Step Deployment::arm(DeployPlan& deployment_plan) {
  client::Backoff backoff;
  backoff.every = std::chrono::milliseconds{250};
  backoff.growth = 1.5;
  backoff.longest = std::chrono::seconds{5};
  backoff.at_most = left();
  std::optional<Error> stopped;
  std::string said, waiting_for;
  const auto ended = client::wait_until(dependencies_.context.clock, backoff, [&] {
    if (may_arm(deployment_plan, stopped, waiting_for)) return true;
    if (waiting_for != said) say("not armed yet: " + waiting_for);
    said = waiting_for;
    return false;
  });
  if (stopped) return failure(*stopped);
  if (ended) return switch_on(deployment_plan);
  const bool on = deployment_plan.snapshot.observed.alarm &&
                  deployment_plan.snapshot.observed.alarm->snapshot.actions_enabled;
  return failure(error_of(
      Error::Kind::not_in_time,
      fmt::format(
          "Not armed in time: {} The alarm's actions {}. Run deploy again when Primary is healthy.",
          waiting_for, on ? "are on, as they were" : "stay off")));
}

Step Deployment::switch_on(DeployPlan& deployment_plan) {
  const auto situation = situation_of(deployment_plan.snapshot.observed);
  const auto transition =
      guard::arm(situation, {deployment_plan.snapshot.observed.healthy}, deployment_plan.now);
  if (!transition) return failure(refused("Not armed: " + all_reasons(transition.error())));
  if (transition->check.empty() && !transition->alarm_actions &&
      transition->record == situation.record)
    return Done{};
  say("arm the guard");
  Request request;
  request.action = "arm";
  request.why = "deploy";
  const auto carried = guard::carry_out(
      dependencies_.context,
      View{deployment_plan.snapshot, deployment_plan.plan, deployment_plan.now, {}, {}}, request,
      [](const View& view) {
        return guard::arm(situation_of(view.snapshot.observed), {view.snapshot.observed.healthy},
                          view.now);
      });
  if (!carried) {
    auto why = carried.error();
    why.text = "Not armed: " + why.text;
    return failure(std::move(why));
  }
  const auto again = refresh(dependencies_.context.aws, deployment_plan.snapshot);
  if (!again) return failure(error_of(again.error(), "see whether the alarm's actions are on"));
  if (!deployment_plan.snapshot.observed.alarm ||
      !deployment_plan.snapshot.observed.alarm->snapshot.actions_enabled)
    return failure(error_of(Error::Kind::failed, "Not armed: the alarm's actions are still off. " +
                                                     join(carried->applied.notes, " ")));
  return Done{};
}

}  // namespace sitelatch::guard
