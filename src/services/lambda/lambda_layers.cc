// SPDX-License-Identifier: Apache-2.0
// Layers and what may read them (fact lambda-51). That a function has one: layers_of.
#include <fmt/format.h>

#include <algorithm>
#include <limits>

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

constexpr std::size_t most_layers = 5;

Failure<aws::Error> no_such_layer() {
  return not_found("The resource you requested does not exist.");
}
Failure<aws::Error> no_such_version(const std::string& arn) {
  return not_found("Layer version " + arn + " does not exist.");
}

bool suits(const std::vector<std::string>& said, const std::string& asked) {
  return asked.empty() || std::find(said.begin(), said.end(), asked) != said.end();
}
// Layers that do not say what they suit match no filter.
bool suits(const LayerVersion& version, const Value& input) {
  return suits(version.runtimes, input["CompatibleRuntime"].string_or("")) &&
         suits(version.architectures, input["CompatibleArchitecture"].string_or(""));
}

std::uint64_t unzipped_bytes(const CodeStore::Zip& zip) {
  return zip ? read_zip_directory(*zip).unzipped_bytes : 0;
}

// The caller of another account's layer is told nothing but that.
Failure<aws::Error> not_shared(const aws::Call& call, const std::string& arn) {
  return aws::refuse(
      "AccessDeniedException",
      "User: " + call.caller.arn +
          " is not authorized to perform: lambda:GetLayerVersion on resource: " + arn +
          " because no resource-based policy allows the lambda:GetLayerVersion action",
      403);
}

}  // namespace

Outcome<LayerName> Lambda::named_layer(const aws::Call& call) const {
  const auto text = call.input["LayerName"].string_or("");
  auto name = parse_layer_name(text, call.region, call.account);
  if (!name || name->version) return invalid_parameter("Invalid layer name: " + text);
  if (call.input.has("VersionNumber")) name->version = call.input["VersionNumber"].integer();
  return *std::move(name);
}

Value Lambda::layer_content(const aws::Call& call, const Layer& layer,
                            const LayerVersion& version) const {
  auto out = to_wire(layer, version);
  out.set("LayerArn", layer.arn());
  out.set("Content",
          Value::structure({{"Location", call.endpoint + code_.path_of(version.code_sha256)},
                            {"CodeSha256", version.code_sha256},
                            {"CodeSize", version.code_size}}));
  return out;
}

Outcome<> Lambda::publish_layer_version(const aws::Call& call) {
  const auto& input = call.input;
  const auto name = named_layer(call);
  if (!name) return failure(name.error());
  if (name->region != call.region || name->account != call.account) return no_such_layer();
  const auto zip = zip_of(input["Content"]);
  if (!zip) return failure(zip.error());
  if (code_bytes(call.region) + static_cast<std::int64_t>(zip->size()) > code_storage_limit)
    return refused("CodeStorageExceededException", "Code storage limit exceeded.");
  LayerVersion version;
  version.description = input["Description"].string_or("");
  version.license = input["LicenseInfo"].string_or("");
  version.runtimes = input["CompatibleRuntimes"].strings();
  version.architectures = input["CompatibleArchitectures"].strings();
  version.code_size = static_cast<std::int64_t>(zip->size());
  version.code_sha256 = sha256_base64(*zip);
  version.created = call.now;
  code_.keep(version.code_sha256, *zip);
  auto& layer = layers_.of_name(*name);
  version.number = layer.next_version++;
  const auto& kept = layer.versions.emplace(version.number, std::move(version)).first->second;
  layers_.save(layer);
  return layer_content(call, layer, kept);
}

Outcome<Lambda::FoundLayer> Lambda::find_layer_version(const aws::Call& call) {
  const auto name = named_layer(call);
  if (!name) return failure(name.error());
  auto* layer = layers_.find(*name);
  const auto* version = layer ? layer->version(*name->version) : nullptr;
  if (!version) return no_such_version(name->arn());
  return FoundLayer{layer, &layer->versions.at(version->number)};
}

namespace {
Failure<aws::Error> below_one() { return invalid_parameter("Layer Version Cannot be less than 1"); }
}  // namespace

Outcome<> Lambda::get_layer_version(const aws::Call& call) {
  if (call.input["VersionNumber"].integer() < 1) return below_one();
  const auto found = find_layer_version(call);
  if (!found) return no_such_layer();
  return layer_content(call, *found->layer, *found->version);
}

Outcome<> Lambda::get_layer_version_by_arn(const aws::Call& call) {
  const auto arn = call.input["Arn"].string();
  const auto name = parse_layer_name(arn, call.region, call.account);
  if (!name || !name->version || name->region != call.region) return no_such_layer();
  if (name->account != call.account) return not_shared(call, arn);
  const auto* layer = layers_.find(*name);
  const auto* version = layer ? layer->version(*name->version) : nullptr;
  if (!version) return no_such_layer();
  return layer_content(call, *layer, *version);
}

// What is not there is deleted.
Outcome<> Lambda::delete_layer_version(const aws::Call& call) {
  if (call.input["VersionNumber"].integer() < 1) return below_one();
  if (const auto found = find_layer_version(call); found)
    layers_.erase_version(*found->layer, found->version->number);
  return Value::structure();
}

Outcome<> Lambda::list_layers(const aws::Call& call) {
  std::map<std::string, Value> items;
  for (const auto* layer : layers_.in_region(call.region)) {
    const auto newest =
        std::find_if(layer->versions.rbegin(), layer->versions.rend(),
                     [&](const auto& version) { return suits(version.second, call.input); });
    if (newest == layer->versions.rend()) continue;
    items[layer->name] =
        Value::structure({{"LayerName", layer->name},
                          {"LayerArn", layer->arn()},
                          {"LatestMatchingVersion", to_wire(*layer, newest->second)}});
  }
  return page_of(items, call.input, "Layers", 50);
}

// The newest first.
Outcome<> Lambda::list_layer_versions(const aws::Call& call) {
  const auto name = named_layer(call);
  if (!name) return failure(name.error());
  std::map<std::string, Value> items;
  if (const auto* layer = layers_.find(*name); layer)
    for (const auto& [number, version] : layer->versions)
      if (suits(version, call.input))
        items[fmt::format("{:020}", std::numeric_limits<std::uint64_t>::max() - number)] =
            to_wire(*layer, version);
  return page_of(items, call.input, "LayerVersions", 50);
}

// --- Who may use a version ---

namespace {
Failure<aws::Error> other_policy_revision() {
  return refused("PreconditionFailedException",
                 "The Revision Id provided does not match the latest Revision Id. Call the "
                 "GetLayerPolicy API to retrieve the latest Revision Id");
}
bool differs(const LayerVersion& version, const Value& input) {
  const auto asked = input["RevisionId"].string_or("");
  return !asked.empty() && asked != version.policy_revision;
}
}  // namespace

Outcome<> Lambda::add_layer_version_permission(const aws::Call& call) {
  const auto& input = call.input;
  const auto found = find_layer_version(call);
  if (!found) return failure(found.error());
  auto& version = *found->version;
  const auto sid = input["StatementId"].string();
  if (version.policy.find(sid))
    return conflict("The statement id (" + sid +
                    ") provided already exists. Please provide a new statement id, or remove the "
                    "existing statement.");
  if (differs(version, input)) return other_policy_revision();
  if (input.has("OrganizationId") && input["Principal"].string() != "*")
    return invalid_parameter("The principal must be * when an organization id is given.");
  const auto statement =
      make_statement(Value::structure({{"StatementId", sid},
                                       {"Action", input["Action"]},
                                       {"Principal", input["Principal"]},
                                       {"PrincipalOrgID", input["OrganizationId"]}}),
                     found->layer->arn(version.number));
  if (!statement) return failure(statement.error());
  auto policy = version.policy;
  policy.add(*statement);
  if (const auto size = policy.document().size(); size > ResourcePolicy::size_limit)
    return refused("PolicyLengthExceededException",
                   fmt::format("The final policy size ({}) is bigger than the limit ({}).", size,
                               ResourcePolicy::size_limit));
  version.policy = std::move(policy);
  version.policy_revision = functions_.new_revision();
  layers_.save(*found->layer);
  return Value::structure(
      {{"Statement", aws::to_json(*statement)}, {"RevisionId", version.policy_revision}});
}

Outcome<> Lambda::remove_layer_version_permission(const aws::Call& call) {
  const auto found = find_layer_version(call);
  if (!found) return failure(found.error());
  auto& version = *found->version;
  if (differs(version, call.input)) return other_policy_revision();
  const auto sid = call.input["StatementId"].string();
  if (!version.policy.find(sid))
    return not_found("Statement " + sid + " is not found in resource policy.");
  version.policy.remove(sid);
  version.policy_revision = functions_.new_revision();
  layers_.save(*found->layer);
  return Value::structure();
}

Outcome<> Lambda::get_layer_version_policy(const aws::Call& call) {
  const auto found = find_layer_version(call);
  if (!found) return failure(found.error());
  const auto& version = *found->version;
  if (version.policy.empty()) return not_found("No policy is associated with the given resource.");
  return Value::structure(
      {{"Policy", version.policy.document()}, {"RevisionId", version.policy_revision}});
}

// --- What a function has of them ---

// Takes over the layers that an input names; all or nothing.
Outcome<Done> Lambda::set_layers(const aws::Call& call, Configuration& configuration) const {
  if (!call.input.has("Layers")) return Done{};
  const auto arns = call.input["Layers"].strings();
  if (arns.size() > most_layers) return invalid_parameter("Cannot reference more than 5 layers.");
  std::vector<LayerUse> uses;
  std::map<std::string, std::string> seen;  // layer -> version
  for (const auto& arn : arns) {
    const auto name = parse_layer_name(arn, call.region, call.account);
    if (!name || !name->version)
      return invalid_parameter("Layer version " + arn + " does not exist.");
    if (name->account != call.account) return not_shared(call, arn);
    if (name->region != call.region)
      return invalid_parameter(
          "Layers are not in the same region as the function. Layers are expected to be in "
          "region " +
          call.region + ".");
    const auto* layer = layers_.find(*name);
    const auto* version = layer ? layer->version(*name->version) : nullptr;
    // What a function has already it may keep, also when it was deleted meanwhile.
    const auto kept = std::find_if(configuration.layers.begin(), configuration.layers.end(),
                                   [&](const LayerUse& use) { return use.arn == arn; });
    if (!version && kept == configuration.layers.end())
      return invalid_parameter("Layer version " + arn + " does not exist.");
    if (const auto [twin, fresh] = seen.emplace(name->name, arn); !fresh)
      return invalid_parameter(
          "Two different versions of the same layer are not allowed to be referenced in the same "
          "function. " +
          twin->second + " and " + arn + " are versions of the same layer.");
    uses.push_back(version ? LayerUse{arn, version->code_sha256, version->code_size} : *kept);
  }
  configuration.layers = std::move(uses);
  return Done{};
}

// Unzipped, as their directories say; the host believes nothing when it unpacks.
Outcome<Done> Lambda::check_size_with_layers(std::uint64_t unzipped_code,
                                             const Configuration& configuration) {
  if (configuration.layers.empty()) return Done{};
  auto total = unzipped_code;
  for (const auto& layer : configuration.layers)
    total += unzipped_bytes(code_.find(layer.code_sha256));
  if (total <= static_cast<std::uint64_t>(unzipped_limit)) return Done{};
  return invalid_parameter(
      fmt::format("Function code combined with layers exceeds the maximum allowed size of {} "
                  "bytes. The actual size is {} bytes.",
                  unzipped_limit, total));
}

std::int64_t Lambda::code_bytes(const std::string& region) const {
  return functions_.code_bytes(region) + layers_.code_bytes(region);
}

}  // namespace sitelatch::lambda
