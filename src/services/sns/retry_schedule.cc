// SPDX-License-Identifier: Apache-2.0
#include "services/sns/retry_schedule.h"

#include <cmath>

namespace sitelatch::sns {
namespace {
using std::chrono::seconds;

// The k-th (from 0) of n steps from the shortest to the longest delay.
Duration step(const RetrySchedule& schedule, int k, int n) {
  const double from = static_cast<double>(schedule.shortest.count());
  const double to = static_cast<double>(schedule.longest.count());
  const double x = n > 1 ? static_cast<double>(k) / (n - 1) : 0.0;
  double delay = from;
  switch (schedule.function) {
    case RetryFunction::linear:
      delay = from + (to - from) * x;
      break;
    case RetryFunction::arithmetic:
      delay = from + (to - from) * x * (k + 1) / n;
      break;
    case RetryFunction::geometric:
      delay = from + (to - from) * x * x;
      break;
    case RetryFunction::exponential:
      delay = from > 0 ? from * std::pow(to / from, x) : to * x;
      break;
  }
  return Duration{static_cast<Duration::rep>(delay)};
}
}  // namespace

RetrySchedule function_schedule() {
  return {2, 2, 10, 100'000, seconds{1}, seconds{20}, RetryFunction::exponential};
}
RetrySchedule mail_schedule() {
  return {0, 1, 10, 38, seconds{10}, seconds{600}, RetryFunction::exponential};
}
RetrySchedule http_schedule() {
  return {0, 0, 3, 0, seconds{20}, seconds{20}, RetryFunction::linear};
}

std::optional<Duration> delay_after(const RetrySchedule& schedule, int failures) {
  int retry = failures - 1;
  if (retry < 0 || retry >= schedule.retries()) return std::nullopt;
  if (retry < schedule.no_delay) return Duration{0};
  retry -= schedule.no_delay;
  if (retry < schedule.min_delay) return schedule.shortest;
  retry -= schedule.min_delay;
  if (retry < schedule.backoff) return step(schedule, retry, schedule.backoff);
  return schedule.longest;
}

Duration total_delay(const RetrySchedule& schedule) {
  Duration total{};
  for (int failures = 1; const auto delay = delay_after(schedule, failures); ++failures)
    total += *delay;
  return total;
}

}  // namespace sitelatch::sns
