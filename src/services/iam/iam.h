// SPDX-License-Identifier: Apache-2.0
// The IAM API: users, roles and groups with their policies, managed policies with versions,
// boundaries, tags, access keys, simulation. Rules and AWS's texts are here, state is in the
// Directory (facts iam-1 to iam-6, iam-14, iam-23 to iam-25).
#pragma once

#include "aws/service/operation_table.h"
#include "services/iam/directory.h"
#include "services/iam/identities.h"

namespace sitelatch::iam {

class Iam final : public aws::TableService<Iam> {
 public:
  explicit Iam(Identities& identities);

  static const aws::OperationTable<Iam>& operation_table();
  std::string_view model_name() const override { return "iam"; }

 private:
  // What operations ask of IAM (operations.cc)
  using Question = std::vector<aws::Permission>;
  Question ask_of_named(const aws::Call& call) const;
  Question ask_to_move_user(const aws::Call& call) const;

  using Call = aws::Call;
  using Outcome = aws::Outcome<>;

  // Roles
  Outcome create_role(const Call&);
  Outcome get_role(const Call&);
  Outcome delete_role(const Call&);
  Outcome update_role(const Call&);
  Outcome update_role_description(const Call&);
  Outcome update_assume_role_policy(const Call&);
  Outcome list_roles(const Call&);
  Outcome list_instance_profiles(const Call&);
  Outcome list_instance_profiles_for_role(const Call&);
  // Users and their keys
  Outcome create_user(const Call&);
  Outcome get_user(const Call&);
  Outcome update_user(const Call&);
  Outcome delete_user(const Call&);
  Outcome list_users(const Call&);
  Outcome create_access_key(const Call&);
  Outcome update_access_key(const Call&);
  Outcome delete_access_key(const Call&);
  Outcome list_access_keys(const Call&);
  // Groups
  Outcome create_group(const Call&);
  Outcome get_group(const Call&);
  Outcome delete_group(const Call&);
  Outcome list_groups(const Call&);
  Outcome add_user_to_group(const Call&);
  Outcome remove_user_from_group(const Call&);
  Outcome list_groups_for_user(const Call&);
  // What users, roles and groups have in common
  template <Kind>
  Outcome attach_policy(const Call&);
  template <Kind>
  Outcome detach_policy(const Call&);
  template <Kind>
  Outcome list_attached_policies(const Call&);
  template <Kind>
  Outcome put_inline_policy(const Call&);
  template <Kind>
  Outcome get_inline_policy(const Call&);
  template <Kind>
  Outcome delete_inline_policy(const Call&);
  template <Kind>
  Outcome list_inline_policies(const Call&);
  template <Kind>
  Outcome put_boundary(const Call&);
  template <Kind>
  Outcome delete_boundary(const Call&);
  template <Kind>
  Outcome tag_entity(const Call&);
  template <Kind>
  Outcome untag_entity(const Call&);
  template <Kind>
  Outcome list_entity_tags(const Call&);
  // Managed policies
  Outcome create_policy(const Call&);
  Outcome get_policy(const Call&);
  Outcome delete_policy(const Call&);
  Outcome list_policies(const Call&);
  Outcome create_policy_version(const Call&);
  Outcome get_policy_version(const Call&);
  Outcome list_policy_versions(const Call&);
  Outcome delete_policy_version(const Call&);
  Outcome set_default_policy_version(const Call&);
  Outcome list_entities_for_policy(const Call&);
  Outcome tag_policy(const Call&);
  Outcome untag_policy(const Call&);
  Outcome list_policy_tags(const Call&);
  // The account
  Outcome get_account_summary(const Call&);
  Outcome list_account_aliases(const Call&);
  // Simulation
  Outcome simulate_principal_policy(const Call&);
  Outcome simulate_custom_policy(const Call&);

  aws::Outcome<Entity*> require(Kind kind, const Call& call);
  aws::Outcome<ManagedPolicy*> require_policy(const aws::Value& arn);
  aws::Outcome<ManagedPolicy*> require_own_policy(const aws::Value& arn);
  aws::Outcome<Done> check_boundary(const std::string& policy_arn) const;
  aws::Outcome<Done> check_trust(const std::string& document) const;
  aws::Outcome<Done> delete_conflict(const Entity& entity) const;
  aws::Value role_value(const Entity& role) const;
  aws::Value user_value(const Entity& user) const;
  aws::Value group_value(const Entity& group) const;
  aws::Value policy_value(const ManagedPolicy& policy) const;
  aws::Value boundary_value(const Entity& entity) const;

  Identities& identities_;
  Directory& directory_;
};

}  // namespace sitelatch::iam
