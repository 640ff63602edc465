// SPDX-License-Identifier: Apache-2.0
// The steps of one probe, from its name to its verdict (drawing: net/probe/check.h).
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include "net/probe/thread.h"
#include "net/probe/words.h"

namespace sitelatch::net {
namespace {

using Phase = ProbeCheck::Phase;

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

// What says nothing about the endpoint: we are out of descriptors, ports or memory.
bool is_local_trouble(int error) {
  return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM ||
         error == EADDRNOTAVAIL || error == EAGAIN;
}

}  // namespace

void SocketProber::Thread::start(Place check) {
  ++active_;
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
  // The check stays in this phase, and so alive, until the resolver answers; its limits are the
  // resolver's.
  resolver_.resolve(check->request.host_name, [this, check](const Resolver::Resolved& resolved) {
    now_ = ProbeClock::now();
    if (resolved.our_trouble != 0) return try_later(check, resolved.our_trouble);
    const auto& addresses = resolved.addresses;
    if (addresses.empty()) return fail(check, resolution_failed_sentence);
    char text[INET_ADDRSTRLEN] = "";
    inet_ntop(AF_INET, &addresses[spread_.next() % addresses.size()], text, sizeof text);
    set_address(check->address, text, check->request.port);
    check->observation.resolved_address = text;
    connect(check);
  });
}

void SocketProber::Thread::connect(Place check) {
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

// Our own trouble is no failure of the endpoint: again in a while, up to a hundred times.
void SocketProber::Thread::try_later(Place check, int error) {
  check->socket.reset();
  if (++check->local_troubles > 100) return fail(check, sentence_for_errno(error));
  pause_until_ = now_ + std::chrono::milliseconds(100);
  check->observation = {};
  check->by_name = false;
  enter(check, Phase::queued);
  --active_;
}

void SocketProber::Thread::proceed(Place check, std::uint32_t events) {
  switch (check->phase) {
    case Phase::connecting:
    case Phase::tcp_connecting:
      if (events & (EPOLLERR | EPOLLHUP | EPOLLOUT)) connected(check, events);
      return;
    case Phase::handshaking:
      return shake_hands(check);
    case Phase::responding:
      return check->request_sent ? read_response(check) : send_request(check);
    case Phase::reading_body:
      return read_response(check);
    case Phase::queued:
    case Phase::resolving:
      return;
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
  shake_hands(check);
}

void SocketProber::Thread::shake_hands(Place check) {
  switch (check->tls->handshake()) {
    case ProberTlsSession::Step::again:
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

void SocketProber::Thread::read_response(Place check) {
  for (;;) {
    std::size_t got = 0;
    bool ended = false;
    if (check->tls) {
      const auto step = check->tls->read(buffer_.data(), buffer_.size(), got);
      if (step == ProberTlsSession::Step::again) return;
      if (step == ProberTlsSession::Step::failed) return fail_broken(check);
      ended = step == ProberTlsSession::Step::closed;
    } else {
      const ssize_t result = recv(check->socket.get(), buffer_.data(), buffer_.size(), 0);
      if (result < 0 && (errno == EAGAIN || errno == EINTR)) return;
      ended = result <= 0;
      got = ended ? 0 : static_cast<std::size_t>(result);
    }
    if (got > 0 && !check->observation.first_byte) {
      now_ = ProbeClock::now();
      check->observation.first_byte = now_ - check->ready;
    }
    const auto state =
        ended ? check->response->end() : check->response->feed({buffer_.data(), got});
    if (state != ProbeResponse::State::head && state != ProbeResponse::State::body)
      return judge(check);
    if (state == ProbeResponse::State::body && check->phase == Phase::responding)
      enter(check, Phase::reading_body);
  }
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
