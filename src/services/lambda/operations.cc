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
          {"PublishLayerVersion", &Lambda::publish_layer_version, &Lambda::ask_of_layer},
          {"GetLayerVersion", &Lambda::get_layer_version, &Lambda::ask_of_layer},
          {"GetLayerVersionByArn", &Lambda::get_layer_version_by_arn, &Lambda::ask_of_layer_by_arn},
          {"DeleteLayerVersion", &Lambda::delete_layer_version, &Lambda::ask_of_layer},
          {"ListLayers", &Lambda::list_layers, &Lambda::ask_of_everything},
          {"ListLayerVersions", &Lambda::list_layer_versions, &Lambda::ask_of_layer},
          {"AddLayerVersionPermission", &Lambda::add_layer_version_permission,
           &Lambda::ask_of_layer},
          {"RemoveLayerVersionPermission", &Lambda::remove_layer_version_permission,
           &Lambda::ask_of_layer},
          {"GetLayerVersionPolicy", &Lambda::get_layer_version_policy, &Lambda::ask_of_layer},
          {"CreateCodeSigningConfig", &Lambda::create_code_signing_config,
           &Lambda::ask_of_code_signing_config},
          {"GetCodeSigningConfig", &Lambda::get_code_signing_config,
           &Lambda::ask_of_code_signing_config},
          {"UpdateCodeSigningConfig", &Lambda::update_code_signing_config,
           &Lambda::ask_of_code_signing_config},
          {"DeleteCodeSigningConfig", &Lambda::delete_code_signing_config,
           &Lambda::ask_of_code_signing_config},
          {"ListCodeSigningConfigs", &Lambda::list_code_signing_configs,
           &Lambda::ask_of_everything},
          {"ListFunctionsByCodeSigningConfig", &Lambda::list_functions_by_code_signing_config,
           &Lambda::ask_of_code_signing_config},
          {"PutFunctionCodeSigningConfig", &Lambda::put_function_code_signing_config,
           &Lambda::ask_to_put_code_signing_config},
          {"GetFunctionCodeSigningConfig", &Lambda::get_function_code_signing_config,
           &Lambda::ask_of_function},
          {"DeleteFunctionCodeSigningConfig", &Lambda::delete_function_code_signing_config,
           &Lambda::ask_of_function},
          {"CreateEventSourceMapping", &Lambda::create_event_source_mapping, &Lambda::ask_to_map},
          {"GetEventSourceMapping", &Lambda::get_event_source_mapping, &Lambda::ask_of_mapping},
          {"UpdateEventSourceMapping", &Lambda::update_event_source_mapping,
           &Lambda::ask_of_mapping},
          {"DeleteEventSourceMapping", &Lambda::delete_event_source_mapping,
           &Lambda::ask_of_mapping},
          {"ListEventSourceMappings", &Lambda::list_event_source_mappings,
           &Lambda::ask_of_everything},
          {"AddPermission", &Lambda::add_permission, &Lambda::ask_to_add_permission},
          {"RemovePermission", &Lambda::remove_permission, &Lambda::ask_to_remove_permission},
          {"GetPolicy", &Lambda::get_policy, &Lambda::ask_of_function},
          {"PutFunctionConcurrency", &Lambda::put_function_concurrency, &Lambda::ask_of_function},
          {"GetFunctionConcurrency", &Lambda::get_function_concurrency, &Lambda::ask_of_function},
          {"DeleteFunctionConcurrency", &Lambda::delete_function_concurrency,
           &Lambda::ask_of_function},
          {"PutProvisionedConcurrencyConfig", &Lambda::put_provisioned_concurrency_config,
           &Lambda::ask_of_function},
          {"GetProvisionedConcurrencyConfig", &Lambda::get_provisioned_concurrency_config,
           &Lambda::ask_of_function},
          {"ListProvisionedConcurrencyConfigs", &Lambda::list_provisioned_concurrency_configs,
           &Lambda::ask_of_function},
          {"DeleteProvisionedConcurrencyConfig", &Lambda::delete_provisioned_concurrency_config,
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
          {"PutRuntimeManagementConfig", &Lambda::put_runtime_management_config,
           &Lambda::ask_of_function},
          {"GetRuntimeManagementConfig", &Lambda::get_runtime_management_config,
           &Lambda::ask_of_function},
          {"PutFunctionRecursionConfig", &Lambda::put_recursion_config, &Lambda::ask_of_function},
          {"PutFunctionScalingConfig", &Lambda::function_scaling_config, &Lambda::ask_of_function},
          {"GetFunctionScalingConfig", &Lambda::function_scaling_config, &Lambda::ask_of_function},
          {"GetFunctionRecursionConfig", &Lambda::get_recursion_config, &Lambda::ask_of_function},
          {"CreateCapacityProvider", &Lambda::create_capacity_provider,
           &Lambda::ask_of_capacity_provider},
          {"GetCapacityProvider", &Lambda::capacity_provider, &Lambda::ask_of_capacity_provider},
          {"UpdateCapacityProvider", &Lambda::capacity_provider, &Lambda::ask_of_capacity_provider},
          {"DeleteCapacityProvider", &Lambda::capacity_provider, &Lambda::ask_of_capacity_provider},
          {"ListCapacityProviders", &Lambda::list_capacity_providers, &Lambda::ask_of_everything},
          {"ListFunctionVersionsByCapacityProvider", &Lambda::capacity_provider,
           &Lambda::ask_of_capacity_provider},
          {"ListDurableExecutionsByFunction", &Lambda::list_durable_executions,
           &Lambda::ask_of_function},
          {"GetDurableExecution", &Lambda::durable_execution, &Lambda::ask_of_durable_execution},
          {"GetDurableExecutionHistory", &Lambda::durable_execution,
           &Lambda::ask_of_durable_execution},
          {"StopDurableExecution", &Lambda::durable_execution, &Lambda::ask_of_durable_execution},
          {"GetDurableExecutionState", &Lambda::durable_token, &Lambda::ask_of_durable_execution},
          {"CheckpointDurableExecution", &Lambda::durable_token, &Lambda::ask_of_durable_execution},
          {"SendDurableExecutionCallbackSuccess", &Lambda::durable_token,
           &Lambda::ask_of_everything},
          {"SendDurableExecutionCallbackFailure", &Lambda::durable_token,
           &Lambda::ask_of_everything},
          {"SendDurableExecutionCallbackHeartbeat", &Lambda::durable_token,
           &Lambda::ask_of_everything},
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
  const auto arn = call.input["Resource"].string_or("");
  const auto mapping_at = arn.find(":event-source-mapping:");
  if (arn.find(":function:") != std::string::npos || !arn.starts_with("arn:"))
    return {question_of(asked_name(call, "Resource"), call)};
  Permission asked{action(call), {arn}, {}, ""};
  if (const auto* config = code_signing_.find(arn))
    aws::add_resource_tags(config->tags, asked.keys);
  else if (mapping_at != std::string::npos)
    if (const auto* mapping = sources_.find(std::string_view{arn}.substr(arn.rfind(':') + 1)))
      aws::add_resource_tags(mapping->tags, asked.keys);
  add_request_keys(call.input, asked.keys);
  return {asked};
}

// With a version where the operation names one. Its policy takes part.
Permission Lambda::question_of_layer(const LayerName& name, std::string action) const {
  Permission asked{std::move(action), {name.arn()}, {}, ""};
  const auto* layer = name.version ? layers_.find(name) : nullptr;
  const auto* version = layer ? layer->version(*name.version) : nullptr;
  if (version && !version->policy.empty()) asked.resource_policy = version->policy.document();
  return asked;
}

Lambda::Question Lambda::ask_of_layer(const aws::Call& call) const {
  const auto name = named_layer(call);
  if (!name) return ask_of_everything(call);
  return {question_of_layer(*name, action(call))};
}

Lambda::Question Lambda::ask_of_layer_by_arn(const aws::Call& call) const {
  const auto name = parse_layer_name(call.input["Arn"].string_or(""), call.region, call.account);
  const auto asked = operation_table().action("GetLayerVersion");
  if (!name) return {{asked, {"*"}, {}, ""}};
  return {question_of_layer(*name, asked)};
}

// Of the layers that a function is given, and their ARNs as a key of the first question.
void Lambda::add_layers(const aws::Call& call, Question& questions) const {
  const auto arns = call.input["Layers"].strings();
  if (arns.empty()) return;
  questions.front().keys.set("lambda:Layer", arns);
  for (const auto& arn : arns)
    if (const auto name = parse_layer_name(arn, call.region, call.account);
        name && name->account == call.account)
      questions.push_back(question_of_layer(*name, operation_table().action("GetLayerVersion")));
}

// Its function is a key, and the one that it is to have another value of it.
Lambda::Question Lambda::ask_of_mapping(const aws::Call& call) const {
  const auto uuid = call.input["UUID"].string_or("");
  Permission asked{
      action(call),
      {"arn:aws:lambda:" + call.region + ":" + call.account + ":event-source-mapping:" + uuid},
      {},
      ""};
  const auto* mapping = sources_.find(uuid);
  if (mapping) {
    asked.keys.add("lambda:FunctionArn", mapping->function_arn());
    aws::add_resource_tags(mapping->tags, asked.keys);
  }
  if (call.input.has("FunctionName"))
    if (const auto name = asked_name(call, "FunctionName"))
      asked.keys.add("lambda:FunctionArn", name->qualified_arn());
  return {asked};
}

Lambda::Question Lambda::ask_of_capacity_provider(const aws::Call& call) const {
  const auto name = call.input["CapacityProviderName"].string_or("");
  const auto arn = name.starts_with("arn:") ? name
                                            : "arn:aws:lambda:" + call.region + ":" + call.account +
                                                  ":capacity-provider:" + name;
  Permission asked{action(call), {arn}, {}, ""};
  add_request_keys(call.input, asked.keys);
  return {asked};
}

Lambda::Question Lambda::ask_of_durable_execution(const aws::Call& call) const {
  return {{action(call), {call.input["DurableExecutionArn"].string_or("*")}, {}, ""}};
}

Lambda::Question Lambda::ask_to_map(const aws::Call& call) const {
  Permission asked{action(call), {"*"}, {}, ""};
  if (const auto name = asked_name(call, "FunctionName"))
    asked.keys.set("lambda:FunctionArn", name->qualified_arn());
  add_request_keys(call.input, asked.keys);
  return {asked};
}

Lambda::Question Lambda::ask_of_code_signing_config(const aws::Call& call) const {
  const auto arn = call.input["CodeSigningConfigArn"].string_or("*");  // not made yet
  Permission asked{action(call), {arn}, {}, ""};
  if (const auto* config = code_signing_.find(arn))
    aws::add_resource_tags(config->tags, asked.keys);
  add_request_keys(call.input, asked.keys);
  return {asked};
}

Lambda::Question Lambda::ask_to_put_code_signing_config(const aws::Call& call) const {
  auto out = ask_of_function(call);
  out.front().keys.set("lambda:CodeSigningConfigArn",
                       call.input["CodeSigningConfigArn"].string_or(""));
  return out;
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
  if (call.input.has("CodeSigningConfigArn"))
    out.front().keys.set("lambda:CodeSigningConfigArn",
                         call.input["CodeSigningConfigArn"].string());
  add_layers(call, out);
  add_role(call.input, out, name->arn());
  if (!call.input["Tags"].members().empty())
    out.push_back({operation_table().action("TagResource"), asked.resources, asked.keys, ""});
  return out;
}

Lambda::Question Lambda::ask_to_configure(const aws::Call& call) const {
  const auto name = asked_name(call, "FunctionName");
  Question out{question_of(name, call)};
  if (!name) return out;
  add_layers(call, out);
  add_role(call.input, out, name->arn());
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
