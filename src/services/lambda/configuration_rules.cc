// SPDX-License-Identifier: Apache-2.0
#include "services/lambda/configuration_rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "services/lambda/function_code.h"
#include "services/lambda/refusals.h"

namespace sitelatch::lambda {
namespace {
using aws::Outcome;
using aws::Value;

template <std::size_t N>
bool contains(const std::array<std::string_view, N>& list, std::string_view item) {
  return std::find(list.begin(), list.end(), item) != list.end();
}

// What this engine can run (fact lambda-9); whether Node.js or that Python is there shows when the
// function is run.
constexpr std::array<std::string_view, 14> runnable = {
    "python3.8",  "python3.9",    "python3.10",      "python3.11", "python3.12",
    "python3.13", "python3.14",   "nodejs16.x",      "nodejs18.x", "nodejs20.x",
    "nodejs22.x", "provided.al2", "provided.al2023", "nodejs24.x"};
constexpr std::array<std::string_view, 11> only_on_aws = {
    "java8.al2", "java11",   "java17",  "java21",  "java25", "dotnet6",
    "dotnet8",   "dotnet10", "ruby3.2", "ruby3.3", "ruby3.4"};
constexpr std::array<std::string_view, 20> retired = {
    "nodejs",         "nodejs4.3",     "nodejs6.10",    "nodejs8.10",    "nodejs10.x",
    "nodejs12.x",     "nodejs14.x",    "java8",         "python2.7",     "python3.6",
    "python3.7",      "dotnetcore1.0", "dotnetcore2.0", "dotnetcore2.1", "dotnetcore3.1",
    "nodejs4.3-edge", "go1.x",         "ruby2.5",       "ruby2.7",       "provided"};
constexpr std::string_view enum_text =
    "[nodejs20.x, python3.14, provided.al2023, python3.12, python3.13, nodejs24.x, nodejs22.x, "
    "java25, java17, nodejs16.x, dotnet8, python3.10, java11, dotnet10, python3.11, dotnet6, "
    "java21, nodejs18.x, provided.al2, ruby3.3, ruby3.4, java8.al2, ruby3.2, python3.8, python3.9]";

constexpr std::array<std::string_view, 18> reserved_variables = {"_HANDLER",
                                                                 "_X_AMZN_TRACE_ID",
                                                                 "AWS_ACCESS_KEY",
                                                                 "AWS_ACCESS_KEY_ID",
                                                                 "AWS_DEFAULT_REGION",
                                                                 "AWS_EXECUTION_ENV",
                                                                 "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
                                                                 "AWS_LAMBDA_FUNCTION_NAME",
                                                                 "AWS_LAMBDA_FUNCTION_VERSION",
                                                                 "AWS_LAMBDA_INITIALIZATION_TYPE",
                                                                 "AWS_LAMBDA_LOG_GROUP_NAME",
                                                                 "AWS_LAMBDA_LOG_STREAM_NAME",
                                                                 "AWS_LAMBDA_RUNTIME_API",
                                                                 "AWS_REGION",
                                                                 "AWS_SECRET_ACCESS_KEY",
                                                                 "AWS_SESSION_TOKEN",
                                                                 "LAMBDA_RUNTIME_DIR",
                                                                 "LAMBDA_TASK_ROOT"};
constexpr std::size_t variables_limit = 4096;

Outcome<Done> check_runtime(const std::string& runtime) {
  if (contains(runnable, runtime)) return Done{};
  if (contains(retired, runtime))
    return invalid_parameter(
        "The runtime parameter of " + runtime +
        " is no longer supported for creating or updating AWS Lambda functions. We recommend you "
        "use a supported runtime while creating or updating functions.");
  if (contains(only_on_aws, runtime))
    return invalid_parameter("The runtime parameter of " + runtime +
                             " is not supported by this engine, which runs python3.x, nodejs, "
                             "provided.al2 and provided.al2023.");
  return invalid_parameter(
      fmt::format("Value {} at 'runtime' failed to satisfy constraint: Member must satisfy enum "
                  "value set: {} or be a valid ARN",
                  runtime, enum_text));
}

Outcome<Done> check_range(const Value& value, std::string_view member, std::int64_t least,
                          std::int64_t most) {
  if (value.is_null()) return Done{};
  const auto number = value.integer();
  if (number > most)
    return validation(
        fmt::format("Value '{}' at '{}' failed to satisfy constraint: Member must have value less "
                    "than or equal to {}",
                    number, member, most));
  if (number < least)
    return validation(
        fmt::format("Value '{}' at '{}' failed to satisfy constraint: Member must "
                    "have value greater than or equal to {}",
                    number, member, least));
  return Done{};
}

Outcome<std::map<std::string, std::string>> variables_of(const Value& variables) {
  std::map<std::string, std::string> out;
  std::vector<std::string> reserved;
  for (const auto& [key, value] : variables.members()) {
    if (contains(reserved_variables, key)) reserved.push_back(key);
    out[key] = value.string();
  }
  if (!reserved.empty())
    return invalid_parameter(
        "Lambda was unable to configure your environment variables because the environment "
        "variables you have provided contains reserved keys that are currently not supported for "
        "modification. Reserved keys used in this request: " +
        join(reserved, ", "));
  const auto measured = aws::to_json(variables.is_null() ? Value::structure() : variables);
  if (measured.size() > variables_limit)
    return invalid_parameter(
        "Lambda was unable to configure your environment variables because the environment "
        "variables you have provided exceeded the 4KB limit. String measured: " +
        measured);
  for (const auto& [key, value] : out)
    if (value.find('\0') != std::string::npos || key.find('=') != std::string::npos)
      return invalid_parameter(
          "Lambda was unable to configure your environment variables because the value of " + key +
          " cannot be an environment variable.");
  return out;
}

Outcome<Done> set_logging(const Value& logging, std::string_view function_name, Configuration& c) {
  if (logging.is_null()) return Done{};
  c.log_format = logging["LogFormat"].string_or(c.log_format);
  c.log_group = logging["LogGroup"].string_or(c.log_group);
  if (c.log_group.empty()) c.log_group = "/aws/lambda/" + std::string{function_name};
  const bool levels = logging.has("ApplicationLogLevel") || logging.has("SystemLogLevel");
  if (c.log_format == "Text") {
    if (levels)
      return invalid_parameter(
          "To use ApplicationLogLevel or SystemLogLevel, you must set LogFormat to JSON.");
    c.application_log_level.clear();
    c.system_log_level.clear();
    return Done{};
  }
  const auto level = [&](const char* member, const std::string& current) {
    return logging[member].string_or(current.empty() ? "INFO" : current);
  };
  c.application_log_level = level("ApplicationLogLevel", c.application_log_level);
  c.system_log_level = level("SystemLogLevel", c.system_log_level);
  return Done{};
}

Outcome<Done> set_dead_letters(const Value& config, Configuration& c) {
  if (!config.has("TargetArn")) return Done{};
  const auto arn = config["TargetArn"].string();
  if (!arn.empty() && !arn.starts_with("arn:aws:sns:") && !arn.starts_with("arn:aws:sqs:"))
    return invalid_parameter("The provided dead letter target " + arn +
                             " is not an SNS topic or SQS queue.");
  c.dead_letter_arn = arn;
  return Done{};
}

// What would need services that are not here is refused as AWS refuses a reference to nothing (fact
// lambda-10).
Outcome<Done> refuse_what_is_not_here(const Value& input) {
  if (const auto& subnets = input["VpcConfig"]["SubnetIds"].items(); !subnets.empty())
    return no_such_subnet(subnets.front().string());
  if (!input["FileSystemConfigs"].items().empty())
    return invalid_parameter("EFS file system " +
                             input["FileSystemConfigs"].items().front()["Arn"].string_or("") +
                             " does not exist.");
  if (!input["KMSKeyArn"].string_or("").empty())
    return invalid_parameter("The KMS key " + input["KMSKeyArn"].string() + " does not exist.");
  if (input["SnapStart"]["ApplyOn"].string_or("None") != "None")
    return invalid_parameter("SnapStart is not supported by this engine.");
  for (const auto* member : {"CapacityProviderConfig", "DurableConfig", "TenancyConfig"})
    if (input.has(member))
      return invalid_parameter(std::string{member} + " is not supported by this engine.");
  if (input.has("ImageConfig"))
    return invalid_parameter(
        "ImageConfig is not supported for functions created with deployment packages.");
  return Done{};
}

}  // namespace

Outcome<Done> configure(const Value& input, std::string_view function_name, Configuration& c) {
  if (auto here = refuse_what_is_not_here(input); !here) return here;
  if (input.has("Runtime")) {
    if (auto known = check_runtime(input["Runtime"].string()); !known) return known;
    c.runtime = input["Runtime"].string();
  }
  if (auto fits = check_range(input["Timeout"], "timeout", 1, 900); !fits) return fits;
  if (auto fits = check_range(input["MemorySize"], "memorySize", 128, 10'240); !fits) return fits;
  const auto& ephemeral = input["EphemeralStorage"]["Size"];
  if (auto fits = check_range(ephemeral, "ephemeralStorage.size", 512, 10'240); !fits) return fits;
  const auto number = [&](const Value& value, std::uint32_t current) {
    return static_cast<std::uint32_t>(value.integer_or(current));
  };
  c.role = input["Role"].string_or(c.role);
  c.handler = input["Handler"].string_or(c.handler);
  c.description = input["Description"].string_or(c.description);
  c.timeout_s = number(input["Timeout"], c.timeout_s);
  c.memory_mb = number(input["MemorySize"], c.memory_mb);
  c.ephemeral_mb = number(ephemeral, c.ephemeral_mb);
  c.tracing_mode = input["TracingConfig"]["Mode"].string_or(c.tracing_mode);
  if (input.has("Environment")) {
    auto variables = variables_of(input["Environment"]["Variables"]);
    if (!variables) return failure(variables.error());
    c.variables = *variables;
  }
  if (c.log_group.empty()) c.log_group = "/aws/lambda/" + std::string{function_name};
  if (auto set = set_logging(input["LoggingConfig"], function_name, c); !set) return set;
  return set_dead_letters(input["DeadLetterConfig"], c);
}

Outcome<Done> set_architecture(const Value& input, Configuration& c) {
  const auto& list = input["Architectures"];
  if (list.items().empty()) return Done{};
  if (list.items().size() > 1)
    return validation("Value '[" + join(list.strings(), ", ") +
                      "]' at 'architectures' failed to satisfy constraint: Member must have length "
                      "less than or equal to 1");
  c.architecture = list.items().front().string();
  return Done{};
}

Outcome<std::string> zip_of(const Value& code) {
  const bool s3 = code.has("S3Bucket") || code.has("S3Key"), image = code.has("ImageUri");
  if (code.has("ZipFile")) {
    if (s3 || image)
      return invalid_parameter(
          "Please do not provide other FunctionCode parameters when providing a ZipFile.");
    const auto& zip = code["ZipFile"].string();
    if (auto sound = inspect_zip(zip); !sound) return failure(sound.error());
    return zip;
  }
  if (s3)
    return invalid_parameter(
        "Error occurred while GetObject. S3 Error Code: NoSuchBucket. S3 Error Message: The "
        "specified bucket does not exist");
  if (image)
    return invalid_parameter("Source image " + code["ImageUri"].string() +
                             " does not exist. Provide a valid source image.");
  return invalid_parameter("Please provide a source for function code.");
}

Outcome<aws::Tags> with_tags(aws::Tags present, const Value& added) {
  static constexpr aws::TagRules rules{
      [](const std::string& key) {
        return invalid_parameter("System tags cannot be added or removed: " + key);
      },
      nullptr, [] { return invalid_parameter("Number of tags exceeds resource tag limit."); }};
  const auto tags = aws::read_tags(added);
  for (const auto& [key, value] : tags)
    if (key.empty() || utf8_length(key) > 128 || utf8_length(value) > 256)
      return invalid_parameter(
          "Tag keys must be 1 to 128 characters and tag values up to 256 characters long.");
  return aws::with_tags(std::move(present), tags, rules);
}

}  // namespace sitelatch::lambda
