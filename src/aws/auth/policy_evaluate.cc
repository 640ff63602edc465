// SPDX-License-Identifier: Apache-2.0
// The order of evaluation: what the organisation's policies leave; an explicit deny anywhere; then
// the resource's policy, which can grant by itself; then what limits (boundary, session policy) and
// what grants (identity policies). IAM User Guide, "Policy evaluation logic".
#include <fmt/format.h>

#include <algorithm>

#include "aws/auth/arn.h"
#include "aws/auth/policy.h"
#include "base/text.h"

namespace sitelatch::aws {
namespace {
// How a resource policy's statement names who asks, in rising strength: what it then needs no other
// policy for.
enum class Named { not_at_all, account, everyone, role, user, session, service };

struct Question {
  const AccessRequest& request;
  std::string action;  // lower case
};

Named named_by_arn(const PolicyPrincipal& who, std::string_view text) {
  if (text == who.arn) {
    switch (who.kind) {
      case PolicyPrincipal::Kind::role_session:
        return Named::session;
      case PolicyPrincipal::Kind::root:
        return Named::account;
      default:
        return Named::user;
    }
  }
  if (who.kind == PolicyPrincipal::Kind::role_session && text == who.principal_arn)
    return Named::role;
  if (is_account_id(text)) return text == who.account ? Named::account : Named::not_at_all;
  const auto arn = parse_arn(text);
  const bool account =
      arn && arn->service == "iam" && arn->resource == "root" && arn->account == who.account;
  return account && !who.account.empty() ? Named::account : Named::not_at_all;
}

Named named_by(const PolicyPrincipals& list, const PolicyPrincipal& who) {
  const bool federated = who.kind == PolicyPrincipal::Kind::federated;
  if (federated || who.kind == PolicyPrincipal::Kind::service) {
    const auto& names = federated ? list.federated : list.services;
    const bool listed = std::find(names.begin(), names.end(), who.service) != names.end();
    return listed ? Named::service : list.everyone ? Named::everyone : Named::not_at_all;
  }
  Named best = list.everyone ? Named::everyone : Named::not_at_all;
  if (who.kind == PolicyPrincipal::Kind::anonymous) return best;
  for (const auto& text : list.aws) best = std::max(best, named_by_arn(who, text));
  return best;
}

bool speaks_of(const PolicyStatement& statement, const Question& question) {
  const auto& keys = question.request.keys;
  const bool action =
      std::any_of(statement.actions.begin(), statement.actions.end(),
                  [&](const PolicyText& a) { return a.matches(question.action, keys); });
  if (action == statement.not_actions) return false;
  if (!statement.resources.empty()) {
    const auto named = [&](std::span<const std::string> spellings) {
      return std::any_of(
          statement.resources.begin(), statement.resources.end(), [&](const ArnPattern& pattern) {
            return std::any_of(spellings.begin(), spellings.end(),
                               [&](const std::string& r) { return pattern.matches(r, keys); });
          });
    };
    bool resource = named(question.request.resources);
    if (!statement.allow && !statement.not_resources)
      resource = resource || named(question.request.denied_as);
    if (resource == statement.not_resources) return false;
  }
  return conditions_hold(statement.conditions, keys);
}

enum class Effect { none, allow, deny };

Effect effect_of(const Policy& policy, const Question& question) {
  Effect effect = Effect::none;
  for (const auto& statement : policy.statements) {
    if (!statement.allow && speaks_of(statement, question)) return Effect::deny;
    if (statement.allow && effect == Effect::none && speaks_of(statement, question))
      effect = Effect::allow;
  }
  return effect;
}

struct ResourceOpinion {
  bool denies = false;
  Named grant = Named::not_at_all;
};

ResourceOpinion opinion_of(const Policy& policy, const Question& question) {
  ResourceOpinion opinion;
  const auto& who = question.request.principal;
  for (const auto& statement : policy.statements) {
    const auto listed = named_by(statement.principals, who);
    const auto named = !statement.not_principals     ? listed
                       : listed == Named::not_at_all ? Named::everyone
                                                     : Named::not_at_all;
    if (named == Named::not_at_all || !speaks_of(statement, question)) continue;
    if (!statement.allow) opinion.denies = true;
    if (statement.allow) opinion.grant = std::max(opinion.grant, named);
  }
  return opinion;
}

Decision deny(PolicyType because) { return {Decision::Verdict::explicit_deny, because}; }
Decision lacks(PolicyType because) { return {Decision::Verdict::implicit_deny, because}; }
constexpr Decision allow{Decision::Verdict::allowed, PolicyType::identity};

// A policy of refusals alone stands beside FullAWSAccess; one that allows something allows nothing
// else (fact iam-27).
Effect limit_of(const Policy& policy, const Question& question) {
  const auto effect = effect_of(policy, question);
  if (effect != Effect::none) return effect;
  const bool allows = std::any_of(policy.statements.begin(), policy.statements.end(),
                                  [](const PolicyStatement& s) { return s.allow; });
  return allows ? Effect::none : Effect::allow;
}

bool from_another_account(const AccessRequest& request) {
  if (request.principal.account.empty() || request.resources.empty()) return false;
  const auto arn = parse_arn(request.resources.front());
  return arn && is_account_id(arn->account) && arn->account != request.principal.account;
}
}  // namespace

bool statement_matches(const PolicyStatement& statement, const AccessRequest& request) {
  if (statement.has_principals) {
    const bool listed = named_by(statement.principals, request.principal) != Named::not_at_all;
    if (listed == statement.not_principals) return false;
  }
  return speaks_of(statement, {request, lower(request.action)});
}

Decision evaluate(const AccessRequest& request, const PolicySet& policies) {
  using Kind = PolicyPrincipal::Kind;
  const Question question{request, lower(request.action)};
  const auto kind = request.principal.kind;
  const auto resource_type = policies.trust ? PolicyType::trust : PolicyType::resource;

  // Who speaks for nobody of the account has the resource's policy alone.
  const bool outside = kind == Kind::service || kind == Kind::federated || kind == Kind::anonymous;
  if (!outside)
    for (const auto& policy : policies.service_control) {
      const auto limit = limit_of(*policy, question);
      if (limit == Effect::deny) return deny(PolicyType::service_control);
      if (limit == Effect::none) return lacks(PolicyType::service_control);
    }
  ResourceOpinion resource;
  if (policies.resource) resource = opinion_of(*policies.resource, question);
  Effect identity = Effect::none;
  for (const auto& policy : policies.identity) {
    const auto effect = effect_of(*policy, question);
    if (effect == Effect::deny) return deny(PolicyType::identity);
    if (effect == Effect::allow) identity = Effect::allow;
  }
  if (kind == Kind::root && !policies.session) {
    // Root passes everything but a role's trust policy (fact sts-1).
    if (!policies.trust) return allow;
    if (resource.denies) return deny(PolicyType::trust);
    return resource.grant == Named::not_at_all ? lacks(PolicyType::trust) : allow;
  }
  if (kind == Kind::root) identity = Effect::allow;
  if (resource.denies) return deny(resource_type);
  const auto boundary = policies.boundary ? effect_of(*policies.boundary, question) : Effect::allow;
  if (boundary == Effect::deny) return deny(PolicyType::boundary);
  const auto session = policies.session ? effect_of(*policies.session, question) : Effect::allow;
  if (session == Effect::deny) return deny(PolicyType::session);

  if (outside) return resource.grant == Named::not_at_all ? lacks(resource_type) : allow;

  // Naming the account hands the decision to its identity policies; naming more than it grants
  // outright.
  const bool granted = resource.grant > Named::account;
  if (policies.trust && resource.grant == Named::not_at_all) return lacks(PolicyType::trust);
  if (from_another_account(request)) {
    if (identity != Effect::allow) return lacks(PolicyType::identity);
    if (resource.grant == Named::not_at_all) return lacks(resource_type);
  } else if (identity != Effect::allow && !granted) {
    return lacks(PolicyType::identity);
  }
  // What is granted to the session or the user by its own ARN is not held back by what merely does
  // not allow.
  const bool past_boundary = resource.grant == Named::session || resource.grant == Named::user;
  const bool past_session = resource.grant == Named::session;
  if (boundary != Effect::allow && !past_boundary) return lacks(PolicyType::boundary);
  if (session != Effect::allow && !past_session) return lacks(PolicyType::session);
  return allow;
}

PolicyPrincipal principal_of(const Caller& caller) {
  PolicyPrincipal p;
  p.account = caller.account;
  p.arn = caller.arn;
  p.principal_arn = caller.principal_arn;
  // A federated user is named like a session: by its own ARN, or by that of whose rights it has.
  if (caller.federated) {
    p.kind = PolicyPrincipal::Kind::role_session;
    p.principal_arn = caller.issuer_arn;
    return p;
  }
  switch (caller.kind) {
    case Caller::Kind::root:
      p.kind = PolicyPrincipal::Kind::root;
      break;
    case Caller::Kind::user:
      p.kind = PolicyPrincipal::Kind::user;
      break;
    case Caller::Kind::role_session:
      p.kind = PolicyPrincipal::Kind::role_session;
      break;
    case Caller::Kind::anonymous:
      p.kind = PolicyPrincipal::Kind::anonymous;
      break;
  }
  return p;
}

PolicyPrincipal service_principal(std::string name) {
  PolicyPrincipal p;
  p.kind = PolicyPrincipal::Kind::service;
  p.service = std::move(name);
  return p;
}

PolicyPrincipal federated_principal(std::string provider_arn) {
  auto p = service_principal(std::move(provider_arn));
  p.kind = PolicyPrincipal::Kind::federated;
  return p;
}

std::string denial_text(const AccessRequest& request, const Decision& decision) {
  const auto& who = request.principal;
  const auto name = !who.arn.empty() ? who.arn : !who.service.empty() ? who.service : "anonymous";
  const bool on_resource = !request.resources.empty() && request.resources.front() != "*";
  const auto where = on_resource ? " on resource: " + request.resources.front() : std::string{};
  const auto words = [&](PolicyType type) -> std::pair<std::string_view, std::string_view> {
    switch (type) {
      case PolicyType::identity:
        return {"an identity-based policy", "identity-based policy"};
      case PolicyType::resource:
        return {"a resource-based policy", "resource-based policy"};
      case PolicyType::boundary:
        return {"a permissions boundary", "permissions boundary"};
      case PolicyType::session:
        return {"a session policy", "session policy"};
      case PolicyType::trust:
        return {"the role trust policy", "role trust policy"};
      case PolicyType::service_control:
        return {"a service control policy", "service control policy"};
    }
    return {"", ""};
  };
  const auto phrase = words(decision.because);
  const auto denied =
      fmt::format("User: {} is not authorized to perform: {}{}", name, request.action, where);
  // STS says no more than this of a role that does not trust the caller, or that does not exist.
  if (decision.because == PolicyType::trust && decision.verdict == Decision::Verdict::implicit_deny)
    return denied;
  const auto why =
      decision.verdict == Decision::Verdict::explicit_deny
          ? fmt::format("with an explicit deny in {}", phrase.first)
          : fmt::format("because no {} allows the {} action", phrase.second, request.action);
  return denied + " " + why;
}

bool resource_policy_allows(const Policy& policy, std::string_view service, std::string_view action,
                            std::string_view resource, const ConditionKeys& keys) {
  const auto who = service_principal(std::string{service});
  const std::vector<std::string> resources{std::string{resource}};
  PolicySet set;
  set.resource = PolicyRef{std::shared_ptr<const Policy>{}, &policy};
  return evaluate({who, action, resources, keys}, set).allowed();
}

bool resource_policy_allows(std::string_view policy_document, std::string_view service,
                            std::string_view action, std::string_view resource,
                            const ConditionKeys& keys) {
  const auto policy = parse_policy(policy_document, PolicyUse::resource);
  return policy && resource_policy_allows(**policy, service, action, resource, keys);
}

}  // namespace sitelatch::aws
