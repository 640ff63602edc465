// SPDX-License-Identifier: Apache-2.0
// One asynchronous invocation on its way, and when it is tried again: pure rules (facts lambda-5
// and lambda-41).
//
//   queued ──attempt──> success                                     condition Success
//     ^  └─> function error: again after 1 min, then 2 min, while retries are left RetriesExhausted
//     └────── throttled or host trouble: again after 1 s doubling to 5 min EventAgeExceeded
//             reserved concurrency 0: at once ZeroReservedConcurrency
// Whatever would come after the event's maximum age does not come any more: EventAgeExceeded.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "base/time.h"

namespace sitelatch::lambda {

struct AsyncEvent {
  std::string request_id;                   // the same for all attempts
  std::string region, function, qualifier;  // qualifier as the caller gave it; empty: none
  std::string payload, client_context;
  Instant enqueued{}, due{};
  int failures = 0;   // attempts that ended in a function error
  int throttles = 0;  // times in a row that it could not be started

  std::string key() const;  // of its row: by age, then request id
  friend bool operator==(const AsyncEvent&, const AsyncEvent&) = default;
};
std::string to_row(const AsyncEvent& event);
AsyncEvent async_event_from_row(std::string_view row);

struct RetryLimits {
  std::int64_t maximum_retries = 2;
  Duration maximum_age = std::chrono::hours{6};
};

// Why an event is given up, in the words of the invocation record.
struct GivenUp {
  std::string_view condition;
};
using NextStep = std::variant<Instant, GivenUp>;  // try again then, or no more

// `event.failures` counts the failure just seen.
NextStep after_function_error(const AsyncEvent& event, const RetryLimits& limits, Instant now);
// `event.throttles` counts the refusal just seen.
NextStep after_throttle(const AsyncEvent& event, const RetryLimits& limits, Instant now);
bool too_old(const AsyncEvent& event, const RetryLimits& limits, Instant now);

}  // namespace sitelatch::lambda
