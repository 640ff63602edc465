// SPDX-License-Identifier: Apache-2.0
#include "guard/rules/rights.h"

#include <algorithm>

#include "guard/rules/json.h"

namespace sitelatch::guard {
namespace {

using List = std::vector<std::string>;

// The form of a health check's id, which the guide takes as a name: a UUID. (Written out it would
// hold trigraphs.)
const std::string& any_id() {
  static const std::string pattern = [] {
    std::string text(36, '?');
    for (const auto dash : {8u, 13u, 18u, 23u}) text[dash] = '-';
    return text;
  }();
  return pattern;
}

void add(List& to, std::string one) {
  if (std::find(to.begin(), to.end(), one) == to.end()) to.push_back(std::move(one));
}
List joined(List all, const List& more) {
  for (const auto& one : more) add(all, one);
  return all;
}

struct Whereabouts {
  std::string partition, account, home, function_region;
  std::string arn(std::string_view service, const std::string& region,
                  const std::string& rest) const {
    return "arn:" + partition + ":" + std::string{service} + ":" + region + ":" + account + ":" +
           rest;
  }
};

void add_names(Arns& arns, const Whereabouts& at, const Names& names,
               const std::string& role_path) {
  const auto& region = at.function_region;
  add(arns.alarms, at.arn("cloudwatch", at.home, "alarm:" + names.alarm));
  add(arns.alarm_topics, at.arn("sns", at.home, names.alarm_topic));
  add(arns.notify_topics, at.arn("sns", region, names.notify_topic));
  add(arns.functions, at.arn("lambda", region, "function:" + names.function));
  add(arns.roles, at.arn("iam", "", "role" + role_path + names.role));
  add(arns.rules, at.arn("events", region, "rule/" + names.rule));
  add(arns.function_groups, at.arn("logs", region, "log-group:/aws/lambda/" + names.function));
  add(arns.audit_groups, at.arn("logs", region, "log-group:" + names.audit_group));
}

std::string passed_to_lambda() {
  return R"({"StringEquals":{"iam:PassedToService":"lambda.amazonaws.com"}})";
}

class Table {
 public:
  explicit Table(const Scope& scope) : s_(scope) {}

  void viewer() {
    const auto& own = s_.own;
    const auto& looked = s_.looked;
    const auto& relay = s_.relay;
    List search{"route53:ListHostedZones",       "cloudwatch:DescribeAlarms",
                "cloudwatch:GetMetricData",      "cloudwatch:ListAlarmMuteRules",
                "sns:GetSubscriptionAttributes", "logs:DescribeLogGroups"};
    // The relay's clock, where no tag leads to it.
    if (has_relay() && !s_.every_guard) search.emplace_back("route53:ListHealthChecks");
    right("Search", search, {"*"});
    if (s_.every_guard)
      right("SearchEveryGuard",
            {"route53:ListHealthChecks", "sns:ListTopics", "lambda:ListFunctions",
             "events:ListRules", "iam:ListRoles"},
            {"*"});
    right("SeeCheck",
          {"route53:GetHealthCheck", "route53:GetHealthCheckStatus",
           "route53:ListTagsForResource"},  // which form of the latch it has
          joined(own.checks, relay.checks));
    right("SeeRecords", {"route53:ListResourceRecordSets", "route53:GetHostedZone"},
          {"arn:" + s_.partition + ":route53:::hostedzone/*"});
    right("SeeAlarm", {"cloudwatch:ListTagsForResource", "cloudwatch:DescribeAlarmHistory"},
          joined(own.alarms, looked.alarms));
    right("SeeTopics",
          {"sns:GetTopicAttributes", "sns:ListTagsForResource", "sns:ListSubscriptionsByTopic"},
          joined(joined(own.alarm_topics, looked.alarm_topics), own.notify_topics));
    right("SeeFunction",
          {"lambda:GetFunction", "lambda:ListTags", "lambda:GetPolicy",
           "lambda:GetFunctionEventInvokeConfig"},
          joined(joined(own.functions, looked.functions), relay.functions));
    if (has_relay()) right("SeeRelayUrl", {"lambda:GetFunctionUrlConfig"}, relay.functions);
    right("SeeRole",
          {"iam:GetRole", "iam:ListRolePolicies", "iam:GetRolePolicy",
           "iam:ListAttachedRolePolicies"},
          joined(joined(own.roles, looked.roles), relay.roles));
    right("SeeGuidesPolicy", {"iam:GetPolicy", "iam:ListPolicyVersions"}, own.policies);
    right("SeeSchedule",
          {"events:DescribeRule", "events:ListTargetsByRule", "events:ListTagsForResource"},
          own.rules);
    right("SeeLogs", {"logs:ListTagsForResource", "logs:FilterLogEvents"},
          with_streams(
              joined(joined(joined(own.audit_groups, own.function_groups), looked.function_groups),
                     relay.function_groups)));
    if (!s_.keys.empty()) right("SeeKeys", {"kms:GetKeyPolicy"}, s_.keys);
  }

  void operate() {
    const auto& own = s_.own;
    right("Latch", {std::string{latch_action}}, own.checks);
    right("KeepRecord", {"sns:TagResource", "sns:UntagResource"}, own.notify_topics);
    right("KeepRecordInFunction",
          {"lambda:GetFunctionConfiguration", "lambda:UpdateFunctionConfiguration"}, own.functions);
    right("Arm", {"cloudwatch:EnableAlarmActions"}, own.alarms);
    right("Audit", {"logs:CreateLogStream", "logs:PutLogEvents"}, streams_of(own.audit_groups));
    right("TellPeople", {"sns:Publish"}, own.notify_topics);
    if (!s_.keys.empty()) right("UseKeys", {"kms:GenerateDataKey", "kms:Decrypt"}, s_.keys);
  }

  void deploy() {
    const auto& own = s_.own;
    const auto roles = joined(own.roles, s_.relay.roles);
    right("MakeTopics",
          {"sns:CreateTopic", "sns:SetTopicAttributes", "sns:Subscribe", "sns:TagResource",
           "sns:DeleteTopic"},
          joined(own.alarm_topics, own.notify_topics));
    right("ChangeSubscriptions", {"sns:Unsubscribe", "sns:SetSubscriptionAttributes"}, {"*"});
    right("MakeAlarm",
          {"cloudwatch:PutMetricAlarm", "cloudwatch:TagResource", "cloudwatch:DisableAlarmActions",
           "cloudwatch:DeleteAlarms"},
          own.alarms);
    List role{"iam:CreateRole",       "iam:TagRole",          "iam:PutRolePolicy",
              "iam:DeleteRolePolicy", "iam:DetachRolePolicy", "iam:UpdateAssumeRolePolicy",
              "iam:DeleteRole"};
    if (!s_.permissions_boundary.empty()) role.emplace_back("iam:PutRolePermissionsBoundary");
    right("MakeRole", role, roles);
    right("PassRole", {"iam:PassRole"}, roles, passed_to_lambda());
    right("MakeFunction",
          {"lambda:CreateFunction", "lambda:TagResource", "lambda:UpdateFunctionCode",
           "lambda:PutFunctionEventInvokeConfig", "lambda:PutFunctionConcurrency",
           "lambda:AddPermission", "lambda:RemovePermission", "lambda:InvokeFunction",
           "lambda:DeleteFunction"},
          joined(own.functions, s_.relay.functions));
    if (has_relay()) make_relay();
    right("SeeLimits", {"lambda:GetAccountSettings"}, {"*"});
    right("MakeSchedule",
          {"events:PutRule", "events:TagResource", "events:PutTargets", "events:RemoveTargets",
           "events:DeleteRule"},
          own.rules);
    right("MakeLogGroups",
          {"logs:CreateLogGroup", "logs:TagResource", "logs:PutRetentionPolicy",
           "logs:DeleteLogGroup"},
          with_streams(
              joined(joined(own.audit_groups, own.function_groups), s_.relay.function_groups)));
    right("RemoveGuidesPolicy", {"iam:TagPolicy", "iam:DeletePolicyVersion", "iam:DeletePolicy"},
          own.policies);
    if (!s_.every_guard) return;
    if (!has_relay()) {
      right("DrillCheck", {"route53:CreateHealthCheck"}, {"*"});
      right("DrillOnCheck", {"route53:ChangeTagsForResource", "route53:DeleteHealthCheck"},
            own.checks);
    }
    right("DrillAlarm", {"cloudwatch:SetAlarmState"}, own.alarms);
  }

  std::vector<Right> take() { return std::move(rights_); }

 private:
  void right(std::string sid, List actions, List resources, std::string condition = {}) {
    rights_.push_back(
        {std::move(sid), std::move(actions), std::move(resources), std::move(condition)});
  }
  bool has_relay() const { return !s_.relay.functions.empty(); }

  // What the form `hardened` has beside the guide's: the relay's URL, the clock, whose id nobody
  // knows before it is made, the tags that lead to it, and the records.
  void make_relay() {
    const List every_check{health_check_arn(s_.partition, "*")};
    right("MakeRelayUrl", {"lambda:CreateFunctionUrlConfig", "lambda:UpdateFunctionUrlConfig"},
          s_.relay.functions);
    // The relay's configuration is changed, too; the guard's own by KeepRecordInFunction.
    right("ConfigureRelay",
          {"lambda:GetFunctionConfiguration", "lambda:UpdateFunctionConfiguration",
           "lambda:DeleteFunctionConcurrency"},
          s_.relay.functions);
    right("MakeClock", {"route53:CreateHealthCheck"}, {"*"});
    right("ChangeClock",
          {std::string{latch_action}, "route53:ChangeTagsForResource", "route53:DeleteHealthCheck"},
          every_check);
    right("ChangeRecords", {"route53:ChangeResourceRecordSets"},
          {"arn:" + s_.partition + ":route53:::hostedzone/*"});
  }

  const Scope& s_;
  std::vector<Right> rights_;
};

}  // namespace

std::vector<std::string> with_streams(const List& groups) {
  List all = groups;
  for (const auto& group : groups) add(all, group + ":*");
  return all;
}
std::vector<std::string> streams_of(const List& groups) {
  List all;
  for (const auto& group : groups) add(all, group + ":log-stream:*");
  return all;
}

std::string health_check_arn(std::string_view partition, std::string_view id) {
  return "arn:" + std::string{partition} + ":route53:::healthcheck/" + std::string{id};
}

std::string_view to_string(Audience audience) {
  switch (audience) {
    case Audience::viewer:
      return "viewer";
    case Audience::operate:
      return "operator";
    case Audience::deployer:
      return "deployer";
  }
  return "";
}

std::optional<Audience> audience(std::string_view text) {
  for (const auto one : {Audience::viewer, Audience::operate, Audience::deployer})
    if (to_string(one) == text) return one;
  return std::nullopt;
}

Scope scope_of(const Plan& plan) {
  const auto& s = plan.settings;
  const Whereabouts at{s.partition, s.account, std::string{control_region(s.partition)},
                       s.function_region};
  Scope scope;
  scope.partition = s.partition;
  add(scope.own.checks, plan.health_check_arn);
  add_names(scope.own, at, s.names, s.role_path);
  add(scope.own.policies, at.arn("iam", "", "policy/" + s.health_check_id));
  // A guard is looked for by the names that deploy gives and by those of the guide. Roles are read
  // by their name alone: before they are seen nobody knows their path.
  add_names(scope.looked, at, default_names(s.health_check_id), "/");
  add_names(scope.looked, at, guide_names(s.health_check_id), "/");
  for (const auto* topic : {&plan.alarm_topic, &plan.notify_topic})
    if (!topic->kms_key.empty()) add(scope.keys, topic->kms_key);
  scope.permissions_boundary = s.permissions_boundary;
  return scope;
}

Scope every_guard(std::string_view partition) {
  const Whereabouts at{std::string{partition}, "*", std::string{control_region(partition)}, "*"};
  Scope scope;
  scope.partition = at.partition;
  scope.every_guard = true;
  add(scope.own.checks, health_check_arn(at.partition, "*"));
  add_names(scope.own, at, default_names("*"), "/");
  // Adopted guards keep the guide's names.
  add_names(scope.own, at, guide_names(any_id()), "/");
  scope.own.audit_groups = {at.arn("logs", "*", "log-group:/sitelatch/*")};
  scope.own.notify_topics = {at.arn("sns", "*", "sitelatch-*-notify")};
  scope.own.rules = {at.arn("events", "*", "rule/sitelatch-*")};
  add(scope.own.roles, at.arn("iam", "", "role/*/sitelatch-*"));
  add(scope.own.policies, at.arn("iam", "", "policy/" + any_id()));
  return scope;
}

std::vector<Right> rights_of(Audience audience, const Scope& scope) {
  Table table(scope);
  table.viewer();
  if (audience != Audience::viewer) table.operate();
  if (audience == Audience::deployer) table.deploy();
  return table.take();
}

std::vector<Right> only(const std::vector<Right>& rights, const std::vector<std::string>& actions) {
  std::vector<Right> chosen;
  for (const auto& right : rights) {
    auto less = right;
    less.actions.clear();
    for (const auto& action : right.actions)
      if (std::find(actions.begin(), actions.end(), action) != actions.end())
        less.actions.push_back(action);
    if (!less.actions.empty()) chosen.push_back(std::move(less));
  }
  return chosen;
}

std::vector<std::string> actions_to_make(Resource resource, bool there, const Plan& plan) {
  switch (resource) {
    case Resource::notify_topic:
    case Resource::alarm_topic: {
      List actions{"sns:TagResource"};
      if (!there) actions.emplace_back("sns:CreateTopic");
      if (there && !plan.settings.kms_keys.empty()) actions.emplace_back("sns:SetTopicAttributes");
      return actions;
    }
    case Resource::alarm_topic_policy:
      return {"sns:SetTopicAttributes"};
    case Resource::notify_subscription:
      return {"sns:Subscribe"};
    case Resource::subscription:
      if (there) return {"sns:Subscribe", "sns:SetSubscriptionAttributes"};
      return {"sns:Subscribe"};
    case Resource::audit_group:
    case Resource::function_group:
      if (there) return {"logs:TagResource", "logs:PutRetentionPolicy"};
      return {"logs:CreateLogGroup", "logs:TagResource", "logs:PutRetentionPolicy"};
    case Resource::role: {
      List actions{"iam:TagRole"};
      if (!there) actions.emplace_back("iam:CreateRole");
      if (there && !plan.role.permissions_boundary.empty())
        actions.emplace_back("iam:PutRolePermissionsBoundary");
      return actions;
    }
    case Resource::role_policy:
      return {"iam:PutRolePolicy"};
    case Resource::function:
      if (there) return {"lambda:TagResource"};
      return {"lambda:CreateFunction", "lambda:TagResource", "iam:PassRole"};
    case Resource::function_code:
      return {"lambda:UpdateFunctionCode"};
    case Resource::function_configuration:
      return {"lambda:GetFunctionConfiguration", "lambda:UpdateFunctionConfiguration",
              "iam:PassRole"};
    case Resource::failure_destination:
      return {"lambda:PutFunctionEventInvokeConfig"};
    case Resource::sns_permission:
    case Resource::events_permission:
      return {"lambda:AddPermission"};
    case Resource::schedule:
      return {"events:PutRule", "events:TagResource"};
    case Resource::schedule_target:
      return {"events:PutTargets"};
    case Resource::alarm:
      return {"cloudwatch:PutMetricAlarm", "cloudwatch:TagResource"};
    case Resource::alarm_actions:
      return {"cloudwatch:EnableAlarmActions", "lambda:InvokeFunction"};
    case Resource::function_concurrency:
      return {};  // best effort
  }
  return {};
}

std::vector<std::string> actions_to_apply(const Change& change, const Record& before) {
  List actions;
  if (!change.check.empty()) actions.emplace_back(latch_action);
  if (record_tags(change.record) != record_tags(before)) actions.emplace_back("sns:TagResource");
  if (record_environment(change.record) != record_environment(before)) {
    actions.emplace_back("lambda:GetFunctionConfiguration");
    actions.emplace_back("lambda:UpdateFunctionConfiguration");
  }
  if (change.alarm_actions.value_or(false)) actions.emplace_back("cloudwatch:EnableAlarmActions");
  actions.emplace_back("logs:CreateLogStream");
  actions.emplace_back("logs:PutLogEvents");
  return actions;
}

std::vector<std::string> actions_to_drill(const Plan& second_guard) {
  List actions{"route53:ListHealthChecks", "route53:CreateHealthCheck", "route53:DeleteHealthCheck",
               std::string{latch_action},  "cloudwatch:SetAlarmState",  "sns:Unsubscribe",
               "sns:DeleteTopic",          "cloudwatch:DeleteAlarms",   "iam:DeleteRolePolicy",
               "iam:DeleteRole",           "lambda:DeleteFunction",     "events:RemoveTargets",
               "events:DeleteRule",        "logs:DeleteLogGroup"};
  for (int i = 0; i <= static_cast<int>(Resource::alarm_actions); ++i)
    for (auto& action : actions_to_make(static_cast<Resource>(i), false, second_guard))
      actions.push_back(std::move(action));
  return actions;
}

}  // namespace sitelatch::guard
