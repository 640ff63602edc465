// SPDX-License-Identifier: Apache-2.0
#include "services/lambda/resource_policy.h"

#include <algorithm>

#include "aws/auth/arn.h"
#include "aws/auth/policy.h"
#include "services/lambda/refusals.h"

namespace sitelatch::lambda {
using aws::Value;

const Value* ResourcePolicy::find(std::string_view sid) const {
  const auto& items = statements_.items();
  const auto found = std::find_if(items.begin(), items.end(), [&](const Value& statement) {
    return statement["Sid"].string_or("") == sid;
  });
  return found == items.end() ? nullptr : &*found;
}

void ResourcePolicy::remove(std::string_view sid) {
  auto& items = statements_.items_mut();
  items.erase(std::remove_if(items.begin(), items.end(),
                             [&](const Value& s) { return s["Sid"].string_or("") == sid; }),
              items.end());
}

std::string ResourcePolicy::document() const {
  return aws::to_json(
      Value::structure({{"Version", "2012-10-17"}, {"Id", "default"}, {"Statement", statements_}}));
}

namespace {

bool is_service(std::string_view principal) {
  const bool ends =
      principal.ends_with(".amazonaws.com") || principal.ends_with(".amazonaws.com.cn");
  return ends && principal.front() != '.' &&
         std::all_of(principal.begin(), principal.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-';
         });
}

aws::Outcome<> principal_of(const std::string& principal) {
  if (principal == "*") return Value{"*"};
  if (is_service(principal)) return Value::structure({{"Service", principal}});
  if (aws::is_account_id(principal))
    return Value::structure({{"AWS", "arn:aws:iam::" + principal + ":root"}});
  const auto arn = aws::parse_arn(principal);
  if (arn && (arn->service == "iam" || arn->service == "sts") && aws::is_account_id(arn->account))
    return Value::structure({{"AWS", principal}});
  return invalid_parameter(
      "The provided principal was invalid. Please check the principal and try again.");
}

Value conditions_of(const Value& input) {
  Value equals = Value::structure(), out = Value::structure();
  if (input.has("FunctionUrlAuthType"))
    equals.set("lambda:FunctionUrlAuthType", input["FunctionUrlAuthType"]);
  if (input.has("PrincipalOrgID")) equals.set("aws:PrincipalOrgID", input["PrincipalOrgID"]);
  if (input.has("SourceAccount")) equals.set("AWS:SourceAccount", input["SourceAccount"]);
  if (input.has("EventSourceToken"))
    equals.set("lambda:EventSourceToken", input["EventSourceToken"]);
  if (!equals.members().empty()) out.set("StringEquals", equals);
  if (input["InvokedViaFunctionUrl"].boolean_or(false))
    out.set("Bool", Value::structure({{"lambda:InvokedViaFunctionUrl", "true"}}));
  if (input.has("SourceArn"))
    out.set("ArnLike", Value::structure({{"AWS:SourceArn", input["SourceArn"]}}));
  return out;
}

}  // namespace

aws::Outcome<> make_statement(const Value& input, const std::string& resource_arn) {
  const auto action = input["Action"].string();
  if (input.has("FunctionUrlAuthType") && action != "lambda:InvokeFunctionUrl")
    return invalid_parameter(
        "FunctionUrlAuthType is only supported for lambda:InvokeFunctionUrl action");
  if (input["InvokedViaFunctionUrl"].boolean_or(false) && action != "lambda:InvokeFunction")
    return invalid_parameter(
        "InvokedViaFunctionUrl is only supported for lambda:InvokeFunction action");
  auto principal = principal_of(input["Principal"].string());
  if (!principal) return principal;
  Value out = Value::structure({{"Sid", input["StatementId"]},
                                {"Effect", "Allow"},
                                {"Principal", *principal},
                                {"Action", input["Action"]},
                                {"Resource", resource_arn}});
  if (auto conditions = conditions_of(input); !conditions.members().empty())
    out.set("Condition", conditions);
  return out;
}

bool allows_invocation(const ResourcePolicy& policy, const ServiceCaller& caller,
                       const std::string& resource_arn) {
  if (policy.empty()) return false;
  aws::ConditionKeys keys;
  if (!caller.source_arn.empty()) keys.set("aws:SourceArn", caller.source_arn);
  if (!caller.source_account.empty()) keys.set("aws:SourceAccount", caller.source_account);
  return aws::resource_policy_allows(policy.document(), caller.principal, "lambda:InvokeFunction",
                                     resource_arn, keys);
}

}  // namespace sitelatch::lambda
