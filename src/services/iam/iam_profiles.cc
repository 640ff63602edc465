// SPDX-License-Identifier: Apache-2.0
// Instance profiles: nothing here is an instance, but what makes roles makes them.
#include <fmt/format.h>

#include "base/text.h"
#include "services/iam/iam.h"
#include "services/iam/iam_common.h"

namespace sitelatch::iam {
using aws::Value;

std::string Iam::profile_arn(const InstanceProfile& profile) const {
  return fmt::format("arn:aws:iam::{}:instance-profile{}{}", directory_.account(), profile.path,
                     profile.name);
}

Value Iam::profile_value(const InstanceProfile& profile) const {
  auto roles = Value::list();
  if (const auto* role = role_of(profile)) roles.push(role_value(*role));
  return Value::structure({{"Path", profile.path},
                           {"InstanceProfileName", profile.name},
                           {"InstanceProfileId", profile.id},
                           {"Arn", profile_arn(profile)},
                           {"CreateDate", profile.created},
                           {"Roles", roles},
                           {"Tags", aws::tag_list(profile.tags)}});
}

const Entity* Iam::role_of(const InstanceProfile& profile) const {
  return profile.role_id.empty() ? nullptr
                                 : std::as_const(directory_).by_id(Kind::role, profile.role_id);
}

aws::Outcome<InstanceProfile*> Iam::require_profile(const Call& call) {
  const auto name = call.input["InstanceProfileName"].string();
  auto* profile = directory_.holdings().instance_profiles.find(lower(name));
  if (!profile) return no_such_entity(fmt::format("Instance Profile {} cannot be found.", name));
  return profile;
}

aws::Outcome<> Iam::create_instance_profile(const Call& call) {
  auto& profiles = directory_.holdings().instance_profiles;
  InstanceProfile profile;
  profile.name = call.input["InstanceProfileName"].string();
  profile.path = call.input["Path"].string_or("/");
  if (const auto tags = add_tags(profile.tags, call.input["Tags"], aws::TagKeys::any_case); !tags)
    return failure(tags.error());
  if (profiles.find(lower(profile.name)))
    return aws::refuse("EntityAlreadyExists",
                       fmt::format("Instance Profile {} already exists.", profile.name));
  if (profiles.all().size() >= 1000)
    return limit_exceeded("Cannot exceed quota for InstanceProfilesPerAccount: 1000");
  profile.id = directory_.new_id("AIPA");
  profile.created = directory_.now();
  const auto key = lower(profile.name);
  return Value::structure({{"InstanceProfile", profile_value(profiles.put(key, profile))}});
}

aws::Outcome<> Iam::get_instance_profile(const Call& call) {
  const auto profile = require_profile(call);
  if (!profile) return failure(profile.error());
  return Value::structure({{"InstanceProfile", profile_value(**profile)}});
}

aws::Outcome<> Iam::delete_instance_profile(const Call& call) {
  const auto profile = require_profile(call);
  if (!profile) return failure(profile.error());
  if (role_of(**profile))
    return delete_conflict_error(
        "Cannot delete entity, must remove roles from instance profile first.");
  directory_.holdings().instance_profiles.erase(lower((*profile)->name));
  return Value{};
}

aws::Outcome<> Iam::list_instance_profiles(const Call& call) {
  const auto prefix = call.input["PathPrefix"].string_or("/");
  std::vector<std::pair<std::string, Value>> rows;
  for (const auto& [key, profile] : directory_.holdings().instance_profiles.all())
    if (profile.path.starts_with(prefix)) rows.emplace_back(key, profile_value(profile));
  return page(call.input, "InstanceProfiles", std::move(rows));
}

// Terraform asks before it deletes a role.
aws::Outcome<> Iam::list_instance_profiles_for_role(const Call& call) {
  const auto role = require(Kind::role, call);
  if (!role) return failure(role.error());
  std::vector<std::pair<std::string, Value>> rows;
  for (const auto& [key, profile] : directory_.holdings().instance_profiles.all())
    if (profile.role_id == (*role)->id) rows.emplace_back(key, profile_value(profile));
  return page(call.input, "InstanceProfiles", std::move(rows));
}

aws::Outcome<> Iam::add_role_to_instance_profile(const Call& call) {
  const auto profile = require_profile(call);
  if (!profile) return failure(profile.error());
  const auto role = require(Kind::role, call);
  if (!role) return failure(role.error());
  if (const auto free = modifiable(**role); !free) return failure(free.error());
  if (role_of(**profile))
    return limit_exceeded("Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1");
  (*profile)->role_id = (*role)->id;
  directory_.holdings().instance_profiles.save(lower((*profile)->name));
  return Value{};
}

aws::Outcome<> Iam::remove_role_from_instance_profile(const Call& call) {
  const auto profile = require_profile(call);
  if (!profile) return failure(profile.error());
  const auto role = require(Kind::role, call);
  if (!role) return failure(role.error());
  if ((*profile)->role_id != (*role)->id)
    return no_such_entity(fmt::format("Role {} in Instance Profile {} cannot be found.",
                                      (*role)->name, (*profile)->name));
  (*profile)->role_id.clear();
  directory_.holdings().instance_profiles.save(lower((*profile)->name));
  return Value{};
}

}  // namespace sitelatch::iam
