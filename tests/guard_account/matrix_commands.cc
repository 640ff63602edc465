// SPDX-License-Identifier: Apache-2.0
#include "matrix_commands.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "guard/apply/drill.h"
#include "guard/apply/missing_rights.h"
#include "guard/apply/sight.h"
#include "guard/rules/decision.h"

namespace sitelatch::guard::test {
namespace {

using aws::Value;

std::string words_of(const std::vector<Refusal>& refusals) {
  std::string out;
  for (const auto& refusal : refusals) out += " " + refusal.why;
  return out.empty() ? out : "Refused:" + out;
}

End end_of(const Error& error) { return {false, error.text + words_of(error.refusals)}; }

// --- what the commands that one decision carries out have in common (cli/guard_request.cc)

struct Asked {
  Request request;
  Decide decide;
  bool latches = false;  // does nothing but latch
};

End carry_out(WiredAccount& account, const Asked& asked) {
  auto& context = account.context();
  auto shown = view(account, account, account.check(), context.chain());
  if (!shown) return {false, shown.error().text};
  const auto unseen = cannot_be_decided(*shown);
  if (!shown->snapshot.observed.check) return {false, unseen.value_or("There is no such check.")};
  const auto decision = asked.decide(*shown);
  if (unseen && !asked.latches && !(decision && only_latches(*shown, *decision)))
    return {false, *unseen};
  if (!decision) return {false, words_of(decision.error())};
  if (changes_nothing(*shown, *decision)) return {true, ""};
  if (auto lacking = rights_against(context, *shown, *decision, asked.request.tells))
    return {false, *lacking};
  const auto carried = guard::carry_out(context, std::move(*shown), asked.request, asked.decide);
  return carried ? End{true, ""} : end_of(carried.error());
}

Request request_of(const char* action) {
  Request request;
  request.action = action;
  request.why = "a test";
  request.tells = true;
  return request;
}

// --- the commands

End run_deploy(WiredAccount& account) {
  const auto wrong = account.deploy();
  return {!wrong, wrong.value_or("")};
}

End run_trip(WiredAccount& account, bool planned) {
  return carry_out(
      account, {request_of(planned ? "trip-planned" : "trip"),
                [planned](const View& now) {
                  return trip(situation_of(now.snapshot.observed), {planned, "a test"}, now.now);
                },
                true});
}

End run_switch_back(WiredAccount& account) {
  SwitchBackOptions options;
  options.health_check_id = account.check();
  options.reason = "sites synchronised";
  options.confirm = [](const View&, const std::string&) { return true; };
  const auto report = guard::switch_back(account.context(), options);
  return {report.end == SwitchBackEnd::done, report.sentence + words_of(report.refusals)};
}

End run_drill(WiredAccount& account) {
  // The function of the scratch guard is the same.
  account.story.any_function = account.story.functions.begin()->second;
  DrillOptions options;
  options.health_check_id = account.check();
  options.codes = account.codes();
  const auto report = drill(account.context(), options);
  auto text = report.sentence;
  for (const auto& each : report.left) text += " Left: " + each;
  return {report.passed && report.left.empty(), text};
}

End run_destroy(WiredAccount& account, Latch latch) {
  const auto plan = plan_removal(account.context(), {account.check(), latch, true});
  if (!plan) return end_of(plan.error());
  const auto removed = guard::carry_out(account.context(), *plan);
  return removed ? End{true, ""} : end_of(removed.error());
}

End run_disarm(WiredAccount& account, Keep keep) {
  auto request = request_of("disarm");
  return carry_out(account, {request,
                             [keep](const View& now) {
                               const auto& observed = now.snapshot.observed;
                               return disarm(situation_of(observed),
                                             {2h, keep, "a test", overwrites_planned(observed)},
                                             now.now);
                             },
                             keep == Keep::backup});
}

// Of a Primary that has just failed: it must not be frozen, so what is right is a refusal.
End run_disarm_in_failover(WiredAccount& account) {
  const auto end = run_disarm(account, Keep::primary);
  if (end.done) return {false, "The check of a failed Primary was frozen."};
  return {!end.text.empty(), end.text};
}

End run_arm(WiredAccount& account) {
  return carry_out(account, {request_of("arm"), [&account](const View& now) {
                               const auto primary = ask_primary(account.context(), now);
                               return arm(situation_of(now.snapshot.observed),
                                          {now.snapshot.observed.healthy, primary.well, {}},
                                          now.now);
                             }});
}

End run_reconcile(WiredAccount& account) {
  auto request = request_of("reconcile");
  return carry_out(account, {request, [](const View& now) -> Transition {
                               const auto situation = situation_of(now.snapshot.observed);
                               auto verdict = on_reconcile(situation, now.now);
                               if (verdict.change) return *verdict.change;
                               Change nothing;
                               nothing.expected_version = situation.check.version;
                               nothing.record = situation.record;
                               nothing.says = verdict.why;
                               return nothing;
                             }});
}

// --- what they begin with

void make_guard(WiredAccount& account) { account.deploy_well(); }

// Long enough for Route 53's verdict of the last ten minutes.
void make_seasoned_guard(WiredAccount& account) {
  account.deploy_well();
  account.story.wait(15min);
}

void make_latched(WiredAccount& account) {
  account.deploy_well();
  account.lose_primary();
  account.story.primary().comes_up();
  account.story.wait(10min);
}

// Latched, and somebody has deleted a part of the guard.
void make_latched_and_untidy(WiredAccount& account) {
  make_latched(account);
  const auto plan = account.look().plan;
  account.story.ok("events", "RemoveTargets",
                   Value::structure({{"Rule", plan.schedule.name},
                                     {"Ids", Value::list({plan.schedule.target_id})}}),
                   plan.schedule.region);
  account.story.ok("cloudwatch", "DeleteAlarms",
                   Value::structure({{"AlarmNames", Value::list({plan.alarm.name})}}));
}

// Primary has failed, the alarm has told so, and the function does nothing, neither then nor later.
void make_unlatched(WiredAccount& account) {
  account.deploy_well();
  account.story.functions.begin()->second = [](scenario::Running&) {};
  account.story.primary().goes_down();
  account.story.wait(scenario::time_to_latch);
  REQUIRE(account.look().assessment.state == State::unlatched_but_unhealthy);
}

void make_failing(WiredAccount& account) {
  make_seasoned_guard(account);
  account.story.primary().goes_down();
  // Route 53 knows it, and the alarm does not yet.
  while (account.story.dns() != scenario::backup_address) account.story.wait(1s);
}

void make_maintenance(WiredAccount& account) {
  make_seasoned_guard(account);
  const auto end = run_disarm(account, Keep::primary);
  INFO("disarm: ", end.text);
  REQUIRE(end.done);
  account.story.wait(5min);
}

// --- what they are for

bool in_state(WiredAccount& account, State state) {
  return account.look().assessment.state == state;
}

// Reserved concurrency is made where it may be (Builder::function_concurrency): a call for it that
// goes wrong is told, and the guard is whole without it.
bool is_whole(WiredAccount& account) {
  const auto left = account.work_left();
  return std::all_of(left.begin(), left.end(), [](const auto& work) {
    return work.resource == Resource::function_concurrency;
  });
}

bool is_armed(WiredAccount& account) {
  return in_state(account, State::armed) && is_whole(account);
}

bool is_latched(WiredAccount& account) {
  return latched(*account.look().snapshot.observed.check) &&
         account.story.dns() == scenario::backup_address;
}

bool is_given_back(WiredAccount& account) {
  return account.story.path() == scenario::healthy_path &&
         account.story.dns() == scenario::primary_address && in_state(account, State::armed);
}

bool is_whole_and_latched(WiredAccount& account) {
  return is_latched(account) && is_whole(account);
}

bool has_left_nothing(WiredAccount& account) {
  const auto checks = account.story.ok("route53", "ListHealthChecks", Value::structure());
  return checks["HealthChecks"].items().size() == 2 && account.resources().empty();
}

bool is_frozen(WiredAccount& account) { return account.look().snapshot.observed.check->disabled; }

bool is_gone(WiredAccount& account) { return account.resources().empty(); }

}  // namespace

const Command& command(std::string_view name) {
  const auto& all = commands();
  const auto found =
      std::find_if(all.begin(), all.end(), [name](const Command& one) { return one.name == name; });
  REQUIRE(found != all.end());
  return *found;
}

const std::vector<Command>& commands() {
  static const std::vector<Command> all{
      {"deploy", [](WiredAccount&) {}, run_deploy, is_armed},
      {"deploy, latched", make_latched_and_untidy, run_deploy, is_whole_and_latched,
       Afterwards::guarded, true},
      {"trip", make_guard, [](WiredAccount& a) { return run_trip(a, false); }, is_latched},
      {"trip --planned", make_guard, [](WiredAccount& a) { return run_trip(a, true); }, is_latched},
      {"switch-back", make_latched, run_switch_back, is_given_back},
      {"drill", [](WiredAccount&) {}, run_drill, has_left_nothing, Afterwards::unguarded},
      {"disarm --keep primary", make_seasoned_guard,
       [](WiredAccount& a) { return run_disarm(a, Keep::primary); }, is_frozen, Afterwards::frozen},
      {"disarm --keep primary, in a failover", make_failing, run_disarm_in_failover,
       [](WiredAccount& a) { return !is_frozen(a); }},
      {"disarm --keep backup", make_guard,
       [](WiredAccount& a) { return run_disarm(a, Keep::backup); }, is_latched},
      {"arm", make_maintenance, run_arm, is_armed},
      {"reconcile", make_unlatched, run_reconcile, is_latched},
      {"destroy", make_guard, [](WiredAccount& a) { return run_destroy(a, Latch::unsaid); },
       is_gone, Afterwards::unguarded},
      {"destroy --keep-latched", make_latched,
       [](WiredAccount& a) { return run_destroy(a, Latch::keep); }, is_gone, Afterwards::unguarded,
       true},
  };
  return all;
}

}  // namespace sitelatch::guard::test
