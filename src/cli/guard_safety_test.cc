// SPDX-License-Identifier: Apache-2.0
// The guard's question and the simulation's answer, as people and programs get it. The figures are
// the same with every compiler: who changes the simulation on purpose writes down the new ones.
#include "cli/guard_safety.h"

#include <doctest/doctest.h>

namespace sitelatch::cli {
namespace {

guard::SafetyWish wish(guard::SafetyWish::Weigh weigh = guard::SafetyWish::Weigh::best,
                       std::vector<std::string> assumed = {}) {
  return {"E", false, std::move(assumed), weigh, {}};
}

TEST_CASE("issue 9: the guide's settings have a range of unsafe seconds, and a form without") {
  const auto safety = guard::weigh_safety(guard::LatchSetup{}, wish(), reckoning());
  CHECK(guard::brief_sentence(safety) ==
        "0 to 290 s a failover or until it is seen, simulated. Back after 1m, Primary is named "
        "before the latch in 99.5 % (57 to 100) of the failovers, after 2m in 46 % (0 to 100), "
        "after 5m in 0 % (0 to 13)");
  REQUIRE(safety.alternatives.size() == 1);
  CHECK(guard::brief_sentence(safety, safety.alternatives.front()) ==
        "the form config does not leak: failover after 123 s in place of 28, 0.93 to 0.98 USD a "
        "month more");
  CHECK(guard::failover_sentence(safety) ==
        "Failover after 28 s (25 to 35, p99 43); a blip of 20 s a week makes 2.9 (1.3 to 2.9) "
        "false latches a year.");
}

TEST_CASE("issue 9: config and engine have none, and say what that costs in seconds") {
  const auto told = [](guard::Form form) {
    guard::LatchSetup setup;
    setup.form = form;
    const auto safety =
        guard::weigh_safety(setup, wish(guard::SafetyWish::Weigh::all), reckoning());
    CHECK(!safety.figures.leaks());
    CHECK(guard::unsafe_range(safety.figures).high_ms == 0);
    CHECK(safety.alternatives.empty());
    return guard::brief_sentence(safety);
  };
  CHECK(told(guard::Form::config) ==
        "0 s a failover, simulated; the failover is the latch, and comes after 123 s (72 to 228, "
        "p99 310)");
  CHECK(told(guard::Form::engine) ==
        "0 s a failover, simulated; the failover is the latch, and comes after 25 s (25 to 25, p99 "
        "29)");
}

TEST_CASE("issue 9: threshold, interval, alarm and assumptions count") {
  const auto reckon = reckoning();
  const auto figures = [&](const guard::LatchSetup& setup, std::vector<std::string> assumed = {}) {
    return guard::weigh_safety(setup, wish(guard::SafetyWish::Weigh::best, std::move(assumed)),
                               reckon)
        .figures;
  };
  const guard::LatchSetup usual;
  const auto now = figures(usual);
  // Three bad minutes in a row are seldom there when Primary is back after two.
  auto patient = usual;
  patient.alarm_datapoints = patient.alarm_periods = 3;
  CHECK(now.outages[1].base().never_latched == 0);
  CHECK(figures(patient).outages[1].base().never_latched > 100);
  auto slow = usual;
  slow.threshold = 3;
  CHECK(figures(slow).outages[0].base().leaks < now.outages[0].base().leaks);
  auto quick = usual;
  quick.interval_s = 10;
  CHECK(*figures(quick).outages[2].base().failover_p50_ms <
        *now.outages[2].base().failover_p50_ms / 2);
  const auto measured = figures(usual, {"minute-visible=0..1s", "message=0..1s", "samples=3"});
  CHECK(measured.outages[1].pessimistic().leaks < now.outages[1].pessimistic().leaks);
}

TEST_CASE("issue 9: JSON says range, cases, price and how to get the same") {
  const auto value = to_value(guard::weigh_safety(
      guard::LatchSetup{}, wish(guard::SafetyWish::Weigh::best, {"samples=1"}), reckoning()));
  CHECK(value["form"].string() == "guide");
  CHECK(value["unsafe_s"]["high"].number() > 60);
  CHECK(value["unsafe_s"]["low"].number() == 0);
  REQUIRE(value["outages"].items().size() == 3);
  CHECK(value["outages"].items()[0]["outage_s"].number() == 60);
  REQUIRE(value["outages"].items()[0]["cases"].items().size() == 3);
  const auto& base = value["outages"].items()[0]["cases"].items()[1];
  CHECK(base["case"].string() == "base");
  CHECK(base["leak_share_low"].number() <= base["leak_share"].number());
  CHECK(value["false_latches_a_year"]["blips_a_year"].integer() == 52);
  CHECK(value["replay"].string().find("--assume samples=1") != std::string::npos);
  CHECK(value["assumed"].items().size() == 1);
  CHECK(value["cost"]["usd_a_month_low"].number() == doctest::Approx(0.12));
  CHECK(value["alternatives"].items()[0]["usd_a_month_more_high"].number() ==
        doctest::Approx(0.98));
}

TEST_CASE("lines end between words, within the width") {
  CHECK(wrapped("one two three", 2, 9) == "  one two\n  three");
  CHECK(wrapped("a-word-that-is-longer than that", 1, 8) == " a-word-that-is-longer\n than\n that");
  CHECK(wrapped("", 3, 80) == "   ");
}

}  // namespace
}  // namespace sitelatch::cli
