// SPDX-License-Identifier: Apache-2.0
// Probes of checkers that do not reach the endpoint just now are not sent: they fail with a
// timeout's words, once Route 53's limit for it is over (facts realism-31 and probe-3).
#pragma once

#include "engine/realism/realism.h"
#include "ports/lifetime.h"
#include "ports/prober.h"
#include "ports/timers.h"

namespace sitelatch::realism {

class CutOffProber final : public ports::Prober {
 public:
  // `realism` may be null: every probe goes through.
  CutOffProber(ports::Prober& prober, ports::Timers& timers, Realism* realism)
      : prober_(prober), timers_(timers), realism_(realism) {}
  void probe(ports::ProbeRequest request, std::function<void(ports::Observation)> done) override;

 private:
  ports::Prober& prober_;
  ports::Timers& timers_;
  Realism* realism_;
  ports::Lifetime lifetime_;
};

}  // namespace sitelatch::realism
