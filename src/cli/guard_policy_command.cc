// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "aws/auth/partition.h"
#include "cli/commands.h"
#include "cli/guard_report.h"
#include "guard/apply/find_check.h"
#include "guard/rules/rights.h"

namespace sitelatch::cli {
namespace {

// What IAM takes, blanks not counted (IAM and STS quotas).
constexpr std::size_t managed_policy_limit = 6144, role_inline_limit = 10240;

// Of one guard as it is, or as deploy would make it. Nothing is asked but what it is called.
Result<guard::Scope, guard::Error> scope_of_guard(GuardContext& context, const std::string& id) {
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
  return guard::scope_of(*plan);
}

}  // namespace

int policy(const PolicyOptions& options) {
  const auto audience = guard::audience(options.audience);
  if (!audience)
    return fail(options.common, "The audience is viewer, operator or deployer.", exit_usage);
  auto scope = guard::every_guard("aws");
  if (options.health_check_id.empty()) {
    const auto region = options.common.region.empty() ? std::string_view{"us-east-1"}
                                                      : std::string_view{options.common.region};
    scope = guard::every_guard(aws::partition_of(region).name);
  } else {
    if (!guard::valid_health_check_id(options.health_check_id))
      return fail(options.common, guard::not_an_id(options.health_check_id).text, exit_usage);
    GuardContext context(options.common);
    auto one = scope_of_guard(context, options.health_check_id);
    if (!one) return fail(options.common, one.error().text, exit_status_of(one.error().kind));
    scope = std::move(*one);
  }
  const auto rights = guard::rights_of(*audience, scope);
  const auto size = guard::policy_document(rights).size();
  fmt::print("{}\n", guard::policy_text(rights));
  if (size > managed_policy_limit)
    say(fmt::format(
        "It has {} characters, and a managed policy takes {}: make it the inline policy "
        "of a role ({}), or split it.",
        size, managed_policy_limit, role_inline_limit));
  return exit_done;
}

}  // namespace sitelatch::cli
