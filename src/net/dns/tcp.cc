// SPDX-License-Identifier: Apache-2.0
#include "net/dns/tcp.h"

#include <fcntl.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>

#include <algorithm>
#include <cerrno>

namespace sitelatch::net {
namespace {

constexpr std::size_t read_size = 16384;
constexpr std::size_t max_waiting_output = 65536;
constexpr dns::Limits tcp_limits{dns::Limits::Transport::tcp, dns::default_udp_payload};

}  // namespace

DnsTcp::DnsTcp(Fd listener, Epoll& epoll, const Options& options, Serve serve)
    : epoll_(epoll),
      listener_(std::move(listener)),
      spare_(::open("/dev/null", O_RDONLY | O_CLOEXEC)),
      options_(options),
      serve_(std::move(serve)),
      scratch_(2 + dns::max_message_size) {}

bool DnsTcp::watch(Epoll::Ready ready) {
  return listener_.watch(epoll_, EPOLLIN | EPOLLEXCLUSIVE, std::move(ready));
}

void DnsTcp::accept(Clock::time_point now) {
  for (int i = 0; i < 64; ++i) {
    sockaddr_storage peer{};
    socklen_t size = sizeof peer;
    Fd socket(accept4(listener_.get(), reinterpret_cast<sockaddr*>(&peer), &size,
                      SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!socket) {
      if (errno == EMFILE || errno == ENFILE) turn_away();
      return;
    }
    const int on = 1;
    setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (open_.size() >= options_.max_connections && !open_.empty()) close(open_.front());
    Connection& connection = open_.emplace_back();
    connection.self = std::prev(open_.end());
    connection.socket = WatchedFd(std::move(socket));
    connection.peer = peer;
    connection.deadline = now + options_.idle_limit;
    const auto ready = [this, &connection](std::uint32_t) { serve_(connection); };
    if (!connection.socket.watch(epoll_, EPOLLIN, ready)) close(connection);
  }
}

// Out of descriptors: what waits would keep the listener ready for ever. The oldest connection
// makes room, or the spare descriptor does, just for closing the newcomer.
void DnsTcp::turn_away() {
  if (!open_.empty()) return close(open_.front());
  spare_.reset();
  const Fd newcomer(accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
  spare_ = Fd(::open("/dev/null", O_RDONLY | O_CLOEXEC));
}

unsigned DnsTcp::serve(Connection& connection, const dns::View& view, Spread& spread,
                       DnsPrecautions& precautions, Clock::time_point now, DnsCounts& counts) {
  if (!connection.waits_to_write && !read_some(connection)) {
    close(connection);
    return 0;
  }
  const auto asker = precautions.asker(connection.peer, DnsPrecautions::turn(now));
  unsigned queries = 0;
  for (;;) {
    const unsigned answered = answer_queries(connection, view, spread, asker, counts);
    queries += answered;
    const Flushed flushed = flush(connection);
    if (flushed == Flushed::broken) {
      close(connection);
      return queries;
    }
    if (flushed == Flushed::partly) {
      watch(connection, true);
      return queries;
    }
    if (answered == 0) break;
  }
  if (connection.peer_finished) {
    close(connection);
    return queries;
  }
  if (queries > 0 || connection.waits_to_write) note_progress(connection, now);
  watch(connection, false);
  return queries;
}

// False: the connection is broken.
bool DnsTcp::read_some(Connection& connection) {
  std::vector<std::uint8_t>& in = connection.in;
  if (connection.taken > 0) {
    in.erase(in.begin(), in.begin() + static_cast<std::ptrdiff_t>(connection.taken));
    connection.taken = 0;
  }
  const ssize_t got = recv(connection.socket.get(), scratch_.data(), read_size, 0);
  if (got < 0) return errno == EAGAIN || errno == EINTR;
  if (got == 0) connection.peer_finished = true;
  in.insert(in.end(), scratch_.begin(), scratch_.begin() + got);
  return true;
}

unsigned DnsTcp::answer_queries(Connection& connection, const dns::View& view, Spread& spread,
                                const dns::Asker& asker, DnsCounts& counts) {
  unsigned count = 0;
  while (connection.out.size() - connection.sent < max_waiting_output) {
    const std::size_t left = connection.in.size() - connection.taken;
    if (left < 2) break;
    const std::uint8_t* at = connection.in.data() + connection.taken;
    const std::size_t size = std::size_t{at[0]} << 8 | at[1];
    if (left < 2 + size) break;
    connection.taken += 2 + size;
    ++count;
    const std::size_t reply =
        dns::answer({at + 2, size}, view, {scratch_.data() + 2, scratch_.size() - 2}, tcp_limits,
                    spread.next(), asker);
    counts.count(tcp_limits.transport, {scratch_.data() + 2, reply});
    if (reply == 0) continue;
    if (options_.tap && options_.tap->open())
      options_.tap->take({at + 2, size}, {scratch_.data() + 2, reply}, tcp_limits.transport,
                         connection.peer);
    scratch_[0] = static_cast<std::uint8_t>(reply >> 8);
    scratch_[1] = static_cast<std::uint8_t>(reply);
    connection.out.insert(connection.out.end(), scratch_.begin(),
                          scratch_.begin() + static_cast<std::ptrdiff_t>(reply + 2));
  }
  return count;
}

DnsTcp::Flushed DnsTcp::flush(Connection& connection) {
  while (connection.sent < connection.out.size()) {
    const ssize_t sent = send(connection.socket.get(), connection.out.data() + connection.sent,
                              connection.out.size() - connection.sent, MSG_NOSIGNAL);
    if (sent > 0) {
      connection.sent += static_cast<std::size_t>(sent);
    } else if (errno == EAGAIN) {
      return Flushed::partly;
    } else if (errno != EINTR) {
      return Flushed::broken;
    }
  }
  connection.out.clear();
  connection.sent = 0;
  return Flushed::all;
}

void DnsTcp::watch(Connection& connection, bool for_writing) {
  if (connection.waits_to_write == for_writing) return;
  connection.waits_to_write = for_writing;
  connection.socket.change(for_writing ? EPOLLOUT : EPOLLIN);
}

void DnsTcp::close(Connection& connection) { open_.erase(connection.self); }

void DnsTcp::note_progress(Connection& connection, Clock::time_point now) {
  connection.deadline = now + options_.idle_limit;
  open_.splice(open_.end(), open_, connection.self);
}

int DnsTcp::wait_ms(Clock::time_point now) const {
  if (open_.empty()) return -1;
  const auto left =
      std::chrono::ceil<std::chrono::milliseconds>(open_.front().deadline - now).count();
  return static_cast<int>(std::max<std::int64_t>(0, left));
}

void DnsTcp::expire(Clock::time_point now) {
  while (!open_.empty() && open_.front().deadline <= now) close(open_.front());
}

}  // namespace sitelatch::net
