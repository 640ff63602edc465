// SPDX-License-Identifier: Apache-2.0
#include "guard/rules/decision.h"

#include <algorithm>
#include <array>

#include "guard/rules/latch_notes.h"

namespace sitelatch::guard {
namespace {
// CloudWatch's own spellings of one transition may differ by milliseconds; two transitions of a
// minute's alarm do not.
constexpr auto same_transition = std::chrono::seconds{1};

bool in_release_window(const Record& record, Instant now) {
  return record.release.at && now < *record.release.at + record.release.window;
}

// Had CloudWatch given this evidence when the last release was made?
bool older_than_release(const Record& record, Instant evidence) {
  if (record.release.alarm_seen) return evidence <= *record.release.alarm_seen + same_transition;
  return record.release.at && evidence <= *record.release.at;
}

bool maintenance_is_over(const Record& record, Instant now) {
  return record.maintenance && !record.in_maintenance(now);
}

bool end_was_told(const Record& record) {
  return record.notified_maintenance_end &&
         unix_ms(*record.notified_maintenance_end) >= unix_ms(record.maintenance->until);
}

bool looks_planned(const Situation& s) {
  return latch_on(s.check).value == LatchValue::switched_over ||
         (s.record.latched_in_this_release() && s.record.latch_note->planned);
}

Verdict verdict(Verdict::Kind kind, std::string why) {
  return {kind, std::move(why), std::nullopt, false};
}

Change note_only(const Situation& s) {
  Change change;
  change.expected_version = s.check.version;
  change.record = s.record;
  return change;
}

// A latch that this release's record does not know: from now on whoever undoes it is undone. Not
// while a release is under way: it is written before the check changes.
std::optional<Change> note_of_found_latch(const Situation& s, Instant now) {
  if (s.record.latched_in_this_release() || in_release_window(s.record, now)) return std::nullopt;
  auto change = note_only(s);
  const bool planned = latch_on(s.check).value == LatchValue::switched_over;
  change.record.latch_note = LatchNote{s.record.release.number, now, LatchedBy::found, planned, ""};
  change.says = "noted a latch that the guard did not set";
  return change;
}

Verdict keeps_latch(const Situation& s, Instant now) {
  auto kept =
      looks_planned(s)
          ? verdict(Verdict::Kind::kept_planned,
                    "a planned switch-over is in force; it is not overwritten")
          : verdict(Verdict::Kind::already_latched,
                    "latched already (" + std::string{to_string(latch_on(s.check).value)} + ")");
  kept.change = note_of_found_latch(s, now);
  return kept;
}

Verdict latches_again(const Situation& s, Instant now) {
  auto again = verdict(Verdict::Kind::latch_again,
                       "latched in release " + std::to_string(s.record.release.number) +
                           ", but the health check no longer shows it: somebody undid it");
  again.change = latch_change(s, s.record.latch_note->planned, LatchedBy::relatch, now);
  // Backup's maintenance goes on: it promises that Backup serves.
  again.change->record.maintenance = s.record.maintenance;
  again.change->says = again.why;
  again.tell = true;
  return again;
}

Verdict latches(const Situation& s, LatchedBy by, std::string why, Instant now) {
  auto latch = verdict(Verdict::Kind::latch, std::move(why));
  latch.change = latch_change(s, false, by, now);
  // The window is over where this can happen; it stays as history that the function cannot write
  // anyway.
  latch.change->record.maintenance = s.record.maintenance;
  latch.change->says = latch.why;
  latch.tell = true;
  return latch;
}

// Told, but still frozen: somebody was cut off between the two. Long after, it is somebody else's
// doing.
bool left_frozen(const Situation& s, Instant now) {
  return maintenance_is_over(s.record, now) && frozen_healthy(s.check) &&
         s.record.maintenance->keep == Keep::primary &&
         now < s.record.maintenance->until + std::chrono::hours{24};
}

// Once told, the end of a maintenance is not told again.
Verdict tells_maintenance_end(const Situation& s, Instant now) {
  const bool frozen = left_frozen(s, now);
  auto over = verdict(frozen ? Verdict::Kind::end_freeze : Verdict::Kind::note,
                      "the maintenance that was to end at " +
                          iso8601_seconds(s.record.maintenance->until) + " is over");
  over.change = note_only(s);
  over.change->order = Order::check_then_record;
  if (frozen) {
    over.change->check.disabled = false;
    over.why += "; the health check is no longer frozen as healthy";
  } else if (latched(s.check)) {
    over.why += "; Backup keeps serving until somebody switches back";
    if (auto found = note_of_found_latch(s, now))
      over.change->record.latch_note = found->record.latch_note;
  } else {
    over.why += "; the guard is in service again";
  }
  over.change->record.notified_maintenance_end = s.record.maintenance->until;
  over.change->says = over.why;
  over.tell = true;
  return over;
}
}  // namespace

std::string_view to_string(Verdict::Kind kind) {
  static constexpr std::array<std::string_view, 9> names = {
      "latch",        "latch-again",    "end-freeze",     "note",         "already-latched",
      "kept-planned", "in-maintenance", "older-evidence", "nothing-to-do"};
  return names[static_cast<std::size_t>(kind)];
}

Verdict on_alarm(const Situation& s, const Evidence& evidence, Instant now) {
  if (latched(s.check)) return keeps_latch(s, now);
  if (s.record.latched_in_this_release()) return latches_again(s, now);
  const auto& maintenance = s.record.maintenance;
  if (s.record.in_maintenance(now))
    return verdict(Verdict::Kind::in_maintenance,
                   "in maintenance until " + iso8601_seconds(maintenance->until));
  if (maintenance && evidence.at >= maintenance->since && evidence.at < maintenance->until)
    return verdict(Verdict::Kind::in_maintenance, "it happened in the maintenance that ended at " +
                                                      iso8601_seconds(maintenance->until) +
                                                      "; if it lasts, the next minute latches");
  if (older_than_release(s.record, evidence.at))
    return verdict(Verdict::Kind::older_evidence, "the alarm of " + iso8601_ms(evidence.at) +
                                                      " is older than release " +
                                                      std::to_string(s.record.release.number));
  return latches(s, LatchedBy::alarm,
                 "Primary is unhealthy by the alarm of " + iso8601_ms(evidence.at), now);
}

Verdict on_tick(const Situation& s, Instant now) {
  const bool to_tell = maintenance_is_over(s.record, now) && !end_was_told(s.record);
  if (latched(s.check)) return to_tell ? tells_maintenance_end(s, now) : keeps_latch(s, now);
  if (s.record.latched_in_this_release()) return latches_again(s, now);
  if (s.record.in_maintenance(now))
    return verdict(Verdict::Kind::in_maintenance,
                   "in maintenance until " + iso8601_seconds(s.record.maintenance->until));

  const bool unhealthy = s.alarm && s.alarm->state == AlarmState::alarm;
  // An alarm that has stayed in ALARM beyond a release's window is news: it was evaluated again
  // every minute. Armed is what the alarm's actions say: a guard that deploy has not armed yet, or
  // that people have switched off, latches nothing anew by the back door of its schedule. (What it
  // latched before, it holds.)
  const bool armed = s.alarm && s.alarm->actions_enabled;
  const bool news = unhealthy && armed &&
                    (!older_than_release(s.record, s.alarm->transitioned_at) ||
                     !in_release_window(s.record, now));
  if (news)
    return latches(s, LatchedBy::reconcile,
                   "Primary is unhealthy (in ALARM since " + iso8601_ms(s.alarm->transitioned_at) +
                       ") and was not latched",
                   now);
  if (to_tell || left_frozen(s, now)) return tells_maintenance_end(s, now);
  if (unhealthy && !armed)
    return verdict(Verdict::Kind::nothing_to_do,
                   "Primary is unhealthy, but the guard is not armed: the alarm's actions are off");
  if (unhealthy)
    return verdict(Verdict::Kind::older_evidence,
                   "the alarm has been in ALARM since before release " +
                       std::to_string(s.record.release.number));
  if (!s.alarm) return verdict(Verdict::Kind::nothing_to_do, "there is no alarm to go by");
  if (frozen_healthy(s.check))
    return verdict(
        Verdict::Kind::nothing_to_do,
        "the health check is Disabled by somebody else: it counts as healthy whatever happens");
  return verdict(Verdict::Kind::nothing_to_do,
                 "the alarm is " + std::string{to_string(s.alarm->state)});
}

Instant decision_time(Instant ours, const Event& event) {
  return event.time ? std::max(ours, *event.time) : ours;
}

}  // namespace sitelatch::guard
