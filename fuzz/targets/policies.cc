// SPDX-License-Identifier: Apache-2.0
// IAM policies: parsed for each use, evaluated on keys that the input makes up, and told about.
// Input: use, then NUL-ended parts: document, action, resource, then key=value lines.
#include "aws/auth/policy.h"
#include "base/text.h"
#include "target.h"

using namespace sitelatch;

namespace {

aws::ConditionKeys keys_from(const std::string& lines) {
  aws::ConditionKeys keys;
  for (const auto line : split(lines, '\n')) {
    const auto equals = line.find('=');
    if (equals == line.npos) continue;
    keys.add(line.substr(0, equals), std::string{line.substr(equals + 1)});
  }
  return keys;
}

aws::PolicyPrincipal principal(std::size_t which) {
  aws::Caller caller;
  caller.account = "000000000000";
  switch (which) {
    case 0:
      return aws::service_principal("sns.amazonaws.com");
    case 1:
      caller.kind = aws::Caller::Kind::user;
      caller.arn = caller.principal_arn = "arn:aws:iam::000000000000:user/u";
      break;
    case 2:
      caller.kind = aws::Caller::Kind::role_session;
      caller.arn = "arn:aws:sts::000000000000:assumed-role/r/s";
      caller.principal_arn = "arn:aws:iam::000000000000:role/r";
      break;
    default:
      caller.account.clear();
  }
  return aws::principal_of(caller);
}

}  // namespace

FUZZ_TARGET(policies) {
  const auto use = static_cast<aws::PolicyUse>(input.choice(3));
  const auto who = principal(input.choice(4));
  const auto document = input.text(), action = input.text();
  const std::vector<std::string> resources{input.text()};
  const auto keys = keys_from(input.rest());
  const auto policy = aws::parse_policy(document, use);
  if (!policy) return require(!policy.error().text.empty(), "a refusal says why");
  const aws::AccessRequest request{who, action, resources, keys};
  const bool trust = use == aws::PolicyUse::trust;
  using aws::PolicySet;
  const auto set = use == aws::PolicyUse::identity ? PolicySet{{*policy}, {}, {}, {}, false, {}}
                                                   : PolicySet{{}, {}, {}, *policy, trust, {}};
  const auto decision = aws::evaluate(request, set);
  (void)aws::denial_text(request, decision);
  require(aws::evaluate(request, set).verdict == decision.verdict, "the same question, one answer");
  // A deny by the same document in any other role is never an allowance.
  if (decision.verdict == aws::Decision::Verdict::explicit_deny)
    require(
        !aws::evaluate(request, {{*policy}, *policy, *policy, *policy, false, {*policy}}).allowed(),
        "a deny stays a deny");
  (void)aws::resource_policy_allows(document, "sns.amazonaws.com", action, resources[0], keys);
}
