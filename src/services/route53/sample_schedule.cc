// SPDX-License-Identifier: Apache-2.0
#include "services/route53/sample_schedule.h"

#include <algorithm>

namespace sitelatch::route53 {
namespace {
using std::chrono::seconds;
constexpr seconds between_samples{20};

Instant whole_second_from(Instant t) { return std::chrono::ceil<seconds>(t); }

// The first point of the grid that is not before `now`.
Instant next_on_grid(Instant start, Instant now) {
  if (start >= now) return start;
  const auto steps = (now - start + between_samples - Duration{1}) / between_samples;
  return start + steps * between_samples;
}
}  // namespace

void SampleSchedule::add(const std::string& health_check_id, Instant created) {
  const auto start = whole_second_from(created);
  const auto phase = unix_seconds(start) % between_samples.count();
  auto& bucket = buckets_[phase];
  bucket.ids.push_back(health_check_id);
  if (bucket.ids.size() > 1) return;
  bucket.due = next_on_grid(start, timers_.now());
  arm(bucket);
}

void SampleSchedule::arm(Bucket& bucket) {
  bucket.timer.set(timers_, bucket.due, [this, &bucket] { run(bucket); });
}

void SampleSchedule::run(Bucket& bucket) {
  const auto at = bucket.due;
  auto& ids = bucket.ids;
  ids.erase(std::remove_if(ids.begin(), ids.end(),
                           [&](const std::string& id) { return !sample_(id, at); }),
            ids.end());
  if (ids.empty()) return;
  // Late by more than a step: go on with the latest point that has passed.
  const auto late = std::max<std::int64_t>(1, (timers_.now() - at) / between_samples);
  bucket.due = at + late * between_samples;
  arm(bucket);
}

}  // namespace sitelatch::route53
