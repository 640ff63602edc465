// SPDX-License-Identifier: Apache-2.0
#include "base/time.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

using namespace sitelatch;

TEST_CASE("times from outside end at the earliest or the latest, and their differences hold") {
  CHECK(from_unix_ms(std::numeric_limits<std::int64_t>::max()) == latest);
  CHECK(from_unix_ms(std::numeric_limits<std::int64_t>::min()) == earliest);
  CHECK(from_unix_ms(1767225600000) == from_civil(2026, 1, 1, 0, 0, 0));
  CHECK(from_unix_seconds(1e308) == latest);
  CHECK(from_unix_seconds(-HUGE_VAL) == earliest);
  CHECK(from_unix_seconds(std::nan("")) == earliest);
  CHECK(from_civil(9999, 12, 31, 23, 59, 59) == latest);
  CHECK(from_civil(1, 1, 1, 0, 0, 0) == earliest);
  CHECK(parse_iso8601("9999-12-31T23:59:59Z") == latest);
  CHECK(parse_iso8601("0001-01-01T00:00:00Z") == earliest);
  CHECK_FALSE(parse_iso8601("0000-01-01T00:00:00Z"));
  CHECK_FALSE(parse_iso8601("2026-02-30T00:00:00Z"));
  CHECK(latest - earliest > std::chrono::hours{0});
  CHECK((latest + std::chrono::hours{24 * 366 * 40}) - earliest > latest - earliest);
  CHECK(iso8601_seconds(latest) == "2200-01-01T00:00:00Z");
  CHECK(iso8601_seconds(earliest) == "1950-01-01T00:00:00Z");
}

TEST_CASE("HTTP's dates") {
  const auto t = from_civil(2026, 11, 22, 10, 42, 21);
  CHECK(http_date(t) == "Sun, 22 Nov 2026 10:42:21 GMT");
  CHECK(http_date(from_civil(1970, 1, 1, 0, 0, 0)) == "Thu, 01 Jan 1970 00:00:00 GMT");
  CHECK(parse_http_date(http_date(t)) == t);
  CHECK(parse_http_date("Sun, 22 Nov 2026 10:42:21.5 GMT") == t + std::chrono::milliseconds{500});
  for (const char* other : {"", "Sun, 22 Nov 2026 10:42:21", "Sun, 22 Nov 2026 10:42:21 CET",
                            "Sunday, 22-Nov-26 10:42:21 GMT", "Sun Nov 22 10:42:21 2026",
                            "Sun, 22 nov 2026 10:42:21 GMT", "Sun, 31 Feb 2026 10:42:21 GMT",
                            "Sun, 22 Nov 2026 24:00:00 GMT", "Sun, 22 anF 2026 10:42:21 GMT",
                            "Sun, 2  Nov 2026 10:42:21 GMT"}) {
    CAPTURE(other);
    CHECK(!parse_http_date(other));
  }
}
