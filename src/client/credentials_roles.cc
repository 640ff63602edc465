// SPDX-License-Identifier: Apache-2.0
// Roles: assumed with other credentials, or with a web identity's token.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "client/credentials.h"
#include "client/failures.h"

namespace sitelatch::client {
namespace {

std::string described(const std::string& profile, const std::string& role) {
  return fmt::format("profile {} (role {})", profile, role);
}

// AssumeRole and its likes give {Credentials: {...}}.
Credentials credentials_in(const Value& output, std::string source) {
  const auto& given = output["Credentials"];
  Credentials credentials{given["AccessKeyId"].string_or(""),
                          given["SecretAccessKey"].string_or(""),
                          given["SessionToken"].string_or(""), std::nullopt, std::move(source)};
  if (given["Expiration"].is_timestamp())
    credentials.expiration = WallInstant{given["Expiration"].timestamp().time_since_epoch()};
  return credentials;
}

}  // namespace

std::string CredentialSources::session_name() {
  return "sitelatch-" + ports::random_hex(entropy_, 12);
}

Outcome<Credentials> CredentialSources::assumed(std::string_view operation, const Value& input,
                                                const Credentials* with, std::string source) {
  auto output = sts_(operation, input, with);
  if (!output) return failure(output.error());
  auto credentials = credentials_in(*output, std::move(source));
  if (credentials.access_key_id.empty())
    return failure(credentials_error("UnreadableCredentials",
                                     "STS gave no credentials for " + credentials.source));
  return credentials;
}

CredentialSources::Found CredentialSources::from_role(const std::string& name,
                                                      const Section& profile,
                                                      std::vector<std::string> visited) {
  const auto role = profile.get("role_arn");
  if (role.empty() || profile.has("web_identity_token_file")) return std::optional<Credentials>{};
  if (!profile.has("source_profile") && !profile.has("credential_source")) {
    if (!variable("AWS_WEB_IDENTITY_TOKEN_FILE").empty()) return std::optional<Credentials>{};
    return failure(credentials_error(
        "PartialCredentials",
        fmt::format("profile {} has role_arn, but neither source_profile nor credential_source",
                    name)));
  }
  // A profile that names itself as its source means its own keys.
  if (visited.size() > 1 && visited[visited.size() - 2] == name &&
      profile.get("source_profile") == name)
    return std::optional<Credentials>{};
  const auto source = role_source(name, profile, std::move(visited));
  if (!source) return failure(source.error());
  Value input = Value::structure({{"RoleArn", role}});
  input.set("RoleSessionName",
            profile.has("role_session_name") ? profile.get("role_session_name") : session_name());
  if (profile.has("external_id")) input.set("ExternalId", profile.get("external_id"));
  if (profile.has("duration_seconds")) {
    const auto seconds = parse_int(profile.get("duration_seconds"));
    if (!seconds)
      return failure(credentials_error(
          "InvalidDuration", fmt::format("duration_seconds of profile {} is no number", name)));
    input.set("DurationSeconds", *seconds);
  }
  // Last, for a code is good for half a minute.
  if (const auto device = profile.get("mfa_serial"); !device.empty()) {
    const auto code = environment_.ask("Enter MFA code for " + device + ": ");
    if (!code || trim(*code).empty())
      return failure(credentials_error(
          "MfaNeeded",
          fmt::format("profile {0} asks for an MFA code (mfa_serial {1}), and {2}. Put a session "
                      "into the environment first: `eval \"$(aws configure export-credentials "
                      "--profile {0} --format env)\"`",
                      name, device,
                      code ? "none was typed" : "there is no terminal to ask for it")));
    input.set("SerialNumber", device);
    input.set("TokenCode", std::string{trim(*code)});
  }
  auto credentials = assumed("AssumeRole", input, &*source, described(name, role));
  if (!credentials) return failure(credentials.error());
  return std::optional{*credentials};
}

Outcome<Credentials> CredentialSources::role_source(const std::string& name, const Section& profile,
                                                    std::vector<std::string> visited) {
  Found found = std::optional<Credentials>{};
  const auto from = profile.get("source_profile");
  if (profile.has("credential_source")) {
    if (!from.empty())
      return failure(credentials_error(
          "InvalidProfile",
          fmt::format("profile {} has both source_profile and credential_source; it may have one",
                      name)));
    const auto kind = lower(profile.get("credential_source"));
    if (kind == "environment")
      found = from_environment();
    else if (kind == "ec2instancemetadata")
      found = from_instance();
    else if (kind == "ecscontainer")
      found = from_container();
    else
      return failure(credentials_error(
          "InvalidProfile", fmt::format("credential_source of profile {} must be Environment, "
                                        "Ec2InstanceMetadata or EcsContainer",
                                        name)));
  } else {
    if (!configuration_.profiles.find(from))
      return failure(credentials_error(
          "ProfileNotFound",
          fmt::format("profile {} names the source_profile {}, which does not exist", name, from)));
    const bool own = from == name;
    if (!own && std::find(visited.begin(), visited.end(), from) != visited.end())
      return failure(credentials_error(
          "InvalidProfile",
          fmt::format("the source_profiles of profile {} go round in a circle", name)));
    found = from_profile(from, std::move(visited));
  }
  if (!found) return failure(found.error());
  if (!*found)
    return failure(credentials_error(
        "NoCredentials",
        fmt::format("profile {} assumes a role with credentials from {}, which has none", name,
                    from.empty() ? profile.get("credential_source") : "profile " + from)));
  return **found;
}

// The variables count before the profile's settings, each for itself; not when the profile was
// named on the command line.
CredentialSources::Found CredentialSources::from_web_identity(const std::string& name,
                                                              const Section& profile) {
  const auto value = [&](std::string_view variable_name, std::string_view setting) {
    const bool of_environment =
        !configuration_.profile_from_options && name == configuration_.profile_name;
    auto text = of_environment ? variable(variable_name) : std::string{};
    return text.empty() ? profile.get(setting) : text;
  };
  auto file = value("AWS_WEB_IDENTITY_TOKEN_FILE", "web_identity_token_file");
  if (file.empty()) return std::optional<Credentials>{};
  if (file.starts_with("~/")) file = environment_.home() + file.substr(1);
  const auto role = value("AWS_ROLE_ARN", "role_arn");
  if (role.empty())
    return failure(credentials_error(
        "PartialCredentials",
        "a web identity token is configured (" + file + "), but no role (AWS_ROLE_ARN)"));
  const auto token = environment_.read_file(file);
  if (!token || !*token)
    return failure(credentials_error("WebIdentity",
                                     "the web identity token cannot be read: " +
                                         (token ? file + " does not exist" : token.error().text)));
  auto session = value("AWS_ROLE_SESSION_NAME", "role_session_name");
  const Value input =
      Value::structure({{"RoleArn", role},
                        {"RoleSessionName", session.empty() ? session_name() : session},
                        {"WebIdentityToken", std::string{trim(**token)}}});
  auto credentials = assumed("AssumeRoleWithWebIdentity", input, nullptr,
                             fmt::format("a web identity (role {})", role));
  if (!credentials) return failure(credentials.error());
  return std::optional{*credentials};
}

}  // namespace sitelatch::client
