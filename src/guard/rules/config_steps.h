// SPDX-License-Identifier: Apache-2.0
// What a command does next to a guard of the form `config`, decided anew at each look, so that
// whoever was cut off anywhere goes on by running the command again. Pure.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "guard/rules/config_form.h"
#include "guard/rules/transitions.h"

namespace sitelatch::guard {

enum class ConfigStep {
  make_combined,  // C = [E], content with one
  put_alarm,
  make_hold,
  mend_hold,      // Inverted, its data, its copy of the alarm; a trip stays
  tag,            // all of it; the endpoint's check leads to the others
  audit_group,    // the log group in which people's names stand
  notify_topic,   // that people are told by (config_notify.h), with its policy
  subscribe,      // whom deploy was asked to tell
  open_window,    // C = [E], content with one, while nothing follows H
  wait,           // until fifteen good minutes have made H healthy
  close,          // C = [E, H], both
  attach,         // the records follow H
  notify_alarms,  // only once records follow H: before, they would tell of what has not happened
};
std::string_view to_string(ConfigStep step);

struct ConfigWork {
  ConfigStep step;
  std::string what, why;
};
// In order; the first is next. `attach` is nobody's until a person asks for it, nor is what comes
// after it.
// None of it releases a latch, and but for `attach` none moves an answer of DNS that is as it
// should be.
struct ConfigThere {
  bool tagged = false, audit_group = false;  // as far as they were looked at
  std::string notify{};                      // whom deploy was asked to tell; empty: nobody new
};
std::vector<ConfigWork> config_work(const ConfigPlan& plan, const ConfigObserved& observed,
                                    const ConfigThere& there, Instant now);

// Why nothing is made: no check, one that nobody can build on, a switch back under way, pieces
// gone that the records follow.
std::vector<Refusal> against_config(const ConfigPlan& plan, const ConfigObserved& observed);
// Why the records do not follow H yet: not all is there, E or H is not healthy, the name servers
// do not say Primary.
std::vector<Refusal> against_attaching(const ConfigPlan& plan, const ConfigObserved& observed,
                                       Instant now);

// trip: Disabled and Inverted in one update, whichever is missing. Nothing: it stands already.
struct HoldChange {
  std::optional<bool> disabled, inverted;
};
Result<std::optional<HoldChange>, std::vector<Refusal>> trip_config(const ConfigObserved& observed);

// Names: "primary" (Route 53, its checkers or Primary's own answer from here say no), "checks".
struct ConfigRelease {
  std::optional<bool> primary_answers, checks_passed;
  std::optional<std::uint64_t> expected_version;  // of the hold check
  std::set<std::string> force;
};
std::vector<Refusal> against_release(const ConfigPlan& plan, const ConfigObserved& observed,
                                     const ConfigRelease& wish, Instant now);

// What a person was shown is what is there still: neither check has been changed since. A latch
// that was released meanwhile, and a failover after that, is another latch: C has two versions
// more.
bool seen_the_same(const ConfigObserved& shown, const ConfigObserved& now);

// There is something to release, and nobody has begun: not where Primary serves, and only the note
// of the last switch back is left.
bool may_be_opened(const ConfigPlan& plan, const ConfigObserved& shown, Instant now);

// The next step of a switch back that was allowed, and begun at `opened`. C asks for one until the
// fifteen minutes were good, H is let go only then where somebody has tripped it, and C asks for
// both again at once. C is opened once, in the version that the person was shown: one that is
// closed after that was closed by others or by a call whose answer was lost, and what has failed
// since is a latch that nobody has released.
enum class ReleaseStep { open, wait, let_go, close, done, closed_by_others };
enum class MayOpen { yes, not_again };
ReleaseStep next_of_release(const ConfigPlan& plan, const ConfigObserved& observed, Instant opened,
                            Instant now, MayOpen may_open = MayOpen::yes);

// Giving a switch back up (interrupted, not good in its window): C asks for both again. That is too
// late for good minutes that are on their way already: they may complete the fifteen, and Primary
// would be named for some minutes. So where it is that close H is tripped first.
enum class HoldStep { trip, close, done };
HoldStep next_of_holding(const ConfigPlan& plan, const ConfigObserved& observed, Instant now);

enum class Unhold { unsaid, restore };  // destroy, while latched: Primary serves when E is healthy
std::vector<Refusal> against_removal(const ConfigPlan& plan, const ConfigObserved& observed,
                                     bool change_records, Unhold unhold, Instant now);

}  // namespace sitelatch::guard
