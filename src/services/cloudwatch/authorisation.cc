// SPDX-License-Identifier: Apache-2.0
// What each operation asks of IAM (section 13 of the semantics reference).
#include <fmt/format.h>

#include "services/cloudwatch/cloudwatch.h"

namespace sitelatch::cloudwatch {
namespace {

aws::ConditionKeys tag_keys(const aws::Value& tags) {
  aws::ConditionKeys out;
  for (const auto& tag : tags.items()) {
    const auto key = tag["Key"].string_or("");
    out.add_tag("aws:RequestTag", key, tag["Value"].string_or(""));
    out.add("aws:TagKeys", key);
  }
  return out;
}

void add_resource_tags(const MetricAlarm* alarm, aws::ConditionKeys& keys) {
  if (!alarm) return;
  for (const auto& [key, value] : alarm->tags) keys.add_tag("aws:ResourceTag", key, value);
}

}  // namespace

std::vector<aws::Permission> CloudWatch::authorisation(const aws::Call& call) const {
  const auto& input = call.input;
  const std::string operation{call.operation};
  const auto action = "cloudwatch:" + operation;
  std::vector<aws::Permission> out;
  const auto ask_alarm = [&](const std::string& name, aws::ConditionKeys keys) {
    add_resource_tags(alarms_.find(call.region, name), keys);
    out.push_back({action, {alarm_arn(call, name)}, std::move(keys), ""});
  };

  if (operation == "PutMetricAlarm") {
    auto keys = tag_keys(input["Tags"]);
    for (const auto* list : {"AlarmActions", "OKActions", "InsufficientDataActions"})
      for (const auto& arn : input[list].strings()) keys.add("cloudwatch:AlarmActions", arn);
    const auto name = input["AlarmName"].string_or("");
    ask_alarm(name, keys);
    if (!input["Tags"].items().empty() && !alarms_.find(call.region, name))
      out.push_back({"cloudwatch:TagResource", {alarm_arn(call, name)}, std::move(keys), ""});
    return out;
  }
  if (operation == "DescribeAlarms" || operation == "DeleteAlarms" ||
      operation == "EnableAlarmActions" || operation == "DisableAlarmActions") {
    for (const auto& name : input["AlarmNames"].strings()) ask_alarm(name, {});
    if (out.empty()) out.push_back({action, {alarm_arn(call, "*")}, {}, ""});
    return out;
  }
  if (operation == "SetAlarmState" || operation == "DescribeAlarmHistory") {
    ask_alarm(input["AlarmName"].string_or("*"), {});
    return out;
  }
  if (operation == "TagResource" || operation == "UntagResource" ||
      operation == "ListTagsForResource") {
    auto keys = tag_keys(input["Tags"]);
    for (const auto& key : input["TagKeys"].strings()) keys.add("aws:TagKeys", key);
    const auto arn = input["ResourceARN"].string_or("*");
    if (const auto name = alarm_name_of(arn, call))
      add_resource_tags(alarms_.find(call.region, *name), keys);
    return {{action, {arn}, std::move(keys), ""}};
  }
  aws::ConditionKeys keys;
  if (operation == "PutMetricData")
    keys.set("cloudwatch:namespace", input["Namespace"].string_or(""));
  return {{action, {"*"}, std::move(keys), ""}};
}

}  // namespace sitelatch::cloudwatch
