// SPDX-License-Identifier: Apache-2.0
// The metric alarms of all regions: kept (journal: cloudwatch.alarms, <region>/<name> -> JSON),
// evaluated, and changed.
//
//   INSUFFICIENT_DATA  <->  OK  <->  ALARM  (<-> INSUFFICIENT_DATA)      by evaluation or
//                      SetAlarmState
//
// A change writes the alarm, a StateUpdate, and for each action of the new state (if actions are
// enabled) its dispatch and an Action, all in one journal batch. No change, no write.
// PutMetricAlarm on an existing alarm changes no state. Every alarm is evaluated once a minute
// (periods below a minute: every 10 s) at an offset of its own, and looks at completed minutes only
// (fact cloudwatch-12).
#pragma once

#include <map>
#include <memory>
#include <string>

#include "aws/wire/error.h"
#include "ports/entropy.h"
#include "ports/journal.h"
#include "ports/timers.h"
#include "services/cloudwatch/action_runner.h"
#include "services/cloudwatch/alarm.h"
#include "services/cloudwatch/alarm_actions.h"
#include "services/cloudwatch/alarm_history.h"
#include "services/cloudwatch/alarm_message.h"
#include "services/cloudwatch/conditions.h"
#include "services/cloudwatch/evaluation.h"
#include "services/cloudwatch/metric_store.h"
#include "services/cloudwatch/mute_book.h"

namespace sitelatch::cloudwatch {

class AlarmBook {
 public:
  struct Ports {
    ports::Journal& journal;
    ports::Timers& timers;
    ports::Entropy& entropy;
    AlarmActions& actions;
    const Conditions* conditions = nullptr;  // null: the default ones
    const MuteBook* mutes = nullptr;         // null: nothing is muted
  };
  AlarmBook(Ports ports, const MetricStore& metrics, AlarmHistory& history, std::string account);
  AlarmBook(const AlarmBook&) = delete;
  AlarmBook& operator=(const AlarmBook&) = delete;

  // Creates, or overwrites the configuration of what is there; its state, tags and times stay.
  void put(MetricAlarm configuration);
  const MetricAlarm* find(std::string_view region, std::string_view name) const;
  bool erase(std::string_view region, std::string_view name);
  // By name from `after` on (exclusive; empty: from the start), until the visitor answers false.
  void visit(std::string_view region, std::string_view after,
             const std::function<bool(const MetricAlarm&)>& visit) const;

  std::map<State, std::size_t> by_state() const;  // how many, of all regions

  // What the metric's completed periods say by these settings, whatever state any alarm is in; for
  // who rests on a metric without being an alarm.
  Verdict judge(const MetricAlarm& settings, Instant now) const;

  struct NewState {
    State state = State::ok;
    std::string reason;
    std::optional<std::string> reason_data;
  };
  void set_state(std::string_view region, std::string_view name, NewState to);
  void enable_actions(std::string_view region, std::string_view name, bool enabled);
  void set_tags(std::string_view region, std::string_view name, aws::Tags tags);
  // No rule mutes it any more: it acts if its state is not what it was when it was muted.
  void unmute(const std::string& region, const std::string& name);

  // Who is told of every change of a state, after its actions.
  using Changed = std::function<void(const AlarmBasics& alarm, State before)>;
  void on_change(Changed changed) { changed_ = std::move(changed); }

 private:
  struct Entry {
    MetricAlarm alarm;
    ports::Timer evaluation;
  };
  Entry* entry(std::string_view region, std::string_view name);
  void load();
  void write(const MetricAlarm& alarm);
  void schedule(Entry& entry);
  void evaluate_now(Entry& entry);
  std::vector<Datapoint> slots(const MetricAlarm& alarm, Instant end) const;
  std::vector<Datapoint> slots_of_queries(const MetricAlarm& alarm, Instant end,
                                          std::size_t range) const;
  bool too_few_samples(const MetricAlarm& alarm, const Verdict& verdict) const;
  void change_state(Entry& entry, NewState to);
  void act(const MetricAlarm& alarm, const StateBefore& before, Muted muted = Muted::no);
  void announce_change(const MetricAlarm& alarm, std::string_view operation,
                       const MetricAlarm* previous);

  Ports ports_;
  const MetricStore& metrics_;
  AlarmHistory& history_;
  std::string account_;
  ActionRunner runner_;
  Changed changed_;
  std::map<std::string, std::unique_ptr<Entry>, std::less<>> entries_;  // by "<region>/<name>"
};

// When an alarm is next looked at after `now`; the offset within its interval depends on its ARN
// alone.
Instant next_evaluation(const MetricAlarm& alarm, Instant now);

}  // namespace sitelatch::cloudwatch
