// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/guard_config.h"
#include "cli/guard_engine.h"
#include "cli/guard_safety.h"
#include "cli/guard_switch_back.h"
#include "cli/interrupts.h"
#include "guard/apply/config_deploy.h"
#include "guard/apply/config_destroy.h"
#include "guard/apply/config_switch_back.h"
#include "guard/apply/find_form.h"

namespace sitelatch::cli {
namespace {

using aws::Value;

Value details_of(const guard::ConfigDeployPlan& plan) {
  auto work = Value::list();
  for (const auto& one : plan.work)
    work.push(Value::structure(
        {{"verb", guard::to_string(one.step)}, {"name", one.what}, {"why", one.why}}));
  return Value::structure({{"health_check_id", plan.view.id()},
                           {"form", guard::to_string(guard::Form::config)},
                           {"state", guard::to_string(plan.view.assessment.phase)},
                           {"changes", work},
                           {"record_changes", to_value(plan.batches)}});
}

void print(const guard::ConfigDeployPlan& plan, bool change_records) {
  fmt::print("Health check {}, form config: {}\n", plan.view.id(),
             guard::to_string(plan.view.assessment.phase));
  for (const auto& one : plan.work)
    fmt::print("  {:<8} {}{}\n           {}\n", guard::to_string(one.step), one.what,
               one.step == guard::ConfigStep::attach && !change_records
                   ? " (only with --change-records)"
                   : "",
               one.why);
  for (const auto& unseen : plan.view.blind) fmt::print("  {}\n", guard::describe(unseen));
  if (plan.work.empty()) fmt::print("Everything that makes the guard is as it should be.\n");
  cli::print(plan.batches);
}

bool only_records_left(const guard::ConfigDeployPlan& plan) {
  return !plan.work.empty() && plan.work.front().step == guard::ConfigStep::attach;
}

int finish_deploy(const DeployOptions& options, const guard::ConfigDeployPlan& now, bool changed) {
  const auto& phase = now.view.assessment.phase;
  const auto sentence =
      now.work.empty()
          ? fmt::format("{}he guard of health check {} is {}.",
                        changed ? "T" : "Nothing to change: t", now.view.id(),
                        guard::to_string(phase))
          : fmt::format(
                "All is there, and nothing follows it yet: {} What is left is the change of "
                "the records shown here: the same command with --change-records.",
                as_sentence(now.view.assessment.sentence));
  if (options.common.output == Output::text && !now.work.empty()) cli::print(now.batches);
  std::vector<std::string> notes;
  for (const auto& problem : now.view.assessment.problems)
    if (problem.name.starts_with("notify-"))
      notes.push_back(as_sentence(problem.why) + " To mend: " + problem.mend);
  return finish(options.common,
                {changed ? "done" : "unchanged", sentence, details_of(now), {}, notes}, exit_done);
}

}  // namespace

Value to_value(const std::vector<guard::RecordsBatch>& batches) {
  auto list = Value::list();
  for (const auto& batch : batches)
    list.push(Value::structure(
        {{"HostedZoneId", batch.zone_id}, {"change", batch.change}, {"rollback", batch.rollback}}));
  return list;
}

void print(const std::vector<guard::RecordsBatch>& batches) {
  for (const auto& batch : batches) {
    fmt::print("  In zone {}:\n", batch.zone_id);
    for (const auto& change : batch.says) fmt::print("    {}\n", change);
    fmt::print("    the change batch:\n      {}\n    and the one that takes it back:\n      {}\n",
               aws::to_json(batch.change), aws::to_json(batch.rollback));
  }
}

std::vector<std::string> beside_the_guide(GuardContext& context, const std::string& health_check_id,
                                          const std::string& region, guard::Form wanted) {
  const auto alarm = guard::guide_alarm_of(context.aws(), health_check_id, region);
  if (!alarm || alarm->empty()) return {};
  return {fmt::format(
      "The guide's guard (alarm {}) is on this check, and stays: its function latches by the "
      "check itself. {}: sitelatch destroy {} --form guide",
      *alarm, wanted == guard::Form::config ? "Before --change-records it must go" : "To remove it",
      health_check_id)};
}

std::string beside_config(const std::string& health_check_id) {
  return fmt::format(
      "What the form config has made for this check stays beside it, and no record follows it: "
      "sitelatch destroy {} --form config removes it",
      health_check_id);
}

int deploy_config(const DeployOptions& options) {
  GuardContext context(options.common, options.dns_server);
  guard::ConfigDeployment deployment(
      context.context(), {options.health_check_id, options.change_records,
                          options.timeout.value_or(std::chrono::minutes{45}), options.notify});
  auto plan = deployment.plan();
  if (!plan) return fail(options.common, plan.error().text, exit_status_of(plan.error().kind));
  const bool text = options.common.output == Output::text;
  if (text) print(*plan, options.change_records);
  const auto safety =
      safety_of_plan(context, options, guard::safety_ground(*plan), plan->work.empty());
  if (text && safety) print_whole(*safety);
  const bool will_change =
      !plan->work.empty() && (options.change_records || !only_records_left(*plan));
  const bool blind = !plan->view.observed.unseen.empty();
  if (!plan->refusals.empty())
    return finish(options.common,
                  {"refused", "Nothing was changed.", details_of(*plan), plan->refusals, {}},
                  blind ? exit_no_answer : exit_refused);
  if (options.change_records && will_change) {
    const auto guides =
        guard::guide_alarm_of(context.aws(), options.health_check_id, plan->view.plan.region);
    if (!guides) {
      const auto error = guard::error_of(guides.error(), "look for the guide's guard");
      return fail(options.common, error.text, exit_status_of(error.kind));
    }
    if (!guides->empty())
      return finish(
          options.common,
          {"refused",
           "Nothing was changed.",
           details_of(*plan),
           {{"",
             fmt::format("the guide's guard (alarm {}) is on this check: its function would "
                         "change what the form config asks. When the hold is healthy (the same "
                         "command without --change-records sees to that): sitelatch destroy {} "
                         "--form guide, and at once this again; between the two nothing latches",
                         *guides, options.health_check_id)}},
           {}},
          exit_refused);
  }
  if (options.plan) {
    auto details = details_of(*plan);
    if (safety) details.set("safety", cli::to_value(*safety));
    return finish(options.common,
                  {"plan",
                   plan->work.empty() ? "Nothing would be changed."
                                      : "Nothing was changed: this is the plan.",
                   details,
                   {},
                   beside_the_guide(context, options.health_check_id, plan->view.plan.region,
                                    guard::Form::config)},
                  exit_done);
  }
  if (!will_change) return finish_deploy(options, *plan, false);
  if (options.change_records && only_records_left(*plan) && !plan->not_attachable.empty())
    return finish(
        options.common,
        {"refused", "The records were not changed.", details_of(*plan), plan->not_attachable, {}},
        exit_refused);
  if (!confirmed(options.common, options.change_records
                                     ? "Make these changes, those of the records too?"
                                     : "Make these changes? No record is changed."))
    return finish(options.common, {"refused", "Nothing was changed.", details_of(*plan), {}, {}},
                  exit_refused);
  const auto done = deployment.run(std::move(*plan));
  if (!done) return fail(options.common, done.error().text, exit_status_of(done.error().kind));
  return finish_deploy(options, *done, true);
}

int trip_config(const TripOptions& options) {
  GuardContext context(options.common);
  guard::ConfigLook how;
  how.dns = how.probes = false;
  auto view = guard::look_at_config(context.context(), options.health_check_id, how);
  if (!view) return fail(options.common, view.error().text, exit_status_of(view.error().kind));
  if (view->observed.records && view->observed.records->on_hold == 0) {
    say("No record follows the hold check: the endpoint's check itself is latched.");
    auto by_path = options;
    by_path.form = guard::Form::guide;
    return trip(by_path);
  }
  const auto wanted = guard::trip_config(view->observed);
  const auto details = Value::structure({{"health_check_id", view->id()}, {"form", "config"}});
  if (!wanted)
    return finish(options.common, {"refused", "Nothing was changed.", details, wanted.error(), {}},
                  exit_refused);
  if (*wanted &&
      !confirmed(options.common,
                 fmt::format("Health check {}, {}: the hold check becomes unhealthy for good, and "
                             "Backup serves until somebody switches back. Go on?",
                             view->id(), guard::to_string(view->assessment.phase))))
    return finish(options.common, {"refused", "Nothing was changed.", details, {}, {}},
                  exit_refused);
  auto tripped = guard::trip_config(context.context(), std::move(*view), options.reason);
  if (!tripped)
    return fail(options.common, tripped.error().text, exit_status_of(tripped.error().kind));
  auto notes = tripped->notes;
  if (options.planned)
    notes.emplace_back("A planned switch-over is the same latch in this form; the reason says it.");
  auto out = details;
  out.set("version", static_cast<std::int64_t>(tripped->version));
  return finish(options.common,
                {tripped->changed ? "done" : "unchanged",
                 fmt::format("Health check {}: {}.", options.health_check_id, tripped->sentence),
                 out,
                 {},
                 notes},
                exit_done);
}

int switch_back_config(const SwitchBackOptions& options) {
  guard::ConfigSwitchBackOptions request;
  if (const auto status = take_wish(options, request)) return *status;
  request.confirm = [&](const guard::ConfigView& view, const std::string& name) {
    return confirmed_by_name(
        options.common,
        fmt::format("{} goes back to Primary after fifteen good minutes (about eighteen minutes): "
                    "health check {}, {}.",
                    name, view.id(), guard::to_string(view.assessment.phase)),
        name);
  };
  GuardContext desk(options.common, options.dns_server);
  guard::ConfigLook how;
  how.dns = how.probes = false;
  const auto view = guard::look_at_config(desk.context(), options.health_check_id, how);
  if (view && view->observed.records && view->observed.records->on_hold == 0) {
    say("No record follows the hold check: the endpoint's check itself is released.");
    auto by_path = options;
    by_path.form = guard::Form::guide;
    return switch_back(by_path);
  }
  listen_for_interrupts();
  ImpatientClock clock(desk.clock());
  auto context = impatient(desk.context(), clock);
  try {
    return finish_switch_back(options.common, options.health_check_id,
                              guard::config_switch_back(context, request));
  } catch (const guard::Interrupted&) {
    return fail(options.common,
                "Interrupted. " + guard::hold_again(desk.context(), options.health_check_id),
                exit_failed);
  }
}

int destroy_config(const DestroyOptions& options) {
  if (options.keep_latched)
    return fail(options.common,
                "In the form config the latch is the hold check itself, and cannot stay when that "
                "goes: switch back first, or say --restore.",
                exit_refused);
  GuardContext context(options.common);
  const guard::ConfigRemovalOptions request{
      options.health_check_id, options.change_records, options.logs,
      options.restore ? guard::Unhold::restore : guard::Unhold::unsaid};
  const auto removal = guard::plan_config_removal(context.context(), request);
  if (!removal) {
    const auto& error = removal.error();
    return finish(options.common,
                  {"refused",
                   error.refusals.empty() ? error.text : "Nothing was changed.",
                   Value::structure({{"health_check_id", options.health_check_id}}),
                   error.refusals,
                   {}},
                  exit_status_of(error.kind));
  }
  auto list = Value::list(), left = Value::list();
  for (const auto& one : removal->removals) list.push(one);
  for (const auto& one : removal->left) left.push(one);
  const auto details = Value::structure({{"health_check_id", options.health_check_id},
                                         {"form", "config"},
                                         {"removals", list},
                                         {"record_changes", to_value(removal->batches)},
                                         {"left", left}});
  if (removal->removals.empty())
    return finish(options.common,
                  {"unchanged",
                   fmt::format("There is nothing of a guard of form config of health check {}.",
                               options.health_check_id),
                   details,
                   {},
                   {}},
                  exit_done);
  if (options.common.output == Output::text) {
    for (const auto& one : removal->removals) fmt::print("  {}\n", one);
    for (const auto& one : removal->left) fmt::print("  leave    {}\n", one);
    print(removal->batches);
  }
  if (options.plan)
    return finish(options.common,
                  {"plan", "Nothing was changed: this is the plan.", details, {}, {}}, exit_done);
  if (!confirmed(options.common,
                 fmt::format("Remove the guard of health check {}? Nothing latches it then.",
                             options.health_check_id)))
    return finish(options.common, {"refused", "Nothing was changed.", details, {}, {}},
                  exit_refused);
  const auto done = guard::carry_out(context.context(), *removal, request);
  if (!done)
    return finish(options.common, {"failed", done.error().text, details, {}, {}},
                  exit_status_of(done.error().kind));
  return finish(options.common,
                {"done",
                 fmt::format("The guard of health check {} is gone.", options.health_check_id),
                 details,
                 {},
                 {}},
                exit_done);
}

Result<guard::Form, guard::Error> form_of(GuardContext& context, std::string& id) {
  auto found = guard::find_form(context.aws(), id);
  if (!found) return failure(found.error());
  if (!found->unsure.empty())
    say("Taken for a guard of the guide's form: " + as_sentence(found->unsure));
  if (found->endpoint != id)
    say(fmt::format("Health check {} belongs to the guard of health check {}.", id,
                    found->endpoint));
  id = found->endpoint;
  return found->form;
}

bool latches_by(const GuardOptions& options, const std::string& id, guard::Form form) {
  if (form != guard::Form::config) return true;  // of the engine: the check itself
  GuardContext context(options);
  guard::ConfigLook how;
  how.dns = how.probes = false;
  const auto view = guard::look_at_config(context.context(), id, how);
  return !view || !view->observed.records || view->observed.records->on_hold > 0;
}

std::optional<int> make_form(const GuardOptions& options, std::string& id, guard::Form& form,
                             Unseen unseen) {
  GuardContext context(options);
  const auto found = form_of(context, id);
  if (found) {
    form = *found;
    return std::nullopt;
  }
  if (unseen == Unseen::end)
    return fail(options, found.error().text, exit_status_of(found.error().kind));
  say(as_sentence(found.error().text));
  return std::nullopt;
}

}  // namespace sitelatch::cli
