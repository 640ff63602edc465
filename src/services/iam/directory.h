// SPDX-License-Identifier: Apache-2.0
// The directory of identities: users, roles, groups and managed policies, typed, in memory, written
// through to the journal (tables iam.users, iam.roles, iam.groups: key is the lower-case name;
// iam.policies: key is the ARN). It keeps no rules beyond uniqueness; what AWS allows is decided in
// iam_*.cc.
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

namespace sitelatch::iam {

enum class Kind { user, role, group };

struct AccessKey {
  std::string id, secret;
  bool active = true;
  Instant created{};
};

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
  void remove(Kind kind, std::string_view name);

  using Policies = std::map<std::string, ManagedPolicy, std::less<>>;  // by ARN
  const Policies& policies() const { return policies_; }
  ManagedPolicy* policy(std::string_view arn);
  const ManagedPolicy* policy(std::string_view arn) const;
  ManagedPolicy& add(ManagedPolicy policy);
  void save(const ManagedPolicy& policy);
  void remove_policy(const std::string& arn);
  // Counted when asked for: there is nothing to keep in step.
  std::int64_t attachments(std::string_view policy_arn) const;
  std::int64_t boundary_uses(std::string_view policy_arn) const;

  // Users by access key id; nullptr: nobody's.
  const Entity* owner_of_key(std::string_view access_key_id) const;
  AccessKey new_access_key();
  std::string new_id(std::string_view prefix);  // "AROA" + 17

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
};

}  // namespace sitelatch::iam
