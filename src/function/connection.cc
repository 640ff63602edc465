// SPDX-License-Identifier: Apache-2.0
#include "function/connection.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/text.h"
#include "function/trust.h"

namespace sitelatch::function {
namespace {
Failure<Problem> problem(std::string_view what, std::string_view why) {
  return failure(Problem{std::string{what} + ": " + std::string{why}});
}

// At most ten minutes at a time, -1 without a deadline.
int milliseconds_left(Deadline deadline) {
  if (deadline == no_deadline) return -1;
  const auto left =
      std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now())
          .count();
  return left < 0 ? 0 : left > 600'000 ? 600'000 : static_cast<int>(left);
}

struct FreeAddresses {
  void operator()(addrinfo* list) const { freeaddrinfo(list); }
};

bool is_address(const std::string& host, int family) {
  char buffer[16];
  return inet_pton(family, host.c_str(), buffer) == 1;
}

std::string tls_reason(SSL* ssl) {
  if (const long verdict = SSL_get_verify_result(ssl); verdict != X509_V_OK)
    return std::string{"certificate not accepted: "} + X509_verify_cert_error_string(verdict) +
           (ca_bundle_path().empty() ? " (no CA bundle was found)"
                                     : " (CA bundle " + ca_bundle_path() + ")");
  char text[200];
  const auto code = ERR_get_error();
  if (!code) return "connection lost";
  ERR_error_string_n(code, text, sizeof text);
  return text;
}
}  // namespace

std::string Endpoint::host_header() const {
  const auto name = host.find(':') == host.npos ? host : "[" + host + "]";
  return port == (tls ? 443 : 80) ? name : name + ":" + std::to_string(port);
}

Result<Endpoint> parse_endpoint(std::string_view url) {
  Endpoint endpoint;
  const auto whole = std::string{url};
  if (url.starts_with("https://")) {
    url.remove_prefix(8);
  } else if (url.starts_with("http://")) {
    url.remove_prefix(7);
    endpoint.tls = false;
    endpoint.port = 80;
  } else {
    return problem("endpoint '" + whole + "'", "is neither http nor https");
  }
  const auto slash = url.find('/');
  auto authority = url.substr(0, slash);
  if (slash != url.npos) endpoint.path = url.substr(slash);
  while (endpoint.path.ends_with('/')) endpoint.path.pop_back();
  const auto bracket = authority.rfind(']');
  const auto colon = authority.rfind(':');
  if (colon != authority.npos && (bracket == authority.npos || colon > bracket)) {
    const auto port = parse_int(authority.substr(colon + 1));
    if (!port || *port < 1 || *port > 65535)
      return problem("endpoint '" + whole + "'", "has no proper port");
    endpoint.port = static_cast<int>(*port);
    authority = authority.substr(0, colon);
  }
  if (authority.starts_with('[') && authority.ends_with(']'))
    authority = authority.substr(1, authority.size() - 2);
  if (authority.empty() || authority.find('@') != authority.npos)
    return problem("endpoint '" + whole + "'", "has no proper host");
  endpoint.host = std::string{authority};
  return endpoint;
}

Result<std::unique_ptr<Connection>> Connection::open(const Endpoint& endpoint, Deadline deadline) {
  std::unique_ptr<Connection> connection{new Connection};
  const auto connected = connection->connect_to(endpoint, deadline);
  if (!connected) return failure(connected.error());
  if (endpoint.tls) {
    const auto secured = connection->start_tls(endpoint.host, deadline);
    if (!secured) return failure(secured.error());
  }
  return connection;
}

Connection::~Connection() {
  SSL_free(ssl_);
  if (fd_ >= 0) ::close(fd_);
}

Result<Done> Connection::connect_to(const Endpoint& endpoint, Deadline deadline) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV | AI_ADDRCONFIG;
  // RFC 6761 §6.3; a root without /etc/hosts would ask a name server.
  const auto name = endpoint.host == "localhost" ? std::string{"127.0.0.1"} : endpoint.host;
  if (is_address(name, AF_INET) || is_address(name, AF_INET6))
    hints.ai_flags = AI_NUMERICSERV | AI_NUMERICHOST;
  addrinfo* found = nullptr;
  const int status =
      getaddrinfo(name.c_str(), std::to_string(endpoint.port).c_str(), &hints, &found);
  if (status != 0) return problem("cannot find " + endpoint.host, gai_strerror(status));
  const std::unique_ptr<addrinfo, FreeAddresses> addresses{found};
  std::string why = "no address";
  for (const auto* address = addresses.get(); address; address = address->ai_next) {
    fd_ = ::socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd_ < 0) {
      why = std::strerror(errno);
      continue;
    }
    const int one = 1;
    setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    int error = ::connect(fd_, address->ai_addr, address->ai_addrlen) == 0 ? 0 : errno;
    if (error == EINPROGRESS) {
      const auto ready = wait(false, deadline);
      socklen_t length = sizeof error;
      if (!ready)
        error = ETIMEDOUT;
      else
        getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &length);
    }
    if (error == 0) return Done{};
    why = std::strerror(error);
    ::close(fd_);
    fd_ = -1;
  }
  return problem("cannot connect to " + endpoint.host_header(), why);
}

Result<Done> Connection::start_tls(const std::string& host, Deadline deadline) {
  ssl_ = SSL_new(tls_context());
  X509_VERIFY_PARAM* parameters = SSL_get0_param(ssl_);
  // Names are those of subjectAltName alone (RFC 9525 §2): a common name is a text for people.
  X509_VERIFY_PARAM_set_hostflags(
      parameters, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
  if (is_address(host, AF_INET) || is_address(host, AF_INET6)) {
    X509_VERIFY_PARAM_set1_ip_asc(parameters, host.c_str());
  } else {
    X509_VERIFY_PARAM_set1_host(parameters, host.c_str(), 0);
    // What SSL_set_tlsext_host_name does, without its C cast.
    SSL_ctrl(ssl_, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
             const_cast<char*>(host.c_str()));
  }
  SSL_set_fd(ssl_, fd_);
  for (;;) {
    ERR_clear_error();
    const int result = SSL_connect(ssl_);
    if (result == 1) return Done{};
    const auto again = tls_again(result, deadline, "TLS with " + host);
    if (!again) return failure(again.error());
    if (!*again) return problem("TLS with " + host, "connection closed");
  }
}

Result<Done> wait_by(const std::function<int(int milliseconds)>& poll, Deadline deadline) {
  for (;;) {
    const int left = milliseconds_left(deadline);
    const int ready = poll(left);
    if (ready > 0) return Done{};
    if (ready < 0 && errno != EINTR) return failure(Problem{std::strerror(errno)});
    if (ready == 0 && left == 0) return failure(Problem{"timed out"});
  }
}

Result<Done> Connection::wait(bool readable, Deadline deadline) const {
  pollfd poll_for{fd_, static_cast<short>(readable ? POLLIN : POLLOUT), 0};
  return wait_by([&poll_for](int milliseconds) { return ::poll(&poll_for, 1, milliseconds); },
                 deadline);
}

Result<bool> Connection::tls_again(int result, Deadline deadline, std::string_view what) {
  const int error = SSL_get_error(ssl_, result);
  if (error == SSL_ERROR_ZERO_RETURN) return false;
  if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE)
    return problem(what, tls_reason(ssl_));
  const auto ready = wait(error == SSL_ERROR_WANT_READ, deadline);
  if (!ready) return problem(what, ready.error().text);
  return true;
}

Result<Done> Connection::write(std::string_view bytes, Deadline deadline) {
  while (!bytes.empty()) {
    if (ssl_) {
      ERR_clear_error();
      const int sent = SSL_write(ssl_, bytes.data(), static_cast<int>(bytes.size()));
      if (sent > 0) {
        bytes.remove_prefix(static_cast<std::size_t>(sent));
        continue;
      }
      const auto again = tls_again(sent, deadline, "sending");
      if (!again) return failure(again.error());
      if (!*again) return problem("sending", "connection closed");
      continue;
    }
    const auto sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent > 0) {
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    } else if (errno == EAGAIN) {
      const auto ready = wait(false, deadline);
      if (!ready) return problem("sending", ready.error().text);
    } else if (errno != EINTR) {
      return problem("sending", std::strerror(errno));
    }
  }
  return Done{};
}

Result<Done> Connection::read(std::string& buffer, Deadline deadline) {
  char bytes[16384];
  for (;;) {
    if (ssl_) {
      ERR_clear_error();
      const int got = SSL_read(ssl_, bytes, sizeof bytes);
      if (got > 0) {
        buffer.append(bytes, static_cast<std::size_t>(got));
        return Done{};
      }
      const auto again = tls_again(got, deadline, "receiving");
      if (!again) return failure(again.error());
      if (!*again) return Done{};
      continue;
    }
    const auto got = ::recv(fd_, bytes, sizeof bytes, 0);
    if (got >= 0) {
      buffer.append(bytes, static_cast<std::size_t>(got));
      return Done{};
    }
    if (errno == EINTR) continue;
    if (errno != EAGAIN) return problem("receiving", std::strerror(errno));
    const auto ready = wait(true, deadline);
    if (!ready) return problem("receiving", ready.error().text);
  }
}

// An idle HTTP connection has nothing to say: whatever arrives is its end.
bool Connection::closed_by_peer() const {
  pollfd poll_for{fd_, POLLIN, 0};
  if (::poll(&poll_for, 1, 0) <= 0) return false;
  if (!ssl_) return true;
  // TLS 1.3 sends session tickets after the handshake; those are not an end.
  char byte = 0;
  const auto got = SSL_peek(ssl_, &byte, 1);
  return got > 0 || SSL_get_error(ssl_, got) != SSL_ERROR_WANT_READ;
}

}  // namespace sitelatch::function
