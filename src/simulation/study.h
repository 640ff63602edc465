// SPDX-License-Identifier: Apache-2.0
// Many runs of one plan under one case: what their outcomes add up to. Run i has the seed `seed +
// i`, so that any of them can be told again (`--seed N --story`).
#pragma once

#include <functional>
#include <vector>

#include "simulation/simulator.h"

namespace sitelatch::simulation {

// Wilson's interval of 95 % for a share.
struct Interval {
  double low = 0, high = 1;
};
Interval wilson(std::uint64_t hits, std::uint64_t of);

// The p-th hundredth by nearest rank; sorts. Nothing in, nothing out.
std::optional<Ms> percentile(std::vector<Ms>& values, int p);

class Tally {
 public:
  void add(const Outcome& outcome, std::uint64_t seed);

  std::uint64_t runs = 0, failovers = 0, leaks = 0, never_latched = 0, false_failovers = 0,
                missed = 0, latches = 0;
  Ms unsafe_total = 0, unsafe_to_latch_total = 0;  // of the leaks that were latched in the end
  Ms lasted = 0;                                   // virtual time
  std::optional<std::uint64_t> first_leak;         // its seed
  std::vector<Ms> failover_times, unsafe_times;

  double leak_share() const;  // of the failovers; 0 without any
  std::uint64_t latched_leaks() const { return leaks - never_latched; }
};

struct Study {
  Plan plan;
  std::uint64_t runs = 1'000, seed = 1;
};
// `after_run` hears of each run.
Tally carry_out(const Study& study, const Settings& settings,
                const std::function<void()>& after_run = {});

}  // namespace sitelatch::simulation
