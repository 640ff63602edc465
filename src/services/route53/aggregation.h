// SPDX-License-Identifier: Apache-2.0
// From single observations to one status, as Route 53 documents it (facts route53-1 and route53-3).
// Pure.
//
//   checker:  healthy --[FailureThreshold failures in a row]--> unhealthy
//             unhealthy --[FailureThreshold successes in a row]--> healthy
//   check:    healthy iff more than 18 % of its checkers say so; exactly 18 % is unhealthy
//
// Any number of checkers; the engine has one unless it is told to have more (checkers.h).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace sitelatch::route53 {

enum class Status : std::uint8_t { healthy, unhealthy };
inline Status opposite(Status s) {
  return s == Status::healthy ? Status::unhealthy : Status::healthy;
}

// One checker's opinion and how many observations in a row contradicted it.
struct CheckerOpinion {
  Status status = Status::healthy;  // healthy until there is enough data (fact route53-1)
  int contrary_in_a_row = 0;
  friend bool operator==(const CheckerOpinion&, const CheckerOpinion&) = default;
};

// The opinion after one more observation. failure_threshold >= 1.
CheckerOpinion observe(CheckerOpinion opinion, bool success, int failure_threshold);

// How many of a check's checkers find it healthy.
struct CheckerCount {
  std::size_t healthy = 0, all = 0;
};
// No checkers at all: healthy, as a check without data.
Status aggregate(CheckerCount count);
double percentage_healthy(CheckerCount count);
Status aggregate(std::span<const CheckerOpinion> checkers);
double percentage_healthy(std::span<const CheckerOpinion> checkers);

// CALCULATED: at least `health_threshold` of the children are healthy; 0 is always healthy, more
// than there are never.
Status aggregate_children(int healthy_children, int health_threshold);

}  // namespace sitelatch::route53
