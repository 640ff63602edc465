// SPDX-License-Identifier: Apache-2.0
// One field of a cron expression: lists of values, ranges (20-2 wraps around, but not for years)
// and steps. Used by schedule.cc only; the wildcards ? L W # are its.
#pragma once

#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace sitelatch::events {

struct FieldRange {
  int least, most;
};
// Names stand for the range's values in order, from its least.
using FieldNames = std::span<const std::string_view>;
extern const FieldNames no_names, month_names, weekday_names;

std::optional<int> parse_number(std::string_view text, const FieldRange& range, FieldNames names);
// "*", "5", "5-8", "20-2", "0/15", "*/15", "8-17/2" and lists of them. Nothing for other text.
std::optional<std::vector<int>> parse_values(std::string_view text, const FieldRange& range,
                                             FieldNames names);

}  // namespace sitelatch::events
