// SPDX-License-Identifier: Apache-2.0
#include "cli/guard_screen.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/sentences.h"
#include "base/text.h"
#include "cli/guard_report.h"
#include "cli/screen_text.h"
#include "guard/rules/trouble.h"

namespace sitelatch::cli {
namespace {

using guard::Phase;
using guard::Serving;
using guard::State;

std::string spaced(std::string_view name) { return replace_all(std::string{name}, "-", " "); }

std::string without_dot(std::string name) {
  if (name.ends_with('.')) name.pop_back();
  return name;
}

// What users look up, where DNS was asked for it.
std::string name_for(std::string_view asked, const std::vector<guard::DnsSnapshot>& dns) {
  if (!guard::valid_health_check_id(asked) || dns.empty()) return std::string{asked};
  return without_dot(dns.front().name);
}

std::string serving_words(Serving serving) {
  switch (serving) {
    case Serving::primary:
      return "Primary serves";
    case Serving::backup:
      return "Backup serves";
    case Serving::both:
      return "Primary and Backup have an answer in common, so that DNS does not say who serves";
    case Serving::neither:
      return "DNS answers neither Primary nor Backup";
    case Serving::unknown:
      return "Who serves is not known";
  }
  return "";
}

std::string serves_of(const std::vector<guard::DnsSnapshot>& dns) {
  if (dns.empty()) return "Who serves is not known: no PRIMARY record was seen to ask for";
  const auto& first = dns.front();
  const auto same = std::all_of(dns.begin(), dns.end(), [&](const guard::DnsSnapshot& one) {
    return one.serving == first.serving;
  });
  if (same && first.serving == Serving::unknown && !first.problem.empty())
    return serving_words(first.serving) + ": " + first.problem;
  if (same) return serving_words(first.serving);
  std::vector<std::string> each;
  for (const auto& one : dns)
    each.push_back(
        fmt::format("{} {}: {}", without_dot(one.name), one.type, guard::to_string(one.serving)));
  return "DNS is divided (" + join(each, ", ") + ")";
}

// The same in a word or two, for a table.
std::string who_serves(const std::vector<guard::DnsSnapshot>& dns) {
  if (dns.empty()) return "not known";
  const auto first = dns.front().serving;
  for (const auto& one : dns)
    if (one.serving != first) return "divided";
  switch (first) {
    case Serving::primary:
      return "Primary";
    case Serving::backup:
      return "Backup";
    case Serving::both:
      return "both";
    case Serving::neither:
      return "neither";
    case Serving::unknown:
      return "not known";
  }
  return "";
}

void add_answers(Screen& screen, const std::vector<guard::DnsSnapshot>& dns) {
  for (const auto& one : dns)
    screen.details.push_back(
        {"DNS",
         fmt::format("{} {} -> {} ({}){}{}", one.name, one.type,
                     one.answer.empty() ? "nothing" : join(one.answer, ", "),
                     guard::to_string(one.serving), one.server.empty() ? "" : " by " + one.server,
                     one.problem.empty() ? "" : ": " + one.problem)});
}

// DNS that says otherwise is as bad as a guard that somebody has changed.
int trouble_by(int trouble, int code) {
  return code == exit_dns ? std::min(trouble, guard::trouble_of(State::drifted, false)) : trouble;
}

template <class View>
Screen begun(const View& view, std::string_view asked, int code) {
  Screen out;
  out.name = name_for(asked, view.dns);
  out.serves = serves_of(view.dns);
  out.who = who_serves(view.dns);
  out.since = view.assessment.since;
  out.code = code;
  out.at = view.now;
  if (code == exit_dns)
    out.notes.emplace_back("DNS does not answer as this state demands, or does not answer at all");
  return out;
}

void add_blind(Screen& screen, const std::vector<guard::ReadFailure>& blind) {
  if (!blind.empty())
    screen.notes.push_back(counted(static_cast<std::int64_t>(blind.size()), "thing", "things") +
                           " could not be read (-v)");
  for (const auto& unseen : blind) screen.details.push_back({"unseen", guard::describe(unseen)});
}

std::string health_word(const std::optional<bool>& healthy) {
  return !healthy ? "health not known" : *healthy ? "healthy" : "UNHEALTHY";
}

// --- the guide's form and `hardened`

const guard::Link* broken_link(const guard::View& view) {
  const auto& links = view.assessment.links;
  const auto found = std::find_if(links.begin(), links.end(), [](const guard::Link& link) {
    return link.health == guard::Link::Health::broken && !link.mend.empty();
  });
  return found == links.end() ? nullptr : &*found;
}

std::optional<Awaited> awaited_of(const guard::View& view) {
  const auto& observed = view.snapshot.observed;
  const auto& since = view.assessment.since;
  const auto record = guard::record_of(observed);
  switch (view.assessment.state) {
    case State::failing_over:
      if (observed.alarm && observed.alarm->snapshot.state == guard::AlarmState::alarm)
        return Awaited{"the latch", observed.alarm->snapshot.transitioned_at, {}};
      return Awaited{"the alarm, and then the latch", since, {}};
    case State::switching_back:
      if (!record.release.at) return Awaited{"what follows a release", since, {}};
      return Awaited{"what follows a release", since, *record.release.at + record.release.window};
    case State::maintenance:
      if (!record.maintenance) return std::nullopt;
      return Awaited{"the end of the maintenance", record.maintenance->since,
                     record.maintenance->until};
    case State::tripped:
    case State::switched_over:
    case State::latched_without_guard:
      if (observed.healthy != true) return std::nullopt;
      return Awaited{
          "Route 53's checkers, which have yet to find the latch; DNS goes by them", since, {}};
    case State::partial:
      if (!observed.alarm || !observed.alarm->snapshot.actions_enabled) return std::nullopt;
      if (observed.alarm->snapshot.state == guard::AlarmState::ok &&
          observed.alarm->snapshot.from_data)
        return std::nullopt;
      return Awaited{"the alarm's first whole minute of a healthy Primary", {}, {}};
    default:
      return std::nullopt;
  }
}

std::string next_of(const guard::View& view, const std::string& asked) {
  const auto* broken = broken_link(view);
  const auto mend = broken ? "mend " + broken->name + ": " + broken->mend : std::string{};
  const auto reason = " --reason \"...\"";
  const auto& alarm = view.snapshot.observed.alarm;
  const auto record = guard::record_of(view.snapshot.observed);
  switch (view.assessment.state) {
    case State::not_deployed:
      return "sitelatch deploy " + asked + " --plan";
    case State::partial:
      if (broken) return mend;
      return alarm && !alarm->snapshot.actions_enabled ? "sitelatch arm " + asked
                                                       : "nothing to do but wait";
    case State::armed:
      return broken ? mend : "nothing to do";
    case State::maintenance:
      if (record.maintenance && record.maintenance->keep == guard::Keep::backup)
        return "nothing to do; to end it now: sitelatch switch-back " + asked + reason;
      return "nothing to do; to end it now: sitelatch arm " + asked;
    case State::tripped:
    case State::switched_over:
      return "mend Primary and synchronise the sites, then: sitelatch switch-back " + asked +
             reason;
    case State::unlatched_but_unhealthy:
      return "latch it, then find out why: sitelatch reconcile " + asked;
    case State::latched_without_guard:
      return "sitelatch deploy " + asked;
    case State::drifted:
      return broken ? mend : "find out who has changed it: sitelatch log " + asked;
    case State::failing_over:
      return "nothing to do; to latch now: sitelatch trip " + asked + reason;
    case State::switching_back:
      return "nothing to do but wait";
    case State::unknown:
      return "get the rights that are missing, or try again";
  }
  return "";
}

std::string sentence_of(const guard::View& view) {
  return view.assessment.state == State::armed
             ? "armed: when Primary fails, Backup serves until somebody switches back"
             : view.assessment.sentence;
}

void add_links(Screen& screen, const guard::View& view) {
  using Health = guard::Link::Health;
  std::int64_t broken = 0, unknown = 0;
  for (const auto& link : view.assessment.links) {
    broken += link.health == Health::broken;
    unknown += link.health == Health::unknown;
    const auto word = link.health == Health::ok       ? "ok"
                      : link.health == Health::broken ? "BROKEN"
                      : link.health == Health::off    ? "off"
                                                      : "unknown";
    screen.details.push_back({word, link.name + (link.why.empty() ? "" : ": " + link.why)});
    if (link.health != Health::ok && !link.mend.empty())
      screen.details.push_back(
          {"", (link.health == Health::broken ? "mend: " : "to change it: ") + link.mend});
  }
  if (broken > 0)
    screen.notes.push_back(counted(broken, "link needs", "links need") + " attention (-v)");
  if (unknown > 0)
    screen.notes.push_back(counted(unknown, "link", "links") + " cannot be seen (-v)");
}

void add_check_and_alarm(Screen& screen, const guard::View& view) {
  const auto& observed = view.snapshot.observed;
  if (const auto& check = observed.check)
    screen.details.push_back(
        {"check", fmt::format("{}, version {}, {}, {}", view.id(), check->version,
                              guard::describe(*check), health_word(observed.healthy))});
  if (const auto& alarm = observed.alarm)
    screen.details.push_back(
        {"alarm", fmt::format("{} since {}, actions {}", guard::to_string(alarm->snapshot.state),
                              iso8601_seconds(alarm->snapshot.transitioned_at),
                              alarm->snapshot.actions_enabled ? "on" : "OFF")});
  if (const auto note = guard::last_drill(view); !note.empty())
    screen.details.push_back({"drill", as_sentence(note)});
}

// --- the forms `config` and `engine`

std::string told_words(const guard::PeopleTold& people) {
  std::vector<std::string> who;
  for (const auto& one : people.subscriptions)
    who.push_back(one.endpoint + (one.pending ? " (NOT CONFIRMED)" : ""));
  return who.empty() ? "NOBODY" : join(who, ", ");
}

void add_pieces(Screen& screen, const guard::ConfigView& view) {
  const auto& o = view.observed;
  const auto add = [&screen](std::string label, std::string text) {
    screen.details.push_back({std::move(label), std::move(text)});
  };
  if (o.endpoint)
    add("endpoint", fmt::format("{}, {}: {} NOW", o.endpoint->id, guard::describe(*o.endpoint),
                                health_word(guard::endpoint_is_healthy(o))));
  if (o.combined)
    add("both", fmt::format("{}, version {}: {} of {}, {} of {} good minutes", o.combined->id,
                            o.combined->version, o.combined->threshold, o.combined->children.size(),
                            view.assessment.good_minutes, guard::good_minutes_asked));
  if (o.hold)
    add("hold", fmt::format("{}, version {}: {}{}, {}", o.hold->id, o.hold->version,
                            o.hold->inverted ? "Inverted" : "NOT Inverted",
                            o.hold->disabled ? ", Disabled" : "",
                            health_word(guard::hold_is_healthy(view.plan, o, view.now))));
  if (o.alarm)
    add("alarm", fmt::format("{} {} (ALARM: fifteen good minutes)", o.alarm->name,
                             guard::to_string(o.alarm->snapshot.state)));
  if (o.people.topic) add("tells", told_words(o.people) + " by " + view.plan.notify_topic);
  if (const auto note = view.last_drill(); !note.empty()) add("drill", as_sentence(note));
  if (o.records)
    add("records", fmt::format("{} on the hold, {} on the endpoint's check",
                               counted(o.records->on_hold, "PRIMARY record", "PRIMARY records"),
                               o.records->on_endpoint));
}

void add_pieces(Screen& screen, const guard::EngineView& view) {
  const auto& o = view.observed;
  if (o.endpoint)
    screen.details.push_back(
        {"check",
         fmt::format("{}, version {}, {}: Primary {} NOW", view.endpoint, o.endpoint->version,
                     guard::describe(*o.endpoint), health_word(o.probes_well))});
  if (!view.last_drill.empty()) screen.details.push_back({"drill", as_sentence(view.last_drill)});
}

std::optional<Awaited> awaited_of(const guard::ConfigView& view) {
  const auto& assessment = view.assessment;
  const auto left = guard::good_minutes_asked - assessment.good_minutes;
  switch (assessment.phase) {
    case Phase::failing_over: {
      const auto& minutes = view.observed.combined_minutes;
      return Awaited{"the hold, which follows a minute or three after the first bad minute",
                     minutes ? guard::unhealthy_since(*minutes) : std::nullopt,
                     {}};
    }
    case Phase::starting:
    case Phase::switching_back:
      if (left <= 0) return Awaited{"the hold, which has had its good minutes", {}, {}};
      return Awaited{fmt::format("{} of {} good minutes, about as long from now if Primary stays "
                                 "healthy",
                                 left, guard::good_minutes_asked),
                     {},
                     {}};
    default:
      return std::nullopt;
  }
}

std::optional<Awaited> awaited_of(const guard::EngineView& view) {
  if (view.assessment.phase != Phase::serving || view.observed.probes_well != false)
    return std::nullopt;
  return Awaited{
      "Route 53's verdict on Primary, whose last probes failed: the failover is its "
      "latch",
      {},
      {}};
}

template <class View>
Screen screen_by_phase(const View& view, std::string_view asked, int code, std::string_view form) {
  auto out = begun(view, asked, code);
  const auto& assessment = view.assessment;
  out.state = fmt::format("{} ({})", spaced(guard::to_string(assessment.phase)), form);
  out.why = assessment.sentence;
  out.awaited = awaited_of(view);
  out.next = assessment.next.empty() ? "nothing to do" : assessment.next;
  out.trouble = trouble_by(guard::trouble_of(assessment.phase, assessment.problems.empty()), code);
  add_pieces(out, view);
  add_answers(out, view.dns);
  std::int64_t breaking = 0;
  for (const auto& problem : assessment.problems) {
    breaking += problem.breaks;
    out.details.push_back(
        {problem.breaks ? "BROKEN" : "warning", problem.name + ": " + problem.why});
    out.details.push_back({"", "mend: " + problem.mend});
  }
  if (breaking > 0)
    out.notes.push_back(counted(breaking, "thing is", "things are") + " broken (-v)");
  add_blind(out, view.blind);
  return out;
}

// --- lines

// A command that would be broken over two lines has one of its own.
void add_next(std::vector<std::string>& lines, const std::string& next, std::size_t width) {
  const auto text = "Next: " + as_sentence(next);
  const auto command = text.rfind(": sitelatch ");
  if (width == unbounded || width_of(text) + 2 <= width || command == std::string::npos)
    return add_wrapped(lines, text, width);
  add_wrapped(lines, std::string_view{text}.substr(0, command + 1), width);
  add_wrapped(lines, std::string_view{text}.substr(command + 2), width, 4);
}

std::string sentence_of(const Awaited& awaited, Instant since, Instant now) {
  auto out = fmt::format("Awaited for {}: {}.", so_long(now - since), awaited.what);
  if (!awaited.until) return out;
  return *awaited.until > now
             ? fmt::format("{} At most {} more.", out, so_long(*awaited.until - now))
             : fmt::format("{} It should have come by {}.", out, time_of_day(*awaited.until));
}

}  // namespace

// As of cron: 0 is well, what passes by itself or was meant so is yellow.
std::string painted(std::string_view text, int code) {
  const bool passing = code == guard::exit_code(State::failing_over) ||
                       code == guard::exit_code(State::switching_back) ||
                       code == guard::exit_code(State::maintenance) ||
                       code == guard::exit_code(State::partial) || code == exit_link;
  return fmt::format("\x1b[{}m{}\x1b[0m", code == exit_done ? 32 : passing ? 33 : 31, text);
}

bool Screen::says_the_same(const Screen& other) const {
  const auto what = [](const Screen& one) {
    return one.awaited ? one.awaited->what : std::string{};
  };
  return name == other.name && state == other.state && serves == other.serves && why == other.why &&
         since == other.since && what(*this) == what(other) && next == other.next &&
         notes == other.notes && details == other.details && code == other.code;
}

Screen screen_of(const guard::View& view, std::string_view asked, int code) {
  auto out = begun(view, asked, code);
  out.state = spaced(guard::to_string(view.assessment.state));
  if (view.form == guard::Form::hardened) out.state += " (hardened)";
  out.why = sentence_of(view);
  out.awaited = awaited_of(view);
  out.next = next_of(view, std::string{asked});
  out.trouble = trouble_by(guard::trouble_of(view.assessment.state, view.assessment.sound()), code);
  add_check_and_alarm(out, view);
  add_answers(out, view.dns);
  add_links(out, view);
  add_blind(out, view.snapshot.blind);
  return out;
}

Screen screen_of(const guard::ConfigView& view, std::string_view asked, int code) {
  return screen_by_phase(view, asked, code, guard::to_string(guard::Form::config));
}

Screen screen_of(const guard::EngineView& view, std::string_view asked, int code) {
  return screen_by_phase(view, asked, code, guard::to_string(guard::Form::engine));
}

bool Watched::saw(Screen screen) {
  const bool news = missed_ || !screen_ || !screen.says_the_same(*screen_);
  const auto what = [](const std::optional<Screen>& one) {
    return one && one->awaited ? one->awaited->what : std::string{};
  };
  if (screen_ && screen_->serves != screen.serves) serves_since_ = screen.at;
  if (!screen_ || what(screen_) != (screen.awaited ? screen.awaited->what : ""))
    awaited_since_ = screen.at;
  screen_ = std::move(screen);
  missed_.reset();
  return news;
}

bool Watched::missed(std::string why, int code, Instant at) {
  const bool news = !missed_ || missed_->why != why;
  const auto since = missed_ ? missed_->since : at;
  missed_ = Missed{std::move(why), code, since, at};
  return news;
}

std::string Watched::head(std::size_t width, Colours colours) const {
  const auto state = screen_ ? screen_->state : std::string{"not seen yet"};
  const auto time = screen_ ? time_of_day(screen_->at) : missed_ ? time_of_day(missed_->at) : "";
  const auto beside = state.size() + time.size() + 5;
  // A name wants some room beside the state; else the state has a line of its own.
  const auto name = screen_ ? screen_->name : asked_;
  const bool together = width >= beside + std::min<std::size_t>(width_of(name), 20);
  const auto room = together ? width - beside : width - std::min(width, time.size() + 2);
  const auto shown = clipped(name, room);
  const auto word = colours == Colours::yes ? painted(state, code()) : state;
  const auto gap = [&](std::size_t used) {
    if (width == unbounded) return std::string(3, ' ');
    return std::string(width > used + time.size() ? width - used - time.size() : 1, ' ');
  };
  if (together) return shown + "   " + word + gap(utf8_length(shown) + 3 + state.size()) + time;
  return shown + gap(utf8_length(shown)) + time + "\n  " + word;
}

std::vector<std::string> Watched::lines(std::size_t width, Extent extent, Colours colours) const {
  std::vector<std::string> out;
  const auto first_lines = head(width, colours);
  for (const auto line : split(first_lines, '\n')) out.emplace_back(line);
  if (screen_) {
    const auto& screen = *screen_;
    add_next(out, screen.next, width);
    add_wrapped(out, standing(screen), width);
    if (screen.awaited)
      add_wrapped(out,
                  cli::sentence_of(*screen.awaited, screen.awaited->since.value_or(awaited_since_),
                                   screen.at),
                  width);
    for (const auto& note : screen.notes) add_wrapped(out, as_sentence(note), width);
    if (extent == Extent::all)
      for (const auto& one : screen.details)
        add_labelled(out, fmt::format("  {:<8} ", one.label), one.text, width, 11);
  }
  if (missed_)
    add_wrapped(out,
                fmt::format("Not reached since {}, retrying: {}", time_of_day(missed_->since),
                            as_sentence(missed_->why)),
                width);
  return out;
}

// Who serves, why, and since when.
std::string Watched::standing(const Screen& screen) const {
  const std::string seen =
      serves_since_ ? " since " + time_of_day(*serves_since_) + " as seen from here" : "";
  const bool said = seen.empty() && screen.why.starts_with(screen.serves);
  auto out = (said ? "" : as_sentence(screen.serves + seen) + " ") + as_sentence(screen.why);
  // What is awaited says since when already.
  if (screen.since && !(screen.awaited && screen.awaited->since == screen.since))
    out += fmt::format(" Since {} ({}).", when(*screen.since, screen.at),
                       about_so_long(screen.at - *screen.since));
  return out;
}

Duration pause_between_looks(std::optional<Duration> wanted, std::size_t guards, Duration took) {
  const auto count = static_cast<std::int64_t>(std::max<std::size_t>(guards, 1));
  constexpr std::chrono::seconds usual{5}, least{2};
  const Duration pause = wanted ? std::max<Duration>(*wanted, least * count) : usual * count;
  return std::max(pause, took);
}

}  // namespace sitelatch::cli
