// SPDX-License-Identifier: Apache-2.0
// AWS Lambda: functions, their versions, policies and settings per region, and their invocations.
// This class answers the API, nothing more: what there is, Functions keeps; which version runs, and
// whether it may start, is Invoker's; how one invocation runs, Executor's; what becomes of an event
// for which nobody waits, AsyncInvoker's. The handlers stand by subject: lambda_functions.cc,
// _versions.cc, _layers.cc, _code_signing.cc, _policy.cc, _concurrency.cc, _settings.cc, _urls.cc,
// _sources.cc, _absent.cc, _invoke.cc; what they ask of IAM in operations.cc. What is served at
// function URLs is UrlServer's.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "aws/service/operation_table.h"
#include "ports/entropy.h"
#include "services/lambda/async_invoker.h"
#include "services/lambda/code_signing.h"
#include "services/lambda/code_store.h"
#include "services/lambda/dependencies.h"
#include "services/lambda/event_source.h"
#include "services/lambda/executor.h"
#include "services/lambda/function.h"
#include "services/lambda/function_name.h"
#include "services/lambda/functions.h"
#include "services/lambda/invoker.h"
#include "services/lambda/layers.h"
#include "services/lambda/source_poller.h"
#include "services/lambda/url_server.h"

namespace sitelatch::lambda {

class Lambda final : public aws::TableService<Lambda> {
 public:
  struct Ports {
    ports::Journal& journal;
    ports::Timers& timers;
    ports::WallClock& wall;
    ports::Entropy& entropy;
    ports::FunctionHost& host;
  };
  struct Dependencies {
    Roles& roles;
    FunctionLogs& logs;
    Destinations& destinations;
    FunctionMetrics& metrics;
    MessageQueues& queues;
    const EventPatterns* patterns = nullptr;  // none: FilterCriteria is refused
  };
  struct Options {
    std::string account = "000000000000";
    std::uint32_t concurrency_limit = 1000;
    // How long a function made or changed now stays Pending or InProgress; none: as long as the
    // change takes to be durable (fact lambda-1).
    Functions::Settling settling{};
  };
  Lambda(Ports ports, Dependencies dependencies, Options options);

  using Question = std::vector<aws::Permission>;
  static const aws::OperationTable<Lambda>& operation_table();
  std::string_view model_name() const override { return "lambda"; }
  // 50 MB of zip in base64; an event of 6 MB and what it may be too large by, to be told so.
  std::size_t largest_body(std::string_view operation) const override {
    if (operation == "CreateFunction" || operation == "UpdateFunctionCode" ||
        operation == "PublishLayerVersion")
      return 80u << 20;
    return operation.starts_with("Invoke") ? 8u << 20 : 1u << 20;
  }

  // Another service invokes a function asynchronously on behalf of one of its resources; the
  // function's resource policy decides. `source_account` may be empty. Accepted: the event is in
  // the journal, to be committed with the batch.
  aws::DispatchOutcome invoke_async(const std::string& function_arn, const std::string& payload,
                                    const std::string& service_principal,
                                    const std::string& source_arn,
                                    const std::string& source_account = {});
  // Whether invoke_async() would take it from this caller: accepted or refused. Nothing happens.
  aws::DispatchOutcome judge_caller(const std::string& function_arn,
                                    const std::string& service_principal,
                                    const std::string& source_arn,
                                    const std::string& source_account) const;
  // The same for a destination: the engine has asked the rights of the sending function's role
  // already.
  aws::DispatchOutcome dispatch(const std::string& function_arn, const std::string& payload);

  // What the engine serves under "/_sitelatch/code/...": the deployment package, nullptr for 404.
  CodeStore::Zip code_at(std::string_view path) { return code_.at_path(path); }

  UrlServer& urls() { return urls_; }

  std::size_t queued_events() const { return async_.queued(); }

 private:
  // What operations ask of IAM (operations.cc)
  Question ask_of_function(const aws::Call& call) const;
  Question ask_of_tagged(const aws::Call& call) const;
  Question ask_to_invoke(const aws::Call& call) const;
  Question ask_of_url(const aws::Call& call) const;
  Question ask_to_create(const aws::Call& call) const;
  Question ask_to_configure(const aws::Call& call) const;
  Question ask_of_layer(const aws::Call& call) const;
  Question ask_of_layer_by_arn(const aws::Call& call) const;
  Question ask_of_code_signing_config(const aws::Call& call) const;
  Question ask_to_put_code_signing_config(const aws::Call& call) const;
  Question ask_of_capacity_provider(const aws::Call& call) const;
  Question ask_of_durable_execution(const aws::Call& call) const;
  Question ask_of_mapping(const aws::Call& call) const;
  Question ask_to_map(const aws::Call& call) const;
  Question ask_to_add_permission(const aws::Call& call) const;
  Question ask_to_remove_permission(const aws::Call& call) const;
  std::optional<FunctionName> asked_name(const aws::Call& call, std::string_view member) const;
  const ResourcePolicy* policy_of(const FunctionName& name) const;
  aws::Permission question_of(const std::optional<FunctionName>& name, const aws::Call& call) const;

  aws::Permission question_of_layer(const LayerName& name, std::string action) const;
  void add_layers(const aws::Call& call, Question& questions) const;

  struct Found {
    FunctionName name;
    Function* function = nullptr;
  };

  // Functions and code (lambda_functions.cc)
  aws::Outcome<> create_function(const aws::Call& call);
  aws::Outcome<> get_function(const aws::Call& call);
  aws::Outcome<> get_function_configuration(const aws::Call& call);
  aws::Outcome<> update_function_code(const aws::Call& call);
  aws::Outcome<> update_function_configuration(const aws::Call& call);
  aws::Outcome<> delete_function(const aws::Call& call);
  aws::Outcome<> list_functions(const aws::Call& call);
  aws::Outcome<Done> check_dependencies(const Configuration& configuration);
  aws::Outcome<Done> check_updatable(const Function& function, const aws::Value& input) const;

  // Versions and aliases (lambda_versions.cc)
  aws::Outcome<> publish_version(const aws::Call& call);
  aws::Outcome<> list_versions_by_function(const aws::Call& call);
  aws::Outcome<> create_alias(const aws::Call& call);
  aws::Outcome<> get_alias(const aws::Call& call);
  aws::Outcome<> update_alias(const aws::Call& call);
  aws::Outcome<> delete_alias(const aws::Call& call);
  aws::Outcome<> list_aliases(const aws::Call& call);
  aws::Outcome<Done> set_routing(const Function& function, const aws::Value& input,
                                 Alias& alias) const;

  // Layers (lambda_layers.cc)
  struct FoundLayer {
    Layer* layer = nullptr;
    LayerVersion* version = nullptr;
  };
  aws::Outcome<> publish_layer_version(const aws::Call& call);
  aws::Outcome<> get_layer_version(const aws::Call& call);
  aws::Outcome<> get_layer_version_by_arn(const aws::Call& call);
  aws::Outcome<> delete_layer_version(const aws::Call& call);
  aws::Outcome<> list_layers(const aws::Call& call);
  aws::Outcome<> list_layer_versions(const aws::Call& call);
  aws::Outcome<> add_layer_version_permission(const aws::Call& call);
  aws::Outcome<> remove_layer_version_permission(const aws::Call& call);
  aws::Outcome<> get_layer_version_policy(const aws::Call& call);
  aws::Outcome<LayerName> named_layer(const aws::Call& call) const;
  aws::Outcome<FoundLayer> find_layer_version(const aws::Call& call);
  aws::Value layer_content(const aws::Call& call, const Layer& layer,
                           const LayerVersion& version) const;
  aws::Outcome<Done> set_layers(const aws::Call& call, Configuration& configuration) const;
  aws::Outcome<Done> check_size_with_layers(std::uint64_t unzipped_code,
                                            const Configuration& configuration);
  std::int64_t code_bytes(const std::string& region) const;

  // Code signing (lambda_code_signing.cc)
  aws::Outcome<> create_code_signing_config(const aws::Call& call);
  aws::Outcome<> get_code_signing_config(const aws::Call& call);
  aws::Outcome<> update_code_signing_config(const aws::Call& call);
  aws::Outcome<> delete_code_signing_config(const aws::Call& call);
  aws::Outcome<> list_code_signing_configs(const aws::Call& call);
  aws::Outcome<> list_functions_by_code_signing_config(const aws::Call& call);
  aws::Outcome<> put_function_code_signing_config(const aws::Call& call);
  aws::Outcome<> get_function_code_signing_config(const aws::Call& call);
  aws::Outcome<> delete_function_code_signing_config(const aws::Call& call);
  aws::Outcome<CodeSigningConfig*> find_code_signing_config(const aws::Call& call);
  std::vector<const Function*> functions_with(const CodeSigningConfig& config) const;
  aws::Outcome<Done> check_code_signing_config(const aws::Call& call, const std::string& arn) const;
  aws::Outcome<Done> check_unsigned(const std::string& config_arn) const;

  // Resource policies (lambda_policy.cc)
  aws::Outcome<> add_permission(const aws::Call& call);
  aws::Outcome<> remove_permission(const aws::Call& call);
  aws::Outcome<> get_policy(const aws::Call& call);
  aws::Outcome<Done> check_policy_qualifier(const Found& found) const;

  // Concurrency (lambda_concurrency.cc)
  aws::Outcome<> put_function_concurrency(const aws::Call& call);
  aws::Outcome<> get_function_concurrency(const aws::Call& call);
  aws::Outcome<> delete_function_concurrency(const aws::Call& call);
  aws::Outcome<> put_provisioned_concurrency_config(const aws::Call& call);
  aws::Outcome<> get_provisioned_concurrency_config(const aws::Call& call);
  aws::Outcome<> list_provisioned_concurrency_configs(const aws::Call& call);
  aws::Outcome<> delete_provisioned_concurrency_config(const aws::Call& call);
  aws::Outcome<Found> find_provisioned(const aws::Call& call, const char* of_latest);
  aws::Outcome<Done> check_provisioned(const Function& function, const std::string& qualifier,
                                       std::int64_t asked) const;

  // Settings (lambda_settings.cc)
  aws::Outcome<> put_event_invoke_config(const aws::Call& call);
  aws::Outcome<> update_event_invoke_config(const aws::Call& call);
  aws::Outcome<> get_event_invoke_config(const aws::Call& call);
  aws::Outcome<> delete_event_invoke_config(const aws::Call& call);
  aws::Outcome<> list_event_invoke_configs(const aws::Call& call);
  aws::Outcome<> set_event_invoke_config(const aws::Call& call, bool merge);
  aws::Outcome<Done> check_destination(const Function& function, const std::string& arn,
                                       std::string_view which);
  aws::Outcome<> list_tags(const aws::Call& call);
  aws::Outcome<> tag_resource(const aws::Call& call);
  aws::Outcome<> untag_resource(const aws::Call& call);
  struct Tagged {
    aws::Tags* tags = nullptr;
    std::function<void()> save;
  };
  aws::Outcome<Tagged> tagged(const aws::Call& call);
  aws::Outcome<> get_account_settings(const aws::Call& call);
  aws::Outcome<> put_runtime_management_config(const aws::Call& call);
  aws::Outcome<> get_runtime_management_config(const aws::Call& call);
  aws::Outcome<> put_recursion_config(const aws::Call& call);
  aws::Outcome<> get_recursion_config(const aws::Call& call);
  aws::Outcome<> function_scaling_config(const aws::Call& call);

  // Function URLs (lambda_urls.cc)
  aws::Outcome<> create_function_url_config(const aws::Call& call);
  aws::Outcome<> get_function_url_config(const aws::Call& call);
  aws::Outcome<> update_function_url_config(const aws::Call& call);
  aws::Outcome<> delete_function_url_config(const aws::Call& call);
  aws::Outcome<> list_function_url_configs(const aws::Call& call);
  aws::Outcome<FunctionName> url_name(const aws::Call& call) const;

  // Event source mappings (lambda_sources.cc)
  aws::Outcome<> create_event_source_mapping(const aws::Call& call);
  aws::Outcome<> get_event_source_mapping(const aws::Call& call);
  aws::Outcome<> update_event_source_mapping(const aws::Call& call);
  aws::Outcome<> delete_event_source_mapping(const aws::Call& call);
  aws::Outcome<> list_event_source_mappings(const aws::Call& call);
  aws::Outcome<EventSourceMapping*> find_mapping(const aws::Call& call);
  aws::Outcome<Done> set_mapping(const aws::Call& call, EventSourceMapping& mapping);
  aws::Outcome<Done> set_filters(const aws::Value& input, EventSourceMapping& mapping) const;
  aws::Outcome<Done> check_queue(const EventSourceMapping& mapping);

  // What is not here (lambda_absent.cc)
  aws::Outcome<> create_capacity_provider(const aws::Call& call);
  aws::Outcome<> capacity_provider(const aws::Call& call);
  aws::Outcome<> list_capacity_providers(const aws::Call& call);
  aws::Outcome<> list_durable_executions(const aws::Call& call);
  aws::Outcome<> durable_execution(const aws::Call& call);
  aws::Outcome<> durable_token(const aws::Call& call);

  // Invocations (lambda_invoke.cc)
  void invoke(const aws::Call& call, const aws::Answer& answer);
  void invoke_old_style(const aws::Call& call, const aws::Answer& answer);  // InvokeAsync
  void invoke_and_wait(const aws::Call& call, const Found& found, std::string payload,
                       std::string client_context, const aws::Answer& answer);

  // Finding (lambda.cc)
  aws::Outcome<FunctionName> named(const aws::Call& call) const;
  aws::Outcome<Found> find(
      const aws::Call& call);  // the function exists; its qualifier is not looked at
  aws::Outcome<Found> find_version(const aws::Call& call);  // and the qualifier is none or exists
  aws::Outcome<Function*> existing(const FunctionName& name);
  aws::Outcome<Done> check_revision(const std::string& current, const aws::Value& input) const;

  ports::Entropy& entropy_;
  Dependencies dependencies_;
  Options options_;
  CodeStore code_;
  Layers layers_;
  CodeSigningConfigs code_signing_;
  Functions functions_;
  Executor executor_;
  Invoker invoker_;
  AsyncInvoker async_;
  UrlServer urls_;
  EventSourceMappings sources_;
  SourcePoller poller_;
};

}  // namespace sitelatch::lambda
