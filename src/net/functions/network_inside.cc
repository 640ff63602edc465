// SPDX-License-Identifier: Apache-2.0
// The warden's part: it is still privileged in the new network namespace, and alone in it.
#include <arpa/inet.h>
#include <fmt/format.h>
#include <net/if.h>
#include <net/route.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>

#include "base/text.h"
#include "net/functions/network.h"

namespace sitelatch::net {
namespace {

constexpr int outbound_patience_ms = 5000;

[[noreturn]] void refuse(const std::string& what) {
  throw std::system_error(errno, std::generic_category(), what);
}

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

void bring_up_loopback() {
  const Fd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ifreq request{};
  std::strcpy(request.ifr_name, "lo");
  if (!socket || ::ioctl(socket.get(), SIOCGIFFLAGS, &request) != 0) refuse("lo");
  request.ifr_flags = static_cast<short>(request.ifr_flags | IFF_UP);
  if (::ioctl(socket.get(), SIOCSIFFLAGS, &request) != 0) refuse("lo");
}

// A route that answers "unreachable", more specific than the one that leads out.
void close_prefix(const std::string& prefix) {
  const auto slash = prefix.find('/');
  const auto bits = parse_int(std::string_view(prefix).substr(slash + 1)).value_or(32);
  rtentry route{};
  auto& to = reinterpret_cast<sockaddr_in&>(route.rt_dst);
  auto& mask = reinterpret_cast<sockaddr_in&>(route.rt_genmask);
  to.sin_family = mask.sin_family = AF_INET;
  if (::inet_pton(AF_INET, prefix.substr(0, slash).c_str(), &to.sin_addr) != 1) return;
  mask.sin_addr.s_addr = htonl(bits <= 0 ? 0 : ~std::uint32_t{0} << (32 - bits));
  route.rt_flags = RTF_UP | RTF_REJECT;
  const Fd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!socket || (::ioctl(socket.get(), SIOCADDRT, &route) != 0 && errno != EEXIST))
    refuse(prefix);
}

Fd bound(int kind, std::uint16_t port) {
  Fd socket(::socket(AF_INET, kind | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  const auto address = loopback(port);
  if (!socket ||
      ::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      (kind == SOCK_STREAM && ::listen(socket.get(), 64) != 0))
    refuse(fmt::format("port {}", port));
  return socket;
}

std::vector<std::uint16_t> dns_ports(const NetworkPlan& plan) {
  if (plan.dns_port == 0) return {};
  if (plan.dns_port == 53) return {53};
  return {53, plan.dns_port};
}

void send_descriptors(int channel, const std::vector<int>& descriptors) {
  char word = 's';
  iovec data{&word, 1};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(16 * sizeof(int))> control{};
  msghdr message{};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = CMSG_SPACE(descriptors.size() * sizeof(int));
  cmsghdr* head = CMSG_FIRSTHDR(&message);
  head->cmsg_level = SOL_SOCKET;
  head->cmsg_type = SCM_RIGHTS;
  head->cmsg_len = CMSG_LEN(descriptors.size() * sizeof(int));
  std::memcpy(CMSG_DATA(head), descriptors.data(), descriptors.size() * sizeof(int));
  if (::sendmsg(channel, &message, MSG_NOSIGNAL) != 1) refuse("sockets");
}

}  // namespace

void open_network(const NetworkPlan& plan, int channel) {
  bring_up_loopback();
  for (const auto& prefix : plan.unreachable) close_prefix(prefix);
  std::vector<Fd> sockets;
  sockets.push_back(bound(SOCK_STREAM, plan.runtime_port));
  sockets.push_back(bound(SOCK_STREAM, plan.api_port));
  for (const auto port : dns_ports(plan))
    if (port != plan.api_port) sockets.push_back(bound(SOCK_STREAM, port));
  for (const auto port : dns_ports(plan)) sockets.push_back(bound(SOCK_DGRAM, port));
  std::vector<int> numbers;
  for (const auto& socket : sockets) numbers.push_back(socket.get());
  send_descriptors(channel, numbers);
}

void await_outbound(int ready) {
  pollfd readable{ready, POLLIN, 0};
  char word = 0;
  if (::poll(&readable, 1, outbound_patience_ms) != 1 || ::read(ready, &word, 1) != 1) {
    errno = ENETDOWN;
    refuse("slirp4netns");
  }
}

std::optional<NetworkSockets> receive_network(int channel, const NetworkPlan& plan) {
  char word = 0;
  iovec data{&word, 1};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(16 * sizeof(int))> control{};
  msghdr message{};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  const auto size = ::recvmsg(channel, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
  std::vector<Fd> sockets;
  for (auto* head = size < 0 ? nullptr : CMSG_FIRSTHDR(&message); head != nullptr;
       head = CMSG_NXTHDR(&message, head)) {
    if (head->cmsg_level != SOL_SOCKET || head->cmsg_type != SCM_RIGHTS) continue;
    const auto count = (head->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count; ++i) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(head) + i * sizeof fd, sizeof fd);
      sockets.emplace_back(fd);
    }
  }
  if (size != 1 || sockets.size() < 2) return std::nullopt;
  NetworkSockets result;
  result.runtime = std::move(sockets[0]);
  result.api = std::move(sockets[1]);
  const auto datagrams = dns_ports(plan).size();
  for (std::size_t i = 2; i < sockets.size(); ++i)
    (i + datagrams < sockets.size() ? result.dns_streams : result.dns_datagrams)
        .push_back(std::move(sockets[i]));
  return result;
}

}  // namespace sitelatch::net
