// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "cli/commands.h"
#include "cli/guard_ids.h"
#include "cli/guard_report.h"

namespace sitelatch::cli {
namespace {

// What watches over guards must not take "none" for "all is well": the account, the region or the
// rights may be the wrong ones.
int no_guards(const GuardOptions& common) {
  const std::string sentence =
      "No guard was found in this account: nothing keeps a failed Primary out of DNS. If there "
      "should be one, look whether these are the right credentials. To begin: sitelatch doctor";
  if (common.output == Output::json)
    fmt::print("{}\n", aws::to_json(aws::Value::structure({{"guards", aws::Value::list()},
                                                           {"sentence", sentence},
                                                           {"exit_code", exit_no_guards}})));
  else
    fmt::print("{}\n", sentence);
  return exit_no_guards;
}

// GetHealthCheckStatus is allowed four times at once, and then once a second (fact client-11): for
// more guards than that the metric alone speaks of Primary's health.
constexpr std::size_t most_with_probes = 3;

Result<guard::View, guard::Error> look_at(GuardContext& context, const std::string& id_or_name,
                                          const guard::ViewOptions& how) {
  const auto id = check_id(context, id_or_name);
  if (!id) return failure(id.error());
  return guard::view(context.aws(), context.clock(), *id, how);
}

}  // namespace

int status(const StatusOptions& options) {
  GuardContext context(options.common, options.dns_server);
  auto wanted = options.health_check_ids;
  const bool one = wanted.size() == 1 && !options.all;
  if (options.all || wanted.empty()) {
    const auto found = guard::guarded_checks(context.aws());
    if (!found) {
      const auto error = guard::error_of(found.error(), "find the guards of this account");
      return fail(options.common, error.text, exit_status_of(error.kind));
    }
    for (const auto& id : *found)
      if (std::find(wanted.begin(), wanted.end(), id) == wanted.end()) wanted.push_back(id);
  }
  if (wanted.empty()) return no_guards(options.common);
  guard::AllRecords records(context.aws());
  auto how = context.context().everything();
  how.all_records = &records;
  how.probes = wanted.size() <= most_with_probes;
  int worst = exit_done;
  auto all = aws::Value::list();
  for (const auto& id_or_name : wanted) {
    const auto view = look_at(context, id_or_name, how);
    if (!view) {
      const auto code = exit_status_of(view.error().kind);
      if (one) return fail(options.common, view.error().text, code);
      say(as_sentence(view.error().text));
      all.push(aws::Value::structure(
          {{"health_check_id", id_or_name}, {"error", view.error().text}, {"exit_code", code}}));
      worst = guard::graver(worst, code);
      continue;
    }
    worst = guard::graver(worst, status_code(*view));
    if (options.common.output == Output::json) {
      if (one) fmt::print("{}\n", aws::to_json(to_value(*view)));
      all.push(to_value(*view));
    } else {
      if (id_or_name != wanted.front()) fmt::print("\n");
      print(*view);
    }
  }
  if (options.common.output == Output::json && !one)
    fmt::print("{}\n",
               aws::to_json(aws::Value::structure({{"guards", all}, {"exit_code", worst}})));
  return worst;
}

}  // namespace sitelatch::cli
