// SPDX-License-Identifier: Apache-2.0
#include "guard/rules/holes.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.h"

namespace sitelatch::guard {
namespace {

// A tag may hold nothing, but an empty one reads like a mistake.
constexpr std::string_view no_holes = "none";

constexpr std::array<std::string_view, 5> known_holes = {
    hole::secondary_health, hole::target_health, hole::unreachable_primary, hole::function_region,
    hole::kms_key};

}  // namespace

std::span<const std::string_view> hole_names() { return known_holes; }

bool is_hole(std::string_view name) {
  return std::find(known_holes.begin(), known_holes.end(), name) != known_holes.end();
}

std::string_view consequence(std::string_view name) {
  if (name == hole::secondary_health)
    return "while both sites look unhealthy, DNS answers a latched Primary";
  if (name == hole::target_health)
    return "DNS moves to Backup and back to Primary without alarm and latch";
  if (name == hole::unreachable_primary)
    return "nobody knows from here whether the latch path fails at Primary";
  if (name == hole::function_region) return "the alarm may never reach the function";
  if (name == hole::kms_key) return "the alarm may not be allowed to publish";
  return "";
}

std::string holes_text(const HoleNames& names) {
  if (names.empty()) return std::string{no_holes};
  return join({names.begin(), names.end()}, " ");
}

HoleNames read_holes(std::string_view text) {
  HoleNames names;
  for (const auto name : split(text, ' '))
    if (is_hole(name)) names.emplace(name);
  return names;
}

}  // namespace sitelatch::guard
