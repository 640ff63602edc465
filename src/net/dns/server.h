// SPDX-License-Identifier: Apache-2.0
// Serves DNS over UDP and TCP on one address, and on the other one that "localhost" may mean
// (localhost_twin): threads that share the sockets, each with its own batch of buffers, all reading
// the same published view (net/dns/published.h). Slow, silent or greedy TCP clients cost themselves
// only. "0.0.0.0" answers from the address that was asked; "::" is IPv6 only (listen on both for
// both).
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>

#include "base/result.h"
#include "dns/answer.h"
#include "net/dns/counts.h"
#include "net/dns/query_tap.h"
#include "net/io/endpoint.h"

namespace sitelatch::net {

class DnsServer {
 public:
  struct Options {
    unsigned threads = 0;  // 0: as many as cores, at most two
    std::size_t udp_payload = dns::default_udp_payload;
    std::size_t max_connections =
        512;  // TCP, a thread and address; beyond it the longest idle one is closed
    std::chrono::milliseconds tcp_idle_limit{
        10'000};  // wall time without a whole query answered (RFC 7766 §6.2.3)
    // Answers over UDP a second to one network about one thing, 0 for no limit
    // (dns/rate_limit.h). Nothing: the usual one where others than this machine can ask, and for
    // them.
    std::optional<unsigned> rate_limit;
    // No: the ports are taken, and nobody is answered before begin(). What is asked meanwhile waits
    // in the sockets; "I have no such zone" would be wrong of a server that does not know yet.
    bool answers_at_once = true;
    QueryTap* tap = nullptr;  // told of queries and answers, on the server's threads; outlives it
  };

  // Port 0 takes one that is free for both UDP and TCP. Problem: in use (by anybody, even where
  // SO_REUSEPORT would let us share it), not allowed, or not this machine's address. Nobody can
  // share it with us either.
  static Result<std::unique_ptr<DnsServer>> listen(const Endpoint& endpoint, const Options& options,
                                                   std::shared_ptr<const dns::View> view);
  virtual ~DnsServer() = default;  // stops; all threads have ended on return

  virtual Endpoint endpoint() const = 0;
  // From one thread. Queries read after this are answered from `view`; never waits.
  virtual void publish(std::shared_ptr<const dns::View> view) = 0;
  virtual void begin() = 0;                   // once, where it does not answer at once
  virtual std::uint64_t queries() const = 0;  // received so far
  virtual DnsFigures figures() const = 0;     // of what was answered so far; from any thread
};

}  // namespace sitelatch::net
