// SPDX-License-Identifier: Apache-2.0
#include "net/dns/name_lookups.h"

#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <system_error>

#include "base/check.h"

namespace sitelatch::net {

NameLookups::NameLookups(const Options& options, std::function<void(std::function<void()>)> post)
    : options_(options),
      post_(std::move(post)),
      wake_(Fd(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK))),
      resolver_(epoll_, {options.try_limit, options.servers}),
      deliver_(lifetime_.guard(
          [this](const std::string& name, std::uint64_t number, const ports::NameAnswer& answer) {
            const auto found = listeners_.find(name);
            if (found == listeners_.end() || found->second.number != number) return;
            const auto told = found->second.told;  // it may forget the name
            told(answer);
          })) {
  if (!wake_ || !wake_.watch(epoll_, EPOLLIN, [this](std::uint32_t) { take_orders(); }))
    throw std::system_error(errno, std::generic_category(), "no descriptors for looking up names");
}

NameLookups::~NameLookups() {
  if (!thread_.joinable()) return;
  stopping_ = true;
  const std::uint64_t one = 1;
  ENSURE(write(wake_.get(), &one, sizeof one) == sizeof one);
  thread_.join();
}

void NameLookups::watch(const std::string& name,
                        std::function<void(const ports::NameAnswer&)> told) {
  listeners_[name] = {++last_number_, std::move(told)};
  order({name, last_number_});
  if (!thread_.joinable()) thread_ = std::thread([this] { run(); });
}

void NameLookups::forget(const std::string& name) {
  if (listeners_.erase(name) > 0) order({name, 0});
}

void NameLookups::order(Order what) {
  {
    const std::lock_guard lock(orders_mutex_);
    orders_.push_back(std::move(what));
  }
  const std::uint64_t one = 1;
  ENSURE(write(wake_.get(), &one, sizeof one) == sizeof one);
}

void NameLookups::run() {
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
  pthread_setname_np(pthread_self(), "names");
  while (!stopping_) {
    ask_due();
    epoll_.wait(wait_ms());
    epoll_.dispatch();
    resolver_.run_timeouts();
  }
}

void NameLookups::take_orders() {
  std::uint64_t count = 0;
  (void)!read(wake_.get(), &count, sizeof count);
  std::vector<Order> fresh;
  {
    const std::lock_guard lock(orders_mutex_);
    fresh.swap(orders_);
  }
  // What is being asked goes on being counted, and answers nobody (its number is gone).
  for (auto& what : fresh) {
    if (what.number == 0)
      names_.erase(what.name);
    else
      names_[what.name] = {what.number, Clock::now(), false, 0, std::nullopt};
  }
}

void NameLookups::ask_due() {
  const auto now = Clock::now();
  while (asking_ < options_.at_once) {
    auto next = names_.end();
    for (auto at = names_.begin(); at != names_.end(); ++at)
      if (!at->second.asked && at->second.due <= now &&
          (next == names_.end() || at->second.due < next->second.due))
        next = at;
    if (next == names_.end()) return;
    next->second.asked = true;
    ++asking_;
    resolver_.look_up(next->first, [this, name = next->first,
                                    number = next->second.number](const Resolver::LookedUp& found) {
      --asking_;
      answered(name, number, found);
    });
  }
}

void NameLookups::answered(const std::string& name, std::uint64_t number,
                           const Resolver::LookedUp& found) {
  const auto at = names_.find(name);
  if (at == names_.end() || at->second.number != number) return;
  auto& entry = at->second;
  entry.asked = false;
  std::chrono::milliseconds rest = found.ttl;
  if (found.answer.kind == ports::NameAnswer::Kind::unknown)
    rest = options_.soonest * (1 << std::min(entry.failures++, 10));
  else
    entry.failures = 0;
  entry.due = Clock::now() + std::clamp(rest, options_.soonest, options_.latest);
  // Who was answered once keeps that while nobody answers: an outage of the resolver is none of the
  // target's.
  if (entry.last && found.answer.kind == ports::NameAnswer::Kind::unknown) return;
  if (entry.last == found.answer) return;
  entry.last = found.answer;
  post_([deliver = deliver_, name, number, answer = found.answer]() mutable {
    deliver(name, number, answer);
  });
}

int NameLookups::wait_ms() const {
  auto first = Clock::time_point::max();
  if (asking_ < options_.at_once)
    for (const auto& [name, entry] : names_)
      if (!entry.asked) first = std::min(first, entry.due);
  int longest = -1;
  if (first != Clock::time_point::max()) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(first - Clock::now()).count();
    longest = static_cast<int>(std::clamp<std::int64_t>(left, 0, 60'000));
  }
  return resolver_.wait_ms(longest);
}

}  // namespace sitelatch::net
