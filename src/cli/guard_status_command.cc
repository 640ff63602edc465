// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "cli/commands.h"
#include "cli/guard_report.h"

namespace sitelatch::cli {

int status(const StatusOptions& options) {
  GuardContext context(options.common, options.dns_server);
  auto ids = options.health_check_ids;
  const bool one = ids.size() == 1 && !options.all;
  if (options.all || ids.empty()) {
    const auto found = guard::guarded_checks(context.aws());
    if (!found)
      return fail(options.common, client::explain(found.error(), "find the guards of this account"),
                  exit_no_answer);
    for (const auto& id : *found)
      if (std::find(ids.begin(), ids.end(), id) == ids.end()) ids.push_back(id);
  }
  int worst = exit_done;
  auto all = aws::Value::list();
  for (const auto& id : ids) {
    const auto view =
        guard::view(context.aws(), context.clock(), id, context.context().everything());
    if (!view) {
      const auto code = guard::valid_health_check_id(id) ? exit_no_answer : exit_usage;
      if (one) return fail(options.common, view.error().text, code);
      say(view.error().text);
      all.push(aws::Value::structure(
          {{"health_check_id", id}, {"error", view.error().text}, {"exit_code", code}}));
      worst = std::max(worst, code);
      continue;
    }
    worst = std::max(worst, status_code(*view));
    if (options.common.output == Output::json) {
      if (one) fmt::print("{}\n", aws::to_json(to_value(*view)));
      all.push(to_value(*view));
    } else {
      if (id != ids.front()) fmt::print("\n");
      print(*view);
    }
  }
  if (options.common.output == Output::json && !one)
    fmt::print("{}\n",
               aws::to_json(aws::Value::structure({{"guards", all}, {"exit_code", worst}})));
  if (options.common.output == Output::text && ids.empty())
    fmt::print(
        "There is no guard in this account. Begin with: sitelatch doctor, then sitelatch deploy "
        "HEALTH_CHECK_ID --plan\n");
  return worst;
}

}  // namespace sitelatch::cli
