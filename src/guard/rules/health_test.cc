// SPDX-License-Identifier: Apache-2.0
#include "guard/rules/health.h"

#include <doctest/doctest.h>

#include "guard/rules/testing.h"

using namespace sitelatch;
using namespace sitelatch::guard;
using namespace guard::testing;
using namespace std::chrono_literals;

TEST_CASE("doubt: healthy now and for ten minutes is all that is taken for healthy") {
  const auto well = status_minutes("1111111111", at(0));
  CHECK_FALSE(doubt({true, well}, at(600), 10min));
  CHECK(doubt({std::nullopt, well}, at(600), 10min));
  CHECK(doubt({false, well}, at(600), 10min));
  CHECK(doubt({true, std::nullopt}, at(600), 10min));  // cannot be seen
  CHECK(doubt({true, well, true}, at(600), 10min));    // the metric lags behind the probes
  CHECK(doubt({true, std::vector<StatusMinute>{}}, at(600), 10min));
  CHECK(doubt({true, status_minutes("1111101111", at(0))}, at(600), 10min));
  CHECK(doubt({true, status_minutes("1111x11111", at(0))}, at(600), 10min));
  CHECK(doubt({true, well}, at(600 + 301), 10min));  // the metric lags too far
  CHECK_FALSE(doubt({true, well}, at(600 + 299), 10min));
  CHECK_FALSE(doubt({true, status_minutes("0111111111111", at(0))}, at(780), 10min));
}

TEST_CASE("fell_again: a 1 and then a 0, and nothing of before the release") {
  CHECK_FALSE(fell_again(status_minutes("0001111", at(0)), at(0)));
  CHECK_FALSE(fell_again(status_minutes("000x111", at(0)), at(0)));  // it came back in that minute
  CHECK(fell_again(status_minutes("000x0", at(0)), at(0)) == at(240));
  CHECK(fell_again(status_minutes("xxx", at(0)), at(0)) == at(60));
  CHECK(fell_again(status_minutes("0101", at(0)), at(0)) == at(120));
  CHECK_FALSE(fell_again(status_minutes("1000", at(0)), at(1)));  // the 1 was before
  CHECK_FALSE(fell_again({}, at(0)));
}

TEST_CASE("the datapoint of an alarm's reason") {
  CHECK(oldest_datapoint("Threshold Crossed: 1 datapoint [0.0 (22/11/26 11:59:00)] was less than "
                         "the threshold (1.0).") == at(-60));
  CHECK(oldest_datapoint("Threshold Crossed: 2 datapoints [0.0 (22/11/26 12:01:00), 0.0 (22/11/26 "
                         "12:00:00)] were less than the threshold (1.0).") == at(0));
  for (const auto* none :
       {"", "set by hand", "(", "(22/11/26 11:59:00", "(99/99/99 99:99:99)", "(22-11-26 11:59:00)",
        "Threshold Crossed: no datapoints were received for 1 period"})
    CHECK_FALSE(oldest_datapoint(none));
}

TEST_CASE("guard-on-aws 27: the verdict is the metric's newest minute, not the last probes") {
  const auto says = [](std::string_view minutes, Instant now) {
    return verdict(status_minutes(minutes, at(0)), now);
  };
  CHECK(says("111", at(180)) == true);
  CHECK(says("110", at(180)) == false);
  CHECK(says("11x", at(180)) == false);  // it has turned in this minute
  CHECK(says("00x", at(180)) == true);
  CHECK(says("00x0", at(240)) == false);
  CHECK(says("x", at(60)) == false);  // new checks are healthy first
  CHECK_FALSE(says("", at(0)));
  CHECK(says("1", at(60 + 300)) == true);
  CHECK_FALSE(says("1", at(60 + 301)));  // too old to go by
}

TEST_CASE("since when Primary is unhealthy: the first of the minutes with a 0 that end it") {
  CHECK(unhealthy_since(status_minutes("11000", at(0))) == at(120));
  CHECK(unhealthy_since(status_minutes("11x00", at(0))) == at(120));
  CHECK(unhealthy_since(status_minutes("0100x", at(0))) == at(120));
  CHECK_FALSE(unhealthy_since(status_minutes("00001", at(0))));
  CHECK_FALSE(unhealthy_since({}));
}
