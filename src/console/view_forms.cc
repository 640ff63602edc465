// SPDX-License-Identifier: Apache-2.0
// The forms whose failover is the latch: config, and the engine's own.
#include <fmt/format.h>

#include <algorithm>

#include "base/sentences.h"
#include "base/text.h"
#include "console/view_parts.h"
#include "guard/apply/config_switch_back.h"
#include "guard/rules/trouble.h"

namespace sitelatch::console {
namespace {

using guard::Phase;

Tone tone_of(Phase phase, bool troubled) {
  switch (phase) {
    case Phase::serving:
      return troubled ? Tone::warning : Tone::good;
    case Phase::drifted:
    case Phase::failing_over:
      return Tone::bad;
    case Phase::latched:
    case Phase::tripped:
    case Phase::starting:
    case Phase::not_attached:
    case Phase::not_deployed:
      return Tone::warning;
    case Phase::switching_back:
      return Tone::busy;
    case Phase::unknown:
      break;
  }
  return Tone::unknown;
}

bool holds(Phase phase) {
  return phase == Phase::latched || phase == Phase::tripped || phase == Phase::switching_back;
}

void fill_assessment(GuardView& out, const guard::ConfigAssessment& assessment) {
  out.state = guard::to_string(assessment.phase);
  out.trouble = guard::trouble_of(assessment.phase, assessment.problems.empty());
  out.tone = tone_of(assessment.phase, !assessment.problems.empty());
  out.why = as_sentence(assessment.sentence);
  out.since = assessment.since;
  const auto& next = assessment.next;
  // "sitelatch deploy ID ..." alone is a command; within a sentence it stays there.
  if (next.starts_with("sitelatch ") && next.find_first_of(",;") == std::string::npos)
    out.next = {"Next:", next};
  else
    out.next = {next.empty() ? "Nothing to do." : as_sentence(next), ""};
  for (const auto& problem : assessment.problems)
    out.troubles.push_back(
        {problem.name, problem.why, problem.mend, problem.breaks ? Tone::bad : Tone::warning});
}

Tone of_health(std::optional<bool> healthy) {
  return !healthy ? Tone::unknown : *healthy ? Tone::good : Tone::bad;
}
std::string health_word(std::optional<bool> healthy) {
  return !healthy ? "health not known" : *healthy ? "healthy" : "unhealthy";
}

std::vector<Piece> chain_of(const guard::ConfigView& view) {
  const auto& o = view.observed;
  const bool held = holds(view.assessment.phase);
  const auto endpoint = guard::endpoint_is_healthy(o);
  const auto hold = guard::hold_is_healthy(view.plan, o, view.now);
  std::vector<Piece> out;
  out.push_back({"Primary's check", o.endpoint ? health_word(endpoint) + " now" : "gone",
                 o.endpoint ? of_health(endpoint) : Tone::bad});
  out.push_back({"Both",
                 o.combined ? fmt::format("asks for {} of {}", o.combined->threshold,
                                          o.combined->children.size())
                            : "none",
                 !o.combined                      ? Tone::unknown
                 : guard::is_closed(view.plan, o) ? Tone::good
                                                  : Tone::warning});
  out.push_back({"Alarm",
                 o.alarm ? fmt::format("{} of {} good minutes", view.assessment.good_minutes,
                                       guard::good_minutes_asked)
                         : "none",
                 !o.alarm                                              ? Tone::unknown
                 : o.alarm->snapshot.state == guard::AlarmState::alarm ? Tone::good
                                                                       : Tone::warning});
  out.push_back({"Hold",
                 o.hold ? fmt::format("{}{}, version {}", held ? "holds Primary out: " : "",
                                      health_word(hold), o.hold->version)
                        : "none",
                 !o.hold ? Tone::unknown
                 : held  ? Tone::warning
                         : of_health(hold)});
  out.push_back({"Records",
                 o.records ? (o.records->attached() ? "follow the hold" : "do not follow the hold")
                           : "cannot be seen",
                 !o.records              ? Tone::unknown
                 : o.records->attached() ? Tone::good
                                         : Tone::warning});
  return out;
}

std::string common_name(const std::optional<guard::RecordsSnapshot>& records) {
  return records ? guard::primary_name(*records) : std::string{};
}

}  // namespace

GuardView view_of(const guard::ConfigView& view, const Beside& beside) {
  const auto phase = view.assessment.phase;
  GuardView out;
  out.id = view.id();
  out.name = common_name(view.records);
  out.form = guard::Form::config;
  out.at = view.now;
  fill_assessment(out, view.assessment);
  out.servers = beside.servers.empty() ? view.dns : beside.servers;
  out.headline = headline(out.servers, out.name);
  if (view.observed.hold) out.version = view.observed.hold->version;
  out.name_to_type = guard::name_to_type(view);
  fill_sites(out, view.records, beside);
  stand_primary(out, holds(phase));
  out.primary.checkers = checkers_words(view.checkers);
  out.chain = chain_of(view);
  for (const auto& unseen : view.blind) out.unseen.push_back(guard::describe(unseen));
  StoryParts parts;
  if (beside.primary_hour) parts.minutes = *beside.primary_hour;
  if (view.observed.hold_minutes && holds(phase))
    if (const auto since = guard::unhealthy_since(*view.observed.hold_minutes))
      parts.sightings.push_back(
          {*since, "latched", "The hold is unhealthy: failover and latch", Precision::minute});
  auto more = beside;
  more.sightings.insert(more.sightings.end(), parts.sightings.begin(), parts.sightings.end());
  fill_record(out, more, std::move(parts), view.last_drill());
  out.exposure = "The failover is the latch: no time between them in which Primary comes back.";
  out.offered.trip = phase == Phase::serving || phase == Phase::failing_over;
  out.offered.switch_back = holds(phase) || phase == Phase::drifted;
  return out;
}

GuardView view_of(const guard::EngineView& view, const Beside& beside) {
  const auto& o = view.observed;
  const auto phase = view.assessment.phase;
  const bool held = phase == Phase::latched;
  GuardView out;
  out.id = view.endpoint;
  out.name = common_name(view.records);
  out.form = guard::Form::engine;
  out.at = view.now;
  fill_assessment(out, view.assessment);
  out.servers = beside.servers.empty() ? view.dns : beside.servers;
  out.headline = headline(out.servers, out.name);
  if (o.latch) out.version = o.latch->version;
  out.name_to_type = out.name;
  if (out.name_to_type.empty() && o.endpoint) out.name_to_type = o.endpoint->fqdn.value_or("");
  if (out.name_to_type.empty()) out.name_to_type = out.id;
  fill_sites(out, view.records, beside);
  stand_primary(out, held);
  if (o.probes_well)
    out.primary.checkers =
        Said{*o.probes_well, *o.probes_well ? "the last probes found it healthy"
                                            : "the last probes found it unhealthy"};
  out.chain = {
      {"Health check",
       o.endpoint
           ? fmt::format("{} now, version {}", health_word(o.probes_well), o.endpoint->version)
           : "gone",
       o.endpoint ? of_health(o.probes_well) : Tone::bad},
      {"Latch",
       held      ? "holds"
       : o.armed ? "the engine's own, ready"
                 : "not armed",
       held      ? Tone::warning
       : o.armed ? Tone::good
                 : Tone::unknown},
      {"Records",
       o.records ? (o.records->on_endpoint > 0 ? "follow the check" : "do not follow the check")
                 : "cannot be seen",
       !o.records                   ? Tone::unknown
       : o.records->on_endpoint > 0 ? Tone::good
                                    : Tone::warning}};
  for (const auto& unseen : view.blind) out.unseen.push_back(guard::describe(unseen));
  StoryParts parts;
  if (beside.primary_hour) parts.minutes = *beside.primary_hour;
  auto more = beside;
  if (o.latch && o.latch->since)
    more.sightings.push_back(
        {*o.latch->since, "latched",
         "Latched with the failover" + (o.latch->cause.empty() ? "" : ": " + o.latch->cause),
         Precision::exact});
  fill_record(out, more, std::move(parts), view.last_drill);
  out.exposure = "The failover is the latch: both are one commit of the engine.";
  out.offered.trip = o.armed;
  out.offered.switch_back = held;
  return out;
}

}  // namespace sitelatch::console
