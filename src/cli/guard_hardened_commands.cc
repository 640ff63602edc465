// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/guard_engine.h"
#include "cli/guard_hardened.h"
#include "cli/guard_safety.h"
#include "guard/apply/hardened_deploy.h"
#include "guard/apply/hardened_destroy.h"

namespace sitelatch::cli {
namespace {

using aws::Value;

Value details_of(const guard::HardenedDeployPlan& plan) {
  auto details = cli::details_of(plan.guide);
  details.set("form", guard::to_string(guard::Form::hardened));
  auto work = Value::list();
  for (const auto& one : plan.work)
    work.push(Value::structure({{"resource", guard::to_string(one.step)},
                                {"verb", one.verb},
                                {"name", one.what},
                                {"why", one.why}}));
  details.set("relay_changes", work);
  auto missing = Value::list();
  for (const auto& right : plan.missing)
    missing.push(Value::structure({{"action", right.action}, {"resource", right.resource}}));
  details.set("missing_rights", missing);
  details.set("record_changes", cli::to_value(plan.batches));
  if (plan.threshold)
    details.set("threshold_change",
                Value::structure({{"from", plan.threshold->from}, {"to", plan.threshold->to}}));
  return details;
}

void print(const guard::HardenedDeployPlan& plan, bool change_records) {
  cli::print(plan.guide);
  for (const auto& one : plan.work)
    fmt::print("  {:<8} {}\n           {}\n", one.verb, one.what, one.why);
  if (plan.work.empty()) fmt::print("Everything that makes the relay is as it should be.\n");
  if (!plan.hardens()) return;
  fmt::print("  harden   {}\n", change_records ? "the records and the endpoint's check"
                                               : "(only with --change-records)");
  cli::print(plan.batches);
  const auto& id = plan.look.plan.endpoint;
  if (plan.threshold)
    fmt::print(
        "  FailureThreshold of health check {}: {}, it is {}\n    the change:\n      {}\n"
        "    and the one that takes it back:\n      {}\n",
        id, plan.threshold->to, plan.threshold->from, guard::command_of(id, plan.threshold->to),
        guard::command_of(id, plan.threshold->from));
}

std::string not_hard_yet(const DeployOptions& options, const guard::HardenedDeployPlan& plan) {
  std::vector<std::string> what;
  if (!plan.batches.empty()) what.emplace_back("the records shown here");
  if (plan.threshold)
    what.push_back(fmt::format("FailureThreshold {}, which should be {}", plan.threshold->from,
                               plan.threshold->to));
  return fmt::format(
      "The relay is there, and {} still let a failover end before it is latched: sitelatch deploy "
      "{} --form hardened --change-records.",
      join(what, " and "), options.health_check_id);
}

int not_made(const DeployOptions& options, const guard::Error& error, Value details,
             std::vector<std::string> notes) {
  return finish(options.common,
                {error.kind == guard::Error::Kind::refused ? "refused" : "failed",
                 error.text,
                 std::move(details),
                 {},
                 std::move(notes)},
                exit_status_of(error.kind));
}

}  // namespace

int deploy_hardened(const DeployOptions& options, guard::DeployOptions wish, guard::Codes codes) {
  GuardContext context(options.common, options.dns_server);
  guard::HardenedDeployment deployment(
      context.context(), std::move(wish), std::move(codes),
      {options.change_records, options.timeout.value_or(std::chrono::minutes{15})});
  auto plan = deployment.plan();
  if (!plan) return fail(options.common, plan.error().text, exit_status_of(plan.error().kind));
  const auto changes = plan->guide.work.size() + plan->work.size();
  const auto safety =
      safety_of_plan(context, options, guard::safety_ground(*plan, options.change_records),
                     changes == 0 && !plan->hardens());
  if (options.common.output == Output::text) print(*plan, options.change_records);
  if (options.common.output == Output::text && safety) print_whole(*safety);
  const auto permitted = deployment.permitted(*plan);
  const bool hardens = options.change_records && plan->hardens();
  if (!permitted) return not_made(options, permitted.error(), details_of(*plan), plan->guide.notes);
  if (options.plan) {
    auto planned = details_of(*plan);
    if (safety) planned.set("safety", cli::to_value(*safety));
    return finish(options.common,
                  {"plan",
                   changes == 0 && !plan->hardens() ? "Nothing would be changed."
                                                    : "Nothing was changed: this is the plan.",
                   planned,
                   {},
                   plan->guide.notes},
                  exit_done);
  }
  const bool changed = changes != 0 || hardens;
  if (changed &&
      !confirmed(options.common,
                 hardens ? "Make these changes, those of the records and the health check too?"
                 : changes == 1 ? std::string{"Make this change?"}
                                : fmt::format("Make these {} changes?", changes)))
    return finish(options.common, {"refused", "Nothing was changed.", details_of(*plan), {}, {}},
                  exit_refused);
  const auto made = details_of(*plan);
  const auto built = deployment.build(*plan);
  if (!built) return not_made(options, built.error(), made, plan->guide.notes);
  const auto armed = deployment.arm(*plan);
  auto details = details_of(*plan);
  for (const auto* list : {"changes", "relay_changes"}) details.set(list, made[list]);
  const auto& guide = plan->guide;
  const auto assessment = guard::assess(guide.plan, guide.snapshot.observed, guide.now);
  const auto state = std::string{guard::to_string(assessment.state)};
  details.set("state", state);
  auto notes = guide.notes;
  if (plan->hardens()) notes.push_back(not_hard_yet(options, *plan));
  if (changed || !options.runbook.empty())
    notes.push_back(keep_runbook(context.context(), options));
  if (!armed)
    return finish(options.common, {"not-armed", armed.error().text, details, {}, notes},
                  exit_status_of(armed.error().kind));
  if (const auto proven = deployment.prove_relay(*plan); !proven)
    return finish(options.common, {"failed", proven.error().text, details, {}, notes},
                  exit_status_of(proven.error().kind));
  return finish(
      options.common,
      {changed ? "done" : "unchanged",
       fmt::format("{}he guard of health check {}, form hardened, is {}.",
                   changed ? "T" : "Nothing to change: t", options.health_check_id, state),
       details,
       {},
       notes},
      exit_done);
}

RelayRemoval remove_relay(const DeployOptions& options) {
  RelayRemoval out;
  const auto ends = [&](int status) {
    out.ended = status;
    return out;
  };
  GuardContext context(options.common);
  const auto ending = guard::plan_hardened_removal(context.context(), options.health_check_id);
  if (!ending)
    return ends(fail(options.common, ending.error().text, exit_status_of(ending.error().kind)));
  out.removals = removals_of(*ending);
  if (options.common.output == Output::text && !ending->removals.empty()) {
    fmt::print("From the form hardened to the guide's: the relay goes, and the alarm latches.\n");
    cli::print(*ending);
    fmt::print("FailureThreshold and the records stay as they are.\n");
  }
  if (options.plan || ending->removals.empty()) return out;
  if (!confirmed(options.common, "Remove the relay?"))
    return ends(finish(
        options.common,
        {"refused", "Nothing was changed.", Value::structure({{"removals", out.removals}}), {}, {}},
        exit_refused));
  const auto done = guard::carry_out(context.context(), *ending);
  if (!done)
    return ends(fail(options.common, done.error().text, exit_status_of(done.error().kind)));
  return out;
}

}  // namespace sitelatch::cli
