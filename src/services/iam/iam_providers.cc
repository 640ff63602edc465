// SPDX-License-Identifier: Apache-2.0
// Identity providers: OpenID Connect and SAML (facts iam-35, iam-36).
#include <fmt/format.h>

#include <algorithm>
#include <pugixml.hpp>
#include <sstream>

#include "base/text.h"
#include "services/iam/iam.h"
#include "services/iam/iam_common.h"
#include "services/iam/keys_and_certificates.h"

namespace sitelatch::iam {
using aws::Value;

Failure<aws::Error> no_oidc_provider(const std::string& arn) {
  return no_such_entity(fmt::format("OpenIDConnect Provider not found for arn {}", arn));
}
Failure<aws::Error> no_saml_provider(const std::string& arn) {
  return no_such_entity(fmt::format("Manifest not found for arn {}", arn));
}

std::string oidc_provider_arn(std::string_view account, std::string_view url) {
  return fmt::format("arn:aws:iam::{}:oidc-provider/{}", account, url);
}

// --- OpenID Connect ---

namespace {
constexpr std::string_view https = "https://";

aws::Outcome<Done> check_thumbprints(const std::vector<std::string>& thumbprints) {
  if (thumbprints.size() > 5)
    return aws::refuse("InvalidInput", "Thumbprint list must contain fewer than 5 entries.");
  for (const auto& thumbprint : thumbprints)
    if (!unhex(thumbprint))
      return aws::refuse("InvalidInput", "Thumbprint must be a hex encoded SHA-1 hash.");
  return Done{};
}

Failure<aws::Error> too_many_clients() {
  return limit_exceeded("Cannot exceed quota for ClientIdsPerOpenIdConnectProvider: 100");
}

// "https://host[:port][/path]" without what has no place in it.
bool is_provider_url(std::string_view url) {
  if (!url.starts_with(https)) return false;
  const auto rest = url.substr(https.size());
  const auto host = rest.substr(0, rest.find('/'));
  return !host.empty() && rest.find_first_of("?#@ \t") == std::string_view::npos;
}
}  // namespace

aws::Outcome<OidcProvider*> Iam::require_oidc_provider(const Call& call) {
  const auto arn = call.input["OpenIDConnectProviderArn"].string();
  if (const auto valid = check_arn(arn); !valid) return failure(valid.error());
  auto* provider = directory_.holdings().oidc_providers.find(arn);
  if (!provider) return no_oidc_provider(arn);
  return provider;
}

aws::Outcome<> Iam::create_oidc_provider(const Call& call) {
  const auto& in = call.input;
  auto& providers = directory_.holdings().oidc_providers;
  const auto url = in["Url"].string();
  OidcProvider provider;
  if (url.starts_with(https)) provider.url = url.substr(https.size());
  for (auto& id : in["ClientIDList"].strings())
    if (std::find(provider.client_ids.begin(), provider.client_ids.end(), id) ==
        provider.client_ids.end())
      provider.client_ids.push_back(std::move(id));
  if (provider.client_ids.size() > 100) return too_many_clients();
  for (const auto& thumbprint : in["ThumbprintList"].strings())
    provider.thumbprints.push_back(lower(thumbprint));
  if (const auto fine = check_thumbprints(provider.thumbprints); !fine)
    return failure(fine.error());
  if (!is_provider_url(url)) return validation_error("Invalid Open ID Connect Provider URL");
  if (const auto tags = add_tags(provider.tags, in["Tags"], aws::TagKeys::any_case); !tags)
    return failure(tags.error());
  const auto arn = oidc_provider_arn(directory_.account(), provider.url);
  if (providers.find(arn))
    return aws::refuse("EntityAlreadyExists",
                       fmt::format("Provider with url {} already exists.", url));
  if (providers.all().size() >= 100)
    return limit_exceeded("Cannot exceed quota for OpenIdConnectProvidersPerAccount: 100");
  provider.created = directory_.now();
  const auto& kept = providers.put(arn, std::move(provider));
  return Value::structure({{"OpenIDConnectProviderArn", arn},
                           {"Tags", kept.tags.empty() ? Value{} : aws::tag_list(kept.tags)}});
}

aws::Outcome<> Iam::get_oidc_provider(const Call& call) {
  const auto found = require_oidc_provider(call);
  if (!found) return failure(found.error());
  const auto& provider = **found;
  auto clients = Value::list(), thumbprints = Value::list();
  for (const auto& id : provider.client_ids) clients.push(id);
  for (const auto& thumbprint : provider.thumbprints) thumbprints.push(thumbprint);
  return Value::structure({{"Url", provider.url},
                           {"ClientIDList", clients},
                           {"ThumbprintList", thumbprints},
                           {"CreateDate", provider.created},
                           {"Tags", aws::tag_list(provider.tags)}});
}

// No error where there is none (API DeleteOpenIDConnectProvider).
aws::Outcome<> Iam::delete_oidc_provider(const Call& call) {
  const auto arn = call.input["OpenIDConnectProviderArn"].string();
  if (const auto valid = check_arn(arn); !valid) return failure(valid.error());
  auto& providers = directory_.holdings().oidc_providers;
  if (providers.find(arn)) providers.erase(arn);
  return Value{};
}

aws::Outcome<> Iam::list_oidc_providers(const Call&) {
  auto list = Value::list();
  for (const auto& [arn, provider] : directory_.holdings().oidc_providers.all())
    list.push(Value::structure({{"Arn", arn}}));
  return Value::structure({{"OpenIDConnectProviderList", list}});
}

aws::Outcome<> Iam::add_client_id(const Call& call) {
  const auto found = require_oidc_provider(call);
  if (!found) return failure(found.error());
  auto& ids = (*found)->client_ids;
  const auto id = call.input["ClientID"].string();
  if (std::find(ids.begin(), ids.end(), id) != ids.end()) return Value{};
  if (ids.size() >= 100) return too_many_clients();
  ids.push_back(id);
  directory_.holdings().oidc_providers.save(call.input["OpenIDConnectProviderArn"].string());
  return Value{};
}

aws::Outcome<> Iam::remove_client_id(const Call& call) {
  const auto found = require_oidc_provider(call);
  if (!found) return failure(found.error());
  std::erase((*found)->client_ids, call.input["ClientID"].string());
  directory_.holdings().oidc_providers.save(call.input["OpenIDConnectProviderArn"].string());
  return Value{};
}

aws::Outcome<> Iam::update_oidc_thumbprints(const Call& call) {
  const auto found = require_oidc_provider(call);
  if (!found) return failure(found.error());
  auto thumbprints = call.input["ThumbprintList"].strings();
  for (auto& thumbprint : thumbprints) thumbprint = lower(thumbprint);
  if (const auto fine = check_thumbprints(thumbprints); !fine) return failure(fine.error());
  (*found)->thumbprints = std::move(thumbprints);
  directory_.holdings().oidc_providers.save(call.input["OpenIDConnectProviderArn"].string());
  return Value{};
}

// --- SAML ---

namespace {
// The name without its prefix: what a prefix stands for differs from document to document.
std::string_view local_name(const pugi::xml_node& node) {
  const std::string_view name = node.name();
  const auto colon = name.find(':');
  return colon == std::string_view::npos ? name : name.substr(colon + 1);
}

Failure<aws::Error> unreadable_metadata() {
  return aws::refuse("InvalidInput", "Could not parse metadata");
}

// The end of its validity, which a document need not say.
aws::Outcome<std::optional<Instant>> read_metadata(const std::string& text) {
  pugi::xml_document document;
  if (!document.load_buffer(text.data(), text.size())) return unreadable_metadata();
  const auto root = document.document_element();
  if (local_name(root) != "EntityDescriptor" || !root.attribute("entityID"))
    return unreadable_metadata();
  const auto is_descriptor = [](const pugi::xml_node& node) {
    return local_name(node) == "IDPSSODescriptor";
  };
  if (!root.find_child(is_descriptor)) return unreadable_metadata();
  const auto until = root.attribute("validUntil");
  if (!until) return std::optional<Instant>{};
  const auto parsed = parse_iso8601(until.value());
  if (!parsed) return unreadable_metadata();
  return std::optional<Instant>{*parsed};
}
constexpr Duration hundred_years = std::chrono::hours{24 * 36525};
}  // namespace

aws::Outcome<SamlProvider*> Iam::require_saml_provider(const Call& call) {
  const auto arn = call.input["SAMLProviderArn"].string();
  if (const auto valid = check_arn(arn); !valid) return failure(valid.error());
  auto* provider = directory_.holdings().saml_providers.find(arn);
  if (!provider) return no_saml_provider(arn);
  return provider;
}

// What Create and Update have in common, on a copy.
aws::Outcome<Done> Iam::take_saml_settings(const Value& in, SamlProvider& provider) {
  if (in.has("SAMLMetadataDocument")) {
    provider.metadata = in["SAMLMetadataDocument"].string();
    const auto until = read_metadata(provider.metadata);
    if (!until) return failure(until.error());
    provider.valid_until = until->value_or(std::min(directory_.now() + hundred_years, latest));
  }
  if (in.has("AssertionEncryptionMode"))
    provider.encryption = in["AssertionEncryptionMode"].string();
  if (in.has("RemovePrivateKey")) {
    const auto id = in["RemovePrivateKey"].string();
    if (!std::erase_if(provider.keys, [&](const auto& key) { return key.id == id; }))
      return aws::refuse("InvalidInput", fmt::format("Private key {} cannot be found.", id));
  }
  if (in.has("AddPrivateKey")) {
    if (!is_private_key(in["AddPrivateKey"].string()))
      return aws::refuse("InvalidInput", "Private key was in an unrecognized format.");
    if (provider.keys.size() >= 2)
      return limit_exceeded("Cannot exceed quota for PrivateKeysPerSAMLProvider: 2");
    provider.keys.push_back({directory_.new_id("ASPKEY"), directory_.now()});
  }
  return Done{};
}

aws::Outcome<> Iam::create_saml_provider(const Call& call) {
  const auto& in = call.input;
  auto& providers = directory_.holdings().saml_providers;
  SamlProvider provider;
  provider.name = in["Name"].string();
  const auto arn =
      fmt::format("arn:aws:iam::{}:saml-provider/{}", directory_.account(), provider.name);
  if (const auto taken = take_saml_settings(in, provider); !taken) return failure(taken.error());
  if (const auto tags = add_tags(provider.tags, in["Tags"], aws::TagKeys::any_case); !tags)
    return failure(tags.error());
  if (providers.find(arn))
    return aws::refuse("EntityAlreadyExists",
                       fmt::format("SAMLProvider {} already exists.", provider.name));
  if (providers.all().size() >= 100)
    return limit_exceeded("Cannot exceed quota for SAMLProvidersPerAccount: 100");
  provider.id = directory_.new_id("ASAML");
  provider.created = directory_.now();
  const auto& kept = providers.put(arn, std::move(provider));
  return Value::structure(
      {{"SAMLProviderArn", arn}, {"Tags", kept.tags.empty() ? Value{} : aws::tag_list(kept.tags)}});
}

aws::Outcome<> Iam::update_saml_provider(const Call& call) {
  const auto found = require_saml_provider(call);
  if (!found) return failure(found.error());
  auto changed = **found;
  if (const auto taken = take_saml_settings(call.input, changed); !taken)
    return failure(taken.error());
  const auto arn = call.input["SAMLProviderArn"].string();
  directory_.holdings().saml_providers.put(arn, std::move(changed));
  return Value::structure({{"SAMLProviderArn", arn}});
}

aws::Outcome<> Iam::get_saml_provider(const Call& call) {
  const auto found = require_saml_provider(call);
  if (!found) return failure(found.error());
  const auto& provider = **found;
  auto keys = Value::list();
  for (const auto& key : provider.keys)
    keys.push(Value::structure({{"KeyId", key.id}, {"Timestamp", key.added}}));
  return Value::structure({{"SAMLProviderUUID", provider.id},
                           {"SAMLMetadataDocument", provider.metadata},
                           {"CreateDate", provider.created},
                           {"ValidUntil", provider.valid_until},
                           {"Tags", aws::tag_list(provider.tags)},
                           {"AssertionEncryptionMode",
                            provider.encryption.empty() ? Value{} : Value{provider.encryption}},
                           {"PrivateKeyList", keys}});
}

aws::Outcome<> Iam::delete_saml_provider(const Call& call) {
  const auto found = require_saml_provider(call);
  if (!found) return failure(found.error());
  directory_.holdings().saml_providers.erase(call.input["SAMLProviderArn"].string());
  return Value{};
}

aws::Outcome<> Iam::list_saml_providers(const Call&) {
  auto list = Value::list();
  for (const auto& [arn, provider] : directory_.holdings().saml_providers.all())
    list.push(Value::structure(
        {{"Arn", arn}, {"ValidUntil", provider.valid_until}, {"CreateDate", provider.created}}));
  return Value::structure({{"SAMLProviderList", list}});
}

}  // namespace sitelatch::iam
