// SPDX-License-Identifier: Apache-2.0
// What of health_check.h refuses and fills in. The texts: fact route53-5.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "services/route53/health_check.h"

namespace sitelatch::route53 {
namespace {

constexpr std::size_t most_children = 255;  // R53 quotas; the model says 256
constexpr std::size_t fewest_regions = 3;

Failure<aws::Error> invalid(std::string text) {
  return aws::refuse("InvalidInput", std::move(text));
}
Failure<aws::Error> invalid_parameter(std::string_view text) {
  return invalid(fmt::format("Invalid parameter : {}", text));
}

struct Rule {
  bool broken;
  std::string_view text;
};
// The first broken rule, as AWS words it.
template <std::size_t N>
aws::Outcome<Done> first_broken(const Rule (&rules)[N]) {
  for (const auto& rule : rules)
    if (rule.broken) return invalid_parameter(rule.text);
  return Done{};
}

bool printable_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

bool host_name_characters(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == '*';
  });
}

bool host_name_sound(std::string_view name) {
  if (!name.empty() && name.back() == '.') name.remove_suffix(1);
  if (name.empty() || !host_name_characters(name)) return false;
  std::size_t label = 0;
  for (const char c : name) {
    if (c == '.' && label == 0) return false;
    label = c == '.' ? 0 : label + 1;
    if (label > 63) return false;
  }
  return label > 0;
}

aws::Outcome<Done> validate_tcp(const HealthCheckConfig& c) {
  // These two are seen on AWS without the usual prefix.
  if (c.ip_address && c.host_name)
    return invalid(
        "TCP health checks that have IP address must not have a fully qualified domain name "
        "specified.");
  if (c.resource_path) return invalid("TCP health checks must not have a resource path specified.");
  const Rule rules[] = {
      {c.search_string.has_value(), "TCP health checks must not have a search string specified."},
      {!c.port, "TCP health checks must have a port specified."}};
  return first_broken(rules);
}

aws::Outcome<Done> validate_endpoint(const HealthCheckConfig& c) {
  const Rule foreign[] = {
      {c.alarm.has_value(), "Basic health checks must not have an metric region specified."},
      {c.insufficient_data_status.has_value(),
       "Basic health checks must not have an insufficient data health state specified."},
      {c.health_threshold.has_value(),
       "Basic health checks must not have a health threshold specified."},
      {!c.children.empty(), "Basic health checks must not have child health checks specified."},
      {c.routing_control_arn.has_value(),
       "Basic health checks must not have a routing control specified."}};
  if (auto ok = first_broken(foreign); !ok) return ok;
  if (c.type == CheckType::tcp)
    if (auto ok = validate_tcp(c); !ok) return ok;
  const Rule own[] = {
      {!c.ip_address && !c.host_name,
       "Basic health checks must have an IP address or a fully qualified domain name specified."},
      {is_string_match(c.type) && !c.search_string,
       "String match health checks must have a search string specified."},
      {!is_string_match(c.type) && c.search_string,
       "Basic health checks must not have a search string specified."},
      {c.request_interval_s && *c.request_interval_s != 10 && *c.request_interval_s != 30,
       "Request interval must be 10 or 30 seconds."},
      {c.host_name && !host_name_sound(*c.host_name), "Fully qualified domain name is not valid."},
      {c.resource_path && !printable_ascii(*c.resource_path),
       "Resource path contains invalid characters."},
      {!c.regions.empty() &&
           std::set<std::string>(c.regions.begin(), c.regions.end()).size() < fewest_regions,
       "Basic health checks must have at least three different regions specified."}};
  return first_broken(own);
}

aws::Outcome<Done> validate_children(const HealthCheckConfig& c, const TypeOf& type_of) {
  if (c.children.size() > most_children)
    return invalid_parameter(
        "Calculated health checks must not have more than 255 child health checks specified.");
  std::set<std::string_view> seen;
  for (const auto& child : c.children) {
    const auto type = type_of(child);
    if (!type)
      return invalid_parameter(fmt::format("The child health check {} does not exist.", child));
    if (*type == CheckType::calculated)
      return invalid_parameter(
          "Calculated health checks must not have a calculated health check as a child.");
    if (!seen.insert(child).second)
      return invalid_parameter(
          fmt::format("The child health check {} is specified more than once.", child));
  }
  return Done{};
}

// What only an endpoint has.
aws::Outcome<Done> no_endpoint(const HealthCheckConfig& c, std::string_view kind) {
  const std::pair<bool, std::string_view> parts[] = {
      {c.ip_address.has_value(), "an IP address"},
      {c.port.has_value(), "a port"},
      {c.resource_path.has_value(), "a resource path"},
      {c.host_name.has_value(), "a fully qualified domain name"},
      {c.search_string.has_value(), "a search string"},
      {c.request_interval_s.has_value(), "a request interval"},
      {c.failure_threshold.has_value(), "a failure threshold"},
      {c.measure_latency.value_or(false), "a measure latency"},
      {!c.regions.empty(), "a region"},
      {c.routing_control_arn.has_value(), "a routing control"}};
  for (const auto& [given, what] : parts)
    if (given)
      return invalid_parameter(
          fmt::format("{} health checks must not have {} specified.", kind, what));
  return Done{};
}

aws::Outcome<Done> validate_calculated(const HealthCheckConfig& c, const TypeOf& type_of) {
  if (!c.health_threshold)
    return invalid_parameter("Calculated health checks must have a health threshold specified.");
  if (c.failure_threshold)  // seen on AWS without the usual prefix
    return invalid("Calculated health checks must not have a failure threshold specified.");
  if (auto ok = no_endpoint(c, "Calculated"); !ok) return ok;
  const Rule rules[] = {
      {c.alarm.has_value(), "Calculated health checks must not have an metric region specified."},
      {c.insufficient_data_status.has_value(),
       "Calculated health checks must not have an insufficient data health state specified."}};
  if (auto ok = first_broken(rules); !ok) return ok;
  return validate_children(c, type_of);
}

aws::Outcome<Done> validate_metric(const HealthCheckConfig& c) {
  if (auto ok = no_endpoint(c, "CloudWatch metric"); !ok) return ok;
  const Rule rules[] = {
      {!c.alarm, "CloudWatch metric health checks must have an alarm identifier specified."},
      {c.health_threshold.has_value(),
       "CloudWatch metric health checks must not have a health threshold specified."},
      {!c.children.empty(),
       "CloudWatch metric health checks must not have child health checks specified."}};
  return first_broken(rules);
}

// ResetElements, by AWS's names.
void reset(HealthCheckConfig& config, std::string_view element) {
  if (element == "ChildHealthChecks") config.children.clear();
  if (element == "FullyQualifiedDomainName") config.host_name.reset();
  if (element == "Regions") config.regions.clear();
  if (element == "ResourcePath") config.resource_path.reset();
}

template <class T>
void take(std::optional<T>& target, const std::optional<T>& given) {
  if (given) target = given;
}
void take_text(std::optional<std::string>& target, const aws::Value& given) {
  if (given.is_null()) return;
  if (given.string().empty())
    target.reset();  // fact route53-6
  else
    target = given.string();
}

}  // namespace

void fill_in_defaults(HealthCheckConfig& c) {
  if (!c.inverted) c.inverted = false;
  if (!c.disabled) c.disabled = false;
  if (c.type == CheckType::cloudwatch_metric && !c.insufficient_data_status)
    c.insufficient_data_status = "LastKnownStatus";
  if (!is_endpoint(c.type)) {
    c.measure_latency.reset();
    return;
  }
  const bool tls = c.type == CheckType::https || c.type == CheckType::https_str_match;
  if (!c.request_interval_s) c.request_interval_s = 30;
  if (!c.failure_threshold) c.failure_threshold = 3;
  if (!c.port) c.port = tls ? 443 : 80;
  if (!c.measure_latency) c.measure_latency = false;
  if (!c.enable_sni) c.enable_sni = tls;
}

aws::Outcome<Done> validate(const HealthCheckConfig& c, const TypeOf& type_of) {
  switch (c.type) {
    case CheckType::calculated:
      return validate_calculated(c, type_of);
    case CheckType::cloudwatch_metric:
      return validate_metric(c);
    case CheckType::recovery_control:  // fact route53-20
      return invalid_parameter("The specified routing control does not exist.");
    default:
      return validate_endpoint(c);
  }
}

aws::Outcome<HealthCheckConfig> updated(const HealthCheckConfig& config, const aws::Value& update) {
  HealthCheckConfig out = config;
  aws::Value sent = update;
  sent.set("Type", name_of(config.type));
  const auto given = health_check_config(sent);
  if (given.ip_address && !config.ip_address)
    return invalid_parameter(
        "An IP address cannot be added to a health check that was created without one.");
  if (update.has("IPAddress") && !given.ip_address && config.ip_address)
    return invalid_parameter("The IP address of a health check cannot be removed.");
  take(out.ip_address, given.ip_address);
  take(out.port, given.port);
  take_text(out.resource_path, update["ResourcePath"]);
  take_text(out.host_name, update["FullyQualifiedDomainName"]);
  take_text(out.search_string, update["SearchString"]);
  take(out.failure_threshold, given.failure_threshold);
  take(out.inverted, given.inverted);
  take(out.disabled, given.disabled);
  take(out.health_threshold, given.health_threshold);
  if (update.has("ChildHealthChecks")) out.children = given.children;
  take(out.enable_sni, given.enable_sni);
  if (update.has("Regions")) out.regions = given.regions;
  take(out.alarm, given.alarm);
  take(out.insufficient_data_status, given.insufficient_data_status);
  for (const auto& element : update["ResetElements"].items()) reset(out, element.string());
  return out;
}

}  // namespace sitelatch::route53
