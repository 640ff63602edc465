// SPDX-License-Identifier: Apache-2.0
// The listening sockets of the DNS server: addresses, ports, and clear words when one cannot be
// had. Bound without SO_REUSEPORT: with it every process of the same user could join and take its
// share of the queries (clearing it afterwards does not help: UDP then gives all to one socket, and
// TCP still lets others in; tried on Linux 6.18). So all threads share one pair an address.
#pragma once

#include <vector>

#include "base/fd.h"
#include "base/result.h"
#include "net/io/endpoint.h"

namespace sitelatch::net {

struct DnsSockets {
  Fd udp, tcp;
  bool wildcard = false;
  DnsSockets copy() const;  // other descriptors of the same sockets
};
struct DnsBinding {
  Endpoint endpoint;                // with the port that was found
  std::vector<DnsSockets> sockets;  // that endpoint's, and its localhost_twin's where there is one
};
// A twin that another program holds is said in the log and done without; where the port is ours to
// choose another is chosen.
Result<DnsBinding> bind_dns(const Endpoint& endpoint);

}  // namespace sitelatch::net
