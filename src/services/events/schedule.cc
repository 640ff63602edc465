// SPDX-License-Identifier: Apache-2.0
#include "services/events/schedule.h"

#include "base/text.h"
#include "services/events/cron_field.h"

namespace sitelatch::events {
namespace {

constexpr int first_year = 1970, last_year = 2199;
constexpr std::int64_t longest_period_s = 100LL * 366 * 24 * 3600;  // beyond it a tick is never
constexpr FieldRange minute_range{0, 59}, hour_range{0, 23}, day_range{1, 31}, month_range{1, 12},
    weekday_range{1, 7}, year_range{first_year, last_year};

std::optional<std::int64_t> unit_seconds(std::string_view unit, bool one) {
  if (unit == (one ? "minute" : "minutes")) return 60;
  if (unit == (one ? "hour" : "hours")) return 3600;
  if (unit == (one ? "day" : "days")) return 86'400;
  return std::nullopt;
}

std::optional<Schedule> parse_rate(std::string_view inner) {
  const auto parts = split(inner, ' ');
  if (parts.size() != 2 || parts[0].empty() || parts[0].size() > 9 ||
      parts[0].find_first_not_of("0123456789") != std::string_view::npos)
    return std::nullopt;
  const auto number = *parse_int(parts[0]);
  const auto unit = unit_seconds(parts[1], number == 1);
  if (number < 1 || !unit) return std::nullopt;
  return Rate{number * *unit};
}

template <std::size_t N>
bool read_set(std::string_view text, const FieldRange& range, const FieldNames& names, int offset,
              std::bitset<N>& out) {
  const auto values = parse_values(text, range, names);
  if (!values) return false;
  for (const int value : *values) out.set(static_cast<std::size_t>(value - offset));
  return true;
}

std::optional<MonthDays> parse_days(std::string_view text) {
  MonthDays out;
  for (const auto item : split(text, ',')) {
    if (item == "L") {
      out.last = true;
    } else if (item.size() > 1 && item.ends_with('W')) {
      const auto day = parse_number(item.substr(0, item.size() - 1), day_range, no_names);
      if (!day) return std::nullopt;
      out.nearest_weekdays.push_back(*day);
    } else if (!read_set(item, day_range, no_names, 0, out.days)) {
      return std::nullopt;
    }
  }
  return out;
}

std::optional<WeekDays> parse_nth_weekday(std::string_view text) {
  const auto parts = split(text, '#');
  if (parts.size() != 2) return std::nullopt;
  const auto weekday = parse_number(parts[0], weekday_range, weekday_names);
  const auto nth = parse_number(parts[1], FieldRange{1, 5}, no_names);
  if (!weekday || !nth) return std::nullopt;
  WeekDays out;
  out.nth = NthWeekday{*weekday, *nth};
  return out;
}

std::optional<WeekDays> parse_weekdays(std::string_view text) {
  if (text.find('#') != std::string_view::npos) return parse_nth_weekday(text);
  WeekDays out;
  for (const auto item : split(text, ',')) {
    if (item == "L") {
      out.days.set(7);  // alone it means the last day of the week, SAT
    } else if (item.size() > 1 && item.ends_with('L')) {
      const auto day = parse_number(item.substr(0, item.size() - 1), weekday_range, weekday_names);
      if (!day) return std::nullopt;
      out.last.push_back(*day);
    } else if (item.find('/') != std::string_view::npos ||
               !read_set(item, weekday_range, weekday_names, 0, out.days)) {
      return std::nullopt;
    }
  }
  return out;
}

std::optional<Schedule> parse_cron(std::string_view inner) {
  const auto fields = split(inner, ' ');
  if (fields.size() != 6) return std::nullopt;
  Cron out;
  if (!read_set(fields[0], minute_range, no_names, 0, out.minutes) ||
      !read_set(fields[1], hour_range, no_names, 0, out.hours) ||
      !read_set(fields[3], month_range, month_names, 0, out.months) ||
      !read_set(fields[5], year_range, no_names, first_year, out.years))
    return std::nullopt;
  const bool by_weekday = fields[2] == "?";
  if (by_weekday == (fields[4] == "?")) return std::nullopt;  // exactly one of them
  if (by_weekday) {
    const auto days = parse_weekdays(fields[4]);
    if (!days) return std::nullopt;
    out.day = *days;
  } else {
    const auto days = parse_days(fields[2]);
    if (!days) return std::nullopt;
    out.day = *days;
  }
  return out;
}

// --- The calendar ---

int days_in_month(int year, int month) {
  const int next_year = month == 12 ? year + 1 : year, next_month = month == 12 ? 1 : month + 1;
  const auto length =
      from_civil(next_year, next_month, 1, 0, 0, 0) - from_civil(year, month, 1, 0, 0, 0);
  return static_cast<int>(length / std::chrono::hours{24});
}
int weekday_of(int year, int month, int day) {  // 1 = SUN
  return civil(from_civil(year, month, day, 0, 0, 0)).weekday + 1;
}

// The weekday (Monday to Friday) nearest to the day, within its month.
int nearest_weekday(int year, int month, int day, int days) {
  const int wanted = day > days ? 0 : day;
  if (wanted == 0) return 0;  // the month has no such day
  const int weekday = weekday_of(year, month, wanted);
  if (weekday == 7) return wanted > 1 ? wanted - 1 : wanted + 2;
  if (weekday == 1) return wanted < days ? wanted + 1 : wanted - 2;
  return wanted;
}

bool is_due(const MonthDays& rule, int year, int month, int day, int days) {
  if (rule.days.test(static_cast<std::size_t>(day)) || (rule.last && day == days)) return true;
  for (const int wanted : rule.nearest_weekdays)
    if (nearest_weekday(year, month, wanted, days) == day) return true;
  return false;
}
bool is_due(const WeekDays& rule, int year, int month, int day, int days) {
  const int weekday = weekday_of(year, month, day);
  if (rule.nth) return rule.nth->weekday == weekday && rule.nth->nth == (day + 6) / 7;
  for (const int wanted : rule.last)
    if (wanted == weekday && day + 7 > days) return true;
  return rule.days.test(static_cast<std::size_t>(weekday));
}

std::optional<Instant> next_on_day(const Cron& cron, int year, int month, int day, Instant after) {
  for (int hour = 0; hour < 24; ++hour) {
    if (!cron.hours.test(static_cast<std::size_t>(hour))) continue;
    for (int minute = 0; minute < 60; ++minute) {
      if (!cron.minutes.test(static_cast<std::size_t>(minute))) continue;
      const auto tick = from_civil(year, month, day, hour, minute, 0);
      if (tick > after) return tick;
    }
  }
  return std::nullopt;
}

std::optional<Instant> next_in_month(const Cron& cron, int year, int month, Instant after) {
  const int days = days_in_month(year, month);
  for (int day = 1; day <= days; ++day) {
    if (from_civil(year, month, day, 23, 59, 0) <= after) continue;
    const bool due = std::visit(
        [&](const auto& rule) { return is_due(rule, year, month, day, days); }, cron.day);
    if (!due) continue;
    if (const auto tick = next_on_day(cron, year, month, day, after)) return tick;
  }
  return std::nullopt;
}

std::optional<Instant> next_cron_tick(const Cron& cron, Instant after) {
  const CivilTime from = civil(after);
  for (int year = std::max(from.year, first_year); year <= last_year; ++year) {
    if (!cron.years.test(static_cast<std::size_t>(year - first_year))) continue;
    for (int month = year == from.year ? from.month : 1; month <= 12; ++month) {
      if (!cron.months.test(static_cast<std::size_t>(month))) continue;
      if (const auto tick = next_in_month(cron, year, month, after)) return tick;
    }
  }
  return std::nullopt;
}

std::optional<Instant> next_rate_tick(const Rate& rate, Instant start, Instant after) {
  if (rate.period_s > longest_period_s) return std::nullopt;
  const Duration period = std::chrono::seconds{rate.period_s};
  if (after < start) return start + period;
  const auto elapsed = (after - start) / period;
  return start + period * (elapsed + 1);
}

}  // namespace

std::optional<Schedule> parse_schedule(std::string_view expression) {
  if (!expression.ends_with(')')) return std::nullopt;
  const auto inner = [&](std::size_t head) {
    return expression.substr(head, expression.size() - head - 1);
  };
  if (expression.starts_with("rate(")) return parse_rate(inner(5));
  if (expression.starts_with("cron(")) return parse_cron(inner(5));
  return std::nullopt;
}

std::optional<Instant> next_tick(const Schedule& schedule, Instant start, Instant after) {
  if (const auto* rate = std::get_if<Rate>(&schedule)) return next_rate_tick(*rate, start, after);
  return next_cron_tick(std::get<Cron>(schedule), after);
}

}  // namespace sitelatch::events
