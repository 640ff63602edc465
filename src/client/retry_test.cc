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

TEST_CASE("guard-on-aws 26: Route 53's limits, of the account and of one operation (client-11)") {
  RateLimiter limiter;
  const WallInstant start{1'000s};
  auto now = start;
  for (int i = 0; i < 100; ++i) {  // an engine is not slowed
    CHECK(limiter.wait("GetHealthCheckStatus", now) == 0s);
    limiter.sent("ListHostedZones", now);
  }
  limiter = RateLimiter{};
  limiter.enforce();
  for (int i = 0; i < 4; ++i) {
    CHECK(limiter.wait("GetHealthCheckStatus", now) == 0s);
    limiter.sent("GetHealthCheckStatus", now);
  }
  CHECK(limiter.wait("GetHealthCheckStatus", now) == 1s);
  CHECK(limiter.wait("GetHealthCheckStatus", now + 400ms) == 600ms);
  CHECK(limiter.wait("GetHealthCheck", now) == 0s);  // its own bucket is full
  for (int i = 0; i < 46; ++i) limiter.sent("GetHealthCheck", now);
  CHECK(limiter.wait("GetHealthCheck", now) == 100ms);       // the account's fifty are gone
  CHECK(limiter.wait("GetHealthCheck", now - 1h) == 100ms);  // the clock was set back
  now += 1s;
  for (int i = 0; i < 10; ++i) {
    CHECK(limiter.wait("GetHealthCheck", now) == 0s);
    limiter.sent("GetHealthCheck", now);
  }
  CHECK(limiter.wait("GetHealthCheck", now) == 100ms);
  now += 1h;
  for (int i = 0; i < 50; ++i) limiter.sent("CreateHealthCheck", now);
  CHECK(limiter.wait("CreateHealthCheck", now + 1s) == 1s);  // half a token a second
  CHECK(limiter.wait("CreateHealthCheck", now + 2s) == 0s);
}

}  // namespace
}  // namespace sitelatch::client
