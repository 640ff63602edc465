// SPDX-License-Identifier: Apache-2.0
#include "services/lambda/event_source.h"

#include <algorithm>
#include <utility>

#include "aws/auth/arn.h"
#include "aws/wire/stored.h"
#include "base/text.h"
#include "ports/rows.h"
#include "services/lambda/wire_list.h"

namespace sitelatch::lambda {
using aws::Value;

namespace {

constexpr std::string_view mappings_table = "lambda.event_source_mappings";

std::string to_row(const EventSourceMapping& mapping) {
  return aws::to_json(
      Value::structure({{"uuid", mapping.uuid},
                        {"region", mapping.region},
                        {"account", mapping.account},
                        {"source_arn", mapping.source_arn},
                        {"function", mapping.function},
                        {"qualifier", mapping.qualifier},
                        {"enabled", mapping.enabled},
                        {"batch_size", mapping.batch_size},
                        {"window_s", mapping.window_s},
                        {"maximum_concurrency", mapping.maximum_concurrency},
                        {"reports_failures", mapping.reports_failures},
                        {"filters", list_of(mapping.filters)},
                        {"metrics", list_of(mapping.metrics)},
                        {"tags", aws::tag_map(mapping.tags)},
                        {"modified", mapping.modified.time_since_epoch().count()}}));
}

EventSourceMapping mapping_from_row(std::string_view text) {
  const auto v = aws::stored_value(text);
  EventSourceMapping out;
  out.uuid = v["uuid"].string_or("");
  out.region = v["region"].string_or("");
  out.account = v["account"].string_or("");
  out.source_arn = v["source_arn"].string_or("");
  out.function = v["function"].string_or("");
  out.qualifier = v["qualifier"].string_or("");
  out.enabled = v["enabled"].boolean_or(false);
  out.batch_size = std::clamp<std::int64_t>(v["batch_size"].integer_or(10), 1, 10'000);
  out.window_s = std::clamp<std::int64_t>(v["window_s"].integer_or(0), 0, 300);
  if (v.has("maximum_concurrency")) out.maximum_concurrency = v["maximum_concurrency"].integer();
  out.reports_failures = v["reports_failures"].boolean_or(false);
  out.filters = v["filters"].strings();
  out.metrics = v["metrics"].strings();
  out.tags = aws::read_tags(v["tags"]);
  out.modified = Instant{Duration{v["modified"].integer_or(0)}};
  return out;
}

Value record_attribute(const Value& attribute) {
  Value out = Value::structure();
  if (attribute.has("StringValue")) out.set("stringValue", attribute["StringValue"]);
  if (attribute.has("BinaryValue"))
    out.set("binaryValue", base64(attribute["BinaryValue"].string()));
  out.set("stringListValues", Value::list());
  out.set("binaryListValues", Value::list());
  out.set("dataType", attribute["DataType"]);
  return out;
}

}  // namespace

std::string EventSourceMapping::arn() const {
  return "arn:aws:lambda:" + region + ":" + account + ":event-source-mapping:" + uuid;
}
std::string EventSourceMapping::function_arn() const {
  const auto bare = "arn:aws:lambda:" + region + ":" + account + ":function:" + function;
  return qualifier.empty() ? bare : bare + ":" + qualifier;
}

Value to_wire(const EventSourceMapping& mapping, std::string_view state) {
  Value out = Value::structure({{"UUID", mapping.uuid},
                                {"BatchSize", mapping.batch_size},
                                {"MaximumBatchingWindowInSeconds", mapping.window_s},
                                {"EventSourceArn", mapping.source_arn},
                                {"FunctionArn", mapping.function_arn()},
                                {"LastModified", mapping.modified},
                                {"State", state},
                                {"StateTransitionReason", "USER_INITIATED"},
                                {"EventSourceMappingArn", mapping.arn()}});
  if (!mapping.filters.empty()) {
    Value filters = Value::list();
    for (const auto& pattern : mapping.filters)
      filters.push(Value::structure({{"Pattern", pattern}}));
    out.set("FilterCriteria", Value::structure({{"Filters", filters}}));
  }
  out.set("FunctionResponseTypes",
          mapping.reports_failures ? Value::list({"ReportBatchItemFailures"}) : Value::list());
  if (mapping.maximum_concurrency)
    out.set("ScalingConfig",
            Value::structure({{"MaximumConcurrency", *mapping.maximum_concurrency}}));
  if (!mapping.metrics.empty())
    out.set("MetricsConfig", Value::structure({{"Metrics", list_of(mapping.metrics)}}));
  return out;
}

Value event_record(const Value& message, const EventSourceMapping& mapping) {
  Value attributes = Value::structure(), own = Value::structure();
  for (const auto& [name, value] : message["Attributes"].members()) attributes.set(name, value);
  for (const auto& [name, value] : message["MessageAttributes"].members())
    own.set(name, record_attribute(value));
  const auto arn = aws::parse_arn(mapping.source_arn);
  Value out = Value::structure({{"messageId", message["MessageId"]},
                                {"receiptHandle", message["ReceiptHandle"]},
                                {"body", message["Body"]},
                                {"attributes", attributes},
                                {"messageAttributes", own}});
  if (message.has("MD5OfMessageAttributes"))
    out.set("md5OfMessageAttributes", message["MD5OfMessageAttributes"]);
  out.set("md5OfBody", message["MD5OfBody"]);
  out.set("eventSource", "aws:sqs");
  out.set("eventSourceARN", mapping.source_arn);
  out.set("awsRegion", arn ? arn->region : mapping.region);
  return out;
}

Value filtered_record(const Value& record) {
  auto out = record;
  if (const auto body = aws::from_json(record["body"].string_or("")); body && body->is_struct())
    out.set("body", *body);
  return out;
}

std::vector<std::string> failed_messages(std::string_view answer,
                                         const std::vector<std::string>& ids) {
  const auto value = aws::from_json(answer);
  if (value && value->is_null()) return {};  // nothing said: no failure
  if (!value || !value->is_struct()) return ids;
  const auto& failures = (*value)["batchItemFailures"];
  if (failures.is_null()) return {};
  if (!failures.is_list()) return ids;
  std::vector<std::string> out;
  for (const auto& item : failures.items()) {
    const bool named = item.is_struct() && item["itemIdentifier"].is_string();
    // What names no message of the batch makes all of it fail.
    if (!named || std::find(ids.begin(), ids.end(), item["itemIdentifier"].string()) == ids.end())
      return ids;
    out.push_back(item["itemIdentifier"].string());
  }
  return out;
}

EventSourceMappings::EventSourceMappings(ports::Journal& journal, ports::Entropy& entropy)
    : journal_(journal), entropy_(entropy) {
  ports::take_rows(journal_, mappings_table, [this](std::string_view key, std::string_view row) {
    auto mapping = mapping_from_row(row);
    ports::expect_of_row(key == mapping.uuid, "another mapping's");
    auto uuid = mapping.uuid;
    mappings_.emplace(std::move(uuid), std::move(mapping));
  });
}

const EventSourceMapping* EventSourceMappings::find(std::string_view uuid) const {
  const auto found = mappings_.find(uuid);
  return found == mappings_.end() ? nullptr : &found->second;
}
EventSourceMapping* EventSourceMappings::find(std::string_view uuid) {
  return const_cast<EventSourceMapping*>(std::as_const(*this).find(uuid));
}

std::vector<const EventSourceMapping*> EventSourceMappings::all() const {
  std::vector<const EventSourceMapping*> out;
  for (const auto& [uuid, mapping] : mappings_) out.push_back(&mapping);
  return out;
}

const EventSourceMapping& EventSourceMappings::add(EventSourceMapping mapping) {
  mapping.uuid = ports::uuid(entropy_);
  auto uuid = mapping.uuid;
  const auto& kept = mappings_.emplace(std::move(uuid), std::move(mapping)).first->second;
  save(kept);
  return kept;
}

void EventSourceMappings::save(const EventSourceMapping& mapping) {
  journal_.put(mappings_table, mapping.uuid, to_row(mapping));
}

void EventSourceMappings::erase(const std::string& uuid) {
  journal_.erase(mappings_table, uuid);
  mappings_.erase(uuid);
}

}  // namespace sitelatch::lambda
