// SPDX-License-Identifier: Apache-2.0
// rate() and cron(): what parses has ticks that move forward. Input: when (minutes since 2020),
// expression.
#include "services/events/schedule.h"

#include "target.h"

using namespace sitelatch;

FUZZ_TARGET(schedule) {
  const auto at_first = from_civil(2020, 1, 1, 0, 0, 0) + std::chrono::minutes{input.number() * 97};
  const auto schedule = events::parse_schedule(input.rest());
  if (!schedule) return;
  auto at = at_first;
  const auto start = at - std::chrono::hours{1};
  for (int i = 0; i < 5; ++i) {
    const auto next = events::next_tick(*schedule, start, at);
    if (!next) return;
    require(*next > at, "a tick comes after the one before");
    require(unix_ms(*next) % 1000 == 0, "ticks are at whole seconds");
    at = *next;
  }
}
