// SPDX-License-Identifier: Apache-2.0
// Idea 4 of the architecture: what DNS has said survives. Every single step of a failover is a
// place to crash at.
#include <chrono>

#include "services/route53/route53_fixture.h"

using namespace sitelatch;
using namespace sitelatch::route53;
using route53::testing::Fixture;
using std::chrono::seconds;

namespace {

const std::string config =
    R"({"Type":"HTTP","IPAddress":"192.0.2.1","Port":80,"ResourcePath":"/lb-check",)"
    R"("RequestInterval":10,"FailureThreshold":2})";

struct Failing : Fixture {
  bool up = true;
  std::string check;
  Failing() {
    world.prober.judge = [this](const ports::ProbeRequest&) {
      return up ? ports::sim::healthy_observation() : ports::sim::failed_observation();
    };
    const auto zone = make_zone();
    check = make_check("p", config);
    change(zone, {{"CREATE", a("primary.example.com", "192.0.2.1")},
                  {"CREATE", a("backup.example.com", "192.0.2.2")},
                  {"CREATE", alias(zone, "client.example.com", "primary.example.com", true,
                                   failover("PRIMARY", check))},
                  {"CREATE", alias(zone, "client.example.com", "backup.example.com", true,
                                   failover("SECONDARY"))}});
    world.advance(seconds{25});
    // No view ever rests on what a crash could take back.
    sink.on_publish = [this] {
      REQUIRE((answer("client.example.com") == "192.0.2.2") == durably_unhealthy());
    };
  }

  bool durably_unhealthy() const {
    ports::sim::MemoryJournal after = world.journal;
    after.crash();
    bool unhealthy = false;
    after.scan("route53.health", check, check + '\0', [&](std::string_view, std::string_view row) {
      unhealthy = row.front() == 'u';
      return true;
    });
    return unhealthy;
  }

  // The smallest thing that can happen next, in the order of the engine's loop; the commit is a
  // step of its own.
  void step() {
    if (world.later.run_one() || world.timers.run_one_due()) return;
    if (world.journal.commit()) return;
    if (const auto due = world.timers.next_due()) world.timers.move_to(*due);
  }
};

}  // namespace

TEST_CASE("crash at every step of a failover: what DNS said last is what it says after") {
  int failed_over = 0, crashes_between = 0;
  for (int crash_at = 0; crash_at < 60; ++crash_at) {
    Failing f;
    f.up = false;
    for (int i = 0; i < crash_at; ++i) f.step();
    const auto said = f.answer("client.example.com");
    const bool was_durable = f.durably_unhealthy();
    if (said == "192.0.2.1" && was_durable) ++crashes_between;
    f.crash();
    const auto after = f.answer("client.example.com");
    if (said == "192.0.2.2") {
      ++failed_over;
      REQUIRE(after == "192.0.2.2");
    }
    REQUIRE((after == "192.0.2.2") == was_durable);
    // The story ends alike, wherever it was cut.
    f.world.advance(seconds{40});
    REQUIRE(f.answer("client.example.com") == "192.0.2.2");
    f.up = true;
    f.world.advance(seconds{1});
    f.crash();
    REQUIRE(f.answer("client.example.com") == "192.0.2.2");  // not new, therefore not healthy
    f.world.advance(seconds{40});
    REQUIRE(f.answer("client.example.com") == "192.0.2.1");
  }
  CHECK(failed_over > 5);
  CHECK(crashes_between == 0);  // commit and publication are one step of the simulated loop
}

TEST_CASE("a crash right after the commit, before the view goes out: the new status answers") {
  Failing f;
  f.up = false;
  int views = f.sink.views;
  while (!f.durably_unhealthy()) {
    f.step();
    // Stop before the callbacks can run: take the durable state as it would be written, without
    // them.
    if (f.route53->describe_health().front().status == Status::unhealthy) break;
  }
  CHECK(f.sink.views == views);
  CHECK(f.answer("client.example.com") == "192.0.2.1");  // decided, but neither durable nor said
  f.route53.reset();
  f.sink.on_publish = nullptr;
  f.world.journal.commit();
  f.crash();
  CHECK(f.answer("client.example.com") == "192.0.2.2");
}

TEST_CASE("threshold counters start anew after a restart; the status stands until it is passed") {
  Failing f;
  f.up = false;
  f.world.advance(seconds{40});
  REQUIRE(f.answer("client.example.com") == "192.0.2.2");
  f.up = true;
  for (int i = 0; i < 5; ++i) {
    f.world.advance(seconds{1});  // one probe each time, never two in a row
    f.crash();
  }
  CHECK(f.answer("client.example.com") == "192.0.2.2");
  f.world.advance(seconds{20});
  CHECK(f.answer("client.example.com") == "192.0.2.1");
}

TEST_CASE(
    "ten thousand checks: probes and samples are spread, and a restart reads them in one go") {
  Fixture f;
  for (int i = 0; i < 10'000; ++i) f.make_check(std::to_string(i), config);
  f.world.settle();
  f.crash();
  f.world.prober.probes = 0;
  f.world.advance(seconds{1});
  CHECK(f.world.prober.probes >= 9'900);  // all within a second of the start
  f.world.advance(seconds{29});
  // From then on evenly: no second of ten has more than twice its share.
  for (int second = 0; second < 10; ++second) {
    const auto before = f.world.prober.probes;
    f.world.advance(seconds{1});
    CHECK(f.world.prober.probes - before < 2'000);
    CHECK(f.world.prober.probes - before > 500);
  }
  const auto start = std::chrono::steady_clock::now();
  f.crash();
  const auto took = std::chrono::steady_clock::now() - start;
  MESSAGE("restart with 10,000 checks: "
          << std::chrono::duration_cast<std::chrono::milliseconds>(took).count() << " ms");
  CHECK(f.ok("GetHealthCheckCount", "{}")["HealthCheckCount"].integer() == 10'000);
}

TEST_CASE("a flip among many zones touches only the names that rest on it") {
  Failing f;
  const auto zone = f.make_zone("other.example");
  std::vector<std::pair<std::string, std::string>> changes;
  for (int i = 0; i < 900; ++i)
    changes.emplace_back("CREATE", f.a("n" + std::to_string(i) + ".other.example", "192.0.2.7"));
  f.change(zone, changes);
  const int before = f.sink.views;
  f.up = false;
  f.world.advance(seconds{40});
  CHECK(f.sink.views == before + 1);
  CHECK(f.answer("n899.other.example") == "192.0.2.7");
}

TEST_CASE("records whose names have bytes beyond ASCII are there after a restart") {
  Fixture f;
  const auto zone = f.make_zone();
  f.change(zone, {{"CREATE", f.a(R"(\\351t\\351.example.com)", "192.0.2.7")}});
  f.world.advance(seconds{1});
  REQUIRE(f.answer("\\351t\\351.example.com") == "192.0.2.7");
  f.crash();
  CHECK(f.answer("\\351t\\351.example.com") == "192.0.2.7");
}
