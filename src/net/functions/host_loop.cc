// SPDX-License-Identifier: Apache-2.0
#include "net/functions/host_loop.h"

#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "base/check.h"

namespace sitelatch::net {

FunctionHostLoop::FunctionHostLoop() : wake_(Fd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK))) {
  const auto ready = [this](std::uint32_t) {
    std::uint64_t count = 0;
    while (::read(wake_.get(), &count, sizeof count) > 0) {
    }
  };
  if (!wake_ || !wake_.watch(epoll_, EPOLLIN, ready))
    throw std::system_error(errno, std::generic_category(), "no descriptors for functions");
}

void FunctionHostLoop::post(std::function<void()> work) {
  {
    const std::lock_guard lock(mutex_);
    posted_.push_back(std::move(work));
  }
  const std::uint64_t one = 1;
  ENSURE(::write(wake_.get(), &one, sizeof one) == sizeof one, "the function host cannot be woken");
}

void FunctionHostLoop::stop() {
  post([this] { stopping_ = true; });
}

FunctionHostLoop::Token FunctionHostLoop::at(Clock::time_point when, std::function<void()> due) {
  const Token token = ++last_token_;
  timers_.emplace(std::pair{when, token}, std::move(due));
  timer_times_.emplace(token, when);
  return token;
}

void FunctionHostLoop::cancel(Token& token) {
  if (const auto found = timer_times_.find(token); found != timer_times_.end()) {
    timers_.erase({found->second, token});
    timer_times_.erase(found);
  }
  token = 0;
}

int FunctionHostLoop::patience() const {
  if (timers_.empty()) return -1;
  const auto left =
      std::chrono::ceil<std::chrono::milliseconds>(timers_.begin()->first.first - Clock::now())
          .count();
  return static_cast<int>(std::clamp<std::int64_t>(left, 0, 3600 * 1000));
}

void FunctionHostLoop::run_posted() {
  std::vector<std::function<void()>> work;
  {
    const std::lock_guard lock(mutex_);
    work.swap(posted_);
  }
  for (auto& task : work) task();
}

void FunctionHostLoop::run_due() {
  // Looked at once: a timer that sets itself anew for now may not keep the sockets waiting.
  const auto now = Clock::now();
  while (!timers_.empty() && timers_.begin()->first.first <= now) {
    auto first = timers_.extract(timers_.begin());
    timer_times_.erase(first.key().second);
    first.mapped()();
  }
}

void FunctionHostLoop::run() {
  pthread_setname_np(pthread_self(), "functions");
  while (!stopping_) {
    epoll_.wait(patience());
    epoll_.dispatch();
    run_posted();
    run_due();
  }
}

}  // namespace sitelatch::net
