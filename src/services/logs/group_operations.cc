// SPDX-License-Identifier: Apache-2.0
// Log groups and streams.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "aws/service/paging.h"
#include "base/text.h"
#include "services/logs/logs.h"

namespace sitelatch::logs {
namespace {

using aws::Value;

constexpr std::array<std::int64_t, 22> retentions = {1,    3,    5,    7,    14,   30,  60,  90,
                                                     120,  150,  180,  365,  400,  545, 731, 1096,
                                                     1827, 2192, 2557, 2922, 3288, 3653};
constexpr std::int64_t usual_page = 50;

bool starts_with(std::string_view text, std::string_view prefix) {
  return text.substr(0, prefix.size()) == prefix;
}

Value describe_group(const Group& group, std::size_t metric_filters, const std::string& account) {
  const auto arn = group_arn(group.region, account, group.name);
  return Value::structure({{"logGroupName", group.name},
                           {"creationTime", group.created_ms},
                           {"retentionInDays", group.retention_days},
                           {"metricFilterCount", static_cast<std::int64_t>(metric_filters)},
                           {"arn", arn + ":*"},
                           {"storedBytes", 0},
                           {"kmsKeyId", group.kms_key},
                           {"logGroupClass", group.log_class},
                           {"logGroupArn", arn},
                           {"deletionProtectionEnabled", group.deletion_protected}});
}

// The model's timestamps of this service are numbers (`long`), not timestamp shapes.
Value milliseconds(const std::optional<std::int64_t>& ms) { return ms ? Value{*ms} : Value{}; }

Value describe_stream(const Group& group, const Stream& stream, const std::string& account) {
  Value out = Value::structure({{"logStreamName", stream.name},
                                {"creationTime", stream.created_ms},
                                {"firstEventTimestamp", milliseconds(stream.first_ms)},
                                {"lastEventTimestamp", milliseconds(stream.last_ms)},
                                {"lastIngestionTime", milliseconds(stream.last_ingestion_ms)}});
  if (stream.last_sequence > 0)
    out.set("uploadSequenceToken",
            Position{stream.last_ingestion_ms.value_or(0), stream.last_sequence}.digits());
  out.set("arn", fmt::format("{}:log-stream:{}", group_arn(group.region, account, group.name),
                             stream.name));
  out.set("storedBytes", 0);
  return out;
}

bool group_wanted(const Group& group, const Value& input) {
  if (input.has("logGroupNamePrefix") &&
      !starts_with(group.name, input["logGroupNamePrefix"].string()))
    return false;
  if (input.has("logGroupNamePattern") &&
      lower(group.name).find(lower(input["logGroupNamePattern"].string())) == std::string::npos)
    return false;
  if (input.has("logGroupClass") && input["logGroupClass"].string() != group.log_class)
    return false;
  const auto identifiers = input["logGroupIdentifiers"].strings();
  return identifiers.empty() ||
         std::any_of(identifiers.begin(), identifiers.end(),
                     [&group](const std::string& one) { return group_name_of(one) == group.name; });
}

}  // namespace

aws::Outcome<> Logs::create_log_group(const aws::Call& call) {
  const auto& input = call.input;
  const auto name = input["logGroupName"].string_or("");
  if (starts_with(name, "aws/"))
    return invalid_parameter("Log groups starting with AWS/ are reserved for AWS.");
  if (store_.find(call.region, name))
    return aws::refuse("ResourceAlreadyExistsException", "The specified log group already exists");
  auto tags = aws::with_tags({}, aws::read_tags(input["tags"]), tag_rules);
  if (!tags) return failure(tags.error());
  auto& group = store_.create_group(call.region, name);
  group.tags = std::move(*tags);
  group.kms_key = input["kmsKeyId"].optional_string();
  group.log_class = input["logGroupClass"].string_or("STANDARD");
  group.deletion_protected = input["deletionProtectionEnabled"].boolean_or(false);
  store_.write(group);
  return Value::structure();
}

aws::Outcome<> Logs::delete_log_group(const aws::Call& call) {
  auto group = asked_group(call);
  if (!group) return failure(group.error());
  if ((*group)->deletion_protected)
    return aws::refuse(
        "ValidationException",
        "The specified log group cannot be deleted because deletion protection is enabled.");
  forget_policies(**group);
  filters_.erase_group((*group)->region, (*group)->name);
  store_.erase_group(**group);
  return Value::structure();
}

aws::Outcome<> Logs::put_log_group_deletion_protection(const aws::Call& call) {
  auto group = asked_group(call);
  if (!group) return failure(group.error());
  (*group)->deletion_protected = call.input["deletionProtectionEnabled"].boolean_or(false);
  store_.write(**group);
  return Value::structure();
}

aws::Outcome<> Logs::describe_log_groups(const aws::Call& call) {
  const auto& input = call.input;
  if (input.has("logGroupNamePrefix") && input.has("logGroupNamePattern"))
    return invalid_parameter(
        "LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.");
  auto page = aws::Page::at("groups", input["nextToken"], input["limit"].integer_or(usual_page));
  if (!page) return invalid_token();
  store_.visit(call.region, page->after(), [&](const Group& group) {
    if (!group_wanted(group, input)) return true;
    const auto* filters = filters_.of(group.region, group.name);
    return page->offer(group.name, [&] {
      return describe_group(group, filters ? filters->metrics.size() : 0, call.account);
    });
  });
  return Value::structure({{"logGroups", page->items()}, {"nextToken", page->next_token()}});
}

aws::Outcome<> Logs::list_log_groups(const aws::Call& call) {
  const auto& input = call.input;
  auto page = aws::Page::at("list", input["nextToken"], input["limit"].integer_or(usual_page));
  if (!page) return invalid_token();
  for (const auto* unsupported : {"dataSources", "fieldIndexNames", "logGroupTags"})
    if (input.has(unsupported))
      return invalid_parameter(fmt::format("{} is not supported here.", unsupported));
  // Alternatives of at least three characters; ^ ties one to the start of the name.
  const auto pattern = input["logGroupNamePattern"].string_or("");
  const auto matches = [&pattern](const std::string& name) {
    if (pattern.empty()) return true;
    for (const auto part : split(pattern, '|'))
      if (part.substr(0, 1) == "^" ? starts_with(name, part.substr(1))
                                   : name.find(part) != std::string::npos)
        return true;
    return false;
  };
  store_.visit(call.region, page->after(), [&](const Group& group) {
    if (!matches(group.name) ||
        (input.has("logGroupClass") && input["logGroupClass"].string() != group.log_class))
      return true;
    return page->offer(group.name, [&] {
      return Value::structure({{"logGroupName", group.name},
                               {"logGroupArn", group_arn(group.region, call.account, group.name)},
                               {"logGroupClass", group.log_class}});
    });
  });
  return Value::structure({{"logGroups", page->items()}, {"nextToken", page->next_token()}});
}

aws::Outcome<> Logs::create_log_stream(const aws::Call& call) {
  auto group = asked_group(call);
  if (!group) return failure(group.error());
  const auto name = call.input["logStreamName"].string_or("");
  if ((*group)->streams.contains(name))
    return aws::refuse("ResourceAlreadyExistsException", "The specified log stream already exists");
  store_.create_stream(**group, name);
  return Value::structure();
}

aws::Outcome<> Logs::delete_log_stream(const aws::Call& call) {
  auto group = asked_group(call);
  if (!group) return failure(group.error());
  const auto name = call.input["logStreamName"].string_or("");
  if (!(*group)->streams.contains(name)) return no_such_stream();
  store_.erase_stream(**group, name);
  return Value::structure();
}

aws::Outcome<> Logs::describe_log_streams(const aws::Call& call) {
  const auto& input = call.input;
  auto group = asked_group(call);
  if (!group) return failure(group.error());
  const bool by_time = input["orderBy"].string_or("LogStreamName") == "LastEventTime";
  const auto prefix = input["logStreamNamePrefix"].string_or("");
  if (by_time && !prefix.empty())
    return invalid_parameter("Cannot order by LastEventTime with a logStreamNamePrefix.");
  const bool descending = input["descending"].boolean_or(false);
  // The order is by these keys, which are also what tokens hold, so that pages survive new streams.
  const auto sort_key = [by_time](const Stream& stream) {
    return by_time
               ? fmt::format("{:016x}", static_cast<std::uint64_t>(stream.last_ms.value_or(0))) +
                     stream.name
               : stream.name;
  };
  std::vector<std::pair<std::string, const Stream*>> sorted;
  for (const auto& [name, stream] : (*group)->streams)
    if (starts_with(name, prefix)) sorted.emplace_back(sort_key(*stream), stream.get());
  std::sort(sorted.begin(), sorted.end());
  if (descending) std::reverse(sorted.begin(), sorted.end());
  using Order = aws::Page::Order;
  auto page = aws::Page::at("streams", input["nextToken"], input["limit"].integer_or(usual_page),
                            descending ? Order::descending : Order::ascending);
  if (!page) return invalid_token();
  for (const auto& entry : sorted)
    if (!page->offer(entry.first,
                     [&] { return describe_stream(**group, *entry.second, call.account); }))
      break;
  return Value::structure({{"logStreams", page->items()}, {"nextToken", page->next_token()}});
}

aws::Outcome<> Logs::put_retention_policy(const aws::Call& call) {
  auto group = asked_group(call);
  if (!group) return failure(group.error());
  const auto days = call.input["retentionInDays"].integer();
  if (std::find(retentions.begin(), retentions.end(), days) == retentions.end()) {
    std::vector<std::string> allowed;
    for (const auto one : retentions) allowed.push_back(std::to_string(one));
    return invalid_parameter(fmt::format(
        "1 validation error detected: Value '{}' at 'retentionInDays' failed to satisfy "
        "constraint: Member must satisfy enum value set: [{}]",
        days, join(allowed, ", ")));
  }
  (*group)->retention_days = days;
  store_.write(**group);
  return Value::structure();
}
aws::Outcome<> Logs::delete_retention_policy(const aws::Call& call) {
  auto group = asked_group(call);
  if (!group) return failure(group.error());
  (*group)->retention_days.reset();
  store_.write(**group);
  return Value::structure();
}

}  // namespace sitelatch::logs
