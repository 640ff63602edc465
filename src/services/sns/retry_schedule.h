// SPDX-License-Identifier: Apache-2.0
// When a failed delivery is tried again: AWS's four phases as pure functions (facts sns-30, sns-32,
// sns-33).
//   attempt, no_delay retries at once, min_delay retries after `shortest`, backoff retries from
//     `shortest` to `longest`,
//   max_delay retries after `longest`, and then it is given up.
#pragma once

#include <optional>

#include "base/time.h"

namespace sitelatch::sns {

enum class RetryFunction { linear, arithmetic, geometric, exponential };

struct RetrySchedule {
  int no_delay = 0, min_delay = 0, backoff = 0,
      max_delay = 0;  // retries in each phase, in this order
  Duration shortest{}, longest{};
  RetryFunction function = RetryFunction::linear;

  int retries() const { return no_delay + min_delay + backoff + max_delay; }
  friend bool operator==(const RetrySchedule&, const RetrySchedule&) = default;
};

RetrySchedule function_schedule();  // Lambda: 100,015 attempts over 23 days
RetrySchedule mail_schedule();      // 50 attempts over 6 hours
RetrySchedule http_schedule();      // the default delivery policy: 3 retries, 20 s apart

// How long to wait after the `failures`-th failed attempt (1 = the first); nothing: give up.
std::optional<Duration> delay_after(const RetrySchedule& schedule, int failures);
// All waiting together.
Duration total_delay(const RetrySchedule& schedule);

}  // namespace sitelatch::sns
