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

aws::Outcome<const ManagedPolicy*> Iam::require_policy(const Value& arn) {
  const auto valid = check_arn(arn.string_or(""));
  if (!valid) return failure(valid.error());
  const auto* policy = std::as_const(directory_).policy(arn.string());
  if (!policy) return no_such_entity(fmt::format("Policy {} was not found.", arn.string()));
  return policy;
}

aws::Outcome<ManagedPolicy*> Iam::require_own_policy(const Value& arn) {
  const auto policy = require_policy(arn);
  if (!policy) return failure(policy.error());
  if ((*policy)->of_aws)
    return aws::refuse("AccessDenied", "Policy is outside your own account.", 403);
  return directory_.own_policy((*policy)->arn);
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
  // Nothing goes with an entity: what hangs on it is taken away first (facts iam-24, iam-28).
  if (entity.kind == Kind::role)
    for (const auto& [key, profile] : directory_.holdings().instance_profiles.all())
      if (profile.role_id == entity.id)
        return delete_conflict_error(
            "Cannot delete entity, must remove roles from instance profile first.");
  if (!entity.attached.empty())
    return delete_conflict_error("Cannot delete entity, must detach all policies first.");
  if (!entity.inline_policies.empty())
    return delete_conflict_error("Cannot delete entity, must delete policies first.");
  if (!entity.keys.empty())
    return delete_conflict_error("Cannot delete entity, must delete access keys first.");
  if (entity.credentials.login)
    return delete_conflict_error("Cannot delete entity, must delete login profile first.");
  if (!devices_of(entity).empty())
    return delete_conflict_error("Cannot delete entity, must delete MFA device first.");
  if (!entity.credentials.certificates.empty())
    return delete_conflict_error("Cannot delete entity, must delete certificates first.");
  if (!entity.credentials.ssh_keys.empty() || !entity.credentials.for_services.empty())
    return delete_conflict_error("Cannot delete entity, must remove referenced objects first.");
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
  const auto& holdings = directory_.holdings();
  const auto size = [](const auto& of) { return static_cast<std::int64_t>(of.size()); };
  std::int64_t versions = 0;
  for (const auto& [arn, policy] : directory_.own_policies()) versions += size(policy.versions);
  const auto in_use =
      std::count_if(holdings.mfa_devices.all().begin(), holdings.mfa_devices.all().end(),
                    [](const auto& entry) { return !entry.second.user_id.empty(); });
  // Quotas: fact iam-14 and, of what is not here, AWS's defaults.
  auto map = Value::structure(
      {{"Users", count(Kind::user)},
       {"UsersQuota", 5000},
       {"Groups", count(Kind::group)},
       {"GroupsQuota", 300},
       {"Roles", count(Kind::role)},
       {"RolesQuota", 1000},
       {"Policies", size(directory_.own_policies())},
       {"PoliciesQuota", 1500},
       {"PolicySizeQuota", 6144},
       {"PolicyVersionsInUse", versions},
       {"PolicyVersionsInUseQuota", 10000},
       {"VersionsPerPolicyQuota", 5},
       {"AttachedPoliciesPerRoleQuota", 10},
       {"AttachedPoliciesPerUserQuota", 10},
       {"AttachedPoliciesPerGroupQuota", 10},
       {"AssumeRolePolicySizeQuota", 2048},
       {"AccessKeysPerUserQuota", 2},
       {"GroupsPerUserQuota", 10},
       {"UserPolicySizeQuota", 2048},
       {"RolePolicySizeQuota", 10240},
       {"GroupPolicySizeQuota", 5120},
       {"InstanceProfiles", size(holdings.instance_profiles.all())},
       {"InstanceProfilesQuota", 1000},
       {"AccountAccessKeysPresent", 1},  // root's, made by the engine
       {"AccountMFAEnabled", 0},
       {"AccountPasswordPresent", 0},
       {"AccountSigningCertificatesPresent", 0},
       {"SigningCertificatesPerUserQuota", 2},
       {"MFADevices", size(holdings.mfa_devices.all())},
       {"MFADevicesInUse", static_cast<std::int64_t>(in_use)},
       {"ServerCertificates", size(holdings.server_certificates.all())},
       {"ServerCertificatesQuota", 20},
       {"Providers", size(holdings.oidc_providers.all()) + size(holdings.saml_providers.all())},
       {"GlobalEndpointTokenVersion", holdings.settings().token_version == "v2Token" ? 2 : 1}});
  return Value::structure({{"SummaryMap", map}});
}

}  // namespace sitelatch::iam
