// SPDX-License-Identifier: Apache-2.0
// The directory of identities: users, roles, groups and managed policies, typed, in memory, written
// through to the journal (tables iam.users, iam.roles, iam.groups: key is the lower-case name;
// iam.policies: key is the ARN), and with them what else an account's IAM holds (holdings.h). It
// keeps no rules beyond uniqueness; what AWS allows is decided in iam_*.cc.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "aws/service/tags.h"
#include "base/time.h"
#include "ports/entropy.h"
#include "ports/journal.h"
#include "ports/timers.h"
#include "services/iam/credentials.h"
#include "services/iam/holdings.h"
#include "services/iam/usage.h"

namespace sitelatch::iam {

enum class Kind { user, role, group };

// A user, a role or a group. Names are unique without regard to case, and keep the case they were
// made with.
struct Entity {
  Kind kind = Kind::role;
  std::string name, path = "/", id;
  Instant created{};
  std::map<std::string, std::string> inline_policies;  // name -> document
  std::vector<std::string> attached;                   // policy ARNs, in order of attachment
  std::string boundary;                                // policy ARN or empty
  aws::Tags tags;
  // Roles:
  std::string trust, description;
  std::int64_t max_session_s = 3600;
  // Users:
  std::vector<AccessKey> keys;
  Credentials credentials;
  std::set<std::string> groups;  // lower-case names; here, because policies are looked up by user
};

struct PolicyVersion {
  std::string id, document;  // "v1"
  Instant created{};
};

struct ManagedPolicy {
  std::string name, path = "/", id, arn, description;
  Instant created{}, updated{};
  std::vector<PolicyVersion> versions;  // oldest first
  std::string default_version = "v1";
  std::int64_t next_version = 2;
  aws::Tags tags;
  bool of_aws = false;

  const PolicyVersion* version(std::string_view version_id) const;
  const std::string& document() const;  // of the default version
};

struct PolicyUses {
  std::int64_t attachments = 0, boundaries = 0;
};

class Directory {
 public:
  Directory(ports::Journal& journal, ports::Timers& timers, ports::Entropy& entropy,
            std::string account);

  const std::string& account() const { return account_; }
  Instant now() const { return timers_.now(); }

  using Entities = std::map<std::string, Entity>;  // by lower-case name
  const Entities& all(Kind kind) const { return entities_[static_cast<std::size_t>(kind)]; }
  Entity* find(Kind kind, std::string_view name);
  const Entity* find(Kind kind, std::string_view name) const;
  std::string arn(const Entity& entity) const;
  // Gives it an id and the time of its making, and keeps it. The name must be free.
  Entity& add(Entity entity);
  void save(const Entity& entity);
  // Under a new name, which must be free but for itself in another case: id, keys and policies
  // stay, the row moves.
  void move(Entity entity, std::string_view old_name);
  void remove(Kind kind, std::string_view name);

  using Policies = std::map<std::string, ManagedPolicy, std::less<>>;  // by ARN
  const Policies& own_policies() const { return policies_; }
  ManagedPolicy* own_policy(std::string_view arn);
  const ManagedPolicy* policy(std::string_view arn) const;  // the account's or AWS's
  ManagedPolicy& add(ManagedPolicy policy);
  void save(const ManagedPolicy& policy);
  void remove_policy(const std::string& arn);
  // Counted when asked for: there is nothing to keep in step.
  PolicyUses uses_of(std::string_view policy_arn) const;
  std::map<std::string, PolicyUses, std::less<>> policy_uses() const;  // of all that have any

  // Users by access key id; nullptr: nobody's.
  const Entity* owner_of_key(std::string_view access_key_id) const;
  AccessKey new_access_key();
  std::string new_id(std::string_view prefix);  // "AROA" + 17
  std::string new_uuid() { return ports::uuid(entropy_); }
  std::string random(std::size_t length, std::string_view alphabet);
  // nullptr: nobody's, any more.
  Entity* by_id(Kind kind, std::string_view id);
  const Entity* by_id(Kind kind, std::string_view id) const;

  Holdings& holdings() { return holdings_; }
  const Holdings& holdings() const { return holdings_; }
  // Who used what and when, which every signed request adds to.
  Usage& usage() { return usage_; }
  const Usage& usage() const { return usage_; }

 private:
  void load();
  void index_keys(const Entity& user);

  ports::Journal& journal_;
  ports::Timers& timers_;
  ports::Entropy& entropy_;
  std::string account_;
  Entities entities_[3];
  Policies policies_;
  std::unordered_map<std::string, std::string>
      key_owners_;  // access key id -> lower-case user name
  Holdings holdings_;
  Usage usage_;
};

}  // namespace sitelatch::iam
