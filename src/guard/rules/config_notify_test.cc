// SPDX-License-Identifier: Apache-2.0
#include "guard/rules/config_notify.h"

#include <doctest/doctest.h>

#include "guard/rules/json.h"
#include "guard/rules/testing.h"

using namespace sitelatch;
using namespace sitelatch::guard;
using guard::testing::id;

namespace {

const std::string hold = "40000000-0000-4000-8000-000000000000";
const ConfigPlan notify_plan = plan_config(id, "aws", "123456789012");

ObservedAlarm as_put(const PeopleAlarm& wanted) {
  ObservedAlarm alarm;
  alarm.name = wanted.name;
  alarm.metric_namespace = "AWS/Route53";
  alarm.metric = "HealthCheckStatus";
  alarm.statistic = "Minimum";
  alarm.comparison = "LessThanThreshold";
  alarm.dimensions = {{"HealthCheckId", wanted.health_check}};
  alarm.threshold = 1;
  alarm.period_s = 60;
  alarm.evaluation_periods = 1;
  alarm.snapshot.actions_enabled = true;
  alarm.alarm_actions = alarm.ok_actions = {notify_plan.notify_arn};
  alarm.description = wanted.description;
  return alarm;
}

ConfigObserved told() {
  ConfigObserved o;
  o.hold = HoldCheck{};
  o.hold->id = hold;
  o.records = FormRecords{0, 1, {}, {}};
  o.people.site = "client.example.org.";
  o.people.topic = ObservedTopic{notify_plan.notify_arn, "", notify_policy(notify_plan), {}};
  o.people.subscriptions = {{"arn:aws:sns:us-east-1:123456789012:x:y", "email", "a@b.c"}};
  o.people.latched = as_put(alarm_of_latch(notify_plan, hold, o.people.site));
  o.people.failing = as_put(alarm_of_failure(notify_plan, o.people.site));
  return o;
}

std::string problems(const ConfigObserved& o) {
  std::string names;
  for (const auto& problem : problems_with_telling(notify_plan, o)) {
    CHECK_FALSE(problem.breaks);
    CHECK_FALSE(problem.mend.empty());
    names += problem.name + " ";
  }
  return names;
}

}  // namespace

TEST_CASE("a mail says who serves which name, both ways, and fits into a description") {
  const auto latch = alarm_of_latch(notify_plan, hold, "client.example.org.");
  CHECK(latch.health_check == hold);
  CHECK(latch.description.starts_with("ALARM: Backup serves client.example.org. "));
  CHECK(latch.description.find("OK: Primary serves client.example.org,") != std::string::npos);
  CHECK(latch.description.find("sitelatch switch-back " + id) != std::string::npos);
  const auto failure = alarm_of_failure(notify_plan, "");
  CHECK(failure.health_check == id);
  CHECK(failure.description.find("the site of health check " + id) != std::string::npos);
  for (const auto& one : {alarm_of_latch(notify_plan, hold, std::string(255, 'x')),
                          alarm_of_failure(notify_plan, std::string(255, 'x'))})
    CHECK(one.description.size() <= 1024);
}

TEST_CASE("the topic's policy lets these two alarms publish") {
  const auto policy = Json::parse(notify_policy(notify_plan));
  REQUIRE(policy);
  const auto text = notify_policy(notify_plan);
  for (const auto& alarm : {notify_plan.latched_alarm, notify_plan.failing_alarm})
    CHECK(text.find("arn:aws:cloudwatch:us-east-1:123456789012:alarm:" + alarm + "\"") !=
          std::string::npos);
}

TEST_CASE("who is told, and what keeps him from it") {
  CHECK(problems(told()).empty());
  ConfigObserved o;
  CHECK(problems(o).empty());  // nobody asked for it
  o = told();
  o.people.topic.reset();
  CHECK(problems(o) == "notify-topic ");
  o = told();
  o.people.topic->policy = "{}";
  CHECK(problems(o) == "notify-topic ");
  o = told();
  o.people.failing.reset();
  CHECK(problems(o) == "notify-alarm ");
  o.records = FormRecords{1, 0, {}, {}};
  CHECK(problems(o).empty());  // before records follow there is nothing to tell
  const std::vector<std::function<void(ObservedAlarm&)>> hands = {
      [](ObservedAlarm& a) { a.snapshot.actions_enabled = false; },
      [](ObservedAlarm& a) { a.ok_actions.clear(); },
      [](ObservedAlarm& a) { a.alarm_actions = {"arn:aws:sns:us-east-1:1:other"}; },
      [](ObservedAlarm& a) { a.dimensions.front().second = id; },
      [](ObservedAlarm& a) { a.comparison = "GreaterThanThreshold"; },
      [](ObservedAlarm& a) { a.evaluation_periods = 5; },
      [](ObservedAlarm& a) { a.description = "Primary is fine"; }};
  for (const auto& hand : hands) {
    o = told();
    hand(*o.people.latched);
    CHECK(problems(o) == "notify-alarm ");
  }
  o = told();
  o.people.latched->description = "of another name";
  o.people.site.clear();  // the records were not seen
  CHECK(problems(o).empty());
  o = told();
  o.people.subscriptions.front().pending = true;
  CHECK(problems(o) == "notify-unconfirmed ");
  o.people.subscriptions.clear();
  CHECK(problems(o) == "notify-nobody ");
  o.people.unseen = true;
  CHECK(problems(o).empty());
  o = told();
  o.people.failed_deliveries = 0;
  CHECK(problems(o).empty());
  o.people.failed_deliveries = 2;
  CHECK(problems(o) == "notify-deliveries ");
}
