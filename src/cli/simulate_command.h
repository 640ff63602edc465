// SPDX-License-Identifier: Apache-2.0
// `sitelatch simulate`: how often a failover leaks before its latch, for a form of the latch and
// what may be assumed of AWS (src/simulation). Needs no AWS and no engine, unless a health check is
// named: then its RequestInterval and FailureThreshold are read.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cli/guard_commands.h"
#include "simulation/assumptions.h"
#include "simulation/plan.h"
#include "simulation/profile.h"
#include "simulation/schedule.h"

namespace sitelatch::cli {

enum class Shown { text, json, svg, markdown };

struct SimulateOptions {
  GuardOptions common;  // how AWS is reached, where `health_check_id` is given
  std::string health_check_id;
  std::optional<int> interval_s, threshold;
  std::vector<simulation::Form> forms;  // empty: all, or what is deployed
  std::vector<simulation::Case> cases;  // empty: all three
  std::vector<simulation::Ms> outages;  // empty: 20 s to five minutes
  std::string profile_file;             // empty: none
  simulation::Ailment ailment = simulation::Ailment::refuses;
  std::optional<simulation::Function> function;  // empty: as the form has it
  std::optional<simulation::AlarmAsks> alarm;    // the same
  bool without_relay = false;
  std::optional<std::uint64_t> runs;
  std::uint64_t seed = 1;
  std::uint64_t schedules = 0;    // above 0: random schedules with faults
  simulation::Troubles left_out;  // of each of them
  std::vector<simulation::Override> assumed;
  bool story = false, list_assumptions = false;
  Shown as = Shown::text;
};
int simulate(const SimulateOptions& options);

// Problem: which file and line, and what is wrong there.
Result<simulation::Profile> read_profile(const std::string& file);

}  // namespace sitelatch::cli
