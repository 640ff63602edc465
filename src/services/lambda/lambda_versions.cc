// SPDX-License-Identifier: Apache-2.0
// Published versions and aliases.
#include "base/text.h"
#include "services/lambda/lambda.h"
#include "services/lambda/paging.h"
#include "services/lambda/refusals.h"

namespace sitelatch::lambda {
using aws::Outcome;
using aws::Value;

Outcome<> Lambda::publish_version(const aws::Call& call) {
  const auto found = find(call);
  if (!found) return failure(found.error());
  auto& function = *found->function;
  if (auto same = check_revision(function.latest.revision_id, call.input); !same)
    return failure(same.error());
  if (!function.latest.settled())
    return conflict(
        "The operation cannot be performed at this time. An update is in progress for resource: " +
        function.arn());
  const auto& current = function.latest.configuration;
  if (const auto sha = call.input["CodeSha256"].string_or("");
      !sha.empty() && sha != current.code_sha256)
    return invalid_parameter(
        "CodeSHA256 (" + sha + ") is different from current CodeSHA256 in $LATEST (" +
        current.code_sha256 + "). Please try again with the CodeSHA256 in $LATEST.");
  // Nothing new since the last version: that one is the answer.
  if (!function.versions.empty()) {
    const auto& last = function.versions.rbegin()->second;
    if (last.build_id == function.latest.build_id)
      return to_wire(function, last, ArnForm::qualified);
  }
  const auto& version = functions_.publish(function, call.input["Description"].optional_string());
  Value out = to_wire(function, version, ArnForm::qualified);
  functions_.save(function);
  functions_.settle_soon(function);
  return out;
}

namespace {
Failure<aws::Error> no_alias(const Function& function, const std::string& name) {
  return not_found("Cannot find alias arn: " + function.arn(name));
}
}  // namespace

Outcome<Done> Lambda::set_routing(const Function& function, const Value& input,
                                  Alias& alias) const {
  if (input.has("FunctionVersion")) {
    const auto version = input["FunctionVersion"].string();
    if (!function.version(version))
      return not_found("Function not found: " + function.arn(version));
    alias.version = version;
  }
  if (input.has("RoutingConfig")) {
    alias.weights.clear();
    const auto& weights = input["RoutingConfig"]["AdditionalVersionWeights"];
    if (weights.members().size() > 1)
      return invalid_parameter(
          "Number of items in AdditionalVersionWeights cannot be greater than 1");
    for (const auto& [version, weight] : weights.members()) {
      if (version == latest_version || alias.version == latest_version)
        return invalid_parameter(
            "$LATEST is not supported for an alias pointing to more than 1 version");
      if (version == alias.version)
        return invalid_parameter("Invalid function version " + version + ". Function version " +
                                 version + " is already included in routing configuration.");
      if (!function.version(version))
        return not_found("Function not found: " + function.arn(version));
      if (weight.number() < 0 || weight.number() > 1)
        return validation("Value '{" + version + "=" + aws::to_json(weight) +
                          "}' at 'routingConfig.additionalVersionWeights' failed to satisfy "
                          "constraint: Map value must satisfy constraint: [Member must have value "
                          "less than or equal to 1.0, Member must have value greater than or equal "
                          "to 0.0, Member must not be null]");
      alias.weights[version] = weight.number();
    }
  }
  alias.description = input["Description"].string_or(alias.description);
  return Done{};
}

Outcome<> Lambda::create_alias(const aws::Call& call) {
  const auto found = find(call);
  if (!found) return failure(found.error());
  auto& function = *found->function;
  Alias alias;
  alias.name = call.input["Name"].string();
  if (auto set = set_routing(function, call.input, alias); !set) return failure(set.error());
  if (function.alias(alias.name))
    return conflict("Alias already exists: " + function.arn(alias.name));
  alias.revision_id = functions_.new_revision();
  auto& kept = function.aliases.emplace(alias.name, alias).first->second;
  functions_.save(function);
  return to_wire(function, kept);
}

Outcome<> Lambda::get_alias(const aws::Call& call) {
  const auto found = find(call);
  if (!found) return failure(found.error());
  const auto name = call.input["Name"].string();
  const auto* alias = found->function->alias(name);
  if (!alias) return no_alias(*found->function, name);
  return to_wire(*found->function, *alias);
}

Outcome<> Lambda::update_alias(const aws::Call& call) {
  const auto found = find(call);
  if (!found) return failure(found.error());
  auto& function = *found->function;
  const auto name = call.input["Name"].string();
  const auto* current = function.alias(name);
  if (!current) return no_alias(function, name);
  if (auto same = check_revision(current->revision_id, call.input); !same)
    return failure(same.error());
  Alias alias = *current;
  if (auto set = set_routing(function, call.input, alias); !set) return failure(set.error());
  if (alias.version == latest_version && function.provisioned.contains(name))
    return invalid_parameter(
        "Provisioned Concurrency Configs cannot be applied to unpublished function versions.");
  alias.revision_id = functions_.new_revision();
  function.aliases[name] = alias;
  functions_.save(function);
  return to_wire(function, alias);
}

// Deleting what is not there is no error.
Outcome<> Lambda::delete_alias(const aws::Call& call) {
  const auto found = find(call);
  if (!found) return failure(found.error());
  auto& function = *found->function;
  const auto name = call.input["Name"].string();
  if (function.aliases.erase(name) > 0) {
    function.policies.erase(name);
    function.event_invoke_configs.erase(name);
    function.urls.erase(name);
    function.provisioned.erase(name);
    functions_.save(function);
  }
  return Value::structure();
}

Outcome<> Lambda::list_aliases(const aws::Call& call) {
  const auto found = find(call);
  if (!found) return failure(found.error());
  const auto wanted = call.input["FunctionVersion"].string_or("");
  std::map<std::string, Value> items;
  for (const auto& [name, alias] : found->function->aliases)
    if (wanted.empty() || alias.version == wanted || alias.weights.contains(wanted))
      items[name] = to_wire(*found->function, alias);
  return page_of(items, call.input, "Aliases", 50);
}

}  // namespace sitelatch::lambda
