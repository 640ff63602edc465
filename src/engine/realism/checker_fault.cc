// SPDX-License-Identifier: Apache-2.0
#include "engine/realism/checker_fault.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace sitelatch::realism {

bool CheckerChoice::includes(const ports::ProbeRequest::Checker& checker) const {
  if (checker.number < first) return true;
  return std::any_of(named.begin(), named.end(), [&](const std::string& name) {
    return name == checker.region || name == fmt::format("{}/{}", checker.region, checker.which);
  });
}

Result<CheckerChoice> checker_choice(std::string_view text) {
  CheckerChoice out;
  if (const auto number = parse_int(text)) {
    if (*number <= 0) return failure(Problem{"how many checkers? a number above zero"});
    out.first = static_cast<std::size_t>(*number);
    return out;
  }
  for (const auto name : split(text, ',')) {
    if (name.empty())
      return failure(
          Problem{"which checkers? a number (13), Regions (eu-west-1,us-east-1) or single ones "
                  "(us-east-1/2)"});
    out.named.emplace_back(name);
  }
  return out;
}

std::string to_string(const CheckerChoice& choice) {
  return choice.first > 0 ? std::to_string(choice.first) : join(choice.named, ", ");
}

std::string describe(const CheckerFault& fault) {
  auto out = fmt::format("checkers of {}:", fault.health_check_id.empty()
                                                ? "all health checks"
                                                : "health check " + fault.health_check_id);
  if (!fault.cut_off.empty()) out += fmt::format(" {} cut off", to_string(fault.cut_off));
  if (fault.loss_percent > 0)
    out += fmt::format("{} lose {} %", fault.cut_off.empty() ? " all" : ", the others",
                       fault.loss_percent);
  if (fault.until) out += ", until " + iso8601_seconds(*fault.until);
  return out;
}

const std::map<std::uint64_t, CheckerFault>& CheckerFaultBook::faults(Instant now) {
  std::erase_if(faults_, [now](const auto& entry) { return entry.second.over(now); });
  return faults_;
}

bool CheckerFaultBook::reaches(const ports::ProbeRequest& request, Random& random,
                               Instant now) const {
  for (const auto& [id, fault] : faults_) {
    const bool meant =
        fault.health_check_id.empty() || fault.health_check_id == request.health_check_id;
    if (!meant || fault.over(now)) continue;
    if (fault.cut_off.includes(request.checker)) return false;
    if (fault.loss_percent > 0 && random.happens(fault.loss_percent / 100.0)) return false;
  }
  return true;
}

}  // namespace sitelatch::realism
