// SPDX-License-Identifier: Apache-2.0
#include "services/sns/delivery_queue.h"

#include <fmt/format.h>

#include "aws/wire/stored.h"
#include "base/check.h"
#include "base/text.h"
#include "ports/rows.h"

namespace sitelatch::sns {
namespace {
constexpr std::string_view table = "sns.deliveries";
std::string key_of(std::uint64_t id) { return fmt::format("{:020}", id); }
}  // namespace

DeliveryQueue::DeliveryQueue(ports::Journal& journal, ports::Timers& timers, Attempt attempt)
    : journal_(journal), timers_(timers), attempt_(std::move(attempt)) {
  load();
}

void DeliveryQueue::load() {
  ports::take_rows(journal_, table, [&](std::string_view key, std::string_view text) {
    const auto row = aws::stored_value(text);
    const auto id = parse_int(key);
    ports::expect_of_row(id && *id >= 0 && key_of(static_cast<std::uint64_t>(*id)) == key,
                         "its key is not a number");
    last_id_ = static_cast<std::uint64_t>(*id);
    Waiting& waiting = waiting_[last_id_];
    waiting.delivery = {last_id_, notification_from(row["notification"]),
                        static_cast<int>(row["failures"].integer())};
    attempt_at(waiting, from_unix_ms(row["due_ms"].integer()));
  });
}

DeliveryQueue::Waiting& DeliveryQueue::insert(Notification notification, int failures) {
  Waiting& waiting = waiting_[++last_id_];
  waiting.delivery = {last_id_, std::move(notification), failures};
  return waiting;
}

void DeliveryQueue::write(const Delivery& delivery, Instant due) {
  journal_.put(
      table, key_of(delivery.id),
      aws::to_json(aws::Value::structure({{"notification", to_value(delivery.notification)},
                                          {"failures", delivery.failures},
                                          {"due_ms", unix_ms(due)}})));
}

void DeliveryQueue::add(Notification notification) {
  const Delivery& delivery = insert(std::move(notification), 0).delivery;
  write(delivery, timers_.now());
  journal_.when_durable(lifetime_.guard([this, id = delivery.id] { attempt_now(id); }));
}

void DeliveryQueue::add_failed(Notification notification, Instant due) {
  Waiting& waiting = insert(std::move(notification), 1);
  write(waiting.delivery, due);
  attempt_at(waiting, due);
}

const Delivery* DeliveryQueue::find(std::uint64_t id) const {
  const auto found = waiting_.find(id);
  return found == waiting_.end() ? nullptr : &found->second.delivery;
}

void DeliveryQueue::retry(std::uint64_t id, Instant due) {
  const auto found = waiting_.find(id);
  ENSURE(found != waiting_.end(), "a delivery is retried that is not in the queue");
  ++found->second.delivery.failures;
  write(found->second.delivery, due);
  attempt_at(found->second, due);
}

bool DeliveryQueue::waits_for(const Notification& n, std::uint64_t id) const {
  if (n.group_id.empty()) return false;
  for (const auto& [other, waiting] : waiting_) {
    if (id != 0 && other >= id) return false;
    const auto& ahead = waiting.delivery.notification;
    if (ahead.subscription_arn == n.subscription_arn && ahead.group_id == n.group_id) return true;
  }
  return false;
}

void DeliveryQueue::park(std::uint64_t id) {
  const auto found = waiting_.find(id);
  ENSURE(found != waiting_.end(), "a delivery is parked that is not in the queue");
  found->second.parked = true;
}

void DeliveryQueue::wake_parked() {
  for (auto& [id, waiting] : waiting_) {
    if (!waiting.parked) continue;
    waiting.parked = false;
    attempt_at(waiting, timers_.now());
  }
}

void DeliveryQueue::finish(std::uint64_t id) {
  if (waiting_.erase(id) > 0) journal_.erase(table, key_of(id));
}

void DeliveryQueue::attempt_at(Waiting& waiting, Instant due) {
  waiting.timer.set(timers_, due, [this, id = waiting.delivery.id] { attempt_now(id); });
}

void DeliveryQueue::attempt_now(std::uint64_t id) {
  const auto found = waiting_.find(id);
  if (found == waiting_.end()) return;
  const Delivery delivery = found->second.delivery;  // the attempt may finish it
  attempt_(delivery);
}

}  // namespace sitelatch::sns
