// SPDX-License-Identifier: Apache-2.0
// One UDP socket of the DNS server: a batch in, a batch out, buffers made once.
#pragma once

#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <vector>

#include "dns/answer.h"
#include "net/dns/counts.h"
#include "net/dns/precautions.h"
#include "net/dns/query_tap.h"
#include "net/io/epoll.h"
#include "net/io/spread.h"

namespace sitelatch::net {

class DnsUdp {
 public:
  static constexpr unsigned batch = 64;

  // `wildcard`: the socket is bound to all addresses; replies leave from the one that was asked.
  // `tap` may be null.
  DnsUdp(Fd socket, bool wildcard, std::size_t udp_payload, QueryTap* tap);

  bool watch(Epoll& epoll, Epoll::Ready ready) {
    // Exclusive: other threads wait at the same socket; one of them is woken.
    return socket_.watch(epoll, EPOLLIN | EPOLLEXCLUSIVE, std::move(ready));
  }
  // Answers what is waiting, up to one batch; how many queries that was.
  unsigned serve(const dns::View& view, Spread& spread, DnsPrecautions& precautions,
                 const DnsPrecautions::Turn& turn, DnsCounts& counts);

 private:
  static constexpr std::size_t query_size = 4096;
  // Wide enough for in_pktinfo and in6_pktinfo.
  struct alignas(cmsghdr) Control {
    char bytes[CMSG_SPACE(sizeof(in6_pktinfo))];
  };
  void send(unsigned count);

  WatchedFd socket_;
  const bool wildcard_;
  const std::size_t reply_size_;
  const dns::Limits limits_;
  QueryTap* const tap_;
  std::vector<std::uint8_t> queries_, replies_;
  std::array<mmsghdr, batch> in_{}, out_{};
  std::array<iovec, batch> in_parts_{}, out_parts_{};
  std::array<sockaddr_storage, batch> peers_{};
  std::array<Control, batch> controls_{};
};

}  // namespace sitelatch::net
