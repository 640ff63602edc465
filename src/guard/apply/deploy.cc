// SPDX-License-Identifier: Apache-2.0
#include "guard/apply/deploy.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace sitelatch::guard {
namespace {

constexpr int most_rounds = 5;
constexpr std::string_view guides_path = "/lb-check";

// The alarm's topic comes first: its tag says where the rest is.
int turn(Piece piece) { return piece == Piece::alarm_topic ? -1 : static_cast<int>(piece); }

std::string name_of(Piece piece, const Plan& plan) {
  switch (piece) {
    case Piece::notify_topic:
      return "topic " + plan.notify_topic.name;
    case Piece::notify_subscription:
      return "subscription of " + (plan.notify_subscription ? plan.notify_subscription->endpoint
                                                            : std::string{"people"});
    case Piece::audit_group:
      return "log group " + plan.audit_group.name;
    case Piece::function_group:
      return "log group " + plan.function_group.name;
    case Piece::role:
      return "role " + plan.role.name;
    case Piece::role_policy:
      return fmt::format("policy {} of role {}", plan.role.policy_name, plan.role.name);
    case Piece::function:
      return fmt::format("function {} ({}, {})", plan.function.name, to_string(plan.function.kind),
                         plan.function.region);
    case Piece::function_code:
      return "code of function " + plan.function.name;
    case Piece::function_configuration:
      return "configuration of function " + plan.function.name;
    case Piece::failure_destination:
      return "failure destination of function " + plan.function.name;
    case Piece::alarm_topic:
      return "topic " + plan.alarm_topic.name;
    case Piece::alarm_topic_policy:
      return "policy of topic " + plan.alarm_topic.name;
    case Piece::sns_permission:
      return fmt::format("permission {} of function {}", plan.sns_permission.statement_id,
                         plan.function.name);
    case Piece::subscription:
      return "subscription of the function to topic " + plan.alarm_topic.name;
    case Piece::schedule:
      return "rule " + plan.schedule.name;
    case Piece::schedule_target:
      return "target of rule " + plan.schedule.name;
    case Piece::events_permission:
      return fmt::format("permission {} of function {}", plan.events_permission.statement_id,
                         plan.function.name);
    case Piece::alarm:
      return "alarm " + plan.alarm.name;
    case Piece::alarm_actions:
      return "actions of alarm " + plan.alarm.name;
  }
  return {};
}

class Works {
 public:
  explicit Works(const Plan& plan) : plan_(plan) {}

  void add(Piece piece, std::string verb, std::string why) {
    for (auto& work : all_) {
      if (work.piece != piece) continue;
      if (verb == "create") work.verb = verb;
      if (std::find(work.why.begin(), work.why.end(), why) == work.why.end())
        work.why.push_back(std::move(why));
      return;
    }
    all_.push_back({piece, std::move(verb), name_of(piece, plan_), {std::move(why)}});
  }
  std::vector<Work> take() {
    std::stable_sort(all_.begin(), all_.end(),
                     [](const auto& a, const auto& b) { return turn(a.piece) < turn(b.piece); });
    return std::move(all_);
  }

 private:
  const Plan& plan_;
  std::vector<Work> all_;
};

// What belongs to a piece that is not there is not there either, though nobody can have looked at
// it.
void add_parts(Piece missing, const Plan& plan, const Observed& observed, Works& works) {
  switch (missing) {
    case Piece::role:
      works.add(Piece::role_policy, "create",
                "exactly what the function does, on exactly these resources");
      if (observed.function)
        works.add(Piece::function_configuration, "change",
                  "its role is made again under the same name");
      break;
    case Piece::function:
      works.add(Piece::failure_destination, "create",
                "a latch that failed for good is told to people");
      works.add(Piece::sns_permission, "create", "the alarm's topic invokes the function");
      if (plan.has_schedule)
        works.add(Piece::events_permission, "create", "the schedule invokes the function");
      break;
    case Piece::alarm_topic:
      works.add(Piece::alarm_topic_policy, "create", "only the alarm may publish");
      break;
    case Piece::schedule:
      works.add(Piece::schedule_target, "create",
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
void add_own(const Plan& plan, const Observed& observed, Works& works) {
  if (observed.alarm_topic &&
      tag_differs(plan.alarm_topic.tags, observed.alarm_topic->tags, function_region_tag))
    works.add(Piece::alarm_topic, "change", "its tag says where the function is");
  if (observed.notify_topic)
    for (const auto key : {tag::original_path, tag::latch})
      if (tag_differs(plan.notify_topic.tags, observed.notify_topic->tags, key))
        works.add(Piece::notify_topic, "change", fmt::format("the record's {} is not so", key));
  if (observed.function && observed.role && !observed.function->role_id_used.empty() &&
      observed.function->role_id_used != observed.role->role_id)
    works.add(Piece::function_configuration, "change",
              "the role was made again under its name; the function still holds the old one");
  if (observed.schedule && !plan.has_schedule)
    works.add(Piece::schedule, "remove",
              "the Python function does not know what a schedule wants of it");
  if (observed.function &&
      (observed.function->state == "Failed" || observed.function->last_update_status == "Failed"))
    works.add(Piece::function_configuration, "change",
              "its last change failed: " + observed.function->state_reason);
}

// Whether an alarm now would reach a function that may latch.
bool chain_works(const std::vector<Difference>& found) {
  return std::none_of(found.begin(), found.end(), [](const Difference& d) {
    if (!d.breaks || d.kind != Difference::Kind::missing) return false;
    return d.piece == Piece::role || d.piece == Piece::role_policy || d.piece == Piece::function ||
           d.piece == Piece::alarm_topic || d.piece == Piece::sns_permission ||
           d.piece == Piece::subscription;
  });
}

std::string verb_of(Difference::Kind kind) {
  return kind == Difference::Kind::missing ? "create" : "change";
}

std::string reason_of(const Difference& difference) {
  const auto colon = difference.what.find(": ");
  return (colon == std::string::npos ? difference.what : difference.what.substr(colon + 2)) + ": " +
         difference.why;
}

}  // namespace

std::vector<Work> work_between(const Plan& plan, const Observed& observed) {
  Works works(plan);
  const auto found = differences(plan, observed);
  for (const auto& difference : found) {
    if (difference.piece == Piece::alarm_actions) continue;  // arming's
    works.add(difference.piece, verb_of(difference.kind), reason_of(difference));
    if (difference.kind == Difference::Kind::missing)
      add_parts(difference.piece, plan, observed, works);
  }
  add_own(plan, observed, works);
  auto all = works.take();
  const bool latched_now = observed.check && latched(*observed.check);
  if (observed.alarm && observed.alarm->seen.actions_enabled && !latched_now && !chain_works(found))
    all.insert(all.begin(),
               Work{Piece::alarm_actions,
                    "disable",
                    name_of(Piece::alarm_actions, plan),
                    {"the chain behind them does not work yet: on, they would look like a guard"}});
  return all;
}

Deployment::Deployment(Outside outside, Wish wish, Codes codes)
    : outside_(std::move(outside)),
      wish_(std::move(wish)),
      codes_(std::move(codes)),
      deadline_(outside_.desk.clock.now() + outside_.timeout) {}

Duration Deployment::left() const {
  return std::max(Duration{0}, Duration{deadline_ - outside_.desk.clock.now()});
}

namespace {

Obstacle refused(std::string text) { return {Obstacle::Kind::refused, std::move(text)}; }

void settle_original_path(const Seen& seen, Settings& settings, std::vector<std::string>& notes) {
  const auto& check = *seen.observed.check;
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

Result<Settings, Obstacle> Deployment::settle(const Seen& seen,
                                              std::vector<std::string>& notes) const {
  auto settings = seen.settings;
  const auto& function = seen.observed.function;
  if (function && !wish_.function_region.empty() &&
      settings.function_region != wish_.function_region)
    return failure(
        refused(fmt::format("The guard's function is in {} already. Leave --function-region out, "
                            "or remove the guard first (sitelatch destroy {}).",
                            settings.function_region, wish_.health_check_id)));
  if (!wish_.function_region.empty()) settings.function_region = wish_.function_region;
  if (partition_of(settings.function_region) != settings.partition)
    return failure(refused(fmt::format("Region {} is not in partition {} of this account.",
                                       settings.function_region, settings.partition)));
  if (wish_.function) settings.function = *wish_.function;
  if (wish_.latch) settings.latch = *wish_.latch;
  if (!wish_.kms_key.empty()) settings.kms_key = wish_.kms_key;
  if (!subscription_protocol(settings.notify_endpoint))
    settings.notify_endpoint.clear();  // a phone number, say: it stays
  if (!wish_.notify_endpoint.empty()) settings.notify_endpoint = wish_.notify_endpoint;
  settings.function_sha256 = code(settings.function).sha256;
  settle_original_path(seen, settings, notes);
  settings.record.latch = settings.latch;
  return settings;
}

Result<Intent, Obstacle> Deployment::look() {
  if (!valid_health_check_id(wish_.health_check_id))
    return failure(refused(fmt::format(
        "\"{}\" is not the id of a health check (letters, digits and dashes, at most 48).",
        wish_.health_check_id)));
  Look how;
  how.health_check_id = wish_.health_check_id;
  how.function_region = wish_.function_region;
  how.records = how.deliveries = false;
  how.other_regions = true;
  auto seen = observe(outside_.desk.aws, how);
  if (!seen)
    return failure(
        obstacle(seen.error(), "look at the guard of health check " + wish_.health_check_id));
  if (!seen->blind.empty()) {
    std::string text = "Deploy must see everything that it may change, and does not:";
    for (const auto& blind : seen->blind) text += "\n  " + describe(blind);
    return failure(Obstacle{Obstacle::Kind::no_answer, text});
  }
  if (!seen->observed.check)
    return failure(refused(fmt::format(
        "There is no health check {} in account {}. List them: aws route53 list-health-checks",
        wish_.health_check_id, seen->settings.account)));
  Intent intent;
  auto settings = settle(*seen, intent.notes);
  if (!settings) return failure(settings.error());
  const auto kind = settings->function;
  // Adopted Python keeps its code, and native code is always ours to replace.
  auto plan = make_plan(std::move(*settings));
  if (!plan) return failure(refused(plan.error().text + "."));
  intent.plan = std::move(*plan);
  intent.plan.alarm_topic.tags[std::string{function_region_tag}] =
      intent.plan.settings.function_region;
  intent.now = aws_now(*seen, outside_.desk.clock.now());
  intent.work = work_between(intent.plan, seen->observed);
  intent.seen = std::move(*seen);
  const auto& observed = intent.seen.observed;
  if (observed.function &&
      observed.function->runtime.starts_with("python") != (kind == FunctionKind::python)) {
    // Runtime, handler and code change together; the code alone would not start.
    const bool listed = std::any_of(intent.work.begin(), intent.work.end(),
                                    [](const Work& w) { return w.piece == Piece::function_code; });
    if (!listed)
      intent.work.push_back({Piece::function_code,
                             "change",
                             "code of function " + intent.plan.function.name,
                             {"it is of the other kind"}});
    std::stable_sort(intent.work.begin(), intent.work.end(),
                     [](const auto& a, const auto& b) { return turn(a.piece) < turn(b.piece); });
  }
  const auto& record = intent.seen.settings.record;
  intent.will_arm = !latched(*observed.check) && !record.in_maintenance(intent.now);
  if (latched(*observed.check))
    intent.notes.push_back(
        fmt::format("The check is latched and stays so: release it with sitelatch switch-back{}.",
                    observed.alarm && !observed.alarm->seen.actions_enabled
                        ? ", then sitelatch arm: the alarm's actions are off"
                        : ""));
  else if (record.in_maintenance(intent.now))
    intent.notes.push_back("The guard is in maintenance and stays so: sitelatch arm ends it.");
  return intent;
}

Result<Intent, Obstacle> Deployment::intend() {
  auto intent = look();
  if (!intent) return intent;
  auto records = read_records(outside_.desk.aws, wish_.health_check_id);
  if (records)
    intent->seen.records = std::move(*records);
  else if (!client::is_denied(records.error()))
    return failure(obstacle(records.error(), "read the hosted zones' records"));
  intent->findings = preflight(intent->plan, intent->seen, intent->now, outside_.ask_site);
  return intent;
}

Step Deployment::carry_out(const Intent& intent, std::string& noted) {
  Builder builder({outside_.desk.aws, outside_.desk.clock, outside_.desk.progress, deadline_},
                  intent.plan, intent.seen.observed, code(intent.plan.settings.function));
  for (const auto& work : intent.work) {
    say(fmt::format("{} {}", work.verb, work.name));
    const auto done = work.verb == "disable"  ? builder.disarm_alarm()
                      : work.verb == "remove" ? builder.remove_schedule()
                                              : builder.make(work.piece);
    if (!done) return done;
    noted += (noted.empty() ? "" : ", ") + work.verb + " " + work.name;
  }
  return Done{};
}

Step Deployment::build(Intent& intent) {
  std::string noted;
  for (int round = 0; round < most_rounds && !intent.work.empty(); ++round) {
    const auto done = carry_out(intent, noted);
    if (!done) return done;
    auto next = look();
    if (!next) return failure(next.error());
    next->seen.records = std::move(intent.seen.records);
    next->findings = std::move(intent.findings);
    intent = std::move(*next);
  }
  if (intent.work.empty()) {
    if (!noted.empty()) audit(intent, noted);
    return Done{};
  }
  std::string text = "AWS still shows these as before; somebody else may be changing them:";
  for (const auto& work : intent.work)
    text += fmt::format("\n  {}: {}", work.name, join(work.why, "; "));
  return failure(Obstacle{Obstacle::Kind::failed, text});
}

void Deployment::audit(const Intent& intent, const std::string& note) {
  AuditEntry entry;
  entry.at = intent.now;
  entry.action = "deploy";
  entry.stage = "done";
  entry.who = intent.seen.caller_arn;
  entry.note = note.substr(0, 4000);
  const View view{intent.seen, intent.plan, intent.now, {}, {}};
  if (const auto problem = note_down(outside_.desk, view, entry)) say(*problem);
}

namespace {

std::string all_reasons(const std::vector<Refusal>& refusals) {
  std::vector<std::string> reasons;
  for (const auto& refusal : refusals) reasons.push_back(refusal.why);
  return join(reasons, "; ");
}

// Waiting does not mend these.
std::optional<std::string> standing_refusal(const Situation& situation) {
  if (latched(situation.check)) return "the health check is latched";
  if (situation.record.latched_in_this_release()) return "somebody undid the latch of this release";
  if (situation.check.inverted) return "the health check is Inverted";
  if (situation.check.disabled && !situation.record.maintenance)
    return "the health check is Disabled";
  return std::nullopt;
}

}  // namespace

// One look. True: the waiting is over, because it may or because it was `stopped`.
bool Deployment::may_arm(Intent& intent, std::optional<Obstacle>& stopped,
                         std::string& waiting_for) {
  const auto again = look_again(outside_.desk.aws, intent.seen);
  if (!again) {
    stopped = obstacle(again.error(), "see whether the guard can fire");
    return true;
  }
  const auto& observed = intent.seen.observed;
  if (!observed.check) {
    stopped = refused("The health check is gone.");
    return true;
  }
  intent.now = aws_now(intent.seen, outside_.desk.clock.now());
  const auto situation = situation_of(observed);
  if (const auto standing = standing_refusal(situation)) {
    stopped = refused(
        fmt::format("Not armed: {}. See sitelatch status {}.", *standing, wish_.health_check_id));
    return true;
  }
  intent.findings = preflight(intent.plan, intent.seen, intent.now, outside_.ask_site);
  std::vector<std::string> waiting;
  for (const auto& finding : intent.findings) {
    if (finding.kind != Finding::Kind::refusal) continue;
    if (finding.may_pass) {
      waiting.push_back(finding.why);
      continue;
    }
    stopped = refused(fmt::format("Not armed: {} To mend it: {}.", finding.why, finding.mend));
    return true;
  }
  const auto transition = guard::arm(situation, {observed.healthy}, intent.now);
  if (!transition) waiting.push_back(all_reasons(transition.error()));
  waiting_for = join(waiting, " ");
  return waiting.empty();
}

Step Deployment::arm(Intent& intent) {
  client::Patience patience;
  patience.every = std::chrono::milliseconds{250};
  patience.growth = 1.5;
  patience.longest = std::chrono::seconds{5};
  patience.at_most = left();
  std::optional<Obstacle> stopped;
  std::string said, waiting_for;
  const auto ended = client::wait_until(outside_.desk.clock, patience, [&] {
    if (may_arm(intent, stopped, waiting_for)) return true;
    if (waiting_for != said) say("not armed yet: " + waiting_for);
    said = waiting_for;
    return false;
  });
  if (stopped) return failure(*stopped);
  if (ended) return switch_on(intent);
  const bool on = intent.seen.observed.alarm && intent.seen.observed.alarm->seen.actions_enabled;
  return failure(Obstacle{
      Obstacle::Kind::not_in_time,
      fmt::format(
          "Not armed in time: {} The alarm's actions {}. Run deploy again when Primary is healthy.",
          waiting_for, on ? "are on, as they were" : "stay off")});
}

Step Deployment::switch_on(Intent& intent) {
  const auto situation = situation_of(intent.seen.observed);
  const auto transition = guard::arm(situation, {intent.seen.observed.healthy}, intent.now);
  if (!transition) return failure(refused("Not armed: " + all_reasons(transition.error())));
  if (transition->check.empty() && !transition->alarm_actions &&
      transition->record == situation.record)
    return Done{};
  say("arm the guard");
  Errand errand;
  errand.action = "arm";
  errand.why = "deploy";
  const auto carried = guard::carry_out(
      outside_.desk, View{intent.seen, intent.plan, intent.now, {}, {}}, errand,
      [](const View& view) {
        return guard::arm(situation_of(view.seen.observed), {view.seen.observed.healthy}, view.now);
      });
  if (!carried) {
    const auto& why = carried.error();
    return failure(
        Obstacle{why.refusals.empty() ? Obstacle::Kind::failed : Obstacle::Kind::refused,
                 "Not armed: " + (why.refusals.empty() ? why.failed : all_reasons(why.refusals))});
  }
  const auto again = look_again(outside_.desk.aws, intent.seen);
  if (!again) return failure(obstacle(again.error(), "see whether the alarm's actions are on"));
  if (!intent.seen.observed.alarm || !intent.seen.observed.alarm->seen.actions_enabled)
    return failure(Obstacle{
        Obstacle::Kind::failed,
        "Not armed: the alarm's actions are still off. " + join(carried->applied.notes, " ")});
  return Done{};
}

}  // namespace sitelatch::guard
