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
#include "net/io/fd.h"

namespace sitelatch::net {

class DnsTcp {
 public:
  using Clock = std::chrono::steady_clock;
  struct Options {
    std::size_t max_connections;
    std::chrono::milliseconds idle_limit;
  };
  struct Connection {
    Fd socket;
    std::vector<std::uint8_t> in;   // [taken, in.size()) is not yet answered
    std::vector<std::uint8_t> out;  // [sent, out.size()) is not yet taken by the peer
    std::size_t taken = 0, sent = 0;
    bool peer_finished = false;  // it will send no more
    bool waits_to_write = false;
    Clock::time_point deadline;
    std::list<Connection>::iterator self;
    bool closed = false;
  };

  DnsTcp(Fd listener, int epoll, const Options& options);

  int fd() const { return listener_.get(); }
  void accept(Clock::time_point now);
  // Answers how many queries came.
  unsigned serve(Connection& connection, const dns::View& view, Spread& spread,
                 Clock::time_point now);
  // Milliseconds until expire() has something to do, for epoll_wait; -1: nothing.
  int wait_ms(Clock::time_point now) const;
  void expire(Clock::time_point now);
  // Frees what was closed; only when no event of the last epoll_wait is left.
  void bury() { closed_.clear(); }

 private:
  bool read_some(Connection& connection);
  unsigned answer_queries(Connection& connection, const dns::View& view, Spread& spread);
  enum class Flushed { all, partly, broken };
  Flushed flush(Connection& connection);
  void watch(Connection& connection, bool for_writing);
  void close(Connection& connection);
  void turn_away();
  void note_progress(Connection& connection, Clock::time_point now);

  Fd listener_, spare_;
  const int epoll_;
  const Options options_;
  std::list<Connection> open_;    // longest without progress first
  std::list<Connection> closed_;  // may still have an event pending
  std::vector<std::uint8_t> scratch_;
};

}  // namespace sitelatch::net
