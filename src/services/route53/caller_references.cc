// SPDX-License-Identifier: Apache-2.0
#include "services/route53/caller_references.h"

#include "base/check.h"
#include "base/text.h"

namespace sitelatch::route53 {
namespace {
constexpr std::string_view table = "route53.deleted_references";
constexpr std::chrono::hours remembered_for{7 * 24};
}  // namespace

CallerReferences::CallerReferences(ports::Journal& journal) : journal_(journal) {
  journal_.scan(table, "", "", [&](std::string_view reference, std::string_view row) {
    const auto ms = parse_int(row);
    ENSURE(ms.has_value(), "a deleted reference's row");
    deleted_.emplace(reference, from_unix_ms(*ms));
    return true;
  });
}

void CallerReferences::retire(const std::string& reference, Instant now) {
  live_.erase(reference);
  deleted_[reference] = now;
  journal_.put(table, reference, std::to_string(unix_ms(now)));
}

const std::string* CallerReferences::find(const std::string& reference) const {
  const auto found = live_.find(reference);
  return found == live_.end() ? nullptr : &found->second;
}

bool CallerReferences::remembered(const std::string& reference, Instant now) {
  const auto found = deleted_.find(reference);
  if (found == deleted_.end()) return false;
  if (now - found->second < remembered_for) return true;
  deleted_.erase(found);
  journal_.erase(table, reference);
  return false;
}

}  // namespace sitelatch::route53
