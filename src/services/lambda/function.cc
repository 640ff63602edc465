// SPDX-License-Identifier: Apache-2.0
#include "services/lambda/function.h"

#include "base/text.h"
#include "services/lambda/function_code.h"

namespace sitelatch::lambda {
using aws::Value;

std::string Function::arn() const {
  return "arn:aws:lambda:" + region + ":" + account + ":function:" + name;
}
std::string Function::arn(std::string_view qualifier) const {
  return qualifier.empty() ? arn() : arn() + ":" + std::string{qualifier};
}
const Version* Function::version(std::string_view number) const {
  if (number == latest_version) return &latest;
  const auto parsed = parse_int(number);
  if (!parsed || *parsed < 1) return nullptr;
  const auto found = versions.find(static_cast<std::uint64_t>(*parsed));
  // "01" is no second name of version 1: aliases, policies and IAM's resources name versions by
  // their text, and would not know it (fact lambda-42).
  return found == versions.end() || found->second.number != number ? nullptr : &found->second;
}
const Alias* Function::alias(std::string_view alias_name) const {
  const auto found = aliases.find(std::string{alias_name});
  return found == aliases.end() ? nullptr : &found->second;
}
bool Function::has_qualifier(std::string_view qualifier) const {
  return version(qualifier) != nullptr || alias(qualifier) != nullptr;
}
const EventInvokeConfig* Function::event_invoke_config(std::string_view qualifier) const {
  const auto found =
      event_invoke_configs.find(std::string{qualifier.empty() ? latest_version : qualifier});
  return found == event_invoke_configs.end() ? nullptr : &found->second;
}

const FunctionUrl* Function::url(const std::string& qualifier) const {
  const auto found = urls.find(qualifier);
  return found == urls.end() ? nullptr : &found->second;
}

// Which build of a runtime serves is AWS's secret; ours is constant per runtime (fact lambda-2).
std::string runtime_version_arn(const std::string& region, const std::string& runtime) {
  return "arn:aws:lambda:" + region + "::runtime:" + sha256_hex(runtime);
}

namespace {

Value variables_to_wire(const Configuration& c) {
  if (!c.variables) return {};
  Value variables = Value::structure();
  for (const auto& [key, value] : *c.variables) variables.set(key, value);
  return Value::structure({{"Variables", variables}});
}
Value text_or_null(const std::string& text) { return text.empty() ? Value{} : Value{text}; }

Value logging_to_wire(const Configuration& c) {
  return Value::structure({{"LogFormat", c.log_format},
                           {"ApplicationLogLevel", text_or_null(c.application_log_level)},
                           {"SystemLogLevel", text_or_null(c.system_log_level)},
                           {"LogGroup", c.log_group}});
}

void add_state(Value& out, const Version& version) {
  constexpr auto reason = "The function is being created.";
  if (version.state == Version::State::pending) {
    out.set("State", "Pending");
    out.set("StateReason", reason);
    out.set("StateReasonCode", "Creating");
    return;
  }
  out.set("State", "Active");
  if (version.update == Version::Update::in_progress) {
    out.set("LastUpdateStatus", "InProgress");
    out.set("LastUpdateStatusReason", reason);
    out.set("LastUpdateStatusReasonCode", "Creating");
  } else if (version.update == Version::Update::successful) {
    out.set("LastUpdateStatus", "Successful");
  }
}

}  // namespace

Value to_wire(const Function& function, const Version& version, ArnForm form) {
  const auto& c = version.configuration;
  Value out = Value::structure({
      {"FunctionName", function.name},
      {"FunctionArn", form == ArnForm::qualified ? function.arn(version.number) : function.arn()},
      {"Runtime", c.runtime},
      {"Role", c.role},
      {"Handler", c.handler},
      {"CodeSize", c.code_size},
      {"Description", c.description},
      {"Timeout", c.timeout_s},
      {"MemorySize", c.memory_mb},
      {"LastModified", iso8601_ms_offset(version.modified)},
      {"CodeSha256", c.code_sha256},
      {"Version", version.number},
      {"Environment", variables_to_wire(c)},
      {"TracingConfig", Value::structure({{"Mode", c.tracing_mode}})},
      {"RevisionId", version.revision_id},
  });
  if (!c.dead_letter_arn.empty())
    out.set("DeadLetterConfig", Value::structure({{"TargetArn", c.dead_letter_arn}}));
  add_state(out, version);
  if (!c.layers.empty()) {
    Value layers = Value::list();
    for (const auto& layer : c.layers)
      layers.push(Value::structure({{"Arn", layer.arn}, {"CodeSize", layer.code_size}}));
    out.set("Layers", layers);
  }
  out.set("PackageType", "Zip");
  out.set("Architectures", Value::list({c.architecture}));
  out.set("EphemeralStorage", Value::structure({{"Size", c.ephemeral_mb}}));
  out.set("SnapStart", Value::structure({{"ApplyOn", "None"}, {"OptimizationStatus", "Off"}}));
  out.set(
      "RuntimeVersionConfig",
      Value::structure({{"RuntimeVersionArn", runtime_version_arn(function.region, c.runtime)}}));
  out.set("LoggingConfig", logging_to_wire(c));
  return out;
}

Value to_wire(const Function& function, const Alias& alias) {
  Value out = Value::structure({{"AliasArn", function.arn(alias.name)},
                                {"Name", alias.name},
                                {"FunctionVersion", alias.version},
                                {"Description", alias.description},
                                {"RevisionId", alias.revision_id}});
  if (!alias.weights.empty()) {
    Value weights = Value::structure();
    for (const auto& [version, weight] : alias.weights) weights.set(version, weight);
    out.set("RoutingConfig", Value::structure({{"AdditionalVersionWeights", weights}}));
  }
  return out;
}

Value to_wire(const Function& function, std::string_view qualifier,
              const EventInvokeConfig& config) {
  const auto destination = [](const std::string& arn) {
    Value out = Value::structure();
    if (!arn.empty()) out.set("Destination", arn);
    return out;
  };
  return Value::structure(
      {{"LastModified", config.modified},
       {"FunctionArn", function.arn(qualifier)},
       {"MaximumRetryAttempts", config.maximum_retry_attempts},
       {"MaximumEventAgeInSeconds", config.maximum_event_age_s},
       {"DestinationConfig", Value::structure({{"OnSuccess", destination(config.on_success)},
                                               {"OnFailure", destination(config.on_failure)}})}});
}

}  // namespace sitelatch::lambda
