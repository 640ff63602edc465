// SPDX-License-Identifier: Apache-2.0
#include "cli/lookups.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <cstring>

#include "base/text.h"

namespace sitelatch::cli {
namespace {

class Socket {
 public:
  Socket(const net::Endpoint& to, int type) {
    sockaddr_storage address{};
    socklen_t size = 0;
    auto* v4 = reinterpret_cast<sockaddr_in*>(&address);
    auto* v6 = reinterpret_cast<sockaddr_in6*>(&address);
    if (::inet_pton(AF_INET, to.address.c_str(), &v4->sin_addr) == 1) {
      v4->sin_family = AF_INET;
      v4->sin_port = htons(to.port);
      size = sizeof *v4;
    } else if (::inet_pton(AF_INET6, to.address.c_str(), &v6->sin6_addr) == 1) {
      v6->sin6_family = AF_INET6;
      v6->sin6_port = htons(to.port);
      size = sizeof *v6;
    }
    fd_ = ::socket(address.ss_family, type | SOCK_CLOEXEC, 0);
    const timeval limit{2, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    ::setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    connected_ = size && ::connect(fd_, reinterpret_cast<const sockaddr*>(&address), size) == 0;
  }
  ~Socket() {
    if (fd_ >= 0) ::close(fd_);
  }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  explicit operator bool() const { return connected_; }
  int get() const { return fd_; }

 private:
  int fd_ = -1;
  bool connected_ = false;
};

std::uint16_t number(const std::uint8_t* at) {
  return static_cast<std::uint16_t>(at[0] << 8 | at[1]);
}

// The offset after a name that starts at `at`; nothing when it runs out of the message.
std::optional<std::size_t> skip_name(const std::uint8_t* message, std::size_t size,
                                     std::size_t at) {
  while (at < size) {
    if (message[at] == 0) return at + 1;
    if (message[at] >= 192) return at + 2;
    at += 1u + message[at];
  }
  return std::nullopt;
}

}  // namespace

std::optional<DnsReply> ask_a(const net::Endpoint& server, const std::string& name) {
  Socket socket(server, SOCK_DGRAM);
  if (!socket) return std::nullopt;
  std::string query{"\x53\x4c\0\0\0\1\0\0\0\0\0\0", 12};
  for (const auto label : split(name, '.')) {
    if (label.empty()) continue;
    query += static_cast<char>(label.size());
    query += label;
  }
  query += std::string{"\0\0\1\0\1", 5};
  if (::send(socket.get(), query.data(), query.size(), 0) < 0) return std::nullopt;
  std::array<std::uint8_t, 65535> reply{};
  const auto got = ::recv(socket.get(), reply.data(), reply.size(), 0);
  if (got < 12 || std::memcmp(reply.data(), query.data(), 2) != 0) return std::nullopt;
  const auto size = static_cast<std::size_t>(got);
  DnsReply out;
  out.rcode = reply[3] & 15;
  std::size_t at = query.size();
  for (int left = number(&reply[6]); left > 0; --left) {
    const auto after = skip_name(reply.data(), size, at);
    if (!after || *after + 10 > size) return std::nullopt;
    const auto type = number(&reply[*after]), length = number(&reply[*after + 8]);
    at = *after + 10;
    if (at + length > size) return std::nullopt;
    if (type == 1 && length == 4)
      out.addresses.push_back(
          fmt::format("{}.{}.{}.{}", reply[at], reply[at + 1], reply[at + 2], reply[at + 3]));
    at += length;
  }
  return out;
}

std::optional<Page> fetch(const net::Endpoint& site, const std::string& path) {
  Socket socket(site, SOCK_STREAM);
  if (!socket) return std::nullopt;
  const std::string request = fmt::format(
      "GET {} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", path, net::to_string(site));
  if (::send(socket.get(), request.data(), request.size(), MSG_NOSIGNAL) < 0) return std::nullopt;
  std::string reply;
  char buffer[4096];
  for (ssize_t got = 0; (got = ::recv(socket.get(), buffer, sizeof buffer, 0)) > 0;)
    reply.append(buffer, static_cast<std::size_t>(got));
  const auto body = reply.find("\r\n\r\n");
  if (body == std::string::npos || reply.size() < 12) return std::nullopt;
  const auto status = parse_int(std::string_view{reply}.substr(9, 3));
  if (!status) return std::nullopt;
  return Page{static_cast<int>(*status), reply.substr(body + 4)};
}

}  // namespace sitelatch::cli
