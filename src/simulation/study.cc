// SPDX-License-Identifier: Apache-2.0
#include "simulation/study.h"

#include <algorithm>
#include <cmath>

namespace sitelatch::simulation {

Interval wilson(std::uint64_t hits, std::uint64_t of) {
  if (of == 0) return {};
  constexpr double z = 1.959964;
  const auto n = static_cast<double>(of);
  const auto p = static_cast<double>(hits) / n;
  const auto middle = p + z * z / (2 * n);
  const auto spread = z * std::sqrt(p * (1 - p) / n + z * z / (4 * n * n));
  const auto whole = 1 + z * z / n;
  return {hits == 0 ? 0 : std::max(0.0, (middle - spread) / whole),
          hits == of ? 1 : std::min(1.0, (middle + spread) / whole)};
}

std::optional<Ms> percentile(std::vector<Ms>& values, int p) {
  if (values.empty()) return std::nullopt;
  std::sort(values.begin(), values.end());
  const auto rank = (values.size() * static_cast<std::size_t>(p) + 99) / 100;
  return values[std::max<std::size_t>(rank, 1) - 1];
}

void Tally::add(const Outcome& outcome, std::uint64_t seed) {
  ++runs;
  lasted += outcome.lasted;
  latches += static_cast<std::uint64_t>(outcome.latches);
  if (outcome.missed) ++missed;
  if (!outcome.failed_over) return;
  ++failovers;
  if (outcome.false_failover) ++false_failovers;
  if (outcome.failover >= 0) failover_times.push_back(outcome.failover);
  if (!outcome.leaked) return;
  ++leaks;
  if (!first_leak) first_leak = seed;
  if (!outcome.latched) {
    ++never_latched;
    return;
  }
  unsafe_times.push_back(outcome.unsafe);
  unsafe_total += outcome.unsafe;
  unsafe_to_latch_total += outcome.unsafe_to_latch;
}

double Tally::leak_share() const {
  return failovers == 0 ? 0 : static_cast<double>(leaks) / static_cast<double>(failovers);
}

Tally carry_out(const Study& study, const Settings& settings,
                const std::function<void()>& after_run) {
  Simulator simulator(settings);
  Tally tally;
  for (std::uint64_t i = 0; i < study.runs; ++i) {
    tally.add(simulator.run(study.plan, study.seed + i), study.seed + i);
    if (after_run) after_run();
  }
  return tally;
}

}  // namespace sitelatch::simulation
