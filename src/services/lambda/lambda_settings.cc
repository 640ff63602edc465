// SPDX-License-Identifier: Apache-2.0
// Concurrency, event invoke configuration, tags and what Terraform and consoles read besides (facts
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

namespace {
constexpr std::int64_t unreserved_minimum = 100;

Failure<aws::Error> functions_only() {
  return invalid_parameter(
      "This operation is permitted on Lambda functions only. Aliases and versions do not support "
      "this operation. Please specify either a function name or an unqualified function ARN.");
}
}  // namespace

// --- Concurrency ---

Outcome<> Lambda::put_function_concurrency(const aws::Call& call) {
  const auto found = find(call);
  if (!found) return failure(found.error());
  if (!found->name.qualifier.empty()) return functions_only();
  auto& function = *found->function;
  const auto asked = call.input["ReservedConcurrentExecutions"].integer();
  const auto left = std::int64_t{options_.concurrency_limit} -
                    functions_.reserved_in(function.region, function.name) - asked;
  if (asked > 0 && left < unreserved_minimum)
    return invalid_parameter(
        fmt::format("Specified ReservedConcurrentExecutions for function decreases account's "
                    "UnreservedConcurrentExecution below its minimum value of [{}].",
                    unreserved_minimum));
  function.reserved_concurrency = static_cast<std::uint32_t>(asked);
  functions_.save(function);
  return Value::structure({{"ReservedConcurrentExecutions", asked}});
}

Outcome<> Lambda::get_function_concurrency(const aws::Call& call) {
  const auto found = find(call);
  if (!found) return failure(found.error());
  return Value::structure(
      {{"ReservedConcurrentExecutions", found->function->reserved_concurrency}});
}

Outcome<> Lambda::delete_function_concurrency(const aws::Call& call) {
  const auto found = find(call);
  if (!found) return failure(found.error());
  if (!found->name.qualifier.empty()) return functions_only();
  found->function->reserved_concurrency.reset();
  functions_.save(*found->function);
  return Value::structure();
}

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
  // Of AWS's other kinds of destination only topics are here (fact lambda-10); FIFO topics are
  // none.
  if (parsed->service != "sns" || arn.ends_with(".fifo"))
    return unsupported_destination(which, arn);
  if (!dependencies_.destinations.permitted(arn, function.latest.configuration.role))
    return invalid_parameter(
        "The function's execution role does not have permissions to call Publish on " + arn);
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

Outcome<Function*> Lambda::tagged_function(const aws::Call& call) {
  const auto arn = call.input["Resource"].string_or("");
  const auto name = parse_function_name(arn, "", {call.region, call.account});
  if (!name) return failure(name.error());
  if (!name->qualifier.empty())
    return invalid_parameter(
        "Tags on function aliases and versions are not supported. Please specify a function ARN.");
  if (name->region != call.region)
    return not_found("Functions from '" + name->region + "' are not reachable in this region ('" +
                     call.region + "')");
  return existing(*name);
}

Outcome<> Lambda::list_tags(const aws::Call& call) {
  const auto function = tagged_function(call);
  if (!function) return failure(function.error());
  return Value::structure({{"Tags", aws::tag_map((*function)->tags)}});
}

Outcome<> Lambda::tag_resource(const aws::Call& call) {
  const auto function = tagged_function(call);
  if (!function) return failure(function.error());
  const auto& tags = call.input["Tags"];
  if (tags.members().empty())
    return invalid_parameter("An error occurred and the request cannot be processed.");
  auto merged = with_tags((*function)->tags, tags);
  if (!merged) return failure(merged.error());
  (*function)->tags = std::move(*merged);
  functions_.save(**function);
  return Value::structure();
}

Outcome<> Lambda::untag_resource(const aws::Call& call) {
  const auto function = tagged_function(call);
  if (!function) return failure(function.error());
  (*function)->tags = aws::without_tags((*function)->tags, call.input["TagKeys"].strings());
  functions_.save(**function);
  return Value::structure();
}

// --- Reads of what this engine has no settings for ---

Outcome<> Lambda::get_account_settings(const aws::Call& call) {
  const auto functions = static_cast<std::int64_t>(functions_.in_region(call.region).size());
  const std::int64_t limit = options_.concurrency_limit;
  return Value::structure(
      {{"AccountLimit", Value::structure({{"TotalCodeSize", std::int64_t{80'530'636'800}},
                                          {"CodeSizeUnzipped", unzipped_limit},
                                          {"CodeSizeZipped", zipped_limit},
                                          {"ConcurrentExecutions", limit},
                                          {"UnreservedConcurrentExecutions",
                                           limit - functions_.reserved_in(call.region, "")}})},
       {"AccountUsage", Value::structure({{"TotalCodeSize", functions_.code_bytes(call.region)},
                                          {"FunctionCount", functions}})}});
}

Outcome<> Lambda::get_code_signing_config(const aws::Call& call) {
  const auto found = find(call);
  if (!found) return failure(found.error());
  return Value::structure({{"CodeSigningConfigArn", ""}, {"FunctionName", found->name.name}});
}

Outcome<> Lambda::get_runtime_management_config(const aws::Call& call) {
  const auto found = find_version(call);
  if (!found) return failure(found.error());
  const auto& qualifier = found->name.qualifier;
  return Value::structure(
      {{"UpdateRuntimeOn", "Auto"},
       {"FunctionArn",
        found->function->arn(qualifier.empty() ? latest_version : std::string_view{qualifier})}});
}

Outcome<> Lambda::get_recursion_config(const aws::Call& call) {
  const auto found = find(call);
  if (!found) return failure(found.error());
  return Value::structure({{"RecursiveLoop", "Terminate"}});
}

}  // namespace sitelatch::lambda
