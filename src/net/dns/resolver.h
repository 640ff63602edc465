// SPDX-License-Identifier: Apache-2.0
// Resolver: names to IPv4 addresses for probes. First the view that our own DNS serves, then the
// machine's hosts file and resolvers by c-ares; nothing blocks. Lives on one thread and in its
// epoll; only publish() comes from elsewhere. No cache: Route 53's checkers resolve anew at each
// interval (fact probe-11), and c-ares's is switched off. c-ares's sockets are ours: it asks us to
// open and close them, so that they are taken out of the epoll first.
#pragma once

#include <netinet/in.h>
#include <sys/uio.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "dns/view.h"
#include "net/io/epoll.h"
#include "net/io/spread.h"
#include "ports/name_watch.h"

struct ares_channeldata;
struct ares_addrinfo;

namespace sitelatch::net {

class Resolver {
 public:
  struct Resolved {
    std::vector<in_addr> addresses;  // none: it failed
    int our_trouble = 0;             // errno where it failed because we had no descriptor or memory
  };
  using Done = std::function<void(const Resolved&)>;
  struct Options {
    std::chrono::milliseconds try_limit;
    std::string servers;  // "ADDRESS:PORT,..." instead of the machine's; empty: the machine's
  };

  Resolver(Epoll& epoll, const Options& options);
  ~Resolver();  // what is pending never answers
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;

  void publish(std::shared_ptr<const dns::View> view);  // from any thread

  // `done` may run inside this call.
  void resolve(const std::string& name, Done done);

  // All addresses of a name, of both families, by the machine's hosts file and resolvers, and how
  // long they may be kept.
  struct LookedUp {
    ports::NameAnswer answer;
    std::chrono::seconds ttl{0};
  };
  void look_up(const std::string& name, std::function<void(const LookedUp&)> done);

  int wait_ms(int longest) const;  // for Epoll::wait; `longest` -1: for ever
  void run_timeouts();

 private:
  struct Pending;
  static void finish(void* pending, int status, int timeouts, ares_addrinfo* found);
  struct PendingLookup;
  static void finish_lookup(void* pending, int status, int timeouts, ares_addrinfo* found);
  void ask_world(const std::string& name, Done done);
  void watch(int fd, bool readable, bool writable);
  void handle(int fd, std::uint32_t events);
  int open(int domain, int type, int protocol);
  int open_socket(int domain, int type, int protocol);
  void note_question(int fd, const iovec& message);
  ssize_t receive(int fd, void* buffer, std::size_t size, sockaddr* from, socklen_t* from_size);
  struct SocketCalls;  // those that c-ares makes instead of the system's

  Epoll& epoll_;
  struct Socket {
    WatchedFd watched;
    bool datagrams = false;
    std::set<std::uint16_t> asked;  // numbers of questions, as they are on the wire
  };
  std::map<int, Socket> sockets_;
  int reads_left_ = 0;  // of this turn
  std::uint64_t troubles_ = 0;
  int last_trouble_ = 0;
  ares_channeldata* channel_ = nullptr;
  bool stopping_ = false;
  Spread spread_;
  std::mutex view_mutex_;
  std::shared_ptr<const dns::View> view_;
};

}  // namespace sitelatch::net
