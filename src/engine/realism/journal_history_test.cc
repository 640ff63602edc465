// SPDX-License-Identifier: Apache-2.0
#include "engine/realism/journal_history.h"

#include <doctest/doctest.h>

#include <map>
#include <optional>
#include <random>
#include <string>

#include "ports/sim/world.h"

namespace sitelatch::realism {
namespace {

using namespace std::chrono_literals;
using Rows = std::map<std::string, std::string>;

Rows rows_of(const ports::Journal& journal, std::string_view from = "", std::string_view to = "") {
  Rows out;
  journal.scan("t", from, to, [&](std::string_view key, std::string_view value) {
    out.emplace(key, value);
    return true;
  });
  return out;
}

}  // namespace

TEST_CASE("journal history: rows as they were before a change, and after it") {
  ports::sim::World world;
  JournalHistory history(world.journal, world.timers, [] { return Duration{1min}; });
  history.put("t", "a", "1");
  history.put("t", "b", "1");
  world.advance(10s);
  history.put("t", "a", "2");
  history.erase("t", "b");
  history.put("t", "c", "1");
  CHECK(rows_of(history) == Rows{{"a", "2"}, {"c", "1"}});

  const auto before = history.first_change_after(world.timers.now() - 1s, "t");
  REQUIRE(before);
  const PastJournal past(history, *before);
  CHECK(rows_of(past) == Rows{{"a", "1"}, {"b", "1"}});
  CHECK(rows_of(past, "b") == Rows{{"b", "1"}});
  CHECK(rows_of(past, "", "b") == Rows{{"a", "1"}});
  std::string backwards;
  past.scan_back("t", "", "", [&](std::string_view key, std::string_view) {
    backwards += key;
    return true;
  });
  CHECK(backwards == "ba");
  int visited = 0;
  past.scan("t", "", "", [&](std::string_view, std::string_view) { return ++visited < 1; });
  CHECK(visited == 1);

  CHECK_FALSE(history.first_change_after(world.timers.now(), "t"));
  CHECK_FALSE(history.first_change_after(world.timers.now() - 1s, "other"));
}

TEST_CASE(
    "journal history: it forgets what is older than its horizon, and without one keeps none") {
  ports::sim::World world;
  Duration horizon = 1min;
  JournalHistory history(world.journal, world.timers, [&] { return horizon; });
  history.put("t", "a", "1");
  const auto first = history.first_change_after(world.timers.now() - 1s, "t");
  REQUIRE(first);
  world.advance(2min);
  history.put("t", "a", "2");
  CHECK_FALSE(history.remembers(*first));
  horizon = {};
  history.put("t", "a", "3");
  CHECK_FALSE(history.first_change_after(Instant{}, "t"));
  CHECK(rows_of(history) == Rows{{"a", "3"}});
}

// Whatever happens, the past is what it was then.
TEST_CASE("journal history: any past of a minute of random changes is told exactly") {
  ports::sim::World world;
  JournalHistory history(world.journal, world.timers, [] { return Duration{1h}; });
  std::mt19937 random(5);  // NOLINT: the same story each time
  std::map<Instant, Rows> then;
  for (int i = 0; i < 300; ++i) {
    world.advance(1s);
    const auto key = std::string(1, static_cast<char>('a' + random() % 8));
    switch (random() % 4) {
      case 0:
        history.erase("t", key);
        break;
      case 1:
        history.erase_range("t", key, std::string(1, static_cast<char>(key[0] + 2)));
        break;
      default:
        history.put("t", key, std::to_string(i));
    }
    if (random() % 3 == 0) world.journal.commit();
    then[world.timers.now()] = rows_of(history);
  }
  for (const auto& [at, rows] : then) {
    const auto number = history.first_change_after(at, "t");
    CHECK((number ? rows_of(PastJournal(history, *number)) : rows_of(history)) == rows);
  }
}

}  // namespace sitelatch::realism
