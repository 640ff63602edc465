// SPDX-License-Identifier: Apache-2.0
// Threads for what takes long and touches no state: hashing, inflating and decoding large bodies.
// The control thread stays free for probes, alarms and small requests.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace sitelatch::engine {

class Workers {
 public:
  virtual ~Workers() = default;
  // Runs `work`, which must not throw, on some thread; then `then` on the control thread.
  virtual void run(std::function<void()> work, std::function<void()> then) = 0;
};

// `post` brings a task to the control thread; it is called on a worker's.
class WorkerThreads final : public Workers {
 public:
  WorkerThreads(int threads, std::function<void(std::function<void()>)> post);
  ~WorkerThreads() override;  // what has not begun is dropped
  void run(std::function<void()> work, std::function<void()> then) override;

 private:
  struct Task {
    std::function<void()> work, then;
  };
  void serve();

  const std::function<void(std::function<void()>)> post_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Task> tasks_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace sitelatch::engine
