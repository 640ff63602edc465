// SPDX-License-Identifier: Apache-2.0
#include "services/cloudwatch/mute_book.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/check.h"
#include "base/log.h"
#include "ports/rows.h"
#include "services/cloudwatch/alarm.h"

namespace sitelatch::cloudwatch {
namespace {

using aws::Value;
constexpr std::string_view mutes_table = "cloudwatch.mutes";

std::optional<Value> ms_of(const std::optional<Instant>& at) {
  if (!at) return std::nullopt;
  return Value{unix_ms(*at)};
}
std::optional<Instant> instant_of(const Value& ms) {
  if (ms.is_null()) return std::nullopt;
  return from_unix_ms(ms.integer());
}

Value row_of(const MuteRule& rule) {
  Value alarms = Value::list();
  for (const auto& name : rule.alarms) alarms.push(name);
  return Value::structure({{"Region", rule.region},
                           {"Name", rule.name},
                           {"Arn", rule.arn},
                           {"Description", rule.description},
                           {"Expression", rule.text.expression},
                           {"Duration", rule.text.duration},
                           {"Timezone", rule.text.timezone},
                           {"HasTargets", rule.has_targets},
                           {"AlarmNames", std::move(alarms)},
                           {"StartDate", ms_of(rule.start)},
                           {"ExpireDate", ms_of(rule.expire)},
                           {"Updated", unix_ms(rule.updated)},
                           {"Tags", aws::tag_list(rule.tags)}});
}

std::optional<MuteRule> rule_from(const Value& row) {
  MuteRule out;
  out.region = row["Region"].string_or("");
  out.name = row["Name"].string_or("");
  out.arn = row["Arn"].string_or("");
  out.description = row["Description"].optional_string();
  out.text = {row["Expression"].string_or(""), row["Duration"].string_or(""),
              row["Timezone"].string_or("")};
  auto schedule = MuteSchedule::parse(out.text);
  if (!schedule || out.name.empty()) return std::nullopt;
  out.schedule = *schedule;
  out.has_targets = row["HasTargets"].boolean_or(false);
  out.alarms = row["AlarmNames"].strings();
  out.start = instant_of(row["StartDate"]);
  out.expire = instant_of(row["ExpireDate"]);
  out.updated = from_unix_ms(row["Updated"].integer_or(0));
  out.tags = aws::read_tags(row["Tags"]);
  return out;
}

}  // namespace

bool MuteRule::active(Instant now) const {
  return (!start || *start <= now) && (!expire || now < *expire) && schedule.mutes(now);
}

std::string_view MuteRule::status(Instant now) const {
  if (active(now)) return "ACTIVE";
  const bool over = (expire && *expire <= now) || !schedule.next_change(now);
  return over ? "EXPIRED" : "SCHEDULED";
}

MuteBook::MuteBook(ports::Journal& journal, ports::Timers& timers)
    : journal_(journal), timers_(timers) {
  load();
}

void MuteBook::load() {
  ports::take_rows(journal_, mutes_table, [this](std::string_view key, std::string_view json) {
    const auto row = aws::from_json(json);
    auto rule = row ? rule_from(*row) : std::nullopt;
    if (!rule) {
      log(LogLevel::error, "cloudwatch",
          fmt::format("the stored alarm mute rule {} cannot be read and mutes nothing", key));
      return;
    }
    ports::expect_of_row(key == alarm_key(rule->region, rule->name), "another rule's");
    auto entry = std::make_unique<Entry>();
    entry->rule = std::move(*rule);
    index(entry->rule, true);
    auto& placed = *entries_.emplace(key, std::move(entry)).first->second;
    // What ended while the engine was off is told by the timer, at once.
    placed.change.set(timers_, timers_.now(), [this, &placed] {
      tell(placed.rule);
      schedule(placed);
    });
  });
}

void MuteBook::write(const MuteRule& rule) {
  journal_.put(mutes_table, alarm_key(rule.region, rule.name), aws::to_json(row_of(rule)));
}

void MuteBook::index(const MuteRule& rule, bool there) {
  for (const auto& alarm : rule.alarms) {
    const auto key = alarm_key(rule.region, alarm);
    auto& rules = rules_of_[key];
    if (there)
      rules.insert(alarm_key(rule.region, rule.name));
    else
      rules.erase(alarm_key(rule.region, rule.name));
    if (rules.empty()) rules_of_.erase(key);
  }
}

void MuteBook::schedule(Entry& entry) {
  const auto now = timers_.now();
  auto next = entry.rule.schedule.next_change(now);
  for (const auto& bound : {entry.rule.start, entry.rule.expire})
    if (bound && *bound > now && (!next || *bound < *next)) next = bound;
  if (!next || (entry.rule.expire && *entry.rule.expire <= now)) return entry.change.cancel();
  entry.change.set(timers_, *next, [this, &entry] {
    tell(entry.rule);
    schedule(entry);
  });
}

void MuteBook::tell(const MuteRule& rule) const {
  if (!unmuted_) return;
  for (const auto& alarm : rule.alarms)
    if (!mutes(rule.region, alarm)) unmuted_(rule.region, alarm);
}

void MuteBook::put(MuteRule rule) {
  auto& slot = entries_[alarm_key(rule.region, rule.name)];
  rule.updated = timers_.now();
  std::optional<MuteRule> before;
  if (slot) {
    rule.tags = slot->rule.tags;
    before = slot->rule;
    index(slot->rule, false);
  } else {
    slot = std::make_unique<Entry>();
  }
  slot->rule = std::move(rule);
  index(slot->rule, true);
  write(slot->rule);
  schedule(*slot);
  if (before) tell(*before);  // whom it named and names no more
}

const MuteRule* MuteBook::find(std::string_view region, std::string_view name) const {
  const auto found = entries_.find(alarm_key(region, name));
  return found == entries_.end() ? nullptr : &found->second->rule;
}

bool MuteBook::erase(std::string_view region, std::string_view name) {
  const auto found = entries_.find(alarm_key(region, name));
  if (found == entries_.end()) return false;
  const auto rule = found->second->rule;
  index(rule, false);
  journal_.erase(mutes_table, found->first);
  entries_.erase(found);
  tell(rule);
  return true;
}

void MuteBook::set_tags(std::string_view region, std::string_view name, aws::Tags tags) {
  const auto found = entries_.find(alarm_key(region, name));
  ENSURE(found != entries_.end());
  found->second->rule.tags = std::move(tags);
  write(found->second->rule);
}

void MuteBook::visit(std::string_view region, std::string_view after, const Visitor& visit) const {
  const auto prefix = alarm_key(region, "");
  auto at = after.empty() ? entries_.lower_bound(prefix)
                          : entries_.upper_bound(prefix + std::string{after});
  for (; at != entries_.end() && at->first.starts_with(prefix); ++at)
    if (!visit(at->second->rule)) return;
}

std::size_t MuteBook::count(std::string_view region) const {
  std::size_t out = 0;
  visit(region, "", [&out](const MuteRule&) { return ++out > 0; });
  return out;
}

bool MuteBook::mutes(std::string_view region, std::string_view alarm) const {
  const auto rules = rules_of_.find(alarm_key(region, alarm));
  if (rules == rules_of_.end()) return false;
  const auto now = timers_.now();
  return std::any_of(rules->second.begin(), rules->second.end(),
                     [&](const std::string& key) { return entries_.at(key)->rule.active(now); });
}

}  // namespace sitelatch::cloudwatch
