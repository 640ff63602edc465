// SPDX-License-Identifier: Apache-2.0
// Events: what each operation asks of IAM (aws-semantics 13.2).
#include "services/events/events.h"

namespace sitelatch::events {
namespace {
using aws::Permission;

Permission pass_role(const std::string& role_arn) {
  return {"iam:PassRole", {role_arn}, {{"iam:passedtoservice", {"events.amazonaws.com"}}}, ""};
}

void add_request_keys(const aws::Value& input, aws::ConditionKeys& keys) {
  for (const auto& tag : input["Tags"].items()) {
    const auto key = tag["Key"].string_or("");
    keys.add_tag("aws:RequestTag", key, tag["Value"].string_or(""));
    keys.add("aws:TagKeys", key);
  }
  for (const auto& key : input["TagKeys"].strings()) keys.add("aws:TagKeys", key);
  for (const auto& target : input["Targets"].items())
    keys.add("events:TargetArn", target["Arn"].string_or(""));
}

}  // namespace

std::vector<Permission> Events::authorisation(const aws::Call& call) const {
  const aws::Value& input = call.input;
  Permission asked;
  asked.action = "events:" + std::string{call.operation};
  std::string arn = "*";
  if (call.operation == "DescribeEventBus")
    arn = bus_arn(call.region);
  else if (input.has("ResourceARN"))
    arn = input["ResourceARN"].string();
  else if (input.has("Rule"))
    arn = rule_arn(call.region, input["Rule"].string());
  else if (input.has("Name"))
    arn = rule_arn(call.region, input["Name"].string());
  asked.resources = {arn};
  add_request_keys(input, asked.keys);
  if (const auto found = rules_.find(arn); found != rules_.end()) {
    asked.keys.set("events:creatorAccount", account_);
    for (const auto& [key, value] : found->second.rule.tags)
      asked.keys.add_tag("aws:ResourceTag", key, value);
  }
  std::vector<Permission> out{asked};
  const bool is_new = call.operation == "PutRule" && rules_.find(arn) == rules_.end();
  if (is_new && !input["Tags"].items().empty()) {
    out.push_back(asked);
    out.back().action = "events:TagResource";
  }
  if (input.has("RoleArn")) out.push_back(pass_role(input["RoleArn"].string()));
  for (const auto& target : input["Targets"].items())
    if (target.has("RoleArn")) out.push_back(pass_role(target["RoleArn"].string()));
  return out;
}

}  // namespace sitelatch::events
