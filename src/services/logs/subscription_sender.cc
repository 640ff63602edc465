// SPDX-License-Identifier: Apache-2.0
#include "services/logs/subscription_sender.h"

#include <fmt/format.h>

#include <algorithm>

#include "aws/wire/codec.h"
#include "aws/wire/stored.h"
#include "base/log.h"
#include "base/text.h"
#include "ports/rows.h"
#include "services/logs/logs.h"

namespace sitelatch::logs {
namespace {

using aws::Value;
using Outcome = aws::DispatchOutcome::Kind;

constexpr std::string_view table = "logs.deliveries";
// Below what Lambda takes of an asynchronous event.
constexpr std::size_t largest_payload = 256'000;
constexpr Duration disabled_for = std::chrono::minutes{10};
constexpr Duration longest_retry = std::chrono::hours{24};

std::string key_of(std::uint64_t number) { return fmt::format("{:020}", number); }

Duration delay_after(int failures) {
  const auto doubled = std::chrono::seconds{15} * (1 << std::min(failures, 6));
  return std::min<Duration>(doubled, std::chrono::minutes{15});
}

std::string event_of(const Value& batch) {
  return R"({"awslogs":{"data":")" + base64(aws::codec::deflate_gzip(aws::to_json(batch))) +
         R"("}})";
}

Value halved(const Value& batch, bool first) {
  Value out = batch;
  const auto& all = batch["logEvents"].items();
  const auto middle = all.begin() + static_cast<std::ptrdiff_t>(all.size() / 2);
  out.set("logEvents", first ? Value::List(all.begin(), middle) : Value::List(middle, all.end()));
  return out;
}

}  // namespace

SubscriptionSender::SubscriptionSender(const Dependencies& dependencies, std::string account)
    : dependencies_(dependencies), account_(std::move(account)) {
  ports::take_rows(
      dependencies_.journal, table, [this](std::string_view key, std::string_view text) {
        const auto row = aws::stored_value(text);
        const auto number = parse_int(key);
        ports::expect_of_row(
            number && *number >= 0 && key_of(static_cast<std::uint64_t>(*number)) == key,
            "its key is not a number");
        last_number_ = static_cast<std::uint64_t>(*number);
        auto& delivery = retries_[last_number_];
        delivery.filter_key = row["filter"].string();
        delivery.function_arn = row["function"].string();
        delivery.group_arn = row["group"].string();
        delivery.payload = row["payload"].string();
        delivery.failures = static_cast<int>(row["failures"].integer());
        delivery.first = from_unix_ms(row["first_ms"].integer());
        delivery.timer.set(dependencies_.timers, from_unix_ms(row["due_ms"].integer()),
                           [this, number = last_number_] { try_again(number); });
      });
}

void SubscriptionSender::send(const GroupFilters& filters, const std::string& stream,
                              const std::vector<NewEvent>& events, std::uint64_t first_sequence) {
  for (const auto& [name, filter] : filters.subscriptions) {
    const auto key = filters.region + '/' + filters.group + '/' + name;
    if (const auto disabled = disabled_until_.find(key); disabled != disabled_until_.end()) {
      if (dependencies_.timers.now() < disabled->second) continue;
      disabled_until_.erase(disabled);
    }
    Value list = Value::list();
    for (std::size_t i = 0; i < events.size(); ++i) {
      if (!filter.pattern.matches(events[i].message)) continue;
      const Position position{events[i].timestamp_ms, first_sequence + i};
      list.push(Value::structure({{"id", position.digits()},
                                  {"timestamp", events[i].timestamp_ms},
                                  {"message", events[i].message}}));
    }
    if (list.items().empty()) continue;
    send_batch(key, filter, group_arn(filters.region, account_, filters.group) + ":*",
               Value::structure({{"messageType", "DATA_MESSAGE"},
                                 {"owner", account_},
                                 {"logGroup", filters.group},
                                 {"logStream", stream},
                                 {"subscriptionFilters", Value::list({name})},
                                 {"logEvents", std::move(list)}}));
  }
}

void SubscriptionSender::send_batch(const std::string& filter_key, const SubscriptionFilter& filter,
                                    const std::string& group_arn, const Value& batch) {
  auto payload = event_of(batch);
  if (payload.size() > largest_payload && batch["logEvents"].items().size() > 1) {
    send_batch(filter_key, filter, group_arn, halved(batch, true));
    return send_batch(filter_key, filter, group_arn, halved(batch, false));
  }
  Delivery delivery;
  delivery.filter_key = filter_key;
  delivery.function_arn = filter.destination_arn;
  delivery.group_arn = group_arn;
  delivery.first = dependencies_.timers.now();
  if (payload.size() > largest_payload)
    return log(LogLevel::warning, "logs",
               fmt::format("a line of {} is too large for an event of {}: not sent", filter_key,
                           filter.destination_arn));
  delivery.payload = std::move(payload);
  deliver(std::move(delivery));
}

void SubscriptionSender::deliver(Delivery delivery) {
  const auto outcome = dependencies_.subscribers.dispatch(delivery.function_arn, delivery.payload,
                                                          delivery.group_arn);
  if (outcome.kind == Outcome::accepted) return;
  if (outcome.kind == Outcome::refused) return give_up(delivery, outcome.reason);
  const auto number = ++last_number_;
  retry_later(number, retries_[number] = std::move(delivery));
}

void SubscriptionSender::try_again(std::uint64_t number) {
  auto& delivery = retries_.at(number);
  const auto outcome = dependencies_.subscribers.dispatch(delivery.function_arn, delivery.payload,
                                                          delivery.group_arn);
  if (outcome.kind == Outcome::failed) return retry_later(number, delivery);
  if (outcome.kind == Outcome::refused) give_up(delivery, outcome.reason);
  drop(number);
}

void SubscriptionSender::retry_later(std::uint64_t number, Delivery& delivery) {
  const auto due = dependencies_.timers.now() + delay_after(delivery.failures++);
  if (due > delivery.first + longest_retry) {
    give_up(delivery, "no more retries after a day");
    return drop(number);
  }
  dependencies_.journal.put(
      table, key_of(number),
      aws::to_json(Value::structure({{"filter", delivery.filter_key},
                                     {"function", delivery.function_arn},
                                     {"group", delivery.group_arn},
                                     {"payload", delivery.payload},
                                     {"failures", std::int64_t{delivery.failures}},
                                     {"first_ms", unix_ms(delivery.first)},
                                     {"due_ms", unix_ms(due)}})));
  delivery.timer.set(dependencies_.timers, due, [this, number] { try_again(number); });
}

void SubscriptionSender::give_up(const Delivery& delivery, const std::string& why) {
  log(LogLevel::warning, "logs",
      fmt::format("events of subscription filter {} do not reach {}: {}", delivery.filter_key,
                  delivery.function_arn, why));
  disabled_until_[delivery.filter_key] = dependencies_.timers.now() + disabled_for;
}

void SubscriptionSender::drop(std::uint64_t number) {
  retries_.erase(number);
  dependencies_.journal.erase(table, key_of(number));
}

}  // namespace sitelatch::logs
