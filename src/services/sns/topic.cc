// SPDX-License-Identifier: Apache-2.0
#include "services/sns/topic.h"

#include <algorithm>
#include <array>
#include <set>

#include "aws/auth/policy.h"
#include "base/text.h"
#include "services/sns/delivery_policy.h"
#include "services/sns/refusals.h"

namespace sitelatch::sns {
namespace {
using aws::Value;
using Checked = aws::Outcome<Done>;

constexpr std::size_t most_tags = 50;

constexpr std::array plain_attributes{"DisplayName", "KmsMasterKeyId", "TracingConfig"};
constexpr std::array feedback_protocols{"HTTP", "Lambda", "SQS", "Firehose", "Application"};

bool is_feedback_attribute(std::string_view name) {
  for (const std::string_view protocol : feedback_protocols) {
    if (!name.starts_with(protocol)) continue;
    const auto rest = name.substr(protocol.size());
    if (rest == "SuccessFeedbackRoleArn" || rest == "SuccessFeedbackSampleRate" ||
        rest == "FailureFeedbackRoleArn")
      return true;
  }
  return false;
}

bool acts_on_topics(const Value& action) {
  if (!action.is_string()) return false;
  const auto text = lower(action.string());
  return text.starts_with("sns:") && text.size() > 4;
}

Checked check_statement(const Value& statement, std::set<std::string>& sids) {
  if (!statement.is_struct()) return invalid_parameter("Policy Error: null");
  const Value& action = statement["Action"];
  const Value::List one{action};
  for (const auto& item : action.is_list() ? action.items() : one)
    if (!action.is_null() && !acts_on_topics(item))
      return invalid_parameter("Policy statement action out of service scope!");
  const auto sid = statement["Sid"].is_string() ? statement["Sid"].string() : std::string{};
  if (!sids.insert(sid).second)
    return invalid_parameter("Policy Reason: the statements need Sids that differ");
  return Done{};
}

Checked check_policy(const std::string& text) {
  if (!aws::parse_policy(text, aws::PolicyUse::resource))
    return invalid_parameter("Policy Error: null");
  const auto policy = aws::from_json(text);
  if (!policy || !policy->is_struct()) return invalid_parameter("Policy Error: null");
  const Value& statements = (*policy)["Statement"];
  if (statements.is_null()) return invalid_parameter("Policy Error: null");
  std::set<std::string> sids;
  if (!statements.is_list()) return check_statement(statements, sids);
  for (const auto& statement : statements.items())
    if (auto checked = check_statement(statement, sids); !checked) return checked;
  return Done{};
}

Value statements_of(const Topic& topic, Value& policy) {
  policy = aws::from_json(topic.policy()).value_or(Value::structure());
  const Value statements = policy["Statement"];
  return statements.is_list() ? statements : Value::list({statements});
}

}  // namespace

std::string Topic::setting(std::string_view name_of) const {
  const auto found = settings.find(std::string{name_of});
  return found == settings.end() ? std::string{} : found->second;
}
std::string Topic::policy() const {
  auto own = setting("Policy");
  return own.empty() ? default_topic_policy(arn, owner) : own;
}
int Topic::signature_version() const { return setting("SignatureVersion") == "2" ? 2 : 1; }

std::string topic_arn(const std::string& region, const std::string& account,
                      const std::string& name) {
  return "arn:aws:sns:" + region + ":" + account + ":" + name;
}

std::string default_topic_policy(const std::string& arn, const std::string& owner) {
  Value actions = Value::list();
  for (const char* action : {"SNS:GetTopicAttributes", "SNS:SetTopicAttributes",
                             "SNS:AddPermission", "SNS:RemovePermission", "SNS:DeleteTopic",
                             "SNS:Subscribe", "SNS:ListSubscriptionsByTopic", "SNS:Publish"})
    actions.push(action);
  const Value condition =
      Value::structure({{"StringEquals", Value::structure({{"AWS:SourceOwner", owner}})}});
  const Value statement = Value::structure({{"Sid", "__default_statement_ID"},
                                            {"Effect", "Allow"},
                                            {"Principal", Value::structure({{"AWS", "*"}})},
                                            {"Action", actions},
                                            {"Resource", arn},
                                            {"Condition", condition}});
  return aws::to_json(Value::structure({{"Version", "2008-10-17"},
                                        {"Id", "__default_policy_ID"},
                                        {"Statement", Value::list({statement})}}));
}

bool valid_topic_name(std::string_view name) {
  if (name.empty() || name.size() > 256) return false;
  return std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
  });
}

namespace {
Checked check_fifo_attribute(const std::string& name, const std::string& value, bool fifo) {
  if (!fifo) return invalid_parameter("AttributeName");
  if (name == "ContentBasedDeduplication") {
    const auto flag = lower(value);
    if (flag == "true" || flag == "false") return Done{};
    return invalid_parameter("ContentBasedDeduplication");
  }
  if (name == "FifoThroughputScope") {
    if (value == "Topic" || value == "MessageGroup") return Done{};
    return invalid_parameter("FifoThroughputScope");
  }
  return invalid_parameter("ArchivePolicy Reason: Sitelatch's engine keeps no archive of messages");
}
}  // namespace

Checked check_topic_attribute(const std::string& name, const std::string& value, bool fifo) {
  if (name == "ContentBasedDeduplication" || name == "FifoThroughputScope" ||
      name == "ArchivePolicy")
    return check_fifo_attribute(name, value, fifo);
  if (name == "Policy") return check_policy(value);
  if (name == "DeliveryPolicy") {
    if (value.empty()) return Done{};
    auto checked = check_topic_delivery_policy(value);
    if (!checked) return invalid_parameter("DeliveryPolicy: " + checked.error());
    return Done{};
  }
  if (name == "SignatureVersion") {
    if (value == "1" || value == "2") return Done{};
    return invalid_parameter("SignatureVersion: Invalid value [" + value + "]. Must be 1 or 2.");
  }
  if (name == "DisplayName" && utf8_length(value) > 100) return invalid_parameter("DisplayName");
  if (name == "TracingConfig" && value != "PassThrough" && value != "Active")
    return invalid_parameter("TracingConfig");
  for (const std::string_view known : plain_attributes)
    if (name == known) return Done{};
  if (is_feedback_attribute(name)) return Done{};
  return invalid_parameter("AttributeName");
}

Value to_value(const Topic& topic) {
  Value settings = Value::structure();
  for (const auto& [name, value] : topic.settings) settings.set(name, value);
  return Value::structure({{"region", topic.region},
                           {"name", topic.name},
                           {"arn", topic.arn},
                           {"owner", topic.owner},
                           {"settings", settings},
                           {"tags", aws::tag_list(topic.tags)},
                           {"data_protection", topic.data_protection}});
}
Topic topic_from(const Value& value) {
  Topic topic;
  topic.region = value["region"].string();
  topic.name = value["name"].string();
  topic.arn = value["arn"].string();
  topic.owner = value["owner"].string();
  for (const auto& [name, setting] : value["settings"].members())
    topic.settings[name] = setting.string();
  topic.tags = aws::read_tags(value["tags"]);
  topic.data_protection = value["data_protection"].string_or("");
  return topic;
}

const aws::TagRules tag_rules{
    [](const std::string& key) {
      return invalid_parameter("Tags Reason: the prefix aws: is reserved: " + key);
    },
    [](const std::string&) { return invalid_parameter("Duplicated keys are not allowed."); },
    [] {
      return aws::refuse("TagLimitExceededException",
                         "Could not complete request: tag quota of per resource exceeded");
    }};

aws::Outcome<std::string> with_permission(const Topic& topic, const PermissionGrant& grant) {
  Value policy;
  Value statements = statements_of(topic, policy);
  for (const auto& statement : statements.items())
    if (statement["Sid"] == Value{grant.label})
      return invalid_parameter("Statement already exists");
  Value principals = Value::list(), actions = Value::list();
  for (const auto& account : grant.accounts) principals.push("arn:aws:iam::" + account + ":root");
  for (const auto& action : grant.actions) actions.push("SNS:" + action);
  const auto one_or_all = [](const Value& list) {
    return list.items().size() == 1 ? list.items().front() : list;
  };
  statements.push(
      Value::structure({{"Sid", grant.label},
                        {"Effect", "Allow"},
                        {"Principal", Value::structure({{"AWS", one_or_all(principals)}})},
                        {"Action", one_or_all(actions)},
                        {"Resource", topic.arn}}));
  policy.set("Statement", statements);
  return aws::to_json(policy);
}

aws::Outcome<std::string> without_permission(const Topic& topic, const std::string& label) {
  Value policy;
  const Value statements = statements_of(topic, policy);
  Value kept = Value::list();
  for (const auto& statement : statements.items())
    if (!(statement["Sid"] == Value{label})) kept.push(statement);
  policy.set("Statement", kept);
  return aws::to_json(policy);
}

}  // namespace sitelatch::sns
