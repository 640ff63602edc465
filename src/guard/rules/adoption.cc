// SPDX-License-Identifier: Apache-2.0
#include "guard/rules/adoption.h"

#include <algorithm>

namespace sitelatch::guard {
namespace {

bool tagged_as_ours(const Plan& plan, const ObservedRole& role) {
  const auto owner = role.tags.find(std::string{tag::guard});
  return owner != role.tags.end() && owner->second == plan.settings.health_check_id;
}

// The guide attaches a policy by the check's id, and Lambda's own for logs.
bool guide_attached(const Plan& plan, const std::string& policy_arn) {
  const auto& s = plan.settings;
  const auto guides = "arn:" + s.partition + ":iam::" + s.account + ":policy/" + s.health_check_id;
  return policy_arn == guides ||
         policy_arn.ends_with(":policy/service-role/AWSLambdaBasicExecutionRole");
}

bool planned(const Plan& plan, const std::string& policy_arn) {
  const auto& wanted = plan.role.managed_policies;
  return std::find(wanted.begin(), wanted.end(), policy_arn) != wanted.end();
}

}  // namespace

Strip policies_to_strip(const Plan& plan, const ObservedRole& role) {
  Strip strip;
  const bool adopting = !tagged_as_ours(plan, role);
  for (const auto& arn : role.managed_policies)
    if (!planned(plan, arn) && (adopting || guide_attached(plan, arn)))
      strip.managed.push_back(arn);
  if (adopting)
    for (const auto& [name, document] : role.inline_policies)
      if (name != plan.role.policy_name) strip.inlined.push_back(name);
  return strip;
}

std::vector<std::string> foreign_policies(const Plan& plan, const ObservedRole& role) {
  const auto strip = policies_to_strip(plan, role);
  const auto goes = [](const std::vector<std::string>& all, const std::string& one) {
    return std::find(all.begin(), all.end(), one) != all.end();
  };
  std::vector<std::string> foreign;
  for (const auto& arn : role.managed_policies)
    if (!planned(plan, arn) && !goes(strip.managed, arn)) foreign.push_back("policy " + arn);
  for (const auto& [name, document] : role.inline_policies)
    if (name != plan.role.policy_name && !goes(strip.inlined, name))
      foreign.push_back("inline policy " + name);
  return foreign;
}

}  // namespace sitelatch::guard
