// SPDX-License-Identifier: Apache-2.0
// The domain: a function with its versions, aliases, policies and settings. Plain data; the rules
// stand in functions.cc and lambda_*.cc. A version's life (fact lambda-1):
//
//   create ──> pending ──settle──> active          update: none ──create──> successful
//                                                          successful ──update──> in_progress
//                                                          ──settle──> successful
//
// While an update is in progress invocations run what was there before (`Function::previous`).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "aws/service/tags.h"
#include "aws/wire/value.h"
#include "base/time.h"
#include "services/lambda/function_url.h"
#include "services/lambda/resource_policy.h"

namespace sitelatch::lambda {

inline constexpr std::string_view latest_version = "$LATEST";

// A version of a layer as a function has it: it stays even when the layer's is deleted.
struct LayerUse {
  std::string arn, code_sha256;
  std::int64_t code_size = 0;

  friend bool operator==(const LayerUse&, const LayerUse&) = default;
};

// What a version runs with.
struct Configuration {
  std::string runtime, role, handler, description;
  std::uint32_t timeout_s = 3, memory_mb = 128, ephemeral_mb = 512;
  std::optional<std::map<std::string, std::string>>
      variables;  // absent and empty differ on the wire
  std::string architecture = "x86_64";
  std::string tracing_mode = "PassThrough";
  std::string log_format = "Text", log_group, application_log_level, system_log_level;
  std::string dead_letter_arn;  // empty: none
  std::string code_sha256;      // base64
  std::int64_t code_size = 0;
  std::vector<LayerUse> layers;  // unpacked to /opt in this order

  friend bool operator==(const Configuration&, const Configuration&) = default;
};

struct Version {
  enum class State { pending, active };
  enum class Update { none, in_progress, successful };

  std::string number{latest_version};  // or "1", "2", ...
  Configuration configuration;
  std::string revision_id;  // changes with every change and transition
  std::string
      build_id;  // changes with code and configuration only: what a warm environment is good for
  Instant modified{};
  State state = State::pending;
  Update update = Update::none;

  bool settled() const { return state == State::active && update != Update::in_progress; }
};

struct Alias {
  std::string name, version, description, revision_id;
  std::map<std::string, double> weights;  // additional versions: version -> share of invocations
};

struct EventInvokeConfig {
  std::optional<std::int64_t> maximum_retry_attempts, maximum_event_age_s;
  std::string on_success, on_failure;  // ARNs, empty: none
  Instant modified{};
};

// Kept and shown; which build of a runtime runs is the machine's matter (fact lambda-54).
struct RuntimeUpdates {
  std::string update_on = "Auto", version_arn;
};

struct ProvisionedConcurrency {
  std::int64_t executions = 0;
  Instant modified{};
};

struct Function {
  std::string region, account, name;
  Version latest;
  std::optional<Version> previous;            // set while an update of latest is in progress
  std::map<std::uint64_t, Version> versions;  // published
  std::uint64_t next_version = 1;             // never used twice, not even after a deletion
  std::map<std::string, Alias> aliases;
  std::map<std::string, ResourcePolicy> policies;  // by qualifier; "" is the function's own
  std::map<std::string, EventInvokeConfig>
      event_invoke_configs;                 // by qualifier, "$LATEST" included
  std::map<std::string, FunctionUrl> urls;  // by qualifier: "" or an alias's name
  aws::Tags tags;
  std::optional<std::uint32_t> reserved_concurrency;
  std::string code_signing_config_arn;                        // empty: none
  std::string recursive_loop = "Terminate";                   // fact lambda-53
  std::map<std::string, RuntimeUpdates> runtime_updates;      // by version, "$LATEST" included
  std::map<std::string, ProvisionedConcurrency> provisioned;  // by version or alias

  std::string arn() const;
  std::string arn(std::string_view qualifier) const;  // with ":qualifier" unless that is empty
  const Version* version(
      std::string_view number) const;  // "$LATEST" or a number; nullptr: none such
  const Alias* alias(std::string_view alias_name) const;
  bool has_qualifier(std::string_view qualifier) const;  // $LATEST, a version or an alias
  // nullptr: none was put; of an empty qualifier it is that of $LATEST.
  const EventInvokeConfig* event_invoke_config(std::string_view qualifier) const;
  const FunctionUrl* url(const std::string& qualifier) const;  // nullptr: none
};

// The answer of CreateFunction, GetFunctionConfiguration, ... (shape FunctionConfiguration).
enum class ArnForm { unqualified, qualified };
aws::Value to_wire(const Function& function, const Version& version, ArnForm form);
aws::Value to_wire(const Function& function, const Alias& alias);
aws::Value to_wire(const Function& function, std::string_view qualifier,
                   const EventInvokeConfig& config);
std::string runtime_version_arn(const std::string& region, const std::string& runtime);

// As the journal keeps it, the code apart.
std::string to_row(const Function& function);
Function function_from_row(std::string_view row);

}  // namespace sitelatch::lambda
