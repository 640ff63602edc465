// SPDX-License-Identifier: Apache-2.0
// When to send again, and when not to send yet: the SDKs' standard mode (backoff with full jitter,
// a quota of retries), and the limiter of Route 53.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "base/time.h"
#include "base/token_bucket.h"
#include "client/error.h"

namespace sitelatch::client {

enum class Retry {
  never,
  conflict,   // somebody else was writing; nothing was done
  transient,  // 5xx, a broken connection
  timed_out,
  throttled,
};
Retry retry_of(const Error& error);

// How many attempts an error is worth, within what is configured: what refuses a connection or has
// no name is asked three times at most, so that a wrong endpoint is said soon.
int attempts_worth(const Error& error, int configured);

// Before attempt `next` (2, 3, ...): a random part of 1 s, 2 s, 4 s ... up to 20 s; for this very
// machine, of 50 ms ...
enum class Distance { remote, loopback };
Duration backoff(int next, Distance distance, double random);  // random: 0 <= r < 1

// A bucket of 500: a retry takes 5, one after a timeout 10; success gives back. An outage is not
// answered with a storm.
class RetryQuota {
 public:
  bool take(Retry kind);  // false: no more retries for now
  void succeeded();

 private:
  int left_ = 500;
  int last_taken_ = 0;
};

// Route 53's limits, those of an account and those of single operations (fact client-11). Kept only
// for AWS itself, or once a throttling answer came, so that an engine is not slowed.
class RateLimiter {
 public:
  // How long to wait before sending at `now`; call sent() when sent.
  Duration wait(std::string_view operation, WallInstant now) const;
  void sent(std::string_view operation, WallInstant now);
  void enforce() { enforced_ = true; }

 private:
  bool enforced_ = false;
  TokenBucket<WallInstant> account_{50, 10};
  std::map<std::string, TokenBucket<WallInstant>, std::less<>> operations_ = {
      {"GetHealthCheckStatus", {4, 1}},
      {"GetHealthCheckLastFailureReason", {4, 1}},
      {"CreateHealthCheck", {50, 0.5}},
      {"DeleteHealthCheck", {15, 3}},
  };
};

}  // namespace sitelatch::client
