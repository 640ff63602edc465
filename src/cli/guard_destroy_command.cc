// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/guard_config.h"
#include "cli/guard_engine.h"
#include "cli/guard_hardened.h"
#include "guard/apply/destroy.h"
#include "guard/apply/hardened_destroy.h"

namespace sitelatch::cli {
namespace {

using aws::Value;

Value details_of(const guard::RemovalPlan& ending) {
  auto left = Value::list();
  for (const auto& one : ending.left) left.push(one);
  return Value::structure({{"health_check_id", ending.plan.settings.health_check_id},
                           {"removals", removals_of(ending)},
                           {"left", left}});
}

}  // namespace

Value removals_of(const guard::RemovalPlan& ending) {
  auto removals = Value::list();
  for (const auto& removal : ending.removals)
    removals.push(Value::structure({{"verb", removal.verb}, {"name", removal.name}}));
  return removals;
}

void print(const guard::RemovalPlan& ending) {
  for (const auto& removal : ending.removals)
    fmt::print("  {:<8} {}\n", removal.verb, removal.name);
  for (const auto& one : ending.left) fmt::print("  {:<8} {}\n", "leave", one);
  for (const auto& note : ending.notes) fmt::print("{}\n", note);
}

int destroy(const DestroyOptions& options) {
  const auto form =
      options.wanted_form.empty() ? options.form : *guard::form_named(options.wanted_form);
  if (form == guard::Form::config) return destroy_config(options);
  if (form == guard::Form::engine) return destroy_engine(options);
  if (options.change_records)
    return fail(options.common, "--change-records is for guards of the form config.", exit_usage);
  GuardContext context(options.common);
  const guard::RemovalOptions request{options.health_check_id,
                                      options.restore        ? guard::Latch::restore
                                      : options.keep_latched ? guard::Latch::keep
                                                             : guard::Latch::unsaid,
                                      options.logs};
  auto ending = guard::plan_removal(context.context(), request);
  // The relay is the guard's: nobody keeps one without the other.
  if (ending && (form == guard::Form::hardened || options.form == guard::Form::hardened))
    if (const auto added = guard::add_hardened(context.context(), *ending, options.logs); !added)
      return fail(options.common, added.error().text, exit_status_of(added.error().kind));
  if (!ending)
    return fail(options.common, ending.error().text, exit_status_of(ending.error().kind));
  const bool text = options.common.output == Output::text;
  const auto notes = text ? std::vector<std::string>{} : ending->notes;
  if (ending->removals.empty())
    return finish(
        options.common,
        {"unchanged",
         fmt::format("There is nothing of a guard of health check {}.", options.health_check_id),
         details_of(*ending),
         {},
         ending->notes},
        exit_done);
  if (text) print(*ending);
  if (options.plan)
    return finish(
        options.common,
        {"plan", "Nothing was changed: this is the plan.", details_of(*ending), {}, notes},
        exit_done);
  if (!ending->missing.empty())
    return fail(options.common, guard::carry_out(context.context(), *ending).error().text,
                exit_no_answer);
  if (!confirmed(options.common,
                 fmt::format("Remove the guard of health check {}?", options.health_check_id)))
    return finish(options.common, {"refused", "Nothing was changed.", details_of(*ending), {}, {}},
                  exit_refused);
  const auto done = guard::carry_out(context.context(), *ending);
  if (!done)
    return finish(options.common, {"failed", done.error().text, details_of(*ending), {}, notes},
                  exit_status_of(done.error().kind));
  return finish(options.common,
                {"done",
                 fmt::format("The guard of health check {} is gone.", options.health_check_id),
                 details_of(*ending),
                 {},
                 notes},
                exit_done);
}

}  // namespace sitelatch::cli
