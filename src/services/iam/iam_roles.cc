// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "aws/auth/arn.h"
#include "base/text.h"
#include "services/iam/iam.h"
#include "services/iam/iam_common.h"

namespace sitelatch::iam {
using aws::Value;

namespace {
constexpr std::size_t trust_size_quota = 2048;
}

Value Iam::role_value(const Entity& role) const {
  return Value::structure(
      {{"Path", role.path},
       {"RoleName", role.name},
       {"RoleId", role.id},
       {"Arn", directory_.arn(role)},
       {"CreateDate", role.created},
       {"AssumeRolePolicyDocument", percent_encode(role.trust)},
       {"Description", role.description.empty() ? Value{} : Value{role.description}},
       {"PermissionsBoundary", boundary_value(role)}});
}

// A trust policy may only name users and roles of this account that exist (fact iam-5): AWS keeps
// them by their unique ids, and a name of nobody has none.
aws::Outcome<Done> Iam::check_trust(const std::string& document) const {
  const auto policy = aws::parse_policy(document, aws::PolicyUse::trust);
  if (!policy) return aws::refuse("MalformedPolicyDocument", policy.error().text);
  if (size_without_blanks(document) > trust_size_quota)
    return limit_exceeded(
        fmt::format("Cannot exceed quota for ACLSizePerRole: {}", trust_size_quota));
  for (const auto& statement : (*policy)->statements)
    for (const auto& principal : statement.principals.aws) {
      const auto arn = aws::parse_arn(principal);
      if (!arn || arn->service != "iam" || arn->account != directory_.account()) continue;
      const bool user = arn->resource.starts_with("user/"),
                 role = arn->resource.starts_with("role/");
      if (!user && !role) continue;
      const auto* entity = directory_.find(user ? Kind::user : Kind::role,
                                           arn->resource.substr(arn->resource.rfind('/') + 1));
      if (!entity || directory_.arn(*entity) != principal)
        return aws::refuse("MalformedPolicyDocument",
                           fmt::format("Invalid principal in policy: \"AWS\":\"{}\"", principal));
    }
  return Done{};
}

aws::Outcome<> Iam::create_role(const Call& call) {
  const auto& in = call.input;
  Entity role;
  role.kind = Kind::role;
  role.name = in["RoleName"].string();
  role.path = in["Path"].string_or("/");
  role.trust = in["AssumeRolePolicyDocument"].string();
  role.description = in["Description"].string_or("");
  role.max_session_s = in["MaxSessionDuration"].integer_or(3600);
  role.boundary = in["PermissionsBoundary"].string_or("");
  const auto trust = check_trust(role.trust);
  if (!trust) return failure(trust.error());
  if (role.path.starts_with("/aws-service-role/"))
    return aws::refuse("InvalidInput",
                       "The path /aws-service-role/ is for service-linked roles: "
                       "CreateServiceLinkedRole makes them.");
  if (!role.boundary.empty())
    if (const auto boundary = check_boundary(role.boundary); !boundary)
      return failure(boundary.error());
  if (const auto tags = add_tags(role.tags, in["Tags"], aws::TagKeys::any_case); !tags)
    return failure(tags.error());
  if (directory_.find(Kind::role, role.name))
    return aws::refuse("EntityAlreadyExists",
                       fmt::format("Role with name {} already exists.", role.name));
  if (directory_.all(Kind::role).size() >= 1000)
    return limit_exceeded("Cannot exceed quota for RolesPerAccount: 1000");
  const auto& kept = directory_.add(std::move(role));
  // Without MaxSessionDuration (fact iam-2).
  auto value = role_value(kept);
  if (!kept.tags.empty()) value.set("Tags", aws::tag_list(kept.tags));
  return Value::structure({{"Role", value}});
}

// When it was last used and where; empty where it never was.
Value Iam::last_used_value(const Entity& role) const {
  const auto* use = std::as_const(directory_).usage().of_entity(role.id);
  if (!use) return Value::structure();
  return Value::structure({{"LastUsedDate", use->at}, {"Region", use->region}});
}

aws::Outcome<> Iam::get_role(const Call& call) {
  const auto role = require(Kind::role, call);
  if (!role) return failure(role.error());
  auto value = role_value(**role);
  value.set("MaxSessionDuration", (*role)->max_session_s);
  if (!(*role)->tags.empty()) value.set("Tags", aws::tag_list((*role)->tags));
  value.set("RoleLastUsed", last_used_value(**role));
  return Value::structure({{"Role", value}});
}

aws::Outcome<> Iam::delete_role(const Call& call) {
  const auto role = require(Kind::role, call);
  if (!role) return failure(role.error());
  if (const auto free = modifiable(**role); !free) return failure(free.error());
  if (const auto free = delete_conflict(**role); !free) return failure(free.error());
  forget_role(**role);
  return Value{};
}

aws::Outcome<> Iam::update_role(const Call& call) {
  const auto role = require(Kind::role, call);
  if (!role) return failure(role.error());
  // A service-linked role's description may be changed, nothing else (API UpdateRole).
  if (call.input.has("MaxSessionDuration"))
    if (const auto free = modifiable(**role); !free) return failure(free.error());
  if (call.input.has("Description")) (*role)->description = call.input["Description"].string();
  if (call.input.has("MaxSessionDuration"))
    (*role)->max_session_s = call.input["MaxSessionDuration"].integer();
  directory_.save(**role);
  return Value::structure();
}

aws::Outcome<> Iam::update_role_description(const Call& call) {
  const auto role = require(Kind::role, call);
  if (!role) return failure(role.error());
  (*role)->description = call.input["Description"].string_or("");
  directory_.save(**role);
  return Value::structure({{"Role", role_value(**role)}});
}

aws::Outcome<> Iam::update_assume_role_policy(const Call& call) {
  const auto role = require(Kind::role, call);
  if (!role) return failure(role.error());
  if (const auto free = modifiable(**role); !free) return failure(free.error());
  const auto document = call.input["PolicyDocument"].string();
  if (const auto trust = check_trust(document); !trust) return failure(trust.error());
  (*role)->trust = document;
  directory_.save(**role);
  return Value{};
}

aws::Outcome<> Iam::list_roles(const Call& call) {
  const auto prefix = call.input["PathPrefix"].string_or("/");
  std::vector<std::pair<std::string, Value>> rows;
  for (const auto& [key, role] : directory_.all(Kind::role)) {
    if (!role.path.starts_with(prefix)) continue;
    auto value = role_value(role);
    value.set("MaxSessionDuration", role.max_session_s);
    rows.emplace_back(key, std::move(value));
  }
  return page(call.input, "Roles", std::move(rows));
}

}  // namespace sitelatch::iam
