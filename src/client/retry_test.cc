// SPDX-License-Identifier: Apache-2.0
#include "client/retry.h"

#include <doctest/doctest.h>

namespace sitelatch::client {
namespace {

using namespace std::chrono_literals;

Error answered(std::string code, int status) {
  Error error;
  error.code = std::move(code);
  error.status = status;
  return error;
}
Error unanswered(Cause cause) {
  Error error;
  error.cause = cause;
  return error;
}

TEST_CASE("what is worth another attempt") {
  CHECK(retry_of(answered("Throttling", 400)) == Retry::throttled);
  CHECK(retry_of(answered("Unknown", 429)) == Retry::throttled);
  CHECK(retry_of(answered("PriorRequestNotComplete", 400)) == Retry::throttled);
  CHECK(retry_of(answered("InternalError", 500)) == Retry::transient);
  CHECK(retry_of(answered("503", 503)) == Retry::transient);
  CHECK(retry_of(answered("ConcurrentModificationException", 400)) == Retry::conflict);
  CHECK(retry_of(answered("HealthCheckVersionMismatch", 409)) == Retry::never);
  CHECK(retry_of(answered("LimitExceededException", 400)) == Retry::never);  // fact client-5
  CHECK(retry_of(answered("AccessDenied", 403)) == Retry::never);
  CHECK(retry_of(answered("NotImplemented", 501)) == Retry::never);
  CHECK(retry_of(unanswered(Cause::connection)) == Retry::transient);
  CHECK(retry_of(unanswered(Cause::timeout)) == Retry::timed_out);
  CHECK(retry_of(unanswered(Cause::tls)) == Retry::never);
  CHECK(retry_of(unanswered(Cause::credentials)) == Retry::never);
}

TEST_CASE("a wrong endpoint is said after three attempts") {
  CHECK(attempts_worth(unanswered(Cause::refused), 5) == 3);
  CHECK(attempts_worth(unanswered(Cause::refused), 2) == 2);
  CHECK(attempts_worth(unanswered(Cause::timeout), 5) == 5);
}

TEST_CASE("backoff doubles up to 20 s, a random part of it") {
  CHECK(backoff(2, Distance::remote, 0.5) == 500ms);
  CHECK(backoff(3, Distance::remote, 0.5) == 1s);
  CHECK(backoff(6, Distance::remote, 0.5) == 8s);
  CHECK(backoff(7, Distance::remote, 0.5) == 10s);
  CHECK(backoff(100, Distance::remote, 0.5) == 10s);
  CHECK(backoff(4, Distance::remote, 0.0) == 0s);
  CHECK(backoff(2, Distance::loopback, 0.5) == 25ms);
}

TEST_CASE("the quota ends retries in an outage, and success gives back") {
  RetryQuota quota;
  int retries = 0;
  while (quota.take(Retry::transient)) ++retries;
  CHECK(retries == 100);
  quota.succeeded();
  CHECK(quota.take(Retry::throttled));
  CHECK_FALSE(quota.take(Retry::timed_out));
}

TEST_CASE("Route 53: never more than five requests in any second, once enforced") {
  RateLimiter limiter;
  WallInstant now{1'000s};
  for (int i = 0; i < 8; ++i) {
    CHECK(limiter.wait(now) == 0s);
    limiter.sent(now);
  }
  limiter.enforce();
  CHECK(limiter.wait(now) == 1s);
  CHECK(limiter.wait(now + 400ms) == 600ms);
  CHECK(limiter.wait(now + 1s) == 0s);
  limiter.sent(now + 1s);
  CHECK(limiter.wait(now + 1s) == 0s);
  CHECK(limiter.wait(now - 1h) == 1s);  // the clock was set back
}

}  // namespace
}  // namespace sitelatch::client
