// SPDX-License-Identifier: Apache-2.0
#include "client/retry.h"

#include <algorithm>
#include <array>

namespace sitelatch::client {
namespace {

constexpr int quota_capacity = 500;

template <std::size_t N>
bool among(const std::array<std::string_view, N>& codes, std::string_view code) {
  return std::find(codes.begin(), codes.end(), code) != codes.end();
}

// fact client-5: of the SDKs' list all but LimitExceededException, which in these services is a
// quota that stays.
constexpr std::array<std::string_view, 13> throttling_codes{
    "Throttling",
    "ThrottlingException",
    "ThrottledException",
    "RequestThrottledException",
    "RequestThrottled",
    "TooManyRequestsException",
    "ProvisionedThroughputExceededException",
    "TransactionInProgressException",
    "RequestLimitExceeded",
    "BandwidthLimitExceeded",
    "SlowDown",
    "PriorRequestNotComplete",
    "EC2ThrottledException"};
constexpr std::array<std::string_view, 4> transient_codes{
    "RequestTimeout", "RequestTimeoutException", "InternalError", "ServiceUnavailable"};
constexpr std::array<std::string_view, 5> conflict_codes{
    "ConcurrentModification", "ConcurrentModificationException", "OperationAbortedException",
    "ConcurrentAccess", "ConcurrentAccessException"};

bool is_transient_status(int status) {
  return status == 500 || status == 502 || status == 503 || status == 504;
}

Retry retry_of_answer(const Error& error) {
  if (is_throttled(error)) return Retry::throttled;
  if (among(conflict_codes, error.code)) return Retry::conflict;
  if (is_transient_status(error.status) || among(transient_codes, error.code))
    return Retry::transient;
  return Retry::never;
}

int cost(Retry kind) { return kind == Retry::timed_out ? 10 : 5; }

}  // namespace

bool is_throttled(const Error& error) {
  return error.status != 0 && (error.status == 429 || among(throttling_codes, error.code));
}

Retry retry_of(const Error& error) {
  switch (error.cause) {
    case Cause::service:
    case Cause::answer:
      return retry_of_answer(error);
    case Cause::timeout:
      return Retry::timed_out;
    case Cause::connection:
    case Cause::refused:
    case Cause::unreachable:
    case Cause::name_resolution:
      return Retry::transient;
    case Cause::configuration:
    case Cause::credentials:
    case Cause::tls:
      return Retry::never;
  }
  return Retry::never;
}

int attempts_worth(const Error& error, int configured) {
  const bool nothing_there = error.cause == Cause::refused || error.cause == Cause::unreachable ||
                             error.cause == Cause::name_resolution;
  return nothing_there ? std::min(configured, 3) : configured;
}

Duration backoff(int next, Distance distance, double random) {
  const Duration first =
      distance == Distance::loopback ? std::chrono::milliseconds{50} : std::chrono::seconds{1};
  const Duration longest = std::chrono::seconds{20};
  const int doublings = std::clamp(next - 2, 0, 10);
  const auto whole = std::min(first * (1 << doublings), longest);
  return std::chrono::duration_cast<Duration>(whole * random);
}

bool RetryQuota::take(Retry kind) {
  if (left_ < cost(kind)) return false;
  last_taken_ = cost(kind);
  left_ -= last_taken_;
  return true;
}

void RetryQuota::succeeded() {
  left_ = std::min(quota_capacity, left_ + std::max(1, last_taken_));
  last_taken_ = 0;
}

Duration RateLimiter::wait(std::string_view operation, WallInstant now) const {
  if (!enforced_) return Duration{0};
  const auto own = operations_.find(operation);
  return std::max(account_.wait(now),
                  own == operations_.end() ? Duration{0} : own->second.wait(now));
}

void RateLimiter::sent(std::string_view operation, WallInstant now) {
  account_.take(now);
  if (const auto own = operations_.find(operation); own != operations_.end()) own->second.take(now);
}

}  // namespace sitelatch::client
