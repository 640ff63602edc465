// SPDX-License-Identifier: Apache-2.0
// The chain and the sources on this host; roles stand in credentials_roles.cc, addresses in
// credentials_hosts.cc.
#include "client/credentials.h"

#include <fmt/format.h>

#include <algorithm>

#include "aws/wire/value.h"
#include "base/text.h"
#include "client/failures.h"

namespace sitelatch::client {
namespace {

constexpr auto longest_process = std::chrono::minutes{2};

std::optional<WallInstant> wall_time(std::string_view text) {
  const auto t = parse_iso8601(text);
  if (!t) return std::nullopt;
  return WallInstant{t->time_since_epoch()};
}

// Text members only; whatever else stands there is as good as absent.
std::string text_of(const Value& value, std::string_view name) {
  const auto& member = value[name];
  return member.is_string() ? member.string() : "";
}

std::string last_line(std::string_view text) {
  text = trim(text);
  const auto at = text.rfind('\n');
  return std::string{trim(at == std::string_view::npos ? text : text.substr(at + 1))};
}

}  // namespace

CredentialSources::CredentialSources(const Configuration& configuration, Environment& environment,
                                     ports::Entropy& entropy, Transport& transport, Sts sts)
    : configuration_(configuration),
      environment_(environment),
      entropy_(entropy),
      transport_(transport),
      sts_(std::move(sts)) {}

Outcome<Credentials> CredentialSources::find() {
  const auto take = [](Found& found, std::optional<Outcome<Credentials>>& decided) {
    if (!found)
      decided = Outcome<Credentials>{failure(found.error())};
    else if (*found)
      decided = Outcome<Credentials>{std::move(**found)};
    return decided.has_value();
  };
  std::optional<Outcome<Credentials>> decided;
  instance_trouble_.clear();
  if (!configuration_.profile_from_options) {
    auto found = from_environment();
    if (take(found, decided)) return *decided;
  }
  auto found = from_profile(configuration_.profile_name, {});
  if (take(found, decided)) return *decided;
  if (configuration_.profile_from_options) return failure(nothing_found());
  found = from_container();
  if (take(found, decided)) return *decided;
  found = from_instance();
  if (take(found, decided)) return *decided;
  return failure(nothing_found());
}

CredentialSources::Found CredentialSources::from_environment() {
  Credentials credentials;
  credentials.access_key_id = variable("AWS_ACCESS_KEY_ID");
  if (credentials.access_key_id.empty()) return std::optional<Credentials>{};
  credentials.secret_access_key = variable("AWS_SECRET_ACCESS_KEY");
  if (credentials.secret_access_key.empty())
    return failure(credentials_error("PartialCredentials",
                                     "AWS_ACCESS_KEY_ID is set, but AWS_SECRET_ACCESS_KEY is not"));
  credentials.session_token = variable("AWS_SESSION_TOKEN");
  if (credentials.session_token.empty()) credentials.session_token = variable("AWS_SECURITY_TOKEN");
  credentials.expiration = wall_time(variable("AWS_CREDENTIAL_EXPIRATION"));
  credentials.source = "the environment (AWS_ACCESS_KEY_ID)";
  return std::optional{credentials};
}

// `visited`: the profiles on the way here, for roles whose source is another role.
CredentialSources::Found CredentialSources::from_profile(const std::string& name,
                                                         std::vector<std::string> visited) {
  static const Section none;
  const auto* section = configuration_.profiles.find(name);
  const auto& profile = section ? *section : none;
  visited.push_back(name);
  auto found = from_role(name, profile, visited);
  if (!found || *found) return found;
  found = from_web_identity(name, profile);
  if (!found || *found) return found;
  found = from_aws_cli(name, profile);
  if (!found || *found) return found;
  if (profile.has("aws_access_key_id")) {
    Credentials credentials{profile.get("aws_access_key_id"), profile.get("aws_secret_access_key"),
                            profile.get("aws_session_token"), std::nullopt,
                            fmt::format("profile {}", name)};
    if (credentials.secret_access_key.empty())
      return failure(credentials_error(
          "PartialCredentials",
          fmt::format("profile {} has aws_access_key_id, but no aws_secret_access_key", name)));
    return std::optional{credentials};
  }
  return from_process(name, profile);
}

CredentialSources::Found CredentialSources::from_process(const std::string& name,
                                                         const Section& profile) {
  if (!profile.has("credential_process")) return std::optional<Credentials>{};
  const auto command = split_command(profile.get("credential_process"));
  if (!command || command->empty())
    return failure(credentials_error(
        "CredentialProcess",
        fmt::format("the credential_process of profile {} has an open quote", name)));
  auto credentials =
      run_for_credentials(*command, fmt::format("profile {} (credential_process)", name));
  if (!credentials) return failure(credentials.error());
  return std::optional{*credentials};
}

// SSO and `aws login` keep tokens in the CLI's cache in forms of its own: the CLI is asked.
CredentialSources::Found CredentialSources::from_aws_cli(const std::string& name,
                                                         const Section& profile) {
  const bool sso =
      profile.has("sso_session") || profile.has("sso_start_url") || profile.has("sso_account_id");
  if (!sso && !profile.has("login_session")) return std::optional<Credentials>{};
  const std::string kind = sso ? "IAM Identity Center (SSO)" : "aws login";
  auto credentials = run_for_credentials(
      {"aws", "configure", "export-credentials", "--profile", name, "--format", "process"},
      fmt::format("profile {} ({})", name, kind));
  if (credentials) return std::optional{*credentials};
  return failure(credentials_error(
      "SsoCredentials",
      fmt::format("profile {} uses {}, which is read through the aws CLI (`aws configure "
                  "export-credentials`): {}. "
                  "Sign in with `aws {} --profile {}`, with version 2 of the aws CLI on PATH",
                  name, kind, credentials.error().message, sso ? "sso login" : "login", name)));
}

Outcome<Credentials> CredentialSources::run_for_credentials(const std::vector<std::string>& command,
                                                            const std::string& source) {
  const auto output = environment_.run(command, longest_process);
  if (!output) return failure(credentials_error("CredentialProcess", output.error().text));
  if (output->status != 0)
    return failure(credentials_error(
        "CredentialProcess", fmt::format("{} ended with status {}: {}", command[0], output->status,
                                         last_line(output->err))));
  return read_credentials_json(output->out, source);
}

Error CredentialSources::nothing_found() const {
  const auto& profiles = configuration_.profiles;
  std::string looked = fmt::format("profile {} in {} and {}", configuration_.profile_name,
                                   profiles.config_path, profiles.credentials_path);
  if (!configuration_.profile_from_options)
    looked = fmt::format(
        "AWS_ACCESS_KEY_ID in the environment; {}; the container's address (AWS_CONTAINER_..._URI, "
        "not "
        "set); the instance's metadata ({})",
        looked, instance_trouble_);
  return credentials_error("NoCredentials", "no credentials were found. Looked at: " + looked);
}

Outcome<Credentials> read_credentials_json(std::string_view text, const std::string& source) {
  const auto document = aws::from_json(text);
  if (!document || !document->is_struct())
    return failure(credentials_error("UnreadableCredentials", source + " did not give JSON"));
  const auto& json = *document;
  Credentials credentials{text_of(json, "AccessKeyId"), text_of(json, "SecretAccessKey"),
                          text_of(json, "SessionToken"), wall_time(text_of(json, "Expiration")),
                          source};
  if (credentials.session_token.empty()) credentials.session_token = text_of(json, "Token");
  if (credentials.access_key_id.empty() || credentials.secret_access_key.empty())
    return failure(
        credentials_error("UnreadableCredentials",
                          source + " gave no AccessKeyId and SecretAccessKey" +
                              (json.has("Message") || json.has("message")
                                   ? ": " + text_of(json, "Message") + text_of(json, "message")
                                   : std::string{})));
  return credentials;
}

std::optional<std::vector<std::string>> split_command(std::string_view text) {
  std::vector<std::string> words;
  std::string word;
  bool in_word = false;
  char quote = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quote != 0 && c == quote)
      quote = 0;
    else if (quote == 0 && (c == '\'' || c == '"'))
      quote = c, in_word = true;
    else if (c == '\\' && quote != '\'' && i + 1 < text.size()) {
      const char next = text[i + 1];
      const bool escapes = quote == 0 || next == '"' || next == '\\';
      if (escapes) ++i;
      word += escapes ? next : c;
      in_word = true;
    } else if (quote == 0 && (c == ' ' || c == '\t')) {
      if (in_word) words.push_back(std::move(word));
      word.clear();
      in_word = false;
    } else {
      word += c;
      in_word = true;
    }
  }
  if (quote != 0) return std::nullopt;
  if (in_word) words.push_back(std::move(word));
  return words;
}

}  // namespace sitelatch::client
