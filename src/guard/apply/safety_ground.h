// SPDX-License-Identifier: Apache-2.0
// What the safety of a latch rests on (rules/safety.h), of what was read of it. Asks nobody.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "guard/apply/config_deploy.h"
#include "guard/apply/deploy.h"
#include "guard/apply/engine_form.h"
#include "guard/apply/hardened_deploy.h"
#include "guard/apply/status.h"
#include "guard/rules/safety.h"

namespace sitelatch::guard {

struct SafetyGround {
  LatchSetup setup;
  bool in_force = true;             // the latch works as it is set up
  std::vector<std::string> beside;  // what the figures leave out
};
// Nothing: the check is gone, may not be seen, or is not one of an endpoint.
std::optional<SafetyGround> safety_ground(const View& view);
std::optional<SafetyGround> safety_ground(const ConfigView& view);
std::optional<SafetyGround> safety_ground(const EngineView& view);
// As it will be once the plan is carried out, and the guard armed.
std::optional<SafetyGround> safety_ground(const DeployPlan& plan);
// Without the change of records and FailureThreshold, unless a person has asked for it.
std::optional<SafetyGround> safety_ground(const HardenedDeployPlan& plan, bool change_records);
std::optional<SafetyGround> safety_ground(const ConfigDeployPlan& plan);
std::optional<SafetyGround> safety_ground(const EngineDeployment& plan);

Safety weigh_safety(const SafetyGround& ground, const SafetyWish& wish, const Reckon& reckon);

}  // namespace sitelatch::guard
