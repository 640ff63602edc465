// SPDX-License-Identifier: Apache-2.0
// The listening sockets of the DNS server: addresses, ports, and clear words when one cannot be
// had.
#pragma once

#include <vector>

#include "base/result.h"
#include "net/io/endpoint.h"
#include "net/io/fd.h"

namespace sitelatch::net {

struct DnsSockets {
  Fd udp, tcp;
};
struct DnsBinding {
  Endpoint endpoint;  // with the port that was found
  bool wildcard = false;
  std::vector<DnsSockets> sockets;  // one a thread
};
Result<DnsBinding> bind_dns(const Endpoint& endpoint, unsigned threads);

}  // namespace sitelatch::net
