// SPDX-License-Identifier: Apache-2.0
#include "services/route53/health_check.h"

#include <array>

#include "aws/wire/stored.h"
#include "ports/rows.h"

namespace sitelatch::route53 {
namespace {

constexpr std::array<std::string_view, 8> type_names = {
    "HTTP", "HTTPS",      "HTTP_STR_MATCH",    "HTTPS_STR_MATCH",
    "TCP",  "CALCULATED", "CLOUDWATCH_METRIC", "RECOVERY_CONTROL"};

std::optional<std::string> text(const aws::Value& value) {
  if (value.is_null() || value.string().empty()) return std::nullopt;  // fact route53-6
  return value.string();
}
std::optional<int> number(const aws::Value& value) {
  if (value.is_null()) return std::nullopt;
  return static_cast<int>(value.integer());
}
std::optional<bool> flag(const aws::Value& value) {
  if (value.is_null()) return std::nullopt;
  return value.boolean();
}
std::optional<AlarmIdentifier> alarm_identifier(const aws::Value& value) {
  if (value.is_null()) return std::nullopt;
  return AlarmIdentifier{value["Region"].string_or(""), value["Name"].string_or("")};
}

aws::Value strings(const std::vector<std::string>& list) {
  if (list.empty()) return {};
  auto out = aws::Value::list();
  for (const auto& item : list) out.push(item);
  return out;
}

aws::Value to_value(const AlarmConfiguration& alarm) {
  auto dimensions = aws::Value::list();
  for (const auto& [name, value] : alarm.dimensions)
    dimensions.push(aws::Value::structure({{"Name", name}, {"Value", value}}));
  return aws::Value::structure({{"EvaluationPeriods", alarm.evaluation_periods},
                                {"Threshold", alarm.threshold},
                                {"ComparisonOperator", alarm.comparison_operator},
                                {"Period", alarm.period_s},
                                {"MetricName", alarm.metric_name},
                                {"Namespace", alarm.metric_namespace},
                                {"Statistic", alarm.statistic},
                                {"Dimensions", dimensions}});
}
AlarmConfiguration alarm_configuration(const aws::Value& value) {
  AlarmConfiguration out;
  out.evaluation_periods = static_cast<int>(value["EvaluationPeriods"].integer_or(1));
  out.threshold = value["Threshold"].number_or(0);
  out.comparison_operator = value["ComparisonOperator"].string_or("");
  out.period_s = static_cast<int>(value["Period"].integer_or(60));
  out.metric_name = value["MetricName"].string_or("");
  out.metric_namespace = value["Namespace"].string_or("");
  out.statistic = value["Statistic"].string_or("");
  for (const auto& d : value["Dimensions"].items())
    out.dimensions.emplace_back(d["Name"].string_or(""), d["Value"].string_or(""));
  return out;
}

}  // namespace

std::string_view name_of(CheckType type) { return type_names.at(static_cast<std::size_t>(type)); }

CheckType check_type(std::string_view name) {
  for (std::size_t i = 0; i < type_names.size(); ++i)
    if (type_names[i] == name) return static_cast<CheckType>(i);
  throw ports::BadRow("a health check's type that the model does not know");
}

bool is_endpoint(CheckType type) { return type <= CheckType::tcp; }
bool is_string_match(CheckType type) {
  return type == CheckType::http_str_match || type == CheckType::https_str_match;
}

HealthCheckConfig health_check_config(const aws::Value& value) {
  HealthCheckConfig out;
  out.type = check_type(value["Type"].string());
  out.ip_address = text(value["IPAddress"]);
  out.port = number(value["Port"]);
  out.resource_path = text(value["ResourcePath"]);
  out.host_name = text(value["FullyQualifiedDomainName"]);
  out.search_string = text(value["SearchString"]);
  out.request_interval_s = number(value["RequestInterval"]);
  out.failure_threshold = number(value["FailureThreshold"]);
  out.measure_latency = flag(value["MeasureLatency"]);
  out.inverted = flag(value["Inverted"]);
  out.disabled = flag(value["Disabled"]);
  out.enable_sni = flag(value["EnableSNI"]);
  out.health_threshold = number(value["HealthThreshold"]);
  out.children = value["ChildHealthChecks"].strings();
  out.regions = value["Regions"].strings();
  out.alarm = alarm_identifier(value["AlarmIdentifier"]);
  out.insufficient_data_status = text(value["InsufficientDataHealthStatus"]);
  out.routing_control_arn = text(value["RoutingControlArn"]);
  return out;
}

aws::Value to_value(const HealthCheckConfig& c) {
  aws::Value alarm;
  if (c.alarm)
    alarm = aws::Value::structure({{"Region", c.alarm->region}, {"Name", c.alarm->name}});
  return aws::Value::structure({{"IPAddress", c.ip_address},
                                {"Port", c.port},
                                {"Type", name_of(c.type)},
                                {"ResourcePath", c.resource_path},
                                {"FullyQualifiedDomainName", c.host_name},
                                {"SearchString", c.search_string},
                                {"RequestInterval", c.request_interval_s},
                                {"FailureThreshold", c.failure_threshold},
                                {"MeasureLatency", c.measure_latency},
                                {"Inverted", c.inverted},
                                {"Disabled", c.disabled},
                                {"HealthThreshold", c.health_threshold},
                                {"ChildHealthChecks", strings(c.children)},
                                {"EnableSNI", c.enable_sni},
                                {"Regions", strings(c.regions)},
                                {"AlarmIdentifier", alarm},
                                {"InsufficientDataHealthStatus", c.insufficient_data_status},
                                {"RoutingControlArn", c.routing_control_arn}});
}

aws::Value to_value(const HealthCheck& check) {
  aws::Value alarm;
  if (check.alarm_configuration) alarm = to_value(*check.alarm_configuration);
  return aws::Value::structure({{"Id", check.id},
                                {"CallerReference", check.caller_reference},
                                {"HealthCheckConfig", to_value(check.config)},
                                {"HealthCheckVersion", check.version},
                                {"CloudWatchAlarmConfiguration", alarm}});
}

std::string to_row(const HealthCheck& check) {
  aws::Value created_as, alarm;
  if (check.created_as) created_as = to_value(*check.created_as);
  if (check.alarm_configuration) alarm = to_value(*check.alarm_configuration);
  return aws::to_json(aws::Value::structure({{"ref", check.caller_reference},
                                             {"config", to_value(check.config)},
                                             {"created_as", created_as},
                                             {"version", check.version},
                                             {"alarm", alarm},
                                             {"created", unix_ms(check.created)}}));
}

HealthCheck health_check_from_row(std::string_view id, std::string_view row) {
  const auto value = aws::stored_value(row);
  HealthCheck out;
  out.id = std::string{id};
  out.caller_reference = value["ref"].string();
  out.config = health_check_config(value["config"]);
  if (const auto& created_as = value["created_as"])
    out.created_as = health_check_config(created_as);
  out.version = value["version"].integer();
  if (const auto& alarm = value["alarm"]) out.alarm_configuration = alarm_configuration(alarm);
  out.created = from_unix_ms(value["created"].integer());
  return out;
}

bool probes_differently(const HealthCheckConfig& a, const HealthCheckConfig& b) {
  return a.ip_address != b.ip_address || a.port != b.port || a.resource_path != b.resource_path ||
         a.host_name != b.host_name || a.search_string != b.search_string ||
         a.enable_sni != b.enable_sni || a.disabled != b.disabled || a.alarm != b.alarm ||
         a.insufficient_data_status != b.insufficient_data_status;
}

}  // namespace sitelatch::route53
