// SPDX-License-Identifier: Apache-2.0
// Resource policies (facts lambda-4 and lambda-33): the function has one, each version and alias
// may have its own.
#include <fmt/format.h>

#include "services/lambda/lambda.h"
#include "services/lambda/refusals.h"

namespace sitelatch::lambda {
using aws::Outcome;
using aws::Value;

Outcome<Done> Lambda::check_policy_qualifier(const Found& found) const {
  const auto& qualifier = found.name.qualifier;
  if (qualifier.empty()) return Done{};
  if (qualifier == latest_version)
    return invalid_parameter("We currently do not support adding policies for $LATEST.");
  if (!found.function->has_qualifier(qualifier))
    return not_found("Function not found: " + found.name.qualified_arn());
  return Done{};
}

Outcome<> Lambda::add_permission(const aws::Call& call) {
  const auto found = find(call);
  if (!found) return failure(found.error());
  auto& function = *found->function;
  if (auto right = check_policy_qualifier(*found); !right) return failure(right.error());
  if (auto same = check_revision(function.latest.revision_id, call.input); !same)
    return failure(same.error());
  const auto sid = call.input["StatementId"].string();
  const auto& qualifier = found->name.qualifier;
  ResourcePolicy policy;
  if (const auto present = function.policies.find(qualifier); present != function.policies.end())
    policy = present->second;
  if (policy.find(sid))
    return conflict("The statement id (" + sid +
                    ") provided already exists. Please provide a new statement id, or remove the "
                    "existing statement.");
  const auto statement = make_statement(call.input, function.arn(qualifier));
  if (!statement) return failure(statement.error());
  policy.add(*statement);
  if (const auto size = policy.document().size(); size > ResourcePolicy::size_limit)
    return refused("PolicyLengthExceededException",
                   fmt::format("The final policy size ({}) is bigger than the limit ({}).", size,
                               ResourcePolicy::size_limit));
  function.policies[qualifier] = std::move(policy);
  function.latest.revision_id = functions_.new_revision();
  functions_.save(function);
  return Value::structure({{"Statement", aws::to_json(*statement)}});
}

Outcome<> Lambda::remove_permission(const aws::Call& call) {
  const auto found = find(call);
  if (!found) return failure(found.error());
  auto& function = *found->function;
  if (auto right = check_policy_qualifier(*found); !right) return failure(right.error());
  const auto policy = function.policies.find(found->name.qualifier);
  if (policy == function.policies.end() || policy->second.empty())
    return not_found("No policy is associated with the given resource.");
  const auto sid = call.input["StatementId"].string();
  if (!policy->second.find(sid))
    return not_found("Statement " + sid + " is not found in resource policy.");
  if (auto same = check_revision(function.latest.revision_id, call.input); !same)
    return failure(same.error());
  policy->second.remove(sid);
  if (policy->second.empty()) function.policies.erase(policy);
  function.latest.revision_id = functions_.new_revision();
  functions_.save(function);
  return Value::structure();
}

Outcome<> Lambda::get_policy(const aws::Call& call) {
  const auto found = find(call);
  if (!found) return failure(found.error());
  const auto& function = *found->function;
  const auto policy = function.policies.find(found->name.qualifier);
  if (policy == function.policies.end() || policy->second.empty())
    return not_found("The resource you requested does not exist.");
  const auto* version = function.version(found->name.qualifier);
  const auto* alias = function.alias(found->name.qualifier);
  return Value::structure({{"Policy", policy->second.document()},
                           {"RevisionId", alias     ? alias->revision_id
                                          : version ? version->revision_id
                                                    : function.latest.revision_id}});
}

}  // namespace sitelatch::lambda
