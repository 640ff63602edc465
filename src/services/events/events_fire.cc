// SPDX-License-Identifier: Apache-2.0
// Events: the ticks of rules, and the dispatch of their events with its retries.
#include <fmt/format.h>

#include "aws/wire/stored.h"
#include "base/check.h"
#include "base/log.h"
#include "base/text.h"
#include "ports/rows.h"
#include "services/events/events.h"
#include "services/events/input.h"

namespace sitelatch::events {
using aws::Value;

namespace {
constexpr Duration tick_life =
    std::chrono::minutes{1};  // a run happens somewhere inside its minute
std::string key_of(std::uint64_t id) { return fmt::format("{:020}", id); }
}  // namespace

void Events::load() {
  ports::take_rows(
      dependencies_.journal, "events.rules", [&](std::string_view key, std::string_view text) {
        auto rule = rule_from(aws::stored_value(text));
        ports::expect_of_row(key == rule.arn, "another rule's");
        ports::expect_of_row(parse_schedule(rule.expression).has_value(), "no valid schedule");
        rules_[std::string{key}].rule = std::move(rule);
      });
  ports::take_rows(
      dependencies_.journal, "events.retries", [&](std::string_view key, std::string_view text) {
        const auto row = aws::stored_value(text);
        const auto id = parse_int(key);
        ports::expect_of_row(id && *id >= 0 && key_of(static_cast<std::uint64_t>(*id)) == key,
                             "its key is not a number");
        last_retry_ = static_cast<std::uint64_t>(*id);
        Retry& retry = retries_[last_retry_];
        retry.rule_arn = row["rule_arn"].string();
        retry.region = row["region"].string();
        retry.rule_name = row["rule_name"].string();
        retry.payload = row["payload"].string();
        retry.target = row["target"];
        retry.failures = static_cast<int>(row["failures"].integer());
        retry.first = from_unix_ms(row["first_ms"].integer());
        retry.timer.set(dependencies_.timers, from_unix_ms(row["due_ms"].integer()),
                        [this, number = last_retry_] { try_again(number); });
      });
  for (auto& [arn, scheduled] : rules_) {
    Rule& rule = scheduled.rule;
    if (!still_due(rule)) {
      const auto schedule = parse_schedule(rule.expression);
      ENSURE(schedule.has_value(), "a stored rule has no valid schedule");
      rule.due = rule.enabled()
                     ? next_tick(*schedule, rule.countdown_start, dependencies_.timers.now())
                     : std::nullopt;
    }
    arm(scheduled);
  }
}

// Whether the tick that the rule waits for is ahead, or so recent that it is caught up with.
bool Events::still_due(const Rule& rule) const {
  return rule.due && *rule.due + tick_life > dependencies_.timers.now();
}

void Events::restart_countdown(Scheduled& scheduled) {
  Rule& rule = scheduled.rule;
  rule.countdown_start = dependencies_.timers.now();
  rule.due = rule.enabled() ? next_tick(*parse_schedule(rule.expression), rule.countdown_start,
                                        rule.countdown_start)
                            : std::nullopt;
  arm(scheduled);
}

void Events::arm(Scheduled& scheduled) {
  if (!scheduled.rule.due) return scheduled.timer.cancel();
  scheduled.timer.set(dependencies_.timers, *scheduled.rule.due,
                      [this, arn = scheduled.rule.arn] { tick(arn); });
}

void Events::tick(const std::string& arn) {
  const auto found = rules_.find(arn);
  ENSURE(found != rules_.end(), "a rule ticks that does not exist");
  Scheduled& scheduled = found->second;
  Rule& rule = scheduled.rule;
  const Instant time = *rule.due;
  const Instant now = dependencies_.timers.now();
  const bool in_time = still_due(rule);
  rule.due =
      next_tick(*parse_schedule(rule.expression), rule.countdown_start, in_time ? time : now);
  save(rule);
  const Rule as_it_fires = rule;
  arm(scheduled);
  if (in_time) fire(as_it_fires, time);
}

void Events::fire(const Rule& rule, Instant time) {
  dependencies_.metrics.count(rule.region, "TriggeredRules", rule.name, 1, "Count",
                              dependencies_.timers.now());
  const auto event =
      scheduled_event(ports::uuid(dependencies_.entropy), account_, time, rule.region, rule.arn);
  for (const auto& target : rule.targets)
    deliver(rule, target, payload_for(target, event, {rule.arn, rule.name}));
}

void Events::deliver(const Rule& rule, const Value& target, const std::string& payload) {
  const auto& target_arn = target["Arn"].string();
  dependencies_.metrics.count(rule.region, "Invocations", rule.name, 1, "Count",
                              dependencies_.timers.now());
  const auto outcome = dependencies_.targets.dispatch(target_arn, payload, rule.arn);
  if (outcome.kind == aws::DispatchOutcome::Kind::accepted) return;
  if (outcome.kind == aws::DispatchOutcome::Kind::refused)
    return give_up(rule.region, rule.name, target_arn, outcome.reason);
  Retry& retry = retries_[++last_retry_];
  retry.rule_arn = rule.arn;
  retry.region = rule.region;
  retry.rule_name = rule.name;
  retry.payload = payload;
  retry.target = target;
  retry.first = dependencies_.timers.now();
  retry_later(last_retry_, retry);
}

void Events::retry_later(std::uint64_t id, Retry& retry) {
  const auto policy = retry_of(retry.target);
  const Instant due = dependencies_.timers.now() + retry_delay(++retry.failures);
  if (retry.failures > policy.most_retries || due > retry.first + policy.longest) {
    give_up(retry.region, retry.rule_name, retry.target["Arn"].string(), "no more retries");
    return drop_retry(id);
  }
  save_retry(id, retry, due);
  retry.timer.set(dependencies_.timers, due, [this, id] { try_again(id); });
}

void Events::try_again(std::uint64_t id) {
  Retry& retry = retries_.at(id);
  const auto& target_arn = retry.target["Arn"].string();
  const auto outcome = dependencies_.targets.dispatch(target_arn, retry.payload, retry.rule_arn);
  if (outcome.kind == aws::DispatchOutcome::Kind::failed) return retry_later(id, retry);
  if (outcome.kind == aws::DispatchOutcome::Kind::refused)
    give_up(retry.region, retry.rule_name, target_arn, outcome.reason);
  drop_retry(id);
}

void Events::save_retry(std::uint64_t id, const Retry& retry, Instant due) {
  dependencies_.journal.put("events.retries", key_of(id),
                            aws::to_json(Value::structure({{"rule_arn", retry.rule_arn},
                                                           {"region", retry.region},
                                                           {"rule_name", retry.rule_name},
                                                           {"payload", retry.payload},
                                                           {"target", retry.target},
                                                           {"failures", retry.failures},
                                                           {"first_ms", unix_ms(retry.first)},
                                                           {"due_ms", unix_ms(due)}})));
}
void Events::drop_retry(std::uint64_t id) {
  retries_.erase(id);
  dependencies_.journal.erase("events.retries", key_of(id));
}

void Events::give_up(const std::string& region, const std::string& rule_name,
                     const std::string& target_arn, const std::string& why) {
  log(LogLevel::warning, "events",
      "an event of rule " + rule_name + " does not reach " + target_arn + ": " + why);
  dependencies_.metrics.count(region, "FailedInvocations", rule_name, 1, "Count",
                              dependencies_.timers.now());
}

}  // namespace sitelatch::events
