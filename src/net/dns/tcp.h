// SPDX-License-Identifier: Apache-2.0
// DNS over TCP (RFC 7766) for one thread's epoll: pipelined queries answered in order, two bytes of
// length before each. A connection lives while it makes progress: its time runs from the last
// moment when a whole query was answered and all output was taken, so neither dripping bytes nor
// not reading keeps it. When there are too many, the one longest without progress goes. Output is
// bounded: no further query of a connection is looked at while 64 KB wait to be taken.
#pragma once

#include <chrono>
#include <cstdint>
#include <list>
#include <vector>

#include "dns/answer.h"
#include "net/dns/udp.h"
#include "net/io/epoll.h"

namespace sitelatch::net {

class DnsTcp {
 public:
  using Clock = std::chrono::steady_clock;
  struct Options {
    std::size_t max_connections;
    std::chrono::milliseconds idle_limit;
    QueryTap* tap = nullptr;
  };
  struct Connection {
    WatchedFd socket;
    sockaddr_storage peer{};
    std::vector<std::uint8_t> in;   // [taken, in.size()) is not yet answered
    std::vector<std::uint8_t> out;  // [sent, out.size()) is not yet taken by the peer
    std::size_t taken = 0, sent = 0;
    bool peer_finished = false;  // it will send no more
    bool waits_to_write = false;
    Clock::time_point deadline;
    std::list<Connection>::iterator self;
  };

  using Serve = std::function<void(Connection&)>;  // to call serve() with what it needs

  DnsTcp(Fd listener, Epoll& epoll, const Options& options, Serve serve);

  bool watch(Epoll::Ready ready);  // the listener, to call accept()
  void accept(Clock::time_point now);
  // Answers how many queries came. The connection may be gone afterwards.
  unsigned serve(Connection& connection, const dns::View& view, Spread& spread,
                 DnsPrecautions& precautions, Clock::time_point now, DnsCounts& counts);
  // Milliseconds until expire() has something to do, for epoll_wait; -1: nothing.
  int wait_ms(Clock::time_point now) const;
  void expire(Clock::time_point now);

 private:
  bool read_some(Connection& connection);
  unsigned answer_queries(Connection& connection, const dns::View& view, Spread& spread,
                          const dns::Asker& asker, DnsCounts& counts);
  enum class Flushed { all, partly, broken };
  Flushed flush(Connection& connection);
  void watch(Connection& connection, bool for_writing);
  void close(Connection& connection);  // it is gone
  void turn_away();
  void note_progress(Connection& connection, Clock::time_point now);

  Epoll& epoll_;
  WatchedFd listener_;
  Fd spare_;
  const Options options_;
  const Serve serve_;
  std::list<Connection> open_;  // longest without progress first
  std::vector<std::uint8_t> scratch_;
};

}  // namespace sitelatch::net
