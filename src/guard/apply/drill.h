// SPDX-License-Identifier: Apache-2.0
// Rehearses the whole chain on a second guard from the same plan, on a scratch health check that no
// record uses: nothing of what users see moves. Adds the self-test of the real function. Reports
// how long each leg took; removes what it made also when it fails or is interrupted, and first of
// all what an earlier drill left that was killed.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "guard/apply/carry_out.h"

namespace sitelatch::guard {

enum class Scenario {
  alarm,   // SetAlarmState: from the alarm on, within seconds
  outage,  // the checkers find nobody at home: from the first failed probe on
  blip,    // an outage that is over before the latch
};
std::optional<Scenario> scenario(std::string_view text);

// Thrown by the desk's clock and progress when a person has interrupted the command; caught by
// drill() alone.
struct Interrupted {};

// What deploy and destroy do, given by the command.
struct DrillTools {
  // Every piece of a guard for the scratch check, like the one of the real check; armed later.
  std::function<Result<Done>(const View& real, const std::string& scratch_id)> build;
  // All of the scratch's guard, its log groups too.
  std::function<Result<Done>(const std::string& scratch_id)> remove;
  std::function<void()> ignore_interrupts;  // called before the removal at the end
};

struct DrillWish {
  std::string health_check_id;
  Scenario scenario = Scenario::alarm;
  Duration leg_limit = std::chrono::minutes{15};
};

struct Leg {
  std::string name;  // "latched"
  bool passed = false;
  Duration took{};
  std::string sentence;
};
struct DrillReport {
  bool passed = false;
  bool interrupted = false;
  std::string sentence;
  std::vector<Leg> legs;
  std::string cost;
  std::vector<std::string> left;  // what could not be removed
  std::vector<std::string> notes;
};
DrillReport drill(Desk& desk, const DrillTools& tools, const DrillWish& wish);

}  // namespace sitelatch::guard
