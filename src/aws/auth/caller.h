// SPDX-License-Identifier: Apache-2.0
// The principal of a request, once its signature has been verified.
#pragma once

#include <string>

namespace sitelatch::aws {

// Who calls. `arn` is what GetCallerIdentity says and error texts name; `principal_arn` is
// aws:PrincipalArn (the role of a session). Root passes every policy; an anonymous caller has no
// ARN and only resource policies speak for it.
struct Caller {
  enum class Kind { root, user, role_session, anonymous };
  Kind kind = Kind::anonymous;
  std::string account;
  std::string arn;
  std::string principal_arn;
  std::string user_id;         // root: the account; user: AIDA...; session: AROA...:name
  std::string name;            // user or role name
  std::string session_name;    // of a role session
  std::string session_policy;  // JSON or empty
  std::string access_key_id;
};

}  // namespace sitelatch::aws
