// SPDX-License-Identifier: Apache-2.0
// Aggregates, statistics, chunks and the store.
#include <doctest/doctest.h>

#include <map>

#include "ports/sim/world.h"
#include "services/cloudwatch/metric_store.h"
#include "services/cloudwatch/statistic.h"

using namespace sitelatch;
using namespace sitelatch::cloudwatch;
using namespace std::chrono_literals;

namespace {
Aggregate of(std::initializer_list<double> values) {
  Aggregate out;
  for (const double value : values) out.add({value, 1});
  return out;
}
double value(std::string_view statistic, const Aggregate& aggregate) {
  return Statistic::any(statistic)->of(aggregate).value_or(-999);
}
const MetricId check{"us-east-1", "AWS/Route53", "HealthCheckStatus", {{"HealthCheckId", "a"}}};

struct StoreFixture {
  ports::sim::World world;
  std::unique_ptr<MetricStore> store = std::make_unique<MetricStore>(world.journal, world.timers);
  void add(double v, Duration ago = 0s, MetricStore::Write write = MetricStore::Write::at_once,
           MetricStore::Resolution resolution = MetricStore::Resolution::minute) {
    store->add(check, {Aggregate{v, 1}, Unit::none, world.timers.now() - ago, resolution}, write);
  }
  std::vector<Aggregate> read(Duration ago, Duration period, std::size_t count) {
    const auto* series = store->find(check);
    if (!series) return std::vector<Aggregate>(count);
    return store->read(*series, std::nullopt, {world.timers.now() - ago, period, count});
  }
  void crash() {
    store.reset();
    world.journal.crash();
    store = std::make_unique<MetricStore>(world.journal, world.timers);
  }
};
}  // namespace

TEST_CASE("basic and extended statistics") {
  Aggregate hundred;
  for (int i = 1; i <= 100; ++i) hundred.add({static_cast<double>(i), 1});
  CHECK(value("SampleCount", hundred) == 100);
  CHECK(value("Sum", hundred) == 5050);
  CHECK(value("Average", hundred) == 50.5);
  CHECK(value("Minimum", hundred) == 1);
  CHECK(value("Maximum", hundred) == 100);
  CHECK(value("p50", hundred) == 50);
  CHECK(value("p99.9", hundred) == 100);
  CHECK(value("tm90", hundred) == 45.5);
  CHECK(value("tm(10%:90%)", hundred) == 50.5);
  CHECK(value("TC(80%:)", hundred) == 20);
  CHECK(value("ts(1:3)", hundred) == 5);
  CHECK(value("PR(:50)", hundred) == 50);
  CHECK(value("IQM", hundred) == 50.5);
  CHECK(value("wm(:99%)", hundred) == doctest::Approx(50.49));
  for (const auto* wrong : {"p", "p101", "p-1", "pp", "tm", "tm(1)", "tm(%:)", "tm(90%:10%)",
                            "pr(1%:2%)", "pr50", "average", "", "p1e1", "xx90"})
    CHECK_FALSE(Statistic::any(wrong));
}

TEST_CASE("statistic sets know no percentiles, unless all samples are equal") {
  CHECK_FALSE(Statistic::extended("p50")->of(Aggregate::of({2, 3, 1, 2})));
  CHECK(value("p50", Aggregate::of({2, 4, 2, 2})) == 2);
  auto mixed = of({1, 2});
  mixed.add(Aggregate::of({2, 3, 1, 2}));
  CHECK_FALSE(Statistic::extended("p50")->of(mixed));
  CHECK(value("Average", mixed) == 1.5);
}

TEST_CASE("many different values are joined, and percentiles stay close") {
  Aggregate many;
  for (int i = 1; i <= 20000; ++i) many.add({static_cast<double>(i), 1});
  CHECK(many.values.size() <= Aggregate::most_values);
  CHECK(value("p50", many) == doctest::Approx(10000).epsilon(0.05));
  CHECK(value("p99", many) == doctest::Approx(19800).epsilon(0.05));
  CHECK(value("Sum", many) == 20000.0 * 20001 / 2);
}

TEST_CASE("a chunk keeps equal slots once, and reads as if it did not") {
  Chunk chunk;
  std::map<int, Aggregate> plain;
  const auto put = [&](int slot, double v) {
    chunk.add(static_cast<std::uint16_t>(slot), Unit::none, {v, 1});
    plain[slot].add({v, 1});
  };
  for (int slot = 0; slot < 60; ++slot)
    for (int sample = 0; sample < 3; ++sample) put(slot, 1);
  CHECK(chunk.runs() == 1);
  for (const int slot : {0, 59, 30, 31, 30, 7}) put(slot, slot % 2);
  put(31, 0);
  const auto same = [&plain](const Chunk& some) {
    std::map<int, Aggregate> seen;
    some.visit(0, 60, [&](std::uint16_t slot, Unit, const Aggregate& aggregate) {
      seen[slot] = aggregate;
    });
    return seen == plain;
  };
  CHECK(same(chunk));
  const auto copy = Chunk::decode(chunk.encode());
  REQUIRE(copy);
  CHECK(same(*copy));
  CHECK_FALSE(Chunk::decode(std::string_view{chunk.encode()}.substr(0, 20)));
  CHECK_FALSE(Chunk::decode("\xff\xff\xff\xff\xff\xff"));
}

TEST_CASE(
    "what was put at once survives a crash; measured samples survive a minute later (fact "
    "cloudwatch-2)") {
  StoreFixture f;
  f.add(5, 10s);
  f.world.settle();
  f.add(7, 0s, MetricStore::Write::within_a_minute);
  f.world.settle();
  f.crash();
  CHECK(f.read(1min, 1min, 2)[0].sum == 5);
  CHECK(f.read(1min, 1min, 2)[1].empty());
  f.add(7, 0s, MetricStore::Write::within_a_minute);
  f.world.advance(61s);
  f.crash();
  CHECK(f.read(61s, 1s, 1)[0].sum == 7);  // the minute's slot
  CHECK(value("Sum", f.store->read(*f.store->find(check), std::nullopt,
                                   {from_civil(2026, 1, 1, 0, 0, 0), 60s, 1})[0]) == 7);
}

TEST_CASE("days of data are read back from the journal, and what is older than 15 days is gone") {
  StoreFixture f;
  f.world.advance(30s);
  for (int day = 0; day < 17; ++day) {
    f.add(day, 0s);
    f.world.advance(24h);
  }
  const auto start = from_civil(2026, 1, 1, 0, 0, 0);
  const auto days = f.store->read(*f.store->find(check), std::nullopt, {start, 24h, 17});
  CHECK(days[0].empty());
  CHECK(days[1].empty());
  for (std::size_t day = 3; day < 17; ++day) CHECK(days[day].sum == static_cast<double>(day));
  f.add(100, 24h * 5);  // late data, into a row that is no longer in memory
  CHECK(f.store->read(*f.store->find(check), std::nullopt, {start, 24h, 17})[12].sum == 112);
  f.world.advance(24h * 16);
  CHECK(f.store->find(check) == nullptr);
}

TEST_CASE("seconds are kept for three hours, beside the minutes") {
  StoreFixture f;
  f.world.advance(35s);
  f.add(1, 2s, MetricStore::Write::at_once, MetricStore::Resolution::second);
  f.add(2, 12s, MetricStore::Write::at_once, MetricStore::Resolution::second);
  const auto start = from_civil(2026, 1, 1, 0, 0, 0);
  auto tens = f.store->read(*f.store->find(check), std::nullopt, {start, 10s, 6});
  CHECK(tens[3].sum == 1);
  CHECK(tens[2].sum == 2);
  CHECK(f.store->read(*f.store->find(check), std::nullopt, {start, 60s, 1})[0].sum == 3);
  f.world.advance(5h);
  // Only the minute is left, at its first second (fact cloudwatch-3).
  tens = f.store->read(*f.store->find(check), std::nullopt, {start, 60s, 1});
  CHECK(tens[0].sum == 3);
}

TEST_CASE("ten thousand steady checks stay small") {
  StoreFixture f;
  for (int round = 0; round < 9; ++round) {
    for (int i = 0; i < 2000; ++i)
      f.store->add(
          {"us-east-1", "AWS/Route53", "HealthCheckStatus", {{"HealthCheckId", std::to_string(i)}}},
          {Aggregate{1, 1}, Unit::none, f.world.timers.now(), MetricStore::Resolution::minute},
          MetricStore::Write::within_a_minute);
    f.world.advance(20s);
  }
  std::size_t bytes = 0, rows = 0;
  f.world.advance(60s);
  f.world.journal.scan("cloudwatch.hours", "", "", [&](std::string_view, std::string_view row) {
    bytes += row.size();
    ++rows;
    return true;
  });
  CHECK(rows == 2000);
  CHECK(bytes / rows < 60);
}

namespace {
struct LateMinutes final : Conditions {
  Duration longest_lateness() const override { return 2min; }
  Duration lateness(const MetricId&, Instant minute) const override {
    return minute.time_since_epoch() / 1min % 2 == 0 ? Duration{90s} : Duration{10s};
  }
};
}  // namespace

TEST_CASE("minutes that are late are stored at once, and seen when they have arrived") {
  ports::sim::World world;
  const LateMinutes late;
  MetricStore store(world.journal, world.timers, &late);
  const auto start = world.timers.now();  // an even minute
  const auto add = [&](double v) {
    store.add(check,
              {Aggregate{v, 1}, Unit::none, world.timers.now(), MetricStore::Resolution::minute},
              MetricStore::Write::at_once);
  };
  const auto seen = [&] {
    int out = 0;
    for (const auto& each : store.read(*store.find(check), std::nullopt, {start, 1min, 3}))
      out += each.count > 0 ? 1 : 0;
    return out;
  };
  add(0);
  CHECK(seen() == 0);  // the minute is not over
  CHECK(store.units(*store.find(check), {start, 1min, 3}).empty());
  world.advance(1min);
  add(0);
  world.advance(1min + 9s);
  CHECK(seen() == 0);
  world.advance(1s);
  CHECK(seen() == 1);  // the second one, which is not so late
  world.advance(20s);
  CHECK(seen() == 2);
  const MetricStore again(world.journal, world.timers);
  CHECK(again.read(*again.find(check), std::nullopt, {start, 1min, 3})[0].count == 1);
}
