// SPDX-License-Identifier: Apache-2.0
// Ports that tell the tally what came of what they carried, and how long it took by the clock on
// the wall: engine time stands still meanwhile, or runs faster.
#pragma once

#include <chrono>
#include <utility>

#include "engine/tally.h"
#include "ports/courier.h"
#include "ports/prober.h"

namespace sitelatch::engine {

inline double seconds_since(std::chrono::steady_clock::time_point begun) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
}

class CountedProber final : public ports::Prober {
 public:
  CountedProber(Tally& tally, ports::Prober& real) : tally_(tally), real_(real) {}
  void probe(ports::ProbeRequest request, std::function<void(ports::Observation)> done) override {
    real_.probe(std::move(request), [this, begun = std::chrono::steady_clock::now(),
                                     done = std::move(done)](ports::Observation observation) {
      tally_.probe(observation.success, seconds_since(begun));
      done(std::move(observation));
    });
  }

 private:
  Tally& tally_;
  ports::Prober& real_;
};

class CountedCourier final : public ports::Courier {
 public:
  CountedCourier(Tally& tally, ports::Courier& real) : tally_(tally), real_(real) {}
  void post(ports::Post post, std::function<void(ports::Receipt)> done) override {
    real_.post(std::move(post), counted(Tally::Courier::http, std::move(done)));
  }
  void mail(ports::Mail mail, std::function<void(ports::Receipt)> done) override {
    real_.mail(std::move(mail), counted(Tally::Courier::email, std::move(done)));
  }

 private:
  using Done = std::function<void(ports::Receipt)>;
  // Of a post a 2xx alone has arrived: any other is tried again (fact sns-34).
  Done counted(Tally::Courier kind, Done done) {
    return [this, kind, done = std::move(done)](ports::Receipt receipt) {
      const bool taken = kind == Tally::Courier::email || receipt.http_status / 100 == 2;
      tally_.attempt(kind, receipt.failure.empty() && taken);
      done(std::move(receipt));
    };
  }

  Tally& tally_;
  ports::Courier& real_;
};

}  // namespace sitelatch::engine
