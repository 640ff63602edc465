// SPDX-License-Identifier: Apache-2.0
// Managed policies and their versions.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "services/iam/aws_managed.h"
#include "services/iam/iam.h"
#include "services/iam/iam_common.h"

namespace sitelatch::iam {
using aws::Value;

namespace {
constexpr std::size_t policy_size_quota = 6144;

aws::Outcome<Done> check_managed(const std::string& document) {
  const auto fine = check_document(document, aws::PolicyUse::identity);
  if (!fine) return fine;
  if (size_without_blanks(document) > policy_size_quota)
    return limit_exceeded(fmt::format("Cannot exceed quota for PolicySize: {}", policy_size_quota));
  return Done{};
}

aws::Outcome<Done> no_such_version(const ManagedPolicy& policy, const std::string& id) {
  return no_such_entity(
      fmt::format("Policy {} version {} does not exist or is not attachable.", policy.arn, id));
}
}  // namespace

Value version_value(const ManagedPolicy& policy, const PolicyVersion& version, bool with_document) {
  return Value::structure(
      {{"Document", with_document ? Value{percent_encode(version.document)} : Value{}},
       {"VersionId", version.id},
       {"IsDefaultVersion", version.id == policy.default_version},
       {"CreateDate", version.created}});
}

// Description is GetPolicy's alone (API Policy).
Value Iam::policy_value(const ManagedPolicy& p) const {
  return policy_value(p, directory_.uses_of(p.arn));
}

Value Iam::policy_value(const ManagedPolicy& p, const PolicyUses& uses) {
  return Value::structure({{"PolicyName", p.name},
                           {"PolicyId", p.id},
                           {"Arn", p.arn},
                           {"Path", p.path},
                           {"DefaultVersionId", p.default_version},
                           {"AttachmentCount", uses.attachments},
                           {"PermissionsBoundaryUsageCount", uses.boundaries},
                           {"IsAttachable", true},
                           {"CreateDate", p.created},
                           {"UpdateDate", p.updated}});
}

aws::Outcome<> Iam::create_policy(const Call& call) {
  const auto& in = call.input;
  ManagedPolicy policy;
  policy.name = in["PolicyName"].string();
  policy.path = in["Path"].string_or("/");
  policy.description = in["Description"].string_or("");
  policy.arn =
      fmt::format("arn:aws:iam::{}:policy{}{}", directory_.account(), policy.path, policy.name);
  const auto document = in["PolicyDocument"].string();
  if (const auto fine = check_managed(document); !fine) return failure(fine.error());
  if (const auto tags = add_tags(policy.tags, in["Tags"], aws::TagKeys::exact); !tags)
    return failure(tags.error());
  // By name, not by ARN: the path makes no second policy of one name (fact iam-1). AWS's own names
  // are free, as their ARNs have no account.
  const auto& own = directory_.own_policies();
  const bool taken = std::any_of(own.begin(), own.end(), [&](const auto& entry) {
    return equal_ignoring_case(entry.second.name, policy.name);
  });
  if (taken)
    return aws::refuse(
        "EntityAlreadyExists",
        fmt::format("A policy called {} already exists. Duplicate names are not allowed.",
                    policy.name));
  policy.versions = {{"v1", document, directory_.now()}};
  const auto& kept = directory_.add(std::move(policy));
  auto value = policy_value(kept);
  if (!kept.tags.empty()) value.set("Tags", aws::tag_list(kept.tags));
  return Value::structure({{"Policy", value}});
}

aws::Outcome<> Iam::get_policy(const Call& call) {
  const auto policy = require_policy(call.input["PolicyArn"]);
  if (!policy) return failure(policy.error());
  auto value = policy_value(**policy);
  if (!(*policy)->description.empty()) value.set("Description", (*policy)->description);
  value.set("Tags", aws::tag_list((*policy)->tags));
  return Value::structure({{"Policy", value}});
}

aws::Outcome<> Iam::delete_policy(const Call& call) {
  const auto policy = require_own_policy(call.input["PolicyArn"]);
  if (!policy) return failure(policy.error());
  const auto& p = **policy;
  const auto uses = directory_.uses_of(p.arn);
  if (uses.attachments || uses.boundaries)
    return delete_conflict_error("Cannot delete a policy attached to entities.");
  if (p.versions.size() > 1)
    return delete_conflict_error(
        "This policy has more than one version. Before you delete a policy, you must delete the "
        "policy's versions. The "
        "default version is deleted with the policy.");
  directory_.remove_policy(std::string{p.arn});  // a copy: the text goes with the policy
  return Value{};
}

aws::Outcome<> Iam::list_policies(const Call& call) {
  const auto scope = call.input["Scope"].string_or("All");
  const auto prefix = call.input["PathPrefix"].string_or("/");
  const auto usage = call.input["PolicyUsageFilter"].string_or("");
  const bool only_attached = call.input["OnlyAttached"].boolean_or(false);
  const auto uses = directory_.policy_uses();
  std::vector<std::pair<std::string, Value>> rows;
  const auto take = [&](const Directory::Policies& policies) {
    for (const auto& [arn, policy] : policies) {
      if (!policy.path.starts_with(prefix)) continue;
      const auto found = uses.find(arn);
      const auto use = found == uses.end() ? PolicyUses{} : found->second;
      if (only_attached && !use.attachments) continue;
      if (usage == "PermissionsPolicy" && !use.attachments) continue;
      if (usage == "PermissionsBoundary" && !use.boundaries) continue;
      rows.emplace_back(arn, policy_value(policy, use));
    }
  };
  if (scope != "AWS") take(directory_.own_policies());
  if (scope != "Local") take(aws_managed_policies());
  return sorted_page(call.input, "Policies", std::move(rows));
}

aws::Outcome<> Iam::create_policy_version(const Call& call) {
  const auto policy = require_own_policy(call.input["PolicyArn"]);
  if (!policy) return failure(policy.error());
  auto& p = **policy;
  const auto document = call.input["PolicyDocument"].string();
  if (const auto fine = check_managed(document); !fine) return failure(fine.error());
  if (p.versions.size() >= 5)
    return limit_exceeded(
        "A managed policy can have up to 5 versions. Before you create a new version, you must "
        "delete an existing "
        "version.");
  // Counted on when versions are deleted: an id never comes to mean another document.
  p.versions.push_back({fmt::format("v{}", p.next_version++), document, directory_.now()});
  if (call.input["SetAsDefault"].boolean_or(false)) p.default_version = p.versions.back().id;
  p.updated = directory_.now();
  directory_.save(p);
  return Value::structure({{"PolicyVersion", version_value(p, p.versions.back(), false)}});
}

aws::Outcome<> Iam::get_policy_version(const Call& call) {
  const auto policy = require_policy(call.input["PolicyArn"]);
  if (!policy) return failure(policy.error());
  const auto id = call.input["VersionId"].string();
  const auto* version = (*policy)->version(id);
  if (!version) return failure(no_such_version(**policy, id).error());
  return Value::structure({{"PolicyVersion", version_value(**policy, *version, true)}});
}

aws::Outcome<> Iam::list_policy_versions(const Call& call) {
  const auto policy = require_policy(call.input["PolicyArn"]);
  if (!policy) return failure(policy.error());
  std::vector<std::pair<std::string, Value>> rows;
  for (const auto& version : (*policy)->versions) {
    // Newest first, and keys of pages ascend: they count down.
    const auto number = parse_int(std::string_view{version.id}.substr(1)).value_or(0);
    rows.emplace_back(fmt::format("{:020}", 1'000'000'000 - number),
                      version_value(**policy, version, false));
  }
  std::reverse(rows.begin(), rows.end());
  return page(call.input, "Versions", std::move(rows));
}

aws::Outcome<> Iam::delete_policy_version(const Call& call) {
  const auto policy = require_own_policy(call.input["PolicyArn"]);
  if (!policy) return failure(policy.error());
  auto& p = **policy;
  const auto id = call.input["VersionId"].string();
  if (!p.version(id)) return failure(no_such_version(p, id).error());
  if (id == p.default_version)
    return delete_conflict_error("Cannot delete the default version of a policy.");
  std::erase_if(p.versions, [&](const PolicyVersion& v) { return v.id == id; });
  p.updated = directory_.now();
  directory_.save(p);
  return Value{};
}

aws::Outcome<> Iam::set_default_policy_version(const Call& call) {
  const auto policy = require_own_policy(call.input["PolicyArn"]);
  if (!policy) return failure(policy.error());
  const auto id = call.input["VersionId"].string();
  if (!(*policy)->version(id)) return failure(no_such_version(**policy, id).error());
  (*policy)->default_version = id;
  (*policy)->updated = directory_.now();
  directory_.save(**policy);
  return Value{};
}

aws::Outcome<> Iam::list_entities_for_policy(const Call& call) {
  const auto policy = require_policy(call.input["PolicyArn"]);
  if (!policy) return failure(policy.error());
  const auto& arn = (*policy)->arn;
  const auto filter = call.input["EntityFilter"].string_or("");
  const auto usage = call.input["PolicyUsageFilter"].string_or("");
  const auto prefix = call.input["PathPrefix"].string_or("/");
  struct Row {
    Kind kind;
    std::string filter, list, name, id;
  };
  const std::vector<Row> kinds{{Kind::group, "Group", "PolicyGroups", "GroupName", "GroupId"},
                               {Kind::user, "User", "PolicyUsers", "UserName", "UserId"},
                               {Kind::role, "Role", "PolicyRoles", "RoleName", "RoleId"}};
  // One list for the pages, in the order of groups, users, roles; taken apart again for the answer.
  std::vector<std::pair<std::string, Value>> rows;
  for (std::size_t i = 0; i < kinds.size(); ++i) {
    const auto& row = kinds[i];
    for (const auto& [key, entity] : directory_.all(row.kind)) {
      const bool attached =
          std::find(entity.attached.begin(), entity.attached.end(), arn) != entity.attached.end();
      const bool bounds = entity.boundary == arn;
      const bool counts = usage == "PermissionsBoundary" ? bounds
                          : usage == "PermissionsPolicy" ? attached
                                                         : attached || bounds;
      if (!counts || !entity.path.starts_with(prefix)) continue;
      if (!filter.empty() && filter != row.filter) continue;
      rows.emplace_back(std::to_string(i) + key,
                        Value::structure({{row.name, entity.name}, {row.id, entity.id}}));
    }
  }
  auto out = page(call.input, "Entities", std::move(rows));
  if (!out) return out;
  const auto entities = (*out)["Entities"];
  out->set("Entities", {});
  for (const auto& row : kinds) {
    auto list = Value::list();
    for (const auto& entity : entities.items())
      if (entity.has(row.name)) list.push(entity);
    out->set(row.list, std::move(list));
  }
  return out;
}

aws::Outcome<> Iam::tag_policy(const Call& call) {
  const auto policy = require_own_policy(call.input["PolicyArn"]);
  if (!policy) return failure(policy.error());
  const auto done = add_tags((*policy)->tags, call.input["Tags"], aws::TagKeys::exact);
  if (!done) return failure(done.error());
  directory_.save(**policy);
  return Value{};
}

aws::Outcome<> Iam::untag_policy(const Call& call) {
  const auto policy = require_own_policy(call.input["PolicyArn"]);
  if (!policy) return failure(policy.error());
  (*policy)->tags =
      aws::without_tags((*policy)->tags, call.input["TagKeys"].strings(), aws::TagKeys::exact);
  directory_.save(**policy);
  return Value{};
}

aws::Outcome<> Iam::list_policy_tags(const Call& call) {
  const auto policy = require_policy(call.input["PolicyArn"]);
  if (!policy) return failure(policy.error());
  return page_of_tags(call.input, (*policy)->tags);
}

}  // namespace sitelatch::iam
