// SPDX-License-Identifier: Apache-2.0
// The Runtime API of one environment: its listener and connections, with bounds that keep a flood
// from the other environments on the same thread: few connections, one buffer's worth of bytes and
// a few requests a turn, a share of the thread's time (work_allowance.h; while it is used up
// nothing is accepted or read), and one bound for all bodies held at once.
#pragma once

#include <functional>
#include <list>
#include <memory>
#include <string>

#include "net/functions/host_loop.h"
#include "net/functions/runtime_api.h"
#include "net/functions/work_allowance.h"

namespace sitelatch::net {

class RuntimeServer {
 public:
  class Connection;
  struct Events {
    std::function<bool(int socket)> admits;  // may whoever connected be served?
    // Answered by answer(), now or later; a connection has one request at a time.
    std::function<void(Connection&, RuntimeRequest)> request;
    std::function<void(Connection&)> dropped;  // last word about it
  };
  RuntimeServer(FunctionHostLoop& loop, Events events) : loop_(loop), events_(std::move(events)) {}
  ~RuntimeServer() { loop_.cancel(rest_timer_); }
  RuntimeServer(const RuntimeServer&) = delete;
  RuntimeServer& operator=(const RuntimeServer&) = delete;

  bool listen(Fd listener);  // false: errno tells
  void answer(Connection& connection, const RuntimeAnswer& answer);
  void close();  // the listener and every connection

 private:
  using Pointer = std::shared_ptr<Connection>;

  template <class Work>
  void spend(Work work);
  void rest();
  void resume();
  bool watch(const Pointer& connection);
  void accept();
  void serve(Connection& connection, std::uint32_t events);
  void read(Connection& connection);
  void take_requests(Connection& connection);
  bool flush(Connection& connection);
  void drop(Connection& connection);
  std::size_t held_bytes() const;

  FunctionHostLoop& loop_;
  Events events_;
  WatchedFd listener_;
  std::list<Pointer> connections_;  // shared with the events under way
  WorkAllowance allowance_;
  FunctionHostLoop::Token rest_timer_ = 0;
};

}  // namespace sitelatch::net
