// SPDX-License-Identifier: Apache-2.0
// Replicas that have not heard of the last changes: whole Clouds loaded from the rows of a while
// ago, with deaf and dumb ports, so that they answer questions and do nothing by themselves. What a
// replica knows depends on the first change it has not heard of alone, so the last one made is good
// for every question that falls between the same two changes.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "engine/past.h"
#include "engine/realism/journal_history.h"
#include "ports/entropy.h"
#include "ports/timers.h"
#include "ports/wall_clock.h"

namespace sitelatch::engine {

class Replicas final : public Past {
 public:
  struct Ports {
    ports::Timers& timers;  // what the time is; nothing is set on them
    ports::WallClock& wall;
    ports::Entropy& entropy;
  };
  Replicas(const realism::JournalHistory& history, Ports ports, std::string account,
           std::string endpoint)
      : history_(history),
        ports_(ports),
        account_(std::move(account)),
        endpoint_(std::move(endpoint)) {}

  std::shared_ptr<Account> at(Instant t, std::string_view service) override;

 private:
  const realism::JournalHistory& history_;
  Ports ports_;
  std::string account_, endpoint_;
  std::shared_ptr<Account> last_;
  std::uint64_t last_number_ = 0;  // the first change that it has not heard of
};

}  // namespace sitelatch::engine
