// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "base/ip.h"
#include "base/log.h"
#include "services/route53/ids.h"
#include "services/route53/paging.h"
#include "services/route53/route53.h"

namespace sitelatch::route53 {
namespace {

constexpr std::size_t most_health_checks_a_page = 1000;
// The engine's checkers sit on its own machine (fact route53-14).
constexpr std::string_view checker_region = "us-east-1", checker_address = "127.0.0.1";

aws::Value structure_of(const HealthCheck& check) {
  return aws::Value::structure({{"HealthCheck", to_value(check)}});
}

}  // namespace

// What a caller reference that is known answers (fact route53-2).
Route53::Out Route53::existing_health_check(const HealthCheck& check,
                                            const HealthCheckConfig& asked) const {
  if ((check.created_as ? *check.created_as : check.config) != asked)
    return aws::refuse(
        "HealthCheckAlreadyExists",
        "A different health check has already been created with the specified caller reference.");
  auto out = structure_of(check);
  out.set("Location", "https://route53.amazonaws.com/2013-04-01/healthcheck/" + check.id);
  return out;
}

aws::Outcome<Done> Route53::copy_alarm(HealthCheck& check) const {
  if (check.config.type != CheckType::cloudwatch_metric) return Done{};
  if (!stream_)
    return aws::refuse("InvalidInput",
                       "Invalid parameter : CloudWatch metric health checks are not supported.");
  auto settings = stream_->alarm(check.config.alarm->region, check.config.alarm->name);
  if (!settings) return aws::refuse("InvalidInput", "Invalid parameter : " + settings.error().text);
  check.alarm_configuration = std::move(*settings);
  return Done{};
}

// Only what is new is refused: a check from before keeps its address and can be changed, above all
// latched; its probes are refused where they would be sent.
aws::Outcome<Done> Route53::refuse_restricted(const std::optional<std::string>& address) const {
  if (options_.allow_link_local || !address || !is_restricted_address(*address)) return Done{};
  return aws::refuse("InvalidInput",
                     fmt::format("Invalid parameter : The IP address {} is link-local or otherwise "
                                 "restricted (sitelatch engine --allow-link-local permits it).",
                                 *address));
}

Route53::Out Route53::create_health_check(const Call& call) {
  const auto reference = call.input["CallerReference"].string();
  HealthCheck check;
  check.config = health_check_config(call.input["HealthCheckConfig"]);
  const auto valid = validate(check.config, [&](const std::string& id) -> std::optional<CheckType> {
    const auto* child = checks_.find(id);
    if (!child) return std::nullopt;
    return child->config.type;
  });
  if (!valid) return failure(valid.error());
  for (const auto& address : {check.config.ip_address, check.config.host_name})
    if (auto ok = refuse_restricted(address); !ok) return failure(ok.error());
  fill_in_defaults(check.config);
  if (const auto* id = references_.find(reference))
    return existing_health_check(*checks_.find(*id), check.config);
  if (references_.remembered(reference, timers_.now()))
    return aws::refuse(
        "HealthCheckAlreadyExists",
        "A health check has already been created with the specified caller reference.");
  if (checks_.size() >= options_.most_health_checks)
    return aws::refuse("TooManyHealthChecks",
                       fmt::format("Limits Exceeded: MAX_HEALTH_CHECKS_BY_OWNER - Cannot create "
                                   "more than {} health checks",
                                   options_.most_health_checks));
  if (auto ok = copy_alarm(check); !ok) return failure(ok.error());
  check.id = ports::uuid(entropy_);
  check.caller_reference = reference;
  check.created = timers_.now();
  auto out = existing_health_check(check, check.config);
  references_.add(reference, check.id);
  checks_.add(std::move(check));
  return out;
}

Route53::Out Route53::get_health_check(const Call& call) {
  const auto check = health_check(call.input["HealthCheckId"]);
  if (!check) return failure(check.error());
  return structure_of(**check);
}

Route53::Out Route53::update_health_check(const Call& call) {
  const auto found = health_check(call.input["HealthCheckId"]);
  if (!found) return failure(found.error());
  HealthCheck check = **found;
  if (const auto& version = call.input["HealthCheckVersion"];
      version && version.integer() != check.version)
    return aws::refuse(
        "HealthCheckVersionMismatch",
        fmt::format("The value of HealthCheckVersion in the request ({}) doesn't match the value "
                    "of HealthCheckVersion in the health check ({}).",
                    version.integer(), check.version));
  auto config = updated(check.config, call.input);
  if (!config) return failure(config.error());
  const auto valid = validate(*config, [&](const std::string& id) -> std::optional<CheckType> {
    const auto* child = checks_.find(id);
    if (child) return child->config.type;
    // A child that was deleted may stay where it is, but not be added.
    const auto& children = check.config.children;
    if (std::find(children.begin(), children.end(), id) != children.end()) return CheckType::http;
    return std::nullopt;
  });
  if (!valid) return failure(valid.error());
  if (config->ip_address != check.config.ip_address)
    if (auto ok = refuse_restricted(config->ip_address); !ok) return failure(ok.error());
  if (config->host_name != check.config.host_name)
    if (auto ok = refuse_restricted(config->host_name); !ok) return failure(ok.error());
  fill_in_defaults(*config);
  if (!check.created_as && *config != check.config) check.created_as = check.config;
  check.config = std::move(*config);
  ++check.version;  // a change or not (fact route53-8)
  if (call.input.has("AlarmIdentifier"))
    if (auto ok = copy_alarm(check); !ok) return failure(ok.error());
  const auto id = check.id;
  checks_.replace(std::move(check));
  checks_.forget_departed([this](const std::string& other) { return answers_.uses(other); });
  return structure_of(*checks_.find(id));  // an update may latch, which counts once more
}

Route53::Out Route53::delete_health_check(const Call& call) {
  const auto found = health_check(call.input["HealthCheckId"]);
  if (!found) return failure(found.error());
  const std::string id = (*found)->id;
  if (checks_.latched(id))
    log(LogLevel::warning, "route53",
        fmt::format(
            "health check {} is deleted while latched; for whatever names it still, it stays "
            "unhealthy",
            id));
  references_.retire((*found)->caller_reference, timers_.now());
  tags_.drop("healthcheck/" + id);
  checks_.remove(id, answers_.uses(id) || checks_.is_child(id));
  checks_.forget_departed([this](const std::string& other) { return answers_.uses(other); });
  return aws::Value::structure();
}

Route53::Out Route53::list_health_checks(const Call& call) {
  const auto most = max_items(call.input["MaxItems"], most_health_checks_a_page);
  if (!most) return failure(most.error());
  const auto marker = call.input["Marker"].string_or("");
  auto list = aws::Value::list();
  aws::Value next;
  checks_.visit(marker, [&](const HealthCheck& check) {
    if (list.items().size() == *most) {
      next = check.id;
      return false;
    }
    list.push(to_value(check));
    return true;
  });
  return aws::Value::structure({{"HealthChecks", list},
                                {"Marker", marker},
                                {"IsTruncated", !next.is_null()},
                                {"NextMarker", next},
                                {"MaxItems", std::to_string(*most)}});
}

Route53::Out Route53::get_health_check_count(const Call&) {
  return aws::Value::structure({{"HealthCheckCount", static_cast<std::int64_t>(checks_.size())}});
}

Route53::Out Route53::observations(const Call& call,
                                   std::optional<ObservedStatus> HealthDescription::*which) const {
  const auto check = health_check(call.input["HealthCheckId"]);
  if (!check) return failure(check.error());
  if (!is_endpoint((*check)->config.type))
    return aws::refuse(
        "InvalidInput",
        "Invalid parameter : This operation is only supported for health checks of endpoints.");
  const auto description = checks_.describe((*check)->id);
  auto list = aws::Value::list();
  if (const auto& observed = (*description).*which) {
    const auto& regions = (*check)->config.regions;
    const auto report =
        aws::Value::structure({{"Status", observed->status}, {"CheckedTime", observed->at}});
    list.push(aws::Value::structure(
        {{"Region", regions.empty() ? checker_region : std::string_view{regions.front()}},
         {"IPAddress", checker_address},
         {"StatusReport", report}}));
  }
  return aws::Value::structure({{"HealthCheckObservations", list}});
}

Route53::Out Route53::get_health_check_status(const Call& call) {
  return observations(call, &HealthDescription::last);
}

Route53::Out Route53::get_health_check_last_failure_reason(const Call& call) {
  return observations(call, &HealthDescription::last_failure);
}

Route53::Out Route53::get_checker_ip_ranges(const Call&) {
  return aws::Value::structure(
      {{"CheckerIpRanges", aws::Value::list({"127.0.0.1/32", "::1/128"})}});
}

}  // namespace sitelatch::route53
