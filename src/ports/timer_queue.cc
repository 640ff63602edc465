// SPDX-License-Identifier: Apache-2.0
#include "ports/timer_queue.h"

namespace sitelatch::ports {

Timers::Id TimerQueue::at(Instant due, std::function<void()> callback) {
  const Id id = ++last_id_;
  pending_.emplace(Key{due, id}, std::move(callback));
  due_of_.emplace(id, due);
  return id;
}

void TimerQueue::cancel(Id id) {
  const auto found = due_of_.find(id);
  if (found == due_of_.end()) return;
  pending_.erase(Key{found->second, id});
  due_of_.erase(found);
}

std::optional<Instant> TimerQueue::next_due() const {
  if (pending_.empty()) return std::nullopt;
  return pending_.begin()->first.first;
}

void TimerQueue::move_to(Instant now) {
  if (now > now_) now_ = now;
}

bool TimerQueue::run_one_due() {
  if (pending_.empty() || pending_.begin()->first.first > now_) return false;
  auto node = pending_.extract(pending_.begin());
  due_of_.erase(node.key().second);
  node.mapped()();
  return true;
}

}  // namespace sitelatch::ports
