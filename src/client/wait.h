// SPDX-License-Identifier: Apache-2.0
// Waiting for AWS to become so: asks again at an interval until there is a value, an error, or the
// deadline. Wall time, also against an engine whose own time runs faster.
#pragma once

#include <algorithm>
#include <functional>
#include <optional>

#include "client/environment.h"
#include "client/error.h"

namespace sitelatch::client {

struct Backoff {
  Duration every = std::chrono::seconds{1};
  Duration at_most = std::chrono::minutes{1};
  double growth = 1.0;  // each interval is that much longer than the one before ...
  Duration longest = std::chrono::seconds{30};  // ... up to this
  std::function<bool()> interrupted = [] {
    return false;
  };  // asked before each wait: true gives up early
};

// `ask` gives a value (done), nothing (not yet), or an error (ends the waiting). Nothing comes back
// when the time is up or the wait was interrupted. Asks at least once, and once more at the
// deadline.
template <class T>
Outcome<std::optional<T>> wait_for(Clock& clock, const Backoff& backoff,
                                   const std::function<Outcome<std::optional<T>>()>& ask) {
  const auto deadline = clock.now() + backoff.at_most;
  auto interval = backoff.every;
  while (true) {
    auto answer = ask();
    if (!answer || *answer) return answer;
    const auto now = clock.now();
    if (now >= deadline || backoff.interrupted()) return std::optional<T>{};
    clock.sleep(std::min(interval, deadline - now));
    if (backoff.interrupted()) return std::optional<T>{};
    interval =
        std::min(std::chrono::duration_cast<Duration>(interval * backoff.growth), backoff.longest);
  }
}

// A plain condition: true once it held, false when the time was up.
inline bool wait_until(Clock& clock, const Backoff& backoff, const std::function<bool()>& holds) {
  const auto outcome = wait_for<Done>(clock, backoff, [&]() -> Outcome<std::optional<Done>> {
    return holds() ? std::optional{Done{}} : std::nullopt;
  });
  return outcome && *outcome;
}

}  // namespace sitelatch::client
