// SPDX-License-Identifier: Apache-2.0
// Route 53's checkers as they learn of changes: a health check that was changed is probed as it was
// for a while, and a new one is not probed yet (fact realism-23); each hears of it by itself. Those
// that are probed within the engine's first seconds were there before. What was probed last is not
// kept over a restart: then the checkers know everything.
#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>

#include "engine/realism/realism.h"
#include "ports/lifetime.h"
#include "ports/prober.h"
#include "ports/timers.h"

namespace sitelatch::realism {

class LateProber final : public ports::Prober {
 public:
  // `realism` may be null: every probe goes through.
  LateProber(ports::Prober& prober, ports::Timers& timers, Realism* realism)
      : prober_(prober), timers_(timers), realism_(realism), started_(timers.now()) {}
  void probe(ports::ProbeRequest request, std::function<void(ports::Observation)> done) override;

 private:
  struct Known {
    ports::ProbeRequest probed, asked;  // what the checkers do, and what they have been told
    Instant told{};                     // when they will do as asked
  };

  ports::Prober& prober_;
  ports::Timers& timers_;
  Realism* realism_;
  const Instant started_;
  std::set<std::string> there_before_;
  std::map<std::pair<std::string, std::uint8_t>, Known> checks_;  // by id, each checker by itself
  ports::Lifetime lifetime_;
};

}  // namespace sitelatch::realism
