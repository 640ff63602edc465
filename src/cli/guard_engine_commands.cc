// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/guard_config.h"
#include "cli/guard_engine.h"
#include "cli/guard_safety.h"
#include "cli/guard_switch_back.h"
#include "guard/apply/engine_form.h"

namespace sitelatch::cli {
namespace {

using aws::Value;
using guard::Phase;

Value engine_details(const guard::EngineView& view) {
  return Value::structure({{"health_check_id", view.endpoint},
                           {"form", guard::to_string(guard::Form::engine)},
                           {"state", guard::to_string(view.assessment.phase)}});
}

int refused_or_failed(const GuardOptions& common, const guard::Error& error,
                      const std::string& sentence) {
  if (error.refusals.empty())
    return fail(common, sentence.empty() ? error.text : sentence + " " + error.text,
                exit_status_of(error.kind));
  return finish(common, {"refused", sentence, Value::structure(), error.refusals, {}},
                exit_status_of(error.kind));
}

bool dns_is_right(const guard::EngineView& view) {
  const auto wanted = view.assessment.phase == Phase::serving   ? guard::Serving::primary
                      : view.assessment.phase == Phase::latched ? guard::Serving::backup
                                                                : guard::Serving::unknown;
  if (wanted == guard::Serving::unknown) return true;
  for (const auto& answer : view.dns)
    if (answer.serving != wanted && answer.serving != guard::Serving::both && !answer.not_asked)
      return false;
  return true;
}

}  // namespace

int deploy_engine(const DeployOptions& options) {
  GuardContext context(options.common, options.dns_server);
  const auto plan = guard::plan_engine(context.context(), options.health_check_id);
  if (!plan) return refused_or_failed(options.common, plan.error(), "Nothing was changed.");
  const bool makes = plan->arms || !plan->audit.there;
  const bool changes = makes || (options.change_records && !plan->batches.empty());
  auto details = engine_details(plan->view);
  details.set("arms", plan->arms);
  details.set("makes_audit_log", !plan->audit.there);
  details.set("record_changes", to_value(plan->batches));
  if (options.common.output == Output::text) {
    if (plan->arms)
      fmt::print("  arm      health check {} (tag {}=true)\n", plan->view.endpoint,
                 guard::resume_tag::armed);
    if (!plan->audit.there) fmt::print("  make     log group {}\n", plan->audit.name);
    if (!plan->batches.empty() && !options.change_records)
      fmt::print("  records  (only with --change-records)\n");
    print(plan->batches);
  }
  const auto safety = safety_of_plan(context, options, guard::safety_ground(*plan), !changes);
  if (safety && options.common.output == Output::text) print_whole(*safety);
  if (safety && options.plan) details.set("safety", cli::to_value(*safety));
  auto stays = options.plan ? beside_the_guide(context, plan->view.endpoint,
                                               std::string{guard::control_region("aws")},
                                               guard::Form::engine)
                            : std::vector<std::string>{};
  if (options.form == guard::Form::config) stays.push_back(beside_config(plan->view.endpoint));
  if (options.plan)
    return finish(options.common,
                  {"plan",
                   makes || !plan->batches.empty() ? "Nothing was changed: this is the plan."
                                                   : "Nothing would be changed.",
                   details,
                   {},
                   stays},
                  exit_done);
  if (!changes)
    return finish(options.common,
                  {"unchanged",
                   fmt::format("Nothing to change: health check {} is {}.", plan->view.endpoint,
                               guard::to_string(plan->view.assessment.phase)),
                   details,
                   {},
                   {}},
                  exit_done);
  if (!confirmed(options.common, "Make these changes?"))
    return finish(options.common, {"refused", "Nothing was changed.", details, {}, {}},
                  exit_refused);
  const auto done = guard::carry_out(context.context(), *plan, options.change_records);
  if (!done) return refused_or_failed(options.common, done.error(), "");
  auto notes = done->notes;
  if (!options.change_records && !plan->batches.empty())
    notes.emplace_back(
        "The records shown here are holes in the latch: the same command with --change-records.");
  return finish(options.common, {"done", done->sentence, details, {}, notes}, exit_done);
}

int trip_engine(const TripOptions& options) {
  GuardContext context(options.common);
  const auto view = guard::look_at_engine(context.context(), options.health_check_id);
  if (!view) return fail(options.common, view.error().text, exit_status_of(view.error().kind));
  if (!confirmed(options.common,
                 fmt::format("Health check {}, {}: it is latched by hand, and Backup serves until "
                             "somebody switches back. Go on?",
                             view->endpoint, guard::to_string(view->assessment.phase))))
    return finish(options.common,
                  {"refused", "Nothing was changed.", engine_details(*view), {}, {}}, exit_refused);
  const auto tripped = guard::trip_engine(context.context(), *view, options.reason);
  if (!tripped) return refused_or_failed(options.common, tripped.error(), "");
  return finish(options.common,
                {"done",
                 fmt::format("Health check {}: {}.", view->endpoint, tripped->sentence),
                 engine_details(*view),
                 {},
                 tripped->notes},
                exit_done);
}

int switch_back_engine(const SwitchBackOptions& options) {
  guard::EngineSwitchBackOptions request;
  if (const auto status = take_wish(options, request)) return *status;
  request.confirm = [&](const guard::EngineView& view, const std::string& name) {
    return confirmed_by_name(
        options.common,
        fmt::format("{} goes back to Primary at once: health check {}, latched in version {}.",
                    name, view.endpoint, view.observed.latch->version),
        name);
  };
  GuardContext context(options.common, options.dns_server);
  return finish_switch_back(options.common, options.health_check_id,
                            guard::engine_switch_back(context.context(), request));
}

int destroy_engine(const DestroyOptions& options) {
  GuardContext context(options.common);
  const auto view = guard::look_at_engine(context.context(), options.health_check_id);
  if (!view) return fail(options.common, view.error().text, exit_status_of(view.error().kind));
  if (!view->observed.armed)
    return finish(options.common,
                  {"unchanged",
                   fmt::format("Health check {} is not under manual resume.", view->endpoint),
                   engine_details(*view),
                   {},
                   {}},
                  exit_done);
  const auto audit = guard::default_names(view->endpoint).audit_group;
  if (options.common.output == Output::text)
    fmt::print("  disarm   health check {} (tag {})\n  {}log group {}{}\n", view->endpoint,
               guard::resume_tag::armed, options.logs ? "delete   " : "leave    ", audit,
               options.logs ? "" : " (--logs removes it too)");
  if (options.plan)
    return finish(options.common,
                  {"plan", "Nothing was changed: this is the plan.", engine_details(*view), {}, {}},
                  exit_done);
  if (!confirmed(options.common,
                 fmt::format("End the manual resume of health check {}? Nothing latches it then.",
                             view->endpoint)))
    return finish(options.common,
                  {"refused", "Nothing was changed.", engine_details(*view), {}, {}}, exit_refused);
  const auto done = guard::disarm_engine(context.context(), *view,
                                         options.logs ? guard::Logs::removed : guard::Logs::kept);
  if (!done) return refused_or_failed(options.common, done.error(), "");
  return finish(options.common, {"done", done->sentence, engine_details(*view), {}, done->notes},
                exit_done);
}

Value to_value(const guard::EngineView& view) {
  const auto& o = view.observed;
  auto problems = Value::list(), blind = Value::list();
  for (const auto& problem : view.assessment.problems)
    problems.push(
        Value::structure({{"name", problem.name}, {"why", problem.why}, {"mend", problem.mend}}));
  for (const auto& unseen : view.blind) blind.push(guard::describe(unseen));
  auto out = engine_details(view);
  out.set("sentence", view.assessment.sentence);
  out.set("next", view.assessment.next.empty() ? Value{} : Value{view.assessment.next});
  out.set("since", view.assessment.since ? Value{iso8601_ms(*view.assessment.since)} : Value{});
  out.set("at", iso8601_ms(view.now));
  out.set("armed", o.armed);
  if (o.latch)
    out.set("latch", Value::structure({{"version", static_cast<std::int64_t>(o.latch->version)},
                                       {"cause", o.latch->cause}}));
  out.set("primary_healthy", o.probes_well);
  if (!view.last_drill.empty()) out.set("last_drill", view.last_drill);
  out.set("problems", problems);
  out.set("dns", to_value(view.dns));
  out.set("blind", blind);
  out.set("exit_code", status_code(view));
  return out;
}

int status_code(const guard::EngineView& view) {
  if (!dns_is_right(view)) return exit_dns;
  const auto code = guard::exit_code(view.assessment.phase);
  if (code != exit_done) return code;
  return view.blind.empty() ? exit_done : exit_no_answer;
}

}  // namespace sitelatch::cli
