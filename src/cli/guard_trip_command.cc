// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/guard_request.h"

namespace sitelatch::cli {
namespace {

// Cut off between the latch and its note, or latched by a function that died there: run again it is
// noted.
std::optional<guard::Change> note_missing(const guard::View& view) {
  const auto situation = guard::situation_of(view.snapshot.observed);
  if (situation.record.latched_in_this_release()) return std::nullopt;
  return guard::on_tick(situation, view.now).change;
}

bool same_latch(const guard::View& view, bool planned) {
  const auto& check = *view.snapshot.observed.check;
  if (!guard::latched(check)) return false;
  const auto record = guard::record_of(view.snapshot.observed);
  const bool is_planned = guard::latch_on(check).value == guard::LatchValue::switched_over ||
                          (record.latched_in_this_release() && record.latch_note->planned);
  return is_planned == planned;
}

}  // namespace

int trip(const TripOptions& options) {
  GuardContext context(options.common);
  guard::Request request;
  request.action = options.planned ? "trip-planned" : "trip";
  request.why = options.reason;
  request.subject =
      (options.planned ? "Sitelatch: planned switch-over: " : "Sitelatch: latched by hand: ") +
      options.health_check_id;
  RequestOptions run{options.common, options.health_check_id, request, {}};
  run.decide = [&](const guard::View& view) -> guard::Transition {
    if (same_latch(view, options.planned))
      if (auto note = note_missing(view)) return *note;
    return guard::trip(guard::situation_of(view.snapshot.observed),
                       {options.planned, options.reason}, view.now);
  };
  run.already = [&](const guard::View& view) {
    return same_latch(view, options.planned)
               ? fmt::format("Health check {} is latched already ({}); nothing was changed.",
                             view.id(), guard::describe(*view.snapshot.observed.check))
               : std::string{};
  };
  run.afterwards = [](const guard::Carried& carried) {
    const auto& observed = carried.view.snapshot.observed;
    return observed.function || observed.alarm
               ? std::string{}
               : std::string{
                     "No guard holds this latch: deploy one, or it is as strong as the next edit."};
  };
  return run_request(context, run);
}

}  // namespace sitelatch::cli
