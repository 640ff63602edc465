// SPDX-License-Identifier: Apache-2.0
// HealthCheck: what a user configured, and every rule on which configurations are sound (facts
// route53-4, route53-5, route53-71, route53-72). Pure: no state of health here (health_checks.h has
// that), nothing about the wire but the mapping from and to Value.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "aws/wire/error.h"
#include "aws/wire/value.h"
#include "services/route53/metric_data_stream.h"

namespace sitelatch::route53 {

enum class CheckType {
  http,
  https,
  http_str_match,
  https_str_match,
  tcp,
  calculated,
  cloudwatch_metric,
  recovery_control
};
std::string_view name_of(CheckType type);
CheckType check_type(std::string_view name);  // of a name that the model's enum allows
bool is_endpoint(CheckType type);             // probed: HTTP*, HTTPS*, TCP
bool is_string_match(CheckType type);

struct AlarmIdentifier {
  std::string region, name;
  friend bool operator==(const AlarmIdentifier&, const AlarmIdentifier&) = default;
};

// Nothing means: not given and no default applies. Strings are never empty.
struct HealthCheckConfig {
  CheckType type = CheckType::http;
  std::optional<std::string> ip_address, resource_path, host_name, search_string;
  std::optional<int> port, request_interval_s, failure_threshold;
  std::optional<bool> measure_latency, inverted, disabled, enable_sni;
  std::optional<int> health_threshold;
  std::vector<std::string> children;
  std::vector<std::string> regions;
  std::optional<AlarmIdentifier> alarm;
  std::optional<std::string> insufficient_data_status;  // "Healthy", "Unhealthy", "LastKnownStatus"
  std::optional<std::string> routing_control_arn;
  friend bool operator==(const HealthCheckConfig&, const HealthCheckConfig&) = default;
};

struct HealthCheck {
  std::string id;
  std::string caller_reference;
  HealthCheckConfig config;
  std::optional<HealthCheckConfig>
      created_as;  // when updates have changed it since: what a replay is compared with
  std::int64_t version = 1;
  std::optional<AlarmConfiguration>
      alarm_configuration;  // CLOUDWATCH_METRIC: copied from the alarm
  Instant created{};
};

// AWS's shape HealthCheckConfig, in both directions. from_value takes what the client sent, without
// defaults.
HealthCheckConfig health_check_config(const aws::Value& value);
aws::Value to_value(const HealthCheckConfig& config);
aws::Value to_value(const HealthCheck& check);  // AWS's shape HealthCheck

// How the journal keeps a check.
std::string to_row(const HealthCheck& check);
HealthCheck health_check_from_row(std::string_view id, std::string_view row);

// Fills in AWS's defaults (fact route53-4).
void fill_in_defaults(HealthCheckConfig& config);

// The type of another health check, or nothing if there is none: for children.
using TypeOf = std::function<std::optional<CheckType>(const std::string& id)>;
// Refuses what AWS refuses, in its words where they are known (fact route53-5). The config is as
// sent, without defaults (what must not be specified is only visible there).
aws::Outcome<Done> validate(const HealthCheckConfig& config, const TypeOf& type_of);

// The config after an UpdateHealthCheck: only what is present changes; ResetElements put back to
// nothing. Not validated beyond what only the difference shows (IPAddress added or removed).
aws::Outcome<HealthCheckConfig> updated(const HealthCheckConfig& config, const aws::Value& update);

// Whether an observation of the one says nothing about the other: what is probed, or whether it is,
// differs.
bool probes_differently(const HealthCheckConfig& a, const HealthCheckConfig& b);

}  // namespace sitelatch::route53
