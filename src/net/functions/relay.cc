// SPDX-License-Identifier: Apache-2.0
#include "net/functions/relay.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <functional>
#include <list>
#include <unordered_map>

namespace sitelatch::net {
namespace {

constexpr std::size_t max_streams = 64;     // of one listener; more wait in its backlog
constexpr std::size_t max_questions = 256;  // under way; the oldest is forgotten
constexpr int datagrams_a_turn = 32;
constexpr std::size_t datagram_size = 4096;

struct Address {
  sockaddr_storage storage{};
  socklen_t size = 0;
};
Address address_of(const Endpoint& endpoint) {
  Address address;
  auto& v4 = reinterpret_cast<sockaddr_in&>(address.storage);
  auto& v6 = reinterpret_cast<sockaddr_in6&>(address.storage);
  if (::inet_pton(AF_INET, endpoint.address.c_str(), &v4.sin_addr) == 1) {
    v4.sin_family = AF_INET;
    v4.sin_port = htons(endpoint.port);
    address.size = sizeof v4;
  } else if (::inet_pton(AF_INET6, endpoint.address.c_str(), &v6.sin6_addr) == 1) {
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(endpoint.port);
    address.size = sizeof v6;
  }
  return address;
}

// An unconnected or connecting socket to it; none when the kernel refuses at once.
Fd connect_to(const Endpoint& endpoint, int kind) {
  const auto address = address_of(endpoint);
  if (address.size == 0) return {};
  Fd socket(::socket(address.storage.ss_family, kind | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket) return {};
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address.storage), address.size) !=
          0 &&
      errno != EINPROGRESS)
    return {};
  return socket;
}

// Two connected sockets and what still flows between them.
class Stream {
 public:
  // `ended` may destroy the stream after the call has returned to the loop.
  Stream(Epoll& epoll, Fd function, Fd engine, std::function<void()> ended)
      : epoll_(epoll), ended_(std::move(ended)) {
    ends_[0].socket = WatchedFd(std::move(function));
    ends_[1].socket = WatchedFd(std::move(engine));
  }
  bool begin() {
    for (const std::size_t i : {0U, 1U}) {
      const int yes = 1;
      ::setsockopt(ends_[i].socket.get(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
      if (!ends_[i].socket.watch(epoll_, EPOLLIN,
                                 [this, i](std::uint32_t events) { ready(i, events); }))
        return false;
    }
    return true;
  }

 private:
  struct End {
    WatchedFd socket;
    bool finished = false;  // nothing more comes from it
    bool blocked = false;   // the other end does not take what it has
    bool hung_up = false;   // the kernel would report that for ever
  };
  enum class Flow { moved, idle, broken };

  void ready(std::size_t index, std::uint32_t events) {
    if (over_) return;
    auto& end = ends_[index];
    if (events & (EPOLLHUP | EPOLLERR)) {
      end.hung_up = true;
      end.socket.unwatch();
    }
    const bool writable = events & (EPOLLOUT | EPOLLHUP | EPOLLERR);
    if (writable) ends_[1 - index].blocked = false;
    if (pass_what_there_is(index) == Flow::broken ||
        (writable && pass_what_there_is(1 - index) == Flow::broken) ||
        (ends_[0].finished && ends_[1].finished) || (ends_[0].hung_up && ends_[1].hung_up)) {
      over_ = true;
      return ended_();
    }
    for (const std::size_t i : {0U, 1U}) set_interest(i);
  }

  // A turn's worth; of an end that hung up all, since no event will tell of the rest.
  Flow pass_what_there_is(std::size_t index) {
    auto flow = pass(index);
    while (flow == Flow::moved && ends_[index].hung_up) flow = pass(index);
    return flow;
  }

  void set_interest(std::size_t index) {
    auto& end = ends_[index];
    if (end.hung_up) return;
    std::uint32_t events = 0;
    if (!end.finished && !end.blocked) events |= EPOLLIN;
    if (ends_[1 - index].blocked) events |= EPOLLOUT;
    end.socket.change(events);
  }

  // One buffer's worth from `index` to the other end: looked at, sent, then dropped.
  Flow pass(std::size_t index) {
    auto& from = ends_[index];
    const int to = ends_[1 - index].socket.get();
    if (from.finished || from.blocked) return Flow::idle;
    static thread_local std::array<char, 65536> buffer;
    const auto seen =
        ::recv(from.socket.get(), buffer.data(), buffer.size(), MSG_PEEK | MSG_DONTWAIT);
    if (seen < 0)
      return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR ? Flow::idle : Flow::broken;
    if (seen == 0) {
      from.finished = true;
      ::shutdown(to, SHUT_WR);
      return Flow::idle;
    }
    const auto sent =
        ::send(to, buffer.data(), static_cast<std::size_t>(seen), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0) {
      if (errno == EINTR) return Flow::idle;
      // Not connected yet is like not writable yet.
      if (errno != EAGAIN && errno != EWOULDBLOCK && errno != ENOTCONN) return Flow::broken;
      from.blocked = true;
      return Flow::idle;
    }
    ::recv(from.socket.get(), buffer.data(), static_cast<std::size_t>(sent),
           MSG_TRUNC | MSG_DONTWAIT);
    // What did not fit waits until the kernel says that there is room.
    if (sent < seen) from.blocked = true;
    return Flow::moved;
  }

  Epoll& epoll_;
  std::array<End, 2> ends_;
  std::function<void()> ended_;
  bool over_ = false;
};

// A listener in the namespace whose connections go to one place out here.
class StreamDoor {
 public:
  StreamDoor(FunctionHostLoop& loop, Fd listener, Endpoint target)
      : loop_(loop), listener_(std::move(listener)), target_(std::move(target)) {
    listener_.watch(loop_.epoll(), EPOLLIN, [this](std::uint32_t) { accept(); });
  }
  StreamDoor(const StreamDoor&) = delete;
  StreamDoor& operator=(const StreamDoor&) = delete;

  ~StreamDoor() { loop_.cancel(sweep_timer_); }

 private:
  using Streams = std::list<std::unique_ptr<Stream>>;

  void accept() {
    Fd function(::accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!function) {
      // Out of descriptors: the connection stays in the backlog, and the loop must not spin for it.
      if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
        rest(std::chrono::milliseconds(100));
      return;
    }
    Fd engine = connect_to(target_, SOCK_STREAM);
    if (!engine) return;
    const auto at = streams_.emplace(streams_.end());
    *at = std::make_unique<Stream>(loop_.epoll(), std::move(function), std::move(engine),
                                   [this, at] { end(at); });
    if (!(*at)->begin()) return end(at);
    if (streams_.size() >= max_streams) listener_.change(0);
  }
  // The stream is still at work when it says so.
  void end(Streams::iterator at) {
    ended_.splice(ended_.end(), streams_, at);
    rest(std::chrono::milliseconds(0));
  }
  void rest(std::chrono::milliseconds pause) {
    listener_.change(0);
    if (sweep_timer_ != 0) return;
    sweep_timer_ = loop_.at(FunctionHostLoop::Clock::now() + pause, [this] {
      sweep_timer_ = 0;
      ended_.clear();
      listener_.change(EPOLLIN);
    });
  }

  FunctionHostLoop& loop_;
  WatchedFd listener_;
  Endpoint target_;
  Streams streams_, ended_;
  FunctionHostLoop::Token sweep_timer_ = 0;
};

// Questions of all datagram sockets of one namespace go out by one socket; their ids are changed on
// the way, so that an answer finds who asked.
class DatagramDoor {
 public:
  DatagramDoor(FunctionHostLoop& loop, std::vector<Fd> sockets, const Endpoint& target)
      : engine_(connect_to(target, SOCK_DGRAM)) {
    if (!engine_) return;
    engine_.watch(loop.epoll(), EPOLLIN, [this](std::uint32_t) { pass_answers(); });
    for (auto& socket : sockets) sockets_.emplace_back(std::move(socket));
    for (std::size_t i = 0; i < sockets_.size(); ++i)
      sockets_[i].watch(loop.epoll(), EPOLLIN, [this, i](std::uint32_t) { pass_questions(i); });
  }
  DatagramDoor(const DatagramDoor&) = delete;
  DatagramDoor& operator=(const DatagramDoor&) = delete;

 private:
  struct Asker {
    std::size_t socket;
    sockaddr_in address;
    std::array<char, 2> id;
  };
  void pass_questions(std::size_t index) {
    std::array<char, datagram_size> buffer;
    for (int i = 0; i < datagrams_a_turn; ++i) {
      Asker asker{index, {}, {}};
      socklen_t length = sizeof asker.address;
      const auto size =
          ::recvfrom(sockets_[index].get(), buffer.data(), buffer.size(), MSG_DONTWAIT,
                     reinterpret_cast<sockaddr*>(&asker.address), &length);
      if (size < 0) return;
      if (size < 12) continue;  // no DNS header
      asker.id = {buffer[0], buffer[1]};
      const auto id = ++last_id_;
      buffer[0] = static_cast<char>(id >> 8);
      buffer[1] = static_cast<char>(id & 0xff);
      askers_.erase(static_cast<std::uint16_t>(id - max_questions));
      askers_[id] = asker;
      ::send(engine_.get(), buffer.data(), static_cast<std::size_t>(size), MSG_DONTWAIT);
    }
  }
  void pass_answers() {
    std::array<char, 65536> buffer;
    for (int i = 0; i < datagrams_a_turn; ++i) {
      const auto size = ::recv(engine_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
      if (size < 0) return;
      if (size < 12) continue;
      const auto id = static_cast<std::uint16_t>(static_cast<unsigned char>(buffer[0]) << 8 |
                                                 static_cast<unsigned char>(buffer[1]));
      const auto found = askers_.find(id);
      if (found == askers_.end()) continue;
      const auto asker = found->second;
      askers_.erase(found);
      buffer[0] = asker.id[0];
      buffer[1] = asker.id[1];
      ::sendto(sockets_[asker.socket].get(), buffer.data(), static_cast<std::size_t>(size),
               MSG_DONTWAIT, reinterpret_cast<const sockaddr*>(&asker.address),
               sizeof asker.address);
    }
  }

  WatchedFd engine_;
  std::vector<WatchedFd> sockets_;
  std::unordered_map<std::uint16_t, Asker> askers_;
  std::uint16_t last_id_ = 0;
};

}  // namespace

class FunctionRelay::Door {
 public:
  Door(FunctionHostLoop& loop, const RelayTargets& targets, Fd api, std::vector<Fd> dns_streams,
       std::vector<Fd> dns_datagrams) {
    streams_.emplace_back(loop, std::move(api), targets.api);
    for (auto& listener : dns_streams)
      streams_.emplace_back(loop, std::move(listener), targets.dns);
    datagrams_.emplace(loop, std::move(dns_datagrams), targets.dns);
  }

 private:
  std::list<StreamDoor> streams_;
  std::optional<DatagramDoor> datagrams_;
};

FunctionRelay::FunctionRelay(RelayTargets targets)
    : targets_(std::move(targets)), thread_([this] { loop_.run(); }) {}

FunctionRelay::~FunctionRelay() {
  loop_.post([this] {
    doors_.clear();
    loop_.stop();
  });
  thread_.join();
}

void FunctionRelay::open(Key key, Fd api, std::vector<Fd> dns_streams,
                         std::vector<Fd> dns_datagrams) {
  struct Sockets {
    Fd api;
    std::vector<Fd> streams, datagrams;
  };
  auto sockets = std::make_shared<Sockets>(
      Sockets{std::move(api), std::move(dns_streams), std::move(dns_datagrams)});
  loop_.post([this, key, sockets] {
    doors_[key] =
        std::make_unique<Door>(loop_, targets_, std::move(sockets->api),
                               std::move(sockets->streams), std::move(sockets->datagrams));
  });
}

void FunctionRelay::close(Key key) {
  loop_.post([this, key] { doors_.erase(key); });
}

}  // namespace sitelatch::net
