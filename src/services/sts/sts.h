// SPDX-License-Identifier: Apache-2.0
// The STS API: who am I, temporary credentials for roles and for oneself (facts sts-2 to sts-4,
// sts-9, sts-10). Roles and credentials are iam's; what STS needs of them is the interface
// Sessions, satisfied in engine/.
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

struct RoleSession {
  std::string role_arn, name, policy;
  std::vector<std::string> policy_arns;
  aws::Tags tags;
  std::string source_identity;
};

class Sessions {
 public:
  virtual std::optional<Role> find_role(std::string_view role_arn) const = 0;
  virtual bool policy_exists(std::string_view policy_arn) const = 0;
  virtual ports::Credentials of_role(const RoleSession& session, Duration lifetime) = 0;
  // Of a user or of root, as themselves.
  virtual ports::Credentials of_caller(const aws::Caller& caller, Duration lifetime) = 0;
  virtual bool key_exists(std::string_view access_key_id) const = 0;

 protected:
  ~Sessions() = default;
};

class Sts final : public aws::TableService<Sts> {
 public:
  Sts(Sessions& sessions, std::string account);

  static const aws::OperationTable<Sts>& operation_table();
  std::string_view model_name() const override { return "sts"; }

 private:
  // What operations ask of IAM (operations.cc)
  using Question = std::vector<aws::Permission>;
  Question ask_to_assume_role(const aws::Call& call) const;

  aws::Outcome<> get_caller_identity(const aws::Call& call);
  aws::Outcome<> assume_role(const aws::Call& call);
  aws::Outcome<> get_session_token(const aws::Call& call);
  aws::Outcome<> get_access_key_info(const aws::Call& call);

  Sessions& sessions_;
  std::string account_;
};

}  // namespace sitelatch::sts
