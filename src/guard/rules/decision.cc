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

// How long between a release's record and its check (bounded by guard/apply/change.cc).
constexpr auto longest_release = std::chrono::minutes{2};

bool in_release_window(const Record& record, Instant now) {
  return record.release.at && now < *record.release.at + record.release.window;
}

// Chosen: longer than CloudWatch and SNS take on a bad day, shorter than what Lambda and SNS retry.
constexpr auto evidence_is_fresh = std::chrono::minutes{15};

bool healthy_for_long(const Situation& s, Instant now) {
  return s.alarm && s.alarm->state == AlarmState::ok &&
         s.alarm->transitioned_at + evidence_is_fresh <= now;
}

// The release is written and the check comes next. After that a latch that is still there is a
// release that was not made: the command was killed in between.
bool release_under_way(const Record& record, Instant now) {
  return record.release.at && now < *record.release.at + longest_release;
}

// Had CloudWatch given this evidence when the last release was made?
bool older_than_release(const Record& record, Instant evidence) {
  if (record.release.alarm_seen) return evidence <= *record.release.alarm_seen + same_transition;
  return record.release.at && evidence <= *record.release.at;
}

bool maintenance_is_over(const Record& record, Instant now) {
  return record.maintenance && !record.in_maintenance(now);
}

bool unhealthy_by_alarm(const Situation& s) {
  return s.alarm && s.alarm->state == AlarmState::alarm;
}

// A failure of before the freeze, whose alarm came late: Backup had served already, and the freeze
// gave DNS back to Primary.
bool failed_before_freeze(const Record& record, const std::optional<Instant>& oldest_data) {
  return record.maintenance && oldest_data && *oldest_data < record.maintenance->since;
}

// A maintenance excuses an alarm only while the check is frozen: else DNS has moved, and a Primary
// that comes back would serve.
bool excused_by_maintenance(const Situation& s, const std::optional<Instant>& oldest_data,
                            Instant now) {
  return s.record.in_maintenance(now) && frozen_healthy(s.check) &&
         !failed_before_freeze(s.record, oldest_data);
}

bool end_was_told(const Record& record) {
  return record.notified_maintenance_end &&
         unix_ms(*record.notified_maintenance_end) >= unix_ms(record.maintenance->until);
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
  if (s.record.latched_in_this_release() || release_under_way(s.record, now)) return std::nullopt;
  auto change = note_only(s);
  change.record.latch_note =
      LatchNote{s.record.release.number, now, LatchedBy::found, planned_latch(s), ""};
  change.says = "noted a latch that the guard did not set";
  return change;
}

Verdict keeps_latch(const Situation& s, Instant now) {
  auto kept =
      planned_latch(s)
          ? verdict(Verdict::Kind::kept_planned,
                    "a planned switch-over is in force; it is not overwritten")
          : verdict(Verdict::Kind::already_latched,
                    "latched already (" + std::string{to_string(latch_on(s.check).value)} + ")");
  kept.change = note_of_found_latch(s, now);
  // Told once, with its note: it may be our own, whose answer got lost (docs/facts/guard.md).
  kept.tell = kept.change.has_value();
  return kept;
}

Verdict latches_again(const Situation& s, Instant now) {
  auto again = verdict(Verdict::Kind::latch_again,
                       "latched in release " + std::to_string(s.record.release.number) +
                           ", but the health check no longer shows it: somebody undid it. Primary "
                           "may have served since, at most for a minute where the schedule runs");
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

std::string alarm_words(const Situation& s) {
  if (!s.alarm) return "there is no alarm";
  return "the alarm is " + std::string{to_string(s.alarm->state)} +
         (s.alarm->actions_enabled ? "" : ", its actions are off");
}

// Since the last release.
std::optional<Instant> recent_failure(const Situation& s, Instant now) {
  const auto quarter_of_an_hour_ago = now - std::chrono::minutes{15};
  const auto since = s.record.release.at ? std::max(*s.record.release.at + s.record.release.window,
                                                    quarter_of_an_hour_ago)
                                         : quarter_of_an_hour_ago;
  return s.health.minutes ? last_failure(*s.health.minutes, since) : std::nullopt;
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
  static constexpr std::array<std::string_view, 10> names = {
      "latch",        "latch-again",    "end-freeze",     "note",          "already-latched",
      "kept-planned", "in-maintenance", "older-evidence", "late-evidence", "nothing-to-do"};
  return names[static_cast<std::size_t>(kind)];
}

Verdict on_alarm(const Situation& s, const Evidence& evidence, Instant now) {
  if (latched(s.check)) return keeps_latch(s, now);
  if (s.record.latched_in_this_release()) return latches_again(s, now);
  const auto& maintenance = s.record.maintenance;
  if (excused_by_maintenance(s, evidence.oldest_data, now))
    return verdict(Verdict::Kind::in_maintenance,
                   "in maintenance until " + iso8601_seconds(maintenance->until));
  if (maintenance_is_over(s.record, now) && evidence.at >= maintenance->since &&
      evidence.at < maintenance->until && !failed_before_freeze(s.record, evidence.oldest_data))
    return verdict(Verdict::Kind::in_maintenance, "it happened in the maintenance that ended at " +
                                                      iso8601_seconds(maintenance->until) +
                                                      "; if it lasts, the next minute latches");
  if (older_than_release(s.record, evidence.at))
    return verdict(Verdict::Kind::older_evidence, "the alarm of " + iso8601_ms(evidence.at) +
                                                      " is older than release " +
                                                      std::to_string(s.record.release.number));
  if (needs_alarm(evidence, now) && healthy_for_long(s, now)) {
    auto late = verdict(Verdict::Kind::late_evidence,
                        "the alarm of " + iso8601_ms(evidence.at) + " came only at " +
                            iso8601_seconds(now) + ", and the alarm has been OK since " +
                            iso8601_ms(s.alarm->transitioned_at) +
                            ": Primary has served since and was not latched; Backup served for a "
                            "while before");
    late.tell = true;
    return late;
  }
  return latches(s, LatchedBy::alarm,
                 "Primary is unhealthy by the alarm of " + iso8601_ms(evidence.at), now);
}

Verdict on_relay(const Situation& s, const RelayEvidence& evidence, Instant now) {
  if (latched(s.check)) {
    auto kept = keeps_latch(s, now);
    kept.change.reset();
    kept.tell = false;
    return kept;
  }
  if (s.record.latched_in_this_release()) return latches_again(s, now);
  if (excused_by_maintenance(s, std::nullopt, now))
    return verdict(Verdict::Kind::in_maintenance,
                   "in maintenance until " + iso8601_seconds(s.record.maintenance->until));
  if (s.alarm ? !s.alarm->actions_enabled : !evidence.alarm_unseen)
    return verdict(Verdict::Kind::nothing_to_do,
                   evidence.why + ", but the guard is not armed: " +
                       (s.alarm ? "the alarm's actions are off" : "there is no alarm"));
  const auto& release = s.record.release;
  if (in_release_window(s.record, now) && evidence.came_back_in != release.number &&
      !(s.health.minutes && fell_again(*s.health.minutes, *release.at)))
    return verdict(Verdict::Kind::older_evidence,
                   evidence.why + ": as before release " + std::to_string(release.number) +
                       ", after which Primary has not been seen yet");
  return latches(s, LatchedBy::relay, evidence.why, now);
}

Verdict on_tick(const Situation& s, Instant now) {
  const bool to_tell = maintenance_is_over(s.record, now) && !end_was_told(s.record);
  if (latched(s.check)) return to_tell ? tells_maintenance_end(s, now) : keeps_latch(s, now);
  if (s.record.latched_in_this_release()) return latches_again(s, now);
  if (excused_by_maintenance(
          s, unhealthy_by_alarm(s) ? s.alarm->oldest_data : std::optional<Instant>{}, now))
    return verdict(Verdict::Kind::in_maintenance,
                   "in maintenance until " + iso8601_seconds(s.record.maintenance->until));

  const bool unhealthy = unhealthy_by_alarm(s);
  // An alarm that has stayed in ALARM beyond a release's window is news: it was evaluated again
  // every minute. Within the window a Primary that came back and failed again is. Armed is what the
  // alarm's actions say: a guard that deploy has not armed yet, or that people have switched off,
  // latches nothing anew by the back door of its schedule. (What it latched before, it holds.)
  const bool armed = s.alarm && s.alarm->actions_enabled;
  const bool news = unhealthy && armed &&
                    (!older_than_release(s.record, s.alarm->transitioned_at) ||
                     !in_release_window(s.record, now));
  if (news)
    return latches(s, LatchedBy::reconcile,
                   "Primary is unhealthy (in ALARM since " + iso8601_ms(s.alarm->transitioned_at) +
                       ") and was not latched",
                   now);
  const auto fell = unhealthy && armed && s.health.minutes && s.record.release.at
                        ? fell_again(*s.health.minutes, *s.record.release.at)
                        : std::optional<Instant>{};
  if (fell)
    return latches(s, LatchedBy::reconcile,
                   "Primary became healthy after release " +
                       std::to_string(s.record.release.number) + " and failed again at " +
                       iso8601_seconds(*fell),
                   now);
  if (to_tell || left_frozen(s, now)) return tells_maintenance_end(s, now);
  if (unhealthy && !armed)
    return verdict(Verdict::Kind::nothing_to_do,
                   "Primary is unhealthy, but the guard is not armed: the alarm's actions are off");
  if (unhealthy)
    return verdict(Verdict::Kind::older_evidence,
                   "the alarm has been in ALARM since before release " +
                       std::to_string(s.record.release.number));
  if (s.record.in_maintenance(now))
    return verdict(Verdict::Kind::nothing_to_do,
                   "in maintenance until " + iso8601_seconds(s.record.maintenance->until) +
                       ", but the health check is not frozen: an alarm latches");
  if (!s.alarm) return verdict(Verdict::Kind::nothing_to_do, "there is no alarm to go by");
  if (frozen_healthy(s.check))
    return verdict(
        Verdict::Kind::nothing_to_do,
        "the health check is Disabled by somebody else: it counts as healthy whatever happens");
  return verdict(Verdict::Kind::nothing_to_do,
                 "the alarm is " + std::string{to_string(s.alarm->state)});
}

Verdict on_reconcile(const Situation& s, Instant now) {
  auto verdict = on_tick(s, now);
  if (verdict.change || latched(s.check) || verdict.kind == Verdict::Kind::in_maintenance)
    return verdict;
  const auto trip =
      "; to latch it all the same: sitelatch trip " + s.check.id + " --reason \"...\"";
  const bool unhealthy = s.health.now == false || (!s.health.now && unhealthy_by_alarm(s));
  if (unhealthy && in_release_window(s.record, now)) {
    verdict.why = "Route 53 finds Primary unhealthy; release " +
                  std::to_string(s.record.release.number) + " gives it until " +
                  iso8601_seconds(*s.record.release.at + s.record.release.window) + trip;
    return verdict;
  }
  if (unhealthy)
    return latches(s, LatchedBy::reconcile,
                   s.health.now ? "Route 53 finds Primary unhealthy, and it was not latched (" +
                                      alarm_words(s) + ")"
                                : "Primary is unhealthy by its alarm, and it was not latched",
                   now);
  if (!s.health.now) {
    verdict.why =
        "it cannot be seen whether Route 53 finds Primary healthy (" + alarm_words(s) + ")" + trip;
  } else if (s.health.probes_fail) {
    verdict.why =
        "the last probes of Primary by Route 53's checkers failed, and its metric does not show it "
        "yet: in a minute this command decides by it" +
        trip;
  } else if (unhealthy_by_alarm(s)) {
    verdict.why =
        "Route 53 finds Primary healthy again, and the alarm is still in ALARM: Backup "
        "may have served" +
        trip;
  } else if (const auto failed = recent_failure(s, now)) {
    verdict.why = "Primary is healthy again; it was not at " + iso8601_seconds(*failed) +
                  ", and Backup may have served" + trip;
  }
  return verdict;
}

bool needs_alarm(const Evidence& evidence, Instant now) {
  return evidence.at + evidence_is_fresh < now;
}

bool needs_status_minutes(const Situation& s, Instant now) {
  return !latched(s.check) && unhealthy_by_alarm(s) && in_release_window(s.record, now);
}

bool needs_status_minutes(const Situation& s, const RelayEvidence& evidence, Instant now) {
  return !latched(s.check) && in_release_window(s.record, now) &&
         evidence.came_back_in != s.record.release.number;
}

Instant decision_time(Instant ours, const Event& event) {
  return event.time ? std::max(ours, *event.time) : ours;
}

}  // namespace sitelatch::guard
