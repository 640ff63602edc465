// SPDX-License-Identifier: Apache-2.0
#include "console/story.h"

#include <algorithm>

#include "base/text.h"

namespace sitelatch::console {
namespace {

using guard::AuditEntry;

// Of a failure a little of what was before it: the alarm comes minutes after its cause.
constexpr auto before_latch = std::chrono::minutes{15};

bool is_latch(const AuditEntry& entry) {
  return entry.action == "latch" || entry.action == "relatch" || entry.action == "trip" ||
         entry.action == "trip-planned" || entry.action == "latch-again";
}

Moment moment_of(const AuditEntry& entry) {
  Moment out{entry.at, "other", entry.action, Precision::exact};
  const auto by = entry.who.empty() ? std::string{} : " by " + who_in_short(entry.who);
  if (entry.action == "latch" || entry.action == "relatch")
    out = {entry.at, "latched", "Latched" + by, Precision::exact};
  else if (entry.action == "trip" || entry.action == "trip-planned")
    out = {entry.at, "latched",
           "Tripped by hand" + (entry.who.empty() ? "" : ", " + who_in_short(entry.who)),
           Precision::exact};
  else if (entry.action == "latch-again")
    out = {entry.at, "latched", "Latched again: Primary did not become healthy", Precision::exact};
  else if (entry.action == "switch-back")
    out = {entry.at, "released", "Switched back" + by, Precision::exact};
  else if (entry.action == "arm")
    out = {entry.at, "other", "Armed" + by, Precision::exact};
  else if (entry.action == "disarm")
    out = {entry.at, "other", "Disarmed for maintenance" + by, Precision::exact};
  if (entry.stage == "failed" || entry.stage == "refused") {
    out.kind = "other";
    out.words += " (" + entry.stage + ")";
  }
  return out;
}

// The failure itself, as well as it is known: the metric's first bad minute after a good one, and
// where it no longer reaches back so far the datapoint that the alarm shows.
void add_failures(const StoryParts& parts, std::vector<Moment>& out) {
  bool was_well = true;
  for (const auto& minute : parts.minutes) {
    if (minute.any_unhealthy && was_well)
      out.push_back(
          {minute.begins, "failed", "Route 53 finds Primary unhealthy", Precision::minute});
    was_well = minute.any_healthy && !minute.any_unhealthy;
  }
  for (const auto& change : parts.alarm) {
    if (change.to != "ALARM") continue;
    const auto oldest = guard::oldest_datapoint(change.reason);
    const bool known = oldest && std::any_of(out.begin(), out.end(), [&](const Moment& moment) {
                         return moment.kind == "failed" && moment.at <= *oldest &&
                                *oldest - moment.at < before_latch;
                       });
    if (oldest && !known)
      out.push_back({*oldest, "failed", "Route 53 finds Primary unhealthy", Precision::minute});
  }
}

void add_alarm(const StoryParts& parts, std::vector<Moment>& out) {
  for (const auto& change : parts.alarm)
    if (change.to == "ALARM")
      out.push_back({change.at, "alarm", "Alarm: tells the function", Precision::exact});
    else if (change.to == "OK" && change.from == "ALARM")
      out.push_back({change.at, "ok", "Alarm OK again", Precision::exact});
}

// Where the story begins: the failure (or the alarm) that the last latch came of, else the last
// failure.
std::optional<Instant> beginning(const std::vector<Moment>& moments) {
  const auto last_of = [&](std::string_view kind) -> std::optional<Instant> {
    std::optional<Instant> out;
    for (const auto& moment : moments)
      if (moment.kind == kind) out = moment.at;
    return out;
  };
  auto anchor = last_of("latched");
  if (const auto failed = last_of("failed"); failed && (!anchor || *failed > *anchor))
    anchor = failed;
  if (const auto moved = last_of("dns-backup"); moved && (!anchor || *moved > *anchor))
    anchor = moved;
  if (!anchor) return std::nullopt;
  // What was released before belongs to the story before.
  std::optional<Instant> released;
  for (const auto& moment : moments)
    if (moment.kind == "released" && moment.at < *anchor) released = moment.at;
  auto begins = *anchor;
  for (const auto& moment : moments) {
    if (released && moment.at <= *released) continue;
    const bool cause = moment.kind == "failed" || moment.kind == "alarm" ||
                       moment.kind == "dns-backup" || moment.kind == "latched";
    if (cause && moment.at <= *anchor && *anchor - moment.at <= before_latch)
      begins = std::min(begins, moment.at);
  }
  return begins;
}

}  // namespace

std::string_view to_string(Precision precision) {
  switch (precision) {
    case Precision::exact:
      return "exact";
    case Precision::minute:
      return "minute";
    case Precision::seen:
      return "seen";
  }
  return "exact";
}

std::vector<Moment> story_of(const StoryParts& parts) {
  std::vector<Moment> all;
  add_failures(parts, all);
  add_alarm(parts, all);
  for (const auto& entry : guard::without_answered(parts.audit))
    if (is_latch(entry) || entry.action == "switch-back" || entry.action == "arm" ||
        entry.action == "disarm")
      all.push_back(moment_of(entry));
  all.insert(all.end(), parts.sightings.begin(), parts.sightings.end());
  std::stable_sort(all.begin(), all.end(),
                   [](const Moment& a, const Moment& b) { return a.at < b.at; });
  const auto begins = beginning(all);
  if (!begins) return {};
  all.erase(std::remove_if(all.begin(), all.end(),
                           [&](const Moment& moment) { return moment.at < *begins; }),
            all.end());
  constexpr std::size_t most = 12;
  if (all.size() > most) all.erase(all.begin(), all.end() - most);
  return all;
}

std::string who_in_short(const std::string& arn) {
  if (arn == "function") return "the function";
  if (!arn.starts_with("arn:")) return arn;
  const auto parts = split(arn, ':');
  if (parts.size() < 6) return arn;
  const auto resource = std::string{parts[5]};
  if (resource == "root") return "the account's root";
  const auto pieces = split(resource, '/');
  if (pieces.size() < 2) return resource;
  if (pieces[0] == "assumed-role")
    return "role " + std::string{pieces[1]} +
           (pieces.size() > 2 ? " (" + std::string{pieces[2]} + ")" : "");
  return std::string{pieces[0]} + " " + std::string{pieces.back()};
}

}  // namespace sitelatch::console
