// SPDX-License-Identifier: Apache-2.0
#include "guard/rules/hardened_form.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "guard/rules/testing.h"

using namespace sitelatch;
using namespace sitelatch::guard;
using guard::testing::at;
using guard::testing::id;

namespace {

const std::string secret_path = "/0123456789abcdef0123456789abcdef";

Plan guard_plan() {
  Settings settings;
  settings.health_check_id = id;
  settings.account = "000000000000";
  settings.function_region = "eu-west-1";
  settings.function_sha256 = "sha";
  settings.record.original_path = "/lb-check";
  auto plan = make_plan(settings);
  REQUIRE(plan);
  return *plan;
}

RelaySettings relay_settings() {
  return {secret_path,
          sentinel_label(id) + ".example.test",
          std::string{sentinel_says_primary},
          std::string{sentinel_says_backup},
          {{"ns-1.example.net", 53}, {"ns-2.example.org", 53}}};
}

HardenedPlan plan_of_it() {
  HardenedPlan plan;
  plan.endpoint = id;
  plan.settings = relay_settings();
  plan.relay = relay_plan(guard_plan(), plan.settings);
  plan.zone_id = "Z1";
  plan.zone_name = "example.test.";
  return plan;
}

// All of it, as it should be.
HardenedObserved all_there() {
  const auto plan = plan_of_it();
  HardenedObserved o;
  auto& role = o.relay.role.emplace();
  role.trust = plan.relay.role.trust;
  role.inline_policies[plan.relay.role.policy_name] = plan.relay.role.policy;
  role.tags = plan.relay.role.tags;
  auto& function = o.relay.function.emplace();
  function.name = plan.relay.function.name;
  function.runtime = plan.relay.function.runtime;
  function.handler = plan.relay.function.handler;
  function.role_arn = plan.relay.function.role_arn;
  function.sha256 = "sha";
  function.state = "Active";
  function.timeout_s = plan.relay.function.timeout_s;
  function.environment = plan.relay.function.environment;
  function.tags = plan.relay.function.tags;
  function.reserved_concurrency = 1;
  function.permissions = {{"sitelatch-url", "*", "", "", "lambda:InvokeFunctionUrl"},
                          {"sitelatch-url-invoke", "*", "", "", "lambda:InvokeFunction"}};
  o.relay.function_group = ObservedLogGroup{"", plan.relay.function_group.retention_days,
                                            plan.relay.function_group.tags};
  o.url = "https://abc.lambda-url.eu-west-1.on.aws/";
  auto& clock = o.clock.emplace();
  clock.id = "clock";
  clock.target = {"HTTPS", "abc.lambda-url.eu-west-1.on.aws", secret_path, 443};
  clock.healthy = true;
  clock.answered = at(0);
  o.sentinel_there = true;
  o.threshold = 3;
  o.interval_s = 30;
  o.tagged = true;
  o.zone_servers = relay_settings().name_servers;
  return o;
}

std::vector<std::string> broken(const HardenedObserved& o) {
  std::vector<std::string> names;
  for (const auto& link : hardened_links(plan_of_it(), o))
    if (link.health == Link::Health::broken) names.push_back(link.name);
  return names;
}

std::vector<std::string> work_left(const HardenedObserved& o) {
  std::vector<std::string> out;
  for (const auto& work : hardened_work(plan_of_it(), o))
    out.push_back(work.verb + " " + std::string{to_string(work.step)});
  return out;
}

using Words = std::vector<std::string>;

}  // namespace

TEST_CASE("the relay's plan is a guard's with a name, a role and a log of its own") {
  const auto guard = guard_plan();
  const auto relay = relay_plan(guard, relay_settings());
  CHECK(relay.function.name == "sitelatch-" + id + "-relay");
  CHECK(relay.function.region == "eu-west-1");
  CHECK(relay.function.sha256 == "sha");
  CHECK(relay.function.reserved_concurrency == 1);
  CHECK(relay.function.timeout_s >= 10);
  CHECK(relay.role.name == relay.function.name);
  CHECK(relay.role.policy.find("/aws/lambda/" + relay.function.name) != std::string::npos);
  CHECK(relay.role.policy.find(guard.health_check_arn) != std::string::npos);
  // What it latches by and whom it tells are the guard's.
  for (const auto* variable : {"SITELATCH_HEALTH_CHECK_ID", "SITELATCH_ALARM_ARN",
                               "SITELATCH_NOTIFY_TOPIC_ARN", "SITELATCH_AUDIT_GROUP"})
    CHECK(relay.function.environment.at(variable) == guard.function.environment.at(variable));
  const auto read = read_relay(relay.function.environment);
  REQUIRE(read);
  CHECK(*read == relay_settings());
  CHECK(is_relay_path(secret_path));
}

TEST_CASE("the clock asks the URL on the secret path, as the URL says") {
  using Target = std::optional<ClockTarget>;
  CHECK(clock_target("https://abc.lambda-url.eu-west-1.on.aws/", "/s") ==
        Target{{"HTTPS", "abc.lambda-url.eu-west-1.on.aws", "/s", 443}});
  // An engine's.
  CHECK(clock_target("http://abc.lambda-url.eu-west-1.localhost:4566/", "/s") ==
        Target{{"HTTP", "abc.lambda-url.eu-west-1.localhost", "/s", 4566}});
  CHECK(clock_target("http://engine.test:80/_sitelatch/url/abc/", "/s") ==
        Target{{"HTTP", "engine.test", "/_sitelatch/url/abc/s", 80}});
  for (const auto* none : {"", "abc", "ftp://x/", "http://", "http://x:0/", "http://x:y/"})
    CHECK_FALSE(clock_target(none, "/s"));
  CHECK_FALSE(clock_target("https://x/", ""));
}

TEST_CASE("the clock's reference names its endpoint, however long the id") {
  CHECK(clock_reference(id, 3) == "sl-k-" + id + "-3");
  CHECK(endpoint_of_clock(clock_reference(id, 3)) == id);
  CHECK(clock_reference(id, 20).size() <= 64);
  for (const auto* other : {"sl-c-x-1", "sl-k-", "sl-k-x", "sl-k--1", "sl-k-x-y"})
    CHECK_FALSE(endpoint_of_clock(other));
  CHECK(is_sentinel_name("_sitelatch-" + id + ".example.test.", id));
  CHECK(is_sentinel_name("_SITELATCH-" + id + ".example.test.", id));
  CHECK_FALSE(is_sentinel_name("_sitelatch-" + id + "x.example.test.", id));
  CHECK_FALSE(is_sentinel_name("client.example.test.", id));
}

TEST_CASE("a failover lasts a minute at least, whatever the interval") {
  CHECK(threshold_asked(30) == 3);
  CHECK(threshold_asked(10) == 7);
  CHECK(threshold_asked(1) == 10);  // as many as Route 53 takes
  CHECK(threshold_asked(0) == 10);
}

TEST_CASE("what is as it should be is neither work nor told") {
  CHECK(work_left(all_there()).empty());
  CHECK(broken(all_there()).empty());
  CHECK(against_hardened(plan_of_it(), guard_plan().settings, {}).empty());
  // A stricter threshold is a person's own.
  auto o = all_there();
  o.threshold = 5;
  CHECK(broken(o).empty());
}

TEST_CASE("nothing there: all of it is made, the relay not before it can see") {
  const HardenedObserved nothing;
  CHECK_FALSE(nothing.any());
  const auto work = work_left(nothing);
  CHECK(work == Words{"create sentinel", "create relay", "create relay", "create relay",
                      "create url", "create url-permissions", "create clock", "create tag"});
}

TEST_CASE("each piece that is gone or wrong is named, and mended by a step of its own") {
  struct Case {
    const char* link;
    const char* work;
    void (*hand)(HardenedObserved& o);
  };
  const std::vector<Case> cases = {
      {"relay-function", "create relay", [](auto& o) { o.relay.function.reset(); }},
      {"relay-function-code", "change relay", [](auto& o) { o.relay.function->sha256 = "old"; }},
      {"relay-function-configuration", "change relay",
       [](auto& o) { o.relay.function->environment.erase("SITELATCH_RELAY_PATH"); }},
      {"relay-function-configuration", "change relay",
       [](auto& o) { o.relay.function->timeout_s = 3; }},
      {"relay-role", "create relay", [](auto& o) { o.relay.role.reset(); }},
      {"relay-role-policy", "create relay", [](auto& o) { o.relay.role->inline_policies.clear(); }},
      {"relay-url", "create url", [](auto& o) { o.url.clear(); }},
      {"relay-url", "change url", [](auto& o) { o.url_is_open = false; }},
      {"relay-url", "create url-permissions",
       [](auto& o) { o.relay.function->permissions.pop_back(); }},
      {"relay-url", "create url-permissions",
       [](auto& o) { o.relay.function->permissions[0].principal = "arn:aws:iam::1:root"; }},
      {"relay-clock", "create clock", [](auto& o) { o.clock.reset(); }},
      {"relay-clock", "change mend-clock", [](auto& o) { o.clock->disabled = true; }},
      {"relay-clock", "change mend-clock", [](auto& o) { o.clock->inverted = true; }},
      {"relay-clock", "change mend-clock", [](auto& o) { o.clock->target.path = "/other"; }},
      {"sentinel", "create sentinel", [](auto& o) { o.sentinel_there = false; }},
      {"sentinel", "change sentinel", [](auto& o) { o.sentinel_wrong = "gone"; }},
      {"form-tag", "create tag", [](auto& o) { o.tagged = false; }},
  };
  for (const auto& one : cases) {
    auto o = all_there();
    one.hand(o);
    CAPTURE(one.link);
    const auto told = broken(o), left = work_left(o);
    CAPTURE(told);
    CAPTURE(left);
    CHECK(std::find(told.begin(), told.end(), one.link) != told.end());
    CHECK(std::find(left.begin(), left.end(), one.work) != left.end());
    // What may be said of a URL that is gone depends on the function alone.
    CHECK(left.size() <= 3);
  }
}

TEST_CASE("what only status may say: a relay that does not answer, servers that changed") {
  auto o = all_there();
  o.clock->healthy = false;
  o.clock->last_status = "Failure: HTTP Status Code 500";
  CHECK(broken(o) == Words{"relay-clock"});
  CHECK(work_left(o).empty());
  for (const auto& link : hardened_links(plan_of_it(), o))
    if (link.name == "relay-clock") {
      CHECK(link.why.find("the alarm alone latches") != std::string::npos);
      CHECK(link.why.find("500") != std::string::npos);
      CHECK(link.why.find("last answered at 2026-11-22T12:00:00Z") != std::string::npos);
    }
  o.clock->healthy.reset();
  CHECK(broken(o).empty());
  o = all_there();
  o.zone_servers.pop_back();
  CHECK(broken(o) == Words{"relay-name-servers"});
  // One that a person gave as an address is meant so.
  o = all_there();
  o.relay.function->environment["SITELATCH_NAME_SERVERS"] = "127.0.0.1:5353";
  CHECK(named_by_a_person({{"127.0.0.1", 5353}}));
  CHECK(named_by_a_person({{"2001:db8::1", 53}}));
  CHECK_FALSE(named_by_a_person(relay_settings().name_servers));
  const auto told = broken(o);
  CHECK(std::find(told.begin(), told.end(), "relay-name-servers") == told.end());
  o = all_there();
  o.threshold = 2;
  CHECK(broken(o) == Words{"failure-threshold"});
  CHECK(work_left(o).empty());
  o = all_there();
  o.relay.function->reserved_concurrency = 0;
  CHECK(broken(o) == Words{"relay-concurrency"});
  CHECK(work_left(o) == Words{"change concurrency"});
  o.relay.function->reserved_concurrency.reset();
  CHECK(broken(o).empty());
}

TEST_CASE("what may not be seen is no finding") {
  auto o = all_there();
  o.clock.reset();
  o.relay.function.reset();
  o.unseen = {{"relay", "denied"}, {"relay-clock", "denied"}, {"form-tag", "denied"}};
  CHECK(broken(o).empty());
  int unknown = 0;
  for (const auto& link : hardened_links(plan_of_it(), o))
    unknown += link.health == Link::Health::unknown ? 1 : 0;
  CHECK(unknown == 3);
}

TEST_CASE("refused: no public zone, Python, pieces of another form") {
  auto plan = plan_of_it();
  plan.zone_id.clear();
  CHECK(against_hardened(plan, guard_plan().settings, {}).size() == 1);
  auto settings = guard_plan().settings;
  settings.function = FunctionKind::python;
  CHECK(against_hardened(plan_of_it(), settings, {}).size() == 1);
  const auto config =
      against_hardened(plan_of_it(), guard_plan().settings, {{std::string{tag::form}, "config"}});
  REQUIRE(config.size() == 1);
  CHECK(config[0].why.find("--form config") != std::string::npos);
  CHECK(
      against_hardened(plan_of_it(), guard_plan().settings, {{std::string{tag::form}, "hardened"}})
          .empty());
}

TEST_CASE("records change only while Primary serves, is healthy, and everybody can see it") {
  const auto refused = [](bool latched, bool maintenance, std::optional<bool> healthy,
                          std::optional<bool> primary) {
    return against_hardening({latched, maintenance, healthy, primary}).size();
  };
  CHECK(refused(false, false, true, true) == 0);
  CHECK(refused(true, false, false, false) == 1);
  CHECK(refused(false, true, true, true) == 1);
  CHECK(refused(false, false, false, true) == 1);
  CHECK(refused(false, false, {}, true) == 1);
  CHECK(refused(false, false, true, false) == 1);
  CHECK(refused(false, false, true, {}) == 1);
}
