// SPDX-License-Identifier: Apache-2.0
// What the forms have in common, and the guide's.
#include "console/view.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/sentences.h"
#include "base/text.h"
#include "console/view_parts.h"
#include "guard/apply/switch_back.h"
#include "guard/rules/trouble.h"

namespace sitelatch::console {
namespace {

using guard::Link;
using guard::Serving;
using guard::State;

Tone tone_of(State state, bool sound) {
  switch (state) {
    case State::unlatched_but_unhealthy:
    case State::drifted:
    case State::failing_over:
      return Tone::bad;
    case State::latched_without_guard:
    case State::tripped:
    case State::switched_over:
    case State::partial:
    case State::not_deployed:
    case State::maintenance:
      return Tone::warning;
    case State::switching_back:
      return Tone::busy;
    case State::armed:
      return sound ? Tone::good : Tone::warning;
    case State::unknown:
      break;
  }
  return Tone::unknown;
}

// The links (rules/state.h) that hang on one piece of the chain, by their names.
struct PieceLinks {
  std::string_view piece;
  std::array<std::string_view, 20> links;
};
constexpr std::array<PieceLinks, 4> pieces_of_guide{{
    {"Health check", {"health-check", "dns"}},
    {"Alarm", {"alarm", "alarm-actions", "alarm-mute"}},
    {"Topic", {"alarm-topic", "alarm-topic-policy", "subscription", "alarm-deliveries"}},
    {"Function",
     {"function", "function-code", "function-configuration", "function-state", "function-errors",
      "function-throttles", "role", "role-policy", "role-identity", "runtime", "concurrency",
      "sns-permission", "schedule", "schedule-target", "events-permission", "events-dropped",
      "destination-failures"}},
}};

Tone tone_of(const guard::Assessment& assessment, const PieceLinks& piece) {
  Tone out = Tone::good;
  for (const auto& link : assessment.links) {
    if (std::find(piece.links.begin(), piece.links.end(), link.name) == piece.links.end()) continue;
    if (link.health == Link::Health::broken) return Tone::bad;
    if (link.health == Link::Health::unknown) out = Tone::unknown;
  }
  return out;
}

std::string health_check_detail(const guard::Observed& o) {
  if (!o.check) return "cannot be seen";
  const auto health = o.probes_fail ? "its last probes fail"
                      : !o.healthy  ? "health not known"
                      : *o.healthy  ? "healthy"
                                    : "unhealthy";
  return fmt::format("{}, version {}", health, o.check->version);
}

Piece latch_piece(const guard::View& view) {
  const auto& check = view.snapshot.observed.check;
  if (check && guard::latched(*check))
    return {"Latch", "holds: " + guard::describe(*check), Tone::warning};
  switch (view.assessment.state) {
    case State::armed:
      return {"Latch", "open, ready", Tone::good};
    case State::failing_over:
      return {"Latch", "on its way", Tone::busy};
    case State::switching_back:
      return {"Latch", "released", Tone::busy};
    case State::maintenance:
      return {"Latch", "off while in maintenance", Tone::warning};
    case State::unlatched_but_unhealthy:
      return {"Latch", "did not come", Tone::bad};
    default:
      return {"Latch", "not ready", Tone::unknown};
  }
}

std::string alarm_detail(const guard::Observed& o) {
  if (!o.alarm) return "none";
  return fmt::format("{}, actions {}", guard::to_string(o.alarm->snapshot.state),
                     o.alarm->snapshot.actions_enabled ? "on" : "off");
}

std::string function_detail(const guard::Observed& o) {
  if (!o.function) return "none";
  std::string out = o.function->runtime;
  if (o.deliveries && o.deliveries->function_errors)
    out += fmt::format(", {}", counted(static_cast<std::int64_t>(*o.deliveries->function_errors),
                                       "error", "errors"));
  if (o.schedule && o.schedule->enabled) out += ", looks every minute";
  return out;
}

// Of hardened: what latches before the alarm can.
Piece relay_piece(const guard::Assessment& assessment) {
  Piece out{"Relay", "looks every few seconds", Tone::good};
  for (const auto& link : assessment.links) {
    const bool of_relay = link.name.starts_with("relay") || link.name == "sentinel";
    if (!of_relay) continue;
    if (link.name == "relay-clock" && link.health == Link::Health::ok && !link.why.empty() &&
        out.tone == Tone::good)
      out.detail += ", " + link.why;
    if (link.health == Link::Health::broken) {
      out.tone = Tone::bad;
      out.detail = link.name + ": the alarm alone latches, minutes later";
    } else if (link.health == Link::Health::unknown && out.tone == Tone::good) {
      out.tone = Tone::unknown;
      out.detail = link.name + " is not known";
    }
  }
  return out;
}

std::vector<Piece> chain_of(const guard::View& view) {
  const auto& o = view.snapshot.observed;
  std::vector<Piece> out;
  for (const auto& piece : pieces_of_guide)
    out.push_back({std::string{piece.piece}, "", tone_of(view.assessment, piece)});
  out[0].detail = health_check_detail(o);
  if (out[0].tone == Tone::good && (o.healthy == false || o.probes_fail))
    out[0].tone = Tone::warning;
  out[1].detail = alarm_detail(o);
  if (out[1].tone == Tone::good && o.alarm && o.alarm->snapshot.state == guard::AlarmState::alarm)
    out[1].tone = Tone::warning;
  out[2].detail = o.alarm_topic ? "tells the function" : "none";
  out[3].detail = function_detail(o);
  if (!o.alarm_topic && out[2].tone == Tone::good) out[2].tone = Tone::unknown;
  if (!o.function && out[3].tone == Tone::good) out[3].tone = Tone::unknown;
  if (!o.alarm && out[1].tone == Tone::good) out[1].tone = Tone::unknown;
  if (view.form == guard::Form::hardened) out.push_back(relay_piece(view.assessment));
  out.push_back(latch_piece(view));
  return out;
}

// Where nobody reckons.
std::string exposure_of_guide(State state, guard::Form form) {
  if (state == State::not_deployed) return {};
  if (form == guard::Form::hardened)
    return "Between a failover and its latch are the seconds that the relay takes, and while it is "
           "dead or blind the alarm's minutes: a Primary that recovers within them is served "
           "again.";
  return "Between a failover and its latch, one to five minutes, a Primary that recovers is served "
         "again. A form without this gap: config.";
}

}  // namespace

std::string_view to_string(Tone tone) {
  switch (tone) {
    case Tone::good:
      return "good";
    case Tone::busy:
      return "busy";
    case Tone::warning:
      return "warning";
    case Tone::bad:
      return "bad";
    case Tone::unknown:
      return "unknown";
  }
  return "unknown";
}

Serving who_serves(const std::vector<guard::DnsSnapshot>& answers) {
  bool primary = false, backup = false, neither = false;
  for (const auto& one : answers) {
    primary = primary || one.serving == Serving::primary || one.serving == Serving::both;
    backup = backup || one.serving == Serving::backup || one.serving == Serving::both;
    neither = neither || one.serving == Serving::neither;
  }
  if (primary && backup) return Serving::both;
  if (primary) return Serving::primary;
  if (backup) return Serving::backup;
  return neither ? Serving::neither : Serving::unknown;
}

std::string headline(const std::vector<guard::DnsSnapshot>& answers, const std::string& name) {
  const auto what = name.empty() ? std::string{"the site"} : name;
  switch (who_serves(answers)) {
    case Serving::primary:
      return "Primary serves " + what;
    case Serving::backup:
      return "Backup serves " + what;
    case Serving::both:
      return "The name servers disagree about " + what;
    case Serving::neither:
      return "DNS names neither site for " + what;
    case Serving::unknown:
      break;
  }
  return "Who serves " + what + " is not known";
}

void fill_sites(GuardView& out, const std::optional<guard::RecordsSnapshot>& records,
                const Beside& beside) {
  out.primary.role = "Primary";
  out.backup.role = "Backup";
  if (records) {
    out.primary.addresses = places_of(records->users, "PRIMARY");
    out.backup.addresses = places_of(records->secondaries, "SECONDARY");
  }
  const auto serving = who_serves(out.servers);
  if (serving == Serving::primary || serving == Serving::backup) {
    out.primary.serves = serving == Serving::primary;
    out.backup.serves = serving == Serving::backup;
  }
  const auto said = [](const std::optional<guard::SiteAnswer>& answer) -> std::optional<Said> {
    if (!answer) return std::nullopt;
    return Said{answer->well, answer->words};
  };
  out.primary.from_here = said(beside.primary);
  out.backup.from_here = said(beside.backup);
  if (beside.primary_hour) out.primary.minutes = *beside.primary_hour;
  if (beside.backup_hour) out.backup.minutes = *beside.backup_hour;
  out.backup.checkers = checkers_words(beside.backup_checkers);
  out.backup.standing = out.backup.serves == true ? "serves" : "stands by";
  out.backup.tone = out.backup.from_here && out.backup.from_here->well == false ? Tone::bad
                    : out.backup.serves                                         ? Tone::good
                                                                                : Tone::unknown;
}

// `held`: latched, tripped, or the like.
void stand_primary(GuardView& out, bool held) {
  auto& primary = out.primary;
  const bool answers = !primary.from_here || primary.from_here->well.value_or(true);
  if (primary.serves == true) {
    primary.standing = "serves";
    primary.tone = answers && !held ? Tone::good : Tone::bad;
  } else if (held) {
    primary.standing = "latched: held out of DNS";
    primary.tone = Tone::warning;
  } else {
    primary.standing = primary.serves == false ? "out of DNS" : "not known";
    primary.tone = primary.serves == false ? Tone::bad : Tone::unknown;
  }
}

// "2026-11-28T10:42:21Z outage passed: ..."
void fill_drill(GuardView& out, const std::string& note) {
  const auto blank = note.find(' ');
  const auto at = parse_iso8601(note.substr(0, blank));
  if (blank == std::string::npos || !at) return;
  out.last_drill = *at;
  out.drill = note.substr(blank + 1);
}

void fill_record(GuardView& out, const Beside& beside, StoryParts parts, const std::string& drill) {
  parts.audit = beside.audit;
  parts.sightings = beside.sightings;
  out.story = story_of(parts);
  out.audit = guard::without_answered(beside.audit);
  std::reverse(out.audit.begin(), out.audit.end());
  out.audit_problem = beside.audit_problem;
  for (const auto& entry : out.audit)
    if (entry.action == "drill" && entry.stage == "done" && !out.last_drill)
      out.last_drill = entry.at;
  fill_drill(out, drill);
}

std::optional<Said> checkers_words(const std::vector<guard::CheckerSnapshot>& checkers) {
  if (checkers.empty()) return std::nullopt;
  const auto well = std::count_if(checkers.begin(), checkers.end(),
                                  [](const guard::CheckerSnapshot& one) { return one.success; });
  const auto all = static_cast<std::int64_t>(checkers.size());
  std::string words = fmt::format("{} of {} got a good answer", well, all);
  if (well < all) {
    const auto bad = std::find_if(checkers.begin(), checkers.end(),
                                  [](const guard::CheckerSnapshot& one) { return !one.success; });
    words += fmt::format("; {}: {}", bad->region.empty() ? "one" : bad->region, bad->status);
  }
  return Said{guard::healthy_by(guard::Check{}, checkers), words};
}

std::vector<std::string> places_of(const std::vector<guard::RecordSnapshot>& records,
                                   std::string_view failover) {
  std::vector<std::string> out;
  for (const auto& record : records) {
    if (record.failover != failover) continue;
    auto place = record.alias ? record.alias->name : join(record.values, ", ");
    if (place.ends_with('.')) place.pop_back();
    if (std::find(out.begin(), out.end(), place) == out.end()) out.push_back(std::move(place));
  }
  return out;
}

GuardView view_of(const guard::View& view, const Beside& beside) {
  const auto& o = view.snapshot.observed;
  const auto& assessment = view.assessment;
  const auto record = guard::record_of(o);
  const bool latched = o.check && guard::latched(*o.check);
  GuardView out;
  out.id = view.id();
  out.name = guard::site_name(view);
  out.state = guard::to_string(assessment.state);
  out.trouble = guard::trouble_of(assessment.state, assessment.sound());
  out.tone = tone_of(assessment.state, assessment.sound());
  out.servers = beside.servers.empty() ? view.dns : beside.servers;
  out.headline = headline(out.servers, out.name);
  out.why = as_sentence(assessment.sentence == "armed" ? "The guard is armed: if Primary fails, it "
                                                         "is latched"
                                                       : assessment.sentence);
  std::optional<bool> answers;
  if (beside.primary) answers = beside.primary->well;
  out.next = guard::next_step(assessment, out.name.empty() ? out.id : out.name, answers);
  out.since = assessment.since;
  out.at = view.now;
  if (o.check) out.version = o.check->version;
  out.release = record.release.number;
  out.name_to_type = guard::name_to_type(view);
  fill_sites(out, view.snapshot.records, beside);
  stand_primary(out, latched);
  out.primary.checkers = checkers_words(view.snapshot.checkers);
  if (out.primary.checkers && latched)
    out.primary.checkers->words += ", at the latch's path: that is the latch, not Primary";
  out.chain = chain_of(view);
  for (const auto& link : assessment.links)
    if (link.health == Link::Health::broken || link.health == Link::Health::unknown)
      out.troubles.push_back({link.name, link.why, link.mend,
                              link.health == Link::Health::broken ? Tone::bad : Tone::unknown});
  for (const auto& unseen : view.snapshot.blind) out.unseen.push_back(guard::describe(unseen));
  StoryParts parts;
  if (o.status_minutes) parts.minutes = *o.status_minutes;
  if (beside.primary_hour) parts.minutes = *beside.primary_hour;
  parts.alarm = beside.alarm;
  fill_record(out, beside, std::move(parts), guard::last_drill(view));
  out.exposure = exposure_of_guide(assessment.state, view.form);
  const bool guarded = o.alarm && o.function;
  out.offered = {
      o.check && !latched, latched, guarded && assessment.state == State::armed,
      guarded && (assessment.state == State::maintenance || assessment.state == State::partial),
      guarded && assessment.state == State::armed};
  return out;
}

std::string exposure_words(const guard::Safety& safety) {
  auto words = "Unsafe seconds as it is set up: " + as_sentence(guard::brief_sentence(safety));
  if (!safety.beside.empty())
    words += " Not in these figures: " + as_sentence(join(safety.beside, "; "));
  if (!safety.alternatives.empty())
    words += " Less: " + as_sentence(guard::brief_sentence(safety, safety.alternatives.front()));
  return words + " " + std::string{guard::safety_basis};
}

void sort_by_trouble(std::vector<FleetRow>& rows) {
  const auto trouble = [](const FleetRow& row) {
    return row.guard ? row.guard->trouble : guard::trouble_of(State::unknown, false);
  };
  std::stable_sort(rows.begin(), rows.end(), [&](const FleetRow& a, const FleetRow& b) {
    if (trouble(a) != trouble(b)) return trouble(a) < trouble(b);
    return (a.guard ? a.guard->name : a.id) < (b.guard ? b.guard->name : b.id);
  });
}

}  // namespace sitelatch::console
