// SPDX-License-Identifier: Apache-2.0
// The scratch health check of a drill: like Primary's own, used by no record, so that nothing moves
// when it fails. Its CallerReference says whose drill it is, so that what a killed drill left is
// found again.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "guard/apply/carry_out.h"
#include "guard/apply/deploy.h"
#include "guard/rules/form.h"

namespace sitelatch::guard {

// Where the CallerReferences of a calibration's scratch checks begin (guard/calibrate/scratch.h).
inline constexpr std::string_view calibration_prefix = "sitelatch-calibrate-";

// Whose drill a CallerReference is of: a health check's id; empty: none.
std::string drilled_check(std::string_view caller_reference);

struct DrillScratch {
  std::string id;
  Form form = Form::guide;  // of the guard that was, or would have been, made on it
};
// The scratch checks that drills of this check have left.
Result<std::vector<DrillScratch>> find_scratch(Context& context,
                                               const std::string& health_check_id);
// With Primary's address, name and port, its own path, neither disabled nor inverted. Gives its id.
struct ScratchWish {
  std::string primary;              // the id of Primary's check
  aws::Value config;                // its HealthCheckConfig
  std::optional<std::string> path;  // its own; nothing or empty: none
  Form form = Form::guide;
};
Result<std::string> make_scratch(Context& context, const ScratchWish& wish);
// The check alone.
Result<Done> remove_scratch(Context& context, const std::string& scratch_id);

// Moves its port where nothing answers, or back to `port`: Route 53's checkers see a real outage of
// an address that is up.
inline constexpr int dead_port = 1;
Result<Done> move_port(Context& context, const std::string& scratch_id, int port);

// In place of the scratch check's, which nobody knows before it is made.
inline constexpr std::string_view unmade_id = "00000000-0000-4000-8000-000000000000";
// A second guard, from the same plan as the real one. Nothing: none can be planned.
std::optional<Plan> plan_like(const Plan& real);
DeployOptions deploy_like(const View& real, const std::string& scratch_id);

// All that a drill made on it, and then the check: the records of its name first, then the guard.
// Problem: what stays, and why.
Result<Done> remove_drill(Context& context, const DrillScratch& scratch);

}  // namespace sitelatch::guard
