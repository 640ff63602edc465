// SPDX-License-Identifier: Apache-2.0
#include "net/probe/thread.h"

#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <system_error>

#include "base/check.h"
#include "net/probe/words.h"

namespace sitelatch::net {
namespace {

using Phase = ProbeCheck::Phase;

constexpr auto turns_a_round = std::chrono::milliseconds(10);
// An honest handshake takes half a millisecond.
constexpr Duration noticeable_cost = std::chrono::milliseconds(2);
// Checks that cost this much have a fifth of the time between them.
constexpr Duration high_cost = std::chrono::milliseconds(10);
constexpr int rest_after_high_cost = 4;
constexpr std::size_t most_remembered = 65536;

Duration thread_cpu_time() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

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
  if (!wake_ || !wake_.watch(epoll_, EPOLLIN, [this](std::uint32_t) { take_inbox(); }))
    throw std::system_error(errno, std::generic_category(), "no descriptors for the prober");
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
    take_turns();
    now_ = ProbeClock::now();
    resolver_.run_timeouts();
    expire();
    start_queued();
    hand_over();
  }
}

int SocketProber::Thread::wait_ms(ProbeClock::time_point now) const {
  auto first = ProbeClock::time_point::max();
  if (!turns_.empty()) first = turns_.begin()->first.first < high_cost ? now : dear_turn_after_;
  for (const Checks& phase : checks_) {
    if (!phase.empty()) first = std::min(first, phase.front().deadline);
  }
  const bool paused = pause_until_ > now && (!checks_[0].empty() || !checks_[1].empty());
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
  while (!fresh.empty()) {
    const Place check = fresh.begin();
    check->deadline = ProbeClock::time_point::max();
    check->slow = slow_.contains(check->request.health_check_id);
    const auto cost = tls_costs_.find(check->request.health_check_id);
    if (cost != tls_costs_.end()) check->tls_cost = cost->second / 2;
    check->phase = check->slow ? Phase::queued_slow : Phase::queued;
    Checks& queue = checks(check->phase);
    queue.splice(queue.end(), fresh, check);
  }
}

// In the order of their coming, as many as the descriptors allow. Waiting in line is not held
// against an endpoint.
void SocketProber::Thread::start_queued() {
  Checks &queued = checks(Phase::queued), &slow = checks(Phase::queued_slow);
  while (active_ < max_connections_ && pause_until_ <= now_) {
    if (!queued.empty()) {
      start(queued.begin());
    } else if (!slow.empty() && slow_active_ < max_connections_ / 2) {
      start(slow.begin());
    } else {
      return;
    }
  }
}

void SocketProber::Thread::expire() {
  for (std::size_t i = static_cast<std::size_t>(Phase::delayed); i < checks_.size(); ++i) {
    while (!checks_[i].empty() && checks_[i].front().deadline <= now_) run_out(checks_[i].begin());
  }
}

void SocketProber::Thread::run_out(Place check) {
  if (check->phase == Phase::delayed) return queue(check);
  check->timed_out = true;
  switch (check->phase) {
    case Phase::responding:
      return fail(check, no_response_sentence);
    case Phase::reading_body:
      return fail(check, no_body_sentence);
    default:
      return fail(check, timed_out_sentence);
  }
}

// TLS where there is nothing cheaper to do: the event is over when this returns.
void SocketProber::Thread::queue_turn(Place check) {
  if (check->turn) return;
  charge(*check);
  check->turn.emplace(check->tls_cost, ++last_turn_);
  turns_.emplace(*check->turn, check);
}

void SocketProber::Thread::forget_turn(Place check) {
  if (check->turn) turns_.erase(*check->turn);
  check->turn.reset();
}

// The cheapest first, and no more than a few milliseconds of them before others have their turn.
void SocketProber::Thread::take_turns() {
  const auto until = ProbeClock::now() + turns_a_round;
  while (!turns_.empty()) {
    now_ = ProbeClock::now();
    const bool dear = turns_.begin()->first.first >= high_cost;
    if (now_ >= until || (dear && now_ < dear_turn_after_)) return;
    const auto began = now_;
    const Place check = turns_.begin()->second;
    forget_turn(check);
    in_turn_ = &*check;
    turn_began_ = thread_cpu_time();
    take_turn(check);
    if (in_turn_) charge(*check);
    in_turn_ = nullptr;
    if (!dear) continue;
    now_ = ProbeClock::now();
    dear_turn_after_ = now_ + (now_ - began) * rest_after_high_cost;
    return;
  }
}

void SocketProber::Thread::charge(Check& check) {
  if (in_turn_ != &check) return;
  const Duration now = thread_cpu_time();
  check.tls_cost += now - turn_began_;
  turn_began_ = now;
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
    case Phase::delayed:
      return limits_.shortage * 5;
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
  if (phase <= Phase::resolving) {
    check->deadline = ProbeClock::time_point::max();
  } else if (phase == Phase::handshaking) {
    while (before != to.begin() && std::prev(before)->deadline > check->deadline) --before;
  } else {
    check->deadline = now_ + limit(phase);
    // `now_` never goes back, so the end is its place.
  }
  count(*check, -1);
  check->phase = phase;
  count(*check, +1);
  to.splice(before, from, check);
}

void SocketProber::Thread::queue(Place check) {
  enter(check, check->slow ? Phase::queued_slow : Phase::queued);
}

// What is queued or delayed has no descriptor.
void SocketProber::Thread::count(const Check& check, int by) {
  if (check.phase <= Phase::queued_slow || check.phase == Phase::delayed) return;
  active_ += static_cast<std::size_t>(by);
  if (check.slow) slow_active_ += static_cast<std::size_t>(by);
}

void SocketProber::Thread::finish(Place check, bool success, std::string status) {
  check->observation.success = success;
  check->observation.status = std::move(status);
  finished_.push_back({std::move(check->done), std::move(check->observation)});
  remember(*check);
  forget_turn(check);
  if (in_turn_ == &*check) in_turn_ = nullptr;
  count(*check, -1);
  checks(check->phase).erase(check);
}

// What the next probe of this health check is to know of this one.
void SocketProber::Thread::remember(Check& check) {
  const std::string& id = check.request.health_check_id;
  charge(check);
  if (check.timed_out && slow_.size() < most_remembered) {
    slow_.insert(id);
  } else {
    slow_.erase(id);
  }
  if (check.tls_cost > noticeable_cost && tls_costs_.size() < most_remembered) {
    tls_costs_[id] = check.tls_cost;
  } else {
    tls_costs_.erase(id);
  }
}

void SocketProber::Thread::fail(Place check, const std::string& sentence) {
  finish(check, false, words_for_failure(sentence, check->resolved()));
}

}  // namespace sitelatch::net
