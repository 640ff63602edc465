// SPDX-License-Identifier: Apache-2.0
// SimulatePrincipalPolicy and SimulateCustomPolicy: the same evaluation as the gateway's, on keys
// that the caller gives.
#include <fmt/format.h>

#include <algorithm>

#include "aws/auth/arn.h"
#include "services/iam/iam.h"
#include "services/iam/iam_common.h"

namespace sitelatch::iam {
using aws::Value;

namespace {
// Adds the documents of a list to `out`; MalformedPolicyDocument names what is wrong.
aws::Outcome<Done> add_documents(const Value& list, aws::PolicyUse use,
                                 std::vector<aws::PolicyRef>& out) {
  for (const auto& document : list.strings()) {
    const auto policy = aws::parse_policy(document, use);
    if (!policy) return aws::refuse("InvalidInput", policy.error().text);
    out.push_back(*policy);
  }
  return Done{};
}

aws::PolicyRef joined(const std::vector<aws::PolicyRef>& policies) {
  auto whole = std::make_shared<aws::Policy>();
  for (const auto& policy : policies)
    whole->statements.insert(whole->statements.end(), policy->statements.begin(),
                             policy->statements.end());
  return whole;
}

aws::Outcome<Done> add_given_policies(const Value& input, aws::PolicySet& set) {
  if (const auto done =
          add_documents(input["PolicyInputList"], aws::PolicyUse::identity, set.identity);
      !done)
    return done;
  std::vector<aws::PolicyRef> boundaries;
  if (const auto done = add_documents(input["PermissionsBoundaryPolicyInputList"],
                                      aws::PolicyUse::identity, boundaries);
      !done)
    return done;
  // In the place of the entity's own, since only one is in effect at a time (API
  // SimulatePrincipalPolicy).
  if (!boundaries.empty()) set.boundary = joined(boundaries);
  if (input.has("ResourcePolicy")) {
    const auto policy =
        aws::parse_policy(input["ResourcePolicy"].string(), aws::PolicyUse::resource);
    if (!policy) return aws::refuse("InvalidInput", policy.error().text);
    set.resource = *policy;
  }
  return Done{};
}

aws::Outcome<> simulate(const Value& input, const aws::PolicySet& set, const aws::Caller& who,
                        aws::ConditionKeys keys) {
  for (const auto& entry : input["ContextEntries"].items())
    if (entry.has("ContextKeyName"))
      keys.set(entry["ContextKeyName"].string(), entry["ContextKeyValues"].strings());
  const auto principal = aws::principal_of(who);
  // Without resources, of all of them; names of actions have no wildcards (API
  // SimulatePrincipalPolicy).
  auto resources = input["ResourceArns"].strings();
  if (resources.empty()) resources.emplace_back("*");
  std::vector<std::pair<std::string, Value>> rows;
  for (const auto& action : input["ActionNames"].strings()) {
    if (action.find(':') == std::string::npos || action.find('*') != std::string::npos)
      return aws::refuse("InvalidInput", fmt::format("Invalid Action Name: {}", action));
    for (const auto& resource : resources) {
      const std::vector<std::string> one{resource};
      const auto decision = aws::evaluate({principal, action, one, keys}, set);
      using Verdict = aws::Decision::Verdict;
      const char* verdict = decision.verdict == Verdict::allowed         ? "allowed"
                            : decision.verdict == Verdict::explicit_deny ? "explicitDeny"
                                                                         : "implicitDeny";
      auto row = Value::structure({{"EvalActionName", action},
                                   {"EvalResourceName", resource},
                                   {"EvalDecision", verdict},
                                   {"MatchedStatements", Value::list()},
                                   {"MissingContextValues", Value::list()}});
      if (set.boundary) {
        const bool held = !decision.allowed() && decision.because == aws::PolicyType::boundary;
        row.set("PermissionsBoundaryDecisionDetail",
                Value::structure({{"AllowedByPermissionsBoundary", !held}}));
      }
      // Pages are in the order of the evaluation, which their keys must keep.
      rows.emplace_back(fmt::format("{:06}", rows.size()), std::move(row));
    }
  }
  return page(input, "EvaluationResults", std::move(rows));
}
}  // namespace

aws::Outcome<> Iam::simulate_principal_policy(const Call& call) {
  const auto source = call.input["PolicySourceArn"].string();
  const auto arn = aws::parse_arn(source);
  if (!arn || arn->service != "iam")
    return aws::refuse("InvalidInput", fmt::format("Invalid Entity Arn: {}", source));
  const auto kind = arn->resource.starts_with("role/")   ? Kind::role
                    : arn->resource.starts_with("user/") ? Kind::user
                                                         : Kind::group;
  const auto* entity = directory_.find(kind, arn->resource.substr(arn->resource.rfind('/') + 1));
  if (!entity || directory_.arn(*entity) != source)
    return no_such_entity(fmt::format("The {} with name {} cannot be found.", word(kind),
                                      arn->resource.substr(arn->resource.rfind('/') + 1)));
  auto set = identities_.policies_of(*entity);
  if (const auto done = add_given_policies(call.input, set); !done) return failure(done.error());
  aws::ConditionKeys keys;
  identities_.add_keys(*entity, keys);
  aws::Caller who;
  // A role acts through its sessions only.
  who.kind = kind == Kind::role ? aws::Caller::Kind::role_session : aws::Caller::Kind::user;
  who.account = directory_.account();
  who.arn = who.principal_arn = source;
  return simulate(call.input, set, who, std::move(keys));
}

aws::Outcome<> Iam::simulate_custom_policy(const Call& call) {
  aws::PolicySet set;
  if (const auto done = add_given_policies(call.input, set); !done) return failure(done.error());
  aws::Caller who;
  who.kind = aws::Caller::Kind::user;
  who.account = directory_.account();
  who.arn = who.principal_arn = call.input["CallerArn"].string_or(
      fmt::format("arn:aws:iam::{}:user/simulated", directory_.account()));
  return simulate(call.input, set, who, {});
}

}  // namespace sitelatch::iam
