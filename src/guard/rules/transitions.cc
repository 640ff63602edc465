// SPDX-License-Identifier: Apache-2.0
#include "guard/rules/transitions.h"

#include "base/text.h"
#include "guard/rules/latch_notes.h"

namespace sitelatch::guard {
namespace {
constexpr auto longest_maintenance = std::chrono::hours{24 * 7};
constexpr auto alarm_settles = std::chrono::minutes{3};  // its period, twice, and the metric's lag
constexpr auto healthy_before_freeze = std::chrono::minutes{10};
constexpr auto cause_and_latch =
    std::chrono::minutes{2};  // from the ALARM that caused a latch to the latch

class Refusals {
 public:
  void add(std::string why) { all_.push_back({"", std::move(why)}); }
  void add_forcible(std::string name, std::string why, const std::set<std::string>& forced) {
    if (!forced.contains(name)) all_.push_back({std::move(name), std::move(why)});
  }
  bool any() const { return !all_.empty(); }
  std::vector<Refusal> take() { return std::move(all_); }

 private:
  std::vector<Refusal> all_;
};

std::string latch_words(const Check& check) {
  return "latched (" + std::string{to_string(latch_on(check).value)} + ")";
}

Change untouched(const Situation& s) {
  Change change;
  change.expected_version = s.check.version;
  change.record = s.record;
  return change;
}

bool undone(const Situation& s) { return s.record.latched_in_this_release() && !latched(s.check); }

void refuse_without_reason(std::string_view reason, Refusals& refusals) {
  if (trim(reason).empty())
    refusals.add("a reason is needed: it is what the next person on duty reads");
}

// What stands between this check and a guard that works, whoever put it there.
void refuse_foreign_settings(const Situation& s, Refusals& refusals) {
  const auto foreign = foreign_setting(s.check, s.record);
  if (foreign == ForeignSetting::inverted)
    refusals.add("the health check is Inverted by somebody else: it is healthy when Primary fails");
  if (foreign == ForeignSetting::disabled)
    refusals.add(
        "the health check is Disabled by somebody else: Route 53 counts it as healthy whatever "
        "happens");
}

// A check that is frozen already stays so: DNS names Primary as it is.
void refuse_to_freeze(const Situation& s, Instant now, Refusals& refusals) {
  if (s.alarm && s.alarm->state == AlarmState::alarm)
    refusals.add(
        "Primary is failing (the alarm is in ALARM): to freeze it as healthy would bring it back "
        "into DNS");
  if (frozen_healthy(s.check)) return;
  if (const auto why = doubt(s.health, now, healthy_before_freeze))
    refusals.add(*why + "; to freeze a Primary that has failed over would bring it back into DNS");
}
}  // namespace

bool planned_latch(const Situation& s) {
  return latch_on(s.check).value == LatchValue::switched_over ||
         (s.record.latched_in_this_release() && s.record.latch_note->planned);
}

std::optional<ForeignSetting> foreign_setting(const Check& check, const Record& record) {
  if (check.inverted) return ForeignSetting::inverted;
  const bool ours = record.maintenance && record.maintenance->keep == Keep::primary;
  if (check.disabled && !ours) return ForeignSetting::disabled;
  return std::nullopt;
}

std::optional<std::string> standing_refusal(const Situation& s) {
  if (latched(s.check)) return "the health check is latched";
  if (undone(s)) return "somebody undid the latch of this release";
  const auto foreign = foreign_setting(s.check, s.record);
  if (foreign == ForeignSetting::inverted) return "the health check is Inverted";
  if (foreign == ForeignSetting::disabled) return "the health check is Disabled";
  return std::nullopt;
}

std::optional<std::string> nowhere_to_write(const Change& change, const Record& before,
                                            const Places& places) {
  if (change.order != Order::record_then_check || change.record == before || places.topic)
    return std::nullopt;
  if (places.function && change.record.maintenance == before.maintenance) return std::nullopt;
  return std::string{places.function
                         ? "the guard has no notify topic, whose tags would say that a maintenance "
                           "is on"
                         : "the guard has neither a notify topic nor a function of its own, so "
                           "there is no place to write this down"} +
         ", and what is not written down the guard would undo or never end; deploy makes it first";
}

bool alarm_has_seen_latch(const Situation& s, Instant now) {
  if (!s.alarm || !latched(s.check)) return true;
  if (s.alarm->state != AlarmState::alarm) return false;
  const auto& note = s.record.latch_note;
  if (!note || now >= note->at + alarm_settles) return true;
  return s.alarm->from_data && note->by != LatchedBy::relatch &&
         s.alarm->transitioned_at >= note->at - cause_and_latch;
}

Transition trip(const Situation& s, const Trip& options, Instant now) {
  Refusals refusals;
  refuse_without_reason(options.reason, refusals);
  if (latched(s.check) && planned_latch(s) != options.planned)
    refusals.add("the health check is " + latch_words(s.check) + " already; it is left as it is");
  if (refusals.any()) return failure(refusals.take());
  // By whoever was faster, or by this command before it was cut off.
  if (latched(s.check)) {
    auto change = untouched(s);
    change.says = "the health check is " + latch_words(s.check) + " already";
    if (!s.record.latched_in_this_release())
      change.record.latch_note =
          LatchNote{s.record.release.number, now, LatchedBy::trip, options.planned, ""};
    return change;
  }
  auto change = latch_change(s, options.planned, LatchedBy::trip, now);
  change.says =
      options.planned ? "planned switch-over: Backup serves" : "tripped by hand: Backup serves";
  return change;
}

Transition latch_again(const Situation& s, std::string_view reason, Instant now) {
  if (latched(s.check)) {
    auto change = untouched(s);
    change.says = "the health check is " + latch_words(s.check) + " already";
    return change;
  }
  auto change = latch_change(s, false, LatchedBy::relatch, now);
  change.says = "latched again: " + std::string{reason};
  return change;
}

Transition disarm(const Situation& s, const Disarm& options, Instant now) {
  Refusals refusals;
  refuse_without_reason(options.reason, refusals);
  if (options.length <= Duration::zero() || options.length > longest_maintenance)
    refusals.add("a maintenance lasts more than nothing and at most 7 days");
  const bool extends_backup = options.keep == Keep::backup && s.record.in_maintenance(now) &&
                              s.record.maintenance->keep == Keep::backup;
  if (latched(s.check) && !extends_backup)
    refusals.add("the health check is " + latch_words(s.check) +
                 ": Backup serves, there is nothing to disarm; release it with switch-back");
  if (undone(s))
    refusals.add("somebody undid the latch of this release; reconcile or switch-back comes first");
  if (!latched(s.check) && !refusals.any()) refuse_foreign_settings(s, refusals);
  if (options.keep == Keep::backup && options.overwrites_planned && !latched(s.check))
    refusals.add(
        "this guard's function is the guide's Python: at the alarm that the switch-over itself "
        "raises it writes /lb-check-failed-over over the planned latch; deploy --function native "
        "first, or latch with trip and switch back afterwards");
  if (options.keep == Keep::primary && !latched(s.check)) refuse_to_freeze(s, now, refusals);
  if (refusals.any()) return failure(refusals.take());

  const Maintenance window{now, now + options.length, options.keep, options.reason};
  if (options.keep == Keep::backup) {
    auto change = latched(s.check) ? untouched(s) : latch_change(s, true, LatchedBy::trip, now);
    change.record.maintenance = window;
    change.says = "maintenance until " + iso8601_seconds(window.until) +
                  ": Backup serves (planned switch-over)";
    return change;
  }
  auto change = untouched(s);
  if (!s.check.disabled) change.check.disabled = true;
  change.record.maintenance = window;
  if (!change.record.original_path) change.record.original_path = s.check.path.value_or("");
  change.order = Order::record_then_check;
  change.says = "maintenance until " + iso8601_seconds(window.until) +
                ": Primary serves, the check is frozen as healthy";
  return change;
}

Transition arm(const Situation& s, const Arm& options, Instant now) {
  Refusals refusals;
  if (latched(s.check)) {
    refusals.add("the health check is " + latch_words(s.check) + ": release it with switch-back");
    return failure(refusals.take());
  }
  if (undone(s))
    refusals.add("somebody undid the latch of this release; reconcile or switch-back comes first");
  refuse_foreign_settings(s, refusals);
  if (!s.alarm)
    refusals.add("there is no alarm: the guard could not fire");
  else if (s.alarm->state != AlarmState::ok)
    refusals.add("the alarm is in " + std::string{to_string(s.alarm->state)} +
                 ": it acts on changes only, so it could not fire");
  else if (!s.alarm->from_data)
    refusals.add("the alarm is OK only for want of data: nobody knows whether it would fire");
  if (!options.healthy.has_value())
    refusals.add("it is not known whether Route 53 finds Primary healthy");
  else if (!*options.healthy)
    refusals.add("Route 53 finds Primary unhealthy: armed now, the guard would latch at once");
  if (!options.primary_answers.value_or(true))
    refusals.add_forcible("primary",
                          "Primary's own path does not answer 2xx or 3xx from here: armed now, "
                          "the guard would latch as soon as Route 53 finds that too",
                          options.force);
  if (refusals.any()) return failure(refusals.take());

  auto change = untouched(s);
  change.order = Order::record_then_check;
  if (s.check.disabled) change.check.disabled = false;
  if (s.record.in_maintenance(now)) {
    // Over, not gone: the tick frees a check that we leave frozen if we are cut off here.
    change.record.maintenance->until = now;
    change.record.notified_maintenance_end = now;
  }
  if (!change.record.original_path) change.record.original_path = s.check.path.value_or("");
  if (!s.alarm->actions_enabled) change.alarm_actions = true;
  const bool nothing = change.check.empty() && !change.alarm_actions && change.record == s.record;
  change.says = nothing ? "is armed already" : "armed";
  return change;
}

Transition switch_back(const Situation& s, const SwitchBack& options, Instant now) {
  Refusals refusals;
  refuse_without_reason(options.reason, refusals);
  const auto snapshot = latch_on(s.check);
  const auto original = s.record.path_to_restore();
  if (options.expected_version && *options.expected_version != s.check.version)
    refusals.add("the health check has changed since it was shown (version " +
                 std::to_string(s.check.version) + " now)");
  if (options.shown && !same_but_version(*options.shown, s.check))
    refusals.add("the health check has changed since it was shown (" + describe(*options.shown) +
                 "; now " + describe(s.check) + ")");
  if (options.expected_release && *options.expected_release != s.record.release.number)
    refusals.add("somebody else has released it meanwhile (release " +
                 std::to_string(s.record.release.number) + ")");
  if (!snapshot.effective && !undone(s))
    refusals.add("nothing is latched: there is nothing to switch back");
  if (snapshot.effective &&
      (snapshot.value == LatchValue::invalid_name || snapshot.value == LatchValue::no_quorum))
    refusals.add("the latch is " + std::string{to_string(snapshot.value)} +
                 ", which the guard did not set: it does not know what stood there before");
  if (!original)
    refusals.add("the original path is not known: deploy records it");
  else if (is_latch_path(*original))
    refusals.add("the recorded original path is a latch value (" + *original + ")");
  if (!options.primary_answers.value_or(false))
    refusals.add_forcible("primary",
                          options.primary_answers ? "Primary's own path does not answer 2xx or 3xx"
                                                  : "Primary's own path was not tried",
                          options.force);
  if (!options.checks_passed.value_or(true))
    refusals.add_forcible("checks", "a check did not pass", options.force);
  // Its next ALARM would otherwise be news in the new release, and latch at once.
  if (snapshot.effective && s.alarm && s.alarm->state != AlarmState::alarm)
    refusals.add_forcible("alarm",
                          "the alarm has not seen the latch yet (it is in " +
                              std::string{to_string(s.alarm->state)} +
                              "): its next ALARM would latch again",
                          options.force);
  if (snapshot.effective && options.dns_has_followed == false)
    refusals.add_forcible("dns",
                          "not every name server names Backup yet: the relay would take the end of "
                          "this latch for a new failover, and latch again",
                          options.force);
  if (refusals.any()) return failure(refusals.take());

  auto change = untouched(s);
  change.order = Order::record_then_check;
  change.exact_version = options.expected_version.has_value();
  change.check = releasing(s.check, *original);
  change.record.release = {s.record.release.number + 1, now, std::nullopt, options.window};
  if (s.alarm) change.record.release.alarm_seen = s.alarm->transitioned_at;
  change.record.maintenance.reset();
  change.record.latch_note.reset();
  change.says =
      "released (release " + std::to_string(change.record.release.number) + "): " + options.reason;
  return change;
}

std::optional<AlarmState> alarm_state(std::string_view text) {
  if (text == "OK") return AlarmState::ok;
  if (text == "ALARM") return AlarmState::alarm;
  if (text == "INSUFFICIENT_DATA") return AlarmState::insufficient_data;
  return std::nullopt;
}

std::string_view to_string(AlarmState state) {
  switch (state) {
    case AlarmState::ok:
      return "OK";
    case AlarmState::alarm:
      return "ALARM";
    case AlarmState::insufficient_data:
      return "INSUFFICIENT_DATA";
  }
  return "";
}

bool from_real_data(std::string_view reason) {
  // Facts cloudwatch-16 and cloudwatch-31: "Threshold Crossed: 1 datapoint [1.0 (12/02/19
  // 15:44:00)] was not less than ..."; without data "no datapoints were received for ...".
  // "Unchecked: Initial alarm creation" and texts of SetAlarmState rest on none.
  return reason.starts_with("Threshold Crossed:") && reason.find(" datapoint") != reason.npos &&
         reason.find('[') != reason.npos &&
         reason.find("no datapoints were received") == reason.npos;
}

}  // namespace sitelatch::guard
