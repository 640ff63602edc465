// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "aws/auth/partition.h"
#include "cli/commands.h"
#include "cli/guard_report.h"
#include "guard/apply/config_observe.h"
#include "guard/apply/find_check.h"
#include "guard/apply/hardened_observe.h"
#include "guard/rules/form_rights.h"

namespace sitelatch::cli {
namespace {

// What IAM takes, blanks not counted (IAM and STS quotas).
constexpr std::size_t managed_policy_limit = 6144, role_inline_limit = 10240;

// The clock's id; empty: there is none, or it is not to be seen.
std::string clock_of(GuardContext& context, const guard::Snapshot& snapshot,
                     const guard::Plan& plan) {
  guard::HardenedQuery how;
  how.health = false;
  const auto look = guard::look_at_hardened(context.context(), snapshot, plan, how);
  return look && look->observed.clock ? look->observed.clock->id : std::string{};
}

// Of one guard as it is, or as deploy would make it. Nothing is asked but what it is called.
Result<guard::Scope, guard::Error> scope_of_guard(GuardContext& context, const std::string& id,
                                                  guard::Form form) {
  const auto caller = guard::read_caller(context.aws());
  if (!caller) return failure(guard::error_of(caller.error(), "find out whose account this is"));
  guard::Settings settings;
  settings.health_check_id = id;
  settings.account = caller->account;
  settings.partition = caller->partition;
  settings.function_region = std::string{guard::control_region(caller->partition)};
  guard::Query look;
  look.health_check_id = id;
  look.records = look.deliveries = false;
  const auto seen = guard::observe(context.aws(), look, Instant{});
  if (seen) settings = seen->settings;
  if (!seen || !seen->blind.empty())
    say("Not all of the guard may be seen with these credentials: what is not goes by the names "
        "that "
        "deploy gives.");
  settings.record = {};
  settings.notify_endpoint.clear();
  const auto plan = guard::make_plan(std::move(settings));
  if (!plan) return failure(guard::error_of(guard::Error::Kind::refused, plan.error().text + "."));
  if (form != guard::Form::hardened) return guard::scope_of(*plan);
  const auto clock = seen ? clock_of(context, *seen, *plan) : std::string{};
  if (clock.empty())
    say("The relay's clock is not seen, so every health check of the account may be looked at: "
        "print the policy again when it is there.");
  return guard::scope_of_hardened(*plan, clock);
}

// Of a form in which nothing runs. What it has made is looked up, where it may be seen.
Result<guard::FormScope, guard::Error> form_scope(GuardContext& context, guard::Form form,
                                                  const std::string& id) {
  const auto caller = guard::read_caller(context.aws());
  if (!caller) return failure(guard::error_of(caller.error(), "find out whose account this is"));
  if (form == guard::Form::engine) return guard::scope_of_engine(id, caller->partition);
  guard::ConfigLook how;
  how.records = how.dns = how.probes = false;
  const auto seen = guard::look_at_config(context.context(), id, how);
  std::vector<std::string> made;
  if (seen && seen->observed.combined && seen->observed.hold)
    made = {seen->observed.combined->id, seen->observed.hold->id};
  else
    say("Its calculated check and its hold check are not seen, so every health check of the "
        "account is meant: print the policy again when they are there.");
  return guard::scope_of_config(guard::plan_config(id, caller->partition, caller->account), made);
}

int print_policy(const std::vector<guard::Right>& rights) {
  const auto size = guard::policy_document(rights).size();
  fmt::print("{}\n", guard::policy_text(rights));
  if (size > managed_policy_limit)
    say(fmt::format(
        "It has {} characters, and a managed policy takes {}: make it the inline policy "
        "of a role ({}), or split it.",
        size, managed_policy_limit, role_inline_limit));
  return exit_done;
}

std::string partition_meant(const PolicyOptions& options) {
  const auto region = options.common.region.empty() ? std::string_view{"us-east-1"}
                                                    : std::string_view{options.common.region};
  return std::string{aws::partition_of(region).name};
}

int form_policy(const PolicyOptions& options, guard::Form form, guard::Audience audience) {
  if (options.health_check_id.empty())
    return print_policy(
        guard::rights_of(form, audience, guard::every_guard_of(form, partition_meant(options))));
  GuardContext context(options.common);
  const auto scope = form_scope(context, form, options.health_check_id);
  if (!scope) return fail(options.common, scope.error().text, exit_status_of(scope.error().kind));
  return print_policy(guard::rights_of(form, audience, *scope));
}

}  // namespace

int policy(const PolicyOptions& options) {
  const auto audience = guard::audience(options.audience);
  if (!audience)
    return fail(options.common, "The audience is viewer, operator or deployer.", exit_usage);
  const auto& id = options.health_check_id;
  if (!id.empty() && !guard::valid_health_check_id(id))
    return fail(options.common, guard::not_an_id(id).text, exit_usage);
  const auto form =
      options.wanted_form.empty() ? options.form : *guard::form_named(options.wanted_form);
  if (const auto why = guard::not_built_yet(form)) return fail(options.common, *why, exit_refused);
  if (form == guard::Form::config || form == guard::Form::engine)
    return form_policy(options, form, *audience);
  auto scope = form == guard::Form::hardened ? guard::every_hardened_guard(partition_meant(options))
                                             : guard::every_guard(partition_meant(options));
  if (!id.empty()) {
    GuardContext context(options.common);
    auto one = scope_of_guard(context, options.health_check_id, form);
    if (!one) return fail(options.common, one.error().text, exit_status_of(one.error().kind));
    scope = std::move(*one);
  }
  return print_policy(guard::rights_of(*audience, scope));
}

}  // namespace sitelatch::cli
