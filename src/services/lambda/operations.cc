// SPDX-License-Identifier: Apache-2.0
// The operations, and what each asks of IAM (fact lambda-27). A function's resource policy takes
// part in every question about that function.
#include "services/lambda/lambda.h"

namespace sitelatch::lambda {
namespace {

using aws::ConditionKeys;
using aws::Permission;
using aws::Value;

void add_request_keys(const Value& input, ConditionKeys& keys) {
  if (input.has("FunctionUrlAuthType"))
    keys.set("lambda:FunctionUrlAuthType", input["FunctionUrlAuthType"].string_or(""));
  aws::add_request_tags(aws::read_tags(input["Tags"]), input["TagKeys"].strings(), keys);
}

void add_role(const Value& input, Lambda::Question& questions, const std::string& function_arn) {
  if (input.has("Role"))
    questions.push_back({"iam:PassRole",
                         {input["Role"].string()},
                         {{"iam:passedtoservice", {"lambda.amazonaws.com"}},
                          {"iam:associatedresourcearn", {function_arn}}},
                         ""});
}

}  // namespace

const aws::OperationTable<Lambda>& Lambda::operation_table() {
  static const aws::OperationTable<Lambda> table{
      "lambda",
      {
          {"CreateFunction", &Lambda::create_function, &Lambda::ask_to_create},
          {"GetFunction", &Lambda::get_function, &Lambda::ask_of_function},
          {"GetFunctionConfiguration", &Lambda::get_function_configuration,
           &Lambda::ask_of_function},
          {"UpdateFunctionCode", &Lambda::update_function_code, &Lambda::ask_of_function},
          {"UpdateFunctionConfiguration", &Lambda::update_function_configuration,
           &Lambda::ask_to_configure},
          {"DeleteFunction", &Lambda::delete_function, &Lambda::ask_of_function},
          {"ListFunctions", &Lambda::list_functions, &Lambda::ask_of_everything},
          {"PublishVersion", &Lambda::publish_version, &Lambda::ask_of_function},
          {"ListVersionsByFunction", &Lambda::list_versions_by_function, &Lambda::ask_of_function},
          {"CreateAlias", &Lambda::create_alias, &Lambda::ask_of_function},
          {"GetAlias", &Lambda::get_alias, &Lambda::ask_of_function},
          {"UpdateAlias", &Lambda::update_alias, &Lambda::ask_of_function},
          {"DeleteAlias", &Lambda::delete_alias, &Lambda::ask_of_function},
          {"ListAliases", &Lambda::list_aliases, &Lambda::ask_of_function},
          {"AddPermission", &Lambda::add_permission, &Lambda::ask_to_add_permission},
          {"RemovePermission", &Lambda::remove_permission, &Lambda::ask_to_remove_permission},
          {"GetPolicy", &Lambda::get_policy, &Lambda::ask_of_function},
          {"PutFunctionConcurrency", &Lambda::put_function_concurrency, &Lambda::ask_of_function},
          {"GetFunctionConcurrency", &Lambda::get_function_concurrency, &Lambda::ask_of_function},
          {"DeleteFunctionConcurrency", &Lambda::delete_function_concurrency,
           &Lambda::ask_of_function},
          {"PutFunctionEventInvokeConfig", &Lambda::put_event_invoke_config,
           &Lambda::ask_of_function},
          {"UpdateFunctionEventInvokeConfig", &Lambda::update_event_invoke_config,
           &Lambda::ask_of_function},
          {"GetFunctionEventInvokeConfig", &Lambda::get_event_invoke_config,
           &Lambda::ask_of_function},
          {"DeleteFunctionEventInvokeConfig", &Lambda::delete_event_invoke_config,
           &Lambda::ask_of_function},
          {"ListFunctionEventInvokeConfigs", &Lambda::list_event_invoke_configs,
           &Lambda::ask_of_function},
          {"CreateFunctionUrlConfig", &Lambda::create_function_url_config, &Lambda::ask_of_url},
          {"GetFunctionUrlConfig", &Lambda::get_function_url_config, &Lambda::ask_of_url},
          {"UpdateFunctionUrlConfig", &Lambda::update_function_url_config, &Lambda::ask_of_url},
          {"DeleteFunctionUrlConfig", &Lambda::delete_function_url_config, &Lambda::ask_of_url},
          {"ListFunctionUrlConfigs", &Lambda::list_function_url_configs, &Lambda::ask_of_function},
          {"ListTags", &Lambda::list_tags, &Lambda::ask_of_tagged},
          {"TagResource", &Lambda::tag_resource, &Lambda::ask_of_tagged},
          {"UntagResource", &Lambda::untag_resource, &Lambda::ask_of_tagged},
          {"GetAccountSettings", &Lambda::get_account_settings, &Lambda::ask_of_everything},
          {"GetFunctionCodeSigningConfig", &Lambda::get_code_signing_config,
           &Lambda::ask_of_function},
          {"GetRuntimeManagementConfig", &Lambda::get_runtime_management_config,
           &Lambda::ask_of_function},
          {"GetFunctionRecursionConfig", &Lambda::get_recursion_config, &Lambda::ask_of_function},
          {"Invoke", &Lambda::invoke, &Lambda::ask_to_invoke},
          {"InvokeAsync", &Lambda::invoke_old_style, &Lambda::ask_to_invoke},
      }};
  return table;
}

// `member` names the function. What is no name is refused by the handler; nobody but those who may
// do everything learns that: nothing.
std::optional<FunctionName> Lambda::asked_name(const aws::Call& call,
                                               std::string_view member) const {
  const auto name =
      parse_function_name(call.input[member].string_or(""), call.input["Qualifier"].string_or(""),
                          {call.region, call.account});
  return name ? std::optional(*name) : std::nullopt;
}

const ResourcePolicy* Lambda::policy_of(const FunctionName& name) const {
  const auto* function = functions_.find(name);
  if (!function) return nullptr;
  const auto qualifier = name.qualifier == latest_version ? std::string{} : name.qualifier;
  const auto policy = function->policies.find(qualifier);
  return policy == function->policies.end() ? nullptr : &policy->second;
}

Permission Lambda::question_of(const std::optional<FunctionName>& name,
                               const aws::Call& call) const {
  if (!name) return {action(call), {"*"}, {}, ""};
  Permission asked{action(call), {name->qualified_arn()}, {}, ""};
  // One function under two names (fact lambda-25): who denies one denies the other.
  if (name->qualifier.empty()) asked.denied_as = {name->arn() + ":" + std::string{latest_version}};
  if (name->qualifier == latest_version) asked.denied_as = {name->arn()};
  if (const auto* function = functions_.find(*name))
    aws::add_resource_tags(function->tags, asked.keys);
  if (const auto* policy = policy_of(*name); policy && !policy->empty())
    asked.resource_policy = policy->document();
  add_request_keys(call.input, asked.keys);
  return asked;
}

Lambda::Question Lambda::ask_of_function(const aws::Call& call) const {
  return {question_of(asked_name(call, "FunctionName"), call)};
}

Lambda::Question Lambda::ask_of_tagged(const aws::Call& call) const {
  return {question_of(asked_name(call, "Resource"), call)};
}

Lambda::Question Lambda::ask_to_invoke(const aws::Call& call) const {
  auto out = ask_of_function(call);
  out.front().action = operation_table().action("InvokeFunction");
  return out;
}

// With the auth type that it is to have; else with the one that it has.
Lambda::Question Lambda::ask_of_url(const aws::Call& call) const {
  auto out = ask_of_function(call);
  const auto name = asked_name(call, "FunctionName");
  if (!name) return out;
  auto& keys = out.front().keys;
  keys.set("lambda:FunctionArn", name->qualified_arn());
  const auto* function = functions_.find(*name);
  const auto* url = function ? function->url(name->qualifier) : nullptr;
  if (call.input.has("AuthType"))
    keys.set("lambda:FunctionUrlAuthType", call.input["AuthType"].string());
  else if (url)
    keys.set("lambda:FunctionUrlAuthType", std::string{auth_type(*url)});
  return out;
}

Lambda::Question Lambda::ask_to_create(const aws::Call& call) const {
  const auto name = asked_name(call, "FunctionName");
  const auto asked = question_of(name, call);
  if (!name) return {asked};
  Question out{asked};
  add_role(call.input, out, name->arn());
  if (!call.input["Tags"].members().empty())
    out.push_back({operation_table().action("TagResource"), asked.resources, asked.keys, ""});
  return out;
}

Lambda::Question Lambda::ask_to_configure(const aws::Call& call) const {
  const auto name = asked_name(call, "FunctionName");
  Question out{question_of(name, call)};
  if (name) add_role(call.input, out, name->arn());
  return out;
}

Lambda::Question Lambda::ask_to_add_permission(const aws::Call& call) const {
  auto out = ask_of_function(call);
  out.front().keys.set("lambda:Principal", call.input["Principal"].string_or(""));
  return out;
}

Lambda::Question Lambda::ask_to_remove_permission(const aws::Call& call) const {
  const auto name = asked_name(call, "FunctionName");
  Question out{question_of(name, call)};
  const auto* policy = name ? policy_of(*name) : nullptr;
  const auto* statement = policy ? policy->find(call.input["StatementId"].string_or("")) : nullptr;
  if (!statement) return out;
  const auto& principal = (*statement)["Principal"];  // "*", or a kind with a name
  if (principal.is_string()) out.front().keys.set("lambda:Principal", principal.string());
  if (principal.is_struct())
    for (const auto& [kind, who] : principal.members())
      out.front().keys.set("lambda:Principal", who.string_or(""));
  return out;
}

}  // namespace sitelatch::lambda
