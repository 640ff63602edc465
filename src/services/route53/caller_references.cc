// SPDX-License-Identifier: Apache-2.0
#include "services/route53/caller_references.h"

#include "base/text.h"
#include "ports/rows.h"

namespace sitelatch::route53 {
namespace {
constexpr std::string_view references_table = "route53.deleted_references";
constexpr std::chrono::hours remembered_for{7 * 24};
}  // namespace

CallerReferences::CallerReferences(ports::Journal& journal) : journal_(journal) {
  ports::take_rows(journal_, references_table,
                   [&](std::string_view reference, std::string_view row) {
                     const auto ms = parse_int(row);
                     ports::expect_of_row(ms.has_value(), "not a time");
                     remember(std::string{reference}, from_unix_ms(*ms));
                   });
}

void CallerReferences::remember(const std::string& reference, Instant since) {
  deleted_[reference] = since;
  oldest_first_.emplace(since, reference);
}

// A reference that was used and deleted again stands in the order twice; its last deletion counts.
void CallerReferences::forget_before(Instant t) {
  while (!oldest_first_.empty() && oldest_first_.begin()->first <= t) {
    const auto oldest = oldest_first_.begin();
    const auto found = deleted_.find(oldest->second);
    if (found != deleted_.end() && found->second <= t) {
      journal_.erase(references_table, found->first);
      deleted_.erase(found);
    }
    oldest_first_.erase(oldest);
  }
}

void CallerReferences::retire(const std::string& reference, Instant now) {
  forget_before(now - remembered_for);
  live_.erase(reference);
  remember(reference, now);
  journal_.put(references_table, reference, std::to_string(unix_ms(now)));
}

const std::string* CallerReferences::find(const std::string& reference) const {
  const auto found = live_.find(reference);
  return found == live_.end() ? nullptr : &found->second;
}

bool CallerReferences::remembered(const std::string& reference, Instant now) {
  forget_before(now - remembered_for);
  return deleted_.contains(reference);
}

}  // namespace sitelatch::route53
