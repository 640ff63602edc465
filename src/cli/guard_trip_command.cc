// SPDX-License-Identifier: Apache-2.0
#include "cli/commands.h"
#include "cli/guard_config.h"
#include "cli/guard_engine.h"
#include "cli/guard_request.h"

namespace sitelatch::cli {

int trip(const TripOptions& options) {
  if (options.form == guard::Form::config) return trip_config(options);
  if (options.form == guard::Form::engine) return trip_engine(options);
  GuardContext context(options.common);
  guard::Request request;
  request.action = options.planned ? "trip-planned" : "trip";
  request.why = options.reason;
  request.tells = true;
  RequestOptions run{options.common, options.health_check_id, request, {}};
  run.latches = true;
  run.decide = [&](const guard::View& view) {
    return guard::trip(guard::situation_of(view.snapshot.observed),
                       {options.planned, options.reason}, view.now);
  };
  run.afterwards = [](const guard::Carried& carried) {
    const auto& observed = carried.view.snapshot.observed;
    if (carried.change.record.latch_note && carried.change.record.latch_note->planned &&
        guard::overwrites_planned(observed))
      return std::string{
          "This guard's function is the guide's Python: at the alarm it writes "
          "/lb-check-failed-over over this value. The guard's record says that it is planned, and "
          "Backup serves all the same."};
    return observed.function || observed.alarm
               ? std::string{}
               : std::string{
                     "No guard holds this latch: deploy one, or it is as strong as the next edit."};
  };
  return run_request(context, run);
}

}  // namespace sitelatch::cli
