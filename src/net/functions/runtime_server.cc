// SPDX-License-Identifier: Apache-2.0
#include "net/functions/runtime_server.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <numeric>

namespace sitelatch::net {
namespace {

constexpr std::size_t max_connections = 16;
constexpr int requests_a_turn = 16;
// One answer of the largest size, and the heads of all.
constexpr std::size_t max_held = max_runtime_payload + (2 << 20);

}  // namespace

class RuntimeServer::Connection {
 public:
  WatchedFd socket;
  RuntimeRequestReader reader;
  std::string out;
  std::size_t sent = 0;    // of `out`
  bool keep_alive = true;  // of the request being answered
  bool more = false;       // whole requests may be left in the reader
  bool close_after = false;
  bool closed = false;
};

// Every call from the loop goes through here.
template <class Work>
void RuntimeServer::spend(Work work) {
  const auto begin = WorkAllowance::Clock::now();
  work();
  allowance_.spend(begin, WorkAllowance::Clock::now());
  if (allowance_.exhausted() && rest_timer_ == 0 && listener_) rest();
}

bool RuntimeServer::listen(Fd listener) {
  listener_ = WatchedFd(std::move(listener));
  return listener_.watch(loop_.epoll(), EPOLLIN,
                         [this](std::uint32_t) { spend([this] { accept(); }); });
}

void RuntimeServer::close() {
  loop_.cancel(rest_timer_);
  listener_.reset();
  while (!connections_.empty()) drop(*connections_.front());
}

// Taken out of the epoll altogether: a connection that hung up would be reported all the time.
void RuntimeServer::rest() {
  listener_.unwatch();
  for (auto& connection : connections_) connection->socket.unwatch();
  rest_timer_ = loop_.at(allowance_.restored_at(), [this] {
    rest_timer_ = 0;
    resume();
  });
}

void RuntimeServer::resume() {
  listener_.watch(loop_.epoll(), EPOLLIN, [this](std::uint32_t) { spend([this] { accept(); }); });
  const auto now = connections_;
  for (const auto& connection : now)
    if (!watch(connection)) drop(*connection);
}

bool RuntimeServer::watch(const Pointer& connection) {
  const std::weak_ptr<Connection> weak = connection;
  const auto ready = [this, weak](std::uint32_t events) {
    if (const auto held = weak.lock()) spend([&] { serve(*held, events); });
  };
  const auto events = connection->out.empty() ? EPOLLIN : EPOLLOUT;
  if (!connection->socket.watch(loop_.epoll(), events, ready)) return false;
  if (connection->more) connection->socket.again();
  return true;
}

void RuntimeServer::accept() {
  Fd socket(::accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (!socket || connections_.size() >= max_connections || !events_.admits(socket.get())) return;
  const int yes = 1;
  ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  const auto connection = std::make_shared<Connection>();
  connection->socket = WatchedFd(std::move(socket));
  if (!watch(connection)) return;
  connections_.push_back(connection);
  read(*connection);
}

void RuntimeServer::drop(Connection& connection) {
  if (connection.closed) return;
  connection.closed = true;
  events_.dropped(connection);
  connection.socket.reset();
  connections_.remove_if([&](const auto& held) { return held.get() == &connection; });
}

void RuntimeServer::serve(Connection& connection, std::uint32_t events) {
  if (!connection.out.empty()) {
    if (!flush(connection)) return drop(connection);
    // A peer that is gone takes nothing any more.
    if (!connection.out.empty()) {
      if (events & (EPOLLERR | EPOLLHUP)) drop(connection);
      return;
    }
    connection.socket.change(EPOLLIN);
  }
  if (connection.more) return take_requests(connection);
  read(connection);
}

void RuntimeServer::read(Connection& connection) {
  static thread_local std::array<char, 65536> buffer;
  const auto size = ::recv(connection.socket.get(), buffer.data(), buffer.size(), 0);
  if (size < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) return;
  if (size <= 0) return drop(connection);
  connection.reader.feed({buffer.data(), static_cast<std::size_t>(size)});
  take_requests(connection);
}

void RuntimeServer::take_requests(Connection& connection) {
  connection.more = false;
  for (int count = 0; count < requests_a_turn; ++count) {
    if (!connection.out.empty()) {  // the answers are not taken: no more until they are
      connection.more = true;
      return;
    }
    auto request = connection.reader.take();
    if (!request) break;
    connection.keep_alive = request->keep_alive;
    events_.request(connection, std::move(*request));
    if (connection.closed) return;
    connection.more = count + 1 == requests_a_turn;
  }
  if (connection.more) return connection.socket.again();
  if (connection.reader.take_expectation()) {
    connection.out += "HTTP/1.1 100 Continue\r\n\r\n";
    if (!flush(connection)) return drop(connection);
  }
  if (connection.reader.broken()) {
    connection.keep_alive = false;
    return answer(connection,
                  runtime_error(400, "InvalidRequest", "not a request of the Runtime API"));
  }
  if (held_bytes() > max_held) drop(connection);
}

std::size_t RuntimeServer::held_bytes() const {
  return std::accumulate(connections_.begin(), connections_.end(), std::size_t{0},
                         [](std::size_t sum, const Pointer& connection) {
                           return sum + connection->reader.held_bytes();
                         });
}

// False: the connection has ended, or is to.
bool RuntimeServer::flush(Connection& connection) {
  auto& out = connection.out;
  while (connection.sent < out.size()) {
    const auto size = ::send(connection.socket.get(), out.data() + connection.sent,
                             out.size() - connection.sent, MSG_NOSIGNAL);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
      connection.socket.change(EPOLLOUT);
      return true;
    }
    if (size <= 0) return false;
    connection.sent += static_cast<std::size_t>(size);
  }
  connection.sent = 0;
  out = {};
  return !connection.close_after;
}

void RuntimeServer::answer(Connection& connection, const RuntimeAnswer& answer) {
  connection.out += to_bytes(answer, connection.keep_alive);
  connection.close_after = !connection.keep_alive;
  if (!flush(connection)) drop(connection);
}

}  // namespace sitelatch::net
