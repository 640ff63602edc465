// SPDX-License-Identifier: Apache-2.0
#include "net/functions/descriptors.h"

#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace sitelatch::net {
namespace {

constexpr std::size_t control_size = CMSG_SPACE(max_sent_descriptors * sizeof(int));

}  // namespace

bool send_descriptors(int channel, char what, const std::vector<int>& descriptors) {
  const auto size = descriptors.size() * sizeof(int);
  iovec data{&what, 1};
  alignas(cmsghdr) std::array<char, control_size> control{};
  msghdr message{};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = CMSG_SPACE(size);
  cmsghdr* head = CMSG_FIRSTHDR(&message);
  head->cmsg_level = SOL_SOCKET;
  head->cmsg_type = SCM_RIGHTS;
  head->cmsg_len = CMSG_LEN(size);
  std::memcpy(CMSG_DATA(head), descriptors.data(), size);
  return ::sendmsg(channel, &message, MSG_NOSIGNAL) == 1;
}

std::optional<SentDescriptors> receive_descriptors(int channel, bool& ended) {
  SentDescriptors sent;
  iovec data{&sent.what, 1};
  alignas(cmsghdr) std::array<char, control_size> control{};
  msghdr message{};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  const auto size = ::recvmsg(channel, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
  // A sender that ended without a word, and one that never had the other end, look alike.
  ended = size == 0 || (size < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR);
  if (size != 1) return std::nullopt;
  for (auto* head = CMSG_FIRSTHDR(&message); head != nullptr; head = CMSG_NXTHDR(&message, head)) {
    if (head->cmsg_level != SOL_SOCKET || head->cmsg_type != SCM_RIGHTS) continue;
    const auto count = (head->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count; ++i) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(head) + i * sizeof fd, sizeof fd);
      sent.descriptors.emplace_back(fd);
    }
  }
  return sent;
}

}  // namespace sitelatch::net
