// SPDX-License-Identifier: Apache-2.0
// How often Primary fails in a year, and for how long: a file of lines
//
//   # what we saw in 2025
//   20s   24            an outage of 20 seconds, 24 times a year
//   60s   6   hangs     of another kind (plan.h, Ailment)
//   1h    0.5
//
// Durations as everywhere (90s, 5m, 1h30m; a bare number is seconds), a number of times, and where
// it is not `refuses` the kind. Blank lines and what follows a # are comments. At most a thousand
// lines; an outage lasts a day at most, and happens a million times a year at most.
#pragma once

#include <string_view>
#include <vector>

#include "base/result.h"
#include "simulation/plan.h"

namespace sitelatch::simulation {

struct Expected {
  Ms length = 0;
  double a_year = 0;
  Ailment ailment = Ailment::refuses;
};
using Profile = std::vector<Expected>;
Result<Profile> parse_profile(std::string_view text);

// "60s", "5m", "90": an outage of a day at most. Nothing for other text.
std::optional<Ms> parse_length(std::string_view text);

}  // namespace sitelatch::simulation
