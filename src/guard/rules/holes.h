// SPDX-License-Identifier: Apache-2.0
// Holes: known ways in which DNS could answer a failed Primary, or a guard could fail to notice,
// that are not the guard's to close. A guard is not armed while there is one, unless a person
// accepts it by its name; what was accepted stands in a tag of the notify topic, is a link of
// status, and is asked again where the guard is disarmed.
#pragma once

#include <set>
#include <span>
#include <string>
#include <string_view>

namespace sitelatch::guard {

using HoleNames = std::set<std::string, std::less<>>;

namespace hole {
// The SECONDARY record has a health check, or evaluates its target's: with both sites unhealthy
// Route 53 answers Primary.
inline constexpr std::string_view secondary_health = "secondary-health";
// A record of Primary's evaluates its target's health: DNS moves, and moves back, past the latch.
inline constexpr std::string_view target_health = "target-health";
// Primary cannot be asked from here, so nobody knows what its latch path answers.
inline constexpr std::string_view unreachable_primary = "unreachable-primary";
// SNS may not deliver to functions in the function's region.
inline constexpr std::string_view function_region = "function-region";
// The policy of the alarm topic's key is not seen to let CloudWatch publish.
inline constexpr std::string_view kms_key = "kms-key";
}  // namespace hole

std::span<const std::string_view> hole_names();
bool is_hole(std::string_view name);
// What accepting it means, as the end of a sentence: "while both sites look unhealthy, ...".
std::string_view consequence(std::string_view name);

// As the value of the tag sitelatch:accepted-holes and back; what is no hole's name is left out.
std::string holes_text(const HoleNames& names);  // "secondary-health target-health"; "none"
HoleNames read_holes(std::string_view text);

}  // namespace sitelatch::guard
