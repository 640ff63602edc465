// SPDX-License-Identifier: Apache-2.0
#include "net/probe/thread.h"

#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>

#include <algorithm>
#include <csignal>

#include "base/check.h"
#include "net/probe/words.h"

namespace sitelatch::net {
namespace {

using Phase = ProbeCheck::Phase;

std::size_t connections_allowed(std::size_t wanted) {
  rlimit descriptors{};
  getrlimit(RLIMIT_NOFILE, &descriptors);
  const std::size_t most = std::clamp<std::size_t>(descriptors.rlim_cur / 4 * 3, 16, 16384);
  return wanted == 0 ? most : std::min(wanted, most);
}

}  // namespace

SocketProber::Thread::Thread(const ProbeLimits& limits,
                             std::function<void(std::function<void()>)> post)
    : limits_(limits),
      post_(std::move(post)),
      max_connections_(connections_allowed(limits.max_connections)),
      wake_(Fd(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK))),
      resolver_(epoll_, {limits.resolve, limits.resolvers}),
      spread_(static_cast<std::uint64_t>(ProbeClock::now().time_since_epoch().count())),
      buffer_(16384) {
  ENSURE(wake_ && wake_.watch(epoll_, EPOLLIN, [this](std::uint32_t) { take_inbox(); }),
         "no descriptors for the prober");
  thread_ = std::thread([this] { run(); });
}

SocketProber::Thread::~Thread() {
  *alive_ = false;
  stopping_ = true;
  const std::uint64_t one = 1;
  ENSURE(write(wake_.get(), &one, sizeof one) == sizeof one);
  thread_.join();
}

void SocketProber::Thread::submit(ports::ProbeRequest request,
                                  std::function<void(ports::Observation)> done) {
  Checks one(1);
  one.front().request = std::move(request);
  one.front().done = std::move(done);
  bool was_empty = false;
  {
    const std::lock_guard lock(inbox_mutex_);
    was_empty = inbox_.empty();
    inbox_.splice(inbox_.end(), one);
  }
  const std::uint64_t count = 1;
  if (was_empty) ENSURE(write(wake_.get(), &count, sizeof count) == sizeof count);
}

void SocketProber::Thread::run() {
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
  pthread_setname_np(pthread_self(), "probes");
  now_ = ProbeClock::now();
  while (!stopping_) {
    epoll_.wait(wait_ms(now_));
    now_ = ProbeClock::now();
    epoll_.dispatch();
    now_ = ProbeClock::now();
    resolver_.run_timeouts();
    expire();
    start_queued();
    hand_over();
  }
}

int SocketProber::Thread::wait_ms(ProbeClock::time_point now) const {
  auto first = ProbeClock::time_point::max();
  for (const Checks& phase : checks_) {
    if (!phase.empty()) first = std::min(first, phase.front().deadline);
  }
  const bool paused = !checks_[0].empty() && pause_until_ > now;
  if (paused) first = std::min(first, pause_until_);
  int longest = -1;
  if (first != ProbeClock::time_point::max()) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(first - now).count();
    longest = static_cast<int>(std::clamp<std::int64_t>(left, 0, 60'000));
  }
  return resolver_.wait_ms(longest);
}

void SocketProber::Thread::take_inbox() {
  std::uint64_t count = 0;
  (void)!read(wake_.get(), &count, sizeof count);
  Checks fresh;
  {
    const std::lock_guard lock(inbox_mutex_);
    fresh.swap(inbox_);
  }
  for (Place check = fresh.begin(); check != fresh.end(); ++check) {
    check->deadline = ProbeClock::time_point::max();
  }
  Checks& queue = checks(Phase::queued);
  queue.splice(queue.end(), fresh);
}

// In the order of their coming, as many as the descriptors allow. Waiting in line is not held
// against an endpoint.
void SocketProber::Thread::start_queued() {
  Checks& queue = checks(Phase::queued);
  while (!queue.empty() && active_ < max_connections_ && pause_until_ <= now_) start(queue.begin());
}

void SocketProber::Thread::expire() {
  for (std::size_t i = static_cast<std::size_t>(Phase::connecting); i < checks_.size(); ++i) {
    while (!checks_[i].empty() && checks_[i].front().deadline <= now_) {
      const Place check = checks_[i].begin();
      switch (check->phase) {
        case Phase::responding:
          fail(check, no_response_sentence);
          break;
        case Phase::reading_body:
          fail(check, no_body_sentence);
          break;
        default:
          fail(check, timed_out_sentence);
          break;
      }
    }
  }
}

// All that ended in this round, in one task.
void SocketProber::Thread::hand_over() {
  if (finished_.empty()) return;
  auto batch = std::make_shared<std::vector<Finished>>(std::move(finished_));
  finished_.clear();
  post_([batch, alive = alive_] {
    for (Finished& finished : *batch) {
      if (!*alive) return;
      finished.done(std::move(finished.observation));
    }
  });
}

std::chrono::milliseconds SocketProber::Thread::limit(Phase phase) const {
  switch (phase) {
    case Phase::tcp_connecting:
      return limits_.tcp_connect;
    case Phase::responding:
      return limits_.response;
    case Phase::reading_body:
      return limits_.body;
    default:
      return limits_.connect;
  }
}

// Moves the check to the end of the phase's list, with that phase's deadline. The handshake goes on
// in the time of its connection, at the place in line that its deadline gives it.
void SocketProber::Thread::enter(Place check, Phase phase) {
  Checks& from = checks(check->phase);
  Checks& to = checks(phase);
  Place before = to.end();
  if (phase == Phase::queued || phase == Phase::resolving) {
    check->deadline = ProbeClock::time_point::max();
  } else if (phase == Phase::handshaking) {
    while (before != to.begin() && std::prev(before)->deadline > check->deadline) --before;
  } else {
    check->deadline = now_ + limit(phase);
    // `now_` never goes back, so the end is its place.
  }
  check->phase = phase;
  to.splice(before, from, check);
}

void SocketProber::Thread::finish(Place check, bool success, std::string status) {
  check->observation.success = success;
  check->observation.status = std::move(status);
  finished_.push_back({std::move(check->done), std::move(check->observation)});
  if (check->phase != Phase::queued) --active_;
  checks(check->phase).erase(check);
}

void SocketProber::Thread::fail(Place check, const std::string& sentence) {
  finish(check, false, words_for_failure(sentence, check->resolved()));
}

}  // namespace sitelatch::net
