// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "guard/apply/observe.h"

namespace sitelatch::guard {
namespace {

using aws::Value;

std::optional<std::string> text_or_nothing(const Value& value) {
  auto text = value.string_or("");
  if (text.empty()) return std::nullopt;
  return text;
}

Check check_of(const Value& wire) {
  const auto& config = wire["HealthCheckConfig"];
  Check check;
  check.id = wire["Id"].string_or("");
  check.version = static_cast<std::uint64_t>(wire["HealthCheckVersion"].integer_or(0));
  check.type = config["Type"].string_or("");
  check.path = text_or_nothing(config["ResourcePath"]);
  check.fqdn = text_or_nothing(config["FullyQualifiedDomainName"]);
  check.by_address = !config["IPAddress"].string_or("").empty();
  check.disabled = config["Disabled"].boolean_or(false);
  check.inverted = config["Inverted"].boolean_or(false);
  check.health_threshold = static_cast<int>(config["HealthThreshold"].integer_or(0));
  check.children = static_cast<int>(config["ChildHealthChecks"].items().size());
  return check;
}

}  // namespace

client::Outcome<std::optional<CheckSnapshot>> read_check(client::Aws& aws, std::string_view id) {
  const auto reply =
      aws.call("route53", "GetHealthCheck", Value::structure({{"HealthCheckId", id}}));
  if (!reply) {
    if (client::is_absent(reply.error())) return std::optional<CheckSnapshot>{};
    return failure(reply.error());
  }
  const auto& wire = (*reply)["HealthCheck"];
  return std::optional{CheckSnapshot{check_of(wire), wire["HealthCheckConfig"],
                                     wire["LinkedService"]["ServicePrincipal"].string_or("")}};
}

bool has_checkers(const Check& check) {
  return check.type.starts_with("HTTP") || check.type == "TCP";
}

client::Outcome<std::vector<CheckerSnapshot>> read_checkers(client::Aws& aws, std::string_view id) {
  const auto reply =
      aws.call("route53", "GetHealthCheckStatus", Value::structure({{"HealthCheckId", id}}));
  if (!reply) return failure(reply.error());
  std::vector<CheckerSnapshot> checkers;
  for (const auto& observation : (*reply)["HealthCheckObservations"].items()) {
    const auto& report = observation["StatusReport"];
    CheckerSnapshot checker;
    checker.region = observation["Region"].string_or("");
    checker.address = observation["IPAddress"].string_or("");
    checker.status = report["Status"].string_or("");
    if (report["CheckedTime"].is_timestamp()) checker.at = report["CheckedTime"].timestamp();
    checker.success = checker.status.starts_with("Success");
    checkers.push_back(std::move(checker));
  }
  return checkers;
}

std::optional<bool> healthy_by(const Check& check, const std::vector<CheckerSnapshot>& checkers) {
  if (check.disabled) return !check.inverted;  // whatever the endpoint does
  if (checkers.empty()) return std::nullopt;
  const auto successes =
      std::count_if(checkers.begin(), checkers.end(), [](const auto& c) { return c.success; });
  const bool healthy = static_cast<double>(successes) > 0.18 * static_cast<double>(checkers.size());
  return healthy != check.inverted;
}

client::Outcome<Caller> read_caller(client::Aws& aws) {
  const auto reply = aws.call("sts", "GetCallerIdentity");
  if (!reply) return failure(reply.error());
  Caller caller;
  caller.account = (*reply)["Account"].string_or("");
  caller.arn = (*reply)["Arn"].string_or("");
  const auto partition =
      caller.arn.find(':') == std::string::npos ? std::string{} : caller.arn.substr(4);
  caller.partition = partition.substr(0, partition.find(':'));
  if (caller.partition.empty()) caller.partition = "aws";
  return caller;
}

}  // namespace sitelatch::guard
