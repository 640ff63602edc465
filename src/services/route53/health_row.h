// SPDX-License-Identifier: Apache-2.0
// How the journal keeps the health of one check (table route53.health): "u a 1767225600000
// 1767225599000 Failure: ...": real status h|u, force a|+|-, since, time of the last failure (ms; 0
// none), its words. A check without a row is as new.
#pragma once

#include <string>
#include <string_view>

#include "services/route53/health_checks.h"

namespace sitelatch::route53 {

struct StoredHealth {
  Status real_status = Status::healthy;
  Forced forced = Forced::none;
  Instant since{};
  std::optional<ObservedStatus> last_failure;
};

std::string to_row(const StoredHealth& health);
StoredHealth health_from_row(std::string_view row);

}  // namespace sitelatch::route53
