// SPDX-License-Identifier: Apache-2.0
#include "services/route53/aggregation.h"

#include <algorithm>

namespace sitelatch::route53 {
namespace {
constexpr int healthy_above_percent = 18;  // fact route53-3

std::size_t count_healthy(std::span<const CheckerOpinion> checkers) {
  return static_cast<std::size_t>(
      std::count_if(checkers.begin(), checkers.end(),
                    [](const CheckerOpinion& c) { return c.status == Status::healthy; }));
}
}  // namespace

CheckerOpinion observe(CheckerOpinion opinion, bool success, int failure_threshold) {
  const auto seen = success ? Status::healthy : Status::unhealthy;
  if (seen == opinion.status) return {opinion.status, 0};
  if (opinion.contrary_in_a_row + 1 < failure_threshold)
    return {opinion.status, opinion.contrary_in_a_row + 1};
  return {seen, 0};
}

Status aggregate(std::span<const CheckerOpinion> checkers) {
  if (checkers.empty()) return Status::healthy;
  return count_healthy(checkers) * 100 > checkers.size() * healthy_above_percent
             ? Status::healthy
             : Status::unhealthy;
}

double percentage_healthy(std::span<const CheckerOpinion> checkers) {
  if (checkers.empty()) return 100;
  return 100.0 * static_cast<double>(count_healthy(checkers)) /
         static_cast<double>(checkers.size());
}

Status aggregate_children(int healthy_children, int health_threshold) {
  return healthy_children >= health_threshold ? Status::healthy : Status::unhealthy;
}

}  // namespace sitelatch::route53
