// SPDX-License-Identifier: Apache-2.0
// Carries what functions in a network namespace of their own send to the engine's API and DNS:
// accepts on sockets that live in there, connects to the engine out here, and passes bytes both
// ways. On a thread of its own, so that no flood of one function delays another's Runtime API; each
// environment has its own bounds. Nothing is kept: bytes stay in the kernel's buffers until the
// other side takes them (they are looked at, sent, then dropped), so a reader that stalls costs no
// memory and stops its own writer.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <thread>

#include "net/functions/host_loop.h"
#include "net/functions/network.h"
#include "net/io/endpoint.h"

namespace sitelatch::net {

struct RelayTargets {
  Endpoint api, dns;  // port 0: there is none
};

class FunctionRelay {
 public:
  explicit FunctionRelay(RelayTargets targets);
  ~FunctionRelay();  // ends all connections

  // For one environment, until close(). Any thread.
  using Key = std::uint64_t;
  void open(Key key, Fd api, std::vector<Fd> dns_streams, std::vector<Fd> dns_datagrams);
  void close(Key key);

 private:
  class Door;
  RelayTargets targets_;
  FunctionHostLoop loop_;
  std::map<Key, std::unique_ptr<Door>> doors_;  // of the thread
  std::thread thread_;
};

}  // namespace sitelatch::net
