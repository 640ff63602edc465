// SPDX-License-Identifier: Apache-2.0
// What each operation asks of IAM (aws-semantics §13.2). A function's resource policy takes part in
// every question about that function.
#include "services/lambda/lambda.h"

namespace sitelatch::lambda {
namespace {

using aws::ConditionKeys;
using aws::Permission;
using aws::Value;

bool asks_about_no_function(std::string_view operation) {
  return operation == "ListFunctions" || operation == "GetAccountSettings";
}
std::string action_of(std::string_view operation) {
  if (operation == "Invoke" || operation == "InvokeAsync") return "lambda:InvokeFunction";
  return "lambda:" + std::string{operation};
}

void add_request_tags(const Value& tags, ConditionKeys& keys) {
  for (const auto& [key, value] : tags.members()) {
    keys.add_tag("aws:RequestTag", key, value.string_or(""));
    keys.add("aws:TagKeys", key);
  }
}

}  // namespace

std::vector<Permission> Lambda::authorisation(const aws::Call& call) const {
  const auto operation = call.operation;
  const auto& input = call.input;
  if (asks_about_no_function(operation)) return {{action_of(operation), {"*"}, {}, ""}};

  const bool tags = input.has("Resource");
  const auto name =
      parse_function_name(input[tags ? "Resource" : "FunctionName"].string_or(""),
                          input["Qualifier"].string_or(""), {call.region, call.account});
  // What is no name is refused by the handler; nobody but those who may do everything learns that.
  if (!name) return {{action_of(operation), {"*"}, {}, ""}};

  Permission permission{action_of(operation), {name->qualified_arn()}, {}, ""};
  // One function under two names (fact lambda-25): who denies one denies the other.
  if (name->qualifier.empty())
    permission.denied_as = {name->arn() + ":" + std::string{latest_version}};
  if (name->qualifier == latest_version) permission.denied_as = {name->arn()};
  const auto* function = lookup(name->region, name->name);
  if (function && function->account == name->account) {
    for (const auto& [key, value] : function->tags)
      permission.keys.add_tag("aws:ResourceTag", key, value);
    const auto qualifier = name->qualifier == latest_version ? std::string{} : name->qualifier;
    if (const auto policy = function->policies.find(qualifier);
        policy != function->policies.end()) {
      permission.resource_policy = policy->second.empty() ? "" : policy->second.document();
      if (operation == "RemovePermission")
        if (const auto* statement = policy->second.find(input["StatementId"].string_or("")))
          for (const auto& [kind, who] : (*statement)["Principal"].members())
            permission.keys.set("lambda:Principal", who.string_or(""));
    }
  }
  if (operation == "AddPermission")
    permission.keys.set("lambda:Principal", input["Principal"].string_or(""));
  if (input.has("FunctionUrlAuthType"))
    permission.keys.set("lambda:FunctionUrlAuthType", input["FunctionUrlAuthType"].string_or(""));
  add_request_tags(input["Tags"], permission.keys);
  for (const auto& key : input["TagKeys"].strings()) permission.keys.add("aws:TagKeys", key);

  std::vector<Permission> out{permission};
  const bool configures =
      operation == "CreateFunction" || operation == "UpdateFunctionConfiguration";
  if (configures && input.has("Role"))
    out.push_back({"iam:PassRole",
                   {input["Role"].string()},
                   {{"iam:passedtoservice", {"lambda.amazonaws.com"}},
                    {"iam:associatedresourcearn", {name->arn()}}},
                   ""});
  if (operation == "CreateFunction" && !input["Tags"].members().empty())
    out.push_back({"lambda:TagResource", permission.resources, permission.keys, ""});
  return out;
}

}  // namespace sitelatch::lambda
