// SPDX-License-Identifier: Apache-2.0
#include "net/io/held_port.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>

namespace sitelatch::net {

Result<Fd, int> hold_port(const Endpoint& endpoint) {
  sockaddr_in6 v6{};
  sockaddr_in v4{};
  const bool is_v6 = ::inet_pton(AF_INET6, endpoint.address.c_str(), &v6.sin6_addr) == 1;
  if (!is_v6 && ::inet_pton(AF_INET, endpoint.address.c_str(), &v4.sin_addr) != 1)
    return failure(int{EADDRNOTAVAIL});
  v6.sin6_family = AF_INET6;
  v4.sin_family = AF_INET;
  v6.sin6_port = v4.sin_port = htons(endpoint.port);
  const auto* address =
      is_v6 ? reinterpret_cast<const sockaddr*>(&v6) : reinterpret_cast<const sockaddr*>(&v4);
  const socklen_t size = is_v6 ? sizeof v6 : sizeof v4;
  Fd fd(::socket(is_v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd) return failure(int{errno});
  const int on = 1;
  if (is_v6) ::setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
  // To get past connections of a former run that linger; off again at once, or others could join.
  ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (::bind(fd.get(), address, size) != 0) return failure(int{errno});
  const int off = 0;
  ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &off, sizeof off);
  return fd;
}

}  // namespace sitelatch::net
