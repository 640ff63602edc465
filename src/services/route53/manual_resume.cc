// SPDX-License-Identifier: Apache-2.0
#include "services/route53/manual_resume.h"

#include "ports/rows.h"
#include "services/route53/resume_tags.h"

namespace sitelatch::route53 {
namespace {
constexpr std::string_view latch_table = "route53.latches";
constexpr std::string_view release_table = "route53.releases";
const LatchState nothing_known;
}  // namespace

ManualResume::ManualResume(ports::Journal& journal, const TagStore& tags)
    : journal_(journal), tags_(tags) {
  ports::take_rows(journal_, latch_table, [&](std::string_view id, std::string_view row) {
    by_check_[ports::text_of_key(id)].latch = latch_from_row(row);
  });
  ports::take_rows(journal_, release_table, [&](std::string_view id, std::string_view row) {
    by_check_[ports::text_of_key(id)].last_release = release_from_row(row);
  });
}

bool ManualResume::armed(const std::string& health_check_id) const {
  return is_armed(tags_.of("healthcheck/" + health_check_id));
}

const LatchState& ManualResume::of(const std::string& health_check_id) const {
  const auto found = by_check_.find(health_check_id);
  return found == by_check_.end() ? nothing_known : found->second;
}

bool ManualResume::latch_if_due(const std::string& health_check_id, const Situation& now,
                                std::string cause) {
  auto state = of(health_check_id);
  if (!route53::latch_if_due(state, now, std::move(cause))) return false;
  write(health_check_id, state);
  return true;
}

bool ManualResume::trip(const std::string& health_check_id, const Situation& now,
                        std::string words) {
  auto state = of(health_check_id);
  if (!route53::trip(state, now, std::move(words))) return false;
  write(health_check_id, state);
  return true;
}

ReleaseVerdict ManualResume::release(const std::string& health_check_id, const Situation& now,
                                     const ReleaseAsked& asked) {
  auto state = of(health_check_id);
  const auto verdict = route53::release(state, now, asked);
  if (verdict == ReleaseVerdict::released) write(health_check_id, state);
  return verdict;
}

void ManualResume::drop(const std::string& health_check_id) {
  if (by_check_.contains(health_check_id)) write(health_check_id, {});
  by_check_.erase(health_check_id);
}

void ManualResume::write(const std::string& health_check_id, const LatchState& state) {
  if (state.latch)
    journal_.put(latch_table, health_check_id, to_row(*state.latch));
  else
    journal_.erase(latch_table, health_check_id);
  if (state.last_release)
    journal_.put(release_table, health_check_id, to_row(*state.last_release));
  else
    journal_.erase(release_table, health_check_id);
  by_check_[health_check_id] = state;
}

}  // namespace sitelatch::route53
