// SPDX-License-Identifier: Apache-2.0
// Sqs: what it keeps, and what happens when time goes on.
#include "services/sqs/sqs.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "aws/wire/stored.h"
#include "base/text.h"
#include "ports/rows.h"
#include "services/sqs/refusals.h"

namespace sitelatch::sqs {
namespace {
using aws::Value;

constexpr std::string_view queue_table = "sqs.queues";
constexpr std::string_view number_table = "sqs.numbers";
constexpr std::uint64_t numbers_at_once = 1000;

// "ARN\n..." -> the two.
std::pair<std::string, std::string> parts_of_key(std::string_view key) {
  const auto end = key.find('\n');
  ports::expect_of_row(end != std::string_view::npos, "no queue's");
  return {ports::text_of_key(key.substr(0, end)), ports::text_of_key(key.substr(end + 1))};
}

}  // namespace

Sqs::Sqs(Dependencies dependencies, std::string account)
    : journal_(dependencies.journal),
      timers_(dependencies.timers),
      entropy_(dependencies.entropy),
      metrics_(dependencies.metrics),
      account_(std::move(account)) {
  load();
}

void Sqs::load() {
  const auto now = timers_.now();
  ports::take_rows(journal_, queue_table, [&](std::string_view key, std::string_view text) {
    auto queue = queue_from(aws::stored_value(text));
    ports::expect_of_row(key == queue.arn, "another queue's");
    auto& held = queues_[queue.arn];
    held = std::make_unique<Held>(journal_, std::move(queue));
  });
  std::map<std::string, Value, std::less<>> receives;
  ports::take_rows(journal_, receive_table, [&](std::string_view key, std::string_view text) {
    receives[ports::text_of_key(key)] = aws::stored_value(text);
  });
  ports::take_rows(journal_, message_table, [&](std::string_view key, std::string_view text) {
    const auto [arn, number] = parts_of_key(key);
    auto* held = find(arn);
    const auto parsed = parse_int(number);
    const auto changing = receives.find(key);
    ports::expect_of_row(held && parsed && changing != receives.end(), "no queue has it");
    auto message = message_from(aws::stored_value(text), changing->second);
    message.number = static_cast<std::uint64_t>(*parsed);
    held->backlog.restore(std::move(message), now);
  });
  ports::take_rows(journal_, deduplication_table, [&](std::string_view key, std::string_view text) {
    const auto [arn, id] = parts_of_key(key);
    const auto row = aws::stored_value(text);
    auto* held = find(arn);
    ports::expect_of_row(held != nullptr, "no queue has it");
    const Sent sent{row["id"].string(), static_cast<std::uint64_t>(row["number"].integer()),
                    from_unix_ms(row["until_ms"].integer())};
    held->sent[id] = sent;
    held->sent_until.emplace_back(sent.until, id);
  });
  ports::take_rows(journal_, number_table, [&](std::string_view, std::string_view text) {
    const auto reserved = parse_int(text);
    ports::expect_of_row(reserved && *reserved > 0, "no number");
    next_number_ = reserved_ = static_cast<std::uint64_t>(*reserved);
  });
  for (auto& [arn, held] : queues_) {
    std::sort(held->sent_until.begin(), held->sent_until.end());
    if (!held->backlog.empty()) use(*held);
    arm(*held);
  }
  load_moves();
}

// Numbers never come twice, also when the messages that had them are gone.
std::uint64_t Sqs::next_number() {
  if (next_number_ == reserved_) {
    reserved_ += numbers_at_once;
    journal_.put(number_table, "next", std::to_string(reserved_));
  }
  return next_number_++;
}

Sqs::Held* Sqs::find(const std::string& arn) {
  const auto found = queues_.find(arn);
  return found == queues_.end() ? nullptr : found->second.get();
}
const Sqs::Held* Sqs::find(const std::string& arn) const {
  const auto found = queues_.find(arn);
  return found == queues_.end() ? nullptr : found->second.get();
}

aws::Outcome<Sqs::Held*> Sqs::find_queue(const aws::Call& call) {
  const auto& url = call.input["QueueUrl"].string();
  const auto address = read_address(url);
  if (!address)
    return aws::refuse("InvalidAddress",
                       fmt::format("The address {} is not valid for this endpoint.", url));
  auto* held = find(queue_arn(call.region, address->account, address->name));
  if (!held) return no_such_queue();
  const auto now = timers_.now();
  if (held->backlog.settle(now, now - held->queue.seconds("MessageRetentionPeriod"))) touch(*held);
  use(*held);
  return held;
}

std::string Sqs::queue_policy(const std::string& arn) const {
  const auto* held = find(arn);
  return held ? held->queue.setting("Policy") : std::string{};
}

std::optional<std::int64_t> Sqs::visibility_timeout_s(const std::string& arn) const {
  const auto* held = find(arn);
  return held ? std::optional{held->queue.number("VisibilityTimeout")} : std::nullopt;
}

void Sqs::save(Held& held, Queue changed) {
  journal_.put(queue_table, changed.arn, aws::to_json(to_value(changed)));
  held.queue = std::move(changed);
  touch(held);
}

// Answers may make others ask at once: what they touch is looked at in this loop, too.
void Sqs::flush() {
  if (flushing_) return;
  flushing_ = true;
  while (!touched_.empty()) {
    const auto arn = touched_.extract(touched_.begin()).value();
    auto* held = find(arn);
    if (!held) continue;
    serve_polls(*held);
    if (held->backlog.visible() > 0)
      for (auto& watcher : std::exchange(held->watchers, {})) timers_.at(timers_.now(), watcher);
    arm(*held);
  }
  flushing_ = false;
}

void Sqs::serve_polls(Held& held) {
  while (!held.polls.empty()) {
    auto messages = receive_now(held, held.polls.front().reception);
    if (messages.items().empty()) return;
    const auto answer = std::move(held.polls.front().answer);
    held.polls.pop_front();
    answer(Value::structure({{"Messages", std::move(messages)}}));
  }
}

void Sqs::arm(Held& held) {
  auto next = held.backlog.next_change(held.queue.seconds("MessageRetentionPeriod"));
  if (!held.sent_until.empty() && (!next || held.sent_until.front().first < *next))
    next = held.sent_until.front().first;
  if (!next) return held.wake.cancel();
  held.wake.set(timers_, *next, [this, arn = held.queue.arn] { wake(arn); });
}

void Sqs::wake(const std::string& arn) {
  auto* held = find(arn);
  if (!held) return;
  const auto now = timers_.now();
  held->backlog.settle(now, now - held->queue.seconds("MessageRetentionPeriod"));
  forget_sent(*held, now);
  touch(*held);
  flush();
}

std::size_t Sqs::polls_waiting() const {
  std::size_t waiting = 0;
  for (const auto& [arn, held] : queues_) waiting += held->polls.size();
  return waiting;
}

// --- what polls a queue for a function

aws::Outcome<std::vector<Value>> Sqs::receive(const std::string& arn, std::size_t most) {
  auto* held = find(arn);
  if (!held) return no_such_queue();
  Reception reception;
  reception.most = most;
  reception.visibility = held->queue.seconds("VisibilityTimeout");
  reception.system_attributes = reception.message_attributes = {"All"};
  const auto now = timers_.now();
  held->backlog.settle(now, now - held->queue.seconds("MessageRetentionPeriod"));
  use(*held);
  auto messages = receive_now(*held, reception);
  flush();
  return messages.items();
}

void Sqs::remove(const std::string& arn, const std::string& handle) {
  if (auto* held = find(arn)) (void)delete_one(*held, handle);
  flush();
}

void Sqs::release(const std::string& arn, const std::string& handle, int after_s) {
  if (auto* held = find(arn)) (void)change_visibility(*held, handle, Value{after_s});
  flush();
}

void Sqs::when_available(const std::string& arn, std::function<void()> callback) {
  auto* held = find(arn);
  if (!held) return;
  held->watchers.push_back(std::move(callback));
  touch(*held);
  flush();
}

}  // namespace sitelatch::sqs
