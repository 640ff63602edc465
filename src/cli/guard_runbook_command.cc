// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/guard_report.h"
#include "guard/apply/runbook.h"

namespace sitelatch::cli {

int runbook(const RunbookOptions& options) {
  const auto& common = options.common;
  if (!guard::valid_health_check_id(options.health_check_id))
    return fail(common,
                fmt::format("\"{}\" is not the id of a health check (letters, digits and dashes, "
                            "at most 48).",
                            options.health_check_id),
                exit_usage);
  GuardContext desk(common);
  const auto found = guard::runbook_of(desk.context(), options.health_check_id);
  if (!found) return fail(common, found.error().text, exit_status_of(found.error().kind));
  std::string kept;
  if (options.store) {
    const auto stored = guard::store_runbook(desk.context(), *found);
    if (!stored) return fail(common, stored.error().text, exit_status_of(stored.error().kind));
    kept = *stored;
  }
  if (common.output == Output::json)
    fmt::print("{}\n", aws::to_json(aws::Value::structure(
                           {{"health_check_id", options.health_check_id},
                            {"markdown", found->page},
                            {"stored", kept.empty() ? aws::Value{} : aws::Value{kept}}})));
  else
    fmt::print("{}", found->page);
  if (!kept.empty()) say("Kept in " + kept + ".");
  return exit_done;
}

}  // namespace sitelatch::cli
