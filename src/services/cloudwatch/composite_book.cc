// SPDX-License-Identifier: Apache-2.0
#include "services/cloudwatch/composite_book.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/check.h"
#include "base/log.h"
#include "ports/rows.h"
#include "services/cloudwatch/history_data.h"

namespace sitelatch::cloudwatch {
namespace {

using namespace std::chrono;
constexpr std::string_view composites_table = "cloudwatch.composites";

constexpr std::array<std::string_view, 7> weekdays = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                                      "Thursday", "Friday", "Saturday"};
constexpr std::array<std::string_view, 12> months = {
    "January", "February", "March",     "April",   "May",      "June",
    "July",    "August",   "September", "October", "November", "December"};

// "Friday 22 July, 2022 15:57:45 UTC"
std::string in_words(Instant at) {
  const auto t = civil(at);
  return fmt::format(
      "{} {:02} {}, {} {:02}:{:02}:{:02} UTC", weekdays[static_cast<std::size_t>(t.weekday)], t.day,
      months[static_cast<std::size_t>(t.month - 1)], t.year, t.hour, t.minute, t.second);
}

TriggeringAlarm as_trigger(const AlarmBasics& alarm) {
  return {alarm.arn, alarm.state, alarm.state_transitioned};
}

}  // namespace

CompositeBook::CompositeBook(AlarmBook::Ports ports, AlarmBook& alarms, AlarmHistory& history,
                             std::string account)
    : ports_(ports),
      alarms_(alarms),
      history_(history),
      account_(std::move(account)),
      runner_(ports.timers, ports.actions, history) {
  load();
  alarms_.on_change(
      [this](const AlarmBasics& alarm, State before) { alarm_changed(alarm, before); });
}

void CompositeBook::load() {
  ports::take_rows(
      ports_.journal, composites_table, [this](std::string_view key, std::string_view json) {
        const auto row = aws::from_json(json);
        auto alarm = row ? composite_alarm_from_row(*row) : std::nullopt;
        if (!alarm) {
          log(LogLevel::error, "cloudwatch",
              fmt::format("the stored composite alarm {} cannot be read and is not evaluated",
                          key));
          return;
        }
        ports::expect_of_row(key == alarm_key(alarm->region, alarm->name), "another alarm's");
        auto entry = std::make_unique<Entry>();
        entry->alarm = std::move(*alarm);
        index(entry->alarm, true);
        if (const auto until = entry->alarm.suppressed_until)
          entry->suppression.set(ports_.timers, std::max(*until, ports_.timers.now()),
                                 [this, &entry = *entry] { release(entry); });
        entries_.emplace(key, std::move(entry));
      });
}

void CompositeBook::index(const CompositeAlarm& alarm, bool there) {
  const auto mark = [&](auto& names, const std::string& reference) {
    const auto key = alarm_key(alarm.region, name_of_reference(alarm, reference));
    if (there)
      names[key].insert(alarm.name);
    else if (names[key].erase(alarm.name); names[key].empty())
      names.erase(key);
  };
  for (const auto& child : alarm.rule.children()) mark(parents_, child);
  if (alarm.suppressor) mark(suppressed_, *alarm.suppressor);
}

void CompositeBook::write(const CompositeAlarm& alarm) const {
  ports_.journal.put(composites_table, alarm_key(alarm.region, alarm.name),
                     aws::to_json(to_row(alarm)));
}

CompositeBook::Entry* CompositeBook::entry(std::string_view region, std::string_view name) {
  const auto found = entries_.find(alarm_key(region, name));
  return found == entries_.end() ? nullptr : found->second.get();
}
const CompositeAlarm* CompositeBook::find(std::string_view region, std::string_view name) const {
  const auto found = entries_.find(alarm_key(region, name));
  return found == entries_.end() ? nullptr : &found->second->alarm;
}

void CompositeBook::visit(std::string_view region, std::string_view after,
                          const std::function<bool(const CompositeAlarm&)>& visit) const {
  const auto prefix = alarm_key(region, "");
  auto at = after.empty() ? entries_.lower_bound(prefix)
                          : entries_.upper_bound(prefix + std::string{after});
  for (; at != entries_.end() && at->first.starts_with(prefix); ++at)
    if (!visit(at->second->alarm)) return;
}

std::set<std::string> CompositeBook::parents(std::string_view region, std::string_view name) const {
  const auto found = parents_.find(alarm_key(region, name));
  return found == parents_.end() ? std::set<std::string>{} : found->second;
}
std::set<std::string> CompositeBook::dependents(std::string_view region,
                                                std::string_view name) const {
  auto out = parents(region, name);
  if (const auto found = suppressed_.find(alarm_key(region, name)); found != suppressed_.end())
    out.insert(found->second.begin(), found->second.end());
  return out;
}

const AlarmBasics* CompositeBook::referred(const CompositeAlarm& by,
                                           const std::string& reference) const {
  const auto name = name_of_reference(by, reference);
  if (const auto* metric = alarms_.find(by.region, name)) return metric;
  return find(by.region, name);
}

bool CompositeBook::in_circle(Entry& entry) const {
  if (entry.generation == generation_) return entry.in_circle;
  entry.generation = generation_;
  entry.in_circle = false;
  std::set<std::string> seen;
  std::vector<const CompositeAlarm*> open{&entry.alarm};
  while (!open.empty() && !entry.in_circle) {
    const auto* next = open.back();
    open.pop_back();
    for (const auto& child : next->rule.children()) {
      const auto name = name_of_reference(*next, child);
      entry.in_circle = entry.in_circle || name == entry.alarm.name;
      if (const auto* composite = find(next->region, name); composite && seen.insert(name).second)
        open.push_back(composite);
    }
  }
  return entry.in_circle;
}

void CompositeBook::put(CompositeAlarm configuration) {
  const auto now = ports_.timers.now();
  auto& slot = entries_[alarm_key(configuration.region, configuration.name)];
  HistoryItem item{configuration.region,
                   configuration.name,
                   "CompositeAlarm",
                   now,
                   "ConfigurationUpdate",
                   "",
                   ""};
  configuration.configured = now;
  const bool is_new = !slot;
  bool other_suppressor = false;
  if (is_new) {
    slot = std::make_unique<Entry>();
    configuration.state = State::insufficient_data;
    configuration.state_reason = "Unchecked: Initial alarm creation";
    configuration.state_updated = configuration.state_transitioned = now;
    item.summary = fmt::format("Alarm \"{}\" created", configuration.name);
    item.data = created_data(configuration_json(configuration));
  } else {
    const auto& before = slot->alarm;
    copy_state(before, configuration);
    configuration.triggering = before.triggering;
    configuration.suppressed_by = before.suppressed_by;
    configuration.suppressed_until = before.suppressed_until;
    configuration.owes_actions = before.owes_actions;
    other_suppressor = configuration.suppressor != before.suppressor;
    item.summary = fmt::format("Alarm \"{}\" updated", configuration.name);
    item.data = updated_data(configuration_json(before), configuration_json(configuration));
    index(before, false);
  }
  const CompositeAlarm replaced = std::exchange(slot->alarm, std::move(configuration));
  auto& entry = *slot;
  index(entry.alarm, true);
  write(entry.alarm);
  history_.record(item);
  announce_change(entry.alarm, is_new ? "create" : "update", is_new ? nullptr : &replaced);
  // A new alarm is in no circle: nothing could name it yet.
  if (!is_new) ++generation_;
  entry.generation = is_new ? generation_ : 0;
  // Another suppressor begins anew: what the old one held back is let go, or held by the new one.
  if (other_suppressor && entry.alarm.suppressed_by) {
    const auto* suppressor =
        entry.alarm.suppressor ? referred(entry.alarm, *entry.alarm.suppressor) : nullptr;
    if (suppressor && suppressor->state == State::alarm)
      suppressor_changed(entry, State::alarm, State::ok);
    else
      release(entry);
  }
  evaluate(entry,
           fmt::format("{} was {} and its alarm rule evaluates to ", entry.alarm.arn,
                       is_new ? "created" : "updated"),
           nullptr);
}

bool CompositeBook::erase(std::string_view region, std::string_view name) {
  const auto found = entries_.find(alarm_key(region, name));
  if (found == entries_.end()) return false;
  const auto& alarm = found->second->alarm;
  history_.record({alarm.region, alarm.name, "CompositeAlarm", ports_.timers.now(),
                   "ConfigurationUpdate", fmt::format("Alarm \"{}\" deleted", alarm.name),
                   deleted_data(configuration_json(alarm))});
  announce_change(alarm, "delete", nullptr);
  index(alarm, false);
  ports_.journal.erase(composites_table, found->first);
  entries_.erase(found);
  return true;
}

void CompositeBook::set_state(std::string_view region, std::string_view name,
                              AlarmBook::NewState to) {
  auto* found = entry(region, name);
  ENSURE(found);
  change_state(*found, std::move(to), {});
}

void CompositeBook::enable_actions(std::string_view region, std::string_view name, bool enabled) {
  auto* found = entry(region, name);
  if (!found || found->alarm.actions_enabled == enabled) return;
  const CompositeAlarm previous = found->alarm;
  const auto before = configuration_json(previous);
  found->alarm.actions_enabled = enabled;
  found->alarm.configured = ports_.timers.now();
  write(found->alarm);
  history_.record({found->alarm.region, found->alarm.name, "CompositeAlarm", ports_.timers.now(),
                   "ConfigurationUpdate", fmt::format("Alarm \"{}\" updated", name),
                   updated_data(before, configuration_json(found->alarm))});
  announce_change(found->alarm, "update", &previous);
}

void CompositeBook::announce_change(const CompositeAlarm& alarm, std::string_view operation,
                                    const CompositeAlarm* previous) {
  ports_.actions.announce({alarm.region, alarm.arn, "CloudWatch Alarm Configuration Change",
                           configuration_change_detail(alarm, operation, previous),
                           ports_.timers.now()});
}

void CompositeBook::set_tags(std::string_view region, std::string_view name, aws::Tags tags) {
  auto* found = entry(region, name);
  ENSURE(found);
  found->alarm.tags = std::move(tags);
  write(found->alarm);
}

void CompositeBook::alarm_changed(const AlarmBasics& changed, State before) {
  changes_.push_back({changed.region, changed.name, before});
  if (changes_.size() > 1) return;  // whoever tells of the first goes on with this one
  for (; !changes_.empty(); changes_.pop_front()) tell(changes_.front());
}

// Suppressors first: who is held back by the same change does not act on it.
void CompositeBook::tell(const Change& change) {
  const AlarmBasics* changed = alarms_.find(change.region, change.name);
  if (!changed) changed = find(change.region, change.name);
  if (!changed) return;
  const auto held = suppressed_.find(alarm_key(change.region, change.name));
  if (held != suppressed_.end())
    for (const auto& name : std::set<std::string>{held->second})
      if (auto* found = entry(change.region, name))
        suppressor_changed(*found, changed->state, change.before);
  for (const auto& name : parents(change.region, change.name))
    if (auto* found = entry(change.region, name))
      evaluate(*found,
               fmt::format("{} transitioned to {} at {}", changed->arn, state_name(changed->state),
                           in_words(changed->state_transitioned)),
               changed);
}

void CompositeBook::evaluate(Entry& entry, const std::string& cause, const AlarmBasics* child) {
  const auto& alarm = entry.alarm;
  if (in_circle(entry)) {
    log(LogLevel::warning, "cloudwatch",
        fmt::format("composite alarm {} in {} is not evaluated: it depends on itself", alarm.name,
                    alarm.region));
    return;
  }
  const bool holds = alarm.rule.holds([&](const std::string& reference) -> std::optional<State> {
    const auto* found = referred(alarm, reference);
    if (!found) return std::nullopt;
    return found->state;
  });
  const auto state = holds ? State::alarm : State::ok;
  if (state == alarm.state) return;
  std::vector<TriggeringAlarm> triggering;
  if (child)
    triggering.push_back(as_trigger(*child));
  else
    for (const auto& reference : alarm.rule.children())
      if (const auto* found = referred(alarm, reference)) triggering.push_back(as_trigger(*found));
  auto data = triggering_data(triggering);
  change_state(entry,
               {state, child ? cause : cause + std::string{state_name(state)},
                data.size() <= longest_reason_data ? std::optional{std::move(data)} : std::nullopt},
               std::move(triggering));
}

void CompositeBook::change_state(Entry& entry, AlarmBook::NewState to,
                                 std::vector<TriggeringAlarm> triggering) {
  auto& alarm = entry.alarm;
  const auto now = ports_.timers.now();
  const auto before = as_it_stands(alarm);
  const bool transition = to.state != alarm.state;
  alarm.state = to.state;
  alarm.state_reason = std::move(to.reason);
  alarm.state_reason_data = std::move(to.reason_data);
  alarm.state_updated = now;
  alarm.triggering = std::move(triggering);
  if (!transition) return write(alarm);  // fact cloudwatch-15
  alarm.state_transitioned = now;
  const bool held = hold_back(entry);
  write(alarm);
  log(LogLevel::info, "cloudwatch",
      fmt::format("composite alarm {} in {}: {} -> {}", alarm.name, alarm.region,
                  state_name(before.state), state_name(alarm.state)));
  history_.record({alarm.region, alarm.name, "CompositeAlarm", now, "StateUpdate",
                   fmt::format("Alarm updated from {} to {}", state_name(before.state),
                               state_name(alarm.state)),
                   state_update_data(before, alarm)});
  ports_.actions.announce({alarm.region, alarm.arn, "CloudWatch Alarm State Change",
                           state_change_detail(alarm, before), now});
  if (!held) act(entry, before);
  alarm_changed(alarm, before.state);
}

// Whether the change that just came must not act; then it is owed.
bool CompositeBook::hold_back(Entry& entry) {
  auto& alarm = entry.alarm;
  entry.suppression.cancel();
  alarm.suppressed_by.reset();
  alarm.suppressed_until.reset();
  if (alarm.suppressor) {
    const auto* suppressor = referred(alarm, *alarm.suppressor);
    if (suppressor && suppressor->state == State::alarm)
      alarm.suppressed_by = SuppressedBy::alarm;
    else if (alarm.wait_period_s > 0)
      wait_until(entry, SuppressedBy::wait_period, alarm.wait_period_s);
  }
  alarm.owes_actions = alarm.suppressed_by.has_value();
  return alarm.owes_actions;
}

void CompositeBook::wait_until(Entry& entry, SuppressedBy by, std::int64_t seconds_more) {
  entry.alarm.suppressed_by = by;
  entry.alarm.suppressed_until = ports_.timers.now() + seconds{seconds_more};
  entry.suppression.set(ports_.timers, *entry.alarm.suppressed_until,
                        [this, &entry] { release(entry); });
}

void CompositeBook::suppressor_changed(Entry& entry, State now, State before) {
  auto& alarm = entry.alarm;
  if (now == State::alarm) {
    entry.suppression.cancel();
    alarm.suppressed_by = SuppressedBy::alarm;
    alarm.suppressed_until.reset();
    return write(alarm);
  }
  if (before != State::alarm) return;
  if (alarm.extension_period_s <= 0) return release(entry);
  wait_until(entry, SuppressedBy::extension_period, alarm.extension_period_s);
  write(alarm);
}

void CompositeBook::release(Entry& entry) {
  auto& alarm = entry.alarm;
  const auto before = as_it_stands(alarm);
  entry.suppression.cancel();
  alarm.suppressed_by.reset();
  alarm.suppressed_until.reset();
  const bool owed = std::exchange(alarm.owes_actions, false);
  alarm.state_updated = ports_.timers.now();
  write(alarm);
  if (owed) act(entry, before);
}

StateBefore CompositeBook::as_it_stands(const CompositeAlarm& alarm) const {
  StateBefore out{alarm.state, alarm.state_reason, alarm.state_reason_data, alarm.state_updated,
                  ""};
  if (alarm.suppressed_by) out.suppressed_by = suppressed_by_name(*alarm.suppressed_by);
  return out;
}

void CompositeBook::unmute(const std::string& region, const std::string& name) {
  auto* found = entry(region, name);
  if (!found || !found->alarm.muted_from) return;
  auto& alarm = found->alarm;
  const StateBefore before{*alarm.muted_from, "", std::nullopt, alarm.state_transitioned, ""};
  alarm.muted_from.reset();
  write(alarm);
  // What holds it back still will tell of it in its time.
  if (before.state != alarm.state && !alarm.suppressed_by) act(*found, before, Muted::was);
}

void CompositeBook::act(Entry& entry, const StateBefore& before, Muted muted) {
  auto& alarm = entry.alarm;
  if (ports_.mutes && ports_.mutes->mutes(alarm.region, alarm.name)) {
    if (!alarm.muted_from) alarm.muted_from = before.state;
    return write(alarm);
  }
  if (!alarm.actions_enabled) return;
  runner_.run(alarm, "CompositeAlarm",
              {notification_message(alarm, account_, before.state, muted),
               function_event(alarm, before, account_)});
}

}  // namespace sitelatch::cloudwatch
