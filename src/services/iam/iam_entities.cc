// SPDX-License-Identifier: Apache-2.0
// What users, roles and groups have in common: attached and inline policies, boundaries, tags.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "services/iam/iam.h"
#include "services/iam/iam_common.h"

namespace sitelatch::iam {
using aws::Value;

namespace {
std::size_t inline_quota(Kind kind) {
  return kind == Kind::role ? 10240 : kind == Kind::user ? 2048 : 5120;
}

std::string_view plural_quota(Kind kind) {
  return kind == Kind::role   ? "PoliciesPerRole"
         : kind == Kind::user ? "PoliciesPerUser"
                              : "PoliciesPerGroup";
}
}  // namespace

template <Kind kind>
aws::Outcome<> Iam::attach_policy(const Call& call) {
  const auto arn = call.input["PolicyArn"].string();
  if (const auto valid = check_arn(arn); !valid) return failure(valid.error());
  const auto entity = require(kind, call);
  if (!entity) return failure(entity.error());
  if (const auto free = modifiable(**entity); !free) return failure(free.error());
  const auto* policy = std::as_const(directory_).policy(arn);
  if (!policy)
    return no_such_entity(fmt::format("Policy {} does not exist or is not attachable.", arn));
  if (policy->of_aws && policy->path == "/aws-service-role/")
    return aws::refuse("PolicyNotAttachable",
                       "Cannot attach a Service Role Policy to a Customer Role.");
  auto& attached = (*entity)->attached;
  // No error, and no use of the quota (fact iam-4).
  if (std::find(attached.begin(), attached.end(), arn) != attached.end()) return Value{};
  if (attached.size() >= 10)
    return limit_exceeded(fmt::format("Cannot exceed quota for {}: 10", plural_quota(kind)));
  attached.push_back(arn);
  directory_.save(**entity);
  return Value{};
}

template <Kind kind>
aws::Outcome<> Iam::detach_policy(const Call& call) {
  const auto arn = call.input["PolicyArn"].string();
  if (const auto valid = check_arn(arn); !valid) return failure(valid.error());
  const auto entity = require(kind, call);
  if (!entity) return failure(entity.error());
  if (const auto free = modifiable(**entity); !free) return failure(free.error());
  auto& attached = (*entity)->attached;
  const auto found = std::find(attached.begin(), attached.end(), arn);
  if (found == attached.end()) return no_such_entity(fmt::format("Policy {} was not found.", arn));
  attached.erase(found);
  directory_.save(**entity);
  return Value{};
}

template <Kind kind>
aws::Outcome<> Iam::list_attached_policies(const Call& call) {
  const auto entity = require(kind, call);
  if (!entity) return failure(entity.error());
  const auto prefix = call.input["PathPrefix"].string_or("/");
  std::vector<std::pair<std::string, Value>> rows;
  // Attached in this order, but pages need keys that ascend: sorted below.
  for (const auto& arn : (*entity)->attached) {
    const auto* policy = directory_.policy(arn);
    if (!policy || !policy->path.starts_with(prefix)) continue;
    rows.emplace_back(arn, Value::structure({{"PolicyName", policy->name}, {"PolicyArn", arn}}));
  }
  return sorted_page(call.input, "AttachedPolicies", std::move(rows));
}

template <Kind kind>
aws::Outcome<> Iam::put_inline_policy(const Call& call) {
  const auto entity = require(kind, call);
  if (!entity) return failure(entity.error());
  if (const auto free = modifiable(**entity); !free) return failure(free.error());
  const auto document = call.input["PolicyDocument"].string();
  if (const auto fine = check_document(document, aws::PolicyUse::identity); !fine)
    return failure(fine.error());
  // The quota is of all inline policies of the entity together: the new one is counted among them,
  // in the place of one of its name, before anything changes.
  auto policies = (*entity)->inline_policies;
  policies[call.input["PolicyName"].string()] = document;
  std::size_t size = 0;
  for (const auto& [name, text] : policies) size += size_without_blanks(text);
  if (size > inline_quota(kind))
    return limit_exceeded(fmt::format("Maximum policy size of {} bytes exceeded for {} {}",
                                      inline_quota(kind), word(kind), (*entity)->name));
  (*entity)->inline_policies = std::move(policies);
  directory_.save(**entity);
  return Value{};
}

template <Kind kind>
aws::Outcome<> Iam::get_inline_policy(const Call& call) {
  const auto entity = require(kind, call);
  if (!entity) return failure(entity.error());
  const auto name = call.input["PolicyName"].string();
  const auto found = (*entity)->inline_policies.find(name);
  if (found == (*entity)->inline_policies.end())
    return no_such_entity(
        fmt::format("The {} policy with name {} cannot be found.", word(kind), name));
  return Value::structure({{name_member(kind), (*entity)->name},
                           {"PolicyName", name},
                           {"PolicyDocument", percent_encode(found->second)}});
}

template <Kind kind>
aws::Outcome<> Iam::delete_inline_policy(const Call& call) {
  const auto entity = require(kind, call);
  if (!entity) return failure(entity.error());
  if (const auto free = modifiable(**entity); !free) return failure(free.error());
  const auto name = call.input["PolicyName"].string();
  if ((*entity)->inline_policies.erase(name) == 0)
    return no_such_entity(
        fmt::format("The {} policy with name {} cannot be found.", word(kind), name));
  directory_.save(**entity);
  return Value{};
}

template <Kind kind>
aws::Outcome<> Iam::list_inline_policies(const Call& call) {
  const auto entity = require(kind, call);
  if (!entity) return failure(entity.error());
  std::vector<std::pair<std::string, Value>> rows;
  for (const auto& [name, document] : (*entity)->inline_policies)
    rows.emplace_back(name, Value{name});
  return page(call.input, "PolicyNames", std::move(rows));
}

template <Kind kind>
aws::Outcome<> Iam::put_boundary(const Call& call) {
  const auto entity = require(kind, call);
  if (!entity) return failure(entity.error());
  if (const auto free = modifiable(**entity); !free) return failure(free.error());
  const auto arn = call.input["PermissionsBoundary"].string();
  if (const auto fine = check_boundary(arn); !fine) return failure(fine.error());
  (*entity)->boundary = arn;
  directory_.save(**entity);
  return Value{};
}

template <Kind kind>
aws::Outcome<> Iam::delete_boundary(const Call& call) {
  const auto entity = require(kind, call);
  if (!entity) return failure(entity.error());
  if (const auto free = modifiable(**entity); !free) return failure(free.error());
  (*entity)->boundary.clear();
  directory_.save(**entity);
  return Value{};
}

template <Kind kind>
aws::Outcome<> Iam::tag_entity(const Call& call) {
  const auto entity = require(kind, call);
  if (!entity) return failure(entity.error());
  const auto done = add_tags((*entity)->tags, call.input["Tags"], aws::TagKeys::any_case);
  if (!done) return failure(done.error());
  directory_.save(**entity);
  return Value{};
}

template <Kind kind>
aws::Outcome<> Iam::untag_entity(const Call& call) {
  const auto entity = require(kind, call);
  if (!entity) return failure(entity.error());
  (*entity)->tags =
      aws::without_tags((*entity)->tags, call.input["TagKeys"].strings(), aws::TagKeys::any_case);
  directory_.save(**entity);
  return Value{};
}

template <Kind kind>
aws::Outcome<> Iam::list_entity_tags(const Call& call) {
  const auto entity = require(kind, call);
  if (!entity) return failure(entity.error());
  return page_of_tags(call.input, (*entity)->tags);
}

// The table in operations.cc, another source, names them.
#define SITELATCH_FOR_KIND(kind)                                               \
  template aws::Outcome<> Iam::attach_policy<kind>(const aws::Call&);          \
  template aws::Outcome<> Iam::detach_policy<kind>(const aws::Call&);          \
  template aws::Outcome<> Iam::list_attached_policies<kind>(const aws::Call&); \
  template aws::Outcome<> Iam::put_inline_policy<kind>(const aws::Call&);      \
  template aws::Outcome<> Iam::get_inline_policy<kind>(const aws::Call&);      \
  template aws::Outcome<> Iam::delete_inline_policy<kind>(const aws::Call&);   \
  template aws::Outcome<> Iam::list_inline_policies<kind>(const aws::Call&);   \
  template aws::Outcome<> Iam::put_boundary<kind>(const aws::Call&);           \
  template aws::Outcome<> Iam::delete_boundary<kind>(const aws::Call&);        \
  template aws::Outcome<> Iam::tag_entity<kind>(const aws::Call&);             \
  template aws::Outcome<> Iam::untag_entity<kind>(const aws::Call&);           \
  template aws::Outcome<> Iam::list_entity_tags<kind>(const aws::Call&)
SITELATCH_FOR_KIND(Kind::user);
SITELATCH_FOR_KIND(Kind::role);
SITELATCH_FOR_KIND(Kind::group);
#undef SITELATCH_FOR_KIND

}  // namespace sitelatch::iam
