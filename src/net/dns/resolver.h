// SPDX-License-Identifier: Apache-2.0
// Resolver: names to IPv4 addresses for probes. First the view that our own DNS serves, then the
// machine's hosts file and resolvers by c-ares; nothing blocks. Lives on one thread and in its
// epoll; only publish() comes from elsewhere. No cache: Route 53's checkers resolve anew at each
// interval (aws-semantics §1.5), and c-ares's keeps none.
#pragma once

#include <netinet/in.h>

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "dns/view.h"
#include "net/io/spread.h"

struct ares_channeldata;
struct hostent;

namespace sitelatch::net {

class Resolver {
 public:
  using Done = std::function<void(std::vector<in_addr>)>;  // none: it failed

  // Registers its sockets with `epoll` under data.u64 = descriptor * 2 + 1 (odd, so no pointer).
  Resolver(int epoll, std::chrono::milliseconds try_limit);
  ~Resolver();  // what is pending never answers
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;

  void publish(std::shared_ptr<const dns::View> view);  // from any thread

  // `done` may run inside this call.
  void resolve(const std::string& name, Done done);

  static bool is_ours(std::uint64_t tag) { return (tag & 1) != 0; }
  void handle(std::uint64_t tag, std::uint32_t events);
  int wait_ms(int longest) const;  // for epoll_wait; `longest` -1: for ever
  void run_timeouts();

 private:
  struct Pending;
  static void finish(void* pending, int status, int timeouts, hostent* host);
  static void watch(void* self, int fd, int readable, int writable);
  void ask_world(const std::string& name, Done done);

  const int epoll_;
  ares_channeldata* channel_ = nullptr;
  bool stopping_ = false;
  Spread spread_;
  std::mutex view_mutex_;
  std::shared_ptr<const dns::View> view_;
};

}  // namespace sitelatch::net
