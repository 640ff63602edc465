// SPDX-License-Identifier: Apache-2.0
// arm and disarm.
#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/guard_errand.h"
#include "client/wait.h"

namespace sitelatch::cli {
namespace {

// A check that was just made or enabled again has no reports yet; they come within half a minute.
void wait_for_reports(GuardDesk& desk, const std::string& id) {
  client::Patience patience;
  patience.every = std::chrono::milliseconds{500};
  patience.growth = 1.3;
  patience.longest = std::chrono::seconds{5};
  patience.at_most = std::chrono::seconds{90};
  (void)client::wait_until(desk.clock(), patience, [&] {
    const auto check = guard::read_check(desk.aws(), id);
    if (!check || !*check) return true;
    const auto checkers = guard::read_checkers(desk.aws(), id);
    return !checkers || guard::healthy_by((*check)->check, *checkers).has_value();
  });
}

}  // namespace

int arm(const ArmOptions& options) {
  GuardDesk desk(options.common);
  guard::Errand errand;
  errand.action = "arm";
  errand.why = options.reason;
  errand.subject = "Sitelatch: armed: " + options.health_check_id;
  ErrandOptions run{options.common, options.health_check_id, errand, {}};
  run.decide = [](const guard::View& view) {
    return guard::arm(guard::situation_of(view.seen.observed), {view.seen.observed.healthy},
                      view.now);
  };
  if (guard::valid_health_check_id(options.health_check_id))
    wait_for_reports(desk, options.health_check_id);
  return run_errand(desk, run);
}

int disarm(const DisarmOptions& options) {
  const auto keep = guard::keep(options.keep);
  if (!keep)
    return fail(options.common, "--keep takes primary or backup: who serves meanwhile.",
                exit_usage);
  GuardDesk desk(options.common);
  guard::Errand errand;
  errand.action = "disarm";
  errand.why = options.reason;
  errand.subject = "Sitelatch: maintenance begins: " + options.health_check_id;
  ErrandOptions run{options.common, options.health_check_id, errand, {}};
  run.decide = [&](const guard::View& view) {
    return guard::disarm(guard::situation_of(view.seen.observed),
                         {options.length, *keep, options.reason}, view.now);
  };
  run.afterwards = [&](const guard::Carried& carried) {
    if (carried.view.seen.observed.schedule)
      return fmt::format(
          "The function ends it by itself and tells people. Earlier: sitelatch {} {}",
          *keep == guard::Keep::primary ? "arm" : "switch-back", options.health_check_id);
    return fmt::format(
        "This guard has no schedule (its function is not ours), so nothing ends the maintenance by "
        "itself: run "
        "sitelatch reconcile {} then, or deploy --function native.",
        options.health_check_id);
  };
  return run_errand(desk, run);
}

}  // namespace sitelatch::cli
