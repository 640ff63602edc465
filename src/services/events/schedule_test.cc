// SPDX-License-Identifier: Apache-2.0
#include "services/events/schedule.h"

#include <doctest/doctest.h>

#include <string>

using namespace sitelatch;
using namespace sitelatch::events;
using namespace std::chrono_literals;

namespace {

// The ticks after `from`, as text, until there are `count`.
std::string ticks(const char* expression, Instant from, int count) {
  const auto schedule = parse_schedule(expression);
  REQUIRE(schedule.has_value());
  std::string out;
  for (int i = 0; i < count; ++i) {
    const auto next = next_tick(*schedule, from, from);
    if (!next) return out + "never";
    out += iso8601_seconds(*next) + " ";
    from = *next;
  }
  return out;
}
// 2026-01-01 is a Thursday.
const Instant new_year = from_civil(2026, 1, 1, 0, 0, 0);

}  // namespace

TEST_CASE("expressions that AWS accepts") {
  for (const char* text :
       {"rate(1 minute)", "rate(1 hour)", "rate(1 day)", "rate(2 minutes)", "rate(10 hours)",
        "rate(365 days)", "cron(0/15 * * * ? *)", "cron(5,35 14 * * ? *)",
        "cron(0 18 ? * MON-FRI *)", "cron(0/5 8-17 ? * MON-FRI *)", "cron(15 10 ? * 6L 2002-2005)",
        "cron(0/5 5 ? JAN 1-5 2022)", "cron(* * ? * SAT#3 *)", "cron(0/30 20-2 ? * MON-FRI *)",
        "cron(0 0 L * ? *)", "cron(0 0 3W * ? *)", "cron(0 0 ? * L *)",
        "cron(0 0 1,15,L * ? 2026/2)", "cron(59 23 31 DEC ? 2199)"}) {
    CAPTURE(text);
    CHECK(parse_schedule(text).has_value());
  }
}

TEST_CASE("expressions that AWS refuses") {
  for (const char* text : {"rate(10 seconds)",
                           "rate(10 years)",
                           "rate(1 minutes)",
                           "rate(1 hours)",
                           "rate(1 days)",
                           "rate(10 minute)",
                           "rate(10 hour)",
                           "rate(10 day)",
                           "rate()",
                           "rate(10)",
                           "rate(10 minutess)",
                           "rate(foo minutes)",
                           "rate(0 minutes)",
                           "rate(-10 minutes)",
                           "rate(10 MINUTES)",
                           "rate( 10 minutes )",
                           " rate(10 minutes)",
                           "rate(10 minutes) ",
                           "rate(10  minutes)",
                           "rate(1.5 hours)",
                           "rate(+1 minute)",
                           "rate(99999999999999999999 days)",
                           "RATE(1 minute)",
                           "",
                           "rate(1 minute",
                           "at(2026-01-01T00:00:00)",
                           "cron(INVALID)",
                           "cron(0 dummy ? * MON-FRI *)",
                           "cron(7 20 * * NOT *)",
                           "cron(71 8 1 * ? *)",
                           "cron(0 1 * * * *)",
                           "cron(0 1 ? * ? *)",
                           "cron(0 1 * * ?)",
                           "cron(0 1 * * ? * *)",
                           "cron(60 * * * ? *)",
                           "cron(* 24 * * ? *)",
                           "cron(* * 0 * ? *)",
                           "cron(* * 32 * ? *)",
                           "cron(* * * 0 ? *)",
                           "cron(* * * 13 ? *)",
                           "cron(* * ? * 0 *)",
                           "cron(* * ? * 8 *)",
                           "cron(* * * * ? 1969)",
                           "cron(* * * * ? 2200)",
                           "cron(* * * * ? 2005-2002)",
                           "cron(*/0 * * * ? *)",
                           "cron(1/2/3 * * * ? *)",
                           "cron(1-2-3 * * * ? *)",
                           "cron(, * * * ? *)",
                           "cron(1, * * * ? *)",
                           "cron(? * * * ? *)",
                           "cron(* * W * ? *)",
                           "cron(* * 0W * ? *)",
                           "cron(* * ? * SAT#6 *)",
                           "cron(* * ? * SAT#0 *)",
                           "cron(* * ? * 2#1,3#2 *)",
                           "cron(* * ? * MON/2 *)",
                           "cron(* * ? * mon *)",
                           "cron(* * * jan ? *)",
                           "cron(0 1  * * ? *)",
                           "cron( 0 1 * * ? *)",
                           "cron(-1 * * * ? *)",
                           "cron(* * LW * ? *)"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_schedule(text).has_value());
  }
}

TEST_CASE("a rate ticks whole periods after its start, never at it") {
  const auto rate = parse_schedule("rate(5 minutes)").value();
  const Instant start = new_year + 30s;
  CHECK(next_tick(rate, start, start) == start + 5min);
  CHECK(next_tick(rate, start, start + 5min - 1ns) == start + 5min);
  CHECK(next_tick(rate, start, start + 5min) == start + 10min);
  CHECK(next_tick(rate, start, start + 61min) == start + 65min);
  CHECK(next_tick(rate, start, start - 1h) == start + 5min);
  CHECK(next_tick(parse_schedule("rate(999999999 days)").value(), start, start) == std::nullopt);
}

TEST_CASE("cron ticks") {
  struct Row {
    const char* expression;
    const char* expected;
  };
  const Row rows[] = {
      {"cron(0/15 * * * ? *)", "2026-01-01T00:15:00Z 2026-01-01T00:30:00Z 2026-01-01T00:45:00Z "},
      {"cron(5,35 14 * * ? *)", "2026-01-01T14:05:00Z 2026-01-01T14:35:00Z 2026-01-02T14:05:00Z "},
      {"cron(0 18 ? * MON-FRI *)",
       "2026-01-01T18:00:00Z 2026-01-02T18:00:00Z 2026-01-05T18:00:00Z "},
      {"cron(0 0 L * ? *)", "2026-01-31T00:00:00Z 2026-02-28T00:00:00Z 2026-03-31T00:00:00Z "},
      {"cron(0 0 L FEB ? *)", "2026-02-28T00:00:00Z 2027-02-28T00:00:00Z 2028-02-29T00:00:00Z "},
      {"cron(0 12 ? * 6L *)", "2026-01-30T12:00:00Z 2026-02-27T12:00:00Z 2026-03-27T12:00:00Z "},
      {"cron(0 12 ? * SAT#3 *)", "2026-01-17T12:00:00Z 2026-02-21T12:00:00Z 2026-03-21T12:00:00Z "},
      {"cron(0 12 ? * 5#5 *)", "2026-01-29T12:00:00Z 2026-04-30T12:00:00Z 2026-07-30T12:00:00Z "},
      {"cron(0 12 ? * L *)", "2026-01-03T12:00:00Z 2026-01-10T12:00:00Z 2026-01-17T12:00:00Z "},
      // 3 January is a Saturday, 1 February a Sunday, 1 August a Saturday.
      {"cron(0 0 3W JAN ? *)", "2026-01-02T00:00:00Z 2027-01-04T00:00:00Z 2028-01-03T00:00:00Z "},
      {"cron(0 0 1W FEB,AUG ? 2026)", "2026-02-02T00:00:00Z 2026-08-03T00:00:00Z never"},
      {"cron(0 0 31W MAY ? 2026)", "2026-05-29T00:00:00Z never"},
      {"cron(0 0 31W * ? 2026)", "2026-01-30T00:00:00Z 2026-03-31T00:00:00Z 2026-05-29T00:00:00Z "},
      {"cron(30 20-2/3 * * ? *)",
       "2026-01-01T02:30:00Z 2026-01-01T20:30:00Z 2026-01-01T23:30:00Z "},
      {"cron(0 0 ? * FRI-MON *)",
       "2026-01-02T00:00:00Z 2026-01-03T00:00:00Z 2026-01-04T00:00:00Z "},
      {"cron(0 0 1 NOV-FEB ? *)",
       "2026-02-01T00:00:00Z 2026-11-01T00:00:00Z 2026-12-01T00:00:00Z "},
      {"cron(0 0 29 2 ? *)", "2028-02-29T00:00:00Z 2032-02-29T00:00:00Z 2036-02-29T00:00:00Z "},
      {"cron(0 0 30 2 ? *)", "never"},
      {"cron(15 10 ? * 6L 2002-2005)", "never"},
      {"cron(0 0 1 1 ? 2199)", "2199-01-01T00:00:00Z never"},
      {"cron(0 10/6 1 1 ? */100)",
       "2070-01-01T10:00:00Z 2070-01-01T16:00:00Z 2070-01-01T22:00:00Z "},
  };
  for (const auto& row : rows) {
    CAPTURE(row.expression);
    CHECK(ticks(row.expression, new_year, 3) == row.expected);
  }
}

TEST_CASE("a tick is strictly later, and its own next one") {
  const auto every_minute = parse_schedule("cron(* * * * ? *)").value();
  CHECK(next_tick(every_minute, new_year, new_year) == new_year + 1min);
  CHECK(next_tick(every_minute, new_year, new_year + 59s) == new_year + 1min);
  CHECK(next_tick(every_minute, new_year, new_year - 1ns) == new_year);
}

// Against the definition: every minute of two months, judged alone.
TEST_CASE("next_tick finds exactly the minutes that the fields allow") {
  const auto schedule = parse_schedule("cron(7/20 3,21-1 ? JAN-FEB TUE-THU 2026)").value();
  std::size_t found = 0;
  auto next = next_tick(schedule, new_year, new_year - 1ns);
  for (Instant t = new_year; t < from_civil(2026, 3, 1, 0, 0, 0); t += 1min) {
    const auto c = civil(t);
    const bool due = (c.minute == 7 || c.minute == 27 || c.minute == 47) &&
                     (c.hour == 3 || c.hour >= 21 || c.hour <= 1) && c.weekday >= 2 &&
                     c.weekday <= 4;
    if (!due) continue;
    ++found;
    REQUIRE(next.has_value());
    REQUIRE(*next == t);
    next = next_tick(schedule, new_year, *next);
  }
  CHECK(found > 300);
  CHECK(next == std::nullopt);
}
