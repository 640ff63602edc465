// SPDX-License-Identifier: Apache-2.0
#include "engine/workers.h"

#include <sys/resource.h>
#include <unistd.h>

#include <system_error>
#include <utility>

namespace sitelatch::engine {
namespace {
// Below the control thread and DNS: a large body waits, not they. (On Linux a thread's own.)
constexpr int niceness = 10;
}  // namespace

WorkerThreads::WorkerThreads(int threads, std::function<void(std::function<void()>)> post)
    : post_(std::move(post)) {
  try {
    for (int i = 0; i < threads; ++i) threads_.emplace_back([this] { serve(); });
  } catch (const std::system_error&) {
    if (threads_.empty()) throw;  // fewer will do
  }
}

WorkerThreads::~WorkerThreads() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  for (auto& thread : threads_) thread.join();
}

void WorkerThreads::run(std::function<void()> work, std::function<void()> then) {
  {
    const std::lock_guard lock(mutex_);
    tasks_.push_back({std::move(work), std::move(then)});
  }
  wake_.notify_one();
}

void WorkerThreads::serve() {
  ::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), niceness);
  while (true) {
    std::unique_lock lock(mutex_);
    wake_.wait(lock, [this] { return stopping_ || !tasks_.empty(); });
    if (stopping_) return;
    auto task = std::move(tasks_.front());
    tasks_.pop_front();
    lock.unlock();
    task.work();
    task.work = nullptr;
    post_(std::move(task.then));
  }
}

}  // namespace sitelatch::engine
