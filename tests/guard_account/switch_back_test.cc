// SPDX-License-Identifier: Apache-2.0
// Giving traffic back to Primary, with lost answers, races and denials on the way.
#include <doctest/doctest.h>

#include "account.h"
#include "guard/rules/decision.h"

using namespace sitelatch;
using namespace sitelatch::guard;
using namespace sitelatch::guard::test;
using aws::Value;

namespace {

// A guard that has latched, and a Primary that is well again.
struct Latched : Account {
  Latched() {
    deploy_well();
    lose_primary();
    story.primary().comes_up();
    story.wait(10min);
  }
  SwitchBackReport switch_back(const std::set<std::string>& force = {}) {
    SwitchBackOptions options;
    options.health_check_id = check();
    options.reason = "sites synchronised";
    options.force = force;
    options.confirm = [this](const View&, const std::string& name) {
      asked_for = name;
      if (meanwhile) meanwhile();
      return confirms;
    };
    return guard::switch_back(context(), options);
  }
  std::string asked_for;
  std::function<void()> meanwhile;
  bool confirms = true;
};

}  // namespace

TEST_CASE("switched back: Primary serves, and the guard can fire again") {
  Latched account;
  const auto report = account.switch_back();
  INFO(report.sentence);
  CHECK(report.end == SwitchBackEnd::done);
  CHECK(account.asked_for == scenario::client_name);
  CHECK(account.story.dns() == scenario::primary_address);
  CHECK(account.story.path() == scenario::healthy_path);
  account.lose_primary();
}

TEST_CASE("nobody confirms, or Primary does not answer: nothing is released") {
  Latched account;
  account.confirms = false;
  CHECK(account.switch_back().end == SwitchBackEnd::refused);
  account.confirms = true;
  account.story.primary().goes_down();
  const auto report = account.switch_back();
  CHECK(report.end == SwitchBackEnd::refused);
  REQUIRE_FALSE(report.refusals.empty());
  CHECK(report.refusals.front().name == "primary");
  CHECK(account.count("UpdateHealthCheck") == 0);
  CHECK(account.story.dns() == scenario::backup_address);
}

TEST_CASE("whichever answer is lost, DNS names Primary only after the release, and again ends it") {
  std::size_t calls = 0;
  {
    Latched account;
    const auto before = account.calls().size();
    REQUIRE(account.switch_back().end == SwitchBackEnd::done);
    calls = account.calls().size() - before;
  }
  for (std::size_t n = 1; n <= calls; n += 2) {
    Latched account;
    const auto before = account.calls().size();
    account.lose_answer(n);
    const auto first = account.switch_back();
    CAPTURE(n);
    INFO("lost: ",
         account.calls().size() >= before + n ? account.calls()[before + n - 1] : "nothing",
         "; first: ", first.sentence);
    if (first.end == SwitchBackEnd::done) continue;
    // Not released, or released and followed up.
    if (latched(*account.look().snapshot.observed.check))
      CHECK(account.story.dns() == scenario::backup_address);
    account.story.wait(5min);
    const auto second = account.switch_back();
    INFO("second: ", second.sentence,
         second.refusals.empty() ? "" : " " + second.refusals.front().why);
    const bool ended = second.end == SwitchBackEnd::done ||
                       (!second.refusals.empty() && second.refusals.front().why.find(
                                                        "nothing is latched") != std::string::npos);
    CHECK(ended);
    CHECK(account.story.dns() == scenario::primary_address);
  }
}

TEST_CASE("a check that changes while the person decides is not released") {
  Latched account;
  account.meanwhile = [&] {
    account.story.ok("route53", "UpdateHealthCheck",
                     Value::structure({{"HealthCheckId", account.check()},
                                       {"ResourcePath", "/lb-check-switched-over"}}));
  };
  const auto report = account.switch_back();
  CHECK(report.end == SwitchBackEnd::refused);
  REQUIRE_FALSE(report.refusals.empty());
  CHECK(report.refusals.front().why.find("has changed since") != std::string::npos);
  CHECK(account.story.dns() == scenario::backup_address);
}

TEST_CASE("a right that is taken away while the person decides is named, and nothing is released") {
  for (const char* operation : {"GetHealthCheck", "DescribeAlarms", "ListTagsForResource"}) {
    Latched account;
    account.meanwhile = [&] { account.deny(operation); };
    CAPTURE(operation);
    const auto report = account.switch_back();
    CHECK(report.end == SwitchBackEnd::no_answer);
    CHECK(report.sentence.find(operation) != std::string::npos);
    account.allow();
    CHECK(account.story.path() == scenario::latch_path);
    CHECK(account.story.dns() == scenario::backup_address);
  }
}

TEST_CASE("a release that may not be written down, or made, is not made") {
  for (const char* operation : {"PutLogEvents", "UpdateHealthCheck", "TagResource"}) {
    Latched account;
    account.deny(operation);
    CAPTURE(operation);
    const auto report = account.switch_back();
    CHECK(report.end != SwitchBackEnd::done);
    INFO(report.sentence);
    CHECK(report.sentence.find(operation) != std::string::npos);
    account.allow();
    CHECK(latched(*account.look().snapshot.observed.check));
    CHECK(account.story.dns() == scenario::backup_address);
  }
}

TEST_CASE("guard-on-aws 5: a release that fails leaves the latch held in the new release") {
  struct Cut {
    const char* what;
    std::function<void(Latched&)> make;
  };
  for (const Cut& cut :
       {Cut{"denied", [](Latched& a) { a.deny("UpdateHealthCheck"); }},
        Cut{"lost on its way",
            [](Latched& a) { a.before("UpdateHealthCheck", [&a] { a.lose_call(0); }); }},
        Cut{"another latch value", [](Latched& a) {
              a.before("UpdateHealthCheck", [&a] {
                a.story.ok("route53", "UpdateHealthCheck",
                           Value::structure({{"HealthCheckId", a.check()},
                                             {"ResourcePath", "/lb-check-switched-over"}}));
              });
            }}}) {
    Latched account;
    CAPTURE(cut.what);
    cut.make(account);
    const auto report = account.switch_back();
    INFO(report.sentence);
    CHECK((report.end == SwitchBackEnd::failed || report.end == SwitchBackEnd::no_answer ||
           report.end == SwitchBackEnd::refused));
    account.allow();
    const auto seen = account.look();
    CHECK(latched(*seen.snapshot.observed.check));
    const auto record = record_of(seen.snapshot.observed);
    CHECK(record.release.number == 1);
    CHECK(record.latched_in_this_release());
    // Terraform undoes it a moment later: the guard knows that nobody switched back.
    account.story.switch_back_by_hand();
    const auto after = account.look();
    CHECK(guard::on_tick(situation_of(after.snapshot.observed), after.now).kind ==
          Verdict::Kind::latch_again);
  }
}

TEST_CASE("guard-on-aws 5: a release that failed is made by the same command later") {
  Latched account;
  account.deny("UpdateHealthCheck");
  CHECK(account.switch_back().end != SwitchBackEnd::done);
  account.allow();
  account.story.wait(1min);
  const auto report = account.switch_back();
  INFO(report.sentence, report.refusals.empty() ? "" : report.refusals.front().why);
  CHECK(report.end == SwitchBackEnd::done);
  CHECK(report.release == 2);
}

TEST_CASE("a function that writes the same latch again is no conflict for the person") {
  Latched account;
  const auto again = [&] {
    account.story.ok("route53", "UpdateHealthCheck",
                     Value::structure({{"HealthCheckId", account.check()},
                                       {"ResourcePath", scenario::latch_path}}));
  };
  account.meanwhile = again;                   // while the person decides
  account.before("UpdateHealthCheck", again);  // and just before the release
  const auto report = account.switch_back();
  INFO(report.sentence, report.refusals.empty() ? "" : report.refusals.front().why);
  CHECK(report.end == SwitchBackEnd::done);
  CHECK(account.story.dns() == scenario::primary_address);
}

TEST_CASE("a release whose answer is lost is seen to have been made") {
  Latched account;
  account.before("UpdateHealthCheck", [&] { account.lose_answer(0); });
  const auto report = account.switch_back();
  INFO(report.sentence);
  CHECK(report.end == SwitchBackEnd::done);
  CHECK(account.count("UpdateHealthCheck") == 1);
}

TEST_CASE(
    "guard-on-aws 2: a Primary that fails again while its release is awaited is latched at once") {
  Latched account;
  // Healthy for the checkers, and down again before the alarm has seen a good minute.
  std::optional<Instant> healthy_since;
  std::function<void()> watch = [&] {
    if (account.story.path() == scenario::healthy_path &&
        account.story.dns() == scenario::primary_address) {
      if (!healthy_since) healthy_since = account.story.now();
      // The metric has it by then: Route 53 reports it three times a minute.
      if (account.story.now() >= *healthy_since + 25s) return account.story.primary().goes_down();
    }
    account.before("GetMetricData", watch);
  };
  account.before("GetMetricData", watch);
  const auto begun = account.story.now();
  const auto report = account.switch_back();
  INFO(report.sentence);
  CHECK(report.end == SwitchBackEnd::latched_again);
  CHECK(report.sentence.find("failed again") != std::string::npos);
  CHECK(account.story.now() < begun + 5min);  // not at the window's end
  account.story.primary().comes_up();
  account.story.wait(20min);
  CHECK(account.story.dns() == scenario::backup_address);
}

TEST_CASE("a Primary that does not become healthy in the window is latched again") {
  Latched account;
  account.meanwhile = [&] { account.story.primary().goes_down(); };
  const auto report = account.switch_back();
  INFO(report.sentence);
  CHECK(report.end == SwitchBackEnd::latched_again);
  CHECK(latched(*account.look().snapshot.observed.check));
  account.story.primary().comes_up();
  account.story.wait(10min);
  CHECK(account.story.dns() == scenario::backup_address);
}

TEST_CASE("guard-on-aws 2: the 0 that a latch of moments leaves is not told as a new failure") {
  for (auto moments = 5s; moments < 130s; moments += 5s) {
    CAPTURE(moments.count());
    Account account;
    account.deploy_well();
    Request request;
    request.action = "trip";
    request.why = "by mistake";
    REQUIRE(carry_out(account.context(), account.look(), request, [](const View& now) {
      return trip(situation_of(now.snapshot.observed), {false, "by mistake"}, now.now);
    }));
    account.story.wait(moments);
    SwitchBackOptions options;
    options.health_check_id = account.check();
    options.reason = "a mistake";
    options.force = {"alarm"};  // which has yet to hear of the latch
    options.confirm = [](const View&, const std::string&) { return true; };
    const auto report = guard::switch_back(account.context(), options);
    // The function cannot tell such a 0 from a failure, and latches; the next release is good.
    INFO(report.sentence);
    CHECK(report.sentence.find("failed again") == std::string::npos);
    account.story.wait(5min);
    if (account.story.path() == scenario::healthy_path) continue;
    options.force = {};
    CHECK(guard::switch_back(account.context(), options).end == SwitchBackEnd::done);
    CHECK(account.story.dns() == scenario::primary_address);
  }
}
