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
#include "net/functions/descriptors.h"
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
  if (!socket || (::ioctl(socket.get(), SIOCADDRT, &route) != 0 && errno != EEXIST)) refuse(prefix);
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
  if (!send_descriptors(channel, 'n', numbers)) refuse("sockets");
}

void await_outbound(int ready) {
  pollfd readable{ready, POLLIN, 0};
  char word = 0;
  if (::poll(&readable, 1, outbound_patience_ms) != 1 || ::read(ready, &word, 1) != 1) {
    errno = ENETDOWN;
    refuse("slirp4netns");
  }
}

std::optional<NetworkSockets> network_sockets(std::vector<Fd> sent, const NetworkPlan& plan) {
  const auto datagrams = dns_ports(plan).size();
  if (sent.size() < 2 + datagrams) return std::nullopt;
  NetworkSockets sockets;
  sockets.runtime = std::move(sent[0]);
  sockets.api = std::move(sent[1]);
  for (std::size_t i = 2; i < sent.size(); ++i)
    (i + datagrams < sent.size() ? sockets.dns_streams : sockets.dns_datagrams)
        .push_back(std::move(sent[i]));
  return sockets;
}

}  // namespace sitelatch::net
