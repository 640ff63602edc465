// SPDX-License-Identifier: Apache-2.0
// A random schedule: hours of outages, disputes between checkers, Regions and edges out, lost and
// late messages, functions that fail, restarts, Terraform, and people who act twice or at the wrong
// moment. All of it is decided by the seed, so that a breach is told again by it.
#pragma once

#include <bitset>

#include "simulation/plan.h"

namespace sitelatch::simulation {

Plan random_schedule(Form form, Tuning tuning, std::uint64_t seed);

// What a schedule may have in it: each an Act::Kind (a switch back with its end), or a rate of
// Faults. For who counts them, or asks which of them a leak comes from.
enum class Trouble : std::uint8_t {
  primary,
  backup,
  cut_off,
  lossy,
  region,
  edge,
  restart,
  terraform,
  switch_back,
  trip,
  message_lost,
  message_twice,
  message_late,
  function_fails,
  sample_lost,
  minute_late,
  clock_skew,
  count,
};
inline constexpr auto trouble_count = static_cast<std::size_t>(Trouble::count);
using Troubles = std::bitset<trouble_count>;

std::string_view to_string(Trouble trouble);
std::optional<Trouble> trouble_by_name(std::string_view name);
std::vector<Trouble> all_troubles();

Troubles troubles_of(const Plan& plan);
// The same schedule without these; nothing else of it moves.
void leave_out(Plan& plan, const Troubles& troubles);

}  // namespace sitelatch::simulation
