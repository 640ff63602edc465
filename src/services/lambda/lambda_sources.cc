// SPDX-License-Identifier: Apache-2.0
// Event source mappings by AWS's API (fact lambda-57). What is read by them: SourcePoller.
#include <fmt/format.h>

#include <array>

#include "aws/auth/arn.h"
#include "services/lambda/configuration_rules.h"
#include "services/lambda/lambda.h"
#include "services/lambda/paging.h"
#include "services/lambda/refusals.h"

namespace sitelatch::lambda {
using aws::Outcome;
using aws::Value;

namespace {

constexpr std::size_t most_filters = 5;

Failure<aws::Error> no_such_mapping() {
  return not_found("The resource you requested does not exist.");
}

// What belongs to streams, brokers and what else is no queue.
Outcome<Done> refuse_what_is_not_for_queues(const Value& input) {
  if (input.has("StartingPosition") || input.has("StartingPositionTimestamp"))
    return invalid_parameter("StartingPosition is not valid for SQS event sources.");
  for (const auto* member :
       {"DestinationConfig", "ParallelizationFactor", "MaximumRecordAgeInSeconds",
        "BisectBatchOnFunctionError", "MaximumRetryAttempts", "TumblingWindowInSeconds", "Topics",
        "Queues", "SourceAccessConfigurations", "AmazonManagedKafkaEventSourceConfig",
        "SelfManagedKafkaEventSourceConfig", "DocumentDBEventSourceConfig", "LoggingConfig",
        "ProvisionedPollerConfig"})
    if (input.has(member))
      return invalid_parameter(std::string{"Unsupported "} + member +
                               " parameter for given event source mapping type.");
  if (!input["KMSKeyArn"].string_or("").empty())
    return invalid_parameter("The KMS key " + input["KMSKeyArn"].string() + " does not exist.");
  return Done{};
}

// Sources that are no queues are not here: refused as AWS refuses a reference to nothing.
Outcome<Done> check_source(const Value& input) {
  if (input.has("SelfManagedEventSource"))
    return invalid_parameter("SelfManagedEventSource is not supported by this engine.");
  const auto arn = input["EventSourceArn"].string_or("");
  const auto parsed = aws::parse_arn(arn);
  if (!parsed) return invalid_parameter("Unrecognized event source.");
  if (parsed->service == "kinesis" || parsed->service == "dynamodb")
    return invalid_parameter("Stream not found: " + arn);
  if (parsed->service != "sqs")
    return invalid_parameter(
        "Unrecognized event source, must be kinesis, dynamodb stream or sqs. Unsupported source "
        "arn : " +
        arn);
  return Done{};
}

}  // namespace

Outcome<Done> Lambda::set_filters(const Value& input, EventSourceMapping& mapping) const {
  if (!input.has("FilterCriteria")) return Done{};
  const auto& filters = input["FilterCriteria"]["Filters"].items();
  if (!filters.empty() && !dependencies_.patterns)
    return invalid_parameter("FilterCriteria is not supported by this engine.");
  if (filters.size() > most_filters)
    return invalid_parameter(
        fmt::format("FilterCriteria can have at most {} filters.", most_filters));
  std::vector<std::string> patterns;
  for (const auto& filter : filters) {
    patterns.push_back(filter["Pattern"].string_or(""));
    if (!dependencies_.patterns->valid(patterns.back()))
      return invalid_parameter("Invalid filter pattern definition.");
  }
  mapping.filters = std::move(patterns);
  return Done{};
}

// Takes over what an input says; what it does not say stays.
Outcome<Done> Lambda::set_mapping(const aws::Call& call, EventSourceMapping& mapping) {
  const auto& input = call.input;
  if (auto right = refuse_what_is_not_for_queues(input); !right) return right;
  mapping.enabled = input["Enabled"].boolean_or(mapping.enabled);
  mapping.batch_size = input["BatchSize"].integer_or(mapping.batch_size);
  mapping.window_s = input["MaximumBatchingWindowInSeconds"].integer_or(mapping.window_s);
  if (input.has("FunctionResponseTypes"))
    mapping.reports_failures = !input["FunctionResponseTypes"].items().empty();
  if (input.has("ScalingConfig")) {
    mapping.maximum_concurrency.reset();
    if (const auto& most = input["ScalingConfig"]["MaximumConcurrency"]; !most.is_null())
      mapping.maximum_concurrency = most.integer();
  }
  if (input.has("MetricsConfig")) mapping.metrics = input["MetricsConfig"]["Metrics"].strings();
  if (mapping.is_fifo() && mapping.window_s > 0)
    return invalid_parameter("Batching window is not supported for FIFO queues");
  if (mapping.is_fifo() && mapping.batch_size > 10)
    return invalid_parameter("Batch size must be at most 10 for FIFO queues");
  if (mapping.batch_size > 10 && mapping.window_s == 0)
    return invalid_parameter(
        "Maximum batch window in seconds must be greater than 0 if maximum batch size is greater "
        "than 10");
  if (auto right = set_filters(input, mapping); !right) return right;
  if (input.has("FunctionName")) {
    const auto name = named(call);
    if (!name) return failure(name.error());
    const auto* function = functions_.find(*name);
    if (!function || name->region != call.region ||
        (!name->qualifier.empty() && !function->has_qualifier(name->qualifier)))
      return invalid_parameter("Function does not exist");
    mapping.function = name->name;
    mapping.qualifier = name->qualifier;
  }
  return check_queue(mapping);
}

// The queue is there, holds its messages back long enough, and the function's role may read it.
Outcome<Done> Lambda::check_queue(const EventSourceMapping& mapping) {
  const auto* function = functions_.lookup(mapping.region, mapping.function);
  const auto* version =
      function ? invoker_.runnable_version(*function, mapping.qualifier) : nullptr;
  if (!version) return invalid_parameter("Function does not exist");
  const auto& configuration = version->configuration;
  const auto visibility = dependencies_.queues.visibility_timeout_s(mapping.source_arn);
  if (!visibility)
    return invalid_parameter(
        "Error occurred while ReceiveMessage. SQS Error Code: "
        "AWS.SimpleQueueService.NonExistentQueue. SQS Error Message: The specified queue does not "
        "exist.");
  for (const auto* action : {"ReceiveMessage", "DeleteMessage", "GetQueueAttributes"})
    if (!dependencies_.queues.permitted(mapping.source_arn, std::string{"sqs:"} + action,
                                        configuration.role))
      return invalid_parameter(
          std::string{"The function execution role does not have permissions to call "} + action +
          " on SQS");
  if (*visibility < std::int64_t{configuration.timeout_s})
    return invalid_parameter(fmt::format(
        "Queue visibility timeout: {} seconds is less than Function timeout: {} seconds",
        *visibility, configuration.timeout_s));
  return Done{};
}

Outcome<> Lambda::create_event_source_mapping(const aws::Call& call) {
  if (auto right = check_source(call.input); !right) return failure(right.error());
  EventSourceMapping mapping;
  mapping.region = call.region;
  mapping.account = call.account;
  mapping.source_arn = call.input["EventSourceArn"].string();
  if (auto right = set_mapping(call, mapping); !right) return failure(right.error());
  auto tags = with_tags({}, call.input["Tags"]);
  if (!tags) return failure(tags.error());
  mapping.tags = std::move(*tags);
  for (const auto* other : sources_.all())
    if (other->source_arn == mapping.source_arn && other->function_arn() == mapping.function_arn())
      return conflict(fmt::format(
          "An event source mapping with SQS arn (\" {} \") and function (\" {} \") already exists. "
          "Please update or delete the existing mapping with UUID {}",
          mapping.source_arn, mapping.function, other->uuid));
  mapping.modified = call.now;
  const auto& kept = sources_.add(std::move(mapping));
  poller_.begin(kept.uuid);
  return to_wire(kept, "Creating");
}

Outcome<EventSourceMapping*> Lambda::find_mapping(const aws::Call& call) {
  auto* mapping = sources_.find(call.input["UUID"].string_or(""));
  if (!mapping || mapping->region != call.region) return no_such_mapping();
  return mapping;
}

Outcome<> Lambda::get_event_source_mapping(const aws::Call& call) {
  const auto mapping = find_mapping(call);
  if (!mapping) return failure(mapping.error());
  return to_wire(**mapping, state_of(**mapping));
}

Outcome<> Lambda::update_event_source_mapping(const aws::Call& call) {
  const auto found = find_mapping(call);
  if (!found) return failure(found.error());
  auto changed = **found;
  if (auto right = set_mapping(call, changed); !right) return failure(right.error());
  const auto* state = changed.enabled == (*found)->enabled ? "Updating"
                      : changed.enabled                    ? "Enabling"
                                                           : "Disabling";
  changed.modified = call.now;
  **found = std::move(changed);
  sources_.save(**found);
  poller_.begin((*found)->uuid);
  return to_wire(**found, state);
}

Outcome<> Lambda::delete_event_source_mapping(const aws::Call& call) {
  const auto found = find_mapping(call);
  if (!found) return failure(found.error());
  const auto deleted = **found;
  poller_.forget(deleted.uuid);
  sources_.erase(deleted.uuid);
  return to_wire(deleted, "Deleting");
}

Outcome<> Lambda::list_event_source_mappings(const aws::Call& call) {
  const auto& input = call.input;
  const auto source = input["EventSourceArn"].string_or("");
  std::optional<FunctionName> function;
  if (input.has("FunctionName")) {
    const auto name = named(call);
    if (!name) return failure(name.error());
    function = *name;
  }
  std::map<std::string, Value> items;
  for (const auto* mapping : sources_.all()) {
    if (mapping->region != call.region) continue;
    if (!source.empty() && mapping->source_arn != source) continue;
    if (function && (mapping->function != function->name || mapping->account != function->account))
      continue;
    if (function && !function->qualifier.empty() && mapping->qualifier != function->qualifier)
      continue;
    items[mapping->uuid] = to_wire(*mapping, state_of(*mapping));
  }
  return page_of(items, input, "EventSourceMappings", 100);
}

}  // namespace sitelatch::lambda
