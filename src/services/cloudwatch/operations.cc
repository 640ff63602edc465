// SPDX-License-Identifier: Apache-2.0
// The operations, and what each asks of IAM (fact cloudwatch-32).
#include <fmt/format.h>

#include <algorithm>

#include "services/cloudwatch/cloudwatch.h"

namespace sitelatch::cloudwatch {
namespace {

void add_tags_of(const AlarmBasics* alarm, aws::ConditionKeys& keys) {
  if (alarm) aws::add_resource_tags(alarm->tags, keys);
}

aws::ConditionKeys keys_of_put(const aws::Value& input) {
  aws::ConditionKeys keys;
  aws::add_request_tags(aws::read_tags(input["Tags"]), {}, keys);
  for (const auto* list : {"AlarmActions", "OKActions", "InsufficientDataActions"})
    for (const auto& arn : input[list].strings()) keys.add("cloudwatch:AlarmActions", arn);
  return keys;
}

}  // namespace

const aws::OperationTable<CloudWatch>& CloudWatch::operation_table() {
  static const aws::OperationTable<CloudWatch> table{
      "cloudwatch",
      {
          {"PutMetricData", &CloudWatch::put_metric_data, &CloudWatch::ask_to_put_data},
          {"GetMetricStatistics", &CloudWatch::get_metric_statistics,
           &CloudWatch::ask_of_everything},
          {"GetMetricData", &CloudWatch::get_metric_data, &CloudWatch::ask_of_everything},
          {"ListMetrics", &CloudWatch::list_metrics, &CloudWatch::ask_of_everything},
          {"PutMetricAlarm", &CloudWatch::put_metric_alarm, &CloudWatch::ask_to_put_alarm},
          {"PutCompositeAlarm", &CloudWatch::put_composite_alarm,
           &CloudWatch::ask_to_put_composite},
          {"DescribeAlarms", &CloudWatch::describe_alarms, &CloudWatch::ask_to_describe_alarms},
          {"DescribeAlarmContributors", &CloudWatch::describe_alarm_contributors,
           &CloudWatch::ask_of_alarm},
          {"DescribeAlarmsForMetric", &CloudWatch::describe_alarms_for_metric,
           &CloudWatch::ask_of_everything},
          {"DescribeAlarmHistory", &CloudWatch::describe_alarm_history, &CloudWatch::ask_of_alarm},
          {"DeleteAlarms", &CloudWatch::delete_alarms, &CloudWatch::ask_of_named_alarms},
          {"SetAlarmState", &CloudWatch::set_alarm_state, &CloudWatch::ask_of_alarm},
          {"EnableAlarmActions", &CloudWatch::enable_alarm_actions,
           &CloudWatch::ask_of_named_alarms},
          {"DisableAlarmActions", &CloudWatch::disable_alarm_actions,
           &CloudWatch::ask_of_named_alarms},
          {"PutAlarmMuteRule", &CloudWatch::put_alarm_mute_rule, &CloudWatch::ask_to_put_mute_rule},
          {"GetAlarmMuteRule", &CloudWatch::get_alarm_mute_rule, &CloudWatch::ask_of_mute_rule},
          {"ListAlarmMuteRules", &CloudWatch::list_alarm_mute_rules,
           &CloudWatch::ask_of_everything},
          {"DeleteAlarmMuteRule", &CloudWatch::delete_alarm_mute_rule,
           &CloudWatch::ask_of_mute_rule},
          {"PutDashboard", &CloudWatch::put_dashboard, &CloudWatch::ask_of_dashboard},
          {"GetDashboard", &CloudWatch::get_dashboard, &CloudWatch::ask_of_dashboard},
          {"ListDashboards", &CloudWatch::list_dashboards, &CloudWatch::ask_of_everything},
          {"DeleteDashboards", &CloudWatch::delete_dashboards, &CloudWatch::ask_of_dashboard},
          {"PutInsightRule", &CloudWatch::put_insight_rule, &CloudWatch::ask_of_insight_rules},
          {"DescribeInsightRules", &CloudWatch::describe_insight_rules,
           &CloudWatch::ask_of_everything},
          {"EnableInsightRules", &CloudWatch::enable_insight_rules,
           &CloudWatch::ask_of_insight_rules},
          {"DisableInsightRules", &CloudWatch::disable_insight_rules,
           &CloudWatch::ask_of_insight_rules},
          {"DeleteInsightRules", &CloudWatch::delete_insight_rules,
           &CloudWatch::ask_of_insight_rules},
          {"GetInsightRuleReport", &CloudWatch::get_insight_rule_report,
           &CloudWatch::ask_of_insight_rules},
          {"PutManagedInsightRules", &CloudWatch::put_managed_insight_rules,
           &CloudWatch::ask_of_everything},
          {"ListManagedInsightRules", &CloudWatch::list_managed_insight_rules,
           &CloudWatch::ask_of_everything},
          {"PutAnomalyDetector", &CloudWatch::put_anomaly_detector, &CloudWatch::ask_of_everything},
          {"DeleteAnomalyDetector", &CloudWatch::delete_anomaly_detector,
           &CloudWatch::ask_of_everything},
          {"DescribeAnomalyDetectors", &CloudWatch::describe_anomaly_detectors,
           &CloudWatch::ask_of_everything},
          {"PutMetricStream", &CloudWatch::put_metric_stream, &CloudWatch::ask_of_metric_streams},
          {"GetMetricStream", &CloudWatch::get_metric_stream, &CloudWatch::ask_of_metric_streams},
          {"ListMetricStreams", &CloudWatch::list_metric_streams, &CloudWatch::ask_of_everything},
          {"DeleteMetricStream", &CloudWatch::delete_metric_stream,
           &CloudWatch::ask_of_metric_streams},
          {"StartMetricStreams", &CloudWatch::run_metric_streams,
           &CloudWatch::ask_of_metric_streams},
          {"StopMetricStreams", &CloudWatch::run_metric_streams,
           &CloudWatch::ask_of_metric_streams},
          {"GetOTelEnrichment", &CloudWatch::get_otel_enrichment, &CloudWatch::ask_of_everything},
          {"StartOTelEnrichment", &CloudWatch::start_otel_enrichment,
           &CloudWatch::ask_of_everything},
          {"StopOTelEnrichment", &CloudWatch::stop_otel_enrichment, &CloudWatch::ask_of_everything},
          {"TagResource", &CloudWatch::tag_resource, &CloudWatch::ask_of_tagged_alarm},
          {"UntagResource", &CloudWatch::untag_resource, &CloudWatch::ask_of_tagged_alarm},
          {"ListTagsForResource", &CloudWatch::list_tags_for_resource,
           &CloudWatch::ask_of_tagged_alarm},
      }};
  return table;
}

aws::Permission CloudWatch::question_of(const std::string& alarm, aws::ConditionKeys keys,
                                        const aws::Call& call) const {
  add_tags_of(any_alarm(call.region, alarm), keys);
  return {action(call), {alarm_arn(call, alarm)}, std::move(keys), ""};
}

CloudWatch::Question CloudWatch::ask_of_alarm(const aws::Call& call) const {
  return {question_of(call.input["AlarmName"].string_or("*"), {}, call)};
}

CloudWatch::Question CloudWatch::ask_of_named_alarms(const aws::Call& call) const {
  Question out;
  for (const auto& name : call.input["AlarmNames"].strings())
    out.push_back(question_of(name, {}, call));
  if (out.empty()) out.push_back({action(call), {alarm_arn(call, "*")}, {}, ""});
  return out;
}

// Composite alarms are described to those only who may describe everything (API DescribeAlarms).
CloudWatch::Question CloudWatch::ask_to_describe_alarms(const aws::Call& call) const {
  const auto& input = call.input;
  const auto types = input["AlarmTypes"].strings();
  if (input.has("ChildrenOfAlarmName") || input.has("ParentsOfAlarmName") ||
      std::find(types.begin(), types.end(), "CompositeAlarm") != types.end())
    return ask_of_everything(call);
  return ask_of_named_alarms(call);
}

// The right must be on everything (API PutCompositeAlarm).
CloudWatch::Question CloudWatch::ask_to_put_composite(const aws::Call& call) const {
  auto keys = keys_of_put(call.input);
  const auto name = call.input["AlarmName"].string_or("");
  Question out{{action(call), {"*"}, keys, ""}};
  if (!call.input["Tags"].items().empty() && !any_alarm(call.region, name))
    out.push_back(
        {operation_table().action("TagResource"), {alarm_arn(call, name)}, std::move(keys), ""});
  return out;
}

CloudWatch::Question CloudWatch::ask_to_put_alarm(const aws::Call& call) const {
  const auto& input = call.input;
  auto keys = keys_of_put(input);
  const auto name = input["AlarmName"].string_or("");
  Question out{question_of(name, keys, call)};
  if (!input["Tags"].items().empty() && !alarms_.find(call.region, name))
    out.push_back(
        {operation_table().action("TagResource"), {alarm_arn(call, name)}, std::move(keys), ""});
  return out;
}

aws::Permission CloudWatch::question_about(const std::string& arn, const aws::Call& call) const {
  aws::ConditionKeys keys;
  aws::add_request_tags(aws::read_tags(call.input["Tags"]), call.input["TagKeys"].strings(), keys);
  if (const auto tags = tags_of(call, arn)) aws::add_resource_tags(*tags, keys);
  return {action(call), {arn}, std::move(keys), ""};
}

CloudWatch::Question CloudWatch::ask_of_tagged_alarm(const aws::Call& call) const {
  return {question_about(call.input["ResourceARN"].string_or("*"), call)};
}

// The right is needed on the rule and on each alarm that it names (API PutAlarmMuteRule).
CloudWatch::Question CloudWatch::ask_to_put_mute_rule(const aws::Call& call) const {
  Question out{question_about(mute_rule_arn(call, call.input["Name"].string_or("*")), call)};
  for (const auto& name : call.input["MuteTargets"]["AlarmNames"].strings())
    out.push_back(question_about(alarm_arn(call, name), call));
  return out;
}
CloudWatch::Question CloudWatch::ask_of_mute_rule(const aws::Call& call) const {
  return {
      question_about(mute_rule_arn(call, call.input["AlarmMuteRuleName"].string_or("*")), call)};
}

CloudWatch::Question CloudWatch::ask_of_dashboard(const aws::Call& call) const {
  auto names = call.input["DashboardNames"].strings();
  if (names.empty()) names.push_back(call.input["DashboardName"].string_or("*"));
  Question out;
  for (const auto& name : names) out.push_back(question_about(dashboard_arn(call, name), call));
  return out;
}

CloudWatch::Question CloudWatch::ask_of_insight_rules(const aws::Call& call) const {
  auto names = call.input["RuleNames"].strings();
  if (names.empty()) names.push_back(call.input["RuleName"].string_or("*"));
  Question out;
  for (const auto& name : names) out.push_back(question_about(insight_rule_arn(call, name), call));
  return out;
}

CloudWatch::Question CloudWatch::ask_of_metric_streams(const aws::Call& call) const {
  auto names = call.input["Names"].strings();
  if (names.empty()) names.push_back(call.input["Name"].string_or("*"));
  Question out;
  for (const auto& name : names)
    out.push_back(question_about(
        fmt::format("arn:aws:cloudwatch:{}:{}:metric-stream/{}", call.region, call.account, name),
        call));
  return out;
}

CloudWatch::Question CloudWatch::ask_to_put_data(const aws::Call& call) const {
  aws::ConditionKeys keys;
  keys.set("cloudwatch:namespace", call.input["Namespace"].string_or(""));
  return {{action(call), {"*"}, std::move(keys), ""}};
}

}  // namespace sitelatch::cloudwatch
