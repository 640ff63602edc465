// SPDX-License-Identifier: Apache-2.0
#include "base/time.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

namespace sitelatch {

using namespace std::chrono;

std::int64_t unix_ms(Instant t) { return floor<milliseconds>(t.time_since_epoch()).count(); }
std::int64_t unix_seconds(Instant t) { return floor<seconds>(t.time_since_epoch()).count(); }
double unix_seconds_fractional(Instant t) { return static_cast<double>(unix_ms(t)) / 1000.0; }
Instant from_unix_ms(std::int64_t ms) {
  if (ms <= unix_ms(earliest)) return earliest;
  return ms >= unix_ms(latest) ? latest : Instant{milliseconds{ms}};
}
Instant from_unix_seconds(double s) {
  if (!(s * 1000 > static_cast<double>(unix_ms(earliest)))) return earliest;  // NaN too
  if (s * 1000 >= static_cast<double>(unix_ms(latest))) return latest;
  return Instant{milliseconds{static_cast<std::int64_t>(s * 1000.0 + (s < 0 ? -0.5 : 0.5))}};
}

CivilTime civil(Instant t) {
  const auto since = t.time_since_epoch();
  const auto whole_days = floor<days>(since);
  const year_month_day date{sys_days{whole_days}};
  const auto ms = floor<milliseconds>(since - whole_days).count();
  return {static_cast<int>(date.year()),
          static_cast<int>(static_cast<unsigned>(date.month())),
          static_cast<int>(static_cast<unsigned>(date.day())),
          static_cast<int>(ms / 3600000),
          static_cast<int>(ms / 60000 % 60),
          static_cast<int>(ms / 1000 % 60),
          static_cast<int>(ms % 1000),
          static_cast<int>(weekday{sys_days{whole_days}}.c_encoding())};
}

Instant from_civil(int y, int mo, int d, int h, int mi, int s) {
  if (y < 1950) return earliest;
  if (y >= 2200) return latest;
  const sys_days date{year{y} / month{static_cast<unsigned>(mo)} / day{static_cast<unsigned>(d)}};
  return Instant{date.time_since_epoch() + hours{h} + minutes{mi} + seconds{s}};
}

std::string iso8601_seconds(Instant t) {
  const auto c = civil(t);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", c.year, c.month, c.day, c.hour,
                     c.minute, c.second);
}
static std::string with_ms(Instant t, std::string_view zone) {
  const auto c = civil(t);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}{}", c.year, c.month, c.day, c.hour,
                     c.minute, c.second, c.millisecond, zone);
}
std::string iso8601_ms(Instant t) { return with_ms(t, "Z"); }
std::string iso8601_ms_offset(Instant t) { return with_ms(t, "+0000"); }

namespace {

constexpr std::string_view day_names = "SunMonTueWedThuFriSat";
constexpr std::string_view month_names = "JanFebMarAprMayJunJulAugSepOctNovDec";
// Takes exactly `digits` decimal digits off the front.
std::optional<int> take_number(std::string_view& text, std::size_t digits) {
  if (text.size() < digits) return std::nullopt;
  int value = 0;
  for (std::size_t i = 0; i < digits; ++i) {
    if (text[i] < '0' || text[i] > '9') return std::nullopt;
    value = value * 10 + (text[i] - '0');
  }
  text.remove_prefix(digits);
  return value;
}
bool take(std::string_view& text, char c) {
  if (text.empty() || text.front() != c) return false;
  text.remove_prefix(1);
  return true;
}
std::optional<Duration> take_fraction(std::string_view& text) {
  if (!take(text, '.')) return Duration{0};
  std::int64_t nanos = 0, scale = 100'000'000;
  std::size_t digits = 0;
  while (!text.empty() && text.front() >= '0' && text.front() <= '9') {
    nanos += (text.front() - '0') * scale;
    scale /= 10;
    ++digits;
    text.remove_prefix(1);
  }
  if (digits == 0) return std::nullopt;
  return Duration{nanos};
}
std::optional<Duration> take_offset(std::string_view& text) {
  if (take(text, 'Z') || take(text, 'z')) return Duration{0};
  if (text.empty() || (text.front() != '+' && text.front() != '-')) return std::nullopt;
  const bool east = text.front() == '+';
  text.remove_prefix(1);
  const auto h = take_number(text, 2);
  take(text, ':');
  const auto m = take_number(text, 2);
  if (!h || !m) return std::nullopt;
  const Duration offset = hours{*h} + minutes{*m};
  return east ? offset : -offset;
}
}  // namespace

std::optional<Instant> parse_iso8601(std::string_view text) {
  const auto y = take_number(text, 4);
  if (!y || !take(text, '-')) return std::nullopt;
  const auto mo = take_number(text, 2);
  if (!mo || !take(text, '-')) return std::nullopt;
  const auto d = take_number(text, 2);
  if (!d || !(take(text, 'T') || take(text, 't') || take(text, ' '))) return std::nullopt;
  const auto h = take_number(text, 2);
  if (!h || !take(text, ':')) return std::nullopt;
  const auto mi = take_number(text, 2);
  if (!mi) return std::nullopt;
  int s = 0;
  if (take(text, ':')) {
    const auto seconds_field = take_number(text, 2);
    if (!seconds_field) return std::nullopt;
    s = *seconds_field;
  }
  const auto fraction = take_fraction(text);
  const auto offset = take_offset(text);
  if (!fraction || !offset || !text.empty()) return std::nullopt;
  const year_month_day date{year{*y} / month{static_cast<unsigned>(*mo)} /
                            day{static_cast<unsigned>(*d)}};
  if (!date.ok() || *y < 1 || *h > 23 || *mi > 59 || s > 60) return std::nullopt;
  return std::clamp(from_civil(*y, *mo, *d, *h, *mi, s) + *fraction - *offset, earliest, latest);
}

std::string http_date(Instant t) {
  const auto c = civil(t);
  const auto day = static_cast<std::size_t>(c.weekday), month = static_cast<std::size_t>(c.month);
  return fmt::format("{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT", day_names.substr(3 * day, 3),
                     c.day, month_names.substr(3 * (month - 1), 3), c.year, c.hour, c.minute,
                     c.second);
}

std::optional<Instant> parse_http_date(std::string_view text) {
  constexpr std::string_view zone = " GMT";
  if (text.size() < 29 || text.substr(3, 2) != ", " || !text.ends_with(zone)) return std::nullopt;
  text.remove_suffix(zone.size());
  text.remove_prefix(5);
  const auto month = month_names.find(text.substr(3, 3));
  if (text[2] != ' ' || text[6] != ' ' || text[11] != ' ' || month == text.npos || month % 3 != 0)
    return std::nullopt;
  return parse_iso8601(fmt::format("{}-{:02}-{}T{}Z", text.substr(7, 4), month / 3 + 1,
                                   text.substr(0, 2), text.substr(12)));
}

std::optional<Duration> parse_duration(std::string_view text) {
  if (text.empty()) return std::nullopt;
  constexpr double longest_ns = 3.2e18;  // a hundred years
  double total_ns = 0;
  while (!text.empty()) {
    double number = 0;
    const auto [rest, error] =
        std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
    if (error != std::errc{} || number < 0) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(rest - text.data()));
    const auto unit_length = std::min(text.find_first_of("0123456789."), text.size());
    const auto unit = text.substr(0, unit_length);
    text.remove_prefix(unit_length);
    double ns = 0;
    if (unit == "ms")
      ns = 1e6;
    else if (unit == "s")
      ns = 1e9;
    else if (unit == "m")
      ns = 60e9;
    else if (unit == "h")
      ns = 3600e9;
    else if (unit == "d")
      ns = 86400e9;
    else
      return std::nullopt;
    total_ns += number * ns;
    if (!(total_ns < longest_ns)) return std::nullopt;
  }
  return Duration{std::llround(total_ns)};
}

std::string describe(Duration d) {
  if (d < Duration{0}) return "-" + describe(-d);
  auto ms = round<milliseconds>(d).count();
  if (ms < 1000) return fmt::format("{}ms", ms);
  std::string out;
  if (ms >= 86400000) out += fmt::format("{}d", ms / 86400000);
  if (ms / 3600000 % 24) out += fmt::format("{}h", ms / 3600000 % 24);
  if (ms / 60000 % 60) out += fmt::format("{}m", ms / 60000 % 60);
  if (ms % 60000) {
    out += ms % 1000 ? fmt::format("{:.1f}s", static_cast<double>(ms % 60000) / 1000.0)
                     : fmt::format("{}s", ms % 60000 / 1000);
  }
  return out;
}

}  // namespace sitelatch
