// SPDX-License-Identifier: Apache-2.0
// The prober's thread: its inbox, its epoll, and every probe under way, in one list a phase. All
// probes of a phase have the same limit, so a list is in the order of its deadlines and the first
// of each is all that needs looking at.
#pragma once

#include <array>
#include <atomic>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <thread>
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
  void hand_over();

  void start(Place check);
  void resolve(Place check);
  void connect(Place check);
  void proceed(Place check, std::uint32_t events);
  void connected(Place check, std::uint32_t events);
  void shake_hands(Place check);
  void send_request(Place check);
  void read_response(Place check);
  void judge(Place check);

  void enter(Place check, Check::Phase phase);
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

  std::array<Checks, 7> checks_;  // by phase
  std::size_t active_ = 0;        // beyond queued
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
