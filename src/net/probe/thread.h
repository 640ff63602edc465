// SPDX-License-Identifier: Apache-2.0
// The prober's thread: its inbox, its epoll, and every probe under way, in one list a phase. All
// probes of a phase have the same limit, so a list is in the order of its deadlines and the first
// of each is all that needs looking at.
//
// No endpoint holds another's probe. Each has its turn, of bounded length, and what is left waits
// for the next (net/probe/steps.cc). TLS, whose price the endpoint names, has its turns in the
// order of what each has cost so far, some milliseconds a round, and the dear ones a fifth of the
// time. Endpoints that ran out of time wait behind the others for a connection, and never hold more
// than half of them.
#pragma once

#include <array>
#include <atomic>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <thread>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "net/dns/resolver.h"
#include "net/probe/check.h"
#include "net/probe/prober.h"

namespace sitelatch::net {

class SocketProber::Thread {
 public:
  Thread(const ProbeLimits& limits, std::function<void(std::function<void()>)> post);
  ~Thread();

  void submit(ports::ProbeRequest request, std::function<void(ports::Observation)> done);
  void publish(std::shared_ptr<const dns::View> view) { resolver_.publish(std::move(view)); }

 private:
  using Check = ProbeCheck;
  using Checks = std::list<Check>;
  using Place = Checks::iterator;
  struct Finished {
    std::function<void(ports::Observation)> done;
    ports::Observation observation;
  };

  void run();
  int wait_ms(ProbeClock::time_point now) const;
  void take_inbox();
  void start_queued();
  void expire();
  void run_out(Place check);
  void hand_over();

  void start(Place check);
  void resolve(Place check);
  in_addr choose(const std::vector<in_addr>& addresses);
  bool is_allowed(std::span<const std::uint8_t> address) const;
  void connect(Place check);
  void proceed(Place check, std::uint32_t events);
  void take_turn(Place check);
  void another_turn(Place check);
  void connected(Place check, std::uint32_t events);
  void shake_hands(Place check);
  void send_request(Place check);
  void read_response(Place check);
  enum class Received { some, nothing_yet, turn_over, too_much, broken };
  Received receive(Place check, std::size_t& got);
  void judge(Place check);

  void queue_turn(Place check);
  void forget_turn(Place check);
  void take_turns();
  void charge(Check& check);
  void remember(Check& check);

  void enter(Place check, Check::Phase phase);
  void queue(Place check);
  void count(const Check& check, int by);
  Checks& checks(Check::Phase phase) { return checks_[static_cast<std::size_t>(phase)]; }
  std::chrono::milliseconds limit(Check::Phase phase) const;
  void succeed(Place check, std::string status) { finish(check, true, std::move(status)); }
  void fail(Place check, const std::string& sentence);
  void fail_broken(Place check);
  void try_later(Place check, int error);
  void finish(Place check, bool success, std::string status);

  const ProbeLimits limits_;
  const std::function<void(std::function<void()>)> post_;
  const std::shared_ptr<std::atomic<bool>> alive_ = std::make_shared<std::atomic<bool>>(true);
  std::size_t max_connections_;
  Epoll epoll_;
  WatchedFd wake_;
  Resolver resolver_;
  ProberTls tls_;
  Spread spread_;

  std::array<Checks, 9> checks_;                               // by phase
  std::size_t active_ = 0;                                     // that may hold a descriptor
  std::size_t slow_active_ = 0;                                // of these, slow ones
  std::map<std::pair<Duration, std::uint64_t>, Place> turns_;  // of TLS, the cheapest first
  std::uint64_t last_turn_ = 0;
  const Check* in_turn_ = nullptr;
  ProbeClock::time_point dear_turn_after_{};
  Duration turn_began_{};                                // CPU time of this thread
  std::unordered_map<std::string, Duration> tls_costs_;  // by health check; the noticeable ones
  std::unordered_set<std::string> slow_;                 // health checks
  ProbeClock::time_point now_;
  ProbeClock::time_point pause_until_{};  // after trouble of our own (no descriptors, no ports)
  std::vector<char> buffer_;
  std::vector<Finished> finished_;

  std::mutex inbox_mutex_;
  Checks inbox_;
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

}  // namespace sitelatch::net
