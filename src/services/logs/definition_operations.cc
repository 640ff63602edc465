// SPDX-License-Identifier: Apache-2.0
// Destinations, query definitions, encryption keys, and export tasks, which have nowhere to go.
#include <fmt/format.h>

#include <algorithm>

#include "aws/auth/arn.h"
#include "aws/service/paging.h"
#include "services/logs/logs.h"

namespace sitelatch::logs {
namespace {

using aws::Value;

constexpr std::string_view destination_kind = "destination", definition_kind = "query-definition";
constexpr std::int64_t definitions_page = 50;
constexpr std::int64_t most_definitions = 1'000;

Value without_tags(Value document) {
  document.set("tags", Value{});
  return document;
}

auto no_such_destination() {
  return aws::refuse("ResourceNotFoundException", "The specified destination does not exist.");
}
auto no_such_definition() {
  return aws::refuse("ResourceNotFoundException", "The specified query definition does not exist.");
}

}  // namespace

// --- destinations: kept; nothing is delivered to them (fact logs-38)

Logs::Question Logs::ask_of_destination(const aws::Call& call) const {
  return {{action(call),
           {resource_arn(call, destination_kind, call.input["destinationName"].string())},
           {},
           ""}};
}

aws::Outcome<> Logs::put_destination(const aws::Call& call) {
  const auto& input = call.input;
  const auto target = aws::parse_arn(input["targetArn"].string());
  if (!target || (target->service != "kinesis" && target->service != "firehose"))
    return invalid_parameter(
        "Could not deliver test message to specified destination. Check if the destination is "
        "valid.");
  const auto role = aws::parse_arn(input["roleArn"].string());
  if (!role || role->service != "iam" || !role->resource.starts_with("role/"))
    return invalid_parameter("roleArn is not the ARN of a role.");
  auto tags = aws::with_tags({}, aws::read_tags(input["tags"]), tag_rules);
  if (!tags) return failure(tags.error());
  const auto name = input["destinationName"].string();
  const auto* present = documents_.find(destination_kind, call.region, name);
  Value destination = present ? *present : Value::structure({{"destinationName", name}});
  destination.set("targetArn", input["targetArn"]);
  destination.set("roleArn", input["roleArn"]);
  destination.set("arn", resource_arn(call, destination_kind, name));
  if (!present) destination.set("creationTime", unix_ms(call.now));
  if (!present) destination.set("tags", aws::tag_map(*tags));
  documents_.put(destination_kind, call.region, name, destination);
  return Value::structure({{"destination", without_tags(destination)}});
}

aws::Outcome<> Logs::put_destination_policy(const aws::Call& call) {
  const auto name = call.input["destinationName"].string();
  const auto* present = documents_.find(destination_kind, call.region, name);
  if (!present) return no_such_destination();
  const auto policy = aws::from_json(call.input["accessPolicy"].string());
  if (!policy || !policy->is_struct())
    return invalid_parameter("The specified access policy is not valid.");
  Value destination = *present;
  destination.set("accessPolicy", call.input["accessPolicy"]);
  documents_.put(destination_kind, call.region, name, std::move(destination));
  return Value::structure();
}

aws::Outcome<> Logs::describe_destinations(const aws::Call& call) {
  const auto& input = call.input;
  auto page = aws::Page::at("destinations", input["nextToken"],
                            input["limit"].integer_or(definitions_page));
  if (!page) return invalid_token();
  const auto prefix = input["DestinationNamePrefix"].string_or("");
  documents_.visit(destination_kind, call.region, [&](const std::string& name, const Value& one) {
    if (!name.starts_with(prefix)) return true;
    return page->offer(name, [&one] { return without_tags(one); });
  });
  return Value::structure({{"destinations", page->items()}, {"nextToken", page->next_token()}});
}

aws::Outcome<> Logs::delete_destination(const aws::Call& call) {
  if (!documents_.erase(destination_kind, call.region, call.input["destinationName"].string()))
    return no_such_destination();
  return Value::structure();
}

// --- query definitions

aws::Outcome<> Logs::put_query_definition(const aws::Call& call) {
  const auto& input = call.input;
  if (input["queryLanguage"].string_or("CWLI") != "CWLI")
    return invalid_parameter(
        fmt::format("queryLanguage {} is not supported here.", input["queryLanguage"].string()));
  if (input.has("parameters")) return invalid_parameter("parameters is not supported here.");
  const auto given = input["queryDefinitionId"].optional_string();
  if (given && !documents_.find(definition_kind, call.region, *given)) return no_such_definition();
  if (!given &&
      documents_.count(definition_kind, call.region) >= static_cast<std::size_t>(most_definitions))
    return aws::refuse("LimitExceededException", "Resource limit exceeded.");
  const auto id = given.value_or(ports::uuid(dependencies_.entropy));
  documents_.put(definition_kind, call.region, id,
                 Value::structure({{"queryLanguage", "CWLI"},
                                   {"queryDefinitionId", id},
                                   {"name", input["name"]},
                                   {"queryString", input["queryString"]},
                                   {"lastModified", unix_ms(call.now)},
                                   {"logGroupNames", input["logGroupNames"]}}));
  return Value::structure({{"queryDefinitionId", id}});
}

aws::Outcome<> Logs::describe_query_definitions(const aws::Call& call) {
  const auto& input = call.input;
  auto page = aws::Page::at("definitions", input["nextToken"],
                            input["maxResults"].integer_or(most_definitions));
  if (!page) return invalid_token();
  const auto prefix = input["queryDefinitionNamePrefix"].string_or("");
  documents_.visit(definition_kind, call.region, [&](const std::string& id, const Value& one) {
    if (!one["name"].string().starts_with(prefix) ||
        input["queryLanguage"].string_or("CWLI") != "CWLI")
      return true;
    return page->offer(id, [&one] { return one; });
  });
  return Value::structure({{"queryDefinitions", page->items()}, {"nextToken", page->next_token()}});
}

aws::Outcome<> Logs::delete_query_definition(const aws::Call& call) {
  if (!documents_.erase(definition_kind, call.region, call.input["queryDefinitionId"].string()))
    return no_such_definition();
  return Value::structure({{"success", true}});
}

// --- encryption keys: there is no KMS here; what cannot be a key of this region is refused

aws::Outcome<Group*> Logs::keyed_group(const aws::Call& call) {
  const auto resource = call.input["resourceIdentifier"].optional_string();
  if (resource && resource->find(":query-result:") != std::string::npos)
    return invalid_parameter("resourceIdentifier of query results is not supported here.");
  if (!resource) return asked_group(call);
  if (call.input.has("logGroupName"))
    return invalid_parameter("logGroupName and resourceIdentifier exclude each other.");
  return existing_group(call, group_name_of(*resource));
}

aws::Outcome<> Logs::associate_kms_key(const aws::Call& call) {
  const auto group = keyed_group(call);
  if (!group) return failure(group.error());
  const auto key = call.input["kmsKeyId"].string();
  const auto arn = aws::parse_arn(key);
  if (!arn || arn->service != "kms" || arn->region != call.region ||
      !arn->resource.starts_with("key/"))
    return invalid_parameter(fmt::format(
        "The specified KMS key does not exist or is not allowed to be used with Arn '{}'",
        group_arn(call.region, call.account, (*group)->name)));
  (*group)->kms_key = key;
  store_.write(**group);
  return Value::structure();
}

aws::Outcome<> Logs::disassociate_kms_key(const aws::Call& call) {
  const auto group = keyed_group(call);
  if (!group) return failure(group.error());
  (*group)->kms_key.reset();
  store_.write(**group);
  return Value::structure();
}

// --- exports go to S3, which is not here

aws::Outcome<> Logs::create_export_task(const aws::Call& call) {
  const auto group = asked_group(call);
  if (!group) return failure(group.error());
  if (call.input["from"].integer() > call.input["to"].integer())
    return invalid_parameter("'from' must not be after 'to'.");
  return invalid_parameter(
      "The given bucket does not exist. Please make sure the bucket is valid.");
}
aws::Outcome<> Logs::describe_export_tasks(const aws::Call& call) {
  if (call.input.has("nextToken")) return invalid_token();
  return Value::structure({{"exportTasks", Value::list()}});
}
aws::Outcome<> Logs::cancel_export_task(const aws::Call&) {
  return aws::refuse("ResourceNotFoundException", "The specified export task does not exist.");
}

}  // namespace sitelatch::logs
