// SPDX-License-Identifier: Apache-2.0
// People who see half of a guard, or none of Route 53's verdict: nothing that gives DNS to Primary
// is done by what they cannot see, and a latch is set all the same.
#include <doctest/doctest.h>

#include "account.h"
#include "guard/rules/decision.h"

using namespace sitelatch;
using namespace sitelatch::guard;
using namespace sitelatch::guard::test;
using aws::Value;

namespace {

Result<Carried, Error> keep_primary(Account& account) {
  Request request;
  request.action = "disarm";
  request.why = "patching";
  auto shown = view(account, account, account.check(), account.context().chain());
  REQUIRE(shown);
  return carry_out(account.context(), std::move(*shown), request, [](const View& now) {
    return disarm(situation_of(now.snapshot.observed), {30min, Keep::primary, "patching"}, now.now);
  });
}

Check the_check(Account& account) { return *account.look().snapshot.observed.check; }

SwitchBackReport released_by(Account& account, const std::set<std::string>& force = {}) {
  SwitchBackOptions options;
  options.health_check_id = account.check();
  options.reason = "sites synchronised";
  options.force = force;
  options.confirm = [](const View&, const std::string&) { return true; };
  return guard::switch_back(account.context(), options);
}

const std::set<std::string> half_of_it = {"DescribeAlarms", "GetFunction", "DescribeLogGroups"};

}  // namespace

TEST_CASE("guard-on-aws 1: in the alarm's lag a failed-over Primary is not frozen as healthy") {
  Account account;
  account.deploy_well();
  account.story.functions.clear();  // whatever comes of the alarm: nothing latches here
  account.story.any_function = [](scenario::Running&) {};
  account.story.wait(15min);
  CHECK(keep_primary(account));  // a healthy one is
  Account failed;
  failed.deploy_well();
  failed.story.wait(15min);
  failed.story.primary().goes_down();
  while (failed.story.dns() == scenario::primary_address) failed.story.wait(5s);
  const auto in_the_lag = failed.look();
  REQUIRE(in_the_lag.snapshot.observed.alarm->snapshot.state == AlarmState::ok);
  const auto refused = keep_primary(failed);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().text.find("last probes of Primary") != std::string::npos);
  // It is back before the alarm has noticed: Backup has served.
  failed.story.functions.clear();
  failed.story.any_function = [](scenario::Running&) {};
  failed.story.primary().comes_up();
  failed.story.wait(2min);
  const auto too_soon = keep_primary(failed);
  REQUIRE_FALSE(too_soon);
  CHECK_FALSE(the_check(failed).disabled);
  CHECK(failed.count("UpdateHealthCheck") == 0);
}

TEST_CASE("guard-on-aws 1: what cannot be seen refuses a freeze, and names the right") {
  for (const char* operation : {"GetMetricData", "GetHealthCheckStatus"}) {
    Account account;
    account.deploy_well();
    account.story.wait(15min);
    account.deny(operation);
    CAPTURE(operation);
    const auto refused = keep_primary(account);
    REQUIRE_FALSE(refused);
    INFO(refused.error().text);
    account.allow();
    CHECK_FALSE(the_check(account).disabled);
  }
}

TEST_CASE("guard-on-aws 3: a freeze that could be written nowhere is not made") {
  Account account;
  account.story.arm();  // by the guide: no notify topic, and with it no record
  account.story.wait(15min);
  const auto refused = keep_primary(account);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().kind == Error::Kind::refused);
  CHECK(refused.error().text.find("no notify topic") != std::string::npos);
  CHECK(account.count("UpdateHealthCheck") == 0);
  CHECK_FALSE(the_check(account).disabled);
}

TEST_CASE("a freeze that fails leaves no maintenance behind, which would excuse an alarm") {
  Account account;
  account.deploy_well();
  account.story.wait(15min);
  account.deny("UpdateHealthCheck");
  CHECK_FALSE(keep_primary(account));
  account.allow();
  CHECK_FALSE(record_of(account.look().snapshot.observed).maintenance);
  CHECK(account.look().assessment.state == State::armed);
}

TEST_CASE("guard-on-aws 20: nobody releases half blind; each missing right is named") {
  Account account;
  account.deploy_well();
  account.lose_primary();
  account.story.primary().comes_up();
  account.story.wait(10min);
  for (const auto& operation : half_of_it) account.deny(operation);
  const auto report = released_by(account);
  CHECK(report.end == SwitchBackEnd::no_answer);
  for (const char* right :
       {"cloudwatch:DescribeAlarms", "lambda:GetFunction", "logs:DescribeLogGroups"})
    CHECK(report.sentence.find(right) != std::string::npos);
  CHECK(account.count("UpdateHealthCheck") == 0);
  CHECK(account.story.dns() == scenario::backup_address);

  account.allow();
  account.deny("DescribeLogGroups");  // who sees all but the audit log may say so
  CHECK(released_by(account).end == SwitchBackEnd::no_answer);
  CHECK(released_by(account, {"audit"}).end == SwitchBackEnd::done);
}

TEST_CASE("guard-on-aws 20: the record that cannot be read is neither taken for none nor written") {
  for (const char* operation : {"ListTagsForResource", "GetTopicAttributes"}) {
    Account account;
    account.deploy_well();
    account.lose_primary();
    account.story.primary().comes_up();
    account.story.wait(10min);
    CAPTURE(operation);
    REQUIRE(released_by(account).end == SwitchBackEnd::done);
    const auto release = record_of(account.look().snapshot.observed).release;
    account.deny(operation);
    CHECK_FALSE(keep_primary(account));
    Request request;
    request.action = "trip";
    request.why = "at night";
    auto shown = view(account, account, account.check(), account.context().chain());
    REQUIRE(shown);
    const auto tripped =
        carry_out(account.context(), std::move(*shown), request, [](const View& v) {
          return trip(situation_of(v.snapshot.observed), {false, "at night"}, v.now);
        });
    CHECK(tripped);  // the safe side is always open
    account.allow();
    CHECK(latched(the_check(account)));
    CHECK(record_of(account.look().snapshot.observed).release == release);
  }
}

TEST_CASE("guard-on-aws 28: a clock that is hours ahead decides and notes by AWS's time") {
  Account account;
  account.deploy_well();
  account.lose_primary();
  account.story.primary().comes_up();
  account.story.wait(10min);
  account.clock_is_ahead = 5h;
  REQUIRE(released_by(account).end == SwitchBackEnd::done);
  const auto release = record_of(account.look().snapshot.observed).release;
  REQUIRE(release.at);
  CHECK(*release.at <= account.story.now());
  CHECK(*release.at > account.story.now() - 30min);
}

TEST_CASE("guard-on-aws 21: in the alarm's lag reconcile latches by Route 53's verdict") {
  Account account;
  account.deploy_well();
  account.story.wait(15min);
  account.story.primary().goes_down();
  while (account.look().snapshot.observed.healthy.value_or(true)) account.story.wait(5s);
  Request request;
  request.action = "reconcile";
  auto shown = view(account, account, account.check(), account.context().chain());
  REQUIRE(shown);
  REQUIRE(shown->snapshot.observed.alarm->snapshot.state == AlarmState::ok);
  const auto verdict = on_reconcile(situation_of(shown->snapshot.observed), shown->now);
  REQUIRE(verdict.change);
  REQUIRE(
      carry_out(account.context(), std::move(*shown), request, [&](const View& now) -> Transition {
        return *on_reconcile(situation_of(now.snapshot.observed), now.now).change;
      }));
  account.story.primary().comes_up();
  account.story.wait(20min);
  CHECK(account.story.dns() == scenario::backup_address);
}
