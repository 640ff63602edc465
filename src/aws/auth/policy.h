// SPDX-License-Identifier: Apache-2.0
// IAM policies: documents parsed once into plain structs, with IAM's grammar, and evaluated by pure
// functions (facts iam-7 to iam-10 and iam-20 to iam-22). Who asks, what, on what and under which
// keys is an AccessRequest; the policies that have a say are a PolicySet; the answer carries the
// reason, so that the text of a refusal can be AWS's.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "aws/auth/caller.h"
#include "aws/auth/permission.h"
#include "aws/auth/policy_pattern.h"
#include "base/recent.h"
#include "base/result.h"

namespace sitelatch::aws {

// --- Documents
// ------------------------------------------------------------------------------------------------

enum class ConditionTest {
  string_equals,
  string_equals_ignoring_case,
  string_like,
  numeric_equals,
  numeric_less,
  numeric_less_or_equal,
  numeric_greater,
  numeric_greater_or_equal,
  date_equals,
  date_less,
  date_less_or_equal,
  date_greater,
  date_greater_or_equal,
  boolean,
  binary_equals,
  ip_address,
  arn_like,
  null
};

struct PolicyCondition {
  enum class Over { one, any_value, all_values };
  ConditionTest test{};
  bool negated = false;
  bool if_exists = false;
  Over over = Over::one;
  std::string key;  // lower case
  std::vector<PolicyText> values;
  std::vector<ArnPattern> arns;  // the values, where the test is arn_like
};

struct PolicyPrincipals {
  bool everyone = false;               // "*" or {"AWS": "*"}
  std::vector<std::string> aws;        // account ids and ARNs
  std::vector<std::string> services;   // "sns.amazonaws.com"
  std::vector<std::string> federated;  // ARNs of identity providers
};

struct PolicyStatement {
  std::string sid;
  bool allow = false;
  bool not_actions = false;
  std::vector<PolicyText> actions;  // lower case
  bool not_resources = false;
  std::vector<ArnPattern>
      resources;  // none: the statement speaks of the resource that it is attached to
  bool has_principals = false;
  bool not_principals = false;
  PolicyPrincipals principals;
  std::vector<PolicyCondition> conditions;
};

struct Policy {
  std::string id;
  std::vector<PolicyStatement> statements;
};
using PolicyRef = std::shared_ptr<const Policy>;

enum class PolicyUse {
  identity,
  trust,
  resource
};  // session policies and boundaries are identity policies

// The Problem is the message of MalformedPolicyDocument.
Result<PolicyRef> parse_policy(std::string_view document, PolicyUse use);

// Documents by text, so that each is parsed once. nullptr for one that does not parse. Bounded: a
// document may have 10 kB, and its parsed form several times that.
class PolicyCache {
 public:
  PolicyRef get(const std::string& document, PolicyUse use);

 private:
  Recent<PolicyRef> parsed_[3] = {Recent<PolicyRef>{1024}, Recent<PolicyRef>{1024},
                                  Recent<PolicyRef>{1024}};
};

// --- Evaluation
// ------------------------------------------------------------------------------------------------

struct PolicyPrincipal {
  enum class Kind { root, user, role_session, service, federated, anonymous };
  Kind kind = Kind::anonymous;
  std::string account;
  std::string arn;            // of a session: arn:aws:sts::A:assumed-role/R/S
  std::string principal_arn;  // of a session: the role's ARN
  std::string service;        // "sns.amazonaws.com"; of a federated one its provider's ARN
};
PolicyPrincipal principal_of(const Caller& caller);
PolicyPrincipal service_principal(std::string name);
PolicyPrincipal federated_principal(std::string provider_arn);

struct AccessRequest {
  const PolicyPrincipal& principal;
  std::string_view action;
  const std::vector<std::string>& resources;  // alternate spellings of one resource, or {"*"}
  const ConditionKeys& keys;
  std::span<const std::string> denied_as = {};  // Permission::denied_as
};

struct PolicySet {
  std::vector<PolicyRef> identity;
  PolicyRef boundary;  // null: none
  PolicyRef session;   // null: none
  PolicyRef resource;  // null: none
  bool trust = false;  // `resource` is a role's trust policy: nothing is allowed without it
  // An organisation's service control policies. They bind the account's users, roles and root, not
  // services (fact iam-26).
  std::vector<PolicyRef> service_control;
};

enum class PolicyType { identity, resource, boundary, session, trust, service_control };

struct Decision {
  enum class Verdict { allowed, implicit_deny, explicit_deny };
  Verdict verdict = Verdict::implicit_deny;
  PolicyType because = PolicyType::identity;  // of a denial
  bool allowed() const { return verdict == Verdict::allowed; }
};

Decision evaluate(const AccessRequest& request, const PolicySet& policies);

// "User: ... is not authorized to perform: ... because no identity-based policy allows the ...
// action"
std::string denial_text(const AccessRequest& request, const Decision& decision);

// Does a resource's policy let a service act on it (sns -> lambda, cloudwatch -> sns)? Nothing else
// has a say.
bool resource_policy_allows(std::string_view policy_document, std::string_view service,
                            std::string_view action, std::string_view resource,
                            const ConditionKeys& keys);
bool resource_policy_allows(const Policy& policy, std::string_view service, std::string_view action,
                            std::string_view resource, const ConditionKeys& keys);

// Whether a statement, of whatever effect, speaks of the request: action, resource, conditions, and
// where it names principals, one of them.
bool statement_matches(const PolicyStatement& statement, const AccessRequest& request);

// Whether every condition of a statement holds (policy_condition.cc).
bool conditions_hold(const std::vector<PolicyCondition>& conditions, const ConditionKeys& keys);
// Whether the operator is one of IAM's; fills test, negated, if_exists and over.
bool read_operator(std::string_view name, PolicyCondition& condition);

}  // namespace sitelatch::aws
