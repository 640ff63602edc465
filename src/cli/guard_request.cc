// SPDX-License-Identifier: Apache-2.0
#include "cli/guard_request.h"

#include <fmt/format.h>

#include "cli/commands.h"
#include "guard/apply/missing_rights.h"
#include "guard/apply/sight.h"

namespace sitelatch::cli {
namespace {

using aws::Value;

Value details(const guard::View& view, const guard::Change* change, const guard::Applied* applied) {
  auto out = Value::structure({{"health_check_id", view.id()}});
  if (view.snapshot.observed.check)
    out.set("before", guard::describe(*view.snapshot.observed.check));
  if (applied) {
    out.set("after", guard::describe(applied->after));
    out.set("version", static_cast<std::int64_t>(applied->after.version));
    if (!applied->request_id.empty()) out.set("request_id", applied->request_id);
  }
  if (change) out.set("release", static_cast<std::int64_t>(change->record.release.number));
  return out;
}

std::string question(const guard::View& view, const guard::Change& change) {
  std::string out = fmt::format("Health check {}, {}, version {}: ", view.id(),
                                guard::to_string(view.assessment.state), change.expected_version);
  out += change.check.empty() ? "the check stays as it is; " : guard::describe(change.check) + "; ";
  return out + change.says + ". Go on?";
}

}  // namespace

int run_request(GuardContext& context, const RequestOptions& options) {
  const auto& common = options.common;
  auto shown = guard::view(context.aws(), context.clock(), options.health_check_id,
                           context.context().chain());
  if (!shown) return fail(common, shown.error().text, exit_status_of(shown.error().kind));
  const auto unseen = guard::cannot_be_decided(*shown);
  if (!shown->snapshot.observed.check)
    return unseen
               ? fail(common, *unseen, exit_no_answer)
               : fail(common, fmt::format("There is no health check {}.", options.health_check_id),
                      exit_failed);
  const auto decision = options.decide(*shown);
  // What cannot be seen reads as "not there": neither the rules' reasons nor their consent count.
  if (unseen && !options.latches && !(decision && guard::only_latches(*shown, *decision)))
    return fail(common, *unseen, exit_no_answer);
  if (!decision) {
    return finish(common,
                  {"refused",
                   "Nothing was changed.",
                   details(*shown, nullptr, nullptr),
                   decision.error(),
                   {}},
                  exit_refused);
  }
  if (guard::changes_nothing(*shown, *decision))
    return finish(common,
                  {"unchanged",
                   fmt::format("Nothing to do: {}.", decision->says),
                   details(*shown, &*decision, nullptr),
                   {},
                   {}},
                  exit_done);
  if (const auto lacking =
          guard::rights_against(context.context(), *shown, *decision, options.request.tells))
    return fail(common, "Nothing was changed. " + *lacking, exit_no_answer);
  if (options.ask && !confirmed(common, question(*shown, *decision)))
    return finish(common,
                  {"refused", "Nothing was changed.", details(*shown, nullptr, nullptr), {}, {}},
                  exit_refused);

  const auto carried =
      guard::carry_out(context.context(), std::move(*shown), options.request, options.decide);
  if (!carried) {
    const auto& why_not = carried.error();
    if (!why_not.refusals.empty())
      return finish(common,
                    {"refused", "Nothing was changed.", Value::structure(), why_not.refusals, {}},
                    exit_refused);
    return fail(common, why_not.text, exit_status_of(why_not.kind));
  }
  auto sentence =
      fmt::format("Health check {}: {}.", options.health_check_id, carried->change.says);
  if (const auto more = options.afterwards(*carried); !more.empty()) sentence += " " + more;
  return finish(common,
                {"done",
                 sentence,
                 details(carried->view, &carried->change, &carried->applied),
                 {},
                 carried->applied.notes},
                exit_done);
}

}  // namespace sitelatch::cli
