// SPDX-License-Identifier: Apache-2.0
// Threads for slow, blocking work (unpacking code, looking for Pythons, deleting trees). Heavy work
// never occupies all of them: one is left for what is quickly done, so that no code, however large
// or badly meant, holds up another function's start.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace sitelatch::net {

class Workers {
 public:
  enum class Weight { light, heavy };

  explicit Workers(std::size_t count);
  ~Workers();  // what is under way is finished, what waits is dropped
  void order(Weight weight, std::function<void()> work);  // any thread

 private:
  void run();
  bool has_work() const;
  std::function<void()> take(bool& heavy);

  std::mutex mutex_;
  std::condition_variable more_;
  std::deque<std::function<void()>> light_, heavy_;
  std::size_t heavy_under_way_ = 0;
  const std::size_t most_heavy_;
  bool ending_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace sitelatch::net
