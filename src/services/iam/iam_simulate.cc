// SPDX-License-Identifier: Apache-2.0
// SimulatePrincipalPolicy and SimulateCustomPolicy: the same evaluation as the gateway's, on keys
// that the caller gives.
#include <fmt/format.h>

#include <optional>
#include <set>

#include "services/iam/iam.h"
#include "services/iam/iam_common.h"
#include "services/iam/policy_places.h"

namespace sitelatch::iam {
using aws::Value;

namespace {
// A policy that has a say, with its text and the name that results call it by.
struct Source {
  aws::PolicyRef policy;
  std::string document, name;
};
struct Sources {
  std::vector<Source> identity, boundary;
  std::optional<Source> resource;
};

aws::Outcome<Source> parsed(const std::string& document, aws::PolicyUse use, std::string name) {
  const auto policy = aws::parse_policy(document, use);
  if (!policy) return aws::refuse("InvalidInput", policy.error().text);
  return Source{*policy, document, std::move(name)};
}

aws::Outcome<Done> add_list(const Value& input, const char* member, std::vector<Source>& out) {
  int number = 0;
  for (const auto& document : input[member].strings()) {
    auto source =
        parsed(document, aws::PolicyUse::identity, fmt::format("{}.{}", member, ++number));
    if (!source) return failure(source.error());
    out.push_back(std::move(*source));
  }
  return Done{};
}

aws::PolicyRef joined(const std::vector<Source>& sources) {
  auto whole = std::make_shared<aws::Policy>();
  for (const auto& source : sources)
    whole->statements.insert(whole->statements.end(), source.policy->statements.begin(),
                             source.policy->statements.end());
  return whole;
}

aws::Outcome<Done> add_given_policies(const Value& input, Sources& sources) {
  if (const auto done = add_list(input, "PolicyInputList", sources.identity); !done) return done;
  std::vector<Source> boundaries;
  if (const auto done = add_list(input, "PermissionsBoundaryPolicyInputList", boundaries); !done)
    return done;
  // In the place of the entity's own, since only one is in effect at a time (API
  // SimulatePrincipalPolicy).
  if (!boundaries.empty()) sources.boundary = std::move(boundaries);
  if (input.has("ResourcePolicy")) {
    auto source =
        parsed(input["ResourcePolicy"].string(), aws::PolicyUse::resource, "ResourcePolicy");
    if (!source) return failure(source.error());
    sources.resource = std::move(*source);
  }
  return Done{};
}

aws::PolicySet set_of(const Sources& sources) {
  aws::PolicySet set;
  for (const auto& source : sources.identity) set.identity.push_back(source.policy);
  if (!sources.boundary.empty()) set.boundary = joined(sources.boundary);
  if (sources.resource) set.resource = sources.resource->policy;
  return set;
}

Value place_value(const Place& place) {
  return Value::structure({{"Line", place.line}, {"Column", place.column}});
}

// The statements that made the decision: those that allow, or, of an explicit deny, those that deny
// alone (API EvaluationResult).
Value matched(const Sources& sources, const aws::AccessRequest& request,
              const aws::Decision& decision) {
  using Verdict = aws::Decision::Verdict;
  auto list = Value::list();
  if (decision.verdict == Verdict::implicit_deny) return list;
  const bool allowed = decision.allowed();
  const auto take = [&](const Source& source) {
    const auto places = statement_places(source.document);
    const auto& statements = source.policy->statements;
    for (std::size_t i = 0; i < statements.size() && i < places.size(); ++i)
      if (statements[i].allow == allowed && aws::statement_matches(statements[i], request))
        list.push(Value::structure({{"SourcePolicyId", source.name},
                                    {"SourcePolicyType", "IAM Policy"},
                                    {"StartPosition", place_value(places[i].start)},
                                    {"EndPosition", place_value(places[i].end)}}));
  };
  for (const auto& source : sources.identity) take(source);
  if (!allowed)
    for (const auto& source : sources.boundary) take(source);
  if (sources.resource) take(*sources.resource);
  return list;
}

// What the policies ask for and nobody has said.
Value missing(const Sources& sources, const aws::ConditionKeys& keys) {
  std::set<std::string> asked;
  for (const auto& source : sources.identity) add_context_keys(source.document, asked);
  for (const auto& source : sources.boundary) add_context_keys(source.document, asked);
  if (sources.resource) add_context_keys(sources.resource->document, asked);
  auto list = Value::list();
  constexpr std::size_t shortest = 5;  // that an answer may name (API EvaluationResult)
  for (const auto& key : asked)
    if (key.size() >= shortest && !keys.find(key)) list.push(key);
  return list;
}

aws::Outcome<> simulate(const Value& input, const Sources& sources, const aws::Caller& who,
                        aws::ConditionKeys keys) {
  const auto set = set_of(sources);
  for (const auto& entry : input["ContextEntries"].items())
    if (entry.has("ContextKeyName"))
      keys.set(entry["ContextKeyName"].string(), entry["ContextKeyValues"].strings());
  const auto principal = aws::principal_of(who);
  const auto missing_keys = missing(sources, keys);
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
      const aws::AccessRequest request{principal, action, one, keys};
      const auto decision = aws::evaluate(request, set);
      using Verdict = aws::Decision::Verdict;
      const char* verdict = decision.verdict == Verdict::allowed         ? "allowed"
                            : decision.verdict == Verdict::explicit_deny ? "explicitDeny"
                                                                         : "implicitDeny";
      auto row = Value::structure({{"EvalActionName", action},
                                   {"EvalResourceName", resource},
                                   {"EvalDecision", verdict},
                                   {"MatchedStatements", matched(sources, request, decision)},
                                   {"MissingContextValues", missing_keys}});
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

// As results call what an entity has: managed policies by name, inline ones with whose they are.
Sources sources_of(const Directory& directory, const Entity& entity) {
  Sources out;
  const auto add = [&](const std::string& document, std::string name) {
    if (auto source = parsed(document, aws::PolicyUse::identity, std::move(name)))
      out.identity.push_back(std::move(*source));
  };
  const auto add_all = [&](const Entity& holder) {
    for (const auto& [name, document] : holder.inline_policies)
      add(document, fmt::format("{}_{}_{}", word(holder.kind), holder.name, name));
    for (const auto& arn : holder.attached)
      if (const auto* policy = directory.policy(arn)) add(policy->document(), policy->name);
  };
  add_all(entity);
  for (const auto& name : entity.groups)
    if (const auto* group = directory.find(Kind::group, name)) add_all(*group);
  if (entity.boundary.empty()) return out;
  const auto* boundary = directory.policy(entity.boundary);
  // One that is gone allows nothing (fact iam-11).
  Source source{std::make_shared<aws::Policy>(), "", ""};
  if (boundary)
    if (auto read = parsed(boundary->document(), aws::PolicyUse::identity, boundary->name))
      source = std::move(*read);
  out.boundary.push_back(std::move(source));
  return out;
}
}  // namespace

aws::Outcome<> Iam::simulate_principal_policy(const Call& call) {
  const auto source = call.input["PolicySourceArn"].string();
  const auto entity = require_by_arn(source);
  if (!entity) return failure(entity.error());
  auto sources = sources_of(directory_, **entity);
  if (const auto done = add_given_policies(call.input, sources); !done)
    return failure(done.error());
  aws::ConditionKeys keys;
  identities_.add_keys(**entity, keys);
  aws::Caller who;
  // A role acts through its sessions only.
  who.kind =
      (*entity)->kind == Kind::role ? aws::Caller::Kind::role_session : aws::Caller::Kind::user;
  who.account = directory_.account();
  who.arn = who.principal_arn = source;
  return simulate(call.input, sources, who, std::move(keys));
}

aws::Outcome<> Iam::simulate_custom_policy(const Call& call) {
  Sources sources;
  if (const auto done = add_given_policies(call.input, sources); !done)
    return failure(done.error());
  aws::Caller who;
  who.kind = aws::Caller::Kind::user;
  who.account = directory_.account();
  who.arn = who.principal_arn = call.input["CallerArn"].string_or(
      fmt::format("arn:aws:iam::{}:user/simulated", directory_.account()));
  return simulate(call.input, sources, who, {});
}

namespace {
aws::Outcome<> context_keys(const Value& input, const Sources& held) {
  auto sources = held;
  if (const auto done = add_list(input, "PolicyInputList", sources.identity); !done)
    return failure(done.error());
  auto list = missing(sources, {});
  return Value::structure({{"ContextKeyNames", std::move(list)}});
}
}  // namespace

aws::Outcome<> Iam::get_context_keys_for_custom_policy(const Call& call) {
  return context_keys(call.input, {});
}

aws::Outcome<> Iam::get_context_keys_for_principal_policy(const Call& call) {
  const auto entity = require_by_arn(call.input["PolicySourceArn"].string());
  if (!entity) return failure(entity.error());
  return context_keys(call.input, sources_of(directory_, **entity));
}

}  // namespace sitelatch::iam
