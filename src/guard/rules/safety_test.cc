// SPDX-License-Identifier: Apache-2.0
#include "guard/rules/safety.h"

#include <doctest/doctest.h>

#include <algorithm>

namespace sitelatch::guard {
namespace {

const SafetyWish about_e{"E", false, {}, SafetyWish::Weigh::all, {}};

struct Leaks {
  std::uint64_t optimistic = 0, base = 0, pessimistic = 0;
};

// Of two hundred failovers each; a leak takes 40, 80 or 200 s on the mean.
OutageFigures outage(std::int64_t ms, Leaks leaks, std::uint64_t never_latched = 0) {
  OutageFigures out;
  out.outage_ms = ms;
  const std::array<std::uint64_t, 3> of_case = {leaks.optimistic, leaks.base, leaks.pessimistic};
  for (std::size_t i = 0; i < 3; ++i) {
    auto& one = out.cases[i];
    one = {200, 200, of_case[i], 0, {}, {}, 25'000 + static_cast<std::int64_t>(i) * 3'400, 43'000};
    if (one.leaks == 0) continue;
    one.unsafe_mean_ms = std::array<std::int64_t, 3>{40'000, 80'000, 200'000}[i];
    one.unsafe_p99_ms = *one.unsafe_mean_ms + 60'400;
  }
  out.cases[2].never_latched = never_latched;
  return out;
}

OutageFigures blip(std::uint64_t failovers) {
  OutageFigures out;
  out.outage_ms = blip_ms;
  for (auto& one : out.cases) one = {200, failovers, 0, 0, {}, {}, {}, {}};
  return out;
}

SafetyFigures of_guide() {
  return {blip(20),
          {outage(60'000, {114, 199, 200}, 62), outage(120'000, {0, 93, 200}),
           outage(300'000, {0, 0, 1})}};
}
SafetyFigures without_leak() { return {blip(10), {outage(60'000, {}), outage(300'000, {})}}; }

// A world in which threshold 3 leaks half as often, and 10 s as often as 30.
SafetyFigures reckoned(const SafetyQuestion& question) {
  const auto& setup = question.setup;
  if (setup.form != Form::guide) return without_leak();
  if (setup.threshold == 3 && setup.interval_s == 30)
    return {blip(0),
            {outage(120'000, {0, 93, 200}), outage(180'000, {0, 2, 190}), outage(360'000, {})}};
  if (setup.threshold == 10) return {blip(0), {outage(330'000, {0, 0, 3})}};
  return of_guide();
}

std::vector<std::string> names(const Safety& safety) {
  std::vector<std::string> out;
  for (const auto& one : safety.alternatives) out.push_back(one.what);
  return out;
}

TEST_CASE("safety: outages are asked that end 30, 90 and 270 s after DNS is about to move") {
  using Outages = std::vector<std::int64_t>;
  CHECK(question_about({}, {}).outages_ms == Outages{20'000, 60'000, 120'000, 300'000});
  LatchSetup slow;
  slow.threshold = 3;
  CHECK(question_about(slow, {}).outages_ms == Outages{20'000, 120'000, 180'000, 360'000});
  LatchSetup config;
  config.form = Form::config;
  config.interval_s = 10;
  CHECK(question_about(config, {}).outages_ms == Outages{20'000, 40'000, 280'000});
}

TEST_CASE("safety: the command that gives the same figures has all that they hang on") {
  CHECK(replay_command(question_about({}, {})) ==
        "sitelatch simulate --form guide --interval 30 --threshold 1 --function native "
        "--outage 20s,1m,2m,5m --runs 200 --seed 1");
  LatchSetup adopted;
  adopted.function = FunctionKind::python;
  adopted.alarm_datapoints = 2;
  adopted.alarm_periods = 3;
  CHECK(replay_command(question_about(adopted, {"samples=1"})) ==
        "sitelatch simulate --form guide --interval 30 --threshold 1 --function python "
        "--alarm 2/3 --assume samples=1 --outage 20s,1m,2m,5m --runs 200 --seed 1");
  LatchSetup config;
  config.form = Form::config;
  config.alarm_periods = 3;
  CHECK(replay_command(question_about(config, {})) ==
        "sitelatch simulate --form config --interval 30 --threshold 1 --outage 20s,1m,5m "
        "--runs 100 --seed 1");
}

TEST_CASE("safety: alternatives are what leaks less, the least first") {
  const auto safety = weigh_safety({}, about_e, reckoned);
  CHECK(names(safety).front() == "the form config");
  const auto all = names(safety);
  const auto at = [&](const char* what) { return std::find(all.begin(), all.end(), what); };
  CHECK(at("FailureThreshold 10") < at("FailureThreshold 3"));
  CHECK(at("FailureThreshold 3") != all.end());
  // 10 s leak as 30 do.
  CHECK(at("RequestInterval 10, FailureThreshold 3") == all.end());
  // Not without an endpoint that may be the engine.
  CHECK(at("the form engine") == all.end());
  auto at_engine = about_e;
  at_engine.engine_at_hand = true;
  const auto there = names(weigh_safety({}, at_engine, reckoned));
  CHECK(std::find(there.begin(), there.end(), "the form engine") != there.end());
}

TEST_CASE("safety: only forms that this program deploys, and no threshold that there is already") {
  LatchSetup slow;
  slow.threshold = 10;
  for (const auto& one : weigh_safety(slow, about_e, [](const SafetyQuestion& question) {
                           return question.setup.form == Form::guide ? of_guide() : without_leak();
                         }).alternatives) {
    CHECK(!not_built_yet(one.setup.form));
    CHECK(one.setup.form != Form::guide);
  }
}

TEST_CASE("safety: where nothing leaks nothing else is reckoned") {
  int asked = 0;
  const auto count = [&](const SafetyQuestion&) {
    ++asked;
    return without_leak();
  };
  LatchSetup config;
  config.form = Form::config;
  CHECK(weigh_safety(config, about_e, count).alternatives.empty());
  CHECK(asked == 1);
  auto best = about_e;
  best.weigh = SafetyWish::Weigh::best;
  CHECK(names(weigh_safety({}, best, reckoned)) == std::vector<std::string>{"the form config"});
}

TEST_CASE("safety: the price of an alternative is against what there is") {
  LatchSetup https;
  https.options.https = true;
  const auto safety = weigh_safety(https, about_e, reckoned);
  const auto& config = safety.alternatives.front();
  CHECK(dollars(config.more_low, config.more_high) == "0.93 to 0.98");
  CHECK(dollars(safety.check.low(), safety.check.high()) == "1.50 to 2.75");
  CHECK(config.how == "sitelatch deploy E --form config --plan");
  for (const auto& one : safety.alternatives)
    if (one.what == "FailureThreshold 3") {
      CHECK(one.more_high == 0);
      CHECK(one.how == "aws route53 update-health-check --health-check-id E --failure-threshold 3");
    }
}

TEST_CASE("safety: the range is from no leak at all to the p99 of the worst") {
  const auto range = unsafe_range(of_guide());
  CHECK(range.low_ms == 0);
  CHECK(range.high_ms == 260'400);
  CHECK(range.may_never_latch);
  const SafetyFigures always{blip(0), {outage(60'000, {200, 200, 200})}};
  CHECK(unsafe_range(always).low_ms == 40'000);
  CHECK(!unsafe_range(always).may_never_latch);
  CHECK(unsafe_range({blip(0), {outage(60'000, {199, 199, 199})}}).low_ms == 0);
  CHECK(unsafe_range(without_leak()).high_ms == 0);
}

TEST_CASE("safety: a false latch is a blip that was latched") {
  CHECK(false_latches_a_year(blip(20), 1) == doctest::Approx(5.2));
  auto some_never = blip(20);
  some_never.cases[1].never_latched = 10;
  CHECK(false_latches_a_year(some_never, 1) == doctest::Approx(2.6));
  CHECK(false_latches_a_year(OutageFigures{}, 1) == 0);
}

TEST_CASE("safety: what is said of a setup that leaks") {
  const auto safety = weigh_safety({}, about_e, reckoned);
  CHECK(brief_sentence(safety) ==
        "0 to 260 s a failover or until it is seen, simulated. Back after 1m, Primary is named "
        "before the latch in 99.5 % (57 to 100) of the failovers, after 2m in 46 % (0 to 100), "
        "after 5m in 0 % (0 to 0.5)");
  CHECK(leak_sentence(safety) ==
        "DNS names a Primary that is back soon again, before the latch: after 1m in 99.5 % (57 to "
        "100), after 2m in 46 % (0 to 100), after 5m in 0 % (0 to 0.5) of the failovers, for 80 s "
        "(40 to 200, p99 260); of these up to 31 % are never latched.");
  CHECK(failover_sentence(safety) ==
        "Failover after 28 s (25 to 32, p99 43); a blip of 20 s a week makes 5.2 false latches a "
        "year.");
  CHECK(price_sentence(safety) ==
        "The guard costs 0.12 to 0.17 USD a month by AWS's list prices, beside the health check "
        "itself (0.50 to 0.75).");
  CHECK(brief_sentence(safety, safety.alternatives.front()) ==
        "the form config does not leak: failover after 28 s in place of 28, 0.93 to 0.98 USD a "
        "month more");
  CHECK(sentence_of(safety, safety.alternatives.front()) ==
        "the form config: no leak, failover after 28 s in place of 28, 2.6 false latches a year in "
        "place of 5.2, 0.93 to 0.98 USD a month more: sitelatch deploy E --form config --plan");
}

TEST_CASE("safety: a year of somebody's outages is told of the setup and of each alternative") {
  auto wish = about_e;
  CHECK(!weigh_safety({}, wish, reckoned).year);
  wish.assumed = {"samples=1"};
  wish.reckon_year = [](const LatchSetup& setup, const std::vector<std::string>& assumed) {
    CHECK(assumed == std::vector<std::string>{"samples=1"});
    return setup.form == Form::guide
               ? Year{{{12, 11, 7, 300}, {12, 11.5, 10, 946.25}, {12, 9, 12, 2'000}}}
               : Year{{{4, 4, 0, 0}, {4, 4, 0, 0}, {4, 4, 0, 0}}};
  };
  const auto safety = weigh_safety({}, wish, reckoned);
  REQUIRE(safety.year);
  CHECK(year_sentence(*safety.year) ==
        "In a year of these outages: 12 failovers, 11.5 (11 to 9) latches, 10 (7 to 12) leaks with "
        "946.2 (300 to 2000) unsafe s. Each latch is a page, a resynchronisation and a switch back "
        "by a person.");
  CHECK(sentence_of(safety, safety.alternatives.front())
            .find("; in such a year 4 failovers, 4 latches, 0 leaks with 0 unsafe s: sitelatch") !=
        std::string::npos);
}

TEST_CASE("safety: what is said of a setup that does not") {
  LatchSetup config;
  config.form = Form::config;
  auto safety = weigh_safety(config, about_e, reckoned);
  CHECK(brief_sentence(safety) ==
        "0 s a failover, simulated; the failover is the latch, and comes after 28 s (25 to 32, p99 "
        "43)");
  CHECK(leak_sentence(safety) ==
        "In none of 1200 simulated failovers DNS named Primary before a switch back: the failover "
        "is the latch, under the assumptions that docs/safety.md names.");
  safety.in_force = false;
  CHECK(leak_sentence(safety).starts_with("Nothing latches now"));
  CHECK(brief_sentence(safety).starts_with("nothing latches now"));
  LatchSetup engine;
  engine.form = Form::engine;
  CHECK(price_sentence(weigh_safety(engine, about_e, reckoned)) ==
        "The guard costs nothing beside the health check itself (0.50 to 0.75 USD a month).");
}

}  // namespace
}  // namespace sitelatch::guard
