// SPDX-License-Identifier: Apache-2.0
// The IAM API: users, roles and groups with their policies, managed policies with versions,
// boundaries, tags, credentials of every kind, instance profiles, identity providers, MFA devices,
// reports, simulation. Rules and AWS's texts are here, state is in the Directory (facts iam-1 to
// iam-6, iam-14, iam-23 to iam-25, iam-28 to iam-46).
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "aws/service/operation_table.h"
#include "services/iam/directory.h"
#include "services/iam/identities.h"

namespace sitelatch::iam {

class Iam final : public aws::TableService<Iam> {
 public:
  explicit Iam(Identities& identities);

  static const aws::OperationTable<Iam>& operation_table();
  std::string_view model_name() const override { return "iam"; }

  // Something with tags that is no user, role, group or policy (iam_things.cc).
  struct Thing {
    std::string arn;
    aws::Tags* tags = nullptr;  // null: there is no such thing
    aws::TagKeys compared = aws::TagKeys::any_case;
    std::function<void()> save;
  };

 private:
  // What operations ask of IAM (operations.cc)
  using Question = std::vector<aws::Permission>;
  Question ask_of_named(const aws::Call& call) const;
  Question ask_to_move_user(const aws::Call& call) const;
  Question ask_to_move_group(const aws::Call& call) const;
  Question ask_to_move_certificate(const aws::Call& call) const;
  Question ask_of_thing(const aws::Call& call) const;
  Question ask_to_add_role(const aws::Call& call) const;
  Question ask_of_new_provider(const aws::Call& call) const;
  Question ask_of_service_role(const aws::Call& call) const;
  Question ask_of_service_credentials(const aws::Call& call) const;
  Question ask_of_key_owner(const aws::Call& call) const;
  Question ask_of_arn(const aws::Call& call) const;
  static aws::Permission asked_by(const aws::Call& call);

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
  Outcome create_service_linked_role(const Call&);
  Outcome delete_service_linked_role(const Call&);
  Outcome get_service_linked_role_deletion_status(const Call&);
  // Instance profiles
  Outcome create_instance_profile(const Call&);
  Outcome get_instance_profile(const Call&);
  Outcome delete_instance_profile(const Call&);
  Outcome list_instance_profiles(const Call&);
  Outcome list_instance_profiles_for_role(const Call&);
  Outcome add_role_to_instance_profile(const Call&);
  Outcome remove_role_from_instance_profile(const Call&);
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
  Outcome get_access_key_last_used(const Call&);
  // Groups
  Outcome create_group(const Call&);
  Outcome get_group(const Call&);
  Outcome update_group(const Call&);
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
  Outcome create_account_alias(const Call&);
  Outcome delete_account_alias(const Call&);
  Outcome update_account_password_policy(const Call&);
  Outcome get_account_password_policy(const Call&);
  Outcome delete_account_password_policy(const Call&);
  Outcome set_token_preferences(const Call&);
  Outcome no_organization(const Call&);
  Outcome no_outbound_federation(const Call&);
  // Passwords
  Outcome create_login_profile(const Call&);
  Outcome get_login_profile(const Call&);
  Outcome update_login_profile(const Call&);
  Outcome delete_login_profile(const Call&);
  Outcome change_password(const Call&);
  // Identity providers
  Outcome create_oidc_provider(const Call&);
  Outcome get_oidc_provider(const Call&);
  Outcome delete_oidc_provider(const Call&);
  Outcome list_oidc_providers(const Call&);
  Outcome add_client_id(const Call&);
  Outcome remove_client_id(const Call&);
  Outcome update_oidc_thumbprints(const Call&);
  Outcome create_saml_provider(const Call&);
  Outcome get_saml_provider(const Call&);
  Outcome update_saml_provider(const Call&);
  Outcome delete_saml_provider(const Call&);
  Outcome list_saml_providers(const Call&);
  // MFA devices
  Outcome create_virtual_mfa_device(const Call&);
  Outcome delete_virtual_mfa_device(const Call&);
  Outcome list_virtual_mfa_devices(const Call&);
  Outcome enable_mfa_device(const Call&);
  Outcome deactivate_mfa_device(const Call&);
  Outcome resync_mfa_device(const Call&);
  Outcome get_mfa_device(const Call&);
  Outcome list_mfa_devices(const Call&);
  // Certificates, SSH keys, credentials for other services
  Outcome upload_server_certificate(const Call&);
  Outcome get_server_certificate(const Call&);
  Outcome list_server_certificates(const Call&);
  Outcome update_server_certificate(const Call&);
  Outcome delete_server_certificate(const Call&);
  Outcome upload_signing_certificate(const Call&);
  Outcome update_signing_certificate(const Call&);
  Outcome delete_signing_certificate(const Call&);
  Outcome list_signing_certificates(const Call&);
  Outcome upload_ssh_public_key(const Call&);
  Outcome get_ssh_public_key(const Call&);
  Outcome update_ssh_public_key(const Call&);
  Outcome delete_ssh_public_key(const Call&);
  Outcome list_ssh_public_keys(const Call&);
  Outcome create_service_credential(const Call&);
  Outcome reset_service_credential(const Call&);
  Outcome update_service_credential(const Call&);
  Outcome delete_service_credential(const Call&);
  Outcome list_service_credentials(const Call&);
  // Tags of what is no user, role, group or policy
  Outcome tag_thing(const Call&);
  Outcome untag_thing(const Call&);
  Outcome list_thing_tags(const Call&);
  // Reports
  Outcome generate_credential_report(const Call&);
  Outcome get_credential_report(const Call&);
  Outcome generate_service_last_accessed(const Call&);
  Outcome get_service_last_accessed(const Call&);
  Outcome get_service_last_accessed_entities(const Call&);
  Outcome list_policies_granting_service_access(const Call&);
  Outcome get_account_authorization_details(const Call&);
  // Simulation
  Outcome simulate_principal_policy(const Call&);
  Outcome simulate_custom_policy(const Call&);
  Outcome get_context_keys_for_custom_policy(const Call&);
  Outcome get_context_keys_for_principal_policy(const Call&);

  aws::Outcome<Entity*> require(Kind kind, const Call& call);
  aws::Outcome<const ManagedPolicy*> require_policy(const aws::Value& arn);
  aws::Outcome<ManagedPolicy*> require_own_policy(const aws::Value& arn);
  aws::Outcome<Done> check_boundary(const std::string& policy_arn) const;
  aws::Outcome<Done> check_trust(const std::string& document) const;
  aws::Outcome<Done> delete_conflict(const Entity& entity) const;
  aws::Outcome<Done> modifiable(const Entity& entity) const;  // service-linked roles are not
  aws::Outcome<Entity*> user_meant(const Call& call);         // who is named, or who calls
  aws::Outcome<Entity*> require_login(const Call& call);
  aws::Outcome<Done> set_password(Entity& user, const std::string& password);
  aws::Outcome<InstanceProfile*> require_profile(const Call& call);
  const Entity* role_of(const InstanceProfile& profile) const;
  void forget_role(const Entity& role);
  aws::Outcome<OidcProvider*> require_oidc_provider(const Call& call);
  aws::Outcome<SamlProvider*> require_saml_provider(const Call& call);
  aws::Outcome<Done> take_saml_settings(const aws::Value& input, SamlProvider& provider);
  aws::Outcome<MfaDevice*> require_device(const Call& call);
  aws::Outcome<MfaDevice*> require_users_device(const Call& call);
  std::vector<std::string> devices_of(const Entity& user) const;
  aws::Outcome<ServerCertificate*> require_server_certificate(const Call& call);
  static aws::Outcome<ServiceCredential*> require_service_credential(const Call& call,
                                                                     Entity& user);
  aws::Value new_secret(const Entity& user, const ServiceCredential& credential);
  std::optional<Thing> thing_named(const aws::Value& input) const;
  aws::Outcome<Thing> require_thing(const aws::Value& input) const;
  aws::Outcome<const Entity*> require_by_arn(const std::string& arn) const;
  std::string credential_report() const;
  struct Granting {
    std::string name, arn, document;
    const Entity* holder = nullptr;  // of an inline policy
  };
  std::vector<Granting> policies_granting(const Entity& entity) const;
  aws::Outcome<const AccessJob*> require_job(const Call& call) const;
  std::vector<const Entity*> entities_of(const AccessJob& job) const;
  bool job_grants(const AccessJob& job, std::string_view service) const;
  std::string profile_arn(const InstanceProfile& profile) const;
  std::string server_certificate_arn(const ServerCertificate& certificate) const;
  aws::Value profile_value(const InstanceProfile& profile) const;
  aws::Value server_certificate_value(const ServerCertificate& certificate) const;
  aws::Value last_used_value(const Entity& role) const;
  aws::Value attached_list(const Entity& entity) const;
  aws::Value detail_value(const Entity& entity) const;
  aws::Value role_value(const Entity& role) const;
  aws::Value user_value(const Entity& user) const;
  aws::Value group_value(const Entity& group) const;
  aws::Value policy_value(const ManagedPolicy& policy) const;
  static aws::Value policy_value(const ManagedPolicy& policy, const PolicyUses& uses);
  aws::Value boundary_value(const Entity& entity) const;

  Identities& identities_;
  Directory& directory_;
};

}  // namespace sitelatch::iam
