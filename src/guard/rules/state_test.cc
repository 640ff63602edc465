// SPDX-License-Identifier: Apache-2.0
#include "guard/rules/state.h"

#include <doctest/doctest.h>

#include <functional>

#include "guard/rules/testing.h"

using namespace sitelatch;
using namespace sitelatch::guard;
using guard::testing::at;
using guard::testing::id;

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
