// SPDX-License-Identifier: Apache-2.0
// The composite alarms of all regions: kept (journal: cloudwatch.composites, <region>/<name> ->
// JSON), evaluated whenever an alarm that their rules name changes its state, in the same journal
// batch, and held back by their suppressors:
//
//   acting --change, suppressor in ALARM--> by Alarm --suppressor leaves ALARM--> ExtensionPeriod
//   acting --change--> WaitPeriod --over--> acts         ExtensionPeriod --over--> acts
//   any --suppressor to ALARM--> by Alarm                either period --change--> WaitPeriod anew
//
// What a held-back alarm owes is the actions of the state that it is in when nothing holds it back
// any more, if its state changed in between. Alarms in a circle are not evaluated (facts
// cloudwatch-33 to 37).
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "services/cloudwatch/action_runner.h"
#include "services/cloudwatch/alarm_book.h"
#include "services/cloudwatch/composite_alarm.h"

namespace sitelatch::cloudwatch {

class CompositeBook {
 public:
  CompositeBook(AlarmBook::Ports ports, AlarmBook& alarms, AlarmHistory& history,
                std::string account);
  CompositeBook(const CompositeBook&) = delete;
  CompositeBook& operator=(const CompositeBook&) = delete;

  // Creates, or overwrites the configuration of what is there, and evaluates.
  void put(CompositeAlarm configuration);
  const CompositeAlarm* find(std::string_view region, std::string_view name) const;
  bool erase(std::string_view region, std::string_view name);
  // By name from `after` on (exclusive; empty: from the start), until the visitor answers false.
  void visit(std::string_view region, std::string_view after,
             const std::function<bool(const CompositeAlarm&)>& visit) const;
  // The composite alarms whose rules (or suppressors) name this alarm, by name.
  std::set<std::string> parents(std::string_view region, std::string_view name) const;
  std::set<std::string> dependents(std::string_view region, std::string_view name) const;

  void set_state(std::string_view region, std::string_view name, AlarmBook::NewState to);
  void enable_actions(std::string_view region, std::string_view name, bool enabled);
  void set_tags(std::string_view region, std::string_view name, aws::Tags tags);
  void unmute(const std::string& region, const std::string& name);

 private:
  struct Entry {
    CompositeAlarm alarm;
    ports::Timer suppression;  // the end of a period
    bool in_circle = false;    // as of this generation
    std::uint64_t generation = 0;
  };
  struct Change {
    std::string region, name;
    State before;
  };
  Entry* entry(std::string_view region, std::string_view name);
  void load();
  void index(const CompositeAlarm& alarm, bool there);
  void write(const CompositeAlarm& alarm) const;
  void announce_change(const CompositeAlarm& alarm, std::string_view operation,
                       const CompositeAlarm* previous);
  // The alarm behind a reference, of either type; nullptr: none.
  const AlarmBasics* referred(const CompositeAlarm& by, const std::string& reference) const;
  bool in_circle(Entry& entry) const;

  void alarm_changed(const AlarmBasics& changed, State before);
  void tell(const Change& change);
  void evaluate(Entry& entry, const std::string& cause, const AlarmBasics* child);
  void change_state(Entry& entry, AlarmBook::NewState to, std::vector<TriggeringAlarm> triggering);
  bool hold_back(Entry& entry);
  void suppressor_changed(Entry& entry, State now, State before);
  void wait_until(Entry& entry, SuppressedBy by, std::int64_t seconds);
  void release(Entry& entry);
  StateBefore as_it_stands(const CompositeAlarm& alarm) const;
  void act(Entry& entry, const StateBefore& before, Muted muted = Muted::no);

  AlarmBook::Ports ports_;
  AlarmBook& alarms_;
  AlarmHistory& history_;
  std::string account_;
  ActionRunner runner_;
  std::map<std::string, std::unique_ptr<Entry>, std::less<>> entries_;  // by "<region>/<name>"
  // Names of composite alarms by "<region>/<name>" of an alarm in their rules, or that holds them
  // back.
  std::map<std::string, std::set<std::string>, std::less<>> parents_, suppressed_;
  // One change of a state after the other, however long the chain of alarms is.
  std::deque<Change> changes_;
  std::uint64_t generation_ = 1;  // of the rules: whatever was updated may have closed a circle
};

}  // namespace sitelatch::cloudwatch
