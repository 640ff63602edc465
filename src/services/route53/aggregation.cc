// SPDX-License-Identifier: Apache-2.0
#include "services/route53/aggregation.h"

#include <algorithm>

namespace sitelatch::route53 {
namespace {
constexpr int healthy_above_percent = 18;  // fact route53-3

CheckerCount count(std::span<const CheckerOpinion> checkers) {
  return {static_cast<std::size_t>(
              std::count_if(checkers.begin(), checkers.end(),
                            [](const CheckerOpinion& c) { return c.status == Status::healthy; })),
          checkers.size()};
}
}  // namespace

CheckerOpinion observe(CheckerOpinion opinion, bool success, int failure_threshold) {
  const auto seen = success ? Status::healthy : Status::unhealthy;
  if (seen == opinion.status) return {opinion.status, 0};
  if (opinion.contrary_in_a_row + 1 < failure_threshold)
    return {opinion.status, opinion.contrary_in_a_row + 1};
  return {seen, 0};
}

Status aggregate(CheckerCount count) {
  if (count.all == 0) return Status::healthy;
  return count.healthy * 100 > count.all * healthy_above_percent ? Status::healthy
                                                                 : Status::unhealthy;
}
Status aggregate(std::span<const CheckerOpinion> checkers) { return aggregate(count(checkers)); }

double percentage_healthy(CheckerCount count) {
  if (count.all == 0) return 100;
  return 100.0 * static_cast<double>(count.healthy) / static_cast<double>(count.all);
}
double percentage_healthy(std::span<const CheckerOpinion> checkers) {
  return percentage_healthy(count(checkers));
}

Status aggregate_children(int healthy_children, int health_threshold) {
  return healthy_children >= health_threshold ? Status::healthy : Status::unhealthy;
}

}  // namespace sitelatch::route53
