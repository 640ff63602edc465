// SPDX-License-Identifier: Apache-2.0
// Creating, reading, changing and deleting functions and their code (facts lambda-1, lambda-28,
// lambda-29).
#include "services/lambda/configuration_rules.h"
#include "services/lambda/function_code.h"
#include "services/lambda/lambda.h"
#include "services/lambda/paging.h"
#include "services/lambda/refusals.h"
#include "services/lambda/zip_directory.h"

namespace sitelatch::lambda {
using aws::Outcome;
using aws::Value;

namespace {

// Lists leave out what GetFunction shows of a function's state.
Value without_state(Value configuration) {
  for (const auto* member :
       {"State", "StateReason", "StateReasonCode", "LastUpdateStatus", "LastUpdateStatusReason",
        "LastUpdateStatusReasonCode", "RuntimeVersionConfig"})
    configuration.set(member, {});
  return configuration;
}

// As asked for: under its own ARN, or under that of the version or alias in the question.
Value configuration_as_asked(const Function& function, const std::string& qualifier) {
  if (qualifier.empty()) return to_wire(function, function.latest, ArnForm::unqualified);
  const auto* alias = function.alias(qualifier);
  const auto* version = function.version(alias ? alias->version : qualifier);
  auto out = to_wire(function, *version, ArnForm::qualified);
  if (alias) out.set("FunctionArn", function.arn(qualifier));
  return out;
}
}  // namespace

Outcome<> Lambda::create_function(const aws::Call& call) {
  const auto& input = call.input;
  const auto name = named(call);
  if (!name) return failure(name.error());
  if (name->name.size() > 64)
    return validation("Value '" + name->name +
                      "' at 'functionName' failed to satisfy constraint: Member must have length "
                      "less than or equal to 64");
  if (name->region != call.region || name->account != call.account)
    return not_found("Functions from '" + name->region + "' are not reachable in this region ('" +
                     call.region + "')");
  if (input["PackageType"].string_or("Zip") == "Image")
    return failure(
        zip_of(Value::structure({{"ImageUri", input["Code"]["ImageUri"].string_or("")}})).error());
  if (!input.has("Runtime") || !input.has("Handler"))
    return invalid_parameter(
        "Runtime and Handler are mandatory parameters for functions created with deployment "
        "packages.");

  Function function;
  function.region = call.region;
  function.account = call.account;
  function.name = name->name;
  auto& c = function.latest.configuration;
  if (auto right = set_architecture(input, c); !right) return failure(right.error());
  if (auto right = configure(input, function.name, c); !right) return failure(right.error());
  auto tags = with_tags({}, input["Tags"]);
  if (!tags) return failure(tags.error());
  auto zip = zip_of(input["Code"]);
  if (!zip) return failure(zip.error());
  if (auto right = set_layers(call, c); !right) return failure(right.error());
  if (auto fits = check_size_with_layers(read_zip_directory(*zip).unzipped_bytes, c); !fits)
    return failure(fits.error());
  function.code_signing_config_arn = input["CodeSigningConfigArn"].string_or("");
  if (auto there = check_code_signing_config(call, function.code_signing_config_arn); !there)
    return failure(there.error());
  if (auto may = check_unsigned(function.code_signing_config_arn); !may)
    return failure(may.error());
  if (auto right = check_dependencies(c); !right) return failure(right.error());
  if (functions_.lookup(call.region, function.name))
    return conflict("Function already exist: " + function.name);
  if (code_bytes(call.region) + static_cast<std::int64_t>(zip->size()) > code_storage_limit)
    return refused("CodeStorageExceededException", "Code storage limit exceeded.");

  c.code_size = static_cast<std::int64_t>(zip->size());
  c.code_sha256 = sha256_base64(*zip);
  code_.keep(c.code_sha256, *zip);
  function.tags = std::move(*tags);
  function.latest.modified = call.now;
  function.latest.revision_id = functions_.new_revision();
  function.latest.build_id = functions_.new_revision();
  auto& kept = functions_.add(std::move(function));
  Value out = to_wire(kept, kept.latest, ArnForm::unqualified);
  if (input["Publish"].boolean_or(false)) {
    const auto& version = functions_.publish(kept, std::nullopt);
    out = to_wire(kept, version, ArnForm::unqualified);
  }
  functions_.save(kept);
  functions_.settle_soon(kept);
  return out;
}

// What only other services know: the role and its trust, and whether it may publish dead letters.
Outcome<Done> Lambda::check_dependencies(const Configuration& c) {
  if (!dependencies_.roles.assumable(c.role))
    return invalid_parameter("The role defined for the function cannot be assumed by Lambda.");
  if (!c.dead_letter_arn.empty() &&
      !dependencies_.destinations.permitted(c.dead_letter_arn, c.role))
    return invalid_parameter(
        std::string{"The provided execution role does not have permissions to call "} +
        (c.dead_letter_arn.starts_with("arn:aws:sqs:") ? "SendMessage on SQS" : "Publish on SNS"));
  return Done{};
}

Outcome<> Lambda::get_function(const aws::Call& call) {
  const auto found = find_version(call);
  if (!found) return failure(found.error());
  const auto& function = *found->function;
  const auto configuration = configuration_as_asked(function, found->name.qualifier);
  const auto location = call.endpoint + code_.path_of(configuration["CodeSha256"].string());
  Value out = Value::structure(
      {{"Configuration", configuration},
       {"Code", Value::structure({{"RepositoryType", "S3"}, {"Location", location}})}});
  if (!function.tags.empty()) out.set("Tags", aws::tag_map(function.tags));
  if (function.reserved_concurrency)
    out.set("Concurrency",
            Value::structure({{"ReservedConcurrentExecutions", *function.reserved_concurrency}}));
  return out;
}

Outcome<> Lambda::get_function_configuration(const aws::Call& call) {
  const auto found = find_version(call);
  if (!found) return failure(found.error());
  return configuration_as_asked(*found->function, found->name.qualifier);
}

Outcome<Done> Lambda::check_updatable(const Function& function, const Value& input) const {
  if (auto same = check_revision(function.latest.revision_id, input); !same) return same;
  if (function.latest.state == Version::State::pending) return still_pending();
  if (function.latest.update == Version::Update::in_progress)
    return conflict(
        "The operation cannot be performed at this time. An update is in progress for resource: " +
        function.arn());
  return Done{};
}

Outcome<> Lambda::update_function_code(const aws::Call& call) {
  const auto& input = call.input;
  const auto found = find(call);
  if (!found) return failure(found.error());
  auto& function = *found->function;
  auto configuration = function.latest.configuration;
  if (auto right = set_architecture(input, configuration); !right) return failure(right.error());
  const auto zip = zip_of(input);
  if (!zip) return failure(zip.error());
  if (auto fits = check_size_with_layers(read_zip_directory(*zip).unzipped_bytes, configuration);
      !fits)
    return failure(fits.error());
  if (auto may = check_unsigned(function.code_signing_config_arn); !may)
    return failure(may.error());
  if (auto right = check_updatable(function, input); !right) return failure(right.error());
  configuration.code_size = static_cast<std::int64_t>(zip->size());
  configuration.code_sha256 = sha256_base64(*zip);
  if (input["DryRun"].boolean_or(false)) {
    auto would_be = function.latest;
    would_be.configuration = configuration;
    return to_wire(function, would_be, ArnForm::unqualified);
  }
  code_.keep(configuration.code_sha256, *zip);
  functions_.begin_update(function, std::move(configuration));
  Value out = to_wire(function, function.latest, ArnForm::unqualified);
  if (input["Publish"].boolean_or(false)) {
    const auto& version = functions_.publish(function, std::nullopt);
    out = to_wire(function, version, ArnForm::qualified);
  }
  functions_.save(function);
  functions_.settle_soon(function);
  return out;
}

Outcome<> Lambda::update_function_configuration(const aws::Call& call) {
  const auto found = find(call);
  if (!found) return failure(found.error());
  auto& function = *found->function;
  auto configuration = function.latest.configuration;
  if (auto right = configure(call.input, function.name, configuration); !right)
    return failure(right.error());
  if (auto right = set_layers(call, configuration); !right) return failure(right.error());
  if (!call.input["Layers"].items().empty()) {
    const auto zip = code_.find(configuration.code_sha256);
    const auto unzipped = zip ? read_zip_directory(*zip).unzipped_bytes : 0;
    if (auto fits = check_size_with_layers(unzipped, configuration); !fits)
      return failure(fits.error());
    if (auto may = check_unsigned(function.code_signing_config_arn); !may)
      return failure(may.error());
  }
  if (auto right = check_dependencies(configuration); !right) return failure(right.error());
  if (auto right = check_updatable(function, call.input); !right) return failure(right.error());
  functions_.begin_update(function, std::move(configuration));
  functions_.save(function);
  functions_.settle_soon(function);
  return to_wire(function, function.latest, ArnForm::unqualified);
}

Outcome<> Lambda::delete_function(const aws::Call& call) {
  const auto found = find(call);
  if (!found) return failure(found.error());
  auto& function = *found->function;
  const auto& qualifier = found->name.qualifier;
  const auto answer = Value::structure({{"StatusCode", 204}});  // fact lambda-11
  if (!qualifier.empty()) {
    if (qualifier == latest_version)
      return invalid_parameter("$LATEST version cannot be deleted without deleting the function.");
    if (function.alias(qualifier))
      return invalid_parameter("Deletion of aliases is not currently supported.");
    if (!function.version(qualifier))
      return not_found("Function not found: " + found->name.qualified_arn());
    std::string referring;
    for (const auto& [name, alias] : function.aliases)
      if (alias.version == qualifier || alias.weights.contains(qualifier))
        referring += (referring.empty() ? "" : ", ") + name;
    if (!referring.empty())
      return conflict("Unable to delete version because the following aliases reference it: [" +
                      referring + "]");
    functions_.erase_version(function, qualifier);
    return answer;
  }
  const auto arn = function.arn();
  functions_.erase(function);
  executor_.forget(arn);
  return answer;
}

Outcome<> Lambda::list_functions(const aws::Call& call) {
  const bool all = call.input["FunctionVersion"].string_or("") == "ALL";
  std::map<std::string, Value> items;
  for (const auto* function : functions_.in_region(call.region)) {
    const auto form = all ? ArnForm::qualified : ArnForm::unqualified;
    items[function->name + "\t"] = without_state(to_wire(*function, function->latest, form));
    if (!all) continue;
    for (const auto& [number, version] : function->versions) {
      auto digits = std::to_string(number);
      items[function->name + "\t" + std::string(20 - digits.size(), '0') + digits] =
          without_state(to_wire(*function, version, form));
    }
  }
  return page_of(items, call.input, "Functions", 50);
}

Outcome<> Lambda::list_versions_by_function(const aws::Call& call) {
  const auto found = find(call);
  if (!found) return failure(found.error());
  const auto& function = *found->function;
  std::map<std::string, Value> items;
  items["$LATEST"] = without_state(to_wire(function, function.latest, ArnForm::qualified));
  for (const auto& [number, version] : function.versions) {
    auto digits = std::to_string(number);
    items["$V" + std::string(20 - digits.size(), '0') + digits] =
        without_state(to_wire(function, version, ArnForm::qualified));
  }
  return page_of(items, call.input, "Versions", 50);
}

}  // namespace sitelatch::lambda
