// SPDX-License-Identifier: Apache-2.0
// The principal of a request, once its signature has been verified.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

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
  std::string user_id;       // root: the account; user: AIDA...; session: AROA...:name
  std::string name;          // user or role name
  std::string session_name;  // of a role session
  // What limits a session, and what policies may ask about it, stands here and is not looked up
  // when they are: nothing that happens in between can take a limit away.
  std::string session_policy;  // JSON or empty
  std::string access_key_id;
  std::vector<std::string> session_policy_arns = {};  // limits like session_policy
  std::map<std::string, std::string> session_tags = {};
  std::string source_identity = {};
  // Of temporary credentials: when a one-time code was given for them, in seconds of wall time; 0:
  // none was.
  std::int64_t mfa_at_s = 0;
  // A federated user: `kind` and `name` are those of who asked for it (`issuer_arn`), whose rights
  // it has as far as its session policies go. Without any it has none.
  bool federated = false;
  std::string issuer_arn = {};
};

}  // namespace sitelatch::aws
