// SPDX-License-Identifier: Apache-2.0
// Two times, two types, so that they cannot be mixed up (ARCHITECTURE.md, idea 5).
// Instant: the engine's time, which may run faster or stand still; drives intervals, periods,
// retries, timestamps. WallInstant: the world's time; drives signature skew, credential expiry,
// socket and process limits.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sitelatch {

using Duration = std::chrono::nanoseconds;

// The clock of Instant. Has no now(): the time is an argument (ports/timers.h).
struct EngineClock {
  using duration = Duration;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<EngineClock, duration>;
  static constexpr bool is_steady = false;
};
using Instant = EngineClock::time_point;  // nanoseconds since the Unix epoch, UTC

// The starts of 1950 and 2200: any two instants between them differ by less than a Duration holds,
// and forty years may be added to each. Times from outside are brought into this range.
inline constexpr Instant earliest{std::chrono::seconds{-631'152'000}};
inline constexpr Instant latest{std::chrono::seconds{7'258'118'400}};

using WallInstant = std::chrono::time_point<std::chrono::system_clock, Duration>;

// Between Instant and numbers, as AWS's wire and our store carry them.
// (The conversions into Instant bring what lies outside earliest..latest to the nearer of the two.)
std::int64_t unix_ms(Instant t);
std::int64_t unix_seconds(Instant t);
double unix_seconds_fractional(Instant t);  // millisecond resolution
Instant from_unix_ms(std::int64_t ms);
Instant from_unix_seconds(double seconds);

// "2026-11-22T10:42:21.231Z" / "2026-11-22T10:42:21Z" / "2026-11-22T10:42:21.231+0000"
// (CloudWatch's alarm messages)
std::string iso8601_ms(Instant t);
std::string iso8601_seconds(Instant t);
std::string iso8601_ms_offset(Instant t);
// Reads the first two forms of the years 1 to 9999, any number of fraction digits, Z or a numeric
// offset. Nothing for other text.
std::optional<Instant> parse_iso8601(std::string_view text);

// The date of HTTP (RFC 9110 5.6.7, IMF-fixdate): "Sun, 22 Nov 2026 10:42:21 GMT". Read with or
// without a fraction of the second, as AWS's shapes of this format have it; the obsolete forms are
// not.
std::string http_date(Instant t);
std::optional<Instant> parse_http_date(std::string_view text);

// UTC calendar fields of an instant.
struct CivilTime {
  int year, month, day, hour, minute, second, millisecond;
  int weekday;  // 0 = Sunday
};
CivilTime civil(Instant t);
Instant from_civil(int year, int month, int day, int hour, int minute, int second);

// "90s", "1h30m", "500ms", "2d": what people type. Nothing for other text or for overflow.
std::optional<Duration> parse_duration(std::string_view text);
std::string describe(Duration d);  // "1h30m", "90s", "250ms"

}  // namespace sitelatch
