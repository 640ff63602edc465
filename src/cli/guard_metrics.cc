// SPDX-License-Identifier: Apache-2.0
#include "cli/guard_metrics.h"

#include <algorithm>
#include <array>
#include <map>

#include "base/text.h"

namespace sitelatch::cli {
namespace {

using guard::Serving;
using prometheus::Labels;

constexpr std::array<prometheus::Metric, 18> status_gauges = {
    prometheus::Metric{"sitelatch_status_last_run_seconds",
                       "When sitelatch status looked, as Unix time of its machine."},
    {"sitelatch_status_exit_status", "What it ended with (docs/guard.md); 0: nothing to do."},
    {"sitelatch_status_guards", "How many guards it looked at, those that cannot be read too."},
    {"sitelatch_guard_readable", "1: it was read; 0: nothing else is known of it."},
    {"sitelatch_guard_state", "1 for the state that it is in, 0 for the others of its form."},
    {"sitelatch_guard_state_since_seconds",
     "Since when it is in that state, as Unix time of AWS or the engine."},
    {"sitelatch_guard_exit_status",
     "What status ends with for it alone: 0 armed and sound, 19 a link, 20 DNS, others by state."},
    {"sitelatch_guard_link_sound", "1: this link of the chain is sound; 0: it is broken."},
    {"sitelatch_guard_release", "Number of its last release; 0: never switched back."},
    {"sitelatch_guard_primary_healthy",
     "1: Primary itself is healthy, by Route 53's checkers; 0: it is not."},
    {"sitelatch_dns_names",
     "How many names and types the zones' servers answer with this site's addresses."},
    {"sitelatch_guard_last_drill_seconds", "When the last drill began, as Unix time."},
    {"sitelatch_guard_last_drill_passed", "1: it passed; 0: it failed, or was interrupted."},
    {"sitelatch_guard_last_drill_reached",
     "1: a person gave the code of the last drill back; 0: nobody did."},
    {"sitelatch_guard_unsafe_seconds",
     "Simulated, not measured on AWS: seconds (p99) for which DNS names Primary again before the "
     "latch, of the worst outage that is asked."},
    {"sitelatch_guard_leak_ratio",
     "Simulated, not measured on AWS: share of failovers in which DNS names Primary again before "
     "the latch, of the worst outage that is asked."},
    {"sitelatch_guard_never_latched_ratio",
     "Simulated, not measured on AWS: share of failovers that nothing latches until somebody sees "
     "it, of the worst outage that is asked."},
    {"sitelatch_guard_safety_in_force",
     "1: the guard works as the simulated figures take it to; 0: they are what it will be."},
};

double as_number(bool yes) { return yes ? 1 : 0; }

Labels with(Labels labels, std::string_view name, std::string_view value) {
  labels.emplace_back(name, value);
  return labels;
}

// A check that is latched, frozen or turned round speaks of itself.
bool speaks_of_primary(const std::optional<guard::Check>& check) {
  return check && !check->disabled && !check->inverted &&
         guard::latch_on(*check).value == guard::LatchValue::none;
}

std::optional<bool> primary_healthy(const guard::Observed& observed) {
  if (!speaks_of_primary(observed.check)) return std::nullopt;
  return observed.probes_fail ? std::optional{false} : observed.healthy;
}

// All states of a form; `last` is the enumeration's last.
template <class State>
std::vector<std::string_view> names_up_to(State last) {
  std::vector<std::string_view> out;
  for (int i = 0; i <= static_cast<int>(last); ++i)
    out.push_back(guard::to_string(static_cast<State>(i)));
  return out;
}

// By name: of several that have one name all must be sound.
using Links = std::map<std::string, bool>;

Links links_of(const guard::Assessment& assessment) {
  Links out;
  for (const auto& link : assessment.links) {
    const bool ok = link.health == guard::Link::Health::ok;
    if (!ok && link.health != guard::Link::Health::broken) continue;
    const auto [place, first] = out.emplace(link.name, ok);
    if (!first) place->second = place->second && ok;
  }
  return out;
}

Links links_of(const std::vector<guard::ConfigProblem>& problems) {
  Links out;
  for (const auto& problem : problems) out.emplace(problem.name, false);
  return out;
}

}  // namespace

// What the views of all forms come to.
struct StatusMetrics::Common {
  std::string id;
  guard::Form form;
  const std::optional<guard::RecordsSnapshot>& records;
  const std::vector<guard::DnsSnapshot>& dns;
  std::string_view state;
  std::vector<std::string_view> states;
  std::optional<Instant> since;
  int exit_status = 0;
  Links links;
  std::optional<std::uint64_t> release;
  std::optional<bool> primary_healthy;
  std::optional<DrillNote> drill;
  const std::optional<guard::Safety>& safety;
};

StatusMetrics::StatusMetrics() : out_(status_gauges) {}

void StatusMetrics::add_common(const Common& guard) {
  guards_.insert(guard.id);
  out_.add("sitelatch_guard_readable", {{"health_check_id", guard.id}}, 1);
  const Labels labels = {{"health_check_id", guard.id},
                         {"name", guard.records ? guard::primary_name(*guard.records) : ""},
                         {"form", std::string{guard::to_string(guard.form)}}};
  for (const auto& state : guard.states)
    out_.add("sitelatch_guard_state", with(labels, "state", state),
             as_number(state == guard.state));
  if (guard.since)
    out_.add("sitelatch_guard_state_since_seconds", labels, unix_seconds_fractional(*guard.since));
  out_.add("sitelatch_guard_exit_status", labels, guard.exit_status);
  for (const auto& [link, sound] : guard.links)
    out_.add("sitelatch_guard_link_sound", with(labels, "link", link), as_number(sound));
  if (guard.release)
    out_.add("sitelatch_guard_release", labels, static_cast<double>(*guard.release));
  if (guard.primary_healthy)
    out_.add("sitelatch_guard_primary_healthy", labels, as_number(*guard.primary_healthy));
  if (!guard.dns.empty())
    for (const auto site :
         {Serving::primary, Serving::backup, Serving::both, Serving::neither, Serving::unknown})
      out_.add("sitelatch_dns_names", with(labels, "site", guard::to_string(site)),
               static_cast<double>(std::count_if(
                   guard.dns.begin(), guard.dns.end(),
                   [site](const guard::DnsSnapshot& one) { return one.serving == site; })));
  if (guard.drill) {
    out_.add("sitelatch_guard_last_drill_seconds", labels,
             unix_seconds_fractional(guard.drill->at));
    out_.add("sitelatch_guard_last_drill_passed", with(labels, "scenario", guard.drill->scenario),
             as_number(guard.drill->passed));
    if (guard.drill->reached)
      out_.add("sitelatch_guard_last_drill_reached", labels, as_number(*guard.drill->reached));
  }
  if (guard.safety) add_safety(labels, *guard.safety);
}

void StatusMetrics::add_safety(const Labels& labels, const guard::Safety& safety) {
  out_.add("sitelatch_guard_safety_in_force", labels, as_number(safety.in_force));
  for (std::size_t i = 0; i < guard::case_names.size(); ++i) {
    std::optional<double> unsafe, leaking, never;
    const auto worse = [](std::optional<double>& worst, double one) {
      if (!worst || one > *worst) worst = one;
    };
    for (const auto& outage : safety.figures.outages) {
      const auto& one = outage.cases[i];
      if (one.failovers == 0) continue;
      const auto share = [&one](std::uint64_t hits) {
        return static_cast<double>(hits) / static_cast<double>(one.failovers);
      };
      worse(leaking, share(one.leaks));
      worse(never, share(one.never_latched));
      if (one.leaks == 0)
        worse(unsafe, 0);
      else if (one.unsafe_p99_ms)
        worse(unsafe, static_cast<double>(*one.unsafe_p99_ms) / 1000);
    }
    const auto of_case = with(labels, "case", guard::case_names[i]);
    if (unsafe) out_.add("sitelatch_guard_unsafe_seconds", of_case, *unsafe);
    if (leaking) out_.add("sitelatch_guard_leak_ratio", of_case, *leaking);
    if (never) out_.add("sitelatch_guard_never_latched_ratio", of_case, *never);
  }
}

void StatusMetrics::add(const guard::View& view, int exit_status,
                        const std::optional<guard::Safety>& safety) {
  const auto& observed = view.snapshot.observed;
  std::optional<std::uint64_t> release;
  if (observed.function || observed.notify_topic)
    release = guard::record_of(observed).release.number;
  add_common({view.id(), view.form, view.snapshot.records, view.dns,
              guard::to_string(view.assessment.state), names_up_to(guard::State::unknown),
              view.assessment.since, exit_status, links_of(view.assessment), release,
              primary_healthy(observed), read_drill_note(guard::last_drill(view)), safety});
}

void StatusMetrics::add(const guard::ConfigView& view, int exit_status,
                        const std::optional<guard::Safety>& safety) {
  const auto& observed = view.observed;
  add_common(
      {view.id(), guard::Form::config, view.records, view.dns,
       guard::to_string(view.assessment.phase), names_up_to(guard::Phase::unknown),
       view.assessment.since, exit_status, links_of(view.assessment.problems), std::nullopt,
       speaks_of_primary(observed.endpoint) ? guard::endpoint_is_healthy(observed) : std::nullopt,
       read_drill_note(view.last_drill()), safety});
}

void StatusMetrics::add(const guard::EngineView& view, int exit_status,
                        const std::optional<guard::Safety>& safety) {
  const auto& observed = view.observed;
  add_common({view.endpoint, guard::Form::engine, view.records, view.dns,
              guard::to_string(view.assessment.phase), names_up_to(guard::Phase::unknown),
              view.assessment.since, exit_status, links_of(view.assessment.problems), std::nullopt,
              speaks_of_primary(observed.endpoint) ? observed.probes_well : std::nullopt,
              read_drill_note(view.last_drill), safety});
}

void StatusMetrics::add_unreadable(const std::string& id_or_name) {
  guards_.insert(id_or_name);
  const bool is_id = guard::valid_health_check_id(id_or_name);
  out_.add("sitelatch_guard_readable", {{is_id ? "health_check_id" : "name", id_or_name}}, 0);
}

std::string StatusMetrics::text(WallInstant ran_at, int exit_status) {
  out_.add("sitelatch_status_last_run_seconds", {},
           unix_seconds_fractional(Instant{ran_at.time_since_epoch()}));
  out_.add("sitelatch_status_exit_status", {}, exit_status);
  out_.add("sitelatch_status_guards", {}, static_cast<double>(guards_.size()));
  return out_.text();
}

std::optional<DrillNote> read_drill_note(std::string_view note) {
  const auto words = split(note, ' ');
  if (words.size() < 3) return std::nullopt;
  const auto at = parse_iso8601(words[0]);
  auto outcome = words[2];
  if (outcome.ends_with(':')) outcome.remove_suffix(1);
  const bool passed = outcome == "passed";
  if (!at || (!passed && outcome != "FAILED" && outcome != "interrupted")) return std::nullopt;
  std::optional<bool> reached;
  if (note.find("a person was reached") != note.npos) reached = true;
  if (note.find("nobody was reached") != note.npos) reached = false;
  return DrillNote{*at, std::string{words[1]}, passed, reached};
}

}  // namespace sitelatch::cli
