// SPDX-License-Identifier: Apache-2.0
#include "services/sqs/queue.h"

#include <fmt/format.h>

#include <algorithm>

#include "aws/auth/arn.h"
#include "aws/auth/policy.h"
#include "base/text.h"
#include "services/sqs/message.h"
#include "services/sqs/refusals.h"

namespace sitelatch::sqs {
namespace {
using aws::Value;

enum class Form { number, flag, choice, policy, redrive, redrive_allow, text, computed };
enum class For { all, fifo };
struct Attribute {
  std::string_view name;
  Form form;
  For queues = For::all;
  std::int64_t least = 0, most = 0;
  std::string_view standing = {};  // the default
  std::string_view choices = {};
};
constexpr std::array known_attributes = {
    Attribute{"VisibilityTimeout", Form::number, For::all, 0, 43'200, "30"},
    Attribute{"DelaySeconds", Form::number, For::all, 0, 900, "0"},
    Attribute{"MaximumMessageSize", Form::number, For::all, 1'024, 1'048'576, "1048576"},
    Attribute{"MessageRetentionPeriod", Form::number, For::all, 60, 1'209'600, "345600"},
    Attribute{"ReceiveMessageWaitTimeSeconds", Form::number, For::all, 0, 20, "0"},
    Attribute{"KmsDataKeyReusePeriodSeconds", Form::number, For::all, 60, 86'400},
    Attribute{"KmsMasterKeyId", Form::text},
    Attribute{"SqsManagedSseEnabled", Form::flag, For::all, 0, 0, "true"},
    Attribute{"Policy", Form::policy},
    Attribute{"RedrivePolicy", Form::redrive},
    Attribute{"RedriveAllowPolicy", Form::redrive_allow},
    Attribute{"FifoQueue", Form::flag, For::fifo},
    Attribute{"ContentBasedDeduplication", Form::flag, For::fifo, 0, 0, "false"},
    Attribute{"DeduplicationScope", Form::choice, For::fifo, 0, 0, "queue", "queue messageGroup"},
    Attribute{"FifoThroughputLimit", Form::choice, For::fifo, 0, 0, "perQueue",
              "perQueue perMessageGroupId"},
    Attribute{"ApproximateNumberOfMessages", Form::computed},
    Attribute{"ApproximateNumberOfMessagesNotVisible", Form::computed},
    Attribute{"ApproximateNumberOfMessagesDelayed", Form::computed},
    Attribute{"CreatedTimestamp", Form::computed},
    Attribute{"LastModifiedTimestamp", Form::computed},
    Attribute{"QueueArn", Form::computed},
};

const Attribute* find_attribute(std::string_view name) {
  const auto found = std::find_if(known_attributes.begin(), known_attributes.end(),
                                  [&](const Attribute& a) { return a.name == name; });
  return found == known_attributes.end() ? nullptr : &*found;
}

bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= 80 && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
  });
}

std::optional<std::int64_t> whole_number(const Value& value) {
  if (value.is_integer()) return value.integer();
  if (value.is_string()) return parse_int(value.string());
  return std::nullopt;
}

aws::Outcome<std::string> checked_redrive(const std::string& value) {
  const auto refused = [&](const std::string& why) {
    return invalid_value(value, "RedrivePolicy", why);
  };
  const auto policy = aws::from_json(value);
  if (!policy || !policy->is_struct()) return refused("Redrive policy is not a valid JSON map.");
  for (const char* needed : {"deadLetterTargetArn", "maxReceiveCount"})
    if (!policy->has(needed))
      return refused(
          fmt::format("Redrive policy does not contain mandatory attribute: {}.", needed));
  for (const auto& [name, inner] : policy->members())
    if (name != "deadLetterTargetArn" && name != "maxReceiveCount")
      return refused(
          "Only following attributes are supported: [deadLetterTargetArn, "
          "maxReceiveCount].");
  const auto count = whole_number((*policy)["maxReceiveCount"]);
  if (!count || *count < 1 || *count > 1000)
    return refused(fmt::format(
        "Invalid value for maxReceiveCount: {}, valid values are from 1 to 1000 both inclusive.",
        (*policy)["maxReceiveCount"].is_string() ? (*policy)["maxReceiveCount"].string()
                                                 : aws::to_json((*policy)["maxReceiveCount"])));
  const auto& target = (*policy)["deadLetterTargetArn"];
  const auto arn = target.is_string() ? aws::parse_arn(target.string()) : std::nullopt;
  if (!arn || arn->service != "sqs") return refused("Invalid value for deadLetterTargetArn.");
  return value;
}

bool is_queue_arn(const Value& value) {
  const auto arn = value.is_string() ? aws::parse_arn(value.string()) : std::nullopt;
  return arn && arn->service == "sqs";
}

aws::Outcome<std::string> checked_redrive_allow(const std::string& value) {
  const auto refused = [&](const std::string& why) {
    return invalid_value(value, "RedriveAllowPolicy", why);
  };
  const auto policy = aws::from_json(value);
  if (!policy || !policy->is_struct())
    return refused("Redrive allow policy is not a valid JSON map.");
  const auto& permission = (*policy)["redrivePermission"];
  const auto kind = permission.is_string() ? permission.string() : std::string{};
  if (kind != "allowAll" && kind != "denyAll" && kind != "byQueue")
    return refused(
        "Invalid value for redrivePermission, valid values are allowAll, denyAll and "
        "byQueue.");
  const auto& sources = (*policy)["sourceQueueArns"];
  if (kind != "byQueue") {
    if (!sources.is_null())
      return refused("sourceQueueArns can only be specified when redrivePermission is byQueue.");
    return value;
  }
  if (!sources.is_list() || sources.items().empty() || sources.items().size() > 10)
    return refused("sourceQueueArns must have between 1 and 10 queue ARNs.");
  if (!std::all_of(sources.items().begin(), sources.items().end(), is_queue_arn))
    return refused("Invalid value for sourceQueueArns.");
  return value;
}

bool is_resource_policy(const std::string& text) {
  const auto document = aws::from_json(text);
  return document && document->is_struct() &&
         aws::parse_policy(text, aws::PolicyUse::resource).has_value();
}

bool may_be_taken_away(std::string_view name) {
  return name == "Policy" || name == "RedrivePolicy" || name == "RedriveAllowPolicy" ||
         name == "KmsMasterKeyId";
}

Value policy_of(const Queue& queue) {
  if (auto present = aws::from_json(queue.setting("Policy")); present && present->is_struct())
    return std::move(*present);
  return Value::structure({{"Version", "2008-10-17"},
                           {"Id", queue.arn + "/SQSDefaultPolicy"},
                           {"Statement", Value::list()}});
}
Value statements_of(const Value& policy) {
  const auto& statements = policy["Statement"];
  if (statements.is_list()) return statements;
  return statements.is_null() ? Value::list() : Value::list({statements});
}
Value one_or_all(Value list) { return list.items().size() == 1 ? list.items().front() : list; }

constexpr std::array grantable = {
    "*",           "ChangeMessageVisibility",    "DeleteMessage", "GetQueueAttributes",
    "GetQueueUrl", "ListDeadLetterSourceQueues", "PurgeQueue",    "ReceiveMessage",
    "SendMessage"};

}  // namespace

std::string Queue::setting(std::string_view name_of) const {
  if (const auto found = settings.find(name_of); found != settings.end()) return found->second;
  const auto* attribute = find_attribute(name_of);
  if (!attribute || (attribute->queues == For::fifo && !fifo())) return {};
  if (name_of == "SqsManagedSseEnabled" && settings.contains("KmsMasterKeyId")) return "false";
  return std::string{attribute->standing};
}
std::int64_t Queue::number(std::string_view name_of) const {
  return parse_int(setting(name_of)).value_or(0);
}
Duration Queue::seconds(std::string_view name_of) const {
  return std::chrono::seconds{number(name_of)};
}

std::optional<RedrivePolicy> Queue::redrive() const {
  const auto text = setting("RedrivePolicy");
  if (text.empty()) return std::nullopt;
  const auto policy = aws::from_json(text);
  if (!policy) return std::nullopt;
  const auto count = whole_number((*policy)["maxReceiveCount"]);
  if (!count || !(*policy)["deadLetterTargetArn"].is_string()) return std::nullopt;
  return RedrivePolicy{(*policy)["deadLetterTargetArn"].string(), static_cast<int>(*count)};
}

bool Queue::takes_dead_letters_of(const std::string& source_arn) const {
  const auto policy = aws::from_json(setting("RedriveAllowPolicy"));
  if (!policy || !policy->is_struct()) return true;
  const auto& permission = (*policy)["redrivePermission"];
  if (permission == Value{"allowAll"}) return true;
  if (permission == Value{"denyAll"}) return false;
  const auto& sources = (*policy)["sourceQueueArns"].items();
  return std::find(sources.begin(), sources.end(), Value{source_arn}) != sources.end();
}

std::string queue_arn(const std::string& region, const std::string& account,
                      const std::string& name) {
  return "arn:aws:sqs:" + region + ":" + account + ":" + name;
}

std::optional<QueueAddress> read_address(std::string_view url) {
  url = url.substr(0, url.find('?'));
  if (url.ends_with('/')) url.remove_suffix(1);
  const auto parts = split(url, '/');
  if (parts.size() < 2 || !aws::is_account_id(parts[parts.size() - 2]) || parts.back().empty())
    return std::nullopt;
  return QueueAddress{std::string{parts[parts.size() - 2]}, std::string{parts.back()}};
}

aws::Outcome<Done> check_queue_name(const std::string& name, bool fifo) {
  constexpr std::string_view suffix = ".fifo";
  if (fifo && (!name.ends_with(suffix) || name.size() > 80 ||
               !is_name(std::string_view{name}.substr(0, name.size() - suffix.size()))))
    return invalid_parameter(
        "The name of a FIFO queue can only include alphanumeric characters, hyphens, or "
        "underscores, must end with .fifo suffix and be 1 to 80 in length.");
  if (!fifo && !is_name(name))
    return invalid_parameter(
        "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length");
  return Done{};
}

bool is_attribute(std::string_view name) { return name == "All" || find_attribute(name); }

aws::Outcome<std::string> checked_setting(const std::string& name, const std::string& value,
                                          bool fifo) {
  const auto* attribute = find_attribute(name);
  if (!attribute || attribute->form == Form::computed) return unknown_attribute(name);
  if (attribute->queues == For::fifo && !fifo) {
    if (attribute->form == Form::choice)
      return aws::refuse(
          "InvalidAttributeName",
          fmt::format("You can specify the {} only when FifoQueue is set to true.", name));
    return unknown_attribute(name);
  }
  if (value.empty() && may_be_taken_away(name)) return value;
  switch (attribute->form) {
    case Form::number: {
      const auto number = parse_int(value);
      if (!number || *number < attribute->least || *number > attribute->most)
        return invalid_attribute(name);
      return std::to_string(*number);
    }
    case Form::flag: {
      const auto flag = lower(value);
      if (flag != "true" && flag != "false") return invalid_attribute(name);
      if (name == "FifoQueue" && flag != "true")
        return aws::refuse("InvalidAttributeValue",
                           "Invalid value for the parameter FifoQueue. Reason: Modifying queue "
                           "type is not supported.");
      return flag;
    }
    case Form::choice: {
      const auto choices = split(attribute->choices, ' ');
      if (std::find(choices.begin(), choices.end(), value) == choices.end())
        return invalid_attribute(name);
      return value;
    }
    case Form::policy:
      if (!is_resource_policy(value)) return invalid_attribute(name);
      return value;
    case Form::redrive:
      return checked_redrive(value);
    case Form::redrive_allow:
      return checked_redrive_allow(value);
    case Form::text:
    case Form::computed:
      break;
  }
  return value;
}

aws::Outcome<Done> check_together(const Queue& queue) {
  if (queue.settings.contains("KmsMasterKeyId") && queue.is_true("SqsManagedSseEnabled"))
    return aws::refuse("InvalidAttributeName",
                       "You can use one type of server-side encryption (SSE) at one time. You can "
                       "either enable KMS SSE or SQS SSE.");
  if (queue.setting("FifoThroughputLimit") == "perMessageGroupId" &&
      queue.setting("DeduplicationScope") != "messageGroup")
    return aws::refuse("InvalidAttributeValue",
                       "The perMessageGroupId value for FifoThroughputLimit is allowed only when "
                       "the value for DeduplicationScope is messageGroup.");
  return Done{};
}

aws::Outcome<std::string> with_permission(const Queue& queue, const PermissionGrant& grant) {
  if (grant.actions.empty()) return missing_parameter("Actions");
  if (grant.accounts.empty()) return invalid_value("[]", "PrincipalId", "Unable to verify.");
  if (grant.actions.size() > 7)
    return aws::refuse("OverLimit", fmt::format("{} Actions were found, maximum allowed is 7.",
                                                grant.actions.size()));
  for (const auto& action : grant.actions)
    if (std::find(grantable.begin(), grantable.end(), action) == grantable.end())
      return invalid_value("SQS:" + action, "ActionName",
                           "Only the queue owner is allowed to invoke this action.");
  for (const auto& account : grant.accounts)
    if (!aws::is_account_id(account))
      return invalid_value("[" + account + "]", "PrincipalId", "Unable to verify.");
  auto policy = policy_of(queue);
  auto statements = statements_of(policy);
  for (const auto& statement : statements.items())
    if (statement["Sid"] == Value{grant.label})
      return invalid_value(grant.label, "Label", "Already exists.");
  Value principals = Value::list(), actions = Value::list();
  for (const auto& account : grant.accounts) principals.push("arn:aws:iam::" + account + ":root");
  for (const auto& action : grant.actions) actions.push("SQS:" + action);
  statements.push(
      Value::structure({{"Sid", grant.label},
                        {"Effect", "Allow"},
                        {"Principal", Value::structure({{"AWS", one_or_all(principals)}})},
                        {"Action", one_or_all(actions)},
                        {"Resource", queue.arn}}));
  policy.set("Statement", statements);
  return aws::to_json(policy);
}

aws::Outcome<std::string> without_permission(const Queue& queue, const std::string& label) {
  auto policy = policy_of(queue);
  const auto statements = statements_of(policy);
  Value kept = Value::list();
  for (const auto& statement : statements.items())
    if (!(statement["Sid"] == Value{label})) kept.push(statement);
  if (kept.items().size() == statements.items().size())
    return invalid_value(label, "Label", "can't find label.");
  if (kept.items().empty()) return std::string{};
  policy.set("Statement", kept);
  return aws::to_json(policy);
}

Value to_value(const Queue& queue) {
  Value settings = Value::structure();
  for (const auto& [name, value] : queue.settings) settings.set(name, value);
  Value out = Value::structure({{"region", queue.region},
                                {"name", queue.name},
                                {"arn", queue.arn},
                                {"account", queue.account},
                                {"settings", settings},
                                {"tags", aws::tag_list(queue.tags)},
                                {"created_ms", unix_ms(queue.created)},
                                {"modified_ms", unix_ms(queue.modified)}});
  if (queue.purged) out.set("purged_ms", unix_ms(*queue.purged));
  return out;
}

Queue queue_from(const Value& value) {
  Queue queue;
  queue.region = value["region"].string();
  queue.name = value["name"].string();
  queue.arn = value["arn"].string();
  queue.account = value["account"].string();
  for (const auto& [name, setting] : value["settings"].members())
    queue.settings[name] = setting.string();
  queue.tags = aws::read_tags(value["tags"]);
  queue.created = from_unix_ms(value["created_ms"].integer());
  queue.modified = from_unix_ms(value["modified_ms"].integer());
  if (value.has("purged_ms")) queue.purged = from_unix_ms(value["purged_ms"].integer());
  return queue;
}

}  // namespace sitelatch::sqs
