// SPDX-License-Identifier: Apache-2.0
#include "guard/rules/form_rights.h"

#include "guard/rules/engine_form.h"
#include "guard/rules/json.h"
#include "guard/rules/reach.h"

namespace sitelatch::guard {
namespace {

using Actions = std::vector<std::string>;

std::string any_check(const std::string& partition) { return health_check_arn(partition, "*"); }

// A tag request of these keys alone, and of at least one.
std::string of_tags(const std::vector<std::string_view>& keys) {
  std::vector<std::string> quoted;
  for (const auto key : keys) quoted.push_back(json_text(key));
  return JsonObject{}
      .raw("ForAllValues:StringEquals", JsonObject{}.raw("aws:TagKeys", json_array(quoted)).text())
      .raw("Null", JsonObject{}.add("aws:TagKeys", "false").text())
      .text();
}

class FormTable {
 public:
  FormTable(Form form, Audience audience, const FormScope& scope)
      : audience_(audience), s_(scope), config_(form == Form::config) {}

  std::vector<Right> run() {
    look();
    if (audience_ == Audience::operate) config_ ? operate_config() : operate_engine();
    if (audience_ == Audience::deployer) config_ ? deploy_config() : deploy_engine();
    return std::move(rights_);
  }

 private:
  void right(std::string sid, Actions actions, std::vector<std::string> resources,
             std::string condition = {}) {
    rights_.push_back(
        {std::move(sid), std::move(actions), std::move(resources), std::move(condition)});
  }
  std::vector<std::string> zones() const {
    return {"arn:" + s_.partition + ":route53:::hostedzone/*"};
  }
  std::vector<std::string> every_check() const { return {any_check(s_.partition)}; }

  void look() {
    Actions search{"route53:ListHostedZones", "cloudwatch:GetMetricData"};
    if (config_ || audience_ != Audience::viewer) search.emplace_back("logs:DescribeLogGroups");
    if (config_ || s_.every_guard)
      for (const auto* one : {"route53:ListHealthChecks", "cloudwatch:DescribeAlarms"})
        search.emplace_back(one);
    if (s_.every_guard) search.emplace_back("sns:ListTopics");
    right("Search", search, {"*"});
    right("SeeChecks",
          {"route53:GetHealthCheck", "route53:GetHealthCheckStatus", "route53:ListTagsForResource"},
          audience_ == Audience::deployer && config_ ? every_check() : s_.checks);
    right("SeeRecords", {"route53:ListResourceRecordSets", "route53:GetHostedZone"}, zones());
    Actions log{"logs:FilterLogEvents"};
    if (config_) log.emplace_back("logs:ListTagsForResource");
    right("SeeLog", log, with_streams(s_.audit_groups));
    if (!config_) return;
    right("SeeAlarms", {"cloudwatch:ListTagsForResource"}, s_.alarms);
    right("SeeTopic", {"sns:GetTopicAttributes", "sns:ListSubscriptionsByTopic"}, s_.notify_topics);
  }

  void audit() {
    right("Audit", {"logs:CreateLogStream", "logs:PutLogEvents"}, streams_of(s_.audit_groups));
  }
  void operate_config() {
    right("Latch", {std::string{latch_action}, "route53:ChangeTagsForResource"}, s_.held);
    right("SeeQuestion", {"sns:ListTagsForResource"}, s_.notify_topics);
    right("Acknowledge", {"sns:TagResource"}, s_.notify_topics, of_tags({tag::acknowledged}));
    audit();
  }
  // Neither arms nor disarms: that is another key.
  void operate_engine() {
    right("Latch", {"route53:ChangeTagsForResource"}, s_.held,
          of_tags({resume_tag::trip, resume_tag::resume}));
    audit();
  }
  void make_log() {
    right("MakeLog",
          {"logs:CreateLogGroup", "logs:TagResource", "logs:PutRetentionPolicy",
           "logs:DeleteLogGroup"},
          with_streams(s_.audit_groups));
    audit();
  }

  void deploy_config() {
    right("MakeChecks", {"route53:CreateHealthCheck"}, {"*"});
    right("ChangeChecks",
          {std::string{latch_action}, "route53:ChangeTagsForResource", "route53:DeleteHealthCheck"},
          every_check());
    right("MakeAlarms",
          {"cloudwatch:PutMetricAlarm", "cloudwatch:TagResource", "cloudwatch:DeleteAlarms"},
          s_.alarms);
    right("MakeTopic",
          {"sns:CreateTopic", "sns:TagResource", "sns:SetTopicAttributes", "sns:Subscribe",
           "sns:DeleteTopic"},
          s_.notify_topics);
    right("ReachPeople", {"sns:Publish", "sns:ListTagsForResource", "sns:UntagResource"},
          s_.notify_topics);
    make_log();
    right("ChangeRecords", {"route53:ChangeResourceRecordSets"}, zones());
  }
  void deploy_engine() {
    right("Arm", {"route53:ChangeTagsForResource"}, s_.held);
    make_log();
    right("ChangeRecords", {"route53:ChangeResourceRecordSets"}, zones());
    if (!s_.every_guard) return;
    right("DrillCheck", {"route53:CreateHealthCheck", "route53:ListHealthChecks"}, {"*"});
    right("DrillOnCheck", {std::string{latch_action}, "route53:DeleteHealthCheck"}, every_check());
  }

  const Audience audience_;
  const FormScope& s_;
  const bool config_;
  std::vector<Right> rights_;
};

Actions with_records(Actions actions, bool change_records) {
  if (change_records) actions.emplace_back("route53:ChangeResourceRecordSets");
  return actions;
}
void add_all(Actions& to, const Actions& more) { to.insert(to.end(), more.begin(), more.end()); }

}  // namespace

FormScope scope_of_config(const ConfigPlan& plan, const std::vector<std::string>& made) {
  FormScope scope;
  scope.partition = plan.partition;
  const auto arn = [&](std::string_view service, const std::string& rest) {
    return "arn:" + scope.partition + ":" + std::string{service} + ":" + plan.region + ":" +
           plan.account + ":" + rest;
  };
  const auto check = [&](const std::string& id) { return health_check_arn(scope.partition, id); };
  for (const auto& id : made) scope.held.push_back(check(id));
  scope.checks = scope.held;
  scope.checks.push_back(check(plan.endpoint));
  if (made.empty()) scope.checks = scope.held = {any_check(scope.partition)};
  for (const auto& alarm : {plan.alarm, plan.latched_alarm, plan.failing_alarm})
    scope.alarms.push_back(arn("cloudwatch", "alarm:" + alarm));
  scope.audit_groups = {arn("logs", "log-group:" + plan.audit_group)};
  scope.notify_topics = {arn("sns", plan.notify_topic)};
  return scope;
}

FormScope scope_of_engine(std::string_view endpoint, std::string_view partition) {
  FormScope scope;
  scope.partition = partition;
  scope.checks = scope.held = {health_check_arn(partition, endpoint)};
  scope.audit_groups = {"arn:" + scope.partition +
                        ":logs:" + std::string{control_region(partition)} +
                        ":*:log-group:" + default_names(endpoint).audit_group};
  return scope;
}

FormScope every_guard_of(Form form, std::string_view partition) {
  auto scope = form == Form::config ? scope_of_config(plan_config("*", partition, "*"), {})
                                    : scope_of_engine("*", partition);
  if (form == Form::config) scope.alarms.resize(1);  // whose name the others' begin with
  scope.every_guard = true;
  return scope;
}

std::vector<Right> rights_of(Form form, Audience audience, const FormScope& scope) {
  return FormTable(form, audience, scope).run();
}

Actions actions_to_deploy_config(bool change_records, bool notify) {
  Actions actions{
      "route53:CreateHealthCheck", std::string{latch_action}, "route53:ChangeTagsForResource",
      "cloudwatch:PutMetricAlarm", "cloudwatch:TagResource",  "logs:CreateLogGroup",
      "logs:TagResource",          "logs:PutRetentionPolicy", "logs:CreateLogStream",
      "logs:PutLogEvents"};
  if (notify)
    add_all(actions,
            {"sns:CreateTopic", "sns:TagResource", "sns:SetTopicAttributes", "sns:Subscribe"});
  return with_records(std::move(actions), change_records);
}

Actions actions_to_release_config() {
  return {std::string{latch_action}, "route53:ChangeTagsForResource", "logs:CreateLogStream",
          "logs:PutLogEvents"};
}

Actions actions_to_remove_config(bool change_records, bool notify) {
  Actions actions{"route53:DeleteHealthCheck", "route53:ChangeTagsForResource",
                  "cloudwatch:DeleteAlarms"};
  if (notify) actions.emplace_back("sns:DeleteTopic");
  return with_records(std::move(actions), change_records);
}

Scope scope_of_hardened(const Plan& guard, std::string_view clock) {
  auto scope = scope_of(guard);
  // Of the relay's plan only what bears its name is the relay's.
  const auto relay = scope_of(relay_plan(guard, {})).own;
  scope.relay.functions = relay.functions;
  scope.relay.roles = relay.roles;
  scope.relay.function_groups = relay.function_groups;
  scope.relay.checks = {health_check_arn(scope.partition, clock.empty() ? "*" : clock)};
  return scope;
}

Scope every_hardened_guard(std::string_view partition) {
  auto scope = every_guard(partition);
  // Their patterns mean the relay's names too.
  scope.relay.functions = scope.own.functions;
  return scope;
}

Scope relay_alone(const Scope& hardened) {
  auto scope = hardened;
  scope.own = hardened.relay;
  scope.looked = {};
  scope.keys.clear();
  return scope;
}

Actions actions_to_take(const HardenedWork& work, const Plan& relay) {
  switch (work.step) {
    case HardenedStep::sentinel:
      return {"route53:ChangeResourceRecordSets"};
    case HardenedStep::relay:
      return actions_to_make(*work.resource, work.verb != "create", relay);
    case HardenedStep::concurrency:
      return {"lambda:DeleteFunctionConcurrency"};
    case HardenedStep::url:
      return {work.verb == "create" ? "lambda:CreateFunctionUrlConfig"
                                    : "lambda:UpdateFunctionUrlConfig"};
    case HardenedStep::url_permissions:
      return {"lambda:AddPermission"};
    case HardenedStep::clock:
      return {"route53:CreateHealthCheck", "route53:ChangeTagsForResource"};
    case HardenedStep::mend_clock:
      return {std::string{latch_action}};
    case HardenedStep::tag:
      return {"route53:ChangeTagsForResource"};
  }
  return {};
}

Actions actions_to_drill_hardened() {
  return {"lambda:CreateFunctionUrlConfig", "route53:ChangeTagsForResource",
          "route53:ChangeResourceRecordSets"};
}

}  // namespace sitelatch::guard
