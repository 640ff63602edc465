// SPDX-License-Identifier: Apache-2.0
// The operations, and what each asks of IAM (fact iam-23).
#include <fmt/format.h>

#include "services/iam/iam.h"

namespace sitelatch::iam {
const aws::OperationTable<Iam>& Iam::operation_table() {
  static const aws::OperationTable<Iam> table{
      "iam",
      {
          {"CreateRole", &Iam::create_role, &Iam::ask_of_named},
          {"GetRole", &Iam::get_role, &Iam::ask_of_named},
          {"DeleteRole", &Iam::delete_role, &Iam::ask_of_named},
          {"UpdateRole", &Iam::update_role, &Iam::ask_of_named},
          {"UpdateRoleDescription", &Iam::update_role_description, &Iam::ask_of_named},
          {"UpdateAssumeRolePolicy", &Iam::update_assume_role_policy, &Iam::ask_of_named},
          {"ListRoles", &Iam::list_roles, &Iam::ask_of_everything},
          {"ListInstanceProfiles", &Iam::list_instance_profiles, &Iam::ask_of_everything},
          {"ListInstanceProfilesForRole", &Iam::list_instance_profiles_for_role,
           &Iam::ask_of_named},
          {"CreateUser", &Iam::create_user, &Iam::ask_of_named},
          {"GetUser", &Iam::get_user, &Iam::ask_of_named},
          {"UpdateUser", &Iam::update_user, &Iam::ask_to_move_user},
          {"DeleteUser", &Iam::delete_user, &Iam::ask_of_named},
          {"ListUsers", &Iam::list_users, &Iam::ask_of_everything},
          {"CreateAccessKey", &Iam::create_access_key, &Iam::ask_of_named},
          {"UpdateAccessKey", &Iam::update_access_key, &Iam::ask_of_named},
          {"DeleteAccessKey", &Iam::delete_access_key, &Iam::ask_of_named},
          {"ListAccessKeys", &Iam::list_access_keys, &Iam::ask_of_named},
          {"CreateGroup", &Iam::create_group, &Iam::ask_of_named},
          {"GetGroup", &Iam::get_group, &Iam::ask_of_named},
          {"DeleteGroup", &Iam::delete_group, &Iam::ask_of_named},
          {"ListGroups", &Iam::list_groups, &Iam::ask_of_everything},
          {"AddUserToGroup", &Iam::add_user_to_group, &Iam::ask_of_named},
          {"RemoveUserFromGroup", &Iam::remove_user_from_group, &Iam::ask_of_named},
          {"ListGroupsForUser", &Iam::list_groups_for_user, &Iam::ask_of_named},
          {"AttachRolePolicy", &Iam::attach_policy<Kind::role>, &Iam::ask_of_named},
          {"AttachUserPolicy", &Iam::attach_policy<Kind::user>, &Iam::ask_of_named},
          {"AttachGroupPolicy", &Iam::attach_policy<Kind::group>, &Iam::ask_of_named},
          {"DetachRolePolicy", &Iam::detach_policy<Kind::role>, &Iam::ask_of_named},
          {"DetachUserPolicy", &Iam::detach_policy<Kind::user>, &Iam::ask_of_named},
          {"DetachGroupPolicy", &Iam::detach_policy<Kind::group>, &Iam::ask_of_named},
          {"ListAttachedRolePolicies", &Iam::list_attached_policies<Kind::role>,
           &Iam::ask_of_named},
          {"ListAttachedUserPolicies", &Iam::list_attached_policies<Kind::user>,
           &Iam::ask_of_named},
          {"ListAttachedGroupPolicies", &Iam::list_attached_policies<Kind::group>,
           &Iam::ask_of_named},
          {"PutRolePolicy", &Iam::put_inline_policy<Kind::role>, &Iam::ask_of_named},
          {"PutUserPolicy", &Iam::put_inline_policy<Kind::user>, &Iam::ask_of_named},
          {"PutGroupPolicy", &Iam::put_inline_policy<Kind::group>, &Iam::ask_of_named},
          {"GetRolePolicy", &Iam::get_inline_policy<Kind::role>, &Iam::ask_of_named},
          {"GetUserPolicy", &Iam::get_inline_policy<Kind::user>, &Iam::ask_of_named},
          {"GetGroupPolicy", &Iam::get_inline_policy<Kind::group>, &Iam::ask_of_named},
          {"DeleteRolePolicy", &Iam::delete_inline_policy<Kind::role>, &Iam::ask_of_named},
          {"DeleteUserPolicy", &Iam::delete_inline_policy<Kind::user>, &Iam::ask_of_named},
          {"DeleteGroupPolicy", &Iam::delete_inline_policy<Kind::group>, &Iam::ask_of_named},
          {"ListRolePolicies", &Iam::list_inline_policies<Kind::role>, &Iam::ask_of_named},
          {"ListUserPolicies", &Iam::list_inline_policies<Kind::user>, &Iam::ask_of_named},
          {"ListGroupPolicies", &Iam::list_inline_policies<Kind::group>, &Iam::ask_of_named},
          {"PutRolePermissionsBoundary", &Iam::put_boundary<Kind::role>, &Iam::ask_of_named},
          {"PutUserPermissionsBoundary", &Iam::put_boundary<Kind::user>, &Iam::ask_of_named},
          {"DeleteRolePermissionsBoundary", &Iam::delete_boundary<Kind::role>, &Iam::ask_of_named},
          {"DeleteUserPermissionsBoundary", &Iam::delete_boundary<Kind::user>, &Iam::ask_of_named},
          {"TagRole", &Iam::tag_entity<Kind::role>, &Iam::ask_of_named},
          {"TagUser", &Iam::tag_entity<Kind::user>, &Iam::ask_of_named},
          {"UntagRole", &Iam::untag_entity<Kind::role>, &Iam::ask_of_named},
          {"UntagUser", &Iam::untag_entity<Kind::user>, &Iam::ask_of_named},
          {"ListRoleTags", &Iam::list_entity_tags<Kind::role>, &Iam::ask_of_named},
          {"ListUserTags", &Iam::list_entity_tags<Kind::user>, &Iam::ask_of_named},
          {"CreatePolicy", &Iam::create_policy, &Iam::ask_of_named},
          {"GetPolicy", &Iam::get_policy, &Iam::ask_of_named},
          {"DeletePolicy", &Iam::delete_policy, &Iam::ask_of_named},
          {"ListPolicies", &Iam::list_policies, &Iam::ask_of_everything},
          {"CreatePolicyVersion", &Iam::create_policy_version, &Iam::ask_of_named},
          {"GetPolicyVersion", &Iam::get_policy_version, &Iam::ask_of_named},
          {"ListPolicyVersions", &Iam::list_policy_versions, &Iam::ask_of_named},
          {"DeletePolicyVersion", &Iam::delete_policy_version, &Iam::ask_of_named},
          {"SetDefaultPolicyVersion", &Iam::set_default_policy_version, &Iam::ask_of_named},
          {"ListEntitiesForPolicy", &Iam::list_entities_for_policy, &Iam::ask_of_named},
          {"TagPolicy", &Iam::tag_policy, &Iam::ask_of_named},
          {"UntagPolicy", &Iam::untag_policy, &Iam::ask_of_named},
          {"ListPolicyTags", &Iam::list_policy_tags, &Iam::ask_of_named},
          {"GetAccountSummary", &Iam::get_account_summary, &Iam::ask_of_everything},
          {"ListAccountAliases", &Iam::list_account_aliases, &Iam::ask_of_everything},
          {"SimulatePrincipalPolicy", &Iam::simulate_principal_policy, &Iam::ask_of_named},
          {"SimulateCustomPolicy", &Iam::simulate_custom_policy, &Iam::ask_of_everything},
      }};
  return table;
}

Iam::Question Iam::ask_of_named(const Call& call) const {
  aws::Permission asked;
  asked.action = action(call);
  aws::add_request_tags(aws::read_tags(call.input["Tags"]), call.input["TagKeys"].strings(),
                        asked.keys);
  const auto& input = call.input;

  const auto about_entity = [&](Kind kind, const std::string& name) {
    Entity future;
    future.kind = kind;
    future.name = name;
    future.path = input["Path"].string_or("/");
    // What exists is asked about under its own path: a Path beside the name must not choose which
    // ARN the policies are held against.
    const auto* existing = directory_.find(kind, name);
    const auto& entity = existing ? *existing : future;
    asked.resources = {directory_.arn(entity)};
    aws::add_resource_tags(entity.tags, asked.keys);
    for (const auto& [key, value] : entity.tags) asked.keys.add_tag("iam:ResourceTag", key, value);
    // The boundary that is to be, else the one that is (SAR awsidentityandaccessmanagementiam).
    const auto boundary = input["PermissionsBoundary"].string_or(entity.boundary);
    if (!boundary.empty()) asked.keys.set("iam:PermissionsBoundary", boundary);
    if (input.has("PolicyArn")) asked.keys.set("iam:PolicyARN", input["PolicyArn"].string());
  };

  // AddUserToGroup and its reverse name a group and a user, and are asked of the group; a
  // PolicyName beside an entity is an inline policy's and has no ARN (SAR
  // awsidentityandaccessmanagementiam).
  if (input.has("RoleName")) {
    about_entity(Kind::role, input["RoleName"].string());
  } else if (input.has("GroupName")) {
    about_entity(Kind::group, input["GroupName"].string());
  } else if (input.has("UserName")) {
    about_entity(Kind::user, input["UserName"].string());
  } else if (input.has("PolicyArn")) {
    asked.resources = {input["PolicyArn"].string()};
    if (const auto* policy = directory_.policy(input["PolicyArn"].string()))
      aws::add_resource_tags(policy->tags, asked.keys);
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
  return {std::move(asked)};
}

// A new name or path takes the right on what the user becomes, too (fact iam-19).
Iam::Question Iam::ask_to_move_user(const Call& call) const {
  auto out = ask_of_named(call);
  const auto& input = call.input;
  const bool moves = input.has("NewUserName") || input.has("NewPath");
  const auto* user = moves ? directory_.find(Kind::user, input["UserName"].string_or("")) : nullptr;
  if (!user) return out;
  Entity moved;
  moved.kind = Kind::user;
  moved.name = input["NewUserName"].string_or(user->name);
  moved.path = input["NewPath"].string_or(user->path);
  out.push_back(out.front());
  out.back().resources = {directory_.arn(moved)};
  return out;
}

}  // namespace sitelatch::iam
