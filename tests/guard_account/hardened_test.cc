// SPDX-License-Identifier: Apache-2.0
// A guard of the form `hardened` against an account in memory: how often its failover leaks before
// it is latched, and that every command goes on where it was cut off.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>

#include "guard/apply/find_form.h"
#include "guard/apply/safety_ground.h"
#include "hardened_account.h"

using namespace sitelatch;
using namespace sitelatch::guard;
using namespace sitelatch::guard::test;
using aws::Value;

namespace {

const std::string primary_ip = scenario::primary_address, backup_ip = scenario::backup_address;

// As of config: all calls that change something and a sample of those that read; of these every
// fourth, or all with SITELATCH_THOROUGH=1.
std::vector<std::size_t> breakable(const std::vector<std::string>& calls, std::size_t from) {
  const auto* thorough = std::getenv("SITELATCH_THOROUGH");
  const std::size_t step = thorough && *thorough ? 1 : 6;
  std::vector<std::size_t> worth, out;
  for (std::size_t n = 1; from + n <= calls.size(); ++n)
    if (!is_reading(calls[from + n - 1]) || n % 40 == 0) worth.push_back(n);
  for (std::size_t i = 0; i < worth.size(); i += step) out.push_back(worth[i]);
  return out;
}

Link piece_of(const View& view, const std::string& name) {
  for (const auto& link : view.assessment.links)
    if (link.name == name) return link;
  return {Link::Health::unknown, "", "there is no such link", ""};
}

struct Outages {
  int failovers = 0, leaks = 0, worst_s = 0;
};
// One outage of this length at each of these places of the probes' interval, then Primary is well.
Outages outages(Duration length, bool relay_is_dead, std::array<int, 4> behind_s) {
  Outages out;
  for (const auto begins : {0s, 7s, 13s, 22s}) {
    HardenedAccount account;
    account.behind_s = behind_s;
    account.serve_hardened();
    account.relay_is_dead = relay_is_dead;
    account.live(begins);
    account.watches = true;
    account.outage(length);
    account.live(6min);
    if (account.story.dns() == backup_ip || account.leaked_s > 0) ++out.failovers;
    if (account.leaked_s > 0) ++out.leaks;
    out.worst_s = std::max(out.worst_s, account.leaked_s);
  }
  return out;
}

}  // namespace

TEST_CASE("hardened: deploy makes all of it once, and changes records only when asked") {
  HardenedAccount account;
  int backup = 0;
  account.every_second = [&] { backup += account.story.dns() != primary_ip ? 1 : 0; };
  account.give_secondary("");
  account.story.witness.watch_no_more();
  const auto plan = account.plan_hardened();
  CHECK(plan.threshold);
  CHECK(plan.work.size() >= 7);
  CHECK(account.everything().empty());
  REQUIRE_FALSE(account.deploy_hardened(false));
  CHECK(account.threshold() == 1);
  const auto pieces = account.everything();
  CAPTURE(pieces);
  for (const auto& part :
       {"lambda " + relay_name(account.check()), "iam " + relay_name(account.check()),
        "logs /aws/lambda/" + relay_name(account.check()), "check sl-k-" + account.check() + "-1"})
    CHECK(std::find(pieces.begin(), pieces.end(), part) != pieces.end());
  CHECK(std::count_if(pieces.begin(), pieces.end(),
                      [](const auto& one) { return one.starts_with("record "); }) == 2);
  CHECK(find_form(account, account.check())->form == Form::hardened);
  account.live(3min);
  CHECK(account.relay_runs > 20);
  auto seen = account.look_hardened();
  CHECK(seen.assessment.state == State::armed);
  CHECK(piece_of(seen, "relay-clock").health == Link::Health::ok);
  CHECK(piece_of(seen, "relay-clock").why.find("last answered at") != std::string::npos);
  CHECK(piece_of(seen, "failure-threshold").health == Link::Health::broken);
  // Again: nothing is made twice; then what was asked for.
  REQUIRE_FALSE(account.deploy_hardened(false));
  CHECK(account.everything() == pieces);
  REQUIRE_FALSE(account.deploy_hardened(true));
  CHECK(account.threshold() == 3);
  CHECK(account.everything() == pieces);
  const auto left = account.plan_hardened();
  CHECK(left.work.empty());
  CHECK(left.guide.work.empty());
  CHECK_FALSE(left.hardens());
  account.live(5min);
  CHECK(backup == 0);
  seen = account.look_hardened();
  CHECK(piece_of(seen, "failure-threshold").health == Link::Health::ok);
  // The clock is attached to nothing, and the endpoint's check to the records as before.
  CHECK(account.story.dns() == primary_ip);
}

TEST_CASE(
    "hardened: SECONDARY's check is closed with the records, and refused while Backup serves") {
  HardenedAccount account;
  account.give_secondary(account.story.backup_check);
  account.story.witness.watch_no_more();
  const auto why = account.deploy_hardened(false);
  REQUIRE(why);
  CHECK(why->find("--change-records") != std::string::npos);
  CHECK(account.everything().empty());
  account.story.primary().goes_down();
  account.live(3min);
  const auto refused = account.deploy_hardened(true);
  REQUIRE(refused);
  CHECK(refused->find("The records were not changed") != std::string::npos);
  account.story.primary().comes_up();
  account.live(3min);
  account.serve_hardened();
  // Both down: Backup stays the answer.
  account.story.primary().goes_down();
  account.story.backup().goes_down();
  account.live(6min);
  CHECK(account.story.dns() == backup_ip);
}

TEST_CASE("hardened: no outage of 90 to 300 s leaks; without the relay it is the guide") {
  // Servers 0 to 5 s late: the base case of docs/safety.md.
  for (const auto length : {90s, 120s, 180s, 300s}) {
    const auto seen = outages(length, false, {0, 1, 3, 5});
    CAPTURE(length.count());
    CHECK(seen.leaks == 0);
    CHECK(seen.worst_s == 0);
    if (length > 90s) CHECK(seen.failovers == 4);
  }
  // The pessimistic one: 5 to 15 s.
  CHECK(outages(120s, false, {5, 8, 12, 15}).worst_s == 0);
  const auto dead = outages(90s, true, {0, 1, 3, 5});
  CHECK(dead.failovers > 0);
  CHECK(dead.leaks > 0);
}

TEST_CASE(
    "hardened: latched within seconds, told once, and switched back when all servers followed") {
  HardenedAccount account;
  account.behind_s = {5, 8, 12, 15};
  account.serve_hardened();
  account.watches = true;
  account.story.primary().goes_down();
  int failed_over = -1, latched_at = -1, second = 0;
  account.every_second = [&] {
    ++second;
    if (failed_over < 0 && account.says(0) == backup_ip) failed_over = second;
    if (latched_at < 0 && account.story.path() != "/lb-check") latched_at = second;
  };
  account.live(4min);
  account.every_second = [] {};
  REQUIRE(failed_over > 60);
  CHECK(latched_at - failed_over <= 5);
  account.story.primary().comes_up();
  account.live(10min);
  CHECK(account.leaked_s == 0);
  auto seen = account.look_hardened();
  CHECK(seen.assessment.state == State::tripped);
  REQUIRE(record_of(seen.snapshot.observed).latch_note);
  CHECK(record_of(seen.snapshot.observed).latch_note->by == LatchedBy::relay);
  const auto version = account.story.version();
  // A server that is behind holds the release back, and then the relay leaves it alone.
  account.said.clear();
  account.watches = false;
  account.behind_s[3] = 3600;
  bool waited = false;
  account.every_second = [&] {
    waited = waited || std::any_of(account.said.begin(), account.said.end(), [](const auto& line) {
               return line.starts_with("Waiting until every name server names Backup");
             });
    if (waited) account.behind_s[3] = 15;
  };
  const auto report = account.switch_back_now();
  INFO(report.sentence, report.refusals.empty() ? "" : report.refusals.front().why);
  CHECK(report.end == SwitchBackEnd::done);
  CHECK(waited);
  account.live(15min);
  CHECK(account.story.version() == version + 1);
  CHECK(account.story.dns() == primary_ip);
  // And it latches again.
  account.released();
  account.watches = true;
  account.outage(3min);
  account.live(5min);
  CHECK(account.story.dns() == backup_ip);
  CHECK(account.leaked_s == 0);
}

TEST_CASE("hardened: a server that does not name Backup refuses a switch back, unless forced") {
  HardenedAccount account;
  account.serve_hardened();
  account.outage(4min);
  account.live(2min);
  REQUIRE(account.story.dns() == backup_ip);
  account.behind_s[2] = 36'000;
  const auto report = account.switch_back_now();
  CHECK(report.end == SwitchBackEnd::refused);
  REQUIRE_FALSE(report.refusals.empty());
  CHECK(report.refusals.front().name == "dns");
  CHECK(account.story.path() != "/lb-check");
  CHECK(account.switch_back_now({"dns"}).end != SwitchBackEnd::refused);
  CHECK(account.story.path() == "/lb-check");
}

TEST_CASE("hardened: what somebody takes away is named, and deploy puts it back") {
  using Hand = std::function<void(HardenedAccount&)>;
  const auto function = [](HardenedAccount& account, const char* operation, Value input) {
    input.set("FunctionName", relay_name(account.check()));
    account.story.ok("lambda", operation, input);
  };
  const auto clock = [](HardenedAccount& account) {
    auto seen = look_at_hardened(account.context(), account.look_hardened().snapshot,
                                 account.look_hardened().plan, {});
    REQUIRE(seen);
    REQUIRE(seen->observed.clock);
    return seen->observed.clock->id;
  };
  const std::vector<std::pair<const char*, Hand>> hands = {
      {"relay-function",
       [&](HardenedAccount& account) { function(account, "DeleteFunction", Value::structure()); }},
      {"relay-url",
       [&](HardenedAccount& account) {
         function(account, "DeleteFunctionUrlConfig", Value::structure());
       }},
      {"relay-url",
       [&](HardenedAccount& account) {
         function(account, "RemovePermission",
                  Value::structure({{"StatementId", std::string{url_invoke_statement}}}));
       }},
      {"relay-clock",
       [&](HardenedAccount& account) {
         account.update(clock(account), {{"Disabled", true}});
       }},
      {"relay-clock",
       [&](HardenedAccount& account) {
         account.story.ok("route53", "DeleteHealthCheck",
                          Value::structure({{"HealthCheckId", clock(account)}}));
       }},
      {"relay-role-policy",
       [&](HardenedAccount& account) {
         account.story.ok("iam", "DeleteRolePolicy",
                          Value::structure({{"RoleName", relay_name(account.check())},
                                            {"PolicyName", relay_name(account.check())}}));
       }},
      {"sentinel",
       [&](HardenedAccount& account) {
         const auto seen = account.look_hardened();
         for (const auto& record : seen.snapshot.records->sentinels)
           if (record.failover == "SECONDARY")
             account.story.ok(
                 "route53", "ChangeResourceRecordSets",
                 Value::structure(
                     {{"HostedZoneId", account.story.zone},
                      {"ChangeBatch",
                       Value::structure(
                           {{"Changes", Value::list({Value::structure(
                                            {{"Action", "DELETE"},
                                             {"ResourceRecordSet", record.wire}})})}})}}));
       }},
      {"form-tag",
       [&](HardenedAccount& account) {
         account.story.ok(
             "route53", "ChangeTagsForResource",
             Value::structure({{"ResourceType", "healthcheck"},
                               {"ResourceId", account.check()},
                               {"RemoveTagKeys", Value::list({tag::form, tag::clock_check})}}));
       }},
      {"failure-threshold",
       [&](HardenedAccount& account) {
         account.update(account.check(), {{"FailureThreshold", 1}});
       }},
  };
  for (const auto& [name, hand] : hands) {
    HardenedAccount account(1);
    account.serve_hardened();
    const auto pieces = account.everything();
    const std::string told{name};
    CAPTURE(told);
    hand(account);
    CHECK(piece_of(account.look_hardened(), name).health == Link::Health::broken);
    const auto wrong = account.deploy_hardened(true);
    INFO(wrong.value_or("done"));
    CHECK_FALSE(wrong);
    account.live(3min);
    const auto seen = account.look_hardened();
    for (const auto& link : seen.assessment.links) {
      INFO(link.name, ": ", link.why);
      CHECK(link.health != Link::Health::broken);
    }
    CHECK(account.everything().size() == pieces.size());
    CHECK(account.story.dns() == primary_ip);
  }
}

TEST_CASE("hardened: a dead relay is told by its clock") {
  HardenedAccount account;
  account.serve_hardened();
  account.relay_is_dead = true;
  account.live(5min);
  const auto clock = piece_of(account.look_hardened(), "relay-clock");
  CHECK(clock.health == Link::Health::broken);
  CHECK(clock.why.find("the alarm alone latches") != std::string::npos);
  CHECK(clock.why.find("last answered at") != std::string::npos);
}

TEST_CASE(
    "hardened: from the guide and back to it, without an answer moved or a moment unlatched") {
  HardenedAccount account;
  int backup = 0;
  account.every_second = [&] { backup += account.story.dns() != primary_ip ? 1 : 0; };
  account.deploy_well();
  account.story.witness.watch_no_more();
  const auto guides = account.everything();
  int unarmed = 0;
  account.instead = [&](const client::Call&) -> std::optional<client::Outcome<client::Reply>> {
    const auto alarm = account.story.ok(
        "cloudwatch", "DescribeAlarms",
        Value::structure({{"AlarmNames", Value::list({default_names(account.check()).alarm})}}));
    unarmed += alarm["MetricAlarms"].items().at(0)["ActionsEnabled"].boolean_or(false) ? 0 : 1;
    return std::nullopt;
  };
  REQUIRE_FALSE(account.deploy_hardened(true));
  account.live(3min);
  CHECK(account.everything().size() > guides.size());
  REQUIRE_FALSE(account.back_to_guide());
  account.instead = nullptr;
  CHECK(unarmed == 0);
  // Its log is kept.
  auto kept = account.everything();
  std::erase(kept, "logs /aws/lambda/" + relay_name(account.check()));
  CHECK(kept == guides);
  account.live(5min);
  CHECK(backup == 0);
  account.every_second = [] {};
  CHECK(find_form(account, account.check())->form == Form::guide);
  CHECK(account.look().assessment.state == State::armed);
  account.outage(4min);
  account.live(2min);
  CHECK(account.story.dns() == backup_ip);
}

TEST_CASE("hardened: destroy leaves nothing, and keeps its hands off a latch") {
  HardenedAccount account;
  account.serve_hardened();
  account.outage(4min);
  account.live(2min);
  const auto why = account.destroy_hardened();
  REQUIRE(why);
  CHECK(why->find("--keep-latched") != std::string::npos);
  CHECK(account.switch_back_now().end == SwitchBackEnd::done);
  REQUIRE_FALSE(account.destroy_hardened());
  CHECK(account.everything().empty());
  account.live(3min);
  CHECK(account.story.dns() == primary_ip);
}

TEST_CASE(
    "hardened: whichever call of deploy is lost or the last, the next ends in the same guard") {
  std::vector<std::string> calls;
  std::vector<std::string> pieces;
  {
    HardenedAccount account(1);
    REQUIRE_FALSE(account.deploy_hardened(true));
    calls = account.calls();
    pieces = account.everything();
  }
  for (const bool killed : {true, false}) {
    for (const auto n : breakable(calls, 0)) {
      HardenedAccount account(1);
      int backup = 0;
      account.every_second = [&] { backup += account.story.dns() != primary_ip ? 1 : 0; };
      if (killed)
        account.kill_at(n);
      else
        account.lose_answer(n);
      CAPTURE(n);
      CAPTURE(killed);
      INFO("call: ", calls[n - 1]);
      std::optional<std::string> first = "killed";
      try {
        first = account.deploy_hardened(true);
      } catch (const ProcessEnded&) {
      }
      const auto second = account.deploy_hardened(true);
      INFO("the first: ", first.value_or("done"), "; the second: ", second.value_or("done"));
      CHECK_FALSE(second);
      CHECK(account.everything() == pieces);
      CHECK(account.plan_hardened().work.empty());
      CHECK(account.threshold() == 3);
      CHECK(backup == 0);
    }
  }
}

TEST_CASE("hardened: whichever call of destroy is lost or the last, the next finishes it") {
  std::vector<std::string> calls;
  std::size_t from = 0;
  {
    HardenedAccount account(1);
    account.serve_hardened();
    from = account.calls().size();
    REQUIRE_FALSE(account.destroy_hardened());
    calls = account.calls();
  }
  for (const bool killed : {true, false}) {
    for (const auto n : breakable(calls, from)) {
      HardenedAccount account(1);
      account.serve_hardened();
      if (killed)
        account.kill_at(n);
      else
        account.lose_answer(n);
      CAPTURE(n);
      CAPTURE(killed);
      INFO("call: ", calls[from + n - 1]);
      try {
        (void)account.destroy_hardened();
      } catch (const ProcessEnded&) {
      }
      const auto wrong = account.destroy_hardened();
      INFO(wrong.value_or("done"));
      CHECK_FALSE(wrong);
      CHECK(account.everything().empty());
      CHECK(account.story.dns() == primary_ip);
    }
  }
}

TEST_CASE("hardened: whoever changes the check first is not overwritten") {
  HardenedAccount account(1);
  REQUIRE_FALSE(account.deploy_hardened(false));
  // Somebody trips between the look and the threshold.
  account.before("UpdateHealthCheck", [&] {
    account.update(account.check(), {{"ResourcePath", "/lb-check-failed-over"}});
  });
  const auto why = account.deploy_hardened(true);
  REQUIRE(why);
  CHECK(account.threshold() == 1);
  CHECK(account.story.path() == "/lb-check-failed-over");
}

TEST_CASE(
    "hardened: a right that is missing stops it with a name, and the rest is not made twice") {
  for (const auto* operation : {"CreateFunctionUrlConfig", "CreateHealthCheck", "AddPermission"}) {
    HardenedAccount account(1);
    account.deny(operation);
    CAPTURE(operation);
    const auto why = account.deploy_hardened(false);
    REQUIRE(why);
    INFO(*why);
    CHECK(why->find(operation) != std::string::npos);
    account.allow();
    CHECK_FALSE(account.deploy_hardened(false));
    CHECK(account.plan_hardened().work.empty());
  }
}

TEST_CASE("hardened: a relay that fails its self-test is told by the deploy that made it") {
  HardenedAccount account(1);
  account.live(2min);
  account.relay_is_dead = true;
  const auto wrong = account.deploy_hardened(true);
  REQUIRE(wrong);
  INFO(*wrong);
  CHECK(wrong->find("failed its self-test: ") != std::string::npos);
  CHECK(wrong->find("the alarm alone latches") != std::string::npos);
  // The guide's guard stands by none the less; and what nobody built is not tested again.
  CHECK(account.look_hardened().assessment.state == State::armed);
  CHECK_FALSE(account.deploy_hardened(true));
}

TEST_CASE("hardened: what the relay's death costs is not reckoned as if it lived") {
  HardenedAccount account;
  account.serve_hardened();
  auto ground = safety_ground(account.look_hardened());
  REQUIRE(ground);
  CHECK(ground->setup.form == Form::hardened);
  CHECK(ground->beside.empty());
  account.relay_is_dead = true;
  account.live(5min);
  ground = safety_ground(account.look_hardened());
  REQUIRE(ground);
  CHECK(ground->setup.form == Form::guide);
  CHECK(ground->setup.threshold == 3);
  REQUIRE(ground->beside.size() == 1);
  CHECK(ground->beside.front().find("relay-clock") != std::string::npos);
}
