// SPDX-License-Identifier: Apache-2.0
// The real NameWatch: the machine's hosts file and resolvers, on a thread of its own that begins
// with the first name. An answer is asked for again when its time to live is over, by wall time, a
// failure after a while that doubles; so many questions at a time and no more (fact dns-60).
// Nothing that DNS is asked here sends a question anywhere.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "net/dns/resolver.h"
#include "net/io/epoll.h"
#include "ports/lifetime.h"
#include "ports/name_watch.h"

namespace sitelatch::net {

class NameLookups final : public ports::NameWatch {
 public:
  struct Options {
    std::chrono::milliseconds try_limit{2000};
    std::string servers{};  // "ADDRESS:PORT,..." instead of the machine's
    std::size_t at_once = 16;
    std::chrono::milliseconds soonest{5000}, latest{300'000};  // until an answer is asked for again
  };
  // `post` runs a task on the control thread, from any thread. Constructed, used and destroyed on
  // the control thread.
  NameLookups(const Options& options, std::function<void(std::function<void()>)> post);
  ~NameLookups();
  NameLookups(const NameLookups&) = delete;
  NameLookups& operator=(const NameLookups&) = delete;

  void watch(const std::string& name, std::function<void(const ports::NameAnswer&)> told) override;
  void forget(const std::string& name) override;

 private:
  using Clock = std::chrono::steady_clock;
  struct Order {
    std::string name;
    std::uint64_t number = 0;  // 0: forget it
  };
  struct Name {  // the thread's
    std::uint64_t number = 0;
    Clock::time_point due{};
    bool asked = false;
    int failures = 0;
    std::optional<ports::NameAnswer> last;
  };
  struct Listener {  // the control thread's
    std::uint64_t number = 0;
    std::function<void(const ports::NameAnswer&)> told;
  };
  using Deliver = std::function<void(const std::string&, std::uint64_t, const ports::NameAnswer&)>;

  void order(Order what);
  void run();
  void take_orders();
  void ask_due();
  void answered(const std::string& name, std::uint64_t number, const Resolver::LookedUp& found);
  int wait_ms() const;

  const Options options_;
  const std::function<void(std::function<void()>)> post_;
  std::map<std::string, Listener> listeners_;
  std::uint64_t last_number_ = 0;

  Epoll epoll_;
  WatchedFd wake_;
  Resolver resolver_;
  std::map<std::string, Name> names_;
  std::size_t asking_ = 0;

  std::mutex orders_mutex_;
  std::vector<Order> orders_;
  std::atomic<bool> stopping_{false};
  ports::Lifetime lifetime_;
  Deliver deliver_;
  std::thread thread_;
};

}  // namespace sitelatch::net
