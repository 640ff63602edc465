// SPDX-License-Identifier: Apache-2.0
// The steps of one probe, from its name to its verdict (drawing: net/probe/check.h).
#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include "base/ip.h"
#include "base/log.h"
#include "net/probe/thread.h"
#include "net/probe/words.h"

namespace sitelatch::net {
namespace {

using Phase = ProbeCheck::Phase;

// A turn: so much at once of one endpoint, whatever it still has to say.
constexpr int reads_a_turn = 16;
constexpr std::size_t tls_bytes_a_turn = 32768;
// Of a whole TLS connection, raw: certificates of 64 KB, the head and the body, and then some.
constexpr std::size_t max_tls_bytes = 256 * 1024;

bool set_address(sockaddr_storage& storage, const std::string& text, std::uint16_t port) {
  auto* v4 = reinterpret_cast<sockaddr_in*>(&storage);
  auto* v6 = reinterpret_cast<sockaddr_in6*>(&storage);
  if (inet_pton(AF_INET, text.c_str(), &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    v4->sin_port = htons(port);
    return true;
  }
  if (inet_pton(AF_INET6, text.c_str(), &v6->sin6_addr) != 1) return false;
  v6->sin6_family = AF_INET6;
  v6->sin6_port = htons(port);
  return true;
}

socklen_t size_of(const sockaddr_storage& address) {
  return address.ss_family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6);
}

template <typename Address>
std::span<const std::uint8_t> as_bytes(const Address& address) {
  return {reinterpret_cast<const std::uint8_t*>(&address), sizeof address};
}

std::span<const std::uint8_t> address_bytes(const sockaddr_storage& address) {
  if (address.ss_family == AF_INET)
    return as_bytes(reinterpret_cast<const sockaddr_in&>(address).sin_addr);
  return as_bytes(reinterpret_cast<const sockaddr_in6&>(address).sin6_addr);
}

// What says nothing about the endpoint: we are out of descriptors or memory, or of ports to it.
bool is_shortage(int error) {
  return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM ||
         error == ENOSPC;
}
bool is_local_trouble(int error) {
  return is_shortage(error) || error == EADDRNOTAVAIL || error == EAGAIN;
}

}  // namespace

void SocketProber::Thread::start(Place check) {
  enter(check, Phase::resolving);
  check->with_sni =
      check->request.enable_sni && check->is_https() && !check->request.host_name.empty();
  if (check->request.address.empty()) return resolve(check);
  if (!set_address(check->address, check->request.address, check->request.port)) {
    return fail(check, resolution_failed_sentence);
  }
  check->observation.resolved_address = check->request.address;
  connect(check);
}

void SocketProber::Thread::resolve(Place check) {
  check->by_name = true;
  check->started = now_;
  // The check stays in this phase, and so alive, until the resolver answers; its limits are the
  // resolver's.
  resolver_.resolve(check->request.host_name, [this, check](const Resolver::Resolved& resolved) {
    now_ = ProbeClock::now();
    if (resolved.our_trouble != 0) return try_later(check, resolved.our_trouble);
    const auto& addresses = resolved.addresses;
    if (addresses.empty()) {
      check->timed_out = now_ - check->started >= limits_.resolve;
      return fail(check, resolution_failed_sentence);
    }
    char text[INET_ADDRSTRLEN] = "";
    const in_addr chosen = choose(addresses);
    inet_ntop(AF_INET, &chosen, text, sizeof text);
    set_address(check->address, text, check->request.port);
    check->observation.resolved_address = text;
    connect(check);
  });
}

// One at random; where some may not be probed, one of the others.
in_addr SocketProber::Thread::choose(const std::vector<in_addr>& addresses) {
  std::vector<in_addr> allowed;
  for (const in_addr& address : addresses)
    if (is_allowed(as_bytes(address))) allowed.push_back(address);
  const std::vector<in_addr>& from = allowed.empty() ? addresses : allowed;
  return from[spread_.next() % from.size()];
}

bool SocketProber::Thread::is_allowed(std::span<const std::uint8_t> address) const {
  return limits_.allow_link_local || !is_restricted_address(address);
}

void SocketProber::Thread::connect(Place check) {
  if (!is_allowed(address_bytes(check->address))) return fail(check, restricted_sentence);
  forget_turn(check);
  check->tls.reset();
  check->socket = WatchedFd(
      Fd(socket(check->address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)));
  if (!check->socket) return try_later(check, errno);
  const linger reset{1, 0};
  setsockopt(check->socket.get(), SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
  enter(check, check->is_tcp() ? Phase::tcp_connecting : Phase::connecting);
  check->started = now_;
  const auto* address = reinterpret_cast<const sockaddr*>(&check->address);
  if (::connect(check->socket.get(), address, size_of(check->address)) != 0 &&
      errno != EINPROGRESS) {
    const int error = errno;
    if (is_local_trouble(error)) return try_later(check, error);
    return fail(check, sentence_for_errno(error));
  }
  if (!check->socket.watch(epoll_, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET,
                           [this, check](std::uint32_t events) {
                             now_ = ProbeClock::now();
                             proceed(check, events);
                           }))
    try_later(check, errno);
}

// Our own trouble is no failure of the endpoint. Without descriptors or memory nobody can start,
// for as long as it takes; without a port to this endpoint this check alone waits, up to twenty
// times, for the same errno may be the endpoint's (no address of its family here).
void SocketProber::Thread::try_later(Place check, int error) {
  check->socket.reset();
  check->observation = {};
  check->by_name = false;
  if (is_shortage(error)) {
    if (pause_until_ + std::chrono::seconds(10) < now_)
      log(LogLevel::warning, "net", fmt::format("probes wait: {}", sentence_for_errno(error)));
    pause_until_ = now_ + limits_.shortage;
    return queue(check);
  }
  if (++check->local_troubles > 20) return fail(check, sentence_for_errno(error));
  enter(check, Phase::delayed);
}

void SocketProber::Thread::proceed(Place check, std::uint32_t events) {
  switch (check->phase) {
    case Phase::connecting:
    case Phase::tcp_connecting:
      if (events & (EPOLLERR | EPOLLHUP | EPOLLOUT)) connected(check, events);
      return;
    case Phase::queued:
    case Phase::resolving:
      return;
    default:
      return check->tls ? queue_turn(check) : take_turn(check);
  }
}

void SocketProber::Thread::take_turn(Place check) {
  if (check->tls) check->tls->begin_turn(tls_bytes_a_turn);
  switch (check->phase) {
    case Phase::handshaking:
      return shake_hands(check);
    case Phase::responding:
      return check->request_sent ? read_response(check) : send_request(check);
    default:
      return read_response(check);
  }
}

void SocketProber::Thread::connected(Place check, std::uint32_t events) {
  if (events & (EPOLLERR | EPOLLHUP)) {
    int error = 0;
    socklen_t size = sizeof error;
    getsockopt(check->socket.get(), SOL_SOCKET, SO_ERROR, &error, &size);
    if (error != 0) return fail(check, sentence_for_errno(error));
  }
  check->connected = now_;
  check->observation.connect = now_ - check->started;
  if (check->is_tcp()) return succeed(check, words_for_connection(check->resolved()));
  if (!check->is_https()) return send_request(check);
  check->tls = std::make_unique<ProberTlsSession>(tls_, check->socket.get(),
                                                  check->with_sni ? check->request.host_name : "");
  enter(check, Phase::handshaking);
  queue_turn(check);
}

void SocketProber::Thread::shake_hands(Place check) {
  switch (check->tls->handshake()) {
    case ProberTlsSession::Step::again:
      if (check->tls->received() > max_tls_bytes) return fail(check, endless_handshake_sentence);
      if (check->tls->turn_is_over()) queue_turn(check);
      return;
    case ProberTlsSession::Step::closed:
      return fail(check, closed_sentence);
    case ProberTlsSession::Step::failed:
      return fail_broken(check);
    case ProberTlsSession::Step::done:
      break;
  }
  // A certificate for another name: once more without SNI (API text of EnableSNI).
  if (check->with_sni && !check->tls->certificate_covers(check->request.host_name)) {
    check->with_sni = false;
    return connect(check);
  }
  now_ = ProbeClock::now();
  check->observation.tls_handshake = now_ - check->connected;
  send_request(check);
}

void SocketProber::Thread::fail_broken(Place check) {
  const std::string sentence = sentence_for_tls();
  fail(check, sentence.empty() ? closed_sentence : sentence);
}

// The request fits a fresh socket's buffer, so it goes whole or, under TLS, is tried again whole.
void SocketProber::Thread::send_request(Place check) {
  if (check->phase != Phase::responding) {
    enter(check, Phase::responding);
    check->ready = now_;
    check->response.emplace(check->request.search_string ? &*check->request.search_string
                                                         : nullptr);
  }
  const std::string text = probe_request_text(check->request);
  if (check->tls) {
    const auto step = check->tls->write(text);
    if (step == ProberTlsSession::Step::again) return;
    if (step == ProberTlsSession::Step::closed) return fail(check, closed_sentence);
    if (step == ProberTlsSession::Step::failed) return fail_broken(check);
  } else {
    const ssize_t sent = send(check->socket.get(), text.data(), text.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EAGAIN) return;
    if (sent != static_cast<ssize_t>(text.size()))
      return fail(check, sentence_for_errno(sent < 0 ? errno : EPIPE));
  }
  check->request_sent = true;
  read_response(check);  // under edge triggering, bytes that came meanwhile are not told again
}

// A turn's worth: what is left then is read when the others have had theirs.
void SocketProber::Thread::read_response(Place check) {
  for (int reads = 0; reads < reads_a_turn; ++reads) {
    std::size_t got = 0;
    switch (receive(check, got)) {
      case Received::nothing_yet:
        return;
      case Received::turn_over:
        return another_turn(check);
      case Received::too_much:
        return fail(check, malformed_sentence);
      case Received::broken:
        return fail_broken(check);
      case Received::some:
        break;
    }
    if (got > 0 && !check->observation.first_byte) {
      now_ = ProbeClock::now();
      check->observation.first_byte = now_ - check->ready;
    }
    const auto state =
        got == 0 ? check->response->end() : check->response->feed({buffer_.data(), got});
    if (state != ProbeResponse::State::head && state != ProbeResponse::State::body)
      return judge(check);
    if (state == ProbeResponse::State::body && check->phase == Phase::responding)
      enter(check, Phase::reading_body);
  }
  another_turn(check);
}

// `got` 0 with `some`: the endpoint closed.
SocketProber::Thread::Received SocketProber::Thread::receive(Place check, std::size_t& got) {
  if (!check->tls) {
    const ssize_t result = recv(check->socket.get(), buffer_.data(), buffer_.size(), 0);
    if (result < 0 && (errno == EAGAIN || errno == EINTR)) return Received::nothing_yet;
    got = result <= 0 ? 0 : static_cast<std::size_t>(result);
    return Received::some;
  }
  switch (check->tls->read(buffer_.data(), buffer_.size(), got)) {
    case ProberTlsSession::Step::again:
      // Records that yield nothing are no reason to read for ever (fact probe-14).
      if (check->tls->received() > max_tls_bytes) return Received::too_much;
      return check->tls->turn_is_over() ? Received::turn_over : Received::nothing_yet;
    case ProberTlsSession::Step::failed:
      return Received::broken;
    default:
      return Received::some;
  }
}

void SocketProber::Thread::another_turn(Place check) {
  if (check->tls) return queue_turn(check);
  check->socket.again();
}

void SocketProber::Thread::judge(Place check) {
  const ProbeResponse& response = *check->response;
  switch (response.state()) {
    case ProbeResponse::State::malformed:
      return fail(check, malformed_sentence);
    case ProbeResponse::State::too_long:
      return fail(check, header_too_long_sentence);
    case ProbeResponse::State::closed:
      return fail(check, closed_sentence);
    default:
      break;
  }
  if (response.code_is_good() && check->request.search_string && !response.found()) {
    return finish(check, false,
                  words_for_missing_string(response.code(), response.reason(), check->resolved()));
  }
  const bool good = response.code_is_good();
  finish(check, good,
         words_for_status(good, response.code(), response.reason(), check->resolved()));
}

}  // namespace sitelatch::net
