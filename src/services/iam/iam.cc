// SPDX-License-Identifier: Apache-2.0
#include "services/iam/iam.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "aws/auth/arn.h"
#include "base/text.h"
#include "services/iam/iam_common.h"

namespace sitelatch::iam {
using aws::Value;

Iam::Iam(Identities& identities) : identities_(identities), directory_(identities.directory()) {}

aws::Outcome<Entity*> Iam::require(Kind kind, const Call& call) {
  const auto name = call.input[name_member(kind)].string_or("");
  auto* entity = directory_.find(kind, name);
  if (!entity)
    return no_such_entity(fmt::format("The {} with name {} cannot be found.", word(kind), name));
  return entity;
}

aws::Outcome<ManagedPolicy*> Iam::require_policy(const Value& arn) {
  const auto valid = check_arn(arn.string_or(""));
  if (!valid) return failure(valid.error());
  auto* policy = directory_.policy(arn.string());
  if (!policy) return no_such_entity(fmt::format("Policy {} was not found.", arn.string()));
  return policy;
}

aws::Outcome<ManagedPolicy*> Iam::require_own_policy(const Value& arn) {
  auto policy = require_policy(arn);
  if (policy && (*policy)->of_aws)
    return aws::refuse("AccessDenied", "Policy is outside your own account.", 403);
  return policy;
}

aws::Outcome<Done> Iam::check_boundary(const std::string& policy_arn) const {
  const auto valid = check_arn(policy_arn);
  if (!valid) return valid;
  if (!directory_.policy(policy_arn))
    return no_such_entity(
        fmt::format("Scope ARN: {} does not exist or is not attachable.", policy_arn));
  return Done{};
}

aws::Outcome<Done> Iam::delete_conflict(const Entity& entity) const {
  // Nothing goes with an entity: what hangs on it is taken away first (fact iam-24).
  if (!entity.attached.empty())
    return delete_conflict_error("Cannot delete entity, must detach all policies first.");
  if (!entity.inline_policies.empty())
    return delete_conflict_error("Cannot delete entity, must delete policies first.");
  if (!entity.keys.empty())
    return delete_conflict_error("Cannot delete entity, must delete access keys first.");
  if (!entity.groups.empty())
    return delete_conflict_error("Cannot delete entity, must remove users from group first.");
  return Done{};
}

Value Iam::boundary_value(const Entity& entity) const {
  if (entity.boundary.empty()) return {};
  return Value::structure(
      {{"PermissionsBoundaryType", "Policy"}, {"PermissionsBoundaryArn", entity.boundary}});
}

aws::Outcome<> Iam::get_account_summary(const Call&) {
  const auto count = [&](Kind kind) {
    return static_cast<std::int64_t>(directory_.all(kind).size());
  };
  const auto own_policies =
      std::count_if(directory_.policies().begin(), directory_.policies().end(),
                    [](const auto& entry) { return !entry.second.of_aws; });
  // Quotas: fact iam-14 and, of what is not here, AWS's defaults.
  auto map = Value::structure({{"Users", count(Kind::user)},
                               {"UsersQuota", 5000},
                               {"Groups", count(Kind::group)},
                               {"GroupsQuota", 300},
                               {"Roles", count(Kind::role)},
                               {"RolesQuota", 1000},
                               {"Policies", static_cast<std::int64_t>(own_policies)},
                               {"PoliciesQuota", 1500},
                               {"PolicySizeQuota", 6144},
                               {"PolicyVersionsInUseQuota", 10000},
                               {"VersionsPerPolicyQuota", 5},
                               {"AttachedPoliciesPerRoleQuota", 10},
                               {"AttachedPoliciesPerUserQuota", 10},
                               {"AttachedPoliciesPerGroupQuota", 10},
                               {"AssumeRolePolicySizeQuota", 2048},
                               {"AccessKeysPerUserQuota", 2},
                               {"GroupsPerUserQuota", 10},
                               {"UserPolicySizeQuota", 2048},
                               {"GroupPolicySizeQuota", 5120},
                               {"InstanceProfiles", 0},
                               {"InstanceProfilesQuota", 1000},
                               {"AccountAccessKeysPresent", 1},  // root's, made by the engine
                               {"AccountMFAEnabled", 0},
                               {"MFADevices", 0},
                               {"MFADevicesInUse", 0},
                               {"ServerCertificates", 0},
                               {"ServerCertificatesQuota", 20},
                               {"Providers", 0}});
  return Value::structure({{"SummaryMap", map}});
}

aws::Outcome<> Iam::list_account_aliases(const Call& call) {
  return page(call.input, "AccountAliases", {});
}

}  // namespace sitelatch::iam
