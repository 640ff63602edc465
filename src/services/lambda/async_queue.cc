// SPDX-License-Identifier: Apache-2.0
#include "services/lambda/async_queue.h"

#include <vector>

#include "ports/rows.h"

namespace sitelatch::lambda {
namespace {
constexpr std::string_view events_table = "lambda.async";
}

AsyncQueue::AsyncQueue(ports::Journal& journal, ports::Timers& timers, Attempt attempt)
    : journal_(journal), timers_(timers), attempt_(std::move(attempt)) {
  ports::take_rows(journal_, events_table, [this](std::string_view key, std::string_view row) {
    auto event = async_event_from_row(row);
    ports::expect_of_row(key == event.key(), "another event's");
    waiting_[std::string{key}].event = std::move(event);
  });
  for (const auto& entry : waiting_) arm(entry.first);
}

void AsyncQueue::add(AsyncEvent event) { reschedule(std::move(event)); }

void AsyncQueue::reschedule(AsyncEvent event) {
  const auto key = event.key();
  write(event);
  waiting_[key].event = std::move(event);
  arm(key);
}

void AsyncQueue::remove(const AsyncEvent& event) {
  journal_.erase(events_table, event.key());
  waiting_.erase(event.key());
}

void AsyncQueue::write(const AsyncEvent& event) {
  journal_.put(events_table, event.key(), to_row(event));
}

// Even what is due at once waits for its row to be durable; a timer of this instant would not.
void AsyncQueue::arm(const std::string& key) {
  auto& waiting = waiting_.at(key);
  if (waiting.event.due > timers_.now()) {
    waiting.timer.set(timers_, waiting.event.due, [this, key] { attempt(key); });
    return;
  }
  waiting.timer.cancel();
  journal_.when_durable(lifetime_.guard([this, key] { attempt(key); }));
}

void AsyncQueue::attempt(const std::string& key) {
  const auto found = waiting_.find(key);
  if (found == waiting_.end()) return;
  const AsyncEvent event = found->second.event;  // the attempt may remove it
  attempt_(event);
}

}  // namespace sitelatch::lambda
