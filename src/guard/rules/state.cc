// SPDX-License-Identifier: Apache-2.0
#include "guard/rules/state.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace sitelatch::guard {
namespace {
using Health = Link::Health;

void link(std::vector<Link>& links, std::string name, bool ok, std::string why, std::string mend) {
  if (ok)
    links.push_back({Health::ok, std::move(name), "", ""});
  else
    links.push_back({Health::broken, std::move(name), std::move(why), std::move(mend)});
}

bool missing_in(const std::vector<Difference>& found, Resource resource) {
  return std::any_of(found.begin(), found.end(), [resource](const Difference& d) {
    return d.resource == resource && d.kind == Difference::Kind::missing;
  });
}

// "there is none: nothing latches": whoever reads a link has just read its name.
std::string reason_without_name(const Difference& difference) {
  const auto name = std::string{to_string(difference.resource)} + ": ";
  const auto& what = difference.what;
  return (what.starts_with(name) ? what.substr(name.size()) : what) + ": " + difference.why;
}

// Every resource is a link; what differs only in tidiness does not break it.
std::vector<Link> links_of_resources(const Plan& plan, const Observed& o,
                                     const std::vector<Difference>& found) {
  std::vector<Link> links;
  for (int i = 0; i <= static_cast<int>(Resource::alarm_actions); ++i) {
    const auto resource = static_cast<Resource>(i);
    if (resource == Resource::notify_subscription && !plan.notify_subscription) continue;
    if (!plan.has_schedule &&
        (resource == Resource::schedule || resource == Resource::schedule_target ||
         resource == Resource::events_permission))
      continue;
    if (const auto owner = owner_of(resource); owner && missing_in(found, *owner)) continue;
    if (const auto why = o.unseen.find(resource); why != o.unseen.end()) {
      links.push_back({Health::unknown, std::string{to_string(resource)}, why->second, ""});
      continue;
    }
    if (unseen(o, resource)) continue;  // its owner's link says why
    const auto broken = std::find_if(found.begin(), found.end(), [resource](const Difference& d) {
      return d.resource == resource && d.breaks;
    });
    const auto id = plan.settings.health_check_id;
    const auto mend =
        "sitelatch " + std::string{resource == Resource::alarm_actions ? "arm " : "deploy "} + id;
    link(links, std::string{to_string(resource)}, broken == found.end(),
         broken == found.end() ? "" : reason_without_name(*broken), mend);
  }
  return links;
}

// Deprecated runtimes run on without patches, and cannot be updated in the end (fact guard-45: the
// dates of the deprecation).
bool dead_runtime(std::string_view runtime, Instant now) {
  struct End {
    std::string_view runtime;
    int year, month, day;
  };
  static constexpr std::array<End, 8> ends = {{{"python2.7", 2021, 7, 15},
                                               {"python3.6", 2022, 7, 18},
                                               {"python3.7", 2023, 12, 4},
                                               {"python3.8", 2024, 10, 14},
                                               {"python3.9", 2025, 12, 15},
                                               {"python3.10", 2026, 10, 31},
                                               {"provided", 2024, 1, 8},
                                               {"provided.al2", 2026, 7, 31}}};
  const auto* end = std::find_if(ends.begin(), ends.end(),
                                 [runtime](const End& one) { return one.runtime == runtime; });
  return end != ends.end() && now >= from_civil(end->year, end->month, end->day, 0, 0, 0);
}

void add_function_links(const Plan& plan, const Observed& o, Instant now,
                        std::vector<Link>& links) {
  if (!o.function) return;
  const auto& f = *o.function;
  const bool state = (f.state.empty() || f.state == "Active" || f.state == "Inactive") &&
                     f.last_update_status != "Failed";
  link(links, "function-state", state,
       "the function is " + f.state + (f.state_reason.empty() ? "" : ": " + f.state_reason),
       "sitelatch deploy " + plan.settings.health_check_id);
  link(links, "runtime", !dead_runtime(f.runtime, now),
       "the runtime " + f.runtime + " is no longer maintained by AWS",
       "sitelatch deploy --function native " + plan.settings.health_check_id);
  if (f.reserved_concurrency)
    link(links, "concurrency", *f.reserved_concurrency > 0,
         "the reserved concurrency is 0: the function never runs",
         "aws lambda delete-function-concurrency --function-name " + f.name);
  if (o.role && !f.role_id_used.empty())
    link(links, "role-identity", f.role_id_used == o.role->role_id,
         "the role was made again under its name; the function still holds the old one",
         "sitelatch deploy " + plan.settings.health_check_id);
}

void add_delivery_links(const Observed& o, std::vector<Link>& links) {
  if (!o.deliveries) return;
  const auto count = [&links](std::string name, const std::optional<double>& value,
                              std::string_view one, std::string_view many) {
    if (value)
      link(links, std::move(name), *value <= 0,
           counted(static_cast<std::int64_t>(*value), one, many),
           "see the function's log and its on-failure messages");
  };
  count("function-errors", o.deliveries->function_errors, "run of the function failed",
        "runs of the function failed");
  count("function-throttles", o.deliveries->function_throttles, "run of the function was throttled",
        "runs of the function were throttled");
  count("events-dropped", o.deliveries->events_dropped, "event was given up",
        "events were given up");
  count("destination-failures", o.deliveries->destination_failures,
        "failure could not be told to the on-failure destination",
        "failures could not be told to the on-failure destination");
  count("alarm-deliveries", o.deliveries->alarm_topic_failed,
        "message of the alarm's topic was not delivered",
        "messages of the alarm's topic were not delivered");
  count("notify-deliveries", o.deliveries->notify_topic_failed,
        "message to people was not delivered", "messages to people were not delivered");
}

void add_mute_links(const Observed& o, std::vector<Link>& links) {
  if (!o.alarm) return;
  if (!o.alarm->mutes_unseen.empty())
    links.push_back({Health::unknown, "alarm-mute",
                     "cannot see whether a rule mutes the alarm: " + o.alarm->mutes_unseen, ""});
  for (const auto& mute : o.alarm->mutes)
    link(links, "alarm-mute", false,
         "the alarm mute rule " + mute.name + (mute.active ? " mutes" : " will mute") +
             " the alarm's actions: while it is active nothing latches",
         "aws cloudwatch delete-alarm-mute-rule --alarm-mute-rule-name " + mute.name);
}

// To tell nobody is a choice; to have wanted to tell somebody who will not hear of it is a fault.
void add_people_link(const Plan& plan, const Observed& o, std::vector<Link>& links) {
  if (!o.notify_topic || unseen(o, Resource::notify_subscription)) return;
  const auto& id = plan.settings.health_check_id;
  std::vector<std::string> waiting;
  for (const auto& one : o.notify_subscriptions)
    if (one.pending) waiting.push_back(one.endpoint);
  if (o.notify_subscriptions.empty()) {
    links.push_back({Health::off, "people", "nobody is subscribed: a latch is told to nobody",
                     "sitelatch deploy " + id + " --notify ENDPOINT"});
    return;
  }
  link(links, "people", waiting.empty(),
       join(waiting, ", ") + (waiting.size() == 1 ? " has" : " have") +
           " not confirmed the subscription: messages do not arrive there",
       "confirm it by the link in SNS's own message");
}

// The audit log outlives its guard: destroy keeps it, so that it is no sign of one.
bool anything_there(const Observed& o) {
  return o.function || o.alarm || o.alarm_topic || o.notify_topic || o.role || o.schedule;
}

struct Judged {
  State state;
  std::string sentence;
  std::optional<Instant> since;
};

std::optional<Instant> changed_at(const Observed& o) {
  return o.check_changed_at == Instant{} ? std::nullopt
                                         : std::optional<Instant>{o.check_changed_at};
}

std::string at_most(Instant bound) { return " (at most until " + iso8601_seconds(bound) + ")"; }

Judged judge_latched(const Observed& o, const Record& record, Instant now) {
  const auto snapshot = latch_on(*o.check);
  const bool noted = record.latched_in_this_release();
  const auto since = noted ? std::optional<Instant>{record.latch_note->at} : changed_at(o);
  const auto shows = "the health check shows " + std::string{to_string(snapshot.value)};
  if (!o.function && !o.alarm && !unseen(o, Resource::function) && !unseen(o, Resource::alarm))
    return {State::latched_without_guard, shows + ", but there is no guard to hold it", since};
  if (record.in_maintenance(now) && record.maintenance->keep == Keep::backup)
    return {State::maintenance,
            "in maintenance until " + iso8601_seconds(record.maintenance->until) +
                ", Backup serves: " + record.maintenance->reason,
            record.maintenance->since};
  const bool planned =
      snapshot.value == LatchValue::switched_over || (noted && record.latch_note->planned);
  if (planned)
    return {State::switched_over, shows + ": a planned switch-over; Backup serves", since};
  return {State::tripped, shows + ": Backup serves until somebody switches back", since};
}

std::optional<Judged> judge_drift(const Observed& o, const Record& record, Instant now) {
  const auto& check = *o.check;
  if (record.latched_in_this_release())
    return Judged{
        State::drifted,
        "latched in release " + std::to_string(record.release.number) + ", but somebody undid it",
        changed_at(o)};
  if (record.in_maintenance(now)) {
    const bool frozen = record.maintenance->keep != Keep::primary || frozen_healthy(check);
    return Judged{
        State::maintenance,
        "in maintenance until " + iso8601_seconds(record.maintenance->until) + ", " +
            (frozen ? "Primary serves, frozen as healthy" : "but the health check is not frozen") +
            ": " + record.maintenance->reason,
        record.maintenance->since};
  }
  if (check.inverted)
    return Judged{State::drifted,
                  "the health check is Inverted: a failing Primary counts as healthy",
                  changed_at(o)};
  if (check.disabled && unseen(o, Resource::notify_topic))
    return Judged{State::unknown,
                  "the health check is Disabled, and whether that is a maintenance of the guard "
                  "cannot be seen",
                  changed_at(o)};
  if (check.disabled)
    return Judged{State::drifted,
                  "the health check is Disabled: it counts as healthy whatever happens",
                  changed_at(o)};
  return std::nullopt;
}

bool in_alarm(const Observed& o) { return o.alarm && o.alarm->snapshot.state == AlarmState::alarm; }
bool muted(const Observed& o) {
  return o.alarm && std::any_of(o.alarm->mutes.begin(), o.alarm->mutes.end(),
                                [](const ObservedMute& mute) { return mute.active; });
}

// Released, and what follows a release has not all come yet. A Primary that became healthy and
// failed again is a new failure.
std::optional<Judged> judge_release(const Observed& o, const Record& record, Instant now) {
  if (!record.release.at || record.latched_in_this_release() || record.release.number == 0)
    return std::nullopt;
  const auto until = *record.release.at + record.release.window;
  if (now >= until || (o.status_minutes && fell_again(*o.status_minutes, *record.release.at)))
    return std::nullopt;
  std::string awaited;
  if (!o.healthy.value_or(true))
    awaited = "Route 53 has yet to find Primary healthy";
  else if (!o.alarm || o.alarm->snapshot.state != AlarmState::ok)
    awaited = "the alarm has yet to see a whole minute of health";
  else if (!o.alarm->snapshot.actions_enabled)
    awaited = "the alarm's actions are not on yet";
  if (awaited.empty()) return std::nullopt;
  return Judged{State::switching_back,
                "release " + std::to_string(record.release.number) + " is made, and " + awaited +
                    "; that usually takes two to five minutes" + at_most(until),
                record.release.at};
}

// From here on an alarm has seen what there is to see, and a latch has come if one comes (fact
// guard-40).
constexpr auto longest_way_to_alarm = std::chrono::minutes{5};
constexpr auto longest_way_to_latch = std::chrono::minutes{3};

std::optional<Judged> judge_failure(const Observed& o, const Record& record, bool chain_broken,
                                    Instant now) {
  const bool unhealthy = o.healthy && !*o.healthy;
  auto since = o.status_minutes ? unhealthy_since(*o.status_minutes) : std::nullopt;
  if (!since && in_alarm(o)) since = o.alarm->snapshot.transitioned_at;
  if (!unhealthy && !in_alarm(o)) {
    if (!o.probes_fail || chain_broken) return std::nullopt;
    return Judged{State::failing_over,
                  "the checkers' last probes of Primary failed; what Route 53 makes of it, its "
                  "metric and the alarm show a minute or two later",
                  std::nullopt};
  }
  const Judged unlatched{
      State::unlatched_but_unhealthy,
      "Primary is unhealthy and not latched: if it comes back, it serves with stale data", since};
  if (chain_broken || !o.alarm || !since) return unlatched;
  if (record.release.at && in_alarm(o) &&
      o.alarm->snapshot.transitioned_at <= record.release.alarm_seen.value_or(Instant{}))
    return unlatched;  // it was in ALARM when the release was made, and acts on nothing
  const auto bound = in_alarm(o) ? o.alarm->snapshot.transitioned_at + longest_way_to_latch
                                 : *since + longest_way_to_alarm;
  if (now >= bound) return unlatched;
  return Judged{State::failing_over,
                in_alarm(o) ? std::string{"Primary has failed, and the alarm has told the "
                                          "function, which latches within seconds"} +
                                  (o.schedule ? ", or within a minute by the schedule" : "") +
                                  at_most(bound)
                            : "Primary has failed and DNS answers Backup; the alarm has yet to see "
                              "it, and then the function latches: usually one to three minutes "
                              "after the failure" +
                                  at_most(bound),
                since};
}

// What an armed guard rests on began last: the alarm's OK, the release, the check as it is.
std::optional<Instant> armed_since(const Observed& o, const Record& record) {
  auto since = o.alarm->snapshot.transitioned_at;
  if (record.release.at) since = std::max(since, *record.release.at);
  if (record.notified_maintenance_end) since = std::max(since, *record.notified_maintenance_end);
  return since;
}

std::optional<Judged> judge_unseen(const Observed& o) {
  std::vector<std::string> names;
  for (const auto& [resource, why] : o.unseen) names.emplace_back(to_string(resource));
  if (o.alarm && !o.alarm->mutes_unseen.empty()) names.emplace_back("alarm-mute");
  if (names.empty()) return std::nullopt;
  return Judged{State::unknown, "not all of the guard can be seen from here: " + join(names, ", "),
                std::nullopt};
}

Judged judge_unlatched(const Observed& o, const Record& record,
                       const std::vector<Difference>& found, Instant now) {
  const auto broken =
      std::find_if(found.begin(), found.end(), [](const Difference& d) { return d.breaks; });
  const auto blind = judge_unseen(o);
  if (!anything_there(o))
    return blind ? *blind : Judged{State::not_deployed, "there is no guard", std::nullopt};
  if (auto drift = judge_drift(o, record, now)) return *drift;
  const bool chain_broken =
      std::any_of(found.begin(), found.end(), [](const Difference& d) { return d.breaks; });
  if (!chain_broken)
    if (auto released = judge_release(o, record, now)) return *released;
  if (auto failing = judge_failure(o, record, chain_broken, now)) return *failing;
  const bool missing = std::any_of(found.begin(), found.end(), [](const Difference& d) {
    return d.breaks && d.kind == Difference::Kind::missing;
  });
  if (missing) return {State::partial, broken->what + ": " + broken->why, std::nullopt};
  if (!o.alarm) return *blind;  // missing, it would be a difference
  if (muted(o))
    return {State::partial, "not armed: an alarm mute rule mutes the alarm's actions",
            std::nullopt};
  if (!o.alarm->snapshot.actions_enabled || o.alarm->snapshot.state != AlarmState::ok ||
      !o.alarm->snapshot.from_data)
    return {State::partial,
            o.alarm->snapshot.actions_enabled ? "the alarm has seen no healthy Primary yet"
                                              : "not armed: the alarm's actions are off",
            std::nullopt};
  if (broken != found.end())
    return {State::drifted, broken->what + ": " + broken->why, std::nullopt};
  if (record.original_path && o.check->path.value_or("") != *record.original_path)
    return {State::drifted,
            "the path of the health check is " + o.check->path.value_or("not set") + ", and was " +
                *record.original_path,
            changed_at(o)};
  if (blind) return *blind;
  return {State::armed, "armed", armed_since(o, record)};
}
}  // namespace

Record record_of(const Observed& o) {
  return read_record(o.function ? o.function->environment : Texts{},
                     o.notify_topic ? o.notify_topic->tags : Texts{});
}

Situation situation_of(const Observed& o) {
  ENSURE(o.check.has_value(), "there is no health check to judge");
  Situation s{*o.check, std::nullopt, record_of(o), {o.healthy, o.status_minutes, o.probes_fail}};
  if (o.alarm) s.alarm = o.alarm->snapshot;
  return s;
}

bool overwrites_planned(const Observed& o) {
  return o.function && o.function->runtime.starts_with("python");
}

std::string_view to_string(State state) {
  static constexpr std::array<std::string_view, 12> names = {"not-deployed",
                                                             "partial",
                                                             "armed",
                                                             "maintenance",
                                                             "tripped",
                                                             "switched-over",
                                                             "unlatched-but-unhealthy",
                                                             "latched-without-guard",
                                                             "drifted",
                                                             "failing-over",
                                                             "switching-back",
                                                             "unknown"};
  return names[static_cast<std::size_t>(state)];
}

int exit_code(State state) {
  switch (state) {
    case State::armed:
      return 0;
    case State::unknown:
      return 5;
    case State::failing_over:
      return 21;
    case State::switching_back:
      return 22;
    default:
      return 10 + static_cast<int>(state);
  }
}

int graver(int a, int b) {
  const auto weight = [](int code) {
    return code == exit_code(State::failing_over) || code == exit_code(State::switching_back)
               ? 1
               : 10 * code;
  };
  return weight(a) >= weight(b) ? a : b;
}

bool Assessment::sound() const {
  return std::all_of(links.begin(), links.end(), [](const Link& l) {
    return l.health == Health::ok || l.health == Health::off;
  });
}

Assessment assess(const Plan& plan, const Observed& observed, Instant now) {
  Assessment result;
  const auto found = differences(plan, observed);
  if (observed.check)
    link(result.links, "health-check", true, "", "");
  else
    link(result.links, "health-check", false, "the health check does not exist (any more)",
         "sitelatch destroy " + plan.settings.health_check_id);
  if (anything_there(observed)) {
    auto resources = links_of_resources(plan, observed, found);
    result.links.insert(result.links.end(), resources.begin(), resources.end());
    add_function_links(plan, observed, now, result.links);
    add_mute_links(observed, result.links);
    add_people_link(plan, observed, result.links);
    add_delivery_links(observed, result.links);
  }
  if (!observed.check && !observed.check_unseen.empty()) {
    result.links.front() = {Health::unknown, "health-check", observed.check_unseen, ""};
    result.state = State::unknown;
    result.sentence = "the health check cannot be seen from here";
    return result;
  }
  if (!observed.check) {
    const bool there = anything_there(observed);
    result.state = there ? State::drifted : State::not_deployed;
    result.sentence = there ? "the health check is gone; the guard has nothing to hold"
                            : "there is neither a health check nor a guard";
    return result;
  }
  const auto record = record_of(observed);
  auto judged = latched(*observed.check) ? judge_latched(observed, record, now)
                                         : judge_unlatched(observed, record, found, now);
  result.state = judged.state;
  result.sentence = std::move(judged.sentence);
  result.since = judged.since;
  return result;
}

}  // namespace sitelatch::guard
