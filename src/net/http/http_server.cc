// SPDX-License-Identifier: Apache-2.0
// Who may be connected, and who goes when there is no room: the connections themselves are in
// http_connection.h. One thread; others reach it through the box of answers.
#include "net/http/http_server.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <deque>
#include <future>
#include <mutex>
#include <thread>
#include <unordered_map>
#include <vector>

#include "base/log.h"
#include "net/http/http_connection.h"

namespace sitelatch::net {

// Messages to the server's thread. Outlives the server: replies may still come then.
class HttpServer::Reply::Box {
 public:
  struct Message {
    enum class Kind { answer, vouch, admit, decision } kind = Kind::answer;
    std::uint64_t request = 0;
    aws::HttpResponse response;
    Door::Decision decision;
  };

  Box() : wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}
  int wake_fd() const { return wake_.get(); }

  void put(Message message) {
    {
      const std::lock_guard lock(mutex_);
      if (!open_) return;
      messages_.push_back(std::move(message));
      if (messages_.size() > 1) return;  // the first one woke it
    }
    wake();
  }
  void take(std::vector<Message>& out) {
    std::uint64_t count = 0;
    [[maybe_unused]] const auto got = ::read(wake_.get(), &count, sizeof count);
    const std::lock_guard lock(mutex_);
    out.swap(messages_);
  }
  void wake() const {
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = ::write(wake_.get(), &one, sizeof one);
  }
  void close() {
    const std::lock_guard lock(mutex_);
    open_ = false;
    messages_.clear();
  }

 private:
  const Fd wake_;
  std::mutex mutex_;
  std::vector<Message> messages_;
  bool open_ = true;
};

void HttpServer::Reply::operator()(aws::HttpResponse response) const {
  box_->put({Box::Message::Kind::answer, request_, std::move(response), {}});
}
void HttpServer::Reply::vouch() const {
  if (!proven_) box_->put({Box::Message::Kind::vouch, request_, {}, {}});
}

void HttpServer::Reply::admit() const {
  if (!proven_) box_->put({Box::Message::Kind::admit, request_, {}, {}});
}

namespace {

using Box = HttpServer::Reply::Box;
using Clock = HttpConnection::Clock;

constexpr int accepts_a_turn = 64;
constexpr std::size_t scratch_bytes = 64u << 10;
// Descriptors that others of the process need.
constexpr std::size_t descriptors_for_others = 512;

std::string address_text(const sockaddr_storage& address) {
  char text[INET6_ADDRSTRLEN] = "";
  if (address.ss_family == AF_INET)
    ::inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in&>(address).sin_addr, text,
                sizeof text);
  else if (address.ss_family == AF_INET6)
    ::inet_ntop(AF_INET6, &reinterpret_cast<const sockaddr_in6&>(address).sin6_addr, text,
                sizeof text);
  return text;
}

std::size_t connections_by_descriptors(std::size_t wanted) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return wanted;
  const std::size_t all = limit.rlim_cur;
  return std::min(wanted,
                  all > 2 * descriptors_for_others ? all - descriptors_for_others : all / 2);
}

Failure<Problem> cannot_listen(const Endpoint& endpoint) {
  return {
      Problem{fmt::format("cannot listen on {}: {}", to_string(endpoint), std::strerror(errno))}};
}

// Either family, by what an address is.
class SocketAddress {
 public:
  bool set(const Endpoint& endpoint) {
    if (::inet_pton(AF_INET, endpoint.address.c_str(), &v4().sin_addr) == 1) {
      v4().sin_family = AF_INET;
      v4().sin_port = htons(endpoint.port);
      size_ = sizeof(sockaddr_in);
      return true;
    }
    if (::inet_pton(AF_INET6, endpoint.address.c_str(), &v6().sin6_addr) != 1) return false;
    v6().sin6_family = AF_INET6;
    v6().sin6_port = htons(endpoint.port);
    size_ = sizeof(sockaddr_in6);
    return true;
  }
  sockaddr* any() { return reinterpret_cast<sockaddr*>(&storage_); }
  socklen_t& size() { return size_; }
  Endpoint endpoint() {
    return {address_text(storage_),
            ntohs(storage_.ss_family == AF_INET ? v4().sin_port : v6().sin6_port)};
  }

 private:
  sockaddr_in& v4() { return reinterpret_cast<sockaddr_in&>(storage_); }
  sockaddr_in6& v6() { return reinterpret_cast<sockaddr_in6&>(storage_); }
  sockaddr_storage storage_{};
  socklen_t size_ = sizeof(sockaddr_storage);
};

class Server final : public HttpServer, public ConnectionHost {
 public:
  Server(Options options, Handler handler, Door* door)
      : options_(options),
        handler_(std::move(handler)),
        door_(door),
        spare_(open_spare()),
        scratch_(scratch_bytes) {
    options_.max_connections = connections_by_descriptors(options_.max_connections);
  }

  ~Server() override {
    stopping_ = true;
    box_->wake();
    if (thread_.joinable()) thread_.join();
    box_->close();
  }

  Result<Done> adopt(Fd listening);

  Endpoint endpoint() const override { return endpoint_; }
  std::size_t connections() const override { return open_.load(std::memory_order_relaxed); }

  void drain(std::chrono::milliseconds grace) override {
    auto drained = drained_.get_future();
    drain_wanted_ = true;
    box_->wake();
    drained.wait_for(grace);
  }

  // --- for connections ---
  const Options& options() const override { return options_; }
  Door* door() const override { return door_; }
  bool draining() const override { return draining_; }
  std::span<char> scratch() override { return scratch_; }
  bool hold(HttpConnection& connection, std::size_t bytes) override;
  void ask_door(HttpConnection& connection) override;
  void hand_over(HttpConnection& connection) override;
  void closed(HttpConnection& connection) override;

 private:
  struct InHand {
    std::uint64_t connection = 0;
    bool unproven = false;
  };
  using Order = std::list<HttpConnection*>;

  static Fd open_spare() { return Fd(::open("/dev/null", O_RDONLY | O_CLOEXEC)); }
  void run();
  void sweep();
  void accept_some();
  bool accept_one();
  bool make_slot();
  void refuse_without_descriptor();
  void welcome(Fd socket, const sockaddr_storage& from);
  HttpConnection* slowest(const HttpConnection& asking);
  HttpConnection* find(std::uint64_t id) const {
    const auto found = connections_.find(id);
    return found == connections_.end() ? nullptr : found->second.get();
  }
  void take_messages();
  void take(Box::Message& message);
  template <class Step>
  void at_its_cost(HttpConnection& connection, Step step);
  void admitted(InHand& in_hand);
  void proved(InHand& in_hand);
  void give(HttpConnection& connection);
  void give_queued();
  void begin_drain();
  void finish_drain_if_idle();

  Options options_;
  const Handler handler_;
  Door* const door_;
  const std::shared_ptr<Box> box_ = std::make_shared<Box>();
  Fd spare_;
  std::vector<char> scratch_;
  Epoll epoll_;
  WatchedFd acceptor_;
  bool listening_ = false;
  Epoll::Registration waking_;
  Endpoint endpoint_;

  std::unordered_map<std::uint64_t, std::unique_ptr<HttpConnection>> connections_;
  std::vector<std::unique_ptr<HttpConnection>> dead_;  // until nothing of this round refers to them
  Order unproven_, proven_;  // who came first, and whose last proof is oldest, first
  std::unordered_map<std::string, std::size_t> by_peer_;  // of addresses that are not loopback
  std::atomic<std::size_t> open_{0};                      // connections_, for other threads
  std::uint64_t last_connection_ = 0, last_request_ = 0;
  std::size_t held_ = 0;

  std::unordered_map<std::uint64_t, InHand> in_hand_;        // by request
  std::unordered_map<std::uint64_t, std::uint64_t> asking_;  // request -> connection
  std::deque<std::uint64_t> queued_;                         // connections
  std::size_t unproven_in_hand_ = 0;
  std::vector<Box::Message> messages_;

  Clock::time_point last_complaint_{};
  std::atomic<bool> stopping_{false}, drain_wanted_{false};
  bool draining_ = false, drain_told_ = false;
  std::promise<void> drained_;
  std::thread thread_;
};

Result<Done> Server::adopt(Fd listening) {
  const auto at = endpoint_of(listening);
  if (!at) return failure(at.error());
  endpoint_ = *at;
  acceptor_ = WatchedFd(std::move(listening));
  listening_ = acceptor_.watch(epoll_, EPOLLIN, [this](std::uint32_t) { accept_some(); });
  waking_ = epoll_.watch(box_->wake_fd(), EPOLLIN, [this](std::uint32_t) { take_messages(); });
  if (!listening_ || !waking_) return cannot_listen(endpoint_);
  thread_ = std::thread([this] { run(); });
  return Done{};
}

void Server::run() {
  const auto shortest = std::min({options_.head_limit, options_.body_grace, options_.answer_grace});
  const auto period = std::clamp<std::chrono::milliseconds>(
      shortest / 8, std::chrono::milliseconds{10}, std::chrono::milliseconds{500});
  auto next_sweep = Clock::now() + period;
  while (!stopping_) {
    epoll_.wait(connections_.empty() ? -1 : static_cast<int>(period.count()));
    epoll_.dispatch();
    if (drain_wanted_ && !draining_) begin_drain();
    if (const auto now = Clock::now(); now >= next_sweep) {
      try {
        sweep();
      } catch (const std::bad_alloc&) {
        make_slot();
      }
      next_sweep = now + period;
    }
    finish_drain_if_idle();
    dead_.clear();
  }
  while (!connections_.empty()) connections_.begin()->second->close();
  dead_.clear();
}

void Server::sweep() {
  const auto now = Clock::now();
  std::vector<HttpConnection*> overdue;
  for (const auto& [id, connection] : connections_)
    if (connection->overdue(now)) overdue.push_back(connection.get());
  for (auto* connection : overdue) connection->close_overdue();
}

// --- slots ---

void Server::accept_some() {
  try {
    for (int i = 0; i < accepts_a_turn; ++i)
      if (!accept_one()) return;
  } catch (const std::bad_alloc&) {
    make_slot();  // who asked is gone already
  }
}

// False: nobody else waits.
bool Server::accept_one() {
  sockaddr_storage from{};
  socklen_t size = sizeof from;
  Fd socket(::accept4(acceptor_.get(), reinterpret_cast<sockaddr*>(&from), &size,
                      SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (socket) {
    welcome(std::move(socket), from);
    return true;
  }
  if (errno != EMFILE && errno != ENFILE && errno != ENOBUFS && errno != ENOMEM)
    return errno == ECONNABORTED || errno == EINTR;
  if (const auto now = Clock::now(); now - last_complaint_ > std::chrono::seconds{10}) {
    last_complaint_ = now;
    log(LogLevel::warning, "net",
        fmt::format("cannot accept a connection: {}", std::strerror(errno)));
  }
  if (!make_slot()) refuse_without_descriptor();
  return true;
}

// Room for one: by the connection that has proved nothing and came first, else the one whose last
// proof is oldest. Never by one whose request is in hand.
bool Server::make_slot() {
  for (const auto* order : {&unproven_, &proven_})
    for (auto* connection : *order)
      if (connection->waits_for_client()) {
        connection->close();
        return true;
      }
  return false;
}

// With the one descriptor that is kept for this, so that the queue of the kernel empties instead of
// waking us without end.
void Server::refuse_without_descriptor() {
  spare_.reset();
  Fd refused(::accept4(acceptor_.get(), nullptr, nullptr, SOCK_CLOEXEC));
  refused.reset();
  spare_ = open_spare();
}

void Server::welcome(Fd socket, const sockaddr_storage& from) {
  if (connections_.size() >= options_.max_connections && !make_slot()) return;
  auto peer = address_text(from);
  std::size_t* const count = is_loopback(peer) ? nullptr : &by_peer_[peer];
  if (count && *count >= options_.max_connections_a_peer) return;
  const int on = 1;
  ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  // Memory may end at each step: nothing is left then that names a connection which is gone, and
  // closed() needs none.
  if (const auto most = connections_.size() + dead_.size() + 1; dead_.capacity() < most)
    dead_.reserve(2 * most);
  const auto id = ++last_connection_;
  auto connection = std::make_unique<HttpConnection>(*this, id, std::move(socket), std::move(peer));
  auto& welcomed = *connection;
  const auto place = unproven_.insert(unproven_.end(), &welcomed);
  welcomed.place = place;
  try {
    connections_.emplace(id, std::move(connection));
  } catch (const std::bad_alloc&) {
    unproven_.erase(place);
    throw;
  }
  if (count) ++*count;
  open_.store(connections_.size(), std::memory_order_relaxed);
  bool watched = false;
  try {
    watched = welcomed.watch(epoll_);
  } catch (const std::bad_alloc&) {  // this client's loss alone
  }
  if (!watched) welcomed.close();
}

void Server::closed(HttpConnection& connection) {
  held_ -= std::exchange(connection.held, 0);
  (connection.proven ? proven_ : unproven_).erase(connection.place);
  if (const auto count = by_peer_.find(connection.peer()); count != by_peer_.end())
    if (--count->second == 0) by_peer_.erase(count);
  const auto found = connections_.find(connection.id());
  dead_.push_back(std::move(found->second));
  connections_.erase(found);
  open_.store(connections_.size(), std::memory_order_relaxed);
}

// --- bytes ---

bool Server::hold(HttpConnection& connection, std::size_t bytes) {
  held_ += bytes;
  held_ -= std::exchange(connection.held, bytes);
  while (held_ > options_.max_bytes_in_flight) {
    auto* const other = slowest(connection);
    if (!other) return false;
    other->close();
  }
  return true;
}

// Of those who hold more than who asks, and make us wait: the slowest who has proved nothing, else
// the slowest.
HttpConnection* Server::slowest(const HttpConnection& asking) {
  const auto now = Clock::now();
  HttpConnection* found = nullptr;
  double found_rate = 0;
  for (const auto& [id, other] : connections_) {
    if (other.get() == &asking || !other->waits_for_client() || other->held == 0) continue;
    if (asking.proven || !other->proven) {
      const double rate = other->rate(now);
      const bool may = other->held >= asking.held || rate < asking.rate(now);
      const bool better = !found || (found->proven && !other->proven) ||
                          (found->proven == other->proven && rate < found_rate);
      if (may && better) {
        found = other.get();
        found_rate = rate;
      }
    }
  }
  return found;
}

// --- requests ---

void Server::hand_over(HttpConnection& connection) {
  if (draining_) return connection.close();
  if (!connection.proven && unproven_in_hand_ >= options_.max_unproven_in_hand) {
    connection.now_queued();
    queued_.push_back(connection.id());
    return;
  }
  give(connection);
}

void Server::give(HttpConnection& connection) {
  const auto request = ++last_request_;
  in_hand_[request] = {connection.id(), !connection.proven};
  if (!connection.proven) ++unproven_in_hand_;
  connection.now_in_hand();
  handler_(connection.take_request(), Reply{box_, request, connection.proven});
}

void Server::give_queued() {
  while (!queued_.empty() && unproven_in_hand_ < options_.max_unproven_in_hand) {
    auto* const connection = find(queued_.front());
    queued_.pop_front();
    if (connection && connection->state() == HttpConnection::State::queued) give(*connection);
  }
}

void Server::ask_door(HttpConnection& connection) {
  const auto request = ++last_request_;
  asking_[request] = connection.id();
  std::optional<std::uint64_t> length;
  if (connection.head().body == RequestHead::Body::by_length)
    length = connection.head().content_length;
  door_->consider(connection.head().request, length,
                  [box = box_, request](Door::Decision decision) {
                    box->put({Box::Message::Kind::decision, request, {}, std::move(decision)});
                  });
}

// A lack of memory is this client's loss alone.
template <class Step>
void Server::at_its_cost(HttpConnection& connection, Step step) {
  try {
    step();
  } catch (const std::bad_alloc&) {
    connection.close();
  }
}

void Server::take_messages() {
  messages_.clear();
  box_->take(messages_);
  for (auto& message : messages_) take(message);
  messages_.clear();
  try {
    give_queued();
  } catch (const std::bad_alloc&) {
    make_slot();
  }
}

void Server::take(Box::Message& message) {
  if (message.kind == Box::Message::Kind::decision) {
    const auto found = asking_.find(message.request);
    if (found == asking_.end()) return;
    auto* const connection = find(found->second);
    asking_.erase(found);
    if (connection)
      at_its_cost(*connection, [&] { connection->decided(std::move(message.decision)); });
    return;
  }
  const auto found = in_hand_.find(message.request);
  if (found == in_hand_.end()) return;  // answered before
  if (message.kind == Box::Message::Kind::vouch) return proved(found->second);
  if (message.kind == Box::Message::Kind::admit) return admitted(found->second);
  auto* const connection = find(found->second.connection);
  if (found->second.unproven) --unproven_in_hand_;
  in_hand_.erase(found);
  if (!connection) return;
  if (connection->proven) proven_.splice(proven_.end(), proven_, connection->place);
  at_its_cost(*connection, [&] { connection->answer(std::move(message.response)); });
}

void Server::admitted(InHand& in_hand) {
  if (std::exchange(in_hand.unproven, false)) --unproven_in_hand_;
}

void Server::proved(InHand& in_hand) {
  admitted(in_hand);
  auto* const connection = find(in_hand.connection);
  if (!connection || std::exchange(connection->proven, true)) return;
  proven_.splice(proven_.end(), unproven_, connection->place);
}

// --- the end ---

void Server::begin_drain() {
  draining_ = true;
  acceptor_.reset();
  std::vector<HttpConnection*> idle;
  for (const auto& [id, connection] : connections_)
    if (connection->state() == HttpConnection::State::head) idle.push_back(connection.get());
  for (auto* connection : idle) connection->close();
}

// Requests in hand, and answers that are being written.
void Server::finish_drain_if_idle() {
  if (!draining_ || drain_told_ || !in_hand_.empty()) return;
  const bool writing =
      std::any_of(connections_.begin(), connections_.end(), [](const auto& connection) {
        return connection.second->state() == HttpConnection::State::answering;
      });
  if (writing) return;
  drain_told_ = true;
  drained_.set_value();
}

}  // namespace

Result<Fd> listening_socket(const Endpoint& endpoint, std::string_view option) {
  SocketAddress address;
  if (!address.set(endpoint))
    return failure(Problem{fmt::format("\"{}\" is not an IP address", endpoint.address)});
  Fd socket(::socket(address.any()->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const int on = 1;
  if (socket && ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
      ::bind(socket.get(), address.any(), address.size()) == 0 && ::listen(socket.get(), 4096) == 0)
    return socket;
  if (errno == EADDRINUSE)
    return failure(
        Problem{fmt::format("{} is in use by another process; stop that, or choose another with {}",
                            to_string(endpoint), option)});
  return cannot_listen(endpoint);
}

Result<Endpoint> endpoint_of(const Fd& listening) {
  SocketAddress address;
  if (::getsockname(listening.get(), address.any(), &address.size()) != 0)
    return failure(Problem{fmt::format("this is no socket: {}", std::strerror(errno))});
  return address.endpoint();
}

Result<std::unique_ptr<HttpServer>> HttpServer::listen(const Endpoint& endpoint, Options options,
                                                       Handler handler, Door* door) {
  auto socket = listening_socket(endpoint, "--api");
  if (!socket) return failure(socket.error());
  return adopt(std::move(*socket), options, std::move(handler), door);
}

Result<std::unique_ptr<HttpServer>> HttpServer::adopt(Fd listening, Options options,
                                                      Handler handler, Door* door) {
  auto server = std::make_unique<Server>(options, std::move(handler), door);
  auto started = server->adopt(std::move(listening));
  if (!started) return failure(started.error());
  return std::unique_ptr<HttpServer>(std::move(server));
}

}  // namespace sitelatch::net
