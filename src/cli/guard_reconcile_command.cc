// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/guard_errand.h"
#include "guard/rules/decision.h"

namespace sitelatch::cli {

int reconcile(const ReconcileOptions& options) {
  GuardDesk desk(options.common);
  guard::Errand errand;
  errand.action = "reconcile";
  errand.subject = "Sitelatch: reconciled: " + options.health_check_id;
  ErrandOptions run{options.common, options.health_check_id, errand, {}};
  run.decide = [](const guard::View& view) -> guard::Transition {
    const auto situation = guard::situation_of(view.seen.observed);
    auto verdict = guard::on_tick(situation, view.now);
    if (verdict.change) return *verdict.change;
    guard::Change nothing;
    nothing.expected_version = situation.check.version;
    nothing.record = situation.record;
    nothing.says = verdict.why;
    return nothing;
  };
  return run_errand(desk, run);
}

}  // namespace sitelatch::cli
