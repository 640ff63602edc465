// SPDX-License-Identifier: Apache-2.0
// Route 53's checkers: two in each of eight Regions, sixteen in all (fact route53-94), none of
// which knows of another. A check is probed by those of its Regions, of as many as the engine has.
// Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "ports/prober.h"

namespace sitelatch::route53 {

inline constexpr std::size_t most_checkers = 16;

// One of the sixteen.
struct CheckerPlace {
  std::uint8_t region = 0;  // index into checker_regions()
  std::uint8_t which = 1;   // 1 or 2
  friend bool operator==(const CheckerPlace&, const CheckerPlace&) = default;
};
const std::vector<std::string_view>& checker_regions();
std::string_view region_of(CheckerPlace place);
std::string name_of(CheckerPlace place);  // "us-east-1/2"

// The checkers of a check with these Regions (none: all), of an engine that has so many: one a
// Region in turn, as many as there are. So a single one is in the first Region.
std::vector<CheckerPlace> checkers_in(const std::vector<std::string>& regions,
                                      std::size_t checkers);

// What an observation tells: 127.0.0.1, 127.0.0.2, ...: all sit on the engine's machine.
std::string address_of_checker(std::size_t number);

}  // namespace sitelatch::route53
