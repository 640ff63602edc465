// SPDX-License-Identifier: Apache-2.0
// Guards that the guide's commands made and deploy adopted: their function is the guide's Python,
// which latches at every alarm without looking, writes no audit log and has no schedule.
#include <doctest/doctest.h>

#include <algorithm>

#include "account.h"
#include "guard/apply/audit_log.h"
#include "guard/apply/drill.h"

using namespace sitelatch;
using namespace sitelatch::guard;
using namespace sitelatch::guard::test;
using aws::Value;

namespace {

struct Adopted : Account {
  Adopted() {
    story.follow_the_guide();
    story.wait(3min);
    const auto wrong = deploy();
    INFO("deploy: ", wrong.value_or("done"));
    REQUIRE_FALSE(wrong);
    REQUIRE(overwrites_planned(look().snapshot.observed));
  }
  // As the function does at each delivery of the alarm.
  void latch_again() {
    story.ok(
        "route53", "UpdateHealthCheck",
        Value::structure({{"HealthCheckId", check()}, {"ResourcePath", scenario::latch_path}}));
  }
};

}  // namespace

TEST_CASE(
    "the plan says what a guard without a schedule does not do, and the name that users look up") {
  Adopted account;
  DeployOptions options;
  options.health_check_id = account.check();
  Deployment deployment({account.context(), 30min}, options, account.codes());
  const auto plan = deployment.plan();
  REQUIRE(plan);
  CHECK(std::any_of(plan->notes.begin(), plan->notes.end(), [](const std::string& note) {
    return note.find("no schedule") != std::string::npos;
  }));
  CHECK(account.look().snapshot.observed.function->environment.at("SITELATCH_DNS_NAME") ==
        scenario::client_name);
  Account native;
  native.deploy_well();
  CHECK(native.look().snapshot.observed.function->environment.at("SITELATCH_DNS_NAME") ==
        scenario::client_name);
  CHECK(native.look().plan.settings.dns_name == scenario::client_name);
}

TEST_CASE(
    "a trip that the function outruns with the same latch is done, and noted as the person's") {
  Adopted account;
  Request request;
  request.action = "trip";
  request.why = "Primary fails";
  account.before("UpdateHealthCheck", [&] { account.latch_again(); });
  const auto tripped = carry_out(account.context(), account.look(), request, [](const View& now) {
    return trip(situation_of(now.snapshot.observed), {false, "Primary fails"}, now.now);
  });
  REQUIRE(tripped);
  CHECK(latched(*account.look().snapshot.observed.check));
  CHECK(record_of(account.look().snapshot.observed).latch_note->by == LatchedBy::trip);
}

TEST_CASE("switched back although the function latched once more after the person had looked") {
  Adopted account;
  account.lose_primary();
  account.story.primary().comes_up();
  account.story.wait(5min);
  SwitchBackOptions options;
  options.health_check_id = account.check();
  options.reason = "sites synchronised";
  options.confirm = [&](const View&, const std::string&) {
    account.latch_again();
    return true;
  };
  const auto report = guard::switch_back(account.context(), options);
  INFO(report.sentence, report.refusals.empty() ? "" : report.refusals.front().why);
  CHECK(report.end == SwitchBackEnd::done);
  CHECK(account.story.dns() == scenario::primary_address);
}

TEST_CASE("the alarm's history stands in for the lines that the function does not write") {
  Adopted account;
  const auto begun = account.story.now();
  const auto history = [&](Instant from) {
    const auto seen = account.look();
    const auto found =
        latches_by_alarm_history(account, seen.plan.alarm, from, account.story.now());
    REQUIRE(found);
    return *found;
  };
  CHECK(history(begun).empty());
  account.lose_primary();
  const auto lines = history(begun);
  REQUIRE(lines.size() == 1);
  CHECK(lines.front().action == "latch");
  CHECK(lines.front().at > begun);
  CHECK(history(account.story.now() + 1s).empty());
}

TEST_CASE("a blip is rehearsed with the guide's function to its end") {
  Adopted account;
  DrillOptions options;
  options.health_check_id = account.check();
  options.scenario = Scenario::blip;
  options.codes = account.codes();
  const auto report = drill(account.context(), options);
  INFO(report.sentence);
  CHECK(report.passed);
  CHECK(report.left.empty());
}
