// SPDX-License-Identifier: Apache-2.0
#include "net/functions/host_loop.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <array>

#include "base/check.h"

namespace sitelatch::net {

FunctionHostLoop::FunctionHostLoop()
    : epoll_(::epoll_create1(EPOLL_CLOEXEC)), wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  ENSURE(epoll_ && wake_, "no descriptors for the function host");
  watch(wake_.get(), EPOLLIN, [this](std::uint32_t) {
    std::uint64_t count = 0;
    while (::read(wake_.get(), &count, sizeof count) > 0) {
    }
  });
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

FunctionHostLoop::Token FunctionHostLoop::watch(int fd, std::uint32_t events,
                                                std::function<void(std::uint32_t)> ready) {
  const Token token = ++last_token_;
  epoll_event event{};
  event.events = events;
  event.data.u64 = token;
  ENSURE(::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) == 0, "epoll refuses a descriptor");
  watches_.emplace(token, Watch{fd, std::move(ready)});
  return token;
}

void FunctionHostLoop::change(Token token, std::uint32_t events) {
  const auto found = watches_.find(token);
  if (found == watches_.end()) return;
  epoll_event event{};
  event.events = events;
  event.data.u64 = token;
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, found->second.fd, &event);
}

void FunctionHostLoop::forget(Token& token) {
  if (const auto found = watches_.find(token); found != watches_.end()) {
    ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, found->second.fd, nullptr);
    watches_.erase(found);
  }
  token = 0;
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
  const auto now = Clock::now();
  while (!timers_.empty() && timers_.begin()->first.first <= now) {
    auto first = timers_.extract(timers_.begin());
    timer_times_.erase(first.key().second);
    first.mapped()();
  }
}

void FunctionHostLoop::run() {
  std::array<epoll_event, 64> events;
  while (!stopping_) {
    const int count =
        ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), patience());
    for (int i = 0; i < count; ++i) {
      const auto& event = events[static_cast<std::size_t>(i)];
      // Forgotten by an earlier event of this round: nothing there. The copy lives on when it
      // forgets itself.
      const auto found = watches_.find(event.data.u64);
      if (found == watches_.end()) continue;
      const auto ready = found->second.ready;
      ready(event.events);
    }
    run_posted();
    run_due();
  }
}

}  // namespace sitelatch::net
