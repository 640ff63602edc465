// SPDX-License-Identifier: Apache-2.0
#include "guard/rules/config_notify.h"

#include <algorithm>

#include "base/text.h"
#include "guard/rules/json.h"

namespace sitelatch::guard {
namespace {

std::string name_for_people(const ConfigPlan& plan, std::string site) {
  if (site.ends_with('.')) site.pop_back();
  return site.empty() ? "the site of health check " + plan.endpoint : site;
}

std::vector<std::string> differences(const std::optional<ObservedAlarm>& there,
                                     const PeopleAlarm& wanted, const ConfigPlan& plan,
                                     bool site_is_known) {
  if (!there) return {"alarm " + wanted.name + " is not there"};
  std::vector<std::string> out;
  const auto& a = *there;
  const auto wrong = [&](std::string what) { out.push_back("alarm " + a.name + " " + what); };
  const bool watches = a.metric_namespace == "AWS/Route53" && a.metric == "HealthCheckStatus" &&
                       a.dimensions.size() == 1 &&
                       a.dimensions.front().second == wanted.health_check;
  if (!watches) wrong("does not watch health check " + wanted.health_check);
  if (a.statistic != "Minimum" || a.comparison != "LessThanThreshold" || a.threshold != 1 ||
      a.period_s != 60 || a.evaluation_periods != 1)
    wrong("does not ask for one minute with a 0");
  if (!a.snapshot.actions_enabled) wrong("has its actions switched off");
  const auto tells = [&](const std::vector<std::string>& actions) {
    return std::find(actions.begin(), actions.end(), plan.notify_arn) != actions.end();
  };
  if (!tells(a.alarm_actions) || !tells(a.ok_actions))
    wrong("does not tell topic " + plan.notify_topic);
  if (site_is_known && a.description != wanted.description)
    wrong("says something else in its mail");
  return out;
}

}  // namespace

PeopleAlarm alarm_of_latch(const ConfigPlan& plan, const std::string& hold,
                           const std::string& site) {
  const auto name = name_for_people(plan, site);
  return {plan.latched_alarm, hold,
          "ALARM: Backup serves " + name +
              ". Primary failed, or somebody tripped it, and DNS does not name it again until a "
              "person switches back. Next: sitelatch status " +
              plan.endpoint +
              "; mend Primary and synchronise the sites; then sitelatch switch-back " +
              plan.endpoint + " --reason \"...\" (about eighteen minutes). OK: Primary serves " +
              name + ", and its next failover is the latch again; nothing is to be done. " +
              "(Sitelatch, form config.)"};
}

PeopleAlarm alarm_of_failure(const ConfigPlan& plan, const std::string& site) {
  const auto name = name_for_people(plan, site);
  return {plan.failing_alarm, plan.endpoint,
          "ALARM: Route 53 finds Primary of " + name +
              " unhealthy. Who serves, and whether it is latched: sitelatch status " +
              plan.endpoint +
              ". If Primary still serves after five minutes, fail over by hand: sitelatch trip " +
              plan.endpoint +
              " --reason \"...\". OK: Primary is healthy again. Where Backup serves it goes on "
              "until a person switches back: sitelatch switch-back " +
              plan.endpoint + " --reason \"...\". (Sitelatch, form config.)"};
}

std::string notify_policy(const ConfigPlan& plan) {
  std::vector<std::string> alarms;
  for (const auto& alarm : {plan.latched_alarm, plan.failing_alarm})
    alarms.push_back("arn:" + plan.partition + ":cloudwatch:" + plan.region + ":" + plan.account +
                     ":alarm:" + alarm);
  return only_alarms_may_publish("AlarmsMayPublish", plan.notify_arn, alarms, plan.account);
}

std::vector<std::string> wrong_with_topic(const ConfigPlan& plan, const ConfigObserved& observed) {
  const auto& people = observed.people;
  if (!people.any() || people.unseen) return {};
  if (!people.topic) return {"topic " + plan.notify_topic + " is gone"};
  const auto there = Json::parse(people.topic->policy);
  const auto wanted = Json::parse(notify_policy(plan));
  if (there && wanted && *there == *wanted) return {};
  return {"the policy of topic " + plan.notify_topic + " is not seen to let the alarms publish"};
}

std::vector<std::string> wrong_with_people_alarms(const ConfigPlan& plan,
                                                  const ConfigObserved& observed) {
  const auto& people = observed.people;
  if (!people.any() || people.unseen || !observed.hold) return {};
  const bool known = !people.site.empty();
  auto out = differences(people.latched, alarm_of_latch(plan, observed.hold->id, people.site), plan,
                         known);
  for (auto& one : differences(people.failing, alarm_of_failure(plan, people.site), plan, known))
    out.push_back(std::move(one));
  return out;
}

std::vector<ConfigProblem> problems_with_telling(const ConfigPlan& plan,
                                                 const ConfigObserved& observed) {
  const auto& people = observed.people;
  std::vector<ConfigProblem> out;
  if (!people.any() || people.unseen) return out;
  const auto deploy = "sitelatch deploy " + plan.endpoint + " --form config";
  for (auto& why : wrong_with_topic(plan, observed))
    out.push_back({"notify-topic", std::move(why) + ": nobody is told of a latch",
                   people.topic ? deploy : deploy + " --notify ENDPOINT", false});
  // While nothing follows the hold they would tell of what has not happened.
  if (observed.records && observed.records->on_hold > 0)
    for (auto& why : wrong_with_people_alarms(plan, observed))
      out.push_back({"notify-alarm", std::move(why), deploy, false});
  if (!people.topic) return out;
  const bool heard = std::any_of(people.subscriptions.begin(), people.subscriptions.end(),
                                 [](const auto& one) { return !one.pending; });
  if (people.subscriptions.empty())
    out.push_back({"notify-nobody", "nobody is subscribed to topic " + plan.notify_topic,
                   deploy + " --notify ENDPOINT", false});
  else if (!heard)
    out.push_back({"notify-unconfirmed",
                   "nobody has confirmed the subscription to topic " + plan.notify_topic + " (" +
                       people.subscriptions.front().endpoint + ")",
                   "confirm it by the link in the mail that AWS has sent", false});
  if (people.failed_deliveries && *people.failed_deliveries > 0)
    out.push_back({"notify-deliveries",
                   counted(static_cast<std::int64_t>(*people.failed_deliveries),
                           "message to people was not delivered in the last hours",
                           "messages to people were not delivered in the last hours"),
                   "see whether each endpoint takes them: aws sns list-subscriptions-by-topic "
                   "--topic-arn " +
                       plan.notify_arn,
                   false});
  return out;
}

}  // namespace sitelatch::guard
