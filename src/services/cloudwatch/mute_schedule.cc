// SPDX-License-Identifier: Apache-2.0
#include "services/cloudwatch/mute_schedule.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"

namespace sitelatch::cloudwatch {
namespace {

using namespace std::chrono;

constexpr Duration longest_mute = hours{24 * 15};
constexpr int days_ahead = 366 * 8;  // every date comes within eight years
constexpr std::array<std::string_view, 12> month_names = {"JAN", "FEB", "MAR", "APR", "MAY", "JUN",
                                                          "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"};
constexpr std::array<std::string_view, 7> weekday_names = {"SUN", "MON", "TUE", "WED",
                                                           "THU", "FRI", "SAT"};

Instant start_of_day(Instant at) {
  const auto t = civil(at);
  return from_civil(t.year, t.month, t.day, 0, 0, 0);
}

struct Field {
  int least, most;
  const std::string_view* names = nullptr;  // of least, least + 1, ...
  std::size_t name_count = 0;
};

std::optional<int> value_of(std::string_view text, const Field& field) {
  for (std::size_t i = 0; i < field.name_count; ++i)
    if (equal_ignoring_case(text, field.names[i])) return field.least + static_cast<int>(i);
  if (text.empty() || text.size() > 2) return std::nullopt;
  const auto number = parse_int(text);
  if (!number || *number < field.least || *number > field.most) return std::nullopt;
  return static_cast<int>(*number);
}

// False: not such a field.
template <std::size_t size>
bool read_field(std::string_view text, const Field& field, std::bitset<size>& out) {
  for (const auto part : split(text, ',')) {
    if (part == "*") {
      for (int i = field.least; i <= field.most; ++i) out.set(static_cast<std::size_t>(i));
      continue;
    }
    const auto dash = part.find('-');
    const auto from = value_of(part.substr(0, dash), field);
    const auto to = dash == part.npos ? from : value_of(part.substr(dash + 1), field);
    if (!from || !to || *from > *to) return false;
    for (int i = *from; i <= *to; ++i) out.set(static_cast<std::size_t>(i));
  }
  return out.any();
}

// "P2DT12H": days, then behind a T hours and minutes.
std::optional<Duration> read_duration(std::string_view text) {
  if (text.size() < 3 || text.front() != 'P') return std::nullopt;
  Duration out{};
  std::string digits;
  std::string_view units = "D";
  bool any = false;
  for (const char c : text.substr(1)) {
    if (c >= '0' && c <= '9') {
      digits += c;
      if (digits.size() > 5) return std::nullopt;
      continue;
    }
    if (c == 'T' && digits.empty() && units.size() <= 1) {
      units = "HM";
      any = false;  // something must follow it
      continue;
    }
    const auto unit = units.find(c);
    const auto number = parse_int(digits);
    if (unit == units.npos || !number) return std::nullopt;
    out += c == 'D'   ? Duration{hours{24 * *number}}
           : c == 'H' ? Duration{hours{*number}}
                      : Duration{minutes{*number}};
    units = c == 'D' ? std::string_view{} : units.substr(unit + 1);
    digits.clear();
    any = true;
  }
  if (!any || !digits.empty()) return std::nullopt;
  return out;
}

std::optional<std::string_view> inside(std::string_view text, std::string_view word) {
  if (!text.starts_with(word) || !text.ends_with(')') || text.size() <= word.size() + 1)
    return std::nullopt;
  return text.substr(word.size(), text.size() - word.size() - 1);
}

}  // namespace

Result<MuteSchedule> MuteSchedule::parse(const Text& text) {
  MuteSchedule out;
  const auto wrong = problem(fmt::format(
      "The schedule expression {} is not valid. It must be cron(Minutes Hours Day-of-month Month "
      "Day-of-week) or at(yyyy-MM-ddThh:mm).",
      text.expression));
  if (const auto date = inside(text.expression, "at(")) {
    if (date->size() != 16) return wrong;
    out.at_ = parse_iso8601(std::string{*date} + ":00Z");
    if (!out.at_) return wrong;
  } else if (const auto cron = inside(text.expression, "cron(")) {
    std::vector<std::string_view> fields;
    for (const auto part : split(*cron, ' '))
      if (!part.empty()) fields.push_back(part);
    if (fields.size() != 5) return wrong;
    std::bitset<8> weekdays;
    if (!read_field(fields[0], {0, 59}, out.minutes_) ||
        !read_field(fields[1], {0, 23}, out.hours_) || !read_field(fields[2], {1, 31}, out.days_) ||
        !read_field(fields[3], {1, 12, month_names.data(), month_names.size()}, out.months_) ||
        !read_field(fields[4], {0, 7, weekday_names.data(), weekday_names.size()}, weekdays))
      return wrong;
    for (std::size_t i = 0; i < 8; ++i)
      if (weekdays[i]) out.weekdays_.set(i % 7);
    out.any_day_ = fields[2] == "*";
    out.any_weekday_ = fields[4] == "*";
  } else {
    return wrong;
  }
  const auto duration = read_duration(text.duration);
  if (!duration || *duration < minutes{1} || *duration > longest_mute)
    return problem(fmt::format(
        "The duration {} is not valid. It must be an ISO 8601 duration between PT1M and P15D.",
        text.duration));
  out.duration_ = *duration;
  const auto zone = text.timezone.empty() ? TimeZone{} : TimeZone::named(text.timezone);
  if (!zone)
    return problem(
        fmt::format("The timezone {} is not valid. It must be a name such as UTC or "
                    "Europe/London.",
                    text.timezone));
  out.zone_ = *zone;
  return out;
}

// Where both kinds of days are restricted either will do, as cron has it.
bool MuteSchedule::on_day(Instant day) const {
  const auto t = civil(day);
  if (!months_[static_cast<std::size_t>(t.month)]) return false;
  const bool date = days_[static_cast<std::size_t>(t.day)];
  const bool weekday = weekdays_[static_cast<std::size_t>(t.weekday)];
  return any_day_ || any_weekday_ ? date && weekday : date || weekday;
}

// Local times do not always follow each other as instants do: an hour comes twice in autumn.
std::optional<Instant> MuteSchedule::last_tick(Instant now) const {
  auto local = last_local(zone_.to_local(now) + hours{1});
  while (local && zone_.to_utc(*local) > now) local = last_local(*local - minutes{1});
  if (!local) return std::nullopt;
  return zone_.to_utc(*local);
}
std::optional<Instant> MuteSchedule::next_tick(Instant now) const {
  auto local = next_local(zone_.to_local(now) - hours{1});
  while (local && zone_.to_utc(*local) <= now) local = next_local(*local);
  if (!local) return std::nullopt;
  return zone_.to_utc(*local);
}

std::optional<Instant> MuteSchedule::last_local(Instant now) const {
  if (at_) return *at_ <= now ? at_ : std::nullopt;
  for (auto day = start_of_day(now); now - day <= longest_mute + hours{24}; day -= hours{24}) {
    if (!on_day(day)) continue;
    for (int hour = 23; hour >= 0; --hour) {
      if (!hours_[static_cast<std::size_t>(hour)] || day + hours{hour} > now) continue;
      for (int minute = 59; minute >= 0; --minute)
        if (const auto tick = day + hours{hour} + minutes{minute};
            minutes_[static_cast<std::size_t>(minute)] && tick <= now)
          return tick;
    }
  }
  return std::nullopt;
}

std::optional<Instant> MuteSchedule::next_local(Instant now) const {
  if (at_) return *at_ > now ? at_ : std::nullopt;
  auto day = start_of_day(now);
  for (int i = 0; i < days_ahead && day < latest; ++i, day += hours{24}) {
    if (!on_day(day)) continue;
    for (int hour = 0; hour < 24; ++hour) {
      if (!hours_[static_cast<std::size_t>(hour)]) continue;
      for (int minute = 0; minute < 60; ++minute)
        if (const auto tick = day + hours{hour} + minutes{minute};
            minutes_[static_cast<std::size_t>(minute)] && tick > now)
          return tick;
    }
  }
  return std::nullopt;
}

bool MuteSchedule::mutes(Instant now) const {
  const auto tick = last_tick(now);
  return tick && now < *tick + duration_;
}

std::optional<Instant> MuteSchedule::next_change(Instant now) const {
  const auto tick = last_tick(now);
  if (tick && now < *tick + duration_) return *tick + duration_;
  return next_tick(now);
}

}  // namespace sitelatch::cloudwatch
