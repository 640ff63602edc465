// SPDX-License-Identifier: Apache-2.0
// What was measured, as the dated document and as text.
#include <fmt/format.h>

#include "guard/calibrate/calibration.h"
#include "guard/calibrate/figures.h"

namespace sitelatch::guard {
namespace {

using aws::Value;

Value to_value(const Measurement& one) {
  const auto& experiment = *one.experiment;
  auto out = Value::structure({{"name", experiment.name},
                               {"outcome", to_string(one.conclusion.settled)},
                               {"assumption", experiment.assumption},
                               {"relies", experiment.relies},
                               {"found", one.conclusion.sentence}});
  if (!experiment.done.empty()) out.set("done", experiment.done);
  if (!experiment.judged.empty()) out.set("confirmed_if", experiment.judged);
  if (one.conclusion.measured) out.set("measured", one.conclusion.measured);
  if (one.took > Duration{}) out.set("took_s", seconds_of(one.took));
  return out;
}

std::size_t count(const Calibration& calibration, Settled settled) {
  std::size_t number = 0;
  for (const auto& one : calibration.results) number += one.conclusion.settled == settled;
  return number;
}

}  // namespace

Value to_value(const CalibrationPlan& plan, const Calibration& calibration) {
  auto results = Value::list(), left = Value::list();
  for (const auto& one : calibration.results) results.push(to_value(one));
  for (const auto& one : calibration.left) left.push(one);
  return Value::structure({{"sitelatch", "calibration"},
                           {"begun", iso8601_seconds(calibration.begun)},
                           {"ended", iso8601_seconds(calibration.ended)},
                           {"interrupted", calibration.interrupted},
                           {"account", plan.caller.account},
                           {"partition", plan.caller.partition},
                           {"by", plan.caller.arn},
                           {"run", plan.run},
                           {"like_health_check", plan.site},
                           {"results", results},
                           {"not_removed", left}});
}

std::string text_of(const Calibration& calibration) {
  std::string out;
  for (const auto settled :
       {Settled::refuted, Settled::confirmed, Settled::not_settled, Settled::not_run}) {
    if (count(calibration, settled) == 0) continue;
    out += fmt::format("{}:\n", to_string(settled));
    for (const auto& one : calibration.results) {
      if (one.conclusion.settled != settled) continue;
      out +=
          fmt::format("  {}: {}.\n    {}: {}.\n", one.experiment->name, one.experiment->assumption,
                      settled == Settled::not_run ? "because" : "seen", one.conclusion.sentence);
      if (settled == Settled::refuted)
        out += fmt::format("    what rests on it: {}\n", one.experiment->relies);
    }
  }
  for (const auto& left : calibration.left) out += "Not removed: " + left + "\n";
  return out + fmt::format(
                   "{}{} confirmed, {} refuted, {} not settled, {} not run.",
                   calibration.interrupted ? "Interrupted. " : "",
                   count(calibration, Settled::confirmed), count(calibration, Settled::refuted),
                   count(calibration, Settled::not_settled), count(calibration, Settled::not_run));
}

}  // namespace sitelatch::guard
