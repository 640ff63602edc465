// SPDX-License-Identifier: Apache-2.0
#include "net/http/http_connection.h"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <new>
#include <utility>

namespace sitelatch::net {
namespace {

// Others have their turn after so many reads.
constexpr int reads_a_turn = 4;
constexpr int most_empty_lines = 2;
// Of a refused request what still comes is read and thrown away this long, so that its client sees
// the answer rather than a reset connection.
constexpr auto lingering_limit = std::chrono::seconds{3};
constexpr std::uint64_t lingering_bytes_max = 100u << 20;
constexpr std::size_t small_buffer = 4096;
// Stages that have just begun have no rate yet.
constexpr double rate_settles_s = 0.25;

}  // namespace

HttpConnection::HttpConnection(ConnectionHost& host, std::uint64_t id, Fd socket, std::string peer)
    : host_(host), id_(id), peer_(std::move(peer)), socket_(std::move(socket)) {}

bool HttpConnection::watch(Epoll& epoll) {
  listening_for_ = EPOLLIN;
  return socket_.watch(epoll, listening_for_, [this](std::uint32_t events) { ready(events); });
}

void HttpConnection::ready(std::uint32_t events) {
  try {
    if (events & (EPOLLERR | EPOLLHUP)) return close();
    if (events & EPOLLIN) read();
    if ((events & EPOLLOUT) && state_ == State::answering) write();
  } catch (const std::bad_alloc&) {
    close();  // this client's loss alone
  }
}

void HttpConnection::enter(State state) {
  state_ = state;
  since_ = span_since_ = Clock::now();
  moved_ = span_moved_ = 0;
}

// Credit does not add up: what went into the kernel's buffers at first would pay for minutes.
void HttpConnection::moved(std::uint64_t bytes) {
  moved_ += bytes;
  span_moved_ += bytes;
  const auto& options = host_.options();
  const auto grace = state_ == State::answering ? options.answer_grace : options.body_grace;
  const auto enough =
      options.least_bytes_a_second * static_cast<std::uint64_t>(grace.count()) / 1000;
  if (span_moved_ < enough) return;
  span_moved_ = 0;
  span_since_ = Clock::now();
}

bool HttpConnection::takes_bytes() const {
  switch (state_) {
    case State::head:
    case State::body:
    case State::lingering:
      return true;
    case State::closed:
      return false;
    default:  // what is sent ahead may be one head, roughly
      return in_.size() < host_.options().head.bytes;
  }
}

void HttpConnection::listen() {
  if (state_ == State::closed) return;
  std::uint32_t wanted = 0;
  if (!client_done_ && takes_bytes()) wanted |= EPOLLIN;
  if (state_ == State::answering) wanted |= EPOLLOUT;
  if (wanted != std::exchange(listening_for_, wanted)) socket_.change(wanted);
}

// --- requests ---

void HttpConnection::read() {
  for (int turn = 0; turn < reads_a_turn && takes_bytes(); ++turn) {
    if (state_ == State::lingering) return throw_away();
    const auto room = host_.scratch();
    const auto got = ::recv(socket_.get(), room.data(), room.size(), 0);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && errno == EAGAIN) return;
    if (got < 0) return close();
    if (got == 0) {
      client_done_ = true;
      if (state_ == State::head || state_ == State::body) return close();
      return listen();  // its answer is still wanted
    }
    received({room.data(), static_cast<std::size_t>(got)});
    if (static_cast<std::size_t>(got) < room.size()) return;
  }
}

void HttpConnection::received(std::string_view bytes) {
  if (idle() && requests_ > 0) since_ = Clock::now();  // a head begins
  moved(bytes.size());
  const bool joined = !in_.empty();
  if (joined) {
    in_.append(bytes);
    bytes = in_;
  }
  while (!bytes.empty() && step(bytes) == Step::go_on) {
  }
  if (state_ == State::closed) return;
  if (state_ == State::lingering || refused_) {
    in_.clear();
  } else if (joined) {
    in_.erase(0, in_.size() - bytes.size());
  } else {
    in_.assign(bytes);
  }
  if (in_.empty() && in_.capacity() > small_buffer) std::string{}.swap(in_);
  if (!account()) return refuse(503, "too many bytes are under way; try again later");
  listen();
}

HttpConnection::Step HttpConnection::step(std::string_view& bytes) {
  if (state_ == State::head) return read_head(bytes);
  if (state_ == State::body) return read_body(bytes);
  return Step::wait;
}

HttpConnection::Step HttpConnection::read_head(std::string_view& bytes) {
  const auto bad = [this](int status, std::string_view text) {
    refuse(status, text);
    return Step::wait;
  };
  if (bytes.front() == '\r') {  // RFC 9112 §2.2: an empty line before a request
    if (bytes.size() == 1) return Step::wait;
    if (bytes[1] != '\n' || ++empty_lines_ > most_empty_lines)
      return bad(400, "malformed HTTP request");
    bytes.remove_prefix(2);
    return Step::go_on;
  }
  if (!may_begin_head(bytes.front())) return bad(400, "malformed HTTP request");
  const auto& limits = host_.options().head;
  const auto found = head_end_.look(bytes);
  if (found == HeadEnd::Found::never) return bad(400, "lines end with CR LF");
  if (found == HeadEnd::Found::not_yet)
    return bytes.size() > limits.bytes ? bad(431, "the request's header is too large") : Step::wait;
  auto head = parse_head(bytes.substr(0, head_end_.size()), limits);
  if (!head) return bad(head.error().status, head.error().text);
  bytes.remove_prefix(head_end_.size());
  head_end_ = {};
  empty_lines_ = 0;
  head_ = std::move(*head);
  head_.request.peer = peer_;
  head_only_ = head_.request.method == "HEAD";
  considered_ = false;
  if (host_.door())
    if (auto refusal = host_.door()->refusal(head_.request)) {
      refuse(std::move(*refusal));
      return Step::wait;
    }
  const auto& options = host_.options();
  body_max_ = host_.door() ? options.small_body_bytes : options.max_body_bytes;
  switch (head_.body) {
    case RequestHead::Body::none:
      return request_is_whole();
    case RequestHead::Body::by_length:
      if (head_.content_length <= body_max_) break;
      if (!host_.door()) return bad(413, "the request's body is too large");
      ask_door();
      return Step::wait;
    case RequestHead::Body::chunked:
      chunks_ = ChunkedBody{};
      break;
  }
  return begin_body();
}

void HttpConnection::ask_door() {
  considered_ = true;
  enter(State::asked);
  host_.ask_door(*this);
}

void HttpConnection::decided(HttpServer::Door::Decision decision) {
  if (state_ != State::asked) return;
  if (decision.refusal) return refuse(std::move(*decision.refusal));
  body_max_ = std::min<std::uint64_t>(decision.body_bytes_max, host_.options().max_body_bytes);
  if (head_.content_length > body_max_ || head_.request.body.size() >= body_max_)
    return refuse(413, "the request's body is too large");
  begin_body();
  go_on();
}

HttpConnection::Step HttpConnection::begin_body() {
  enter(State::body);
  // Address space alone: pages come as bytes do.
  if (head_.content_length > 0) head_.request.body.reserve(head_.content_length);
  if (std::exchange(head_.expects_continue, false) && in_.empty()) {
    constexpr std::string_view go = "HTTP/1.1 100 Continue\r\n\r\n";
    if (::send(socket_.get(), go.data(), go.size(), MSG_NOSIGNAL) !=
        static_cast<ssize_t>(go.size())) {
      close();
      return Step::wait;
    }
  }
  return Step::go_on;
}

HttpConnection::Step HttpConnection::read_body(std::string_view& bytes) {
  if (head_.body == RequestHead::Body::chunked) return take_chunks(bytes);
  auto& body = head_.request.body;
  const auto n = std::min<std::uint64_t>(bytes.size(), head_.content_length - body.size());
  body.append(bytes.data(), static_cast<std::size_t>(n));
  bytes.remove_prefix(static_cast<std::size_t>(n));
  return body.size() == head_.content_length ? request_is_whole() : Step::wait;
}

HttpConnection::Step HttpConnection::take_chunks(std::string_view& bytes) {
  auto& body = head_.request.body;
  switch (chunks_.read(bytes, body, static_cast<std::size_t>(body_max_) - body.size())) {
    case ChunkedBody::State::whole:
      return request_is_whole();
    case ChunkedBody::State::malformed:
      refuse(400, "malformed chunked body");
      return Step::wait;
    case ChunkedBody::State::too_much_framing:
      refuse(400, "chunk extensions or trailers without end");
      return Step::wait;
    case ChunkedBody::State::more:
      break;
  }
  if (bytes.empty()) return Step::wait;
  if (host_.door() && !considered_)
    ask_door();
  else
    refuse(413, "the request's body is too large");
  return Step::wait;
}

HttpConnection::Step HttpConnection::request_is_whole() {
  host_.hand_over(*this);
  return Step::wait;
}

aws::HttpRequest HttpConnection::take_request() {
  body_held_ = head_.request.body.size();
  return std::exchange(head_.request, {});
}

// --- answers ---

void HttpConnection::answer(aws::HttpResponse response) {
  body_held_ = 0;
  if (response.lost) return close();
  close_after_ = !head_.keep_alive || host_.draining();
  send_answer(std::move(response));
}

void HttpConnection::refuse(int status, std::string_view text) {
  auto response = plain_answer(status, text);
  if (status == 503) response.headers.add("Retry-After", "1");
  refuse(std::move(response));
}

// What follows on the connection cannot be told apart, or is not wanted.
void HttpConnection::refuse(aws::HttpResponse response) {
  if (std::exchange(refused_, true)) return close();
  close_after_ = true;
  std::string{}.swap(head_.request.body);
  send_answer(std::move(response));
}

void HttpConnection::send_answer(aws::HttpResponse response) {
  out_head_ = serialize_head(response, close_after_ ? AfterAnswer::close : AfterAnswer::keep_alive);
  if (!head_only_ && response.status != 204) {
    out_body_ = std::move(response.body);
    out_file_ = std::move(response.file);
  }
  sent_ = 0;
  enter(State::answering);
  account();
  write();
}

void HttpConnection::write() {
  const std::string& body = out_file_ ? *out_file_ : out_body_;
  const auto whole = out_head_.size() + body.size();
  while (sent_ < whole) {
    const auto of_head = std::min(sent_, out_head_.size());
    const auto of_body = sent_ - of_head;
    std::array<iovec, 2> parts{{{out_head_.data() + of_head, out_head_.size() - of_head},
                                {const_cast<char*>(body.data()) + of_body, body.size() - of_body}}};
    msghdr message{};
    message.msg_iov = parts.data();
    message.msg_iovlen = parts.size();
    const auto sent = ::sendmsg(socket_.get(), &message, MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0 && errno == EAGAIN) return listen();
    if (sent <= 0) return close();
    sent_ += static_cast<std::size_t>(sent);
    moved(static_cast<std::uint64_t>(sent));
  }
  answered();
}

void HttpConnection::answered() {
  std::string{}.swap(out_body_);
  out_file_.reset();
  out_head_.clear();
  if (close_after_) {
    ::shutdown(socket_.get(), SHUT_WR);
    if (!refused_ || client_done_) return close();
    enter(State::lingering);
    in_.clear();
    account();
    return listen();
  }
  ++requests_;
  enter(State::head);
  go_on();
}

// What was sent ahead.
void HttpConnection::go_on() {
  if (!in_.empty()) {
    const std::string ahead = std::exchange(in_, {});
    received(ahead);
  } else {
    account();
    listen();
  }
  if (client_done_ && (state_ == State::head || state_ == State::body)) close();
}

void HttpConnection::throw_away() {
  const auto got = ::recv(socket_.get(), nullptr, 1u << 20, MSG_TRUNC);
  if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) return close();
  if (got > 0) moved(static_cast<std::uint64_t>(got));
  if (moved_ > lingering_bytes_max) close();
}

// --- limits ---

bool HttpConnection::account() {
  return host_.hold(*this, in_.size() + head_.request.body.size() + body_held_ + out_head_.size() +
                               out_body_.size() - std::min(sent_, out_body_.size()));
}

bool HttpConnection::overdue(Clock::time_point now) const {
  const auto& options = host_.options();
  const auto age = now - since_;
  switch (state_) {
    case State::head:
      return age > (in_.empty() && requests_ > 0 ? options.idle_limit : options.head_limit);
    case State::body:
      return now - span_since_ > options.body_grace;
    case State::answering:
      return now - span_since_ > options.answer_grace;
    case State::lingering:
      return age > lingering_limit;
    default:
      return false;  // it is we who are slow
  }
}

double HttpConnection::rate(Clock::time_point now) const {
  const double age_s = std::chrono::duration<double>(now - since_).count();
  return static_cast<double>(moved_) / (age_s + rate_settles_s);
}

void HttpConnection::close_overdue() {
  if (state_ == State::body || (state_ == State::head && !in_.empty())) {
    const auto late = serialize_head(plain_answer(408, ""), AfterAnswer::close) + "\n";
    // Best effort: who drips does not read either.
    [[maybe_unused]] const auto sent =
        ::send(socket_.get(), late.data(), late.size(), MSG_NOSIGNAL);
  }
  close();
}

void HttpConnection::close() {
  if (std::exchange(state_, State::closed) == State::closed) return;
  socket_.reset();
  std::string{}.swap(in_);
  std::string{}.swap(out_body_);
  out_file_.reset();
  head_ = {};
  host_.closed(*this);
}

}  // namespace sitelatch::net
