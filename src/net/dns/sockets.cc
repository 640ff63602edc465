// SPDX-License-Identifier: Apache-2.0
#include "net/dns/sockets.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <optional>

#include "base/log.h"

namespace sitelatch::net {
namespace {

struct Address {
  sockaddr_storage storage{};
  socklen_t size = 0;
  bool wildcard = false;

  sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
  int family() const { return storage.ss_family; }
  std::uint16_t port() const {
    return ntohs(family() == AF_INET ? reinterpret_cast<const sockaddr_in*>(&storage)->sin_port
                                     : reinterpret_cast<const sockaddr_in6*>(&storage)->sin6_port);
  }
};

std::optional<Address> parse_address(const Endpoint& endpoint) {
  Address address;
  auto* v4 = reinterpret_cast<sockaddr_in*>(&address.storage);
  auto* v6 = reinterpret_cast<sockaddr_in6*>(&address.storage);
  if (inet_pton(AF_INET, endpoint.address.c_str(), &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    v4->sin_port = htons(endpoint.port);
    address.size = sizeof *v4;
    address.wildcard = v4->sin_addr.s_addr == INADDR_ANY;
  } else if (inet_pton(AF_INET6, endpoint.address.c_str(), &v6->sin6_addr) == 1) {
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(endpoint.port);
    address.size = sizeof *v6;
    address.wildcard = IN6_IS_ADDR_UNSPECIFIED(&v6->sin6_addr);
  } else {
    return std::nullopt;
  }
  return address;
}

void switch_on(int fd, int level, int option) {
  const int on = 1;
  setsockopt(fd, level, option, &on, sizeof on);
}

// An open and bound socket, or errno.
Result<Fd, int> bind_socket(Address& address, int kind) {
  Fd fd(
      socket(address.family(), kind | SOCK_CLOEXEC | (kind == SOCK_STREAM ? SOCK_NONBLOCK : 0), 0));
  if (!fd) return failure(int{errno});
  if (kind == SOCK_STREAM)
    switch_on(fd.get(), SOL_SOCKET, SO_REUSEADDR);  // connections of a former run in TIME_WAIT
  if (address.family() == AF_INET6) switch_on(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY);
  if (kind == SOCK_DGRAM) {
    if (address.wildcard && address.family() == AF_INET)
      switch_on(fd.get(), IPPROTO_IP, IP_PKTINFO);
    if (address.wildcard && address.family() == AF_INET6)
      switch_on(fd.get(), IPPROTO_IPV6, IPV6_RECVPKTINFO);
    const int bytes = 4 << 20;
    setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
    setsockopt(fd.get(), SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
  }
  if (bind(fd.get(), address.get(), address.size) != 0) return failure(int{errno});
  if (kind == SOCK_STREAM && listen(fd.get(), 1024) != 0) return failure(int{errno});
  return fd;
}

std::string words(int error, const Endpoint& endpoint, std::string_view protocol) {
  const std::string where = fmt::format("{} ({})", to_string(endpoint), protocol);
  switch (error) {
    case EADDRINUSE:
      return fmt::format(
          "cannot serve DNS on {}: the port is in use by another program; stop that, or choose "
          "another with --dns",
          where);
    case EADDRNOTAVAIL:
      return fmt::format("cannot serve DNS on {}: {} is not an address of this machine", where,
                         endpoint.address);
    case EACCES:
      return fmt::format(
          "cannot serve DNS on {}: ports below 1024 need the capability CAP_NET_BIND_SERVICE",
          where);
    default:
      return fmt::format("cannot serve DNS on {}: {}", where, std::strerror(error));
  }
}

struct Refusal {
  int error;
  std::string_view protocol;
};

// Both protocols on one port; `endpoint` gets the one that was found.
Result<DnsSockets, Refusal> bind_pair(Endpoint& endpoint) {
  Address address = *parse_address(endpoint);
  auto tcp = bind_socket(address, SOCK_STREAM);
  if (!tcp) return failure(Refusal{tcp.error(), "TCP"});
  if (getsockname(tcp->get(), address.get(), &address.size) != 0)
    return failure(Refusal{errno, "TCP"});
  auto udp = bind_socket(address, SOCK_DGRAM);
  if (!udp) return failure(Refusal{udp.error(), "UDP"});
  endpoint.port = address.port();
  return DnsSockets{std::move(*udp), std::move(*tcp), address.wildcard};
}

bool is_absent(int error) {  // the twin's protocol, on this machine
  return error == EADDRNOTAVAIL || error == EAFNOSUPPORT;
}

}  // namespace

DnsSockets DnsSockets::copy() const {
  return {Fd(fcntl(udp.get(), F_DUPFD_CLOEXEC, 3)), Fd(fcntl(tcp.get(), F_DUPFD_CLOEXEC, 3)),
          wildcard};
}

Result<DnsBinding> bind_dns(const Endpoint& endpoint) {
  if (!parse_address(endpoint)) {
    return failure(
        Problem{fmt::format("cannot serve DNS on \"{}\": not an IP address", endpoint.address)});
  }
  const bool any_port = endpoint.port == 0;
  for (int attempts_left = any_port ? 64 : 1;; --attempts_left) {
    const bool last = attempts_left == 1;
    DnsBinding binding;
    binding.endpoint = endpoint;
    auto own = bind_pair(binding.endpoint);
    if (!own) {
      if (own.error().error == EADDRINUSE && !last) continue;
      return failure(Problem{words(own.error().error, endpoint, own.error().protocol)});
    }
    binding.sockets.push_back(std::move(*own));
    if (auto twin = localhost_twin(binding.endpoint)) {
      auto pair = bind_pair(*twin);
      if (!pair && pair.error().error == EADDRINUSE && !last) continue;
      if (pair) {
        binding.sockets.push_back(std::move(*pair));
      } else if (!is_absent(pair.error().error)) {
        log(LogLevel::warning, "dns",
            fmt::format("{}; who asks \"localhost\" may get an answer from there",
                        words(pair.error().error, *twin, pair.error().protocol)));
      }
    }
    return binding;
  }
}

}  // namespace sitelatch::net
