// SPDX-License-Identifier: Apache-2.0
// The function host's own thread: epoll, timers on wall time, and work handed in from other
// threads. Everything but post() and stop() belongs to that thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "net/io/epoll.h"

namespace sitelatch::net {

class FunctionHostLoop {
 public:
  using Clock = std::chrono::steady_clock;
  using Token = std::uint64_t;  // never used twice; 0 is none

  FunctionHostLoop();
  void run();                             // until stop()
  void post(std::function<void()> work);  // any thread
  void stop();                            // any thread

  Epoll& epoll() { return epoll_; }  // for the WatchedFds of those who live on this thread
  Token at(Clock::time_point when, std::function<void()> due);
  void cancel(Token& token);

 private:
  int patience() const;
  void run_posted();
  void run_due();

  Epoll epoll_;
  WatchedFd wake_;
  Token last_token_ = 0;
  std::map<std::pair<Clock::time_point, Token>, std::function<void()>> timers_;
  std::unordered_map<Token, Clock::time_point> timer_times_;
  std::mutex mutex_;
  std::vector<std::function<void()>> posted_;
  bool stopping_ = false;
};

}  // namespace sitelatch::net
