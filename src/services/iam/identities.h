// SPDX-License-Identifier: Apache-2.0
// Who may sign, and what policies speak of them: the gateway's view of the directory.
// The root key pair is made at the first start and kept in the journal. Temporary credentials are
// stateless: the session token is a text with a MAC under a master key that the journal keeps, and
// the secret is derived from the access key id. So minting writes nothing, and sessions survive a
// restart; a session whose role or user was deleted (or made anew) is unknown. Expiry is wall time.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "aws/auth/policy.h"
#include "aws/service/service.h"
#include "aws/wire/error.h"
#include "base/recent.h"
#include "ports/function_host.h"
#include "ports/wall_clock.h"
#include "services/iam/directory.h"

namespace sitelatch::iam {

struct RootKey {
  std::string access_key_id, secret_access_key;
  Instant created{};
};

// What a session token carries.
struct Session {
  aws::Caller::Kind kind = aws::Caller::Kind::role_session;
  std::string access_key_id;
  std::string entity;                    // role or user name; empty: root
  std::string entity_id;                 // AROA..., AIDA...
  std::string name;                      // of a role session
  std::string policy;                    // session policy or empty
  std::vector<std::string> policy_arns;  // session policies by ARN
  aws::Tags tags;                        // session tags
  std::string source_identity;
  std::int64_t mfa_at_s = 0;  // when a one-time code was given; 0: none was
  bool federated = false;     // `name` is a federated user's
  WallInstant expires{};
};

struct KnownKey {
  std::string secret_access_key;
  aws::Caller caller;
};

// The root key pair as it stands in the journal: what stays when all else of an account begins
// anew, so that who holds it can go on.
std::vector<std::pair<std::string, std::string>> root_key_rows(const ports::Journal& journal);
void put_root_key_rows(ports::Journal& journal,
                       const std::vector<std::pair<std::string, std::string>>& rows);

class Identities {
 public:
  Identities(Directory& directory, ports::Journal& journal, const ports::WallClock& wall,
             ports::Entropy& entropy);

  const RootKey& root_key() const { return root_; }
  WallInstant wall_now() const { return wall_.now(); }
  aws::Caller root_caller() const;

  // Long-term keys without a token, temporary ones with theirs. InvalidClientTokenId: nobody's,
  // inactive, or the token is not that key's. ExpiredToken: it was.
  aws::Outcome<KnownKey> find_key(std::string_view access_key_id,
                                  std::string_view session_token) const;
  // Whether the key id is one of ours, valid or not: long-term, or of the form that sessions have
  // and with our token.
  bool knows(std::string_view access_key_id, std::string_view session_token) const;

  // Identity policies, boundary and session policy of a caller.
  aws::PolicySet policies_of(const aws::Caller& caller) const { return policies_of(caller, *this); }
  // The same, with what `known` knows of the caller's user or role (that of a while ago).
  aws::PolicySet policies_of(const aws::Caller& caller, const Identities& known) const;
  aws::PolicySet policies_of(const Entity& entity) const;
  // aws:username, aws:userid, aws:PrincipalTag/..., aws:PrincipalType, ... of a caller.
  void add_keys(const aws::Caller& caller, aws::ConditionKeys& keys) const;
  void add_keys(const Entity& entity, aws::ConditionKeys& keys) const;

  // Whether these temporary credentials were made or used lately, since the engine started.
  bool has_seen(const std::string& access_key_id) const { return seen_.contains(access_key_id); }

  // New temporary credentials; the session's access key id is made here. Nothing is written.
  ports::Credentials mint(Session session, Duration lifetime) const;
  // For services: their principal must be allowed by the role's trust policy. AccessDenied, or
  // NoSuchEntity.
  aws::Outcome<ports::Credentials> assume_role_for_service(std::string_view role_arn,
                                                           std::string_view session_name,
                                                           std::string_view service_principal,
                                                           Duration lifetime) const;
  // Whether it would: at CreateFunction.
  bool trusts_service(std::string_view role_arn, std::string_view service_principal) const;

  const Entity* role_by_arn(std::string_view role_arn) const;  // nullptr: none
  Directory& directory() const { return directory_; }

 private:
  std::string seal(const Session& session) const;
  std::optional<Session> open(std::string_view token) const;
  std::string secret_of(std::string_view access_key_id) const;
  aws::Outcome<KnownKey> find_session(std::string_view access_key_id, const Session& session) const;
  void add_policies(const Entity& entity, aws::PolicySet& set) const;

  Directory& directory_;
  const ports::WallClock& wall_;
  ports::Entropy& entropy_;
  RootKey root_;
  std::string master_key_;
  mutable aws::PolicyCache parsed_;
  mutable Recent<Session> opened_{1024};  // by token
  mutable Recent<Done> seen_{2048};       // access key ids of sessions
};

}  // namespace sitelatch::iam
