// SPDX-License-Identifier: Apache-2.0
#include "services/events/cron_field.h"

#include <array>

#include "base/text.h"

namespace sitelatch::events {
namespace {

constexpr std::array<std::string_view, 12> months{"JAN", "FEB", "MAR", "APR", "MAY", "JUN",
                                                  "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"};
constexpr std::array<std::string_view, 7> weekdays{"SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"};
constexpr int years_begin = 1970;

struct Range {
  int from, to;
  bool open = false;  // a single value: a step goes on from it to the end
};

std::optional<Range> parse_range(std::string_view text, const FieldRange& range, FieldNames names) {
  if (text == "*") return Range{range.least, range.most};
  const auto ends = split(text, '-');
  if (ends.size() > 2) return std::nullopt;
  const auto from = parse_number(ends[0], range, names);
  if (!from) return std::nullopt;
  if (ends.size() == 1) return Range{*from, *from, true};
  const auto to = parse_number(ends[1], range, names);
  if (!to || (*to < *from && range.least == years_begin)) return std::nullopt;
  return Range{*from, *to};
}

void add(std::vector<int>& out, const Range& chosen, int step, const FieldRange& range) {
  const int size = range.most - range.least + 1;
  const int length =
      chosen.to >= chosen.from ? chosen.to - chosen.from : chosen.to + size - chosen.from;
  for (int i = 0; i <= length; i += step) {
    const int value = chosen.from + i;
    out.push_back(value > range.most ? value - size : value);
  }
}

bool add_item(std::string_view item, const FieldRange& range, FieldNames names,
              std::vector<int>& out) {
  const auto parts = split(item, '/');
  if (parts.size() > 2) return false;
  auto chosen = parse_range(parts[0], range, names);
  if (!chosen) return false;
  int step = 1;
  if (parts.size() == 2) {
    const auto given = parse_number(parts[1], FieldRange{1, range.most}, no_names);
    if (!given) return false;
    step = *given;
    if (chosen->open) chosen->to = range.most;
  }
  add(out, *chosen, step, range);
  return true;
}

}  // namespace

const FieldNames no_names{};
const FieldNames month_names{months};
const FieldNames weekday_names{weekdays};

std::optional<int> parse_number(std::string_view text, const FieldRange& range, FieldNames names) {
  for (std::size_t i = 0; i < names.size(); ++i)
    if (names[i] == text) return range.least + static_cast<int>(i);
  if (text.empty() || text.size() > 4 ||
      text.find_first_not_of("0123456789") != std::string_view::npos)
    return std::nullopt;
  const auto number = static_cast<int>(*parse_int(text));
  if (number < range.least || number > range.most) return std::nullopt;
  return number;
}

std::optional<std::vector<int>> parse_values(std::string_view text, const FieldRange& range,
                                             FieldNames names) {
  std::vector<int> out;
  for (const auto item : split(text, ','))
    if (!add_item(item, range, names, out)) return std::nullopt;
  return out;
}

}  // namespace sitelatch::events
