// SPDX-License-Identifier: Apache-2.0
// Loopback TCP tells nobody's name, but the kernel knows the owner of every socket: asked by
// sock_diag for exactly one connection, and from /proc/net/tcp where that is closed to us. Decision
// 0007.
#include <arpa/inet.h>
#include <dirent.h>
#include <fmt/format.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <fstream>
#include <sstream>

#include "base/fd.h"
#include "net/functions/runtime_api.h"

namespace sitelatch::net {
namespace {

struct Ends {
  sockaddr_in local{}, peer{};
};
std::optional<Ends> ends_of(int socket) {
  Ends ends;
  socklen_t size = sizeof ends.local;
  if (::getsockname(socket, reinterpret_cast<sockaddr*>(&ends.local), &size) != 0)
    return std::nullopt;
  size = sizeof ends.peer;
  if (::getpeername(socket, reinterpret_cast<sockaddr*>(&ends.peer), &size) != 0)
    return std::nullopt;
  return ends;
}

std::optional<PeerSocket> ask_kernel(const Ends& ends) {
  const Fd netlink(::socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_SOCK_DIAG));
  if (!netlink) return std::nullopt;
  struct {
    nlmsghdr head;
    inet_diag_req_v2 body;
  } request{};
  request.head.nlmsg_len = sizeof request;
  request.head.nlmsg_type = SOCK_DIAG_BY_FAMILY;
  request.head.nlmsg_flags = NLM_F_REQUEST;
  request.body.sdiag_family = AF_INET;
  request.body.sdiag_protocol = IPPROTO_TCP;
  request.body.idiag_states = ~0U;
  // The socket at the other end is asked about: its source is our peer, its destination we.
  request.body.id.idiag_sport = ends.peer.sin_port;
  request.body.id.idiag_dport = ends.local.sin_port;
  request.body.id.idiag_src[0] = ends.peer.sin_addr.s_addr;
  request.body.id.idiag_dst[0] = ends.local.sin_addr.s_addr;
  request.body.id.idiag_cookie[0] = request.body.id.idiag_cookie[1] = INET_DIAG_NOCOOKIE;
  const timeval patience{1, 0};
  ::setsockopt(netlink.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  if (::send(netlink.get(), &request, sizeof request, 0) < 0) return std::nullopt;
  alignas(nlmsghdr) std::array<char, 4096> buffer;
  const auto size = ::recv(netlink.get(), buffer.data(), buffer.size(), 0);
  nlmsghdr head;
  if (size < static_cast<ssize_t>(NLMSG_LENGTH(sizeof(inet_diag_msg)))) return std::nullopt;
  std::memcpy(&head, buffer.data(), sizeof head);
  if (head.nlmsg_type != SOCK_DIAG_BY_FAMILY) return std::nullopt;
  inet_diag_msg answer;
  std::memcpy(&answer, buffer.data() + NLMSG_HDRLEN, sizeof answer);
  return PeerSocket{answer.idiag_uid, answer.idiag_inode};
}

std::optional<PeerSocket> read_table(const Ends& ends) {
  // As the table has it: the address as it lies in memory, the port as it is read.
  const auto wanted = [](const sockaddr_in& end) {
    return fmt::format("{:08X}:{:04X}", end.sin_addr.s_addr, ntohs(end.sin_port));
  };
  const auto local = wanted(ends.peer), remote = wanted(ends.local);
  std::ifstream table("/proc/net/tcp");
  for (std::string row; std::getline(table, row);) {
    std::istringstream fields(row);
    std::string number, here, there, state, queues, timer, retransmit;
    PeerSocket peer;
    std::uint64_t timeout = 0;
    if (!(fields >> number >> here >> there >> state >> queues >> timer >> retransmit >> peer.uid >>
          timeout >> peer.inode))
      continue;
    if (here == local && there == remote) return peer;
  }
  return std::nullopt;
}

}  // namespace

std::optional<PeerSocket> peer_of_loopback(int accepted) {
  const auto ends = ends_of(accepted);
  if (!ends) return std::nullopt;
  if (auto peer = ask_kernel(*ends)) return peer;
  return read_table(*ends);
}

bool holds_socket(pid_t pid, std::uint64_t inode) {
  const auto wanted = fmt::format("socket:[{}]", inode);
  const auto path = fmt::format("/proc/{}/fd", pid);
  DIR* directory = ::opendir(path.c_str());
  if (directory == nullptr) return false;
  bool found = false;
  while (const dirent* entry = found ? nullptr : ::readdir(directory)) {
    std::array<char, 64> target;
    const auto size = ::readlinkat(::dirfd(directory), entry->d_name, target.data(), target.size());
    found = size > 0 && std::string_view(target.data(), static_cast<std::size_t>(size)) == wanted;
  }
  ::closedir(directory);
  return found;
}

}  // namespace sitelatch::net
