// SPDX-License-Identifier: Apache-2.0
// The drill of the form hardened: DNS and the relay are rehearsed, nothing of Primary's moves, and
// nothing is left, however it ends.
#include <doctest/doctest.h>

#include <algorithm>

#include "base/text.h"
#include "drill_report.h"
#include "guard/apply/form_drill.h"
#include "guard/rules/form_rights.h"
#include "hardened_account.h"

using namespace sitelatch;
using namespace sitelatch::guard;
using namespace sitelatch::guard::test;
using aws::Value;

namespace {

struct DrilledHardened : HardenedAccount {
  using HardenedAccount::HardenedAccount;

  DrillReport rehearse(Scenario scenario) {
    FormDrillOptions options;
    options.health_check_id = check();
    options.form = Form::hardened;
    options.scenario = scenario;
    options.codes = codes();
    return drill_form(context(), options);
  }
  // Of every guard there is: what HardenedAccount lists, by whatever check, and A records.
  std::vector<std::string> all_there_is() {
    auto found = everything();
    std::erase(found, tag_of_drill);
    const auto list = [&](std::string_view service, std::string_view operation,
                          std::string_view members, std::string_view name) {
      const auto reply = story.ok(service, operation, Value::structure());
      for (const auto& one : reply[members].items())
        found.push_back(std::string{members} + " " + one[name].string_or(""));
    };
    list("route53", "ListHealthChecks", "HealthChecks", "CallerReference");
    list("lambda", "ListFunctions", "Functions", "FunctionName");
    list("iam", "ListRoles", "Roles", "RoleName");
    list("sns", "ListTopics", "Topics", "TopicArn");
    list("logs", "DescribeLogGroups", "logGroups", "logGroupName");
    list("cloudwatch", "DescribeAlarms", "MetricAlarms", "AlarmName");
    const auto records = story.ok("route53", "ListResourceRecordSets",
                                  Value::structure({{"HostedZoneId", story.zone}}));
    for (const auto& record : records["ResourceRecordSets"].items())
      found.push_back("a record " + record["Name"].string_or("") + record["Type"].string_or(""));
    return found;
  }
  bool has_said(std::string_view part) const {
    return std::any_of(said.begin(), said.end(),
                       [&](const auto& line) { return line.find(part) != std::string::npos; });
  }
};

}  // namespace

TEST_CASE("hardened drill: an outage that is over with the failover is latched by the relay") {
  DrilledHardened account;
  account.serve_hardened();
  const auto before = account.all_there_is();
  int elsewhere = 0;
  account.every_second = [&] {
    elsewhere += account.story.dns() != scenario::primary_address ? 1 : 0;
  };
  const auto begun = account.story.now();
  const auto report = account.rehearse(Scenario::outage);
  account.every_second = [] {};
  INFO(report.sentence);
  CHECK(report.passed);
  CHECK(report.left.empty());
  CHECK(names_of(report) ==
        "self-test scratch-check sentinel deploy attach outage failover recovery latched "
        "stays-latched switch-back");
  CHECK(elsewhere == 0);
  CHECK(account.all_there_is() == before);
  CHECK(account.story.now() - begun < 30min);
  for (const auto& leg : report.legs) {
    INFO(leg.name, ": ", leg.sentence);
    if (leg.name == "failover") CHECK((leg.took > 60s && leg.took < 3min));
    if (leg.name == "latched") {
      CHECK(leg.sentence.starts_with("by the relay, "));
      CHECK(leg.took < 30s);
    }
  }
  // Who looks next sees when it was, in status and in the guard's log.
  const auto seen = account.look_hardened();
  CHECK(seen.last_drill.find(" outage passed: Backup after ") != std::string::npos);
  CHECK(seen.last_drill.find(" s after it") != std::string::npos);
  AuditLog log(account, "us-east-1", seen.plan.audit_group.name, account.check(), "x");
  const auto entries = log.read(seen.now - 1h);
  REQUIRE(entries);
  CHECK(std::any_of(entries->begin(), entries->end(),
                    [](const auto& one) { return one.action == "drill" && one.stage == "done"; }));
}

TEST_CASE("hardened drill: by hand, and a blip; with no guard it shows what a deploy would give") {
  for (const auto scenario : {Scenario::trip, Scenario::blip}) {
    DrilledHardened account(1);
    account.live(3min);
    const auto before = account.all_there_is();
    const auto report = account.rehearse(scenario);
    CAPTURE(to_string(scenario));
    INFO(report.sentence);
    CHECK(report.passed);
    CHECK(account.all_there_is() == before);
    const auto names = names_of(report);
    CAPTURE(names);
    const bool held = names.find("stays-latched switch-back") != std::string::npos;
    CHECK((held || names.ends_with("recovery blip")));
  }
}

TEST_CASE("hardened drill: a relay that nothing runs, or that dies, fails it by name") {
  DrilledHardened dead(1);
  dead.live(3min);
  const auto before = dead.all_there_is();
  dead.relay_is_dead = true;
  auto report = dead.rehearse(Scenario::outage);
  INFO(report.sentence);
  CHECK_FALSE(report.passed);
  CHECK(names_of(report).ends_with("!attach"));
  CHECK(report.sentence.find("relay-clock: ") != std::string::npos);
  CHECK(dead.all_there_is() == before);

  DrilledHardened dies(1);
  dies.live(3min);
  dies.every_second = [&] { dies.relay_is_dead = dies.has_said("ok     outage"); };
  report = dies.rehearse(Scenario::outage);
  INFO(report.sentence);
  CHECK_FALSE(report.passed);
  CHECK(names_of(report).ends_with("!latched"));
  dies.every_second = [] {};
  CHECK(dies.all_there_is() == before);
}

TEST_CASE("hardened drill: interrupted or killed anywhere, and nothing stays") {
  for (const std::string after : {"scratch-check", "deploy", "outage", "latched"})
    for (const bool killed : {false, true}) {
      DrilledHardened account(1);
      account.live(3min);
      const auto before = account.all_there_is();
      bool done = false;
      account.every_second = [&] {
        if (done || !account.has_said("ok     " + after)) return;
        done = true;
        if (killed) throw ProcessEnded{};
        throw Interrupted{};
      };
      CAPTURE(after);
      CAPTURE(killed);
      try {
        const auto report = account.rehearse(Scenario::outage);
        CHECK_FALSE(report.passed);
        CHECK_FALSE(killed);
      } catch (const ProcessEnded&) {
        CHECK(killed);
        CHECK(account.all_there_is() != before);
        account.every_second = [] {};
        CHECK(account.rehearse(Scenario::trip).passed);
        CHECK(account.has_said("Removing what an earlier drill left"));
      }
      CHECK(done);
      CHECK(account.all_there_is() == before);
    }
}

TEST_CASE("hardened drill: what could show nothing makes nothing") {
  const auto refused = [](DrilledHardened& account) {
    const auto before = account.all_there_is();
    const auto report = account.rehearse(Scenario::outage);
    CHECK(report.not_begun.has_value());
    CHECK(account.all_there_is() == before);
    CHECK(account.count("CreateHealthCheck") == 0);
    return report.sentence;
  };
  DrilledHardened down(1);
  down.story.primary().goes_down();
  down.live(3min);
  CHECK(refused(down).find("Primary is not seen healthy") != std::string::npos);
  DrilledHardened blind(1);
  blind.live(3min);
  blind.deny("ListResourceRecordSets");
  CHECK(refused(blind).find("route53:ListResourceRecordSets") != std::string::npos);
}

TEST_CASE("hardened drill: the deployer's policy is enough; without a part nothing is made") {
  const auto rights = rights_of(Audience::deployer, every_hardened_guard("aws"));
  for (const std::string lacking : {"", "lambda:CreateFunctionUrlConfig"}) {
    DrilledHardened account(1);
    account.live(3min);
    auto some = rights;
    for (auto& right : some) std::erase(right.actions, lacking);
    std::erase_if(some, [](const Right& right) { return right.actions.empty(); });
    some.push_back({"AskIam",
                    {"iam:SimulatePrincipalPolicy", "iam:GetRole"},
                    {"arn:aws:iam::000000000000:role/tester"},
                    ""});
    account.become(policy_document(some));
    account.denials.clear();
    const auto before = account.all_there_is();
    const auto report = account.rehearse(Scenario::trip);
    CAPTURE(lacking);
    INFO(report.sentence);
    CHECK(report.passed == lacking.empty());
    CHECK(account.denials.empty());
    if (!lacking.empty()) {
      CHECK(report.sentence.find(lacking + " on ") != std::string::npos);
      CHECK(report.sentence.find("policy deployer --form hardened") != std::string::npos);
      CHECK(account.count("CreateHealthCheck") == 0);
    }
    account.become("");
    CHECK(account.all_there_is() == before);
  }
}
