// SPDX-License-Identifier: Apache-2.0
// The loop under a wall clock that somebody sets (fact engine-1). The wall is the test's, the
// steady clock is real; nothing here waits for more than some milliseconds of it.
#include "engine/loop.h"

#include <doctest/doctest.h>

#include <future>
#include <thread>

using namespace sitelatch;
using namespace sitelatch::engine;
using namespace std::chrono_literals;

namespace {

constexpr WallInstant start{std::chrono::seconds{1'800'000'000}};

class SetWall final : public ports::WallClock {
 public:
  WallInstant now() const override { return WallInstant{Duration{ns_}}; }
  void set(WallInstant to) { ns_ = to.time_since_epoch().count(); }

 private:
  std::atomic<std::int64_t> ns_ = start.time_since_epoch().count();
};

Instant as_instant(WallInstant wall) { return Instant{wall.time_since_epoch()}; }

// A loop at scale 1 that runs on a thread of its own, over a journal that outlives it.
class RunningLoop {
 public:
  RunningLoop(store::SqliteJournal& journal, const SetWall& wall,
              ClockKind kind = ClockKind::scaled)
      : loop(journal, wall, kind, 1), thread_([this] { loop.run(); }) {}
  ~RunningLoop() {
    loop.stop();
    thread_.join();
  }
  // The result of `act` on the control thread.
  template <class Act>
  auto on_loop(Act act) {
    std::promise<decltype(act())> result;
    loop.post([&] { result.set_value(act()); });
    return result.get_future().get();
  }
  Instant now() {
    return on_loop([this] { return loop.timers().now(); });
  }
  // Whether a timer that is due in `after` runs, within a bound that only a broken loop reaches.
  bool timer_runs(Duration after) {
    auto ran = std::make_shared<std::promise<void>>();
    on_loop([&] {
      loop.timers().at(loop.timers().now() + after, [ran] { ran->set_value(); });
      return true;
    });
    return ran->get_future().wait_for(10s) == std::future_status::ready;
  }
  Loop loop;

 private:
  std::thread thread_;
};

}  // namespace

TEST_CASE("a wall clock that is put back neither takes time back nor stops it") {
  for (const Duration back : {Duration{1s}, Duration{1h}, Duration{24h * 3652}}) {
    auto journal = store::SqliteJournal::in_memory();
    SetWall wall;
    RunningLoop running(*journal, wall);
    const auto before = running.now();
    wall.set(start - back);
    CHECK(running.timer_runs(5ms));
    CHECK(running.now() >= before + 5ms);
    CHECK(running.now() < before + 1min);
  }
}

TEST_CASE("a wall clock that is put forward is followed, and what was due meanwhile runs once") {
  for (const Duration forward : {Duration{1s}, Duration{1h}, Duration{24h * 3652}}) {
    auto journal = store::SqliteJournal::in_memory();
    SetWall wall;
    RunningLoop running(*journal, wall);
    int runs = 0;
    running.on_loop([&] {
      running.loop.timers().at(running.loop.timers().now() + forward / 2, [&runs] { ++runs; });
      return true;
    });
    wall.set(start + forward);
    CHECK(running.now() >= as_instant(start + forward));
    CHECK(running.timer_runs(0ms));
    CHECK(running.on_loop([&] { return runs; }) == 1);
  }
}

TEST_CASE("put forward by mistake and back again: time goes on from where it was") {
  auto journal = store::SqliteJournal::in_memory();
  SetWall wall;
  RunningLoop running(*journal, wall);
  wall.set(start + 24h * 3652);
  const auto ahead = running.now();
  CHECK(ahead >= as_instant(start + 24h * 3652));
  wall.set(start);
  CHECK(running.timer_runs(5ms));
  CHECK(running.now() >= ahead + 5ms);
}

TEST_CASE("time does not run back across a restart, whatever the wall says meanwhile") {
  auto journal = store::SqliteJournal::in_memory();
  SetWall wall;
  Instant before;
  {
    RunningLoop running(*journal, wall);
    before = running.on_loop([&] {
      journal->put("t", "k", "v");
      return running.loop.timers().now();
    });
  }
  wall.set(start - 1h);
  RunningLoop again(*journal, wall);
  CHECK(again.now() >= before);
  CHECK(again.timer_runs(5ms));
}

TEST_CASE("a manual clock goes on when what it waits for ends on another thread") {
  auto journal = store::SqliteJournal::in_memory();
  SetWall wall;
  RunningLoop running(*journal, wall, ClockKind::manual);
  auto work = std::make_unique<Loop::Work>(running.loop);
  auto arrived = std::make_shared<std::promise<Instant>>();
  const auto before = running.on_loop([&] {
    running.loop.advance(1h, [arrived](Instant now) { arrived->set_value(now); });
    return running.loop.timers().now();
  });
  auto arrival = arrived->get_future();
  running.now();  // the control thread has looked, and waits
  CHECK(arrival.wait_for(0s) == std::future_status::timeout);
  work.reset();
  REQUIRE(arrival.wait_for(10s) == std::future_status::ready);
  CHECK(arrival.get() == before + 1h);
}
