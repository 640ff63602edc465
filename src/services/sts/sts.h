// SPDX-License-Identifier: Apache-2.0
// The STS API: who am I, temporary credentials for roles, for oneself and for others, by signature
// or by an identity provider's token (facts sts-2 to sts-4, sts-9 to sts-18). Roles, providers,
// devices and credentials are iam's; what STS needs of them is the interface Sessions, satisfied in
// engine/.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "aws/service/operation_table.h"
#include "aws/service/tags.h"
#include "ports/function_host.h"

namespace sitelatch::sts {

struct Role {
  std::string name, id, arn, trust_policy;
  std::int64_t max_session_s = 3600;
  aws::Tags tags;
};

struct WebIdentityProvider {
  std::string arn;
  std::vector<std::string> client_ids;
  std::string jwks;  // the keys of its issuer; empty: nobody gave them to the engine
};

struct RoleSession {
  std::string role_arn, name, policy;
  std::vector<std::string> policy_arns;
  aws::Tags tags;
  std::string source_identity;
  std::int64_t mfa_at_s = 0;  // wall time in seconds; 0: no one-time code was given
};

enum class MfaCheck { fine, not_this_users, wrong_code };

class Sessions {
 public:
  virtual std::optional<Role> find_role(std::string_view role_arn) const = 0;
  virtual bool policy_exists(std::string_view policy_arn) const = 0;
  virtual ports::Credentials of_role(const RoleSession& session, Duration lifetime) = 0;
  // Of a user or of root, as themselves; `mfa_at_s` as in RoleSession.
  virtual ports::Credentials of_caller(const aws::Caller& caller, std::int64_t mfa_at_s,
                                       Duration lifetime) = 0;
  // Of a federated user with rights of the caller's: `limits` has its name, policies and tags.
  virtual ports::Credentials of_federated(const aws::Caller& caller, const RoleSession& limits,
                                          Duration lifetime) = 0;
  // By its URL without "https://".
  virtual std::optional<WebIdentityProvider> web_identity_provider(std::string_view url) const = 0;
  virtual bool saml_provider_exists(std::string_view arn) const = 0;
  virtual MfaCheck check_mfa(const aws::Caller& caller, const std::string& serial,
                             const std::string& code) const = 0;
  virtual void use_mfa(const std::string& serial, const std::string& code) = 0;
  virtual std::int64_t wall_seconds() const = 0;
  virtual bool key_exists(std::string_view access_key_id) const = 0;

 protected:
  ~Sessions() = default;
};

class Sts final : public aws::TableService<Sts> {
 public:
  Sts(Sessions& sessions, std::string account);

  static const aws::OperationTable<Sts>& operation_table();
  std::string_view model_name() const override { return "sts"; }
  // Who has an identity provider's token signs nothing.
  bool allows_anonymous(std::string_view operation) const override {
    return operation == "AssumeRoleWithWebIdentity" || operation == "AssumeRoleWithSAML";
  }

 private:
  // What operations ask of IAM (operations.cc)
  using Question = std::vector<aws::Permission>;
  Question ask_to_assume_role(const aws::Call& call) const;
  Question ask_to_federate(const aws::Call& call) const;

  aws::Outcome<> get_caller_identity(const aws::Call& call);
  aws::Outcome<> assume_role(const aws::Call& call);
  aws::Outcome<> get_session_token(const aws::Call& call);
  aws::Outcome<> get_access_key_info(const aws::Call& call);
  aws::Outcome<> assume_role_with_web_identity(const aws::Call& call);
  aws::Outcome<> assume_role_with_saml(const aws::Call& call);
  aws::Outcome<> get_federation_token(const aws::Call& call);
  aws::Outcome<> decode_authorization_message(const aws::Call& call);
  aws::Outcome<> assume_root(const aws::Call& call);
  aws::Outcome<> get_web_identity_token(const aws::Call& call);
  aws::Outcome<> get_delegated_access_token(const aws::Call& call);

  aws::Outcome<Done> check_mfa(const aws::Call& call) const;  // where a code is given
  // Policies and tags of a request into the session; the share of the quota that they take.
  aws::Outcome<std::int64_t> take_limits(const aws::Value& input, RoleSession& session) const;
  aws::Outcome<> answer_role(const Role& role, const RoleSession& session, std::int64_t duration_s,
                             std::int64_t packed, aws::Value more);

  Sessions& sessions_;
  std::string account_;
};

}  // namespace sitelatch::sts
