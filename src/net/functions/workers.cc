// SPDX-License-Identifier: Apache-2.0
#include "net/functions/workers.h"

#include <utility>

namespace sitelatch::net {

Workers::Workers(std::size_t count) : most_heavy_(count > 1 ? count - 1 : 1) {
  for (std::size_t i = 0; i < count; ++i) threads_.emplace_back([this] { run(); });
}

Workers::~Workers() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  more_.notify_all();
  for (auto& thread : threads_) thread.join();
}

void Workers::order(Weight weight, std::function<void()> work) {
  {
    const std::lock_guard lock(mutex_);
    (weight == Weight::heavy ? heavy_ : light_).push_back(std::move(work));
  }
  more_.notify_one();
}

bool Workers::has_work() const {
  return !light_.empty() || (!heavy_.empty() && heavy_under_way_ < most_heavy_);
}

std::function<void()> Workers::take(bool& heavy) {
  heavy = light_.empty();
  auto& queue = heavy ? heavy_ : light_;
  auto work = std::move(queue.front());
  queue.pop_front();
  return work;
}

void Workers::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    more_.wait(lock, [this] { return ending_ || has_work(); });
    if (ending_) return;
    bool heavy = false;
    auto work = take(heavy);
    if (heavy) ++heavy_under_way_;
    lock.unlock();
    work();
    work = nullptr;  // what it holds goes before anybody waits for the lock
    lock.lock();
    if (heavy) --heavy_under_way_;
    if (heavy && has_work()) more_.notify_one();
  }
}

}  // namespace sitelatch::net
