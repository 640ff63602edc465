// SPDX-License-Identifier: Apache-2.0
#include "engine/realism/fault.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace sitelatch::realism {
namespace {

constexpr std::array<std::pair<FaultKind, std::string_view>, 5> kinds{{
    {FaultKind::throttle, "throttle"},
    {FaultKind::deny, "deny"},
    {FaultKind::outage, "outage"},
    {FaultKind::lag, "lag"},
    {FaultKind::lose_answer, "lose-answer"},
}};

}  // namespace

bool fits(std::string_view pattern, std::string_view operation) {
  if (!pattern.ends_with('*')) return pattern == operation && !pattern.empty();
  pattern.remove_suffix(1);
  return operation.starts_with(pattern);
}

std::string_view to_string(FaultKind kind) {
  for (const auto& [each, name] : kinds)
    if (each == kind) return name;
  return "";
}

std::optional<FaultKind> fault_kind(std::string_view text) {
  for (const auto& [each, name] : kinds)
    if (name == text) return each;
  return std::nullopt;
}

bool Fault::hits(const Request& request) const {
  return service == request.service && (operation.empty() || fits(operation, request.operation)) &&
         (region.empty() || region == request.region);
}

std::string describe(const Fault& fault) {
  auto out = fmt::format("{} {}{}", to_string(fault.kind), fault.service,
                         fault.operation.empty() ? "" : " " + fault.operation);
  if (!fault.region.empty()) out += " in " + fault.region;
  if (fault.kind == FaultKind::lag) out += ", " + sitelatch::describe(fault.behind) + " behind";
  if (fault.count)
    out += fmt::format(", {} more {}", *fault.count, *fault.count == 1 ? "request" : "requests");
  if (fault.until) out += ", until " + iso8601_seconds(*fault.until);
  return out;
}

void FaultBook::forget(Instant now) {
  std::erase_if(faults_, [now](const auto& entry) { return entry.second.over(now); });
}

const std::map<std::uint64_t, Fault>& FaultBook::faults(Instant now) {
  forget(now);
  return faults_;
}

std::optional<Fault> FaultBook::take(FaultKind kind, const Request& request, Instant now) {
  for (auto& [id, fault] : faults_) {
    if (fault.kind != kind || fault.over(now) || !fault.hits(request)) continue;
    if (fault.count) --*fault.count;
    return fault;
  }
  return std::nullopt;
}

bool FaultBook::is_out(std::string_view service, std::string_view region, Instant now) const {
  return std::any_of(faults_.begin(), faults_.end(), [&](const auto& entry) {
    const Fault& fault = entry.second;
    return fault.kind == FaultKind::outage && fault.operation.empty() && !fault.over(now) &&
           fault.hits({service, "", region});
  });
}

Duration FaultBook::longest_lag(Instant now) const {
  Duration longest{};
  for (const auto& [id, fault] : faults_)
    if (fault.kind == FaultKind::lag && !fault.over(now)) longest = std::max(longest, fault.behind);
  return longest;
}

}  // namespace sitelatch::realism
