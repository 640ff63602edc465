// SPDX-License-Identifier: Apache-2.0
// Deliveries of other services' logs: sources, destinations and what joins them. Kept and checked
// as AWS does (fact logs-39); there is no vendor here that would deliver.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "aws/auth/arn.h"
#include "aws/service/paging.h"
#include "services/logs/logs.h"

namespace sitelatch::logs {
namespace {

using aws::Value;

constexpr std::string_view source_kind = "delivery-source", target_kind = "delivery-destination",
                           delivery_kind = "delivery";
constexpr std::int64_t deliveries_page = 50;
constexpr std::string_view id_letters =
    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

auto conflict(std::string text) { return aws::refuse("ConflictException", std::move(text)); }
auto not_valid(std::string text) { return aws::refuse("ValidationException", std::move(text)); }
auto not_there(std::string_view what) {
  return aws::refuse("ResourceNotFoundException",
                     fmt::format("Requested {} does not exist in this account.", what));
}
constexpr std::string_view a_source = "Delivery Source", a_target = "Delivery Destination",
                           a_delivery = "Delivery";

// The types of logs that services deliver.
const std::multimap<std::string_view, std::string_view>& log_types() {
  static const std::multimap<std::string_view, std::string_view> types = {
      {"bedrock", "APPLICATION_LOGS"},
      {"cloudfront", "ACCESS_LOGS"},
      {"codewhisperer", "EVENT_LOGS"},
      {"mediapackage", "EGRESS_ACCESS_LOGS"},
      {"mediapackage", "INGRESS_ACCESS_LOGS"},
      {"mediatailor", "AD_DECISION_SERVER_LOGS"},
      {"mediatailor", "MANIFEST_SERVICE_LOGS"},
      {"mediatailor", "TRANSCODE_LOGS"},
      {"qdeveloper", "EVENT_LOGS"},
      {"ses", "APPLICATION_LOG"},
      {"sso", "ERROR_LOGS"},
      {"workmail", "ACCESS_CONTROL_LOGS"},
      {"workmail", "AUTHENTICATION_LOGS"},
      {"workmail", "WORKMAIL_AVAILABILITY_PROVIDER_LOGS"},
      {"workmail", "WORKMAIL_MAILBOX_ACCESS_LOGS"},
      {"workmail", "WORKMAIL_PERSONAL_ACCESS_TOKEN_LOGS"}};
  return types;
}

// CloudFront's, where a delivery names none.
Value default_record_fields() {
  Value out = Value::list();
  for (const auto* field : {"date",
                            "time",
                            "x-edge-location",
                            "sc-bytes",
                            "c-ip",
                            "cs-method",
                            "cs(Host)",
                            "cs-uri-stem",
                            "sc-status",
                            "cs(Referer)",
                            "cs(User-Agent)",
                            "cs-uri-query",
                            "cs(Cookie)",
                            "x-edge-result-type",
                            "x-edge-request-id",
                            "x-host-header",
                            "cs-protocol",
                            "cs-bytes",
                            "time-taken",
                            "x-forwarded-for",
                            "ssl-protocol",
                            "ssl-cipher",
                            "x-edge-response-result-type",
                            "cs-protocol-version",
                            "fle-status",
                            "fle-encrypted-fields",
                            "c-port",
                            "time-to-first-byte",
                            "x-edge-detailed-result-type",
                            "sc-content-type",
                            "sc-content-len",
                            "sc-range-start",
                            "sc-range-end"})
    out.push(field);
  return out;
}

Value shown(Value document) {
  document.set("policy", Value{});
  if (document["tags"].members().empty()) document.set("tags", Value{});
  return document;
}

}  // namespace

std::string Logs::resource_arn(const aws::Call& call, std::string_view kind,
                               std::string_view name) const {
  return fmt::format("arn:aws:logs:{}:{}:{}:{}", call.region, call.account, kind, name);
}

Logs::Question Logs::ask_of_delivery(const aws::Call& call) const {
  const auto& input = call.input;
  // What it is about, by the name of the operation and of the member.
  const std::string operation{call.operation};
  const auto kind = operation.find("Source") != std::string::npos        ? source_kind
                    : operation.find("Destination") != std::string::npos ? target_kind
                                                                         : delivery_kind;
  std::string name = "*";
  for (const auto* member : {"name", "deliveryDestinationName", "id"})
    if (input.has(member)) name = input[member].string();
  aws::ConditionKeys keys;
  if (input.has("tags")) aws::add_request_tags(aws::read_tags(input["tags"]), {}, keys);
  if (const auto* document = documents_.find(kind, call.region, name))
    aws::add_resource_tags(aws::read_tags((*document)["tags"]), keys);
  if (operation == "CreateDelivery")
    return {{action(call),
             {resource_arn(call, source_kind, input["deliverySourceName"].string_or("*"))},
             keys,
             ""},
            {action(call), {input["deliveryDestinationArn"].string_or("*")}, keys, ""}};
  if (operation.starts_with("Describe")) return ask_of_everything(call);
  return {{action(call), {resource_arn(call, kind, name)}, keys, ""}};
}

aws::Outcome<> Logs::describe_kind(const aws::Call& call, std::string_view kind,
                                   std::string_view member) {
  auto page =
      aws::Page::at(kind, call.input["nextToken"], call.input["limit"].integer_or(deliveries_page));
  if (!page) return not_valid("The specified nextToken is invalid.");
  documents_.visit(kind, call.region, [&](const std::string& name, const Value& one) {
    return page->offer(name, [&one] { return shown(one); });
  });
  return Value::structure({{member, page->items()}, {"nextToken", page->next_token()}});
}

bool Logs::in_a_delivery(const aws::Call& call, std::string_view member,
                         const std::string& value) const {
  bool used = false;
  documents_.visit(delivery_kind, call.region, [&](const std::string&, const Value& delivery) {
    used = used || delivery[member].string_or("") == value;
    return !used;
  });
  return used;
}

// --- sources

aws::Outcome<> Logs::put_delivery_source(const aws::Call& call) {
  const auto& input = call.input;
  const auto arn = aws::parse_arn(input["resourceArn"].string());
  const auto types =
      arn ? log_types().equal_range(arn->service) : std::pair{log_types().end(), log_types().end()};
  if (types.first == types.second)
    return aws::refuse("ResourceNotFoundException", "Cannot access provided service.");
  const auto type = input["logType"].string();
  if (std::none_of(types.first, types.second,
                   [&type](const auto& each) { return each.second == type; }))
    return not_valid("This service is not allowed for this LogSource.");
  const auto name = input["name"].string();
  const auto* present = documents_.find(source_kind, call.region, name);
  if (present && input.has("tags"))
    return conflict("Tags can only be provided when a resource is being created, not updated.");
  if (present && (*present)["resourceArns"].strings() !=
                     std::vector<std::string>{input["resourceArn"].string()})
    return conflict(
        "Update to existing Delivery Source with new ResourceId is not allowed. Please create a "
        "new Delivery Source instead.");
  auto tags = aws::with_tags({}, aws::read_tags(input["tags"]), tag_rules);
  if (!tags) return failure(tags.error());
  Value source = Value::structure({{"name", name},
                                   {"arn", resource_arn(call, source_kind, name)},
                                   {"resourceArns", Value::list({input["resourceArn"]})},
                                   {"service", arn->service},
                                   {"logType", type},
                                   {"tags", present ? (*present)["tags"] : aws::tag_map(*tags)}});
  documents_.put(source_kind, call.region, name, source);
  return Value::structure({{"deliverySource", shown(source)}});
}
aws::Outcome<> Logs::get_delivery_source(const aws::Call& call) {
  const auto* source = documents_.find(source_kind, call.region, call.input["name"].string());
  if (!source) return not_there(a_source);
  return Value::structure({{"deliverySource", shown(*source)}});
}
aws::Outcome<> Logs::describe_delivery_sources(const aws::Call& call) {
  return describe_kind(call, source_kind, "deliverySources");
}
aws::Outcome<> Logs::delete_delivery_source(const aws::Call& call) {
  const auto name = call.input["name"].string();
  if (!documents_.find(source_kind, call.region, name)) return not_there(a_source);
  if (in_a_delivery(call, "deliverySourceName", name))
    return conflict("Unable to delete the Delivery Source because it is used in a Delivery.");
  documents_.erase(source_kind, call.region, name);
  return Value::structure();
}

// --- destinations

aws::Outcome<> Logs::put_delivery_destination(const aws::Call& call) {
  const auto& input = call.input;
  const auto name = input["name"].string();
  if (!input.has("deliveryDestinationConfiguration"))
    return not_valid("deliveryDestinationConfiguration is required.");
  const auto arn =
      aws::parse_arn(input["deliveryDestinationConfiguration"]["destinationResourceArn"].string());
  const std::string type = !arn                         ? ""
                           : arn->service == "s3"       ? "S3"
                           : arn->service == "logs"     ? "CWL"
                           : arn->service == "firehose" ? "FH"
                                                        : "";
  if (type.empty()) return not_valid("The destinationResourceArn is not valid.");
  const auto* present = documents_.find(target_kind, call.region, name);
  if (present && input.has("tags"))
    return conflict("Tags can only be provided when a resource is being created, not updated.");
  if (present && input.has("outputFormat") && (*present)["outputFormat"] != input["outputFormat"])
    return not_valid(
        "Update to existing Delivery Destination with new Output Format is not allowed. Please "
        "create a new Delivery Destination instead.");
  auto tags = aws::with_tags({}, aws::read_tags(input["tags"]), tag_rules);
  if (!tags) return failure(tags.error());
  Value target = Value::structure(
      {{"name", name},
       {"arn", resource_arn(call, target_kind, name)},
       {"deliveryDestinationType", type},
       {"outputFormat", present ? (*present)["outputFormat"] : input["outputFormat"]},
       {"deliveryDestinationConfiguration", input["deliveryDestinationConfiguration"]},
       {"tags", present ? (*present)["tags"] : aws::tag_map(*tags)},
       {"policy", present ? (*present)["policy"] : Value{}}});
  documents_.put(target_kind, call.region, name, target);
  return Value::structure({{"deliveryDestination", shown(target)}});
}
aws::Outcome<> Logs::get_delivery_destination(const aws::Call& call) {
  const auto* target = documents_.find(target_kind, call.region, call.input["name"].string());
  if (!target) return not_there(a_target);
  return Value::structure({{"deliveryDestination", shown(*target)}});
}
aws::Outcome<> Logs::describe_delivery_destinations(const aws::Call& call) {
  return describe_kind(call, target_kind, "deliveryDestinations");
}
aws::Outcome<> Logs::delete_delivery_destination(const aws::Call& call) {
  const auto name = call.input["name"].string();
  if (!documents_.find(target_kind, call.region, name)) return not_there(a_target);
  if (in_a_delivery(call, "deliveryDestinationArn", resource_arn(call, target_kind, name)))
    return conflict("Unable to delete the Delivery Destination because it is used in a Delivery.");
  documents_.erase(target_kind, call.region, name);
  return Value::structure();
}

aws::Outcome<> Logs::put_delivery_destination_policy(const aws::Call& call) {
  const auto name = call.input["deliveryDestinationName"].string();
  const auto* present = documents_.find(target_kind, call.region, name);
  if (!present) return not_there(a_target);
  const auto policy = aws::from_json(call.input["deliveryDestinationPolicy"].string());
  if (!policy || !policy->is_struct())
    return not_valid("The deliveryDestinationPolicy is not a valid policy.");
  Value target = *present;
  target.set("policy", call.input["deliveryDestinationPolicy"]);
  documents_.put(target_kind, call.region, name, std::move(target));
  return get_delivery_destination_policy(call);
}
aws::Outcome<> Logs::get_delivery_destination_policy(const aws::Call& call) {
  const auto* target =
      documents_.find(target_kind, call.region, call.input["deliveryDestinationName"].string());
  if (!target) return not_there(a_target);
  Value policy = Value::structure();
  if (target->has("policy")) policy.set("deliveryDestinationPolicy", (*target)["policy"]);
  return Value::structure({{"policy", std::move(policy)}});
}
aws::Outcome<> Logs::delete_delivery_destination_policy(const aws::Call& call) {
  const auto name = call.input["deliveryDestinationName"].string();
  const auto* present = documents_.find(target_kind, call.region, name);
  if (!present) return not_there(a_target);
  Value target = *present;
  target.set("policy", Value{});
  documents_.put(target_kind, call.region, name, std::move(target));
  return Value::structure();
}

// --- deliveries

aws::Outcome<> Logs::create_delivery(const aws::Call& call) {
  const auto& input = call.input;
  const auto source = input["deliverySourceName"].string();
  if (!documents_.find(source_kind, call.region, source)) return not_there(a_source);
  const auto arn = input["deliveryDestinationArn"].string();
  const Value* target = nullptr;
  documents_.visit(target_kind, call.region, [&](const std::string&, const Value& one) {
    if (one["arn"].string() == arn) target = &one;
    return !target;
  });
  if (!target) return not_there(a_target);
  const auto type = (*target)["deliveryDestinationType"].string();
  std::optional<std::string> in_the_way;
  documents_.visit(delivery_kind, call.region, [&](const std::string&, const Value& one) {
    if (one["deliverySourceName"].string() != source) return true;
    if (one["deliveryDestinationArn"].string() == arn)
      in_the_way = "The specified Delivery already exists";
    else if (one["deliveryDestinationType"].string() == type)
      in_the_way =
          "Delivery already exists for this Delivery Source with the same Delivery Destination "
          "Type.";
    return !in_the_way;
  });
  if (in_the_way) return conflict(*in_the_way);
  auto tags = aws::with_tags({}, aws::read_tags(input["tags"]), tag_rules);
  if (!tags) return failure(tags.error());
  const auto id = ports::random_text(dependencies_.entropy, 16, id_letters);
  Value delivery =
      Value::structure({{"id", id},
                        {"arn", resource_arn(call, delivery_kind, id)},
                        {"deliverySourceName", source},
                        {"deliveryDestinationArn", arn},
                        {"deliveryDestinationType", type},
                        {"recordFields", input.has("recordFields") ? input["recordFields"]
                                                                   : default_record_fields()},
                        {"fieldDelimiter", input["fieldDelimiter"]},
                        {"tags", aws::tag_map(*tags)}});
  if (type == "S3") {
    Value s3 = Value::structure(
        {{"suffixPath", "AWSLogs/{account-id}/CloudFront/"}, {"enableHiveCompatiblePath", false}});
    for (const auto& [name, value] : input["s3DeliveryConfiguration"].members())
      s3.set(name, value);
    delivery.set("s3DeliveryConfiguration", std::move(s3));
  }
  documents_.put(delivery_kind, call.region, id, delivery);
  return Value::structure({{"delivery", shown(delivery)}});
}
aws::Outcome<> Logs::get_delivery(const aws::Call& call) {
  const auto* delivery = documents_.find(delivery_kind, call.region, call.input["id"].string());
  if (!delivery) return not_there(a_delivery);
  return Value::structure({{"delivery", shown(*delivery)}});
}
aws::Outcome<> Logs::describe_deliveries(const aws::Call& call) {
  return describe_kind(call, delivery_kind, "deliveries");
}
aws::Outcome<> Logs::update_delivery_configuration(const aws::Call& call) {
  const auto& input = call.input;
  const auto* present = documents_.find(delivery_kind, call.region, input["id"].string());
  if (!present) return not_there(a_delivery);
  Value delivery = *present;
  for (const auto* member : {"recordFields", "fieldDelimiter"})
    if (input.has(member)) delivery.set(member, input[member]);
  if (input.has("s3DeliveryConfiguration")) {
    Value s3 = delivery["s3DeliveryConfiguration"];
    for (const auto& [name, value] : input["s3DeliveryConfiguration"].members())
      s3.set(name, value);
    delivery.set("s3DeliveryConfiguration", std::move(s3));
  }
  documents_.put(delivery_kind, call.region, input["id"].string(), std::move(delivery));
  return Value::structure();
}
aws::Outcome<> Logs::delete_delivery(const aws::Call& call) {
  if (!documents_.erase(delivery_kind, call.region, call.input["id"].string()))
    return not_there(a_delivery);
  return Value::structure();
}

}  // namespace sitelatch::logs
