// SPDX-License-Identifier: Apache-2.0
#include "net/dns/udp.h"

#include <algorithm>
#include <cerrno>

namespace sitelatch::net {
namespace {

// The received packet's control message turned into the one to send: same address, whatever
// interface routing says.
void answer_from_same_address(msghdr& message) {
  for (cmsghdr* c = CMSG_FIRSTHDR(&message); c; c = CMSG_NXTHDR(&message, c)) {
    if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
      reinterpret_cast<in_pktinfo*>(CMSG_DATA(c))->ipi_ifindex = 0;
    } else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
      auto* info = reinterpret_cast<in6_pktinfo*>(CMSG_DATA(c));
      if (!IN6_IS_ADDR_LINKLOCAL(&info->ipi6_addr)) info->ipi6_ifindex = 0;
    }
  }
}

}  // namespace

DnsUdp::DnsUdp(Fd socket, bool wildcard, std::size_t udp_payload, QueryTap* tap)
    : socket_(std::move(socket)),
      wildcard_(wildcard),
      reply_size_(std::max<std::size_t>(udp_payload, 512)),
      limits_{dns::Limits::Transport::udp, reply_size_},
      tap_(tap),
      queries_(batch * query_size),
      replies_(batch * reply_size_) {
  for (unsigned i = 0; i < batch; ++i) {
    in_parts_[i] = {&queries_[i * query_size], query_size};
    in_[i].msg_hdr.msg_iov = &in_parts_[i];
    in_[i].msg_hdr.msg_iovlen = 1;
    in_[i].msg_hdr.msg_name = &peers_[i];
    if (wildcard_) in_[i].msg_hdr.msg_control = &controls_[i];
  }
}

unsigned DnsUdp::serve(const dns::View& view, Spread& spread, DnsPrecautions& precautions,
                       const DnsPrecautions::Turn& turn, DnsCounts& counts) {
  for (mmsghdr& message : in_) {
    message.msg_hdr.msg_namelen = sizeof(sockaddr_storage);
    if (wildcard_) message.msg_hdr.msg_controllen = sizeof(Control);
  }
  const int got = recvmmsg(socket_.get(), in_.data(), batch, MSG_DONTWAIT, nullptr);
  if (got <= 0) return 0;
  unsigned count = 0;
  for (unsigned i = 0; i < static_cast<unsigned>(got); ++i) {
    std::uint8_t* reply = &replies_[count * reply_size_];
    const std::size_t size =
        dns::answer({&queries_[i * query_size], in_[i].msg_len}, view, {reply, reply_size_},
                    limits_, spread.next(), precautions.asker(peers_[i], turn));
    counts.count(limits_.transport, {reply, size});
    if (size == 0) continue;
    if (tap_ && tap_->open())
      tap_->take({&queries_[i * query_size], in_[i].msg_len}, {reply, size}, limits_.transport,
                 peers_[i]);
    msghdr& message = out_[count].msg_hdr;
    message = in_[i].msg_hdr;
    out_parts_[count] = {reply, size};
    message.msg_iov = &out_parts_[count];
    message.msg_flags = 0;
    if (wildcard_) answer_from_same_address(message);
    ++count;
  }
  send(count);
  return static_cast<unsigned>(got);
}

// Waits for room in the socket's buffer; a reply that cannot go (its asker is unreachable) must not
// hold up the others.
void DnsUdp::send(unsigned count) {
  for (unsigned at = 0; at < count;) {
    const int sent = sendmmsg(socket_.get(), &out_[at], count - at, 0);
    if (sent > 0) {
      at += static_cast<unsigned>(sent);
    } else if (errno != EINTR) {
      ++at;
    }
  }
}

}  // namespace sitelatch::net
