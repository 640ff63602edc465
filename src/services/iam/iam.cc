// SPDX-License-Identifier: Apache-2.0
#include "services/iam/iam.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "aws/arn.h"
#include "base/text.h"
#include "services/iam/iam_common.h"

namespace sitelatch::iam {
using aws::Value;

Iam::Iam(Identities& identities)
    : identities_(identities),
      directory_(identities.directory()),
      table_({{"CreateRole", &Iam::create_role},
              {"GetRole", &Iam::get_role},
              {"DeleteRole", &Iam::delete_role},
              {"UpdateRole", &Iam::update_role},
              {"UpdateRoleDescription", &Iam::update_role_description},
              {"UpdateAssumeRolePolicy", &Iam::update_assume_role_policy},
              {"ListRoles", &Iam::list_roles},
              {"ListInstanceProfiles", &Iam::list_instance_profiles},
              {"ListInstanceProfilesForRole", &Iam::list_instance_profiles_for_role},
              {"CreateUser", &Iam::create_user},
              {"GetUser", &Iam::get_user},
              {"UpdateUser", &Iam::update_user},
              {"DeleteUser", &Iam::delete_user},
              {"ListUsers", &Iam::list_users},
              {"CreateAccessKey", &Iam::create_access_key},
              {"UpdateAccessKey", &Iam::update_access_key},
              {"DeleteAccessKey", &Iam::delete_access_key},
              {"ListAccessKeys", &Iam::list_access_keys},
              {"CreateGroup", &Iam::create_group},
              {"GetGroup", &Iam::get_group},
              {"DeleteGroup", &Iam::delete_group},
              {"ListGroups", &Iam::list_groups},
              {"AddUserToGroup", &Iam::add_user_to_group},
              {"RemoveUserFromGroup", &Iam::remove_user_from_group},
              {"ListGroupsForUser", &Iam::list_groups_for_user},
              {"AttachRolePolicy", &Iam::attach_policy<Kind::role>},
              {"AttachUserPolicy", &Iam::attach_policy<Kind::user>},
              {"AttachGroupPolicy", &Iam::attach_policy<Kind::group>},
              {"DetachRolePolicy", &Iam::detach_policy<Kind::role>},
              {"DetachUserPolicy", &Iam::detach_policy<Kind::user>},
              {"DetachGroupPolicy", &Iam::detach_policy<Kind::group>},
              {"ListAttachedRolePolicies", &Iam::list_attached_policies<Kind::role>},
              {"ListAttachedUserPolicies", &Iam::list_attached_policies<Kind::user>},
              {"ListAttachedGroupPolicies", &Iam::list_attached_policies<Kind::group>},
              {"PutRolePolicy", &Iam::put_inline_policy<Kind::role>},
              {"PutUserPolicy", &Iam::put_inline_policy<Kind::user>},
              {"PutGroupPolicy", &Iam::put_inline_policy<Kind::group>},
              {"GetRolePolicy", &Iam::get_inline_policy<Kind::role>},
              {"GetUserPolicy", &Iam::get_inline_policy<Kind::user>},
              {"GetGroupPolicy", &Iam::get_inline_policy<Kind::group>},
              {"DeleteRolePolicy", &Iam::delete_inline_policy<Kind::role>},
              {"DeleteUserPolicy", &Iam::delete_inline_policy<Kind::user>},
              {"DeleteGroupPolicy", &Iam::delete_inline_policy<Kind::group>},
              {"ListRolePolicies", &Iam::list_inline_policies<Kind::role>},
              {"ListUserPolicies", &Iam::list_inline_policies<Kind::user>},
              {"ListGroupPolicies", &Iam::list_inline_policies<Kind::group>},
              {"PutRolePermissionsBoundary", &Iam::put_boundary<Kind::role>},
              {"PutUserPermissionsBoundary", &Iam::put_boundary<Kind::user>},
              {"DeleteRolePermissionsBoundary", &Iam::delete_boundary<Kind::role>},
              {"DeleteUserPermissionsBoundary", &Iam::delete_boundary<Kind::user>},
              {"TagRole", &Iam::tag_entity<Kind::role>},
              {"TagUser", &Iam::tag_entity<Kind::user>},
              {"UntagRole", &Iam::untag_entity<Kind::role>},
              {"UntagUser", &Iam::untag_entity<Kind::user>},
              {"ListRoleTags", &Iam::list_entity_tags<Kind::role>},
              {"ListUserTags", &Iam::list_entity_tags<Kind::user>},
              {"CreatePolicy", &Iam::create_policy},
              {"GetPolicy", &Iam::get_policy},
              {"DeletePolicy", &Iam::delete_policy},
              {"ListPolicies", &Iam::list_policies},
              {"CreatePolicyVersion", &Iam::create_policy_version},
              {"GetPolicyVersion", &Iam::get_policy_version},
              {"ListPolicyVersions", &Iam::list_policy_versions},
              {"DeletePolicyVersion", &Iam::delete_policy_version},
              {"SetDefaultPolicyVersion", &Iam::set_default_policy_version},
              {"ListEntitiesForPolicy", &Iam::list_entities_for_policy},
              {"TagPolicy", &Iam::tag_policy},
              {"UntagPolicy", &Iam::untag_policy},
              {"ListPolicyTags", &Iam::list_policy_tags},
              {"GetAccountSummary", &Iam::get_account_summary},
              {"ListAccountAliases", &Iam::list_account_aliases},
              {"SimulatePrincipalPolicy", &Iam::simulate_principal_policy},
              {"SimulateCustomPolicy", &Iam::simulate_custom_policy}}) {}

void Iam::handle(const Call& call, aws::Answer answer) {
  const auto handler = table_.find(call.operation);
  ENSURE(handler, "iam: asked for an operation that is not in its table");
  answer((this->*handler)(call));
}

// --- What an operation asks (aws-semantics.md §13.2) ---

namespace {
void add_tag_keys(const Value& input, aws::ConditionKeys& keys) {
  for (const auto& name : input["TagKeys"].strings()) keys.add("aws:TagKeys", name);
  for (const auto& tag : input["Tags"].items()) {
    keys.add_tag("aws:RequestTag", tag["Key"].string(), tag["Value"].string_or(""));
    keys.add("aws:TagKeys", tag["Key"].string());
  }
}

bool without_resource(std::string_view operation) {
  static constexpr std::array<std::string_view, 8> names = {"ListRoles",
                                                            "ListPolicies",
                                                            "ListUsers",
                                                            "ListGroups",
                                                            "ListAccountAliases",
                                                            "GetAccountSummary",
                                                            "ListInstanceProfiles",
                                                            "SimulateCustomPolicy"};
  return std::find(names.begin(), names.end(), operation) != names.end();
}
}  // namespace

std::vector<aws::Permission> Iam::authorisation(const Call& call) const {
  aws::Permission asked;
  asked.action = "iam:" + std::string{call.operation};
  add_tag_keys(call.input, asked.keys);
  const auto& input = call.input;

  const auto about_entity = [&](Kind kind, const std::string& name) {
    Entity future;
    future.kind = kind;
    future.name = name;
    future.path = input["Path"].string_or("/");
    const auto* existing = directory_.find(kind, name);
    const auto& entity = existing ? *existing : future;
    asked.resources = {directory_.arn(entity)};
    for (const auto& tag : entity.tags) {
      asked.keys.add_tag("aws:ResourceTag", tag.key, tag.value);
      asked.keys.add_tag("iam:ResourceTag", tag.key, tag.value);
    }
    const auto boundary = input["PermissionsBoundary"].string_or(entity.boundary);
    if (!boundary.empty()) asked.keys.set("iam:PermissionsBoundary", boundary);
    if (input.has("PolicyArn")) asked.keys.set("iam:PolicyARN", input["PolicyArn"].string());
  };

  if (without_resource(call.operation)) {
    asked.resources = {"*"};
  } else if (input.has("RoleName")) {
    about_entity(Kind::role, input["RoleName"].string());
  } else if (input.has("GroupName")) {
    about_entity(Kind::group, input["GroupName"].string());
  } else if (input.has("UserName")) {
    about_entity(Kind::user, input["UserName"].string());
  } else if (input.has("PolicyArn")) {
    asked.resources = {input["PolicyArn"].string()};
    if (const auto* policy = directory_.policy(input["PolicyArn"].string()))
      for (const auto& tag : policy->tags)
        asked.keys.add_tag("aws:ResourceTag", tag.key, tag.value);
  } else if (input.has("PolicyName")) {
    asked.resources = {fmt::format("arn:aws:iam::{}:policy{}{}", call.account,
                                   input["Path"].string_or("/"), input["PolicyName"].string())};
  } else if (input.has("PolicySourceArn")) {
    asked.resources = {input["PolicySourceArn"].string()};
  } else if (call.caller.kind == aws::Caller::Kind::user) {
    about_entity(Kind::user, call.caller.name);  // GetUser, CreateAccessKey, ... of the caller
  } else {
    asked.resources = {fmt::format("arn:aws:iam::{}:root", call.account)};
  }
  const bool moves = input.has("NewUserName") || input.has("NewPath");
  const auto* user = call.operation == "UpdateUser" && moves
                         ? directory_.find(Kind::user, input["UserName"].string_or(""))
                         : nullptr;
  if (!user) return {asked};
  // A new name or path takes the right on what the user becomes, too (fact iam-19).
  Entity moved;
  moved.kind = Kind::user;
  moved.name = input["NewUserName"].string_or(user->name);
  moved.path = input["NewPath"].string_or(user->path);
  auto becomes = asked;
  becomes.resources = {directory_.arn(moved)};
  return {std::move(asked), std::move(becomes)};
}

// --- Common ---

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
                               {"AccountAccessKeysPresent", 1},
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
