// SPDX-License-Identifier: Apache-2.0
#include "guard/rules/state.h"

#include <doctest/doctest.h>

#include <functional>

#include "guard/rules/testing.h"

using namespace sitelatch;
using namespace sitelatch::guard;
using guard::testing::at;
using guard::testing::id;
using guard::testing::status_minutes;

namespace {
Plan plan_of_guard() {
  Settings s;
  s.health_check_id = id;
  s.account = "000000000000";
  s.function_sha256 = "sha";
  s.record.original_path = "/lb-check";
  return *make_plan(s);
}

// Everything as the plan says.
Observed deployed(const Plan& plan) {
  Observed o;
  o.check = guard::testing::healthy_check();
  o.healthy = true;
  o.notify_topic = ObservedTopic{plan.notify_topic.arn, "", "", plan.notify_topic.tags};
  o.alarm_topic =
      ObservedTopic{plan.alarm_topic.arn, "", plan.alarm_topic.policy, plan.alarm_topic.tags};
  o.notify_subscriptions = {{"arn:s1", "email", "ops@example.org", false}};
  o.alarm_subscriptions = {{"arn:s2", "lambda", plan.function.arn, false}};
  ObservedAlarm alarm;
  alarm.name = plan.alarm.name;
  alarm.arn = plan.alarm.arn;
  alarm.metric_namespace = AlarmPlan::metric_namespace;
  alarm.metric = AlarmPlan::metric;
  alarm.statistic = AlarmPlan::statistic;
  alarm.comparison = AlarmPlan::comparison;
  alarm.missing_data = AlarmPlan::missing_data;
  alarm.dimensions = {{"HealthCheckId", id}};
  alarm.alarm_actions = {plan.alarm_topic.arn};
  alarm.threshold = 1;
  alarm.period_s = 60;
  alarm.evaluation_periods = 1;
  alarm.snapshot = {AlarmState::ok, at(-600), true, true};
  alarm.tags = plan.alarm.tags;
  o.alarm = alarm;
  o.role = ObservedRole{
      plan.role.arn, "AROA", plan.role.trust, {{plan.role.policy_name, plan.role.policy}}, {},
      plan.role.tags};
  ObservedFunction f;
  f.name = plan.function.name;
  f.arn = plan.function.arn;
  f.runtime = plan.function.runtime;
  f.handler = plan.function.handler;
  f.role_arn = plan.role.arn;
  f.sha256 = "sha";
  f.state = "Active";
  f.timeout_s = plan.function.timeout_s;
  f.environment = plan.function.environment;
  f.tags = plan.function.tags;
  for (const auto& p : {plan.sns_permission, plan.events_permission})
    f.permissions.push_back(
        {p.statement_id, p.principal, p.source_arn, "", "lambda:InvokeFunction"});
  f.failure_destination = plan.notify_topic.arn;
  o.function = f;
  o.schedule = ObservedSchedule{plan.schedule.arn,
                                plan.schedule.expression,
                                true,
                                {{"function", plan.function.arn}},
                                plan.schedule.tags};
  o.audit_group = ObservedLogGroup{plan.audit_group.arn, plan.audit_group.retention_days,
                                   plan.audit_group.tags};
  o.function_group = ObservedLogGroup{plan.function_group.arn, plan.function_group.retention_days,
                                      plan.function_group.tags};
  return o;
}

State state_of(const Observed& o) { return assess(plan_of_guard(), o, at(0)).state; }
const Link* link_of(const Assessment& a, std::string_view name) {
  for (const auto& link : a.links)
    if (link.name == name) return &link;
  return nullptr;
}
}  // namespace

TEST_CASE("as planned: no difference, armed, every link sound") {
  const auto plan = plan_of_guard();
  const auto observed = deployed(plan);
  for (const auto& d : differences(plan, observed)) FAIL_CHECK(d.what);
  const auto a = assess(plan, observed, at(0));
  CHECK(a.state == State::armed);
  CHECK(a.sound());
  CHECK(exit_code(a.state) == 0);
}

TEST_CASE("each resource that is missing or broken is one named link, and the guard is not armed") {
  struct Case {
    const char* link;
    std::function<void(Observed&)> breaks;
    State state;
  };
  const std::vector<Case> cases = {
      {"alarm", [](Observed& o) { o.alarm.reset(); }, State::partial},
      {"alarm",
       [](Observed& o) {
         o.alarm->dimensions = {{"HealthCheckId", "other"}};
       },
       State::drifted},
      {"alarm", [](Observed& o) { o.alarm->statistic = "Maximum"; }, State::drifted},
      {"alarm", [](Observed& o) { o.alarm->alarm_actions.clear(); }, State::drifted},
      {"alarm-actions", [](Observed& o) { o.alarm->snapshot.actions_enabled = false; },
       State::partial},
      {"alarm-topic", [](Observed& o) { o.alarm_topic.reset(); }, State::partial},
      {"notify-topic", [](Observed& o) { o.notify_topic.reset(); }, State::partial},
      {"subscription", [](Observed& o) { o.alarm_subscriptions.clear(); }, State::partial},
      {"subscription", [](Observed& o) { o.alarm_subscriptions[0].pending = true; },
       State::drifted},
      {"function", [](Observed& o) { o.function.reset(); }, State::partial},
      {"function-code", [](Observed& o) { o.function->sha256 = "x"; }, State::drifted},
      {"function-configuration", [](Observed& o) { o.function->timeout_s = 3; }, State::drifted},
      {"function-configuration",
       [](Observed& o) { o.function->environment.erase("SITELATCH_ALARM_ARN"); }, State::drifted},
      {"failure-destination", [](Observed& o) { o.function->failure_destination.clear(); },
       State::drifted},
      {"failure-destination", [](Observed& o) { o.function->retries = 0; }, State::drifted},
      {"sns-permission",
       [](Observed& o) { o.function->permissions.erase(o.function->permissions.begin()); },
       State::partial},
      {"events-permission", [](Observed& o) { o.function->permissions.pop_back(); },
       State::partial},
      {"role", [](Observed& o) { o.role.reset(); }, State::partial},
      {"role-policy", [](Observed& o) { o.role->inline_policies.clear(); }, State::partial},
      {"role-policy", [](Observed& o) { o.role->inline_policies.begin()->second = "{}"; },
       State::drifted},
      {"schedule", [](Observed& o) { o.schedule.reset(); }, State::partial},
      {"schedule", [](Observed& o) { o.schedule->enabled = false; }, State::drifted},
      {"schedule-target", [](Observed& o) { o.schedule->targets.clear(); }, State::partial},
      {"audit-group", [](Observed& o) { o.audit_group.reset(); }, State::partial},
  };
  const auto plan = plan_of_guard();
  for (const auto& one : cases) {
    auto observed = deployed(plan);
    one.breaks(observed);
    const auto a = assess(plan, observed, at(0));
    CAPTURE(one.link);
    CAPTURE(a.sentence);
    CHECK(a.state == one.state);
    CHECK_FALSE(a.sound());
    const auto* link = link_of(a, one.link);
    REQUIRE(link);
    CHECK(link->health == Link::Health::broken);
    CHECK_FALSE(link->why.empty());
    CHECK_FALSE(link->mend.empty());
  }
}

TEST_CASE("what is only untidy or too wide leaves the guard armed, and is told") {
  const auto plan = plan_of_guard();
  auto observed = deployed(plan);
  observed.role->managed_policies = {"arn:aws:iam::aws:policy/AdministratorAccess"};
  observed.function_group->retention_days.reset();
  observed.role->tags.clear();
  CHECK(differences(plan, observed).size() == 3);
  CHECK(state_of(observed) == State::armed);
}

TEST_CASE("links that only status sees") {
  const auto plan = plan_of_guard();
  auto o = deployed(plan);
  o.notify_subscriptions[0].pending = true;
  o.function->runtime = "provided.al2";
  o.function->reserved_concurrency = 0;
  o.function->role_id_used = "AROB";
  o.deliveries = ObservedDeliveries{};
  o.deliveries->alarm_topic_failed = 2;
  const auto a = assess(plan, o, at(0));
  for (const auto* name :
       {"people", "runtime", "concurrency", "role-identity", "alarm-deliveries"}) {
    const auto* link = link_of(a, name);
    REQUIRE(link);
    CHECK(link->health == Link::Health::broken);
  }
  CHECK(link_of(a, "function-errors") == nullptr);  // not looked at
}

TEST_CASE("issue 8: a link says its name once, and counts in words that fit") {
  const auto plan = plan_of_guard();
  auto o = deployed(plan);
  o.schedule.reset();
  o.deliveries = ObservedDeliveries{};
  o.deliveries->function_errors = 1;
  o.deliveries->events_dropped = 3;
  const auto a = assess(plan, o, at(0));
  REQUIRE(link_of(a, "schedule"));
  CHECK(link_of(a, "schedule")->why ==
        "there is none: what the alarm's chain misses is not made good");
  CHECK(link_of(a, "function-errors")->why == "1 run of the function failed");
  CHECK(link_of(a, "events-dropped")->why == "3 events were given up");
}

TEST_CASE(
    "issue 8: nobody subscribed is a choice; a subscription that nobody confirmed is a fault") {
  const auto plan = plan_of_guard();
  auto o = deployed(plan);
  CHECK(link_of(assess(plan, o, at(0)), "people")->health == Link::Health::ok);
  o.notify_subscriptions.clear();
  CHECK(link_of(assess(plan, o, at(0)), "people")->health == Link::Health::off);
  CHECK(assess(plan, o, at(0)).sound());
  o.notify_subscriptions = {{"arn:s1", "email", "ops@example.org", false},
                            {"PendingConfirmation", "email", "sre@example.org", true}};
  const auto a = assess(plan, o, at(0));
  CHECK(link_of(a, "people")->health == Link::Health::broken);
  CHECK(link_of(a, "people")->why.starts_with("sre@example.org has not confirmed"));
}

TEST_CASE("guard-on-aws 30: a runtime is dead from AWS's own date on") {
  const auto plan = plan_of_guard();
  auto o = deployed(plan);
  const auto health = [&](const char* runtime, Instant now) {
    o.function->runtime = runtime;
    return link_of(assess(plan, o, now), "runtime")->health;
  };
  CHECK(health("python3.10", from_civil(2026, 10, 30, 23, 0, 0)) == Link::Health::ok);
  CHECK(health("python3.10", from_civil(2026, 10, 31, 0, 0, 0)) == Link::Health::broken);
  CHECK(health("python3.9", at(0)) == Link::Health::broken);
  CHECK(health("provided.al2", at(0)) == Link::Health::broken);
  CHECK(health("provided.al2023", at(0)) == Link::Health::ok);
  CHECK(health("python3.13", at(0)) == Link::Health::ok);
}

TEST_CASE("guard-on-aws 24: what keeps the alarm from the function breaks the chain") {
  const auto plan = plan_of_guard();
  auto o = deployed(plan);
  // As SNS gives it to new topics: the account's own alarms come in.
  o.alarm_topic->policy =
      R"({"Version":"2008-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"*"},)"
      R"("Action":["SNS:Publish","SNS:Subscribe"],"Resource":")" +
      plan.alarm_topic.arn +
      R"(","Condition":{"StringEquals":{"AWS:SourceOwner":"000000000000"}}}]})";
  CHECK(state_of(o) == State::armed);
  for (const std::string locked_out :
       {R"({"Statement":[]})",
        R"({"Statement":[{"Effect":"Allow","Principal":{"Service":"events.amazonaws.com"},)"
        R"("Action":"sns:Publish","Resource":"*"}]})",
        R"({"Statement":[{"Effect":"Allow","Principal":{"Service":"cloudwatch.amazonaws.com"},)"
        R"("Action":"sns:Publish","Resource":"*","Condition":{"ArnEquals":{"aws:SourceArn":)"
        R"("arn:aws:cloudwatch:us-east-1:000000000000:alarm:another"}}}]})"}) {
    CAPTURE(locked_out);
    o.alarm_topic->policy = locked_out;
    const auto a = assess(plan, o, at(0));
    CHECK(a.state == State::drifted);
    CHECK(link_of(a, "alarm-topic-policy")->health == Link::Health::broken);
  }

  o = deployed(plan);
  o.alarm_subscriptions[0].filter_policy = R"({"x":["y"]})";
  CHECK(state_of(o) == State::drifted);
  CHECK(link_of(assess(plan, o, at(0)), "subscription")->health == Link::Health::broken);

  o = deployed(plan);
  o.alarm->mutes = {{"weekend", true}};
  auto a = assess(plan, o, at(0));
  CHECK(a.state == State::partial);
  CHECK(link_of(a, "alarm-actions")->health == Link::Health::broken);
  CHECK(link_of(a, "alarm-mute")->mend.ends_with("weekend"));
  o.alarm->mutes = {{"weekend", false}};  // it will be
  a = assess(plan, o, at(0));
  CHECK(a.state == State::armed);
  CHECK(link_of(a, "alarm-mute")->health == Link::Health::broken);
}

TEST_CASE("guard-on-aws 20: what may not be seen is unknown, and not missing") {
  const auto plan = plan_of_guard();
  auto o = deployed(plan);
  o.function.reset();
  CHECK(state_of(o) == State::partial);
  o.unseen[Resource::function] = "cannot see the function: denied";
  auto a = assess(plan, o, at(0));
  CHECK(a.state == State::unknown);
  CHECK(a.sentence.find("function") != std::string::npos);
  CHECK(exit_code(a.state) == 5);
  CHECK(link_of(a, "function")->health == Link::Health::unknown);
  CHECK(link_of(a, "function")->why == "cannot see the function: denied");
  CHECK(link_of(a, "sns-permission") == nullptr);  // told by its owner
  CHECK_FALSE(a.sound());
  o.schedule.reset();  // what is seen to be wrong is told all the same
  CHECK(state_of(o) == State::partial);

  o = deployed(plan);
  o.alarm.reset();
  o.unseen[Resource::alarm] = "denied";
  CHECK(state_of(o) == State::unknown);
  o.function.reset();
  o.unseen[Resource::function] = "denied";
  o.check->path = "/lb-check-failed-over";  // the latch itself is seen
  CHECK(state_of(o) == State::tripped);

  Observed nothing;
  nothing.check = deployed(plan).check;
  nothing.unseen[Resource::alarm] = "denied";
  CHECK(state_of(nothing) == State::unknown);
  o = deployed(plan);
  o.alarm->mutes_unseen = "denied";
  CHECK(state_of(o) == State::unknown);
  o.alarm->snapshot.actions_enabled = false;
  CHECK(state_of(o) == State::partial);
  nothing.check.reset();
  nothing.check_unseen = "denied";
  CHECK(state_of(nothing) == State::unknown);
}

TEST_CASE("a failover on its way is failing-over, bounded, and not unlatched-but-unhealthy") {
  const auto plan = plan_of_guard();
  auto o = deployed(plan);
  // Since 12:00:00, and the alarm has not seen it.
  o.healthy = false;
  o.status_minutes = status_minutes("11100", at(-180));
  const auto look = [&](int seconds) { return assess(plan, o, at(seconds)); };
  const auto lag = look(100);
  CHECK(lag.state == State::failing_over);
  CHECK(lag.since == at(0));  // its own, not the alarm's
  CHECK(lag.sentence.find("one to three minutes") != std::string::npos);
  CHECK(lag.sentence.find("until 2026-11-22T12:05:00Z") != std::string::npos);
  CHECK(look(299).state == State::failing_over);
  CHECK(look(300).state == State::unlatched_but_unhealthy);
  CHECK(look(300).since == at(0));

  o.alarm->snapshot.state = AlarmState::alarm;
  o.alarm->snapshot.transitioned_at = at(120);
  CHECK(look(299).state == State::failing_over);
  CHECK(look(299).sentence.find("has told the function") != std::string::npos);
  CHECK(look(300).state == State::unlatched_but_unhealthy);
  o.healthy = true;  // it is back, and the alarm has fired: the latch still comes
  o.status_minutes = status_minutes("111001", at(-180));
  CHECK(look(180).state == State::failing_over);
  CHECK(look(300).state == State::unlatched_but_unhealthy);

  // A chain that cannot latch is told at once.
  o.function->permissions.clear();
  CHECK(look(130).state == State::unlatched_but_unhealthy);
  o = deployed(plan);
  o.healthy = false;
  o.status_minutes = status_minutes("11100", at(-180));
  o.alarm->snapshot.actions_enabled = false;
  CHECK(look(100).state == State::unlatched_but_unhealthy);
  // So is a failure whose beginning nobody has seen.
  o = deployed(plan);
  o.healthy = false;
  CHECK(look(100).state == State::unlatched_but_unhealthy);
  // Before the metric: the checkers' last probes.
  o = deployed(plan);
  o.probes_fail = true;
  CHECK(look(0).state == State::failing_over);
  o.function->permissions.clear();
  CHECK(look(0).state == State::partial);
}

TEST_CASE("what follows a release is switching-back until it is there, or the window is over") {
  const auto plan = plan_of_guard();
  auto o = deployed(plan);
  o.notify_topic->tags["sitelatch:release"] = "1 at=" + std::to_string(unix_ms(at(0))) +
                                              " seen=" + std::to_string(unix_ms(at(-600))) +
                                              " window=600";
  const auto record = record_of(o);
  REQUIRE(record.release.at == at(0));
  REQUIRE(record.release.window == std::chrono::minutes{10});
  const auto look = [&](int seconds) { return assess(plan, o, at(seconds)); };
  o.healthy = false;
  o.status_minutes = status_minutes("0000", at(-120));
  o.alarm->snapshot.state = AlarmState::alarm;
  const auto released = look(60);
  CHECK(released.state == State::switching_back);
  CHECK(released.since == at(0));
  CHECK(released.sentence.find("yet to find Primary healthy") != std::string::npos);
  CHECK(released.sentence.find("until 2026-11-22T12:10:00Z") != std::string::npos);
  o.healthy = true;
  o.status_minutes = status_minutes("00001", at(-120));
  CHECK(look(120).sentence.find("the alarm has yet to see") != std::string::npos);
  CHECK(look(599).state == State::switching_back);
  CHECK(look(600).state == State::unlatched_but_unhealthy);
  o.alarm->snapshot = {AlarmState::ok, at(180), true, true};
  CHECK(look(200).state == State::armed);
  CHECK(look(200).since == at(180));
  // Healthy, and then down again: a new failure, which the alarm does not tell from the latch.
  o.healthy = false;
  o.status_minutes = status_minutes("0000110", at(-120));
  CHECK(look(300).state == State::failing_over);
  CHECK(look(300).since == at(240));
}

TEST_CASE("exit codes: none was renumbered, and what passes by itself outdoes nothing") {
  CHECK(exit_code(State::not_deployed) == 10);
  CHECK(exit_code(State::armed) == 0);
  CHECK(exit_code(State::maintenance) == 13);
  CHECK(exit_code(State::unlatched_but_unhealthy) == 16);
  CHECK(exit_code(State::drifted) == 18);
  CHECK(exit_code(State::failing_over) == 21);
  CHECK(exit_code(State::switching_back) == 22);
  CHECK(exit_code(State::unknown) == 5);
  CHECK(to_string(State::switching_back) == "switching-back");
  CHECK(graver(0, 21) == 21);
  CHECK(graver(22, 14) == 14);
  CHECK(graver(5, 21) == 5);
  CHECK(graver(18, 14) == 18);
  CHECK(graver(20, 22) == 20);
}

TEST_CASE("every state by its facts") {
  const auto plan = plan_of_guard();
  CHECK(state_of({}) == State::not_deployed);
  auto o = deployed(plan);
  Observed bare;
  bare.check = o.check;
  CHECK(state_of(bare) == State::not_deployed);
  bare.check->path = "/lb-check-failed-over";
  CHECK(state_of(bare) == State::latched_without_guard);

  o.check->path = "/lb-check-failed-over";
  CHECK(state_of(o) == State::tripped);
  o.check->path = "/lb-check-switched-over";
  CHECK(state_of(o) == State::switched_over);
  o.check->path = "health/down";
  CHECK(state_of(o) == State::tripped);
  o.check->path = "/lb-check";
  o.check->disabled = o.check->inverted = true;
  CHECK(state_of(o) == State::tripped);
  o.notify_topic->tags["sitelatch:latched"] = "release=0 at=1 by=trip planned=yes";
  CHECK(state_of(o) == State::switched_over);
  o.check->disabled = o.check->inverted = false;
  CHECK(state_of(o) == State::drifted);  // somebody undid it

  o = deployed(plan);
  o.healthy = false;
  CHECK(state_of(o) == State::unlatched_but_unhealthy);
  o = deployed(plan);
  o.alarm->snapshot.state = AlarmState::alarm;
  CHECK(state_of(o) == State::unlatched_but_unhealthy);
  o = deployed(plan);
  o.alarm->snapshot.from_data = false;
  CHECK(state_of(o) == State::partial);
  o = deployed(plan);
  o.check->disabled = true;
  CHECK(state_of(o) == State::drifted);
  o.notify_topic->tags["sitelatch:maintenance"] =
      "since=1 until=" + std::to_string(unix_ms(at(60))) + " keep=primary";
  CHECK(state_of(o) == State::maintenance);
  CHECK(assess(plan, o, at(61)).state == State::drifted);  // its end, and still frozen
  o = deployed(plan);
  o.check->path = "/elsewhere";
  CHECK(state_of(o) == State::drifted);
  o = deployed(plan);
  o.check.reset();
  CHECK(state_of(o) == State::drifted);
}

TEST_CASE("the guide's Python, adopted, is armed with its own policies") {
  Settings s;
  s.health_check_id = id;
  s.account = "000000000000";
  s.function = FunctionKind::python;
  s.names = guide_names(id);
  s.record.original_path = "/lb-check";
  const auto plan = *make_plan(s);
  auto o = deployed(plan);
  o.schedule.reset();
  o.function->runtime = "python3.11";
  o.function->environment.clear();
  o.role->inline_policies.clear();
  o.role->managed_policies = {"arn:aws:iam::000000000000:policy/" + id,
                              "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"};
  CHECK(assess(plan, o, at(0)).state == State::armed);
  CHECK_FALSE(differences(plan, o).empty());
}
