// SPDX-License-Identifier: Apache-2.0
// Removing a guard, and rehearsing one: what they make goes, what is others' stays.
#include <doctest/doctest.h>

#include "account.h"
#include "guard/apply/drill.h"

using namespace sitelatch;
using namespace sitelatch::guard;
using namespace sitelatch::guard::test;
using aws::Value;

namespace {

std::optional<std::string> destroy(Account& account, Latch latch = Latch::unsaid) {
  const auto plan = plan_removal(account.context(), {account.check(), latch, true});
  if (!plan) return plan.error().text;
  const auto removed = carry_out(account.context(), *plan);
  if (!removed) return removed.error().text;
  return std::nullopt;
}

DrillReport drill_in(Account& account, Scenario scenario) {
  // The function of the scratch guard is the same.
  account.story.any_function = account.story.functions.begin()->second;
  DrillOptions options;
  options.health_check_id = account.check();
  options.scenario = scenario;
  options.codes = account.codes();
  return drill(account.context(), options);
}

std::size_t checks_in(Account& account) {
  return account.story.ok("route53", "ListHealthChecks", Value::structure())["HealthChecks"]
      .items()
      .size();
}

}  // namespace

TEST_CASE("destroy removes what deploy made, and nothing else") {
  Account account;
  account.story.ok("sns", "CreateTopic", Value::structure({{"Name", account.check() + "-mine"}}));
  account.deploy_well();
  const auto wrong = destroy(account);
  INFO(wrong.value_or("done"));
  CHECK_FALSE(wrong);
  CHECK(account.resources() == std::vector<std::string>{"sns arn:aws:sns:us-east-1:000000000000:" +
                                                        account.check() + "-mine"});
  CHECK(account.story.dns() == scenario::primary_address);
}

TEST_CASE("whichever answer is lost, destroying again ends it") {
  std::size_t calls = 0;
  {
    Account account;
    account.deploy_well();
    const auto before = account.calls().size();
    REQUIRE_FALSE(destroy(account));
    calls = account.calls().size() - before;
  }
  for (std::size_t n = 1; n <= calls; ++n) {
    Account account;
    account.deploy_well();
    account.lose_answer(n);
    const auto first = destroy(account);
    CAPTURE(n);
    INFO("first: ", first.value_or("done"));
    if (first) {
      const auto second = destroy(account);
      INFO("second: ", second.value_or("done"));
      CHECK_FALSE(second);
    }
    CHECK(account.resources().empty());
  }
}

TEST_CASE("a latched check is not given away by a destroy that says nothing of it") {
  Account account;
  account.deploy_well();
  account.lose_primary();
  const auto before = account.resources();
  const auto why = destroy(account);
  REQUIRE(why);
  CHECK(account.resources() == before);
  REQUIRE_FALSE(destroy(account, Latch::keep));
  CHECK(account.resources().empty());
  account.story.primary().comes_up();
  account.story.wait(30min);
  CHECK(account.story.dns() == scenario::backup_address);
}

TEST_CASE("a denied removal is named, and the rest stays for the next time") {
  for (const char* operation :
       {"DeleteAlarms", "DeleteFunction", "DeleteRole", "DeleteTopic", "DeleteRule"}) {
    Account account;
    account.deploy_well();
    account.deny(operation);
    CAPTURE(operation);
    const auto why = destroy(account);
    REQUIRE(why);
    INFO(*why);
    CHECK(why->find(operation) != std::string::npos);
    account.allow();
    CHECK_FALSE(destroy(account));
    CHECK(account.resources().empty());
  }
}

TEST_CASE("a drill walks the whole chain, and leaves nothing") {
  for (const auto scenario : {Scenario::alarm, Scenario::outage}) {
    Account account;
    const auto checks = checks_in(account);
    const auto report = drill_in(account, scenario);
    INFO(report.sentence);
    CHECK(report.passed);
    CHECK(report.left.empty());
    CHECK(checks_in(account) == checks);
    CHECK(account.resources().empty());
    CHECK(account.story.dns() == scenario::primary_address);
  }
}

TEST_CASE("guard-on-aws 29: a drill says first how long it takes on AWS") {
  for (const auto scenario : {Scenario::alarm, Scenario::outage, Scenario::blip}) {
    Account account;
    (void)drill_in(account, scenario);
    REQUIRE_FALSE(account.said.empty());
    INFO(account.said.front());
    CHECK(account.said.front().find(time_on_aws(scenario)) != std::string::npos);
    CHECK(account.said.front().find("minutes") != std::string::npos);
  }
}

TEST_CASE("a drill that is denied or loses an answer fails, says where, and cleans up") {
  struct Cut {
    const char* what;
    std::function<void(Account&)> cut;
  };
  for (const auto& [what, cut] :
       {Cut{"denied CreateFunction", [](Account& a) { a.deny("CreateFunction"); }},
        Cut{"denied SetAlarmState", [](Account& a) { a.deny("SetAlarmState"); }},
        Cut{"lost answer of CreateFunction",
            [](Account& a) { a.before("CreateFunction", [&a] { a.lose_answer(0); }); }},
        Cut{"lost answer of PutMetricAlarm",
            [](Account& a) { a.before("PutMetricAlarm", [&a] { a.lose_answer(0); }); }}}) {
    Account account;
    const std::string case_name{what};
    CAPTURE(case_name);
    cut(account);
    const auto checks = checks_in(account);
    const auto report = drill_in(account, Scenario::alarm);
    CHECK_FALSE(report.passed);
    INFO(report.sentence);
    CHECK(report.sentence.find("failed") != std::string::npos);
    CHECK(report.left.empty());
    CHECK(checks_in(account) == checks);
  }
}

TEST_CASE("after a destroy there is no guard, and no link of what is gone is ok") {
  for (const bool logs : {true, false}) {
    CAPTURE(logs);
    Account account;
    account.deploy_well();
    const auto plan = plan_removal(account.context(), {account.check(), Latch::unsaid, logs});
    REQUIRE(plan);
    REQUIRE(carry_out(account.context(), *plan));
    const auto shown = account.look();
    CHECK(shown.assessment.state == State::not_deployed);
    for (const auto& link : shown.assessment.links) CHECK(link.name == "health-check");
  }
}

TEST_CASE("a destroy that was cut off shows what is left, and not what is gone") {
  Account account;
  account.deploy_well();
  account.deny("DeleteTopic");
  REQUIRE(destroy(account));
  account.allow();
  const auto shown = account.look();
  CHECK(shown.assessment.state == State::partial);
  for (const auto& link : shown.assessment.links) {
    CAPTURE(link.name);
    // The topics and what belongs to them go last; the order is destroy's.
    const bool left = link.name.find("topic") != std::string::npos || link.name == "health-check" ||
                      link.name.ends_with("-group");
    if (link.health == Link::Health::ok) CHECK(left);
  }
  CHECK_FALSE(destroy(account));
}

TEST_CASE("a role is deleted although IAM has not seen yet that its policies are gone") {
  Account account;
  account.deploy_well();
  int early = 3;
  account.instead =
      [&early](const client::Call& call) -> std::optional<client::Outcome<client::Reply>> {
    if (call.operation != "DeleteRole" || early-- <= 0) return std::nullopt;
    return client::Outcome<client::Reply>{failure(service_error(
        call, "DeleteConflict", "Cannot delete entity, must delete policies first."))};
  };
  CHECK_FALSE(destroy(account));
  CHECK(account.resources().empty());
}
