// SPDX-License-Identifier: Apache-2.0
// How a function is kept in the journal: one JSON document, written here and read here, in the same
// order.
#include "aws/wire/stored.h"
#include "base/check.h"
#include "base/text.h"
#include "ports/rows.h"
#include "services/lambda/function.h"

namespace sitelatch::lambda {
using aws::Value;

namespace {

Value texts(const std::map<std::string, std::string>& map) {
  Value out = Value::structure();
  for (const auto& [key, value] : map) out.members_mut().push_back({key, value});
  return out;
}
std::map<std::string, std::string> texts_of(const Value& value) {
  std::map<std::string, std::string> out;
  for (const auto& [key, text] : value.members()) out[key] = text.string();
  return out;
}
// Instants in full resolution, which JSON's milliseconds would cut.
Value instant(Instant t) { return t.time_since_epoch().count(); }
Instant instant_of(const Value& value) { return Instant{Duration{value.integer_or(0)}}; }

std::uint32_t number_of(const Value& value) {
  return static_cast<std::uint32_t>(value.integer_or(0));
}

Value row(const std::vector<LayerUse>& layers) {
  Value out = Value::list();
  for (const auto& layer : layers)
    out.push(Value::structure(
        {{"arn", layer.arn}, {"code_sha256", layer.code_sha256}, {"code_size", layer.code_size}}));
  return out;
}
std::vector<LayerUse> layers_of(const Value& v) {
  std::vector<LayerUse> out;
  for (const auto& layer : v.items())
    out.push_back({layer["arn"].string_or(""), layer["code_sha256"].string_or(""),
                   layer["code_size"].integer_or(0)});
  return out;
}

Value row(const Configuration& c) {
  return Value::structure({{"runtime", c.runtime},
                           {"role", c.role},
                           {"handler", c.handler},
                           {"description", c.description},
                           {"timeout_s", c.timeout_s},
                           {"memory_mb", c.memory_mb},
                           {"ephemeral_mb", c.ephemeral_mb},
                           {"variables", c.variables ? texts(*c.variables) : Value{}},
                           {"architecture", c.architecture},
                           {"tracing_mode", c.tracing_mode},
                           {"log_format", c.log_format},
                           {"log_group", c.log_group},
                           {"application_log_level", c.application_log_level},
                           {"system_log_level", c.system_log_level},
                           {"dead_letter_arn", c.dead_letter_arn},
                           {"code_sha256", c.code_sha256},
                           {"code_size", c.code_size},
                           {"layers", row(c.layers)}});
}
Configuration configuration_of(const Value& v) {
  Configuration c;
  c.runtime = v["runtime"].string_or("");
  c.role = v["role"].string_or("");
  c.handler = v["handler"].string_or("");
  c.description = v["description"].string_or("");
  c.timeout_s = number_of(v["timeout_s"]);
  c.memory_mb = number_of(v["memory_mb"]);
  c.ephemeral_mb = number_of(v["ephemeral_mb"]);
  if (v.has("variables")) c.variables = texts_of(v["variables"]);
  c.architecture = v["architecture"].string_or("x86_64");
  c.tracing_mode = v["tracing_mode"].string_or("PassThrough");
  c.log_format = v["log_format"].string_or("Text");
  c.log_group = v["log_group"].string_or("");
  c.application_log_level = v["application_log_level"].string_or("");
  c.system_log_level = v["system_log_level"].string_or("");
  c.dead_letter_arn = v["dead_letter_arn"].string_or("");
  c.code_sha256 = v["code_sha256"].string_or("");
  c.code_size = v["code_size"].integer_or(0);
  c.layers = layers_of(v["layers"]);
  return c;
}

Value row(const Version& version) {
  return Value::structure({{"number", version.number},
                           {"configuration", row(version.configuration)},
                           {"revision_id", version.revision_id},
                           {"build_id", version.build_id},
                           {"modified", instant(version.modified)},
                           {"state", static_cast<int>(version.state)},
                           {"update", static_cast<int>(version.update)}});
}
Version version_of(const Value& v) {
  Version out;
  out.number = v["number"].string_or(latest_version);
  out.configuration = configuration_of(v["configuration"]);
  out.revision_id = v["revision_id"].string_or("");
  out.build_id = v["build_id"].string_or("");
  out.modified = instant_of(v["modified"]);
  out.state = static_cast<Version::State>(v["state"].integer_or(0));
  out.update = static_cast<Version::Update>(v["update"].integer_or(0));
  return out;
}

Value row(const Alias& alias) {
  Value weights = Value::structure();
  for (const auto& [version, weight] : alias.weights) weights.set(version, weight);
  return Value::structure({{"name", alias.name},
                           {"version", alias.version},
                           {"description", alias.description},
                           {"revision_id", alias.revision_id},
                           {"weights", weights}});
}
Alias alias_of(const Value& v) {
  Alias out{v["name"].string_or(""),
            v["version"].string_or(""),
            v["description"].string_or(""),
            v["revision_id"].string_or(""),
            {}};
  for (const auto& [version, weight] : v["weights"].members())
    out.weights[version] = weight.number();
  return out;
}

Value row(const EventInvokeConfig& config) {
  return Value::structure({{"retries", config.maximum_retry_attempts},
                           {"age_s", config.maximum_event_age_s},
                           {"on_success", config.on_success},
                           {"on_failure", config.on_failure},
                           {"modified", instant(config.modified)}});
}
EventInvokeConfig event_invoke_config_of(const Value& v) {
  EventInvokeConfig out;
  if (v.has("retries")) out.maximum_retry_attempts = v["retries"].integer();
  if (v.has("age_s")) out.maximum_event_age_s = v["age_s"].integer();
  out.on_success = v["on_success"].string_or("");
  out.on_failure = v["on_failure"].string_or("");
  out.modified = instant_of(v["modified"]);
  return out;
}

Value row(const FunctionUrl& url) {
  return Value::structure({{"id", url.id},
                           {"auth", auth_type(url)},
                           {"cors", url.cors},
                           {"invoke_mode", url.invoke_mode},
                           {"created", instant(url.created)},
                           {"modified", instant(url.modified)}});
}
FunctionUrl url_of(const Value& v) {
  FunctionUrl out;
  out.id = v["id"].string_or("");
  // Whatever else it says: nobody comes in without a signature.
  if (v["auth"].string_or("") == "NONE") out.auth = FunctionUrl::Auth::none;
  out.cors = v["cors"];
  out.invoke_mode = v["invoke_mode"].string_or("");
  out.created = instant_of(v["created"]);
  out.modified = instant_of(v["modified"]);
  return out;
}

Value row(const RuntimeUpdates& updates) {
  return Value::structure({{"on", updates.update_on}, {"arn", updates.version_arn}});
}
RuntimeUpdates runtime_updates_of(const Value& v) {
  return {v["on"].string_or("Auto"), v["arn"].string_or("")};
}

Value row(const ProvisionedConcurrency& config) {
  return Value::structure(
      {{"executions", config.executions}, {"modified", instant(config.modified)}});
}
ProvisionedConcurrency provisioned_of(const Value& v) {
  return {v["executions"].integer_or(0), instant_of(v["modified"])};
}

template <class Item>
Value rows(const std::map<std::string, Item>& items) {
  Value out = Value::structure();
  for (const auto& [key, item] : items) out.members_mut().push_back({key, row(item)});
  return out;
}

}  // namespace

std::string to_row(const Function& function) {
  Value versions = Value::list(), aliases = Value::list();
  for (const auto& [number, version] : function.versions) versions.push(row(version));
  for (const auto& [name, alias] : function.aliases) aliases.push(row(alias));
  Value policies = Value::structure();
  for (const auto& [qualifier, policy] : function.policies)
    policies.members_mut().push_back({qualifier, policy.statements()});
  return aws::to_json(
      Value::structure({{"region", function.region},
                        {"account", function.account},
                        {"name", function.name},
                        {"latest", row(function.latest)},
                        {"previous", function.previous ? row(*function.previous) : Value{}},
                        {"versions", versions},
                        {"next_version", static_cast<std::int64_t>(function.next_version)},
                        {"aliases", aliases},
                        {"policies", policies},
                        {"event_invoke_configs", rows(function.event_invoke_configs)},
                        {"urls", rows(function.urls)},
                        {"tags", aws::tag_map(function.tags)},
                        {"reserved_concurrency", function.reserved_concurrency},
                        {"code_signing_config_arn", function.code_signing_config_arn},
                        {"recursive_loop", function.recursive_loop},
                        {"runtime_updates", rows(function.runtime_updates)},
                        {"provisioned", rows(function.provisioned)}}));
}

Function function_from_row(std::string_view text) {
  const auto v = aws::stored_value(text);
  Function out;
  out.region = v["region"].string_or("");
  out.account = v["account"].string_or("");
  out.name = v["name"].string_or("");
  out.latest = version_of(v["latest"]);
  if (v.has("previous")) out.previous = version_of(v["previous"]);
  for (const auto& item : v["versions"].items()) {
    auto version = version_of(item);
    const auto number = static_cast<std::uint64_t>(parse_int(version.number).value_or(0));
    out.versions.emplace(number, std::move(version));
  }
  out.next_version = static_cast<std::uint64_t>(v["next_version"].integer_or(1));
  for (const auto& item : v["aliases"].items()) {
    auto alias = alias_of(item);
    // Whoever asks for an alias is given its version without a further look.
    bool whole = out.version(alias.version) != nullptr;
    for (const auto& [version, weight] : alias.weights) whole &= out.version(version) != nullptr;
    ports::expect_of_row(whole, "an alias of a version that is not there");
    auto name = alias.name;
    out.aliases.emplace(std::move(name), std::move(alias));
  }
  for (const auto& [qualifier, statements] : v["policies"].members())
    out.policies.emplace(qualifier, ResourcePolicy{statements});
  for (const auto& [qualifier, config] : v["event_invoke_configs"].members())
    out.event_invoke_configs.emplace(qualifier, event_invoke_config_of(config));
  for (const auto& [qualifier, url] : v["urls"].members()) {
    ports::expect_of_row(qualifier.empty() || out.alias(qualifier),
                         "a URL of an alias that is not there");
    out.urls.emplace(qualifier, url_of(url));
  }
  out.tags = aws::read_tags(v["tags"]);
  if (v.has("reserved_concurrency"))
    out.reserved_concurrency = number_of(v["reserved_concurrency"]);
  out.code_signing_config_arn = v["code_signing_config_arn"].string_or("");
  out.recursive_loop = v["recursive_loop"].string_or("Terminate");
  for (const auto& [version, updates] : v["runtime_updates"].members())
    out.runtime_updates.emplace(version, runtime_updates_of(updates));
  for (const auto& [qualifier, config] : v["provisioned"].members()) {
    ports::expect_of_row(out.has_qualifier(qualifier), "what is provisioned is not there");
    out.provisioned.emplace(qualifier, provisioned_of(config));
  }
  return out;
}

}  // namespace sitelatch::lambda
