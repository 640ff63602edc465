// SPDX-License-Identifier: Apache-2.0
// Events: the ticks of rules, the rules that an event matches, and the handing over with its
// retries.
#include <fmt/format.h>

#include <algorithm>

#include "aws/auth/policy.h"
#include "aws/wire/stored.h"
#include "base/check.h"
#include "base/log.h"
#include "base/text.h"
#include "ports/rows.h"
#include "services/events/events.h"
#include "services/events/input.h"

namespace sitelatch::events {
using aws::Value;
using Handed = aws::DispatchOutcome::Kind;

namespace {
constexpr Duration tick_life =
    std::chrono::minutes{1};  // a run happens somewhere inside its minute
constexpr int most_hops = 1;  // fact events-66
std::string key_of(std::uint64_t id) { return fmt::format("{:020}", id); }
}  // namespace

void Events::load() {
  ports::take_rows(
      dependencies_.journal, "events.buses", [&](std::string_view key, std::string_view text) {
        auto bus = bus_from(aws::stored_value(text));
        ports::expect_of_row(key == bus.arn, "another bus's");
        ports::expect_of_row(
            bus.policy.empty() || aws::parse_policy(bus.policy, aws::PolicyUse::resource),
            "no valid policy");
        buses_[std::string{key}] = std::move(bus);
      });
  ports::take_rows(
      dependencies_.journal, "events.rules", [&](std::string_view key, std::string_view text) {
        auto rule = rule_from(aws::stored_value(text));
        ports::expect_of_row(key == rule.arn, "another rule's");
        ports::expect_of_row(rule.expression.empty() || parse_schedule(rule.expression),
                             "no valid schedule");
        Entry& entry = rules_[std::string{key}];
        if (!rule.pattern.empty()) {
          auto pattern = EventPattern::parse(rule.pattern);
          ports::expect_of_row(pattern.has_value(), "no valid pattern");
          entry.pattern = std::move(*pattern);
        }
        entry.rule = std::move(rule);
      });
  ports::take_rows(
      dependencies_.journal, "events.retries", [&](std::string_view key, std::string_view text) {
        const auto row = aws::stored_value(text);
        const auto id = parse_int(key);
        ports::expect_of_row(id && *id >= 0 && key_of(static_cast<std::uint64_t>(*id)) == key,
                             "its key is not a number");
        last_retry_ = static_cast<std::uint64_t>(*id);
        Retry& retry = retries_[last_retry_];
        Handover& handover = retry.handover;
        handover.rule_arn = row["rule_arn"].string();
        handover.region = row["region"].string();
        handover.bus = row["bus"].string_or(default_bus);
        handover.rule_name = row["rule_name"].string();
        handover.payload = row["payload"].string();
        handover.event = row["event"].string_or(handover.payload);
        handover.event_id = row["event_id"].string_or("");
        handover.hops = static_cast<int>(row["hops"].integer_or(0));
        handover.ingested = from_unix_ms(row["ingested_ms"].integer_or(row["first_ms"].integer()));
        handover.target = row["target"];
        retry.failures = static_cast<int>(row["failures"].integer());
        retry.first = from_unix_ms(row["first_ms"].integer());
        retry.timer.set(dependencies_.timers, from_unix_ms(row["due_ms"].integer()),
                        [this, number = last_retry_] { try_again(number); });
      });
  ports::take_rows(dependencies_.journal, "events.archives",
                   [&](std::string_view key, std::string_view text) {
                     auto archive = archive_from(aws::stored_value(text));
                     ports::expect_of_row(key == archive.arn, "another archive's");
                     last_archive_ = std::max(last_archive_, archive.number);
                     archives_.emplace(key, std::move(archive));
                   });
  ports::take_rows(dependencies_.journal, "events.replays",
                   [&](std::string_view key, std::string_view text) {
                     auto replay = replay_from(aws::stored_value(text));
                     ports::expect_of_row(key == replay.arn, "another replay's");
                     Replaying& running = replays_[std::string{key}];
                     running.replay = std::move(replay);
                     if (running.replay.active()) arm(running);
                   });
  for (auto& [arn, entry] : rules_) {
    Rule& rule = entry.rule;
    if (rule.expression.empty()) continue;
    if (!still_due(rule)) {
      const auto schedule = parse_schedule(rule.expression);
      ENSURE(schedule.has_value(), "a stored rule has no valid schedule");
      rule.due = rule.enabled()
                     ? next_tick(*schedule, rule.countdown_start, dependencies_.timers.now())
                     : std::nullopt;
    }
    arm(entry);
  }
}

// Whether the tick that the rule waits for is ahead, or so recent that it is caught up with.
bool Events::still_due(const Rule& rule) const {
  return rule.due && *rule.due + tick_life > dependencies_.timers.now();
}

void Events::restart_countdown(Entry& entry) {
  Rule& rule = entry.rule;
  rule.countdown_start = dependencies_.timers.now();
  rule.due =
      rule.enabled() && !rule.expression.empty()
          ? next_tick(*parse_schedule(rule.expression), rule.countdown_start, rule.countdown_start)
          : std::nullopt;
  arm(entry);
}

void Events::arm(Entry& entry) {
  if (!entry.rule.due) return entry.timer.cancel();
  entry.timer.set(dependencies_.timers, *entry.rule.due,
                  [this, arn = entry.rule.arn] { tick(arn); });
}

void Events::tick(const std::string& arn) {
  const auto found = rules_.find(arn);
  ENSURE(found != rules_.end(), "a rule ticks that does not exist");
  Entry& entry = found->second;
  Rule& rule = entry.rule;
  const Instant time = *rule.due;
  const Instant now = dependencies_.timers.now();
  const bool in_time = still_due(rule);
  rule.due =
      next_tick(*parse_schedule(rule.expression), rule.countdown_start, in_time ? time : now);
  save(rule);
  const Rule as_it_fires = rule;
  arm(entry);
  if (!in_time) return;
  EventParts parts;
  parts.id = ports::uuid(dependencies_.entropy);
  parts.account = account_;
  parts.region = rule.region;
  parts.source = "aws.events";
  parts.detail_type = "Scheduled Event";
  parts.time = time;
  parts.resources = {rule.arn};
  fire(as_it_fires, make_event(parts, now));
}

// To the targets of every rule of the bus that it matches.
void Events::route(const Event& event, const std::string& region, const std::string& bus,
                   const std::vector<std::string>& wanted) {
  std::vector<const Rule*> matched;
  const auto is_wanted = [&](const std::string& arn) {
    return wanted.empty() || std::find(wanted.begin(), wanted.end(), arn) != wanted.end();
  };
  visit_rules(region, bus, "", [&](const Entry& entry) {
    if (entry.rule.enabled() && entry.pattern && is_wanted(entry.rule.arn) &&
        entry.pattern->matches(event.value))
      matched.push_back(&entry.rule);
    return true;
  });
  for (const Rule* rule : matched) {
    dependencies_.metrics.count({rule->region, rule->bus, rule->name}, "MatchedEvents", 1, "Count",
                                dependencies_.timers.now());
    fire(*rule, event);
  }
}

void Events::fire(const Rule& rule, const Event& event) {
  dependencies_.metrics.count({rule.region, rule.bus, rule.name}, "TriggeredRules", 1, "Count",
                              dependencies_.timers.now());
  for (const auto& target : rule.targets) {
    Handover handover;
    handover.rule_arn = rule.arn;
    handover.region = rule.region;
    handover.bus = rule.bus;
    handover.rule_name = rule.name;
    handover.payload = payload_for(target, event, {rule.arn, rule.name});
    handover.event = event.json;
    handover.event_id = event.value["id"].string_or("");
    handover.ingested = event.ingested;
    handover.hops = event.hops;
    handover.target = target;
    deliver(std::move(handover));
  }
}

void Events::count(const Handover& handover, std::string_view metric) {
  dependencies_.metrics.count({handover.region, handover.bus, handover.rule_name}, metric, 1,
                              "Count", dependencies_.timers.now());
}

void Events::deliver(Handover handover) {
  count(handover, "Invocations");
  const auto outcome = hand_over(handover);
  if (outcome.kind == Handed::accepted) return;
  if (outcome.kind == Handed::refused)
    return give_up(handover, {outcome.code, outcome.reason, "", 0});
  Retry& retry = retries_[++last_retry_];
  retry.handover = std::move(handover);
  retry.first = dependencies_.timers.now();
  retry_later(last_retry_, retry, outcome);
}

aws::DispatchOutcome Events::hand_over(const Handover& handover) {
  count(handover, "InvocationAttempts");
  const auto& arn = handover.target["Arn"].string();
  aws::DispatchOutcome outcome;
  if (arn == archive_target(handover.region)) {
    outcome = keep_in_archive(handover);
  } else if (target_kind(arn) == TargetKind::bus) {
    outcome = hand_to_bus(handover, arn);
  } else {
    Delivery delivery{arn, handover.payload, handover.rule_arn, handover.event_id};
    delivery.at = dependencies_.timers.now();
    delivery.message_group = handover.target["SqsParameters"]["MessageGroupId"].optional_string();
    outcome = dependencies_.targets.dispatch(delivery);
  }
  if (outcome.kind == Handed::accepted) count(handover, "SuccessfulInvocationAttempts");
  return outcome;
}

// Another bus gets the event as it is, and passes it on to no third one.
aws::DispatchOutcome Events::hand_to_bus(const Handover& handover, const std::string& arn) {
  const auto name = bus_name(handover.region, Value{arn});
  if (!has_bus(handover.region, name))
    return {Handed::refused, "", "Event bus " + arn + " does not exist.", "NO_RESOURCE"};
  if (handover.hops >= most_hops)
    return {Handed::refused, "", "the event came from another bus already", "INVALID_EVENT"};
  Event event = event_of(handover.event, handover.ingested);
  event.hops = handover.hops + 1;
  route(event, handover.region, name);
  return {Handed::accepted, handover.event_id, "", ""};
}

void Events::retry_later(std::uint64_t id, Retry& retry, const aws::DispatchOutcome& outcome) {
  const auto policy = retry_of(retry.handover.target);
  const Instant due = dependencies_.timers.now() + retry_delay(++retry.failures);
  const bool too_often = retry.failures > policy.most_retries;
  if (too_often || due > retry.first + policy.longest) {
    give_up(retry.handover,
            {outcome.code, "no more retries: " + outcome.reason,
             too_often ? "MaximumRetryAttempts" : "MaximumEventAgeInSeconds", retry.failures - 1});
    return drop_retry(id);
  }
  save_retry(id, retry, due);
  retry.timer.set(dependencies_.timers, due, [this, id] { try_again(id); });
}

void Events::try_again(std::uint64_t id) {
  Retry& retry = retries_.at(id);
  count(retry.handover, "RetryInvocationAttempts");
  const auto outcome = hand_over(retry.handover);
  if (outcome.kind == Handed::failed) return retry_later(id, retry, outcome);
  if (outcome.kind == Handed::refused)
    give_up(retry.handover, {outcome.code, outcome.reason, "", retry.failures});
  drop_retry(id);
}

void Events::save_retry(std::uint64_t id, const Retry& retry, Instant due) {
  const Handover& handover = retry.handover;
  Value event;
  if (handover.event != handover.payload) event = handover.event;
  dependencies_.journal.put(
      "events.retries", key_of(id),
      aws::to_json(Value::structure({{"rule_arn", handover.rule_arn},
                                     {"region", handover.region},
                                     {"bus", handover.bus},
                                     {"rule_name", handover.rule_name},
                                     {"payload", handover.payload},
                                     {"event", event},
                                     {"event_id", handover.event_id},
                                     {"hops", handover.hops},
                                     {"ingested_ms", unix_ms(handover.ingested)},
                                     {"target", handover.target},
                                     {"failures", retry.failures},
                                     {"first_ms", unix_ms(retry.first)},
                                     {"due_ms", unix_ms(due)}})));
}
void Events::drop_retry(std::uint64_t id) {
  retries_.erase(id);
  dependencies_.journal.erase("events.retries", key_of(id));
}

// The event goes to the target's dead-letter queue, where it has one (fact events-31).
void Events::give_up(const Handover& handover, const GivenUp& why) {
  const auto& target_arn = handover.target["Arn"].string();
  log(LogLevel::warning, "events",
      "an event of rule " + handover.rule_name + " does not reach " + target_arn + ": " +
          why.reason);
  count(handover, "FailedInvocations");
  const Value& queue = handover.target["DeadLetterConfig"]["Arn"];
  if (queue.is_null()) return;
  Delivery letter{queue.string(), handover.event, handover.rule_arn, handover.event_id};
  letter.at = dependencies_.timers.now();
  letter.attributes = {{"RULE_ARN", handover.rule_arn},
                       {"TARGET_ARN", target_arn},
                       {"ERROR_CODE", why.code.empty() ? "SDK_CLIENT_ERROR" : why.code},
                       {"ERROR_MESSAGE", why.reason},
                       {"RETRY_ATTEMPTS", std::to_string(why.retries)}};
  if (!why.exhausted.empty())
    letter.attributes.emplace_back("EXHAUSTED_RETRY_CONDITION", why.exhausted);
  const auto outcome = dependencies_.targets.dispatch(letter);
  count(handover, outcome.kind == Handed::accepted ? "InvocationsSentToDlq"
                                                   : "InvocationsFailedToBeSentToDlq");
  if (outcome.kind != Handed::accepted)
    log(LogLevel::warning, "events",
        "nor its dead-letter queue " + queue.string() + ": " + outcome.reason);
}

}  // namespace sitelatch::events
