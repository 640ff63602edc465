// SPDX-License-Identifier: Apache-2.0
// Reserved and provisioned concurrency (facts lambda-55).
#include <fmt/format.h>

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

std::int64_t provisioned_in(const Function& function, const std::string& but_for = {}) {
  std::int64_t total = 0;
  for (const auto& [qualifier, config] : function.provisioned)
    if (qualifier != but_for) total += config.executions;
  return total;
}

}  // namespace

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
  if (const auto total = provisioned_in(function); asked < total)
    return invalid_parameter(
        fmt::format(" ReservedConcurrentExecutions  {} should not be lower than function's total "
                    "provisioned concurrency [{}].",
                    asked, total));
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

// --- Provisioned ---

namespace {

Value provisioned_to_wire(const ProvisionedConcurrency& config) {
  return Value::structure({{"RequestedProvisionedConcurrentExecutions", config.executions},
                           {"AvailableProvisionedConcurrentExecutions", config.executions},
                           {"AllocatedProvisionedConcurrentExecutions", config.executions},
                           {"Status", "READY"},
                           {"LastModified", iso8601_ms_offset(config.modified)}});
}

}  // namespace

// The alias or the version that an input names.
Outcome<Lambda::Found> Lambda::find_provisioned(const aws::Call& call, const char* of_latest) {
  const auto name = named(call);
  if (!name) return failure(name.error());
  if (name->qualifier == latest_version) return invalid_parameter(of_latest);
  const bool is_number = name->qualifier.find_first_not_of("0123456789") == std::string::npos;
  const auto found = find(call);
  if (found && found->function->has_qualifier(name->qualifier)) return found;
  if (!is_number && (found || found.error().code == "ResourceNotFoundException"))
    return not_found("Cannot find alias arn: " + name->qualified_arn());
  if (found) return not_found("Function not found: " + name->qualified_arn());
  return found;
}

Outcome<Done> Lambda::check_provisioned(const Function& function, const std::string& qualifier,
                                        std::int64_t asked) const {
  const auto others = provisioned_in(function, qualifier);
  if (function.reserved_concurrency && *function.reserved_concurrency < others + asked)
    return invalid_parameter(
        "Requested Provisioned Concurrency should not be greater than the "
        "reservedConcurrentExecution for function");
  const std::int64_t limit = options_.concurrency_limit;
  if (asked > limit)
    return invalid_parameter(fmt::format(
        "Specified ConcurrentExecutions for function is greater than account's unreserved "
        "concurrency [{}].",
        limit));
  // What a reservation holds is taken already.
  std::int64_t taken = functions_.reserved_in(function.region, "");
  if (!function.reserved_concurrency) taken += others + asked;
  for (const auto* other : functions_.in_region(function.region))
    if (other->name != function.name && !other->reserved_concurrency)
      taken += provisioned_in(*other);
  if (limit - taken < unreserved_minimum)
    return invalid_parameter(
        fmt::format("Specified ConcurrentExecutions for function decreases account's "
                    "UnreservedConcurrentExecution below its minimum value of [{}].",
                    unreserved_minimum));
  if (const auto* alias = function.alias(qualifier); alias) {
    if (alias->version == latest_version)
      return invalid_parameter(
          "Provisioned Concurrency Configs cannot be applied to unpublished function versions.");
    if (function.provisioned.contains(alias->version))
      return conflict(
          "Alias can't be used for Provisioned Concurrency configuration on an already Provisioned "
          "version");
    return Done{};
  }
  for (const auto& [alias_name, alias] : function.aliases)
    if (alias.version == qualifier && function.provisioned.contains(alias_name))
      return conflict("Version is pointed by a Provisioned Concurrency alias");
  return Done{};
}

Outcome<> Lambda::put_provisioned_concurrency_config(const aws::Call& call) {
  const auto found = find_provisioned(
      call, "Provisioned Concurrency Configs cannot be applied to unpublished function versions.");
  if (!found) return failure(found.error());
  auto& function = *found->function;
  const auto asked = call.input["ProvisionedConcurrentExecutions"].integer();
  if (auto right = check_provisioned(function, found->name.qualifier, asked); !right)
    return failure(right.error());
  auto& config = function.provisioned[found->name.qualifier];
  config = {asked, call.now};
  functions_.save(function);
  auto out = provisioned_to_wire(config);
  out.set("AvailableProvisionedConcurrentExecutions", 0);
  out.set("AllocatedProvisionedConcurrentExecutions", 0);
  out.set("Status", "IN_PROGRESS");
  return out;
}

namespace {
constexpr auto published_only =
    "The function resource provided must be an alias or a published version.";
}

Outcome<> Lambda::get_provisioned_concurrency_config(const aws::Call& call) {
  const auto found = find_provisioned(call, published_only);
  if (!found) return failure(found.error());
  const auto config = found->function->provisioned.find(found->name.qualifier);
  if (config == found->function->provisioned.end())
    return refused("ProvisionedConcurrencyConfigNotFoundException",
                   "No Provisioned Concurrency Config found for this function");
  return provisioned_to_wire(config->second);
}

Outcome<> Lambda::list_provisioned_concurrency_configs(const aws::Call& call) {
  const auto found = find(call);
  if (!found) return failure(found.error());
  std::map<std::string, Value> items;
  for (const auto& [qualifier, config] : found->function->provisioned) {
    items[qualifier] = provisioned_to_wire(config);
    items[qualifier].set("FunctionArn", found->function->arn(qualifier));
  }
  return page_of(items, call.input, "ProvisionedConcurrencyConfigs", 50);
}

// Deleting what is not there is no error.
Outcome<> Lambda::delete_provisioned_concurrency_config(const aws::Call& call) {
  const auto found = find_provisioned(call, published_only);
  if (!found) return failure(found.error());
  if (found->function->provisioned.erase(found->name.qualifier) > 0)
    functions_.save(*found->function);
  return Value::structure();
}

}  // namespace sitelatch::lambda
