// SPDX-License-Identifier: Apache-2.0
#include "guard/apply/drill_scratch.h"

#include <fmt/format.h>

#include "client/wait.h"
#include "guard/apply/audit_group.h"
#include "guard/apply/config_destroy.h"
#include "guard/apply/destroy.h"
#include "guard/apply/drill_sentinel.h"
#include "guard/apply/hardened_destroy.h"

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

// No hexadecimal digits: they stand before the random part. (A CallerReference has 64 characters.)
struct Mark {
  Form form;
  std::string_view text;
};
constexpr Mark marks[] = {{Form::config, "k"}, {Form::engine, "n"}, {Form::hardened, "h"}};

std::string_view mark_of(Form form) {
  for (const auto& mark : marks)
    if (mark.form == form) return mark.text;
  return "";
}

Form drilled_form(std::string_view reference) {
  const auto last = reference.substr(reference.rfind('-') + 1);
  for (const auto& mark : marks)
    if (last.starts_with(mark.text)) return mark.form;
  return Form::guide;
}

// The check is deleted next: its latch needs no releasing.
Step remove_guide_guard(Context& context, const std::string& id) {
  const auto plan = plan_removal(context, {id, Latch::keep, true, false});
  if (!plan) return failure(plan.error());
  return carry_out(context, *plan);
}

Step remove_config_guard(Context& context, const std::string& id) {
  const ConfigRemovalOptions options{id, true, true, Unhold::restore};
  const auto plan = plan_config_removal(context, options);
  if (!plan) return failure(plan.error());
  return carry_out(context, *plan, options);
}

Step remove_hardened_guard(Context& context, const std::string& id) {
  auto plan = plan_removal(context, {id, Latch::keep, true, false});
  if (!plan) return failure(plan.error());
  if (const auto added = add_hardened(context, *plan, true); !added) return added;
  plan->missing.clear();  // what can be removed is
  return carry_out(context, *plan);
}

// Nothing but its audit log: the latch is the check's own.
Step remove_engine_guard(Context& context, const std::string& id) {
  const auto audit = find_audit_group(context, std::string{control_region("aws")}, id);
  return audit.there ? remove_audit_group(context, audit) : Step{Done{}};
}

}  // namespace

std::string drilled_check(std::string_view reference) {
  if (!reference.starts_with(reference_prefix)) return {};
  const auto rest = reference.substr(reference_prefix.size());
  const auto dash = rest.rfind('-');
  return dash == std::string_view::npos ? std::string{} : std::string{rest.substr(0, dash)};
}

Result<std::vector<DrillScratch>> find_scratch(Context& context,
                                               const std::string& health_check_id) {
  const auto checks = context.aws.call_all("route53", "ListHealthChecks");
  if (!checks)
    return failure(Problem{client::explain(checks.error(), "look for what an earlier drill left")});
  std::vector<DrillScratch> out;
  for (const auto& check : (*checks)["HealthChecks"].items()) {
    const auto reference = check["CallerReference"].string_or("");
    if (drilled_check(reference) == health_check_id)
      out.push_back({check["Id"].string_or(""), drilled_form(reference)});
  }
  return out;
}

Result<std::string> make_scratch(Context& context, const ScratchWish& wish) {
  const auto reference = fmt::format("{}{}-{}{}", reference_prefix, wish.primary,
                                     mark_of(wish.form), ports::random_hex(context.entropy, 8));
  const auto made = context.aws.call(
      "route53", "CreateHealthCheck",
      Value::structure({{"CallerReference", reference},
                        {"HealthCheckConfig", scratch_config(wish.config, wish.path)}}));
  if (!made) return failure(Problem{client::explain(made.error(), "make a scratch health check")});
  const auto id = (*made)["HealthCheck"]["Id"].string_or("");
  const auto name =
      Value::structure({{"Key", "Name"}, {"Value", "sitelatch drill of " + wish.primary}});
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

std::optional<Plan> plan_like(const Plan& real) {
  auto settings = real.settings;
  settings.health_check_id = unmade_id;
  settings.names = {};
  settings.record = {};
  auto plan = make_plan(std::move(settings));
  if (!plan) return std::nullopt;
  return std::move(*plan);
}

DeployOptions deploy_like(const View& real, const std::string& scratch_id) {
  const auto& settings = real.plan.settings;
  DeployOptions out;
  out.health_check_id = scratch_id;
  out.function_region = settings.function_region;
  out.latch = settings.latch;
  if (real.snapshot.observed.function) out.function = settings.function;
  // What an organisation demands of every role and resource, it demands of these too.
  out.role_path = settings.role_path;
  out.permissions_boundary = settings.permissions_boundary;
  out.tags = settings.extra_tags;
  out.kms_keys = settings.kms_keys;
  out.accept_holes = settings.accepted_holes;
  out.reserve_concurrency = false;  // it is the account's, for as long as a drill takes
  return out;
}

Result<Done> remove_drill(Context& context, const DrillScratch& scratch) {
  if (scratch.form != Form::guide)
    if (const auto gone = remove_sentinel(context, scratch.id); !gone)
      return failure(Problem{
          fmt::format("the records of scratch check {}: {}", scratch.id, gone.error().text)});
  // The guard first: its resources are found by the check's id, and a check that is gone cannot be
  // found again. The engine's is a tag of the check.
  const auto gone = scratch.form == Form::config     ? remove_config_guard(context, scratch.id)
                    : scratch.form == Form::engine   ? remove_engine_guard(context, scratch.id)
                    : scratch.form == Form::hardened ? remove_hardened_guard(context, scratch.id)
                                                     : remove_guide_guard(context, scratch.id);
  if (!gone)
    return failure(
        Problem{fmt::format("the guard of scratch check {}: {}", scratch.id, gone.error().text)});
  return remove_scratch(context, scratch.id);
}

}  // namespace sitelatch::guard
