// SPDX-License-Identifier: Apache-2.0
// Service-linked roles: made for a service by its name, changed by nobody but AWS, deleted by a
// task that is asked how it goes (here it has ended when it is answered).
#include <fmt/format.h>

#include "base/text.h"
#include "services/iam/iam.h"
#include "services/iam/iam_common.h"
#include "services/iam/service_roles.h"

namespace sitelatch::iam {
using aws::Value;

namespace {
constexpr std::string_view role_prefix = "AWSServiceRoleFor";
constexpr std::size_t kept_tasks = 200;  // the oldest are forgotten

std::string trust_of(std::string_view service) {
  return fmt::format(R"({{"Version":"2012-10-17","Statement":[{{"Effect":"Allow",)"
                     R"("Principal":{{"Service":"{}"}},"Action":"sts:AssumeRole"}}]}})",
                     service);
}
}  // namespace

std::string service_of(const Entity& role) {
  constexpr std::string_view path = "/aws-service-role/";
  if (role.kind != Kind::role || !role.path.starts_with(path)) return "";
  return std::string{split(role.path, '/')[2]};
}

std::string service_role_name(std::string_view service, std::string_view suffix) {
  const auto* known = service_role(service);
  auto name = std::string{role_prefix} + std::string{known ? known->suffix : service};
  if (!suffix.empty()) name += "_" + std::string{suffix};
  return name;
}

aws::Outcome<Done> Iam::modifiable(const Entity& entity) const {
  if (service_of(entity).empty()) return Done{};
  return aws::refuse("UnmodifiableEntity",
                     fmt::format("Cannot perform the operation on the protected role '{}' - this "
                                 "role is only modifiable by AWS",
                                 entity.name));
}

aws::Outcome<> Iam::create_service_linked_role(const Call& call) {
  const auto& in = call.input;
  const auto service = in["AWSServiceName"].string();
  const auto suffix = in["CustomSuffix"].string_or("");
  const auto* known = service_role(service);
  if (!known)
    return aws::refuse("InvalidInput",
                       fmt::format("Service {} has no service-linked role that is known here: only "
                                   "those of AWS's own services can be made.",
                                   service));
  if (!suffix.empty() && !known->takes_suffix)
    return aws::refuse("InvalidInput", fmt::format("Custom suffix is not allowed for {}", service));
  Entity role;
  role.kind = Kind::role;
  role.name = service_role_name(service, suffix);
  role.path = fmt::format("/aws-service-role/{}/", service);
  role.trust = trust_of(service);
  role.description = in["Description"].string_or("");
  if (directory_.find(Kind::role, role.name))
    return aws::refuse("InvalidInput",
                       fmt::format("Service role name {} has been taken in this account, please "
                                   "try a different suffix.",
                                   role.name));
  if (role.name.size() > 64)
    return validation_error(fmt::format("Role name {} is longer than 64 characters.", role.name));
  const auto policy = fmt::format("arn:aws:iam::aws:policy/aws-service-role/{}", known->policy);
  if (std::as_const(directory_).policy(policy)) role.attached.push_back(policy);
  return Value::structure({{"Role", role_value(directory_.add(std::move(role)))}});
}

aws::Outcome<> Iam::delete_service_linked_role(const Call& call) {
  const auto role = require(Kind::role, call);
  if (!role) return failure(role.error());
  const auto service = service_of(**role);
  if (service.empty())
    return no_such_entity(
        fmt::format("The service-linked role with name {} cannot be found.", (*role)->name));
  const auto task =
      fmt::format("task/aws-service-role/{}/{}/{}", service, (*role)->name, directory_.new_uuid());
  forget_role(**role);
  auto& tasks = directory_.holdings().deletion_tasks;
  while (tasks.all().size() >= kept_tasks) {
    auto oldest = tasks.all().begin();
    for (auto at = oldest; at != tasks.all().end(); ++at)
      if (at->second.made < oldest->second.made) oldest = at;
    tasks.erase(std::string{oldest->first});
  }
  tasks.put(task, {directory_.now()});
  return Value::structure({{"DeletionTaskId", task}});
}

aws::Outcome<> Iam::get_service_linked_role_deletion_status(const Call& call) {
  const auto task = call.input["DeletionTaskId"].string();
  if (!task.starts_with("task/aws-service-role/"))
    return aws::refuse("InvalidInput", "Invalid deletion task id.");
  if (!directory_.holdings().deletion_tasks.find(task))
    return no_such_entity(fmt::format("Deletion task {} cannot be found.", task));
  return Value::structure({{"Status", "SUCCEEDED"}});
}

// With the profiles that held it, and what was remembered of its use.
void Iam::forget_role(const Entity& role) {
  auto& profiles = directory_.holdings().instance_profiles;
  std::vector<std::string> held;
  for (const auto& [key, profile] : profiles.all())
    if (profile.role_id == role.id) held.push_back(key);
  for (const auto& key : held) {
    profiles.find(key)->role_id.clear();
    profiles.save(key);
  }
  directory_.usage().forget_entity(role.id);
  directory_.remove(Kind::role, std::string{role.name});  // a copy: it goes with the role
}

}  // namespace sitelatch::iam
