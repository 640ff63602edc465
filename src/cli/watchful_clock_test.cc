// SPDX-License-Identifier: Apache-2.0
#include "cli/watchful_clock.h"

#include <doctest/doctest.h>

#include <vector>

#include "client/test_support.h"

namespace sitelatch::cli {
namespace {

using namespace std::chrono_literals;

struct Waiting {
  std::optional<ManualTime> engine =
      ManualTime{"2026-11-22T12:00:00Z", "sitelatch advance 1m", false};
  int asked = 0;
  std::vector<std::string> said;
  WatchfulClock clock{std::make_unique<client::test::FakeClock>(),
                      [this] {
                        ++asked;
                        return engine;
                      },
                      [this](const std::string& sentence) { said.push_back(sentence); }};
};

TEST_CASE("issue 8: who waits for a clock that nobody moves is told after seconds, once") {
  Waiting w;
  w.clock.sleep(2s);
  CHECK(w.said.empty());
  w.clock.sleep(30s);
  REQUIRE(w.said.size() == 1);
  CHECK(w.said[0].find("stands still at 2026-11-22T12:00:00Z") != std::string::npos);
  CHECK(w.said[0].ends_with("In another terminal: sitelatch advance 1m"));
  w.clock.sleep(10min);
  CHECK(w.said.size() == 1);
}

TEST_CASE("issue 8: a clock that is moved is waited for in silence; the next stop is told again") {
  Waiting w;
  for (int minute = 0; minute < 30; ++minute) {
    w.engine->now = "minute " + std::to_string(minute);
    w.clock.sleep(2s);
  }
  CHECK(w.said.empty());
  w.engine->moving = true;  // somebody's advance waits for a function
  w.clock.sleep(30s);
  CHECK(w.said.empty());
  w.engine->moving = false;
  w.clock.sleep(10s);
  CHECK(w.said.size() == 1);
  w.engine->now = "moved";
  w.clock.sleep(4s);
  w.clock.sleep(10s);
  CHECK(w.said.size() == 2);
}

TEST_CASE("what is waited for has passed on the engine's clock: the wait is over") {
  Waiting w;
  const auto time_of = [](int asked) {
    return asked < 5 ? "2026-11-22T12:00:09.900Z" : "2026-11-22T12:00:10Z";
  };
  WatchfulClock clock{std::make_unique<client::test::FakeClock>(),
                      [&] {
                        const auto now = ++w.asked > 2 ? time_of(w.asked) : "2026-11-22T12:00:00Z";
                        return std::optional{ManualTime{now, "", false}};
                      },
                      [](const std::string&) {}};
  const auto before = clock.now();
  clock.sleep(10s);
  CHECK(w.asked == 5);
  CHECK(clock.now() - before < 1s);
  // The next wait counts from there.
  clock.sleep(2s);
  CHECK(clock.now() - before > 2s);
}

TEST_CASE("who minds something else meanwhile is called several times a second, and may throw") {
  Waiting w;
  w.engine.reset();
  const auto before = w.clock.now();
  int called = 0;
  w.clock.sleep(10s, [&] { ++called; });
  CHECK(called > 50);
  CHECK(w.clock.now() == before + 10s);
  CHECK_THROWS_AS(w.clock.sleep(10s, [] { throw 1; }), int);
  CHECK(w.clock.now() == before + 10s);
}

TEST_CASE("where there is no such engine nobody asks twice, and sleep is sleep") {
  Waiting w;
  w.engine.reset();
  const auto before = w.clock.now();
  w.clock.sleep(10min);
  CHECK(w.clock.now() == before + 10min);
  CHECK(w.asked == 1);
  CHECK(w.said.empty());
}

}  // namespace
}  // namespace sitelatch::cli
