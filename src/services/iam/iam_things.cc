// SPDX-License-Identifier: Apache-2.0
// What has tags and is no user, role, group or policy: found by the member that names it, so that
// tags, and the question to IAM, are written once for all of it.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "services/iam/iam.h"
#include "services/iam/iam_common.h"

namespace sitelatch::iam {
using aws::Value;

namespace {
template <class T>
std::optional<Iam::Thing> thing_of(Kept<T>& kept, const std::string& key, std::string arn,
                                   aws::TagKeys compared) {
  auto* found = kept.find(key);
  return Iam::Thing{std::move(arn), found ? &found->tags : nullptr, compared,
                    [&kept, key] { kept.save(key); }};
}
}  // namespace

// Nothing: the input names no such thing. One that does not exist has no tags.
std::optional<Iam::Thing> Iam::thing_named(const Value& input) const {
  auto& holdings = directory_.holdings();
  const auto arn = [&](std::string_view type, const std::string& path, const std::string& name) {
    return fmt::format("arn:aws:iam::{}:{}{}{}", directory_.account(), type, path, name);
  };
  if (input.has("InstanceProfileName")) {
    const auto name = input["InstanceProfileName"].string();
    const auto* found = holdings.instance_profiles.find(lower(name));
    return thing_of(
        holdings.instance_profiles, lower(name),
        found ? profile_arn(*found) : arn("instance-profile", input["Path"].string_or("/"), name),
        aws::TagKeys::any_case);
  }
  if (input.has("ServerCertificateName")) {
    const auto name = input["ServerCertificateName"].string();
    const auto* found = holdings.server_certificates.find(name);
    return thing_of(
        holdings.server_certificates, name,
        arn("server-certificate", found ? found->path : input["Path"].string_or("/"), name),
        aws::TagKeys::any_case);
  }
  if (input.has("SerialNumber"))
    return thing_of(holdings.mfa_devices, input["SerialNumber"].string(),
                    input["SerialNumber"].string(), aws::TagKeys::any_case);
  if (input.has("VirtualMFADeviceName")) {
    const auto serial =
        arn("mfa", input["Path"].string_or("/"), input["VirtualMFADeviceName"].string());
    return thing_of(holdings.mfa_devices, serial, serial, aws::TagKeys::any_case);
  }
  if (input.has("OpenIDConnectProviderArn"))
    return thing_of(holdings.oidc_providers, input["OpenIDConnectProviderArn"].string(),
                    input["OpenIDConnectProviderArn"].string(), aws::TagKeys::any_case);
  if (input.has("SAMLProviderArn"))
    return thing_of(holdings.saml_providers, input["SAMLProviderArn"].string(),
                    input["SAMLProviderArn"].string(), aws::TagKeys::any_case);
  return std::nullopt;
}

aws::Outcome<Iam::Thing> Iam::require_thing(const Value& input) const {
  auto thing = thing_named(input);
  if (thing && thing->tags) return std::move(*thing);
  const auto name = [&](std::string_view member) { return input[member].string_or(""); };
  if (input.has("InstanceProfileName"))
    return no_such_entity(
        fmt::format("Instance Profile {} cannot be found.", name("InstanceProfileName")));
  if (input.has("ServerCertificateName"))
    return no_such_entity(fmt::format("The Server Certificate with name {} cannot be found.",
                                      name("ServerCertificateName")));
  if (input.has("SerialNumber")) return no_such_device(name("SerialNumber"));
  if (input.has("SAMLProviderArn")) return no_saml_provider(name("SAMLProviderArn"));
  return no_oidc_provider(name("OpenIDConnectProviderArn"));
}

aws::Outcome<> Iam::tag_thing(const Call& call) {
  const auto thing = require_thing(call.input);
  if (!thing) return failure(thing.error());
  const auto done = add_tags(*thing->tags, call.input["Tags"], thing->compared);
  if (!done) return failure(done.error());
  thing->save();
  return Value{};
}

aws::Outcome<> Iam::untag_thing(const Call& call) {
  const auto thing = require_thing(call.input);
  if (!thing) return failure(thing.error());
  *thing->tags = aws::without_tags(*thing->tags, call.input["TagKeys"].strings(), thing->compared);
  thing->save();
  return Value{};
}

aws::Outcome<> Iam::list_thing_tags(const Call& call) {
  const auto thing = require_thing(call.input);
  if (!thing) return failure(thing.error());
  return page_of_tags(call.input, *thing->tags);
}

}  // namespace sitelatch::iam
