// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <algorithm>

#include "simulation/agenda.h"
#include "simulation/metric.h"
#include "simulation/profile.h"
#include "simulation/random.h"
#include "simulation/report.h"
#include "simulation/schedule.h"
#include "simulation/study.h"
#include "simulation/witness.h"

using namespace sitelatch;
using namespace sitelatch::simulation;

TEST_CASE("random: the same numbers on every machine") {
  // By the authors' reference program, its state from SplitMix64 of 1 (with one step before each).
  Random random(1);
  const auto first = random.next();
  Random again(1);
  CHECK(again.next() == first);
  CHECK(Random(2).next() != first);
  for (int i = 0; i < 1'000; ++i) {
    const auto value = random.between(-5, 5);
    CHECK(value >= -5);
    CHECK(value < 5);
  }
  CHECK(random.between(7, 7) == 7);
  CHECK(!random.chance(0));
  CHECK(random.chance(1'000'000));
}

TEST_CASE("agenda: by time, and among equals in the order in which it was put in") {
  Agenda<int> agenda;
  for (int round = 0; round < 2; ++round) {
    agenda.clear();
    Random random(7);
    std::vector<Agenda<int>::Entry> naive;  // in the order in which it was put in
    Ms now = 0;
    for (int number = 0; number < 5'000; ++number) {
      for (auto left = random.between(0, naive.size() < 40 ? 4 : 1); left > 0; --left) {
        const auto at = now + random.between(0, 10);
        agenda.add(at, number, static_cast<std::uint8_t>(left));
        naive.push_back({at, number, static_cast<std::uint8_t>(left), 0, 0});
      }
      REQUIRE(agenda.empty() == naive.empty());
      if (naive.empty()) continue;
      const auto first =
          std::min_element(naive.begin(), naive.end(),
                           [](const auto& one, const auto& other) { return one.at < other.at; });
      REQUIRE(agenda.next_at() == first->at);
      const auto taken = agenda.take();
      REQUIRE(taken.at == first->at);
      REQUIRE(taken.kind == first->kind);
      REQUIRE(taken.a == first->a);
      now = taken.at;
      naive.erase(first);
    }
  }
}

TEST_CASE("schedule: what is left out of one is not in it, and nothing else of it moves") {
  for (const auto trouble : all_troubles()) {
    CAPTURE(to_string(trouble));
    CHECK(trouble_by_name(to_string(trouble)) == trouble);
    Troubles one;
    one.set(static_cast<std::size_t>(trouble));
    bool was_there = false;
    for (std::uint64_t seed = 1; seed <= 60; ++seed) {
      const auto whole = random_schedule(Form::config, {30, 1}, seed);
      auto less = whole;
      leave_out(less, one);
      CHECK(troubles_of(less) == (troubles_of(whole) & ~one));
      if ((troubles_of(whole) & one).none()) CHECK(less.acts.size() == whole.acts.size());
      was_there = was_there || (troubles_of(whole) & one).any();
      CHECK(std::is_sorted(less.acts.begin(), less.acts.end(),
                           [](const Act& a, const Act& b) { return a.at < b.at; }));
    }
    CHECK(was_there);
  }
  CHECK(!trouble_by_name("weather"));
}

TEST_CASE("witness: back to Primary is a leak unless a person has released") {
  Witness witness;
  witness.begin(nullptr);
  witness.answer(0, 0, false, false);
  witness.answer(10, 0, true, false);
  CHECK(witness.failed_over());
  CHECK(witness.failover() == 10);
  // Edge 1 has not heard of it yet, and never does: no leak.
  witness.answer(12, 1, false, false);
  CHECK(!witness.leaked());
  witness.answer(20, 0, false, false);
  CHECK(witness.leaked());
  CHECK(witness.first_leak() == 20);
  witness.answer(50, 0, true, false);
  CHECK(witness.unsafe() == 30);
  witness.released(60);
  witness.answer(70, 0, false, false);
  witness.answer(80, 0, true, false);
  witness.end(90);
  CHECK(witness.unsafe() == 30);
}

TEST_CASE("witness: seconds of several edges count once, and end with a release") {
  Witness witness;
  witness.begin(nullptr);
  for (int e = 0; e < edge_count; ++e) witness.answer(e, e, true, false);
  CHECK(witness.all_name_backup());
  CHECK(witness.first_backup() == 0);
  witness.answer(100, 0, false, false);
  witness.answer(110, 1, false, true);
  witness.answer(120, 0, true, false);
  CHECK(witness.unsafe() == 0);
  witness.released(150);
  CHECK(witness.unsafe() == 50);
  witness.held_again();
  witness.answer(200, 2, false, false);
  witness.end(260);
  CHECK(witness.unsafe() == 110);
}

TEST_CASE("metric: a minute is seen some time after its end, a late zero when it is written") {
  Metric metric;
  metric.begin(9);
  CHECK(metric.minimum(9, 0) == true);
  CHECK(metric.minimum(10, 1'000'000) == std::nullopt);
  metric.put(10, true, 500);
  CHECK(metric.minimum(10, 499) == std::nullopt);
  CHECK(metric.minimum(10, 500) == true);
  metric.put(10, false, 700);
  CHECK(metric.minimum(10, 600) == true);
  CHECK(metric.minimum(10, 700) == false);
}

TEST_CASE("metric: fifteen good minutes, as the engine's evaluation judges them") {
  Metric metric;
  metric.begin(99);
  Reader reader(rule_of_good_minutes(15, ShortWindow::settles_nothing));
  CHECK(reader.read(metric, 100, 0) == cloudwatch::State::alarm);
  metric.put(100, false, 0);
  for (Ms number = 101; number < 115; ++number) metric.put(number, true, 0);
  CHECK(reader.read(metric, 101, 0) == cloudwatch::State::ok);
  CHECK(reader.read(metric, 115, 0) == cloudwatch::State::ok);
  metric.put(115, true, 0);
  CHECK(reader.read(metric, 116, 0) == cloudwatch::State::alarm);
  // Minutes 101 to 115 are good, and nothing comes after them.
  Reader as_alarm(rule_of_good_minutes(15, ShortWindow::as_alarm));
  CHECK(reader.read(metric, 118, 0) == cloudwatch::State::alarm);
  CHECK(reader.read(metric, 119, 0) == std::nullopt);
  CHECK(as_alarm.read(metric, 119, 0) == cloudwatch::State::alarm);
}

TEST_CASE("wilson's interval and nearest ranks") {
  CHECK(wilson(50, 100).low == doctest::Approx(0.4038).epsilon(0.001));
  CHECK(wilson(50, 100).high == doctest::Approx(0.5962).epsilon(0.001));
  CHECK(wilson(0, 1'000).low == 0);
  CHECK(wilson(0, 1'000).high == doctest::Approx(0.00383).epsilon(0.01));
  CHECK(wilson(10, 10).high == 1);
  std::vector<Ms> values{5, 1, 4, 2, 3};
  CHECK(percentile(values, 50) == 3);
  CHECK(percentile(values, 99) == 5);
  values.clear();
  CHECK(!percentile(values, 50));
}

TEST_CASE("an alarm's M of N, as people type it") {
  CHECK(parse_alarm_asks("1/1") == AlarmAsks{1, 1});
  CHECK(parse_alarm_asks("2/3") == AlarmAsks{2, 3});
  CHECK(parse_alarm_asks("60/60") == AlarmAsks{60, 60});
  for (const auto* wrong : {"3/2", "0/1", "1/61", "1", "/", "1/", "-1/2", "1/1/1", "one/two", ""})
    CHECK(!parse_alarm_asks(wrong));
}

TEST_CASE("profile: durations, times a year, kinds; a mistake is told with its line") {
  const auto profile = parse_profile("# ours\n\n20s 24\n90 0.5 hangs # rare\r\n1h\t2\tflaps\n");
  REQUIRE(profile);
  REQUIRE(profile->size() == 3);
  CHECK((*profile)[0].length == 20 * second);
  CHECK((*profile)[1].length == 90 * second);
  CHECK((*profile)[1].a_year == 0.5);
  CHECK((*profile)[1].ailment == Ailment::hangs);
  CHECK((*profile)[2].ailment == Ailment::flaps);
  const auto refusal = [](std::string_view text) {
    const auto parsed = parse_profile(text);
    return parsed ? std::string{} : parsed.error().text;
  };
  CHECK(refusal("20s 1\n\nsoon 1\n").starts_with("line 3: \"soon\""));
  CHECK(refusal("20s\n").starts_with("line 1: a line is"));
  CHECK(refusal("20s -1").starts_with("line 1: \"-1\""));
  CHECK(refusal("20s nan").starts_with("line 1: \"nan\""));
  CHECK(refusal("20s 1 sometimes").starts_with("line 1: \"sometimes\""));
  CHECK(refusal("2d 1").starts_with("line 1: \"2d\""));
  CHECK(refusal("0s 1").starts_with("line 1: \"0s\""));
  CHECK(refusal("# nothing\n").starts_with("there is no outage"));
}

TEST_CASE("assumptions: overridden by name, refused with what is meant") {
  const auto one = parse_override("minute-visible=5s..45s");
  REQUIRE(one);
  CHECK(one->name == Name::minute_visible);
  CHECK(one->range == Range{5'000, 45'000});
  CHECK(parse_override("samples=1")->range == Range{1, 1});
  CHECK(parse_override("edge-delay=0")->range == Range{0, 0});
  const auto refusal = [](std::string_view text) {
    const auto parsed = parse_override(text);
    return parsed ? std::string{} : parsed.error().text;
  };
  CHECK(refusal("minute-visibel=5s").find("Did you mean minute-visible?") != std::string::npos);
  CHECK(parse_override("short-window=1")->range == Range{1, 1});
  CHECK(!refusal("short-window=2").empty());
  CHECK(!refusal("samples=0").empty());
  CHECK(!refusal("samples=7").empty());
  CHECK(!refusal("samples=1..3").empty());
  CHECK(!refusal("edge-delay=9s..1s").empty());
  CHECK(!refusal("edge-delay=-1s").empty());
  CHECK(!refusal("alarm-offset=70s").empty());
  CHECK(!refusal("edge-delay").empty());
}

TEST_CASE("assumptions: every case is as the table has it, the pessimistic one no earlier") {
  CHECK(assumptions().size() == name_count);
  for (std::size_t i = 0; i < name_count; ++i) {
    const auto& one = assumptions()[i];
    for (const auto which : all_cases)
      CHECK(Settings(which)[static_cast<Name>(i)] == one.range[static_cast<std::size_t>(which)]);
    CHECK(!one.basis.empty());
    if (!one.time) continue;
    CHECK(one.range[1].high <= one.range[2].high);
    CHECK(one.range[0].high <= one.range[1].high);
  }
}

TEST_CASE("a year: each line's runs count as often as it is expected") {
  Profile profile{{60 * second, 10, Ailment::refuses}, {20 * second, 100, Ailment::refuses}};
  Rows rows(2);
  Outcome leak;
  leak.failed_over = leak.leaked = leak.latched = true;
  leak.failover = 1'000;
  leak.unsafe = 30'000;
  leak.latches = 1;
  rows[0].tally.add(leak, 1);
  rows[0].tally.add({}, 2);
  rows[1].tally.add({}, 1);
  const auto year = year_of(profile, rows);
  CHECK(year.outages == 110);
  CHECK(year.failovers == 5);
  CHECK(year.leaks == 5);
  CHECK(year.unsafe_s == 150);
}

TEST_CASE("report: JSON has what programs rely on, and nothing is 0 that is not known") {
  Row row;
  row.outage = 60 * second;
  Outcome leak;
  leak.failed_over = leak.leaked = true;
  leak.failover = 25'500;
  row.tally.add(leak, 9);
  const auto json = json_of({row});
  for (const auto* part :
       {R"("form":"guide")", R"("case":"base")", R"("outage_s":60)", R"("runs":1)",
        R"("failovers":1)", R"("leaks":1)", R"("leak_share":1,)", R"("unsafe_s_mean":null)",
        R"("unsafe_s_p99":null)", R"("never_latched":1)", R"("failover_s_p50":25.5)",
        R"("failover_s_p99":25.5)", R"("first_leak_seed":9)"}) {
    CAPTURE(json);
    CHECK(json.find(part) != std::string::npos);
  }
}
