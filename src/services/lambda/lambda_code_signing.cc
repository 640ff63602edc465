// SPDX-License-Identifier: Apache-2.0
// Code signing configurations and which function has one (fact lambda-52).
#include <fmt/format.h>

#include "services/lambda/configuration_rules.h"
#include "services/lambda/lambda.h"
#include "services/lambda/paging.h"
#include "services/lambda/refusals.h"

namespace sitelatch::lambda {
using aws::Outcome;
using aws::Value;

namespace {

Failure<aws::Error> no_such_config(const std::string& arn) {
  return not_found("The Lambda code signing configuration " + arn + " can not be found.");
}

void take_over(const Value& input, CodeSigningConfig& config) {
  config.description = input["Description"].string_or(config.description);
  if (input.has("AllowedPublishers"))
    config.publishers = input["AllowedPublishers"]["SigningProfileVersionArns"].strings();
  config.untrusted =
      input["CodeSigningPolicies"]["UntrustedArtifactOnDeployment"].string_or(config.untrusted);
}

Value shown(const CodeSigningConfig& config) {
  return Value::structure({{"CodeSigningConfig", to_wire(config)}});
}

}  // namespace

Outcome<> Lambda::create_code_signing_config(const aws::Call& call) {
  CodeSigningConfig config;
  config.region = call.region;
  config.account = call.account;
  take_over(call.input, config);
  auto tags = with_tags({}, call.input["Tags"]);
  if (!tags) return failure(tags.error());
  config.tags = std::move(*tags);
  config.modified = call.now;
  return shown(code_signing_.add(std::move(config)));
}

Outcome<CodeSigningConfig*> Lambda::find_code_signing_config(const aws::Call& call) {
  const auto arn = call.input["CodeSigningConfigArn"].string_or("");
  auto* config = code_signing_.find(arn);
  if (!config || config->region != call.region) return no_such_config(arn);
  return config;
}

Outcome<> Lambda::get_code_signing_config(const aws::Call& call) {
  const auto config = find_code_signing_config(call);
  if (!config) return failure(config.error());
  return shown(**config);
}

Outcome<> Lambda::update_code_signing_config(const aws::Call& call) {
  const auto config = find_code_signing_config(call);
  if (!config) return failure(config.error());
  take_over(call.input, **config);
  (*config)->modified = call.now;
  code_signing_.save(**config);
  return shown(**config);
}

std::vector<const Function*> Lambda::functions_with(const CodeSigningConfig& config) const {
  std::vector<const Function*> out;
  for (const auto* function : functions_.in_region(config.region))
    if (function->code_signing_config_arn == config.arn()) out.push_back(function);
  return out;
}

Outcome<> Lambda::delete_code_signing_config(const aws::Call& call) {
  const auto config = find_code_signing_config(call);
  if (!config) return failure(config.error());
  const auto arn = (*config)->arn();
  if (const auto users = functions_with(**config); !users.empty())
    return conflict(fmt::format(
        "The code signing configuration {} cannot be deleted because it is in use by {} "
        "function(s): {}",
        arn, users.size(), users.front()->arn()));
  code_signing_.erase(arn);
  return Value::structure();
}

Outcome<> Lambda::list_code_signing_configs(const aws::Call& call) {
  std::map<std::string, Value> items;
  for (const auto* config : code_signing_.in_region(call.region))
    items[config->id] = to_wire(*config);
  return page_of(items, call.input, "CodeSigningConfigs", 50);
}

Outcome<> Lambda::list_functions_by_code_signing_config(const aws::Call& call) {
  const auto config = find_code_signing_config(call);
  if (!config) return failure(config.error());
  std::map<std::string, Value> items;
  for (const auto* function : functions_with(**config)) items[function->name] = function->arn();
  return page_of(items, call.input, "FunctionArns", 50);
}

// --- Of a function ---

Outcome<Done> Lambda::check_code_signing_config(const aws::Call& call,
                                                const std::string& arn) const {
  const auto* config = code_signing_.find(arn);
  if (arn.empty() || (config && config->region == call.region)) return Done{};
  return refused("CodeSigningConfigNotFoundException",
                 "The code signing configuration cannot be found. Check that the provided "
                 "configuration is not deleted: " +
                     arn + ".");
}

// Everything that is deployed here is unsigned.
Outcome<Done> Lambda::check_unsigned(const std::string& config_arn) const {
  const auto* config = code_signing_.find(config_arn);
  if (!config || !config->refuses_unsigned()) return Done{};
  return refused("CodeVerificationFailedException",
                 "Lambda cannot deploy the function. The function or layer might be signed using a "
                 "signature that the client is not configured to accept. Check the provided "
                 "signature for unsigned.");
}

Outcome<> Lambda::put_function_code_signing_config(const aws::Call& call) {
  const auto arn = call.input["CodeSigningConfigArn"].string();
  if (auto there = check_code_signing_config(call, arn); !there) return failure(there.error());
  const auto found = find(call);
  if (!found) return failure(found.error());
  found->function->code_signing_config_arn = arn;
  functions_.save(*found->function);
  return Value::structure({{"CodeSigningConfigArn", arn}, {"FunctionName", found->function->name}});
}

Outcome<> Lambda::get_function_code_signing_config(const aws::Call& call) {
  const auto found = find(call);
  if (!found) return failure(found.error());
  return Value::structure({{"CodeSigningConfigArn", found->function->code_signing_config_arn},
                           {"FunctionName", found->function->name}});
}

Outcome<> Lambda::delete_function_code_signing_config(const aws::Call& call) {
  const auto found = find(call);
  if (!found) return failure(found.error());
  found->function->code_signing_config_arn.clear();
  functions_.save(*found->function);
  return Value::structure();
}

}  // namespace sitelatch::lambda
