// SPDX-License-Identifier: Apache-2.0
// The listening sockets of the DNS server: addresses, ports, and clear words when one cannot be had.
#pragma once

#include <vector>

#include "base/result.h"
#include "net/function_fd.h"
#include "net/http_server.h"

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
