// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/guard_request.h"
#include "guard/rules/decision.h"

namespace sitelatch::cli {

int reconcile(const ReconcileOptions& options) {
  GuardContext context(options.common);
  guard::Request request;
  request.action = "reconcile";
  request.tells = true;
  RequestOptions run{options.common, options.health_check_id, request, {}};
  run.decide = [](const guard::View& view) -> guard::Transition {
    const auto situation = guard::situation_of(view.snapshot.observed);
    auto verdict = guard::on_reconcile(situation, view.now);
    if (verdict.change) return *verdict.change;
    guard::Change nothing;
    nothing.expected_version = situation.check.version;
    nothing.record = situation.record;
    nothing.says = verdict.why;
    return nothing;
  };
  return run_request(context, run);
}

}  // namespace sitelatch::cli
