// SPDX-License-Identifier: Apache-2.0
#include "engine/gateway_sessions.h"

#include "base/check.h"

namespace sitelatch::engine {

std::optional<sts::Role> SessionsOfIam::find_role(std::string_view role_arn) const {
  const auto* role = identities_.role_by_arn(role_arn);
  if (!role) return std::nullopt;
  sts::Role out;
  out.name = role->name;
  out.id = role->id;
  out.arn = role_arn;
  out.trust_policy = role->trust;
  out.max_session_s = role->max_session_s;
  out.tags = role->tags;
  return out;
}

bool SessionsOfIam::policy_exists(std::string_view policy_arn) const {
  const iam::Directory& directory = identities_.directory();
  return directory.policy(policy_arn) != nullptr;
}

ports::Credentials SessionsOfIam::of_role(const sts::RoleSession& session, Duration lifetime) {
  const auto* role = identities_.role_by_arn(session.role_arn);
  ENSURE(role, "credentials asked for a role that is not there");
  iam::Session made;
  made.kind = aws::Caller::Kind::role_session;
  made.entity = role->name;
  made.entity_id = role->id;
  made.name = session.name;
  made.policy = session.policy;
  made.policy_arns = session.policy_arns;
  made.tags = session.tags;
  made.source_identity = session.source_identity;
  return identities_.mint(std::move(made), lifetime);
}

ports::Credentials SessionsOfIam::of_caller(const aws::Caller& caller, Duration lifetime) {
  iam::Session made;
  made.kind = caller.kind;
  if (caller.kind == aws::Caller::Kind::user) {
    made.entity = caller.name;
    made.entity_id = caller.user_id;
  }
  return identities_.mint(std::move(made), lifetime);
}

bool SessionsOfIam::key_exists(std::string_view access_key_id) const {
  return access_key_id == identities_.root_key().access_key_id ||
         identities_.directory().owner_of_key(access_key_id) != nullptr ||
         identities_.has_seen(std::string{access_key_id});
}

}  // namespace sitelatch::engine
