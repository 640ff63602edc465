// SPDX-License-Identifier: Apache-2.0
// What a person who looks again and again is told through a failover and a way back, of checks that
// are no endpoints, and of what cannot be asked or seen.
#include <doctest/doctest.h>

#include <algorithm>

#include "account.h"

using namespace sitelatch;
using namespace sitelatch::guard;
using namespace sitelatch::guard::test;
using aws::Value;

namespace {

bool tells(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

// The states that looks every five seconds give until `end` is one, each once.
std::vector<State> states_until(Account& account, State end) {
  std::vector<State> seen;
  for (int look = 0; look < 240; ++look) {
    const auto state = account.look().assessment.state;
    if (seen.empty() || seen.back() != state) seen.push_back(state);
    if (state == end) return seen;
    account.story.wait(5s);
  }
  FAIL("never " << to_string(end));
  return seen;
}

const Link* link_named(const View& view, std::string_view name) {
  const auto& links = view.assessment.links;
  const auto found =
      std::find_if(links.begin(), links.end(), [name](const Link& l) { return l.name == name; });
  return found == links.end() ? nullptr : &*found;
}

SwitchBackReport switched_back(Account& account) {
  SwitchBackOptions options;
  options.health_check_id = account.check();
  options.reason = "sites synchronised";
  options.confirm = [](const View&, const std::string&) { return true; };
  return guard::switch_back(account.context(), options);
}

// Latched, and Primary is well again.
void come_and_go(Account& account) {
  account.deploy_well();
  account.lose_primary();
  account.story.primary().comes_up();
  account.story.wait(10min);
}

std::string make_check(Account& account, const Value& config) {
  return account.story
      .ok("route53", "CreateHealthCheck",
          Value::structure(
              {{"CallerReference", "another"}, {"HealthCheckConfig", config}}))["HealthCheck"]["Id"]
      .string();
}

}  // namespace

TEST_CASE("issue 8: a failover is armed, failing-over, tripped; nothing else is told on the way") {
  Account account;
  account.deploy_well();
  account.story.wait(15min);
  account.story.primary().goes_down();
  CHECK(states_until(account, State::tripped) ==
        std::vector<State>{State::armed, State::failing_over, State::tripped});
}

TEST_CASE(
    "issue 8: a way back is tripped, switching-back, armed; nothing else is told on the way") {
  Account account;
  come_and_go(account);
  REQUIRE(account.look().assessment.state == State::tripped);
  Request request;
  request.action = "switch-back";
  const auto released = carry_out(account.context(), account.look(), request, [](const View& seen) {
    SwitchBack wish;
    wish.reason = "in sync";
    wish.primary_answers = true;
    return guard::switch_back(situation_of(seen.snapshot.observed), wish, seen.now);
  });
  REQUIRE(released);
  const auto at = record_of(account.look().snapshot.observed).release.at;
  CHECK(account.look().assessment.since == at);
  CHECK(states_until(account, State::armed) ==
        std::vector<State>{State::switching_back, State::armed});
}

TEST_CASE("issue 8: a failover that nothing latches is told after its time") {
  Account account;
  account.deploy_well();
  account.story.wait(15min);
  account.story.functions.clear();
  account.story.any_function = [](scenario::Running&) {};
  account.story.primary().goes_down();
  CHECK(states_until(account, State::unlatched_but_unhealthy) ==
        std::vector<State>{State::armed, State::failing_over, State::unlatched_but_unhealthy});
}

TEST_CASE("guard-on-aws 15: a check that is no endpoint is looked at and latched by its metric") {
  Account account;
  const auto check = make_check(
      account, Value::structure({{"Type", "CALCULATED"},
                                 {"HealthThreshold", 1},
                                 {"ChildHealthChecks", Value::list({account.check()})}}));
  account.story.wait(5min);
  auto shown = view(account, account, check, account.context().everything());
  REQUIRE(shown);
  CHECK(account.count("GetHealthCheckStatus") == 0);  // refused for it
  CHECK(shown->snapshot.observed.healthy == true);
  CHECK(shown->assessment.state == State::not_deployed);
  account.story.primary().goes_down();
  account.story.wait(3min);
  shown = view(account, account, check, account.context().chain());
  REQUIRE(shown);
  CHECK(shown->snapshot.observed.healthy == false);
  account.story.primary().comes_up();
  account.story.wait(3min);

  Request request;
  request.action = "trip";
  request.why = "at night";
  shown = view(account, account, check, account.context().chain());
  REQUIRE(shown);
  REQUIRE(carry_out(account.context(), std::move(*shown), request, [](const View& seen) {
    return trip(situation_of(seen.snapshot.observed), {false, "at night"}, seen.now);
  }));
  shown = view(account, account, check, account.context().chain());
  REQUIRE(shown);
  CHECK(latched(*shown->snapshot.observed.check));
  CHECK(shown->snapshot.observed.check->inverted);
  CHECK(shown->snapshot.observed.healthy == false);
  CHECK(account.count("GetHealthCheckStatus") == 0);
}

TEST_CASE("guard-on-aws 19: what DNS did not say is not passed") {
  Account account;
  come_and_go(account);
  const auto right = account.context().ask_dns;
  account.context().ask_dns = [](const std::string& server, const std::string&,
                                 const std::string&) -> Result<DnsAnswer> {
    return failure(Problem{"the name server " + server + " does not answer"});
  };
  const auto silent = account.look();
  REQUIRE(link_named(silent, "dns"));
  CHECK(link_named(silent, "dns")->health == Link::Health::broken);
  CHECK(silent.dns.front().serving == Serving::unknown);
  CHECK_FALSE(silent.dns.front().not_asked);
  const auto report = switched_back(account);
  CHECK(report.end == SwitchBackEnd::not_confirmed);
  CHECK(tells(report.sentence, "does not answer"));
  CHECK(account.story.dns() == scenario::primary_address);

  account.context().ask_dns = [&](const std::string& server, const std::string& name,
                                  const std::string& type) {
    auto answer = right(server, name, type);
    if (answer) answer->authoritative = false;  // a resolver has taken port 53 over
    return answer;
  };
  const auto by_another = account.look();
  CHECK(by_another.dns.front().serving == Serving::unknown);
  CHECK(tells(by_another.dns.front().problem, "without authority"));
  auto given = account.context().everything();
  given.dns_server = "192.0.2.53:53";  // a server that a person has named may be a resolver
  const auto by_hand = view(account, account, account.check(), given);
  REQUIRE(by_hand);
  CHECK(by_hand->dns.front().serving == Serving::primary);
}

TEST_CASE("guard-on-aws 19: who may not see the records is not told that DNS was confirmed") {
  Account account;
  come_and_go(account);
  account.deny("ListResourceRecordSets");
  const auto report = switched_back(account);
  CHECK(report.end == SwitchBackEnd::not_confirmed);
  CHECK(tells(report.sentence, "records cannot be seen"));
  const auto blind = account.look();
  REQUIRE(link_named(blind, "dns"));
  CHECK(link_named(blind, "dns")->health == Link::Health::unknown);
}

TEST_CASE("guard-on-aws 30: a private zone, as all of GovCloud's are, is told to be asked inside") {
  Account account;
  come_and_go(account);
  account.instead = [&](const client::Call& call) -> std::optional<client::Outcome<client::Reply>> {
    if (call.operation != "ListHostedZones") return std::nullopt;
    auto zones = Value::list();
    const auto answer = account.story.ok("route53", "ListHostedZones", call.input);
    for (auto zone : answer["HostedZones"].items()) {
      zone.set("Config", Value::structure({{"PrivateZone", true}}));
      zones.push(zone);
    }
    return client::Reply{Value::structure({{"HostedZones", zones}}), "r"};
  };
  const auto outside = account.look();
  REQUIRE(outside.dns.size() == 1);
  CHECK(outside.dns.front().not_asked);
  CHECK(link_named(outside, "dns")->health == Link::Health::unknown);
  CHECK(tells(link_named(outside, "dns")->why, "--dns-server"));
  const auto begun = account.story.now();
  const auto report = switched_back(account);
  CHECK(report.end == SwitchBackEnd::not_confirmed);
  CHECK(tells(report.sentence, "--dns-server"));
  CHECK(account.story.now() < begun + 9min);  // nobody waits for an answer that cannot come
  account.context().dns_server = "192.0.2.53:53";
  CHECK(account.look().dns.front().serving == Serving::primary);
}

TEST_CASE("guard-on-aws 19: a blocked port costs two servers' time, once for a zone") {
  Account account;
  account.deploy_well();
  int asked = 0;
  account.context().ask_dns = [&](const std::string&, const std::string&,
                                  const std::string&) -> Result<DnsAnswer> {
    ++asked;
    return failure(Problem{"no answer"});
  };
  const auto shown = account.look();
  CHECK(asked <= 2);
  CHECK(shown.dns.front().problem == "no answer");
}

TEST_CASE("guard-on-aws 20: what may not be seen is unknown, and the right is named") {
  for (const auto& [operation, name] : {std::pair{"GetFunction", "function"},
                                        {"DescribeAlarms", "alarm"},
                                        {"GetRole", "role"},
                                        {"DescribeRule", "schedule"},
                                        {"GetPolicy", "sns-permission"},
                                        {"GetFunctionEventInvokeConfig", "failure-destination"},
                                        {"DescribeLogGroups", "audit-group"},
                                        {"GetSubscriptionAttributes", "subscription"}}) {
    const std::string told{operation};
    CAPTURE(told);
    Account account;
    account.deploy_well();
    account.deny(operation);
    const auto seen = account.look();
    CHECK(seen.assessment.state == State::unknown);
    REQUIRE(link_named(seen, name));
    CHECK(link_named(seen, name)->health == Link::Health::unknown);
    CHECK(tells(link_named(seen, name)->why, operation));
    CHECK(std::none_of(seen.assessment.links.begin(), seen.assessment.links.end(),
                       [](const Link& l) { return l.health == Link::Health::broken; }));
  }
  Account account;
  account.deploy_well();
  account.deny("GetHealthCheck");
  CHECK(account.look().assessment.state == State::unknown);
}

TEST_CASE("guard-on-aws 24: a filter policy on the function's subscription is found and removed") {
  Account account;
  account.deploy_well();
  const auto arn = account.look().snapshot.observed.alarm_subscriptions.front().arn;
  account.story.ok("sns", "SetSubscriptionAttributes",
                   Value::structure({{"SubscriptionArn", arn},
                                     {"AttributeName", "FilterPolicy"},
                                     {"AttributeValue", R"({"team":["web"]})"}}));
  const auto filtered = account.look();
  CHECK(filtered.assessment.state == State::drifted);
  CHECK(link_named(filtered, "subscription")->health == Link::Health::broken);
  account.deploy_well();
  CHECK(account.look().assessment.state == State::armed);
}

TEST_CASE("guard-on-aws 24: an alarm mute rule is told; where they may not be listed, that too") {
  Account account;
  account.deploy_well();
  std::string status = "ACTIVE";
  account.instead = [&](const client::Call& call) -> std::optional<client::Outcome<client::Reply>> {
    if (call.operation != "ListAlarmMuteRules") return std::nullopt;
    if (status.empty()) return failure(service_error(call, "AccessDenied", "not yours", 403));
    CHECK(call.input["AlarmName"].string() == default_names(account.check()).alarm);
    const auto rule = Value::structure(
        {{"AlarmMuteRuleArn", "arn:aws:cloudwatch:us-east-1:000000000000:alarm-mute-rule:weekend"},
         {"Status", status}});
    return client::Reply{Value::structure({{"AlarmMuteRuleSummaries", Value::list({rule})}}), "r"};
  };
  auto seen = account.look();
  CHECK(seen.assessment.state == State::partial);
  CHECK(tells(link_named(seen, "alarm-mute")->why, "weekend"));
  status = "SCHEDULED";
  seen = account.look();
  CHECK(seen.assessment.state == State::armed);
  CHECK(tells(link_named(seen, "alarm-mute")->why, "will mute"));
  status = "";
  seen = account.look();
  CHECK(seen.assessment.state == State::unknown);
  CHECK(link_named(seen, "alarm-mute")->health == Link::Health::unknown);
}

TEST_CASE(
    "guard-on-aws 26: a run reads each zone's records once, however many checks it looks at") {
  Account account;
  account.deploy_well();
  AllRecords records(account);
  auto how = account.context().everything();
  how.all_records = &records;
  const auto before = account.count("ListResourceRecordSets");
  for (const auto& id : {account.check(), account.story.backup_check, account.check()}) {
    const auto shown = view(account, account, id, how);
    REQUIRE(shown);
    CHECK(shown->snapshot.records);
  }
  CHECK(account.count("ListResourceRecordSets") == before + 1);
}

TEST_CASE("guard-on-aws 26: for many guards the metric alone is asked, not the checkers") {
  Account account;
  account.deploy_well();
  auto how = account.context().everything();
  how.probes = false;
  const auto before = account.count("GetHealthCheckStatus");
  const auto shown = view(account, account, account.check(), how);
  REQUIRE(shown);
  CHECK(shown->snapshot.observed.healthy == true);
  CHECK(account.count("GetHealthCheckStatus") == before);
}

TEST_CASE("guard-on-aws 27: one failed probe everywhere is not an unhealthy Primary") {
  Account account;
  account.deploy_well();
  account.instead = [&](const client::Call& call) -> std::optional<client::Outcome<client::Reply>> {
    if (call.operation != "GetHealthCheckStatus") return std::nullopt;
    auto reports = Value::list();
    for (int i = 0; i < 16; ++i)
      reports.push(Value::structure(
          {{"Region", "us-east-1"},
           {"IPAddress", "192.0.2." + std::to_string(i)},
           {"StatusReport", Value::structure({{"Status", "Failure: HTTP Status Code 503"},
                                              {"CheckedTime", account.story.now()}})}}));
    return client::Reply{Value::structure({{"HealthCheckObservations", reports}}), "r"};
  };
  const auto seen = account.look();
  CHECK(seen.snapshot.observed.healthy == true);  // FailureThreshold has not been reached
  CHECK(seen.assessment.state == State::failing_over);
}
