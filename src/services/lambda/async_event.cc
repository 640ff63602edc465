// SPDX-License-Identifier: Apache-2.0
#include "services/lambda/async_event.h"

#include <fmt/format.h>

#include <algorithm>

#include "aws/wire/stored.h"
#include "aws/wire/value.h"
#include "base/check.h"

namespace sitelatch::lambda {
using aws::Value;

std::string AsyncEvent::key() const {
  return fmt::format("{:020}-{}", enqueued.time_since_epoch().count(), request_id);
}

std::string to_row(const AsyncEvent& event) {
  return aws::to_json(Value::structure({{"request_id", event.request_id},
                                        {"region", event.region},
                                        {"function", event.function},
                                        {"qualifier", event.qualifier},
                                        {"payload", event.payload},
                                        {"client_context", event.client_context},
                                        {"enqueued", event.enqueued.time_since_epoch().count()},
                                        {"due", event.due.time_since_epoch().count()},
                                        {"failures", event.failures},
                                        {"throttles", event.throttles}}));
}

AsyncEvent async_event_from_row(std::string_view row) {
  const auto v = aws::stored_value(row);
  AsyncEvent out;
  out.request_id = v["request_id"].string_or("");
  out.region = v["region"].string_or("");
  out.function = v["function"].string_or("");
  out.qualifier = v["qualifier"].string_or("");
  out.payload = v["payload"].string_or("");
  out.client_context = v["client_context"].string_or("");
  out.enqueued = Instant{Duration{v["enqueued"].integer_or(0)}};
  out.due = Instant{Duration{v["due"].integer_or(0)}};
  out.failures = static_cast<int>(v["failures"].integer_or(0));
  out.throttles = static_cast<int>(v["throttles"].integer_or(0));
  return out;
}

namespace {
NextStep again_after(Duration delay, const AsyncEvent& event, const RetryLimits& limits,
                     Instant now) {
  const Instant due = now + delay;
  if (due - event.enqueued >= limits.maximum_age) return GivenUp{"EventAgeExceeded"};
  return due;
}
}  // namespace

NextStep after_function_error(const AsyncEvent& event, const RetryLimits& limits, Instant now) {
  if (event.failures > limits.maximum_retries) return GivenUp{"RetriesExhausted"};
  const Duration delay = event.failures <= 1 ? std::chrono::minutes{1} : std::chrono::minutes{2};
  return again_after(delay, event, limits, now);
}

NextStep after_throttle(const AsyncEvent& event, const RetryLimits& limits, Instant now) {
  const int doublings = std::clamp(event.throttles - 1, 0, 9);
  const Duration delay =
      std::min<Duration>(std::chrono::seconds{1 << doublings}, std::chrono::minutes{5});
  return again_after(delay, event, limits, now);
}

bool too_old(const AsyncEvent& event, const RetryLimits& limits, Instant now) {
  return now - event.enqueued >= limits.maximum_age;
}

}  // namespace sitelatch::lambda
