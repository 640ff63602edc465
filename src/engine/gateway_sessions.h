// SPDX-License-Identifier: Apache-2.0
// sts -> iam: roles and temporary credentials.
#pragma once

#include "services/iam/identities.h"
#include "services/sts/sts.h"

namespace sitelatch::engine {

class SessionsOfIam final : public sts::Sessions {
 public:
  explicit SessionsOfIam(const iam::Identities& identities) : identities_(identities) {}

  std::optional<sts::Role> find_role(std::string_view role_arn) const override;
  bool policy_exists(std::string_view policy_arn) const override;
  ports::Credentials of_role(const sts::RoleSession& session, Duration lifetime) override;
  ports::Credentials of_caller(const aws::Caller& caller, Duration lifetime) override;
  bool key_exists(std::string_view access_key_id) const override;

 private:
  const iam::Identities& identities_;
};

}  // namespace sitelatch::engine
