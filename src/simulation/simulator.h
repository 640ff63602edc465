// SPDX-License-Identifier: Apache-2.0
// One run: the world of a plan, from its start until nothing can change any more, decided by a
// seed.
//
//   sites -> sixteen checkers -> every edge's own sum of their opinions ---------------> DNS
//                            \-> Route 53's own sum -> HealthCheckStatus -> alarm or data stream
//                                                          -> function, or another check -> DNS
//
// What decides is the engine's and the guard's own, never a copy: route53::observe, aggregate and
// aggregate_children, cloudwatch::evaluate, guard::on_alarm and on_tick, latching, releasing,
// apply. What is here is time: who hears of what when (assumptions.h), and what goes wrong
// (plan.h). One Simulator serves run after run and keeps its memory; it is for one thread.
#pragma once

#include <memory>

#include "simulation/assumptions.h"
#include "simulation/plan.h"
#include "simulation/story.h"

namespace sitelatch::simulation {

struct Outcome {
  bool failed_over = false;
  bool false_failover = false;  // though Primary was up all the time
  bool leaked = false;
  bool latched = false;    // in the end nothing but a person brings Primary back
  bool missed = false;     // I3: down for long at the end, and an edge names Primary
  Ms failover = -1;        // from the start, at one client's edge; -1: never
  Ms latched_at = -1;      // the latch is in force; -1: never
  Ms unsafe = 0;           // some edge named Primary against I1 or I2
  Ms unsafe_to_latch = 0;  // from the first leak to the latch
  int latches = 0;
  Ms lasted = 0;  // virtual time
};

class Simulator {
 public:
  explicit Simulator(const Settings& settings);
  ~Simulator();
  Simulator(const Simulator&) = delete;
  Simulator& operator=(const Simulator&) = delete;

  Outcome run(const Plan& plan, std::uint64_t seed, Story* story = nullptr);

 private:
  class World;
  std::unique_ptr<World> world_;
};

}  // namespace sitelatch::simulation
