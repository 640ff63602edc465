// SPDX-License-Identifier: Apache-2.0
// Event invoke configuration, tags and what Terraform and consoles read besides (facts
// lambda-30 and lambda-31).
#include <fmt/format.h>

#include "aws/auth/arn.h"
#include "base/text.h"
#include "services/lambda/configuration_rules.h"
#include "services/lambda/function_code.h"
#include "services/lambda/lambda.h"
#include "services/lambda/paging.h"
#include "services/lambda/refusals.h"

namespace sitelatch::lambda {
using aws::Outcome;
using aws::Value;

// --- Event invoke configuration ---

namespace {
std::string config_key(const FunctionName& name) {
  return name.qualifier.empty() ? std::string{latest_version} : name.qualifier;
}
Failure<aws::Error> no_event_invoke_config(const FunctionName& name) {
  return not_found("The function " + name.arn() + ":" + config_key(name) +
                   " doesn't have an EventInvokeConfig");
}
Failure<aws::Error> no_such_function() { return not_found("The function doesn't exist."); }

Failure<aws::Error> unsupported_destination(std::string_view which, const std::string& arn) {
  const auto side = [&](std::string_view name, std::string_view type) {
    return which == name ? fmt::format("{}={}(destination={})", name, type, arn)
                         : fmt::format("{}=null", name);
  };
  return invalid_parameter(
      fmt::format("The provided destination config DestinationConfig({}, {}) is invalid.",
                  side("onSuccess", "OnSuccess"), side("onFailure", "OnFailure")));
}
}  // namespace

Outcome<> Lambda::put_event_invoke_config(const aws::Call& call) {
  return set_event_invoke_config(call, false);
}
Outcome<> Lambda::update_event_invoke_config(const aws::Call& call) {
  return set_event_invoke_config(call, true);
}

Outcome<> Lambda::set_event_invoke_config(const aws::Call& call, bool merge) {
  const auto name = named(call);
  if (!name) return failure(name.error());
  const auto& input = call.input;
  const auto& destinations = input["DestinationConfig"];
  if (!input.has("MaximumRetryAttempts") && !input.has("MaximumEventAgeInSeconds") &&
      !input.has("DestinationConfig"))
    return invalid_parameter(
        "You must specify at least one of error handling or destination setting.");
  const auto found = find_version(call);
  if (!found) return no_such_function();
  auto& function = *found->function;
  const auto key = config_key(*name);
  const auto current = function.event_invoke_configs.find(key);
  if (merge && current == function.event_invoke_configs.end()) return no_event_invoke_config(*name);

  EventInvokeConfig config;
  if (merge) config = current->second;
  if (input.has("MaximumRetryAttempts"))
    config.maximum_retry_attempts = input["MaximumRetryAttempts"].integer();
  if (input.has("MaximumEventAgeInSeconds"))
    config.maximum_event_age_s = input["MaximumEventAgeInSeconds"].integer();
  if (destinations.has("OnSuccess"))
    config.on_success = destinations["OnSuccess"]["Destination"].string_or("");
  if (destinations.has("OnFailure"))
    config.on_failure = destinations["OnFailure"]["Destination"].string_or("");
  if (auto right = check_destination(function, config.on_success, "onSuccess"); !right)
    return failure(right.error());
  if (auto right = check_destination(function, config.on_failure, "onFailure"); !right)
    return failure(right.error());
  config.modified = call.now;
  function.event_invoke_configs[key] = config;
  functions_.save(function);
  return to_wire(function, key, config);
}

Outcome<Done> Lambda::check_destination(const Function& function, const std::string& arn,
                                        std::string_view which) {
  if (arn.empty()) return Done{};
  const auto parsed = aws::parse_arn(arn);
  if (!parsed) return invalid_parameter("The destination ARN " + arn + " is invalid.");
  if (parsed->service == "lambda") {
    const auto name = parse_function_name(arn, "", {function.region, function.account});
    const auto* target = name ? functions_.find(*name) : nullptr;
    if (!target || (!name->qualifier.empty() && !target->has_qualifier(name->qualifier)))
      return invalid_parameter("The destination ARN " + arn + " is invalid.");
    if (target == &function)
      return invalid_parameter("You can't specify the function as a destination for itself.");
    return Done{};
  }
  // Of AWS's other kinds of destination topics and queues are here (fact lambda-10); FIFO ones are
  // none.
  const bool queue = parsed->service == "sqs";
  if ((parsed->service != "sns" && !queue) || arn.ends_with(".fifo"))
    return unsupported_destination(which, arn);
  if (!dependencies_.destinations.permitted(arn, function.latest.configuration.role))
    return invalid_parameter("The function's execution role does not have permissions to call " +
                             std::string{queue ? "SendMessage" : "Publish"} + " on " + arn);
  return Done{};
}

Outcome<> Lambda::get_event_invoke_config(const aws::Call& call) {
  const auto name = named(call);
  if (!name) return failure(name.error());
  const auto found = find(call);
  if (!found) return no_event_invoke_config(*name);
  const auto* config = found->function->event_invoke_config(name->qualifier);
  if (!config) return no_event_invoke_config(*name);
  return to_wire(*found->function, config_key(*name), *config);
}

Outcome<> Lambda::delete_event_invoke_config(const aws::Call& call) {
  const auto name = named(call);
  if (!name) return failure(name.error());
  const auto found = find(call);
  if (!found || found->function->event_invoke_configs.erase(config_key(*name)) == 0)
    return no_event_invoke_config(*name);
  functions_.save(*found->function);
  return Value::structure();
}

Outcome<> Lambda::list_event_invoke_configs(const aws::Call& call) {
  const auto found = find(call);
  if (!found) return no_such_function();
  std::map<std::string, Value> items;
  for (const auto& [qualifier, config] : found->function->event_invoke_configs)
    items[qualifier] = to_wire(*found->function, qualifier, config);
  return page_of(items, call.input, "FunctionEventInvokeConfigs", 50);
}

// --- Tags ---

namespace {
constexpr std::string_view mapping_part = ":event-source-mapping:";
}

// Functions, code signing configurations and event source mappings have tags.
Outcome<Lambda::Tagged> Lambda::tagged(const aws::Call& call) {
  const auto arn = call.input["Resource"].string_or("");
  if (const auto parsed = aws::parse_arn(arn);
      parsed && parsed->resource.starts_with("code-signing-config:")) {
    auto* config = code_signing_.find(arn);
    if (!config || config->region != call.region)
      return not_found("The resource you requested does not exist.");
    return Tagged{&config->tags, [this, config] { code_signing_.save(*config); }};
  }
  if (const auto at = arn.find(mapping_part); at != std::string::npos) {
    auto* mapping = sources_.find(std::string_view{arn}.substr(at + mapping_part.size()));
    if (!mapping || mapping->arn() != arn || mapping->region != call.region)
      return not_found("The resource you requested does not exist.");
    return Tagged{&mapping->tags, [this, mapping] { sources_.save(*mapping); }};
  }
  if (arn.find(":capacity-provider:") != std::string::npos)
    return not_found("The resource you requested does not exist.");
  const auto name = parse_function_name(arn, "", {call.region, call.account});
  if (!name) return failure(name.error());
  if (!name->qualifier.empty())
    return invalid_parameter(
        "Tags on function aliases and versions are not supported. Please specify a function ARN.");
  if (name->region != call.region)
    return not_found("Functions from '" + name->region + "' are not reachable in this region ('" +
                     call.region + "')");
  const auto function = existing(*name);
  if (!function) return failure(function.error());
  return Tagged{&(*function)->tags, [this, function = *function] { functions_.save(*function); }};
}

Outcome<> Lambda::list_tags(const aws::Call& call) {
  const auto found = tagged(call);
  if (!found) return failure(found.error());
  return Value::structure({{"Tags", aws::tag_map(*found->tags)}});
}

Outcome<> Lambda::tag_resource(const aws::Call& call) {
  const auto found = tagged(call);
  if (!found) return failure(found.error());
  const auto& tags = call.input["Tags"];
  if (tags.members().empty())
    return invalid_parameter("An error occurred and the request cannot be processed.");
  auto merged = with_tags(*found->tags, tags);
  if (!merged) return failure(merged.error());
  *found->tags = std::move(*merged);
  found->save();
  return Value::structure();
}

Outcome<> Lambda::untag_resource(const aws::Call& call) {
  const auto found = tagged(call);
  if (!found) return failure(found.error());
  *found->tags = aws::without_tags(*found->tags, call.input["TagKeys"].strings());
  found->save();
  return Value::structure();
}

// --- The account, runtimes, recursion ---

Outcome<> Lambda::get_account_settings(const aws::Call& call) {
  const auto functions = functions_.in_region(call.region);
  const std::int64_t limit = options_.concurrency_limit;
  std::int64_t taken = functions_.reserved_in(call.region, "");
  for (const auto* function : functions)
    if (!function->reserved_concurrency)
      for (const auto& [qualifier, config] : function->provisioned) taken += config.executions;
  return Value::structure(
      {{"AccountLimit", Value::structure({{"TotalCodeSize", code_storage_limit},
                                          {"CodeSizeUnzipped", unzipped_limit},
                                          {"CodeSizeZipped", zipped_limit},
                                          {"ConcurrentExecutions", limit},
                                          {"UnreservedConcurrentExecutions", limit - taken}})},
       {"AccountUsage",
        Value::structure({{"TotalCodeSize", code_bytes(call.region)},
                          {"FunctionCount", static_cast<std::int64_t>(functions.size())}})}});
}

namespace {
std::string updates_key(const FunctionName& name) {
  return name.qualifier.empty() ? std::string{latest_version} : name.qualifier;
}
Value updates_to_wire(const Function& function, const std::string& version,
                      const RuntimeUpdates& updates) {
  return Value::structure(
      {{"UpdateRuntimeOn", updates.update_on},
       {"RuntimeVersionArn", updates.version_arn.empty() ? Value{} : Value{updates.version_arn}},
       {"FunctionArn", function.arn(version)}});
}
}  // namespace

Outcome<> Lambda::put_runtime_management_config(const aws::Call& call) {
  const auto found = find_version(call);
  if (!found) return failure(found.error());
  auto& function = *found->function;
  const auto key = updates_key(found->name);
  const auto* version = function.version(key);
  if (!version)
    return invalid_parameter("Runtime management is configured for functions and versions; " +
                             found->name.qualified_arn() + " is an alias.");
  const RuntimeUpdates updates{call.input["UpdateRuntimeOn"].string(),
                               call.input["RuntimeVersionArn"].string_or("")};
  const bool manual = updates.update_on == "Manual";
  if (manual && updates.version_arn.empty())
    return invalid_parameter("RuntimeVersionArn is required when UpdateRuntimeOn is Manual.");
  if (!manual && !updates.version_arn.empty())
    return invalid_parameter("RuntimeVersionArn is only supported when UpdateRuntimeOn is Manual.");
  if (manual &&
      updates.version_arn != runtime_version_arn(function.region, version->configuration.runtime))
    return invalid_parameter("The runtime version " + updates.version_arn + " does not exist.");
  function.runtime_updates[key] = updates;
  functions_.save(function);
  return updates_to_wire(function, key, updates);
}

Outcome<> Lambda::get_runtime_management_config(const aws::Call& call) {
  const auto found = find_version(call);
  if (!found) return failure(found.error());
  const auto& function = *found->function;
  const auto key = updates_key(found->name);
  const auto kept = function.runtime_updates.find(key);
  return updates_to_wire(function, key,
                         kept == function.runtime_updates.end() ? RuntimeUpdates{} : kept->second);
}

Outcome<> Lambda::put_recursion_config(const aws::Call& call) {
  const auto found = find(call);
  if (!found) return failure(found.error());
  found->function->recursive_loop = call.input["RecursiveLoop"].string();
  functions_.save(*found->function);
  return Value::structure({{"RecursiveLoop", found->function->recursive_loop}});
}

Outcome<> Lambda::get_recursion_config(const aws::Call& call) {
  const auto found = find(call);
  if (!found) return failure(found.error());
  return Value::structure({{"RecursiveLoop", found->function->recursive_loop}});
}

// Of functions on a capacity provider, which none here is (fact lambda-58).
Outcome<> Lambda::function_scaling_config(const aws::Call& call) {
  const auto found = find_version(call);
  if (!found) return failure(found.error());
  return invalid_parameter("Function scaling configuration is not supported for " +
                           found->name.qualified_arn() +
                           ", which does not run on a capacity provider.");
}

}  // namespace sitelatch::lambda
