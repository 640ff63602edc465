// SPDX-License-Identifier: Apache-2.0
// Addresses that mean this machine's surroundings and no site: link-local ones, where clouds serve
// a machine's own credentials, the metadata services' others, and what is no address of one machine
// (unspecified, multicast, broadcast). IPv4 addresses inside IPv6 ones are looked at too.
#pragma once

#include <sys/socket.h>

namespace sitelatch::net {

// Loopback and private addresses are not meant. Other families: false.
bool is_link_local(const sockaddr& address);

}  // namespace sitelatch::net
