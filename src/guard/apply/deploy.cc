// SPDX-License-Identifier: Apache-2.0
// Carrying a deploy out, and arming. (What it would do: deploy_plan.cc.)
#include "guard/apply/deploy.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "client/wait.h"
#include "guard/apply/self_testing.h"

namespace sitelatch::guard {
namespace {

constexpr int most_rounds = 5;

Error refused(std::string text) { return error_of(Error::Kind::refused, std::move(text)); }

bool lists(const std::vector<ResourceChange>& work, Resource resource) {
  return std::any_of(work.begin(), work.end(),
                     [resource](const ResourceChange& w) { return w.resource == resource; });
}

// Whether something that was done looks undone.
bool any_again(const std::vector<ResourceChange>& work, const std::vector<ResourceChange>& done) {
  return std::any_of(work.begin(), work.end(),
                     [&](const ResourceChange& w) { return lists(done, w.resource); });
}

}  // namespace

Deployment::Deployment(Dependencies dependencies, DeployOptions options, Codes codes)
    : dependencies_(dependencies),
      options_(std::move(options)),
      codes_(std::move(codes)),
      deadline_(dependencies_.context.clock.now() + dependencies_.timeout) {}

Duration Deployment::left() const {
  return std::max(Duration{0}, Duration{deadline_ - dependencies_.context.clock.now()});
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
    built_ = true;
    if (work.resource == Resource::function_concurrency) concurrency_was_tried_ = true;
    if (work.resource == Resource::notify_subscription) people_were_asked_ = true;
    noted += (noted.empty() ? "" : ", ") + what;
  }
  return Done{};
}

// AWS's lists and tags lag behind its answers: what still looks undone is looked at again for a
// while before it is done again.
Step Deployment::look_again(DeployPlan& deployment_plan) {
  const auto done = deployment_plan.work;
  client::Backoff backoff;
  backoff.every = std::chrono::seconds{1};
  backoff.growth = 2;
  backoff.at_most = std::min<Duration>(left(), std::chrono::seconds{20});
  std::optional<Error> stopped;
  Waiting waiting(dependencies_.context);
  (void)client::wait_until(dependencies_.context.clock, backoff, [&] {
    auto next = plan_resources();
    if (!next) {
      stopped = next.error();
      return true;
    }
    next->snapshot.records = std::move(deployment_plan.snapshot.records);
    next->snapshot.keys = std::move(deployment_plan.snapshot.keys);
    next->findings = std::move(deployment_plan.findings);
    deployment_plan = std::move(*next);
    if (!any_again(deployment_plan.work, done)) return true;
    waiting.until({"AWS shows what was made", "seconds", backoff.at_most});
    return false;
  });
  if (stopped) return failure(*stopped);
  return Done{};
}

Step Deployment::build(DeployPlan& deployment_plan) {
  std::string noted;
  for (int round = 0; round < most_rounds && !deployment_plan.work.empty(); ++round) {
    const auto done = carry_out(deployment_plan, noted);
    if (!done) return done;
    const auto seen = look_again(deployment_plan);
    if (!seen) return seen;
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

// A function that has never run is no guard: before anybody relies on it, it proves itself.
Step Deployment::prove(const DeployPlan& deployment_plan) {
  const auto& observed = deployment_plan.snapshot.observed;
  const bool on = observed.alarm && observed.alarm->snapshot.actions_enabled;
  if (!observed.function || (on && !built_)) return Done{};
  const auto& function = deployment_plan.plan.function;
  if (function.kind == FunctionKind::python) {
    say("The guide's Python function has no self-test: nobody knows whether it may latch. "
        "`sitelatch drill` rehearses it.");
    return Done{};
  }
  say("self-test of function " + function.name);
  const auto tested = [&] {
    const auto most = std::min<Duration>(left(), std::chrono::minutes{1});
    Waiting waiting(dependencies_.context);
    waiting.until(
        {"the function passes its self-test", "seconds, until its rights have arrived", most});
    return run_self_test_for(most, dependencies_.context.aws, dependencies_.context.clock,
                             function);
  }();
  const auto doing = "run the self-test of function " + function.name;
  const auto state =
      std::string{" The alarm's actions "} + (on ? "are on, as they were." : "stay off.");
  if (!tested) {
    auto error = error_of(tested.error(), doing);
    error.text = "Not armed: " + error.text + state;
    return failure(std::move(error));
  }
  if (tested->passed) return Done{};
  return failure(refused(fmt::format(
      "Not armed: function {} failed its self-test: {}.{} What the role's own policy grants may be "
      "taken away by a permissions boundary or a service control policy of the organisation; "
      "where no answer came at all, look at the function's network and its log. Mend it and run "
      "deploy again.",
      function.name, tested->sentence, state)));
}

Step Deployment::arm(DeployPlan& deployment_plan) {
  const auto proven = prove(deployment_plan);
  if (!proven) return proven;
  client::Backoff backoff;
  backoff.every = std::chrono::milliseconds{250};
  backoff.growth = 1.5;
  backoff.longest = std::chrono::seconds{5};
  backoff.at_most = left();
  std::optional<Error> stopped;
  std::string said, waiting_for;
  Waiting waiting(dependencies_.context);
  const auto ended = client::wait_until(dependencies_.context.clock, backoff, [&] {
    if (may_arm(deployment_plan, stopped, waiting_for)) return true;
    if (waiting_for != said) say("not armed yet: " + waiting_for);
    said = waiting_for;
    waiting.until({"the guard can fire", "2 to 5m of a healthy Primary", backoff.at_most});
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
  // DescribeAlarms may be some seconds behind EnableAlarmActions.
  client::Backoff backoff;
  backoff.every = std::chrono::seconds{1};
  backoff.growth = 1.5;
  backoff.at_most = std::chrono::seconds{30};
  Waiting waiting(dependencies_.context);
  const auto on = client::wait_for<Done>(
      dependencies_.context.clock, backoff, [&]() -> client::Outcome<std::optional<Done>> {
        const auto again = refresh(dependencies_.context.aws, deployment_plan.snapshot);
        if (!again) return failure(again.error());
        const auto& alarm = deployment_plan.snapshot.observed.alarm;
        if (alarm && alarm->snapshot.actions_enabled) return std::optional{Done{}};
        waiting.until({"AWS shows the alarm's actions as on", "seconds", backoff.at_most});
        return std::optional<Done>{};
      });
  if (!on) return failure(error_of(on.error(), "see whether the alarm's actions are on"));
  if (!*on)
    return failure(error_of(Error::Kind::failed, "Not armed: the alarm's actions are still off. " +
                                                     join(carried->applied.notes, " ")));
  return Done{};
}

}  // namespace sitelatch::guard
