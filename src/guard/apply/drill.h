// SPDX-License-Identifier: Apache-2.0
// Rehearses the whole chain on a second guard from the same plan, on a scratch health check that no
// record uses: nothing of what users see moves. Adds the self-test of the real function. Reports
// how long each leg took by the caller's clock; removes what it made also when it fails or is
// interrupted, and first of all what an earlier drill left that was killed.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "guard/apply/carry_out.h"
#include "guard/apply/deploy.h"
#include "guard/apply/reach.h"

namespace sitelatch::guard {

enum class Scenario {
  alarm,   // SetAlarmState: from the alarm on
  outage,  // the checkers find nobody at home: from the first failed probe on
  blip,    // an outage that is over before the latch
  trip,    // by hand; of the forms other than the guide's (form_drill.h)
};
std::optional<Scenario> scenario(std::string_view text);
std::string_view to_string(Scenario scenario);
// How long it takes on AWS, reckoned and not measured: a new check, its alarm and its release need
// whole minutes of health each (facts guard-40, guard-41). "8 to 15 minutes".
std::string_view time_on_aws(Scenario scenario);

struct DrillOptions {
  std::string health_check_id;
  Scenario scenario = Scenario::alarm;
  Duration leg_limit = std::chrono::minutes{15};
  Codes codes;  // of the second guard's function
  ReachOptions reach{};
  // Called before the removal at the end: a second interrupt must not leave half of it.
  std::function<void()> ignore_interrupts = [] {};
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
  std::optional<Error::Kind> not_begun;  // why there was nothing to rehearse
  std::string sentence;
  std::vector<Leg> legs;
  std::string reached;  // "a person was reached after 3m", "nobody was reached"; empty: not tried
  std::string cost;
  std::vector<std::string> left;  // what could not be removed
  std::vector<std::string> notes;
};
// The guide's. Whether a person was reached is noted with what it came to: in the guard's audit log
// and in a tag of its topic for people, which `status` shows.
DrillReport drill(Context& context, const DrillOptions& options);

// What an audit log says of it: the sentence, and whether a person was reached.
std::string why_of(const DrillReport& report);

// "2026-11-28T10:42:21Z outage passed: Backup after 30 s, nobody was reached". `more`: empty ones
// are left out.
std::string drill_note(Instant at, Scenario scenario, const DrillReport& report,
                       const std::vector<std::string>& more);

}  // namespace sitelatch::guard
