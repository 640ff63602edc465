// SPDX-License-Identifier: Apache-2.0
// Finding credentials where the SDKs find them, in their order (fact client-4):
//   --profile, when given: that profile only
//   AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN
//   the profile: role_arn with source_profile or credential_source; web identity (its variables
//     first); SSO and `aws
//     login` through the aws CLI; keys; credential_process
//   the container's address; the instance's metadata, version 2
// The first source that is configured decides: when it fails, that is the error, not "no
// credentials".
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "client/configuration.h"
#include "client/transport.h"
#include "ports/entropy.h"

namespace sitelatch::client {

struct Credentials {
  std::string access_key_id;
  std::string secret_access_key;
  std::string session_token;
  std::optional<WallInstant> expiration;
  std::string source;  // "the environment", "profile ops (role arn:...)": for people
};

class CredentialSources {
 public:
  // An STS call on behalf of a role, with the given credentials, or unsigned without any.
  using Sts = std::function<Outcome<Value>(std::string_view operation, const Value& input,
                                           const Credentials* credentials)>;

  CredentialSources(const Configuration& configuration, Environment& environment,
                    ports::Entropy& entropy, Transport& transport, Sts sts);

  // One whole search, each time.
  Outcome<Credentials> find();

 private:
  using Found = Outcome<std::optional<Credentials>>;  // nothing: this source is not configured

  Found from_environment();
  Found from_profile(const std::string& name, std::vector<std::string> visited);
  Found from_role(const std::string& name, const Section& profile,
                  std::vector<std::string> visited);
  Found from_web_identity(const std::string& name, const Section& profile);
  Found from_aws_cli(const std::string& name, const Section& profile);
  Found from_process(const std::string& name, const Section& profile);
  Found from_container();
  Found from_instance();

  Outcome<Credentials> role_source(const std::string& name, const Section& profile,
                                   std::vector<std::string> visited);
  Outcome<Credentials> assumed(std::string_view operation, const Value& input,
                               const Credentials* with, std::string source);
  Outcome<Credentials> run_for_credentials(const std::vector<std::string>& command,
                                           const std::string& source);
  Outcome<aws::HttpResponse> ask_host(const std::string& url, aws::HttpRequest request,
                                      std::chrono::milliseconds limit);
  std::string variable(std::string_view name) const {
    return environment_.variable(name).value_or("");
  }
  std::string session_name();
  Error nothing_found() const;

  const Configuration& configuration_;
  Environment& environment_;
  ports::Entropy& entropy_;
  Transport& transport_;
  Sts sts_;
  std::string instance_trouble_;  // why the metadata service gave none, for the sentence
};

// What credential_process, `aws configure export-credentials` (Version 1) and the container's
// address (Token) print.
Outcome<Credentials> read_credentials_json(std::string_view text, const std::string& source);

// "a 'b c' d" as a shell would split it; nothing when a quote is left open.
std::optional<std::vector<std::string>> split_command(std::string_view text);

}  // namespace sitelatch::client
