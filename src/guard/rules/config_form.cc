// SPDX-License-Identifier: Apache-2.0
#include "guard/rules/config_form.h"

#include <algorithm>

#include "base/text.h"
#include "guard/rules/config_notify.h"

namespace sitelatch::guard {
namespace {

constexpr std::string_view combined_prefix = "sl-c-", hold_prefix = "sl-h-";

bool has_exactly(const std::vector<std::string>& children, std::vector<std::string> wanted) {
  auto there = children;
  std::sort(there.begin(), there.end());
  std::sort(wanted.begin(), wanted.end());
  return there == wanted;
}

bool asks_both_kinds(const ConfigPlan& plan, const ConfigObserved& observed) {
  return observed.combined && observed.hold &&
         has_exactly(observed.combined->children, {plan.endpoint, observed.hold->id});
}

std::string update_command(const std::string& id, const std::string& members) {
  return "aws route53 update-health-check --health-check-id " + id + " " + members;
}

std::string deploy_command(const ConfigPlan& plan) {
  return "sitelatch deploy " + plan.endpoint + " --form config";
}

}  // namespace

AlarmRule good_minutes_rule(std::string_view combined_id) {
  AlarmRule rule;
  rule.metric_namespace = "AWS/Route53";
  rule.metric = "HealthCheckStatus";
  rule.statistic = "Minimum";
  rule.comparison = "GreaterThanOrEqualToThreshold";
  rule.dimensions = {{"HealthCheckId", std::string{combined_id}}};
  rule.threshold = 1.0;
  rule.period_s = 60;
  rule.periods = good_minutes_asked;
  return rule;
}

AlarmRule rule_of(const ObservedAlarm& alarm) {
  return {alarm.metric_namespace,   alarm.metric,    alarm.statistic, alarm.comparison,
          alarm.dimensions,         alarm.threshold, alarm.period_s,  alarm.evaluation_periods,
          alarm.datapoints_to_alarm};
}

std::vector<std::string> deviations(const AlarmRule& there, std::string_view combined_id) {
  const auto wanted = good_minutes_rule(combined_id);
  std::vector<std::string> out;
  const auto text = [&out](std::string_view what, const std::string& is,
                           const std::string& should) {
    if (is != should)
      out.push_back(std::string{what} + " is " + (is.empty() ? "not set" : is) + ", not " + should);
  };
  text("Namespace", there.metric_namespace, wanted.metric_namespace);
  text("MetricName", there.metric, wanted.metric);
  text("Statistic", there.statistic, wanted.statistic);
  text("ComparisonOperator", there.comparison, wanted.comparison);
  if (there.dimensions != wanted.dimensions)
    out.push_back("it does not watch health check " + std::string{combined_id} + " alone");
  if (there.threshold != wanted.threshold) out.emplace_back("Threshold is not 1");
  if (there.period_s != wanted.period_s) out.emplace_back("Period is not 60");
  if (there.periods != wanted.periods) out.emplace_back("EvaluationPeriods is not 15");
  if (there.datapoints != 0 && there.datapoints != wanted.periods)
    out.emplace_back("DatapointsToAlarm is not 15");
  return out;
}

namespace {
constexpr std::string_view alarm_prefix = "sitelatch-config-";
}

std::string config_alarm_description(std::string_view endpoint) {
  return "Sitelatch, form config, of health check " + std::string{endpoint} +
         ": ALARM means fifteen good minutes. The hold check follows its settings; it needs no "
         "actions.";
}

std::optional<std::string> endpoint_of_config_alarm(std::string_view alarm) {
  if (!alarm.starts_with(alarm_prefix)) return std::nullopt;
  alarm.remove_prefix(alarm_prefix.size());
  // Those that tell people have its name and a word more.
  if (alarm.ends_with("-latched") || alarm.ends_with("-failing")) return std::nullopt;
  if (!valid_health_check_id(alarm)) return std::nullopt;
  return std::string{alarm};
}

ConfigPlan plan_config(std::string_view endpoint, std::string_view partition,
                       std::string_view account) {
  ConfigPlan plan;
  plan.endpoint = endpoint;
  plan.region = control_region(partition);
  plan.partition = partition;
  plan.account = account;
  plan.alarm = std::string{alarm_prefix} + plan.endpoint;
  plan.latched_alarm = plan.alarm + "-latched";
  plan.failing_alarm = plan.alarm + "-failing";
  plan.notify_topic = plan.alarm + "-notify";
  if (!plan.account.empty())
    plan.notify_arn = "arn:" + plan.partition + ":sns:" + plan.region + ":" + plan.account + ":" +
                      plan.notify_topic;
  plan.audit_group = default_names(endpoint).audit_group;
  return plan;
}

Texts tags_of_config(const ConfigPlan& plan, std::string_view role) {
  return {{std::string{tag::form}, std::string{to_string(Form::config)}},
          {std::string{tag::endpoint}, plan.endpoint},
          {std::string{tag::role}, std::string{role}}};
}

std::string to_string(const ConfigReference& reference) {
  return std::string{reference.hold ? hold_prefix : combined_prefix} + reference.endpoint + "-" +
         std::to_string(reference.number);
}

std::optional<ConfigReference> config_reference(std::string_view text) {
  ConfigReference out;
  out.hold = text.starts_with(hold_prefix);
  if (!out.hold && !text.starts_with(combined_prefix)) return std::nullopt;
  text.remove_prefix(hold_prefix.size());
  const auto dash = text.rfind('-');
  if (dash == text.npos || dash == 0) return std::nullopt;
  const auto number = parse_int(text.substr(dash + 1));
  if (!number || *number < 1 || *number > 9999) return std::nullopt;
  out.endpoint = text.substr(0, dash);
  out.number = static_cast<int>(*number);
  return out;
}

bool window_is_open(const ConfigPlan& plan, const ConfigObserved& observed) {
  return observed.combined && observed.combined->threshold == 1 &&
         has_exactly(observed.combined->children, {plan.endpoint});
}

bool is_closed(const ConfigPlan& plan, const ConfigObserved& observed) {
  return asks_both_kinds(plan, observed) && observed.combined->threshold == 2;
}

bool is_releasing(const ConfigPlan& plan, const ConfigObserved& observed) {
  return asks_both_kinds(plan, observed) && observed.combined->threshold == 1;
}

std::optional<bool> endpoint_is_healthy(const ConfigObserved& observed) {
  if (!observed.endpoint) return std::nullopt;
  if (!observed.endpoint_health.now) return std::nullopt;
  return *observed.endpoint_health.now && !observed.endpoint_health.probes_fail;
}

std::optional<bool> hold_is_healthy(const ConfigPlan& plan, const ConfigObserved& observed,
                                    Instant now) {
  if (!observed.hold) return std::nullopt;
  if (observed.hold->disabled) return !observed.hold->inverted;
  if (observed.hold_minutes)
    if (const auto said = verdict(*observed.hold_minutes, now)) return said;
  if (!is_closed(plan, observed) || !observed.combined_minutes) return std::nullopt;
  const auto both = verdict(*observed.combined_minutes, now);
  if (both == true) return true;
  if (both == false && observed.endpoint_health.now == true) return false;
  return std::nullopt;
}

bool hold_was_unhealthy(const ConfigPlan& plan, const ConfigObserved& observed, Instant now) {
  if (hold_is_healthy(plan, observed, now) != true || !observed.hold_minutes) return false;
  const auto& minutes = *observed.hold_minutes;
  return std::any_of(minutes.begin(), minutes.end(), [&](const StatusMinute& minute) {
    return minute.any_unhealthy && minute.begins > now - std::chrono::minutes{4};
  });
}

int good_minutes(const std::vector<StatusMinute>& minutes, Instant since, Instant now) {
  constexpr auto minute = std::chrono::minutes{1};
  int count = 0;
  std::optional<Instant> later;
  for (auto at = minutes.rbegin(); at != minutes.rend() && count < good_minutes_asked; ++at) {
    const bool whole = later || now >= at->begins + minute;
    if (at->any_unhealthy || at->begins < since) break;
    if (later && at->begins + minute != *later) break;
    later = at->begins;
    if (whole) ++count;
  }
  return count;
}

std::vector<ConfigProblem> problems_of(const ConfigPlan& plan, const ConfigObserved& o) {
  std::vector<ConfigProblem> out;
  const auto add = [&out](std::string name, std::string why, std::string mend, bool breaks = true) {
    out.push_back({std::move(name), std::move(why), std::move(mend), breaks});
  };
  if (!o.is_deployed()) return out;
  const bool attached = o.records && o.records->on_hold > 0;
  const auto start_anew = "give the records back to the endpoint's check (sitelatch destroy " +
                          plan.endpoint + " --change-records), then " + deploy_command(plan) +
                          " again";
  if (!o.endpoint)
    add("endpoint-gone", "the endpoint's health check " + plan.endpoint + " is gone",
        "put another health check of Primary on the PRIMARY records, then sitelatch destroy " +
            plan.endpoint);
  else if (o.endpoint->disabled || o.endpoint->inverted)
    add("endpoint-changed",
        "the endpoint's health check is " +
            std::string{o.endpoint->disabled ? "Disabled: it counts as healthy whatever happens"
                                             : "Inverted: it is healthy while Primary fails"},
        update_command(plan.endpoint, o.endpoint->disabled ? "--no-disabled" : "--no-inverted"));
  if (!o.combined)
    add("combined-gone",
        "the calculated check of endpoint and hold is gone: nothing tells the hold that Primary "
        "fails",
        attached ? start_anew : deploy_command(plan));
  if (!o.hold)
    add("hold-gone", "the hold check is gone: what the records follow is not there",
        attached ? start_anew : deploy_command(plan));
  if (o.combined) {
    const auto& c = *o.combined;
    if (c.disabled || c.inverted)
      add("combined-changed",
          std::string{"the calculated check is "} + (c.disabled ? "Disabled" : "Inverted") +
              ": it does not say whether Primary answers",
          deploy_command(plan));
    if (o.hold && !is_closed(plan, o) && !is_releasing(plan, o) && !window_is_open(plan, o))
      add("combined-children",
          "the calculated check does not ask for both the endpoint and the hold",
          deploy_command(plan));
    if (attached && window_is_open(plan, o))
      add("combined-children",
          "the calculated check does not ask the hold: fifteen good minutes of Primary would "
          "release the latch by themselves",
          deploy_command(plan));
    if (is_releasing(plan, o) && !o.hold->tags.contains(std::string{tag::switch_back}))
      add("combined-threshold",
          "the calculated check is content with one of two (HealthThreshold 1), and nobody is "
          "switching back: fifteen good minutes release the latch, and then nothing fails over",
          deploy_command(plan));
  }
  if (o.hold) {
    const auto& h = *o.hold;
    if (!h.inverted)
      add("hold-not-inverted",
          h.disabled
              ? "the hold check is Disabled and not Inverted: it is healthy whatever happens, "
                "and nothing fails over"
              : "the hold check is not Inverted: it is healthy while Primary fails",
          deploy_command(plan));
    if (h.insufficient_data != "LastKnownStatus")
      add("hold-without-data",
          "the hold check takes missing data for " +
              (h.insufficient_data.empty() ? std::string{"something else"} : h.insufficient_data) +
              ", not for the last known status",
          deploy_command(plan));
    if (h.alarm_name != plan.alarm || h.alarm_region != plan.region)
      add("hold-alarm",
          "the hold check follows alarm " + h.alarm_name + " in " + h.alarm_region + ", not " +
              plan.alarm,
          deploy_command(plan));
    else if (h.copy && o.combined)
      if (const auto wrong = deviations(*h.copy, o.combined->id); !wrong.empty())
        add("hold-rule",
            "what the hold check has copied of the alarm is not fifteen good minutes: " +
                join(wrong, ", "),
            deploy_command(plan));
  }
  if (!o.alarm)
    add("alarm-gone",
        "alarm " + plan.alarm +
            " is gone: the hold goes on by its copy, and whoever edits the hold "
            "is refused",
        deploy_command(plan), false);
  else if (o.combined)
    if (const auto wrong = deviations(rule_of(*o.alarm), o.combined->id); !wrong.empty())
      add("alarm-rule",
          "alarm " + plan.alarm + " has been changed (" + join(wrong, ", ") +
              "): the next edit of the hold copies that",
          deploy_command(plan), false);
  if (o.alarm && !o.alarm->alarm_actions.empty())
    add("alarm-actions",
        "alarm " + plan.alarm +
            " has actions: its ALARM means that all has been well for fifteen "
            "minutes",
        "take the actions from it; people are told by an alarm of their own", false);
  for (auto& problem : problems_with_telling(plan, o)) out.push_back(std::move(problem));
  if (!o.records) return out;
  if (o.records->on_hold > 0 && o.records->on_endpoint > 0)
    add("records-mixed",
        "some PRIMARY records follow the hold, others the endpoint's check: those come back by "
        "themselves",
        deploy_command(plan) + " --change-records");
  if (o.records->on_hold == 0) return out;
  for (const auto& record : o.records->secondary_checks)
    add("secondary-health",
        record +
            " has a health check: with both unhealthy Route 53 answers Primary, latched or not",
        deploy_command(plan) + " --change-records");
  for (const auto& record : o.records->target_health)
    add("target-health",
        record + " evaluates its target's health: DNS moves by that, and back, with no latch",
        deploy_command(plan) + " --change-records");
  return out;
}

}  // namespace sitelatch::guard
