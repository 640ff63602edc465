// SPDX-License-Identifier: Apache-2.0
// One TCP or TLS connection with deadlines on everything; blocking for its caller, non-blocking
// underneath. Own code: size and cold start are the function's features (docs/facts/guard.md).
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

struct ssl_st;

namespace sitelatch::function {

using Deadline = std::chrono::steady_clock::time_point;
// Waits as long as it takes: for the Runtime API's next event, between which AWS freezes the
// environment for hours (fact guard-15).
inline constexpr Deadline no_deadline = Deadline::max();

// Waits by `poll` (milliseconds, -1: without end; its result as poll(2)'s) until ready or the
// deadline: a poll that ends early for its own limit is taken up again.
Result<Done> wait_by(const std::function<int(int milliseconds)>& poll, Deadline deadline);

struct Endpoint {
  bool tls = true;
  std::string host;  // name or address, without brackets
  int port = 443;
  std::string path;  // a prefix, mostly ""

  std::string host_header() const;  // with the port where it is not the scheme's
  bool operator==(const Endpoint&) const = default;
};
// "http://127.0.0.1:4566/prefix"; nothing for what is no such URL.
Result<Endpoint> parse_endpoint(std::string_view url);

class Connection {
 public:
  static Result<std::unique_ptr<Connection>> open(const Endpoint& endpoint, Deadline deadline);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  Result<Done> write(std::string_view bytes, Deadline deadline);
  // Appends at least one byte; an empty append means that the peer has closed.
  Result<Done> read(std::string& buffer, Deadline deadline);
  bool closed_by_peer() const;  // noticed while idle

 private:
  Connection() = default;
  Result<Done> connect_to(const Endpoint& endpoint, Deadline deadline);
  Result<Done> start_tls(const std::string& host, Deadline deadline);
  Result<Done> wait(bool readable, Deadline deadline) const;
  Result<bool> tls_again(int result, Deadline deadline, std::string_view what);  // false: closed

  int fd_ = -1;
  ssl_st* ssl_ = nullptr;
};

}  // namespace sitelatch::function
