// SPDX-License-Identifier: Apache-2.0
// Sns: what each operation asks of IAM (aws-semantics 13.2).
#include "services/sns/sns.h"

namespace sitelatch::sns {
namespace {
using aws::Permission;

bool names_no_topic(std::string_view operation) {
  return operation == "Unsubscribe" || operation == "GetSubscriptionAttributes" ||
         operation == "SetSubscriptionAttributes" || operation == "ListSubscriptions" ||
         operation == "ListTopics";
}

std::string topic_of(const aws::Call& call, const std::string& account) {
  if (call.operation == "CreateTopic")
    return topic_arn(call.region, account, call.input["Name"].string_or(""));
  for (const char* member : {"TopicArn", "TargetArn", "ResourceArn"})
    if (call.input.has(member)) return call.input[member].string();
  return "*";
}

void add_request_tags(const aws::Value& input, aws::ConditionKeys& keys) {
  for (const auto& tag : input["Tags"].items()) {
    const auto key = tag["Key"].string_or("");
    keys.add_tag("aws:RequestTag", key, tag["Value"].string_or(""));
    keys.add("aws:TagKeys", key);
  }
  for (const auto& key : input["TagKeys"].strings()) keys.add("aws:TagKeys", key);
}

}  // namespace

std::vector<Permission> Sns::authorisation(const aws::Call& call) const {
  // The links in confirmations and notifications carry their own authority: the token, or the
  // subscription's choice.
  if (call.caller.kind == aws::Caller::Kind::anonymous && allows_anonymous(call.operation))
    return {};
  Permission asked;
  asked.action =
      "SNS:" + std::string{call.operation == "PublishBatch" ? "Publish" : call.operation};
  if (names_no_topic(call.operation)) {
    asked.resources = {"*"};
    return {asked};
  }
  const auto arn = topic_of(call, account_);
  asked.resources = {arn};
  add_request_tags(call.input, asked.keys);
  if (const auto found = topics_.find(arn); found != topics_.end()) {
    asked.resource_policy = found->second.policy();
    for (const auto& [key, value] : found->second.tags)
      asked.keys.add_tag("aws:ResourceTag", key, value);
  }
  if (call.operation == "Subscribe") {
    asked.keys.set("sns:Protocol", call.input["Protocol"].string_or(""));
    asked.keys.set("sns:Endpoint", call.input["Endpoint"].string_or(""));
  }
  std::vector<Permission> out{asked};
  if (call.operation == "CreateTopic" && !call.input["Tags"].items().empty()) {
    out.push_back(asked);
    out.back().action = "SNS:TagResource";
  }
  return out;
}

}  // namespace sitelatch::sns
