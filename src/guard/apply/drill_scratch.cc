// SPDX-License-Identifier: Apache-2.0
#include "guard/apply/drill_scratch.h"

#include <fmt/format.h>

#include "client/wait.h"

namespace sitelatch::guard {
namespace {

using aws::Value;

constexpr std::string_view reference_prefix = "sitelatch-drill-";
constexpr int most_move_tries = 5;

// Regions, checkers' interval, SNI and the like stay as Primary's; the latch and the hands of
// others do not come along.
Value scratch_config(const Value& primary, const std::optional<std::string>& path) {
  Value config = primary;
  config.set("Disabled", false);
  config.set("Inverted", false);
  config.set("ResourcePath", path && !path->empty() ? Value{*path} : Value{});
  config.set("ChildHealthChecks", Value{});
  config.set("AlarmIdentifier", Value{});
  return config;
}

}  // namespace

std::string drilled_check(std::string_view reference) {
  if (!reference.starts_with(reference_prefix)) return {};
  const auto rest = reference.substr(reference_prefix.size());
  const auto dash = rest.rfind('-');
  return dash == std::string_view::npos ? std::string{} : std::string{rest.substr(0, dash)};
}

Result<std::vector<std::string>> find_scratch(Context& context,
                                              const std::string& health_check_id) {
  const auto checks = context.aws.call_all("route53", "ListHealthChecks");
  if (!checks)
    return failure(Problem{client::explain(checks.error(), "look for what an earlier drill left")});
  std::vector<std::string> out;
  for (const auto& check : (*checks)["HealthChecks"].items())
    if (drilled_check(check["CallerReference"].string_or("")) == health_check_id)
      out.push_back(check["Id"].string_or(""));
  return out;
}

Result<std::string> make_scratch(Context& context, const View& primary) {
  const auto path = record_of(primary.snapshot.observed).path_to_restore();
  // Before the first deploy nothing is noted; then the path is the check's.
  const auto own = path ? path : primary.snapshot.observed.check->path;
  const auto reference =
      fmt::format("{}{}-{}", reference_prefix, primary.id(), ports::random_hex(context.entropy, 8));
  const auto made = context.aws.call(
      "route53", "CreateHealthCheck",
      Value::structure(
          {{"CallerReference", reference},
           {"HealthCheckConfig", scratch_config(primary.snapshot.check_config, own)}}));
  if (!made) return failure(Problem{client::explain(made.error(), "make a scratch health check")});
  const auto id = (*made)["HealthCheck"]["Id"].string_or("");
  const auto name =
      Value::structure({{"Key", "Name"}, {"Value", "sitelatch drill of " + primary.id()}});
  (void)context.aws.call(
      "route53",
      "ChangeTagsForResource",  // for people who look at the console; nothing depends on it
      Value::structure(
          {{"ResourceType", "healthcheck"}, {"ResourceId", id}, {"AddTags", Value::list({name})}}));
  return id;
}

Result<Done> remove_scratch(Context& context, const std::string& scratch_id) {
  const auto gone = context.aws.call("route53", "DeleteHealthCheck",
                                     Value::structure({{"HealthCheckId", scratch_id}}));
  if (!gone && !client::is_absent(gone.error()))
    return failure(
        Problem{client::explain(gone.error(), "delete the scratch health check " + scratch_id)});
  return Done{};
}

Result<Done> move_port(Context& context, const std::string& scratch_id, int port) {
  for (int attempt = 1;; ++attempt) {
    const auto check = read_check(context.aws, scratch_id);
    if (!check)
      return failure(Problem{client::explain(check.error(), "read the scratch health check")});
    if (!*check) return failure(Problem{"the scratch health check is gone"});
    const auto moved = context.aws.call(
        "route53", "UpdateHealthCheck",
        Value::structure(
            {{"HealthCheckId", scratch_id},
             {"HealthCheckVersion", static_cast<std::int64_t>((*check)->check.version)},
             {"Port", port}}));
    if (moved) return Done{};
    if (!moved.error().is("HealthCheckVersionMismatch") || attempt == most_move_tries)
      return failure(Problem{client::explain(moved.error(), "change the scratch health check")});
  }
}

}  // namespace sitelatch::guard
