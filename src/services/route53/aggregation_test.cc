// SPDX-License-Identifier: Apache-2.0
// Exhaustive small worlds against a naive model (house style, tests 6).
#include "services/route53/aggregation.h"

#include <doctest/doctest.h>

#include <vector>

using namespace sitelatch::route53;

namespace {

// Naive: look at the whole history again; a status holds until the last `threshold` observations
// since it began all contradict it.
Status naive(Status start, const std::vector<bool>& history, int threshold) {
  Status status = start;
  std::size_t since = 0;
  for (std::size_t end = 1; end <= history.size(); ++end) {
    if (end - since < static_cast<std::size_t>(threshold)) continue;
    bool all_contrary = true;
    for (std::size_t i = end - static_cast<std::size_t>(threshold); i < end; ++i)
      all_contrary = all_contrary && (history[i] != (status == Status::healthy));
    if (all_contrary) {
      status = opposite(status);
      since = end;
    }
  }
  return status;
}

}  // namespace

TEST_CASE("every sequence of up to six observations, every threshold, from both opinions") {
  int worlds = 0;
  for (int threshold = 1; threshold <= 7; ++threshold)
    for (const auto start : {Status::healthy, Status::unhealthy})
      for (unsigned length = 0; length <= 6; ++length)
        for (unsigned bits = 0; bits < 1u << length; ++bits) {
          CheckerOpinion opinion{start, 0};
          std::vector<bool> history;
          for (unsigned i = 0; i < length; ++i) {
            history.push_back((bits >> i & 1) != 0);
            opinion = observe(opinion, history.back(), threshold);
          }
          ++worlds;
          REQUIRE(opinion.status == naive(start, history, threshold));
        }
  CHECK(worlds == 7 * 2 * 127);
}

TEST_CASE("more than 18 % of the checkers must be healthy") {
  for (std::size_t all = 1; all <= 100; ++all)
    for (std::size_t well = 0; well <= all; ++well) {
      std::vector<CheckerOpinion> checkers(all, {Status::unhealthy, 0});
      for (std::size_t i = 0; i < well; ++i) checkers[i].status = Status::healthy;
      const bool healthy = static_cast<double>(well) / static_cast<double>(all) > 0.18;
      REQUIRE((aggregate(checkers) == Status::healthy) == healthy);
      REQUIRE(percentage_healthy(checkers) ==
              doctest::Approx(100.0 * static_cast<double>(well) / static_cast<double>(all)));
    }
  // All regions: sixteen checkers, three keep it healthy. Exactly 18 % is unhealthy: nine of fifty.
  std::vector<CheckerOpinion> fifty(50, {Status::unhealthy, 0});
  for (int i = 0; i < 9; ++i) fifty[static_cast<std::size_t>(i)].status = Status::healthy;
  CHECK(aggregate(fifty) == Status::unhealthy);
}

TEST_CASE("a calculated check counts its healthy children") {
  CHECK(aggregate_children(0, 0) == Status::healthy);
  CHECK(aggregate_children(1, 2) == Status::unhealthy);
  CHECK(aggregate_children(2, 2) == Status::healthy);
  CHECK(aggregate_children(3, 4) == Status::unhealthy);
}
