// SPDX-License-Identifier: Apache-2.0
// A TCP port that is held so that nobody else can listen on it: clients are refused there and go on
// to the next address of the name.
#pragma once

#include "base/fd.h"
#include "base/result.h"
#include "net/io/endpoint.h"

namespace sitelatch::net {

// Error: errno. EADDRINUSE: another program has it; EADDRNOTAVAIL, EAFNOSUPPORT: this machine has
// no such address.
Result<Fd, int> hold_port(const Endpoint& endpoint);

}  // namespace sitelatch::net
