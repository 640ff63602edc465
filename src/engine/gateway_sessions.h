// SPDX-License-Identifier: Apache-2.0
// sts -> iam: roles and temporary credentials.
#pragma once

#include <map>
#include <string>

#include "services/iam/identities.h"
#include "services/sts/sts.h"

namespace sitelatch::engine {

class SessionsOfIam final : public sts::Sessions {
 public:
  // The keys of issuers of web identity tokens: JWKS by URL without "https://".
  using IssuerKeys = std::map<std::string, std::string, std::less<>>;

  explicit SessionsOfIam(const iam::Identities& identities, IssuerKeys keys = {})
      : identities_(identities), keys_(std::move(keys)) {}

  std::optional<sts::Role> find_role(std::string_view role_arn) const override;
  bool policy_exists(std::string_view policy_arn) const override;
  ports::Credentials of_role(const sts::RoleSession& session, Duration lifetime) override;
  ports::Credentials of_caller(const aws::Caller& caller, std::int64_t mfa_at_s,
                               Duration lifetime) override;
  ports::Credentials of_federated(const aws::Caller& caller, const sts::RoleSession& limits,
                                  Duration lifetime) override;
  std::optional<sts::WebIdentityProvider> web_identity_provider(
      std::string_view url) const override;
  bool saml_provider_exists(std::string_view arn) const override;
  sts::MfaCheck check_mfa(const aws::Caller& caller, const std::string& serial,
                          const std::string& code) const override;
  void use_mfa(const std::string& serial, const std::string& code) override;
  std::int64_t wall_seconds() const override;
  bool key_exists(std::string_view access_key_id) const override;

 private:
  std::optional<std::int64_t> step_of(const std::string& serial, const std::string& code) const;

  const iam::Identities& identities_;
  IssuerKeys keys_;
};

}  // namespace sitelatch::engine
