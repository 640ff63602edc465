// SPDX-License-Identifier: Apache-2.0
#include "services/cloudwatch/alarm_book.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/log.h"
#include "ports/rows.h"
#include "services/cloudwatch/history_data.h"
#include "services/cloudwatch/reason.h"

namespace sitelatch::cloudwatch {
namespace {

using namespace std::chrono;
constexpr std::string_view table = "cloudwatch.alarms";

std::uint64_t hash(
    std::string_view text) {  // FNV-1a: the same on every machine and after every restart
  std::uint64_t out = 14695981039346656037u;
  for (const char c : text) out = (out ^ static_cast<unsigned char>(c)) * 1099511628211u;
  return out;
}

Duration interval_of(const MetricAlarm& alarm) {
  return alarm.high_resolution() ? Duration{seconds{10}} : Duration{seconds{60}};
}
Instant floor_to(Instant t, Duration step) {
  const auto since = t.time_since_epoch();
  const auto rest = (since % step + step) % step;
  return Instant{since - rest};
}

}  // namespace

Instant next_evaluation(const MetricAlarm& alarm, Instant now) {
  // Late enough for a completed minute's data to be there: 10 to 30 s into the minute, 2 to 6 s
  // into ten seconds.
  const auto first = alarm.high_resolution() ? milliseconds{2'000} : milliseconds{10'000};
  const auto span = alarm.high_resolution() ? 4'000u : 20'000u;
  const auto interval = interval_of(alarm);
  const Duration offset = first + milliseconds{static_cast<std::int64_t>(hash(alarm.arn) % span)};
  const auto due = floor_to(now, interval) + offset;
  return due > now ? due : due + interval;
}

AlarmBook::AlarmBook(Ports ports, const MetricStore& metrics, AlarmHistory& history,
                     std::string account)
    : ports_(ports),
      metrics_(metrics),
      history_(history),
      account_(std::move(account)),
      runner_(ports.timers, ports.actions, history) {
  load();
}

void AlarmBook::load() {
  ports::take_rows(ports_.journal, table, [this](std::string_view key, std::string_view json) {
    const auto row = aws::from_json(json);
    auto alarm = row ? metric_alarm_from_row(*row) : std::nullopt;
    if (!alarm) {
      log(LogLevel::error, "cloudwatch",
          fmt::format("the stored alarm {} cannot be read and is not evaluated", key));
      return;
    }
    ports::expect_of_row(key == alarm_key(alarm->region, alarm->name), "another alarm's");
    auto entry = std::make_unique<Entry>();
    entry->alarm = std::move(*alarm);
    schedule(*entry);
    entries_.emplace(key, std::move(entry));
  });
}

void AlarmBook::write(const MetricAlarm& alarm) {
  ports_.journal.put(table, alarm_key(alarm.region, alarm.name), aws::to_json(to_row(alarm)));
}

AlarmBook::Entry* AlarmBook::entry(std::string_view region, std::string_view name) {
  const auto found = entries_.find(alarm_key(region, name));
  return found == entries_.end() ? nullptr : found->second.get();
}
const MetricAlarm* AlarmBook::find(std::string_view region, std::string_view name) const {
  const auto found = entries_.find(alarm_key(region, name));
  return found == entries_.end() ? nullptr : &found->second->alarm;
}

void AlarmBook::visit(std::string_view region, std::string_view after,
                      const std::function<bool(const MetricAlarm&)>& visit) const {
  const auto prefix = alarm_key(region, "");
  auto at = after.empty() ? entries_.lower_bound(prefix)
                          : entries_.upper_bound(prefix + std::string{after});
  for (; at != entries_.end() && at->first.compare(0, prefix.size(), prefix) == 0; ++at)
    if (!visit(at->second->alarm)) return;
}

void AlarmBook::put(MetricAlarm configuration) {
  const auto now = ports_.timers.now();
  const auto key = alarm_key(configuration.region, configuration.name);
  auto& slot = entries_[key];
  HistoryItem item{
      configuration.region, configuration.name, "MetricAlarm", now, "ConfigurationUpdate", "", ""};
  configuration.configured = now;
  if (!slot) {
    slot = std::make_unique<Entry>();
    configuration.state = State::insufficient_data;
    configuration.state_reason = "Unchecked: Initial alarm creation";
    configuration.state_updated = configuration.state_transitioned = now;
    item.summary = fmt::format("Alarm \"{}\" created", configuration.name);
    item.data = created_data(configuration_json(configuration));
  } else {
    const auto& before = slot->alarm;
    copy_state(before, configuration);
    item.summary = fmt::format("Alarm \"{}\" updated", configuration.name);
    item.data = updated_data(configuration_json(before), configuration_json(configuration));
  }
  const bool created = slot->alarm.name.empty();
  const MetricAlarm before = std::exchange(slot->alarm, std::move(configuration));
  write(slot->alarm);
  history_.record(item);
  schedule(*slot);
  announce_change(slot->alarm, created ? "create" : "update", created ? nullptr : &before);
}

bool AlarmBook::erase(std::string_view region, std::string_view name) {
  const auto found = entries_.find(alarm_key(region, name));
  if (found == entries_.end()) return false;
  const auto& alarm = found->second->alarm;
  history_.record({alarm.region, alarm.name, "MetricAlarm", ports_.timers.now(),
                   "ConfigurationUpdate", fmt::format("Alarm \"{}\" deleted", alarm.name),
                   deleted_data(configuration_json(alarm))});
  announce_change(alarm, "delete", nullptr);
  ports_.journal.erase(table, found->first);
  entries_.erase(found);
  return true;
}

void AlarmBook::set_state(std::string_view region, std::string_view name, NewState to) {
  auto* found = entry(region, name);
  ENSURE(found);
  change_state(*found, std::move(to));
}

void AlarmBook::enable_actions(std::string_view region, std::string_view name, bool enabled) {
  auto* found = entry(region, name);
  if (!found || found->alarm.actions_enabled == enabled) return;
  const MetricAlarm previous = found->alarm;
  const auto before = configuration_json(previous);
  found->alarm.actions_enabled = enabled;
  found->alarm.configured = ports_.timers.now();
  write(found->alarm);
  history_.record({found->alarm.region, found->alarm.name, "MetricAlarm", ports_.timers.now(),
                   "ConfigurationUpdate", fmt::format("Alarm \"{}\" updated", name),
                   updated_data(before, configuration_json(found->alarm))});
  announce_change(found->alarm, "update", &previous);
}

void AlarmBook::set_tags(std::string_view region, std::string_view name, aws::Tags tags) {
  auto* found = entry(region, name);
  ENSURE(found);
  found->alarm.tags = std::move(tags);
  write(found->alarm);
}

void AlarmBook::schedule(Entry& entry) {
  entry.evaluation.set(ports_.timers, next_evaluation(entry.alarm, ports_.timers.now()),
                       [this, &entry] {
                         schedule(entry);
                         evaluate_now(entry);
                       });
}

std::vector<Datapoint> AlarmBook::slots(const MetricAlarm& alarm, Instant end) const {
  const auto range = evaluation_range(static_cast<std::size_t>(alarm.evaluation_periods));
  const Duration period = seconds{alarm.period_s};
  if (alarm.is_on_queries()) return slots_of_queries(alarm, end, range);
  const MetricStore::Window window{end - period * static_cast<std::int64_t>(range), period, range};
  std::vector<Aggregate> aggregates(range);
  if (const auto* series = metrics_.find(alarm.metric))
    aggregates = metrics_.read(*series, alarm.unit, window);
  std::vector<Datapoint> out(range);
  for (std::size_t i = 0; i < range; ++i) {
    const auto& aggregate = aggregates[range - 1 - i];
    out[i] = {end - period * static_cast<std::int64_t>(i + 1), alarm.statistic->of(aggregate),
              aggregate.count};
  }
  return out;
}

std::vector<Datapoint> AlarmBook::slots_of_queries(const MetricAlarm& alarm, Instant end,
                                                   std::size_t range) const {
  const Duration period = seconds{alarm.period_s};
  std::vector<Datapoint> out(range);
  for (std::size_t i = 0; i < range; ++i)
    out[i].start = end - period * static_cast<std::int64_t>(i + 1);
  QueryRun run{metrics_,
               {alarm.region, account_, end},
               alarm.queries,
               {out.back().start, end, QueriesFor::alarm}};
  for (const auto& series : run.results(alarm.watched()))
    for (const auto& point : series.points) {
      const auto age = end - point.at;
      if (age <= Duration{} || age % period != Duration{}) continue;
      auto& slot = out[static_cast<std::size_t>(age / period) - 1];
      slot.value = point.value;
      slot.sample_count = 1;
    }
  return out;
}

std::map<State, std::size_t> AlarmBook::by_state() const {
  std::map<State, std::size_t> out;
  for (const auto& [key, entry] : entries_) ++out[entry->alarm.state];
  return out;
}

Verdict AlarmBook::judge(const MetricAlarm& settings, Instant now) const {
  return evaluate(rule_of(settings), slots(settings, floor_to(now, interval_of(settings))));
}

bool AlarmBook::too_few_samples(const MetricAlarm& alarm, const Verdict& verdict) const {
  if (alarm.is_on_queries()) return false;
  const auto percentile = alarm.statistic->percentile();
  if (!percentile || alarm.evaluate_low_sample_count_percentile != "ignore" ||
      verdict.evaluated.empty())
    return false;
  return low_sample_count(*percentile, verdict.evaluated.front().sample_count);
}

void AlarmBook::evaluate_now(Entry& entry) {
  const auto& alarm = entry.alarm;
  if (ports_.conditions && !ports_.conditions->evaluates_alarms(alarm.region)) return;
  const auto now = ports_.timers.now();
  const auto seen = slots(alarm, floor_to(now, interval_of(alarm)));
  const auto verdict = evaluate(rule_of(alarm), seen);
  if (!verdict.state || *verdict.state == alarm.state || too_few_samples(alarm, verdict)) return;
  change_state(entry, {*verdict.state, state_reason(alarm, verdict),
                       state_reason_data(alarm, verdict, seen, now)});
}

void AlarmBook::change_state(Entry& entry, NewState to) {
  auto& alarm = entry.alarm;
  const auto now = ports_.timers.now();
  const StateBefore before{alarm.state, alarm.state_reason, alarm.state_reason_data,
                           alarm.state_updated, ""};
  const bool transition = to.state != alarm.state;
  alarm.state = to.state;
  alarm.state_reason = std::move(to.reason);
  alarm.state_reason_data = std::move(to.reason_data);
  alarm.state_updated = now;
  if (transition) alarm.state_transitioned = now;
  const bool muted = transition && ports_.mutes && ports_.mutes->mutes(alarm.region, alarm.name);
  if (transition && !muted) alarm.muted_from.reset();
  if (muted && !alarm.muted_from) alarm.muted_from = before.state;
  write(alarm);
  if (!transition) return;  // fact cloudwatch-15: the reason changes, nothing else happens
  log(LogLevel::info, "cloudwatch",
      fmt::format("alarm {} in {}: {} -> {}", alarm.name, alarm.region, state_name(before.state),
                  state_name(alarm.state)));
  history_.record({alarm.region, alarm.name, "MetricAlarm", now, "StateUpdate",
                   fmt::format("Alarm updated from {} to {}", state_name(before.state),
                               state_name(alarm.state)),
                   state_update_data(before, alarm)});
  ports_.actions.announce({alarm.region, alarm.arn, "CloudWatch Alarm State Change",
                           state_change_detail(alarm, before, ports::uuid(ports_.entropy)), now});
  if (alarm.actions_enabled && !muted) act(alarm, before);
  if (changed_) changed_(alarm, before.state);
}

void AlarmBook::announce_change(const MetricAlarm& alarm, std::string_view operation,
                                const MetricAlarm* previous) {
  ports_.actions.announce(
      {alarm.region, alarm.arn, "CloudWatch Alarm Configuration Change",
       configuration_change_detail(alarm, operation, previous, ports::uuid(ports_.entropy)),
       ports_.timers.now()});
}

void AlarmBook::unmute(const std::string& region, const std::string& name) {
  auto* found = entry(region, name);
  if (!found || !found->alarm.muted_from) return;
  auto& alarm = found->alarm;
  const StateBefore before{*alarm.muted_from, "", std::nullopt, alarm.state_transitioned, ""};
  alarm.muted_from.reset();
  write(alarm);
  if (alarm.actions_enabled && before.state != alarm.state) act(alarm, before, Muted::was);
}

void AlarmBook::act(const MetricAlarm& alarm, const StateBefore& before, Muted muted) {
  if (alarm.actions_for(alarm.state).empty()) return;
  runner_.run(alarm, "MetricAlarm",
              {notification_message(alarm, account_, before.state, muted),
               function_event(alarm, before, {account_, ports::uuid(ports_.entropy)})});
}

}  // namespace sitelatch::cloudwatch
