// SPDX-License-Identifier: Apache-2.0
// arm and disarm.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/guard_config.h"
#include "cli/guard_report.h"
#include "cli/guard_request.h"
#include "client/wait.h"
#include "guard/rules/holes.h"

namespace sitelatch::cli {
namespace {

// Of a check that was just made or enabled again Route 53 says nothing yet; it comes within a
// minute or two.
void wait_for_verdict(GuardContext& context, const std::string& id) {
  const auto caller = guard::read_caller(context.aws());
  if (!caller) return;  // told by what follows

  client::Backoff backoff;
  backoff.every = std::chrono::milliseconds{500};
  backoff.growth = 1.3;
  backoff.longest = std::chrono::seconds{5};
  backoff.at_most = std::chrono::minutes{3};
  bool told = false;
  (void)client::wait_until(context.clock(), backoff, [&] {
    const auto check = guard::read_check(context.aws(), id);
    if (!check || !*check || guard::latched((*check)->check)) return true;  // no verdict is needed
    const auto now = Instant{context.clock().now().time_since_epoch()};
    const auto verdict =
        guard::read_verdict(context.aws(), (*check)->check, caller->partition, now);
    if (!verdict || verdict->has_value()) return true;
    if (!std::exchange(told, true))
      say("Waiting for Route 53's verdict on Primary, three minutes at most ...");
    return false;
  });
}

// A maintenance leans on Backup, or on a frozen Primary: whoever begins one is asked again about
// each hole that the guard was deployed with. Nothing: every one is accepted, or there is none.
std::optional<int> holes_not_accepted(GuardContext& context, const DisarmOptions& options) {
  const auto shown = guard::view(context.aws(), context.clock(), options.health_check_id,
                                 context.context().chain_and_records());
  if (!shown || !shown->snapshot.observed.check) return std::nullopt;  // told by what follows
  std::string text;
  for (const auto& link : shown->assessment.links) {
    const auto& accepted = options.accept_holes;
    if (!guard::is_hole(link.name) ||
        std::find(accepted.begin(), accepted.end(), link.name) != accepted.end())
      continue;
    text += fmt::format("\n  {}: {} To close it: {}. To disarm all the same: --accept-hole {}",
                        link.name, link.why, link.mend, link.name);
  }
  if (text.empty()) return std::nullopt;
  return fail(options.common, "Nothing was changed: there is a way past the latch." + text,
              exit_refused);
}

// Forms in which nothing runs (decision 0023): nothing could end a maintenance, and what is armed
// is what the records follow. Of hardened the guide's function and its schedule run.
bool nothing_runs_in(const GuardOptions& common, const std::string& id, guard::Form form) {
  return form != guard::Form::guide && form != guard::Form::hardened &&
         latches_by(common, id, form);
}

int not_disarmed(const DisarmOptions& options) {
  return finish(
      options.common,
      {"refused",
       "Nothing was changed.",
       aws::Value::structure({{"health_check_id", options.health_check_id}}),
       {{"", fmt::format(
                 "in the form {0} nothing runs that could end a maintenance, and a Primary that is "
                 "kept "
                 "in DNS whatever happens would stay there until somebody remembers. For work on "
                 "Primary: sitelatch disarm {1} --keep backup --for ... --reason \"...\" (Backup "
                 "serves; it ends by sitelatch switch-back {1}). Work during which Primary goes on "
                 "answering needs nothing: what Route 53's checkers do not notice latches nothing. "
                 "Windows that end by themselves are the guide's (docs/forms.md)",
                 guard::to_string(options.form), options.health_check_id)}},
       {}},
      exit_refused);
}

// A planned switch-over: the same latch, and the window stands in its reason.
int switch_over(const DisarmOptions& options) {
  TripOptions trip;
  trip.common = options.common;
  trip.health_check_id = options.health_check_id;
  trip.reason = fmt::format("{} (planned, for about {})", options.reason, describe(options.length));
  trip.planned = true;
  trip.form = options.form;
  say(fmt::format("It does not end by itself: sitelatch switch-back {} gives traffic back.",
                  options.health_check_id));
  return cli::trip(trip);
}

int armed_already(const ArmOptions& options) {
  return finish(
      options.common,
      {"refused",
       "Nothing was changed.",
       aws::Value::structure({{"health_check_id", options.health_check_id}}),
       {{"", fmt::format("in the form {} there is nothing to arm: it latches as long as the "
                         "records follow it. To give traffic back to Primary: sitelatch "
                         "switch-back {}; what is not as it should be: sitelatch status {}",
                         guard::to_string(options.form), options.health_check_id,
                         options.health_check_id)}},
       {}},
      exit_refused);
}

}  // namespace

int arm(const ArmOptions& options) {
  if (nothing_runs_in(options.common, options.health_check_id, options.form))
    return armed_already(options);
  for (const auto& name : options.force)
    if (name != "primary")
      return fail(options.common, fmt::format("--force takes primary, not \"{}\".", name),
                  exit_usage);
  GuardContext context(options.common);
  guard::Request request;
  request.action = "arm";
  request.why = options.reason;
  request.tells = true;
  request.forced = join(options.force, ",");
  RequestOptions run{options.common, options.health_check_id, request, {}};
  std::optional<guard::SiteAnswer> primary;
  run.decide = [&](const guard::View& view) {
    if (!primary) {
      primary = guard::ask_primary(context.context(), view);
      say("Primary: " + primary->words + ".");
    }
    return guard::arm(guard::situation_of(view.snapshot.observed),
                      {view.snapshot.observed.healthy,
                       primary->well,
                       {options.force.begin(), options.force.end()}},
                      view.now);
  };
  if (guard::valid_health_check_id(options.health_check_id))
    wait_for_verdict(context, options.health_check_id);
  return run_request(context, run);
}

int disarm(const DisarmOptions& options) {
  const auto keep = guard::keep(options.keep);
  if (!keep)
    return fail(options.common, "--keep takes primary or backup: who serves meanwhile.",
                exit_usage);
  if (nothing_runs_in(options.common, options.health_check_id, options.form))
    return *keep == guard::Keep::backup ? switch_over(options) : not_disarmed(options);
  GuardContext context(options.common);
  if (guard::valid_health_check_id(options.health_check_id))
    if (const auto refused = holes_not_accepted(context, options)) return *refused;
  guard::Request request;
  request.action = "disarm";
  request.why = options.reason;
  request.tells = true;
  RequestOptions run{options.common, options.health_check_id, request, {}};
  run.latches = *keep == guard::Keep::backup;
  run.decide = [&](const guard::View& view) {
    const auto& observed = view.snapshot.observed;
    return guard::disarm(
        guard::situation_of(observed),
        {options.length, *keep, options.reason, guard::overwrites_planned(observed)}, view.now);
  };
  run.afterwards = [&](const guard::Carried& carried) {
    if (carried.view.snapshot.observed.schedule)
      return fmt::format(
          "The function ends it by itself and tells people. Earlier: sitelatch {} {}",
          *keep == guard::Keep::primary ? "arm" : "switch-back", options.health_check_id);
    return fmt::format(
        "This guard has no schedule (its function is not ours), so nothing ends the maintenance by "
        "itself: run "
        "sitelatch reconcile {} then, or deploy --function native.",
        options.health_check_id);
  };
  return run_request(context, run);
}

}  // namespace sitelatch::cli
