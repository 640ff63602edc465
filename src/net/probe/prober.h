// SPDX-License-Identifier: Apache-2.0
// The real Prober: one thread, one epoll, a connection a probe (facts probe-3 and probe-17). Time
// limits are wall time, each a fixed length from the start of its phase, so neither a silent nor a
// dripping endpoint holds a probe longer. Endpoints may be private or loopback addresses: a
// deliberate difference from AWS (fact probe-1). The endpoint's certificate is not validated, as on
// AWS. Connections end by reset, so that no port stays in TIME_WAIT (fact probe-2).
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "dns/view.h"
#include "ports/prober.h"

namespace sitelatch::net {

struct ProbeLimits {
  std::chrono::milliseconds connect{4000};  // HTTP and HTTPS; with the TLS handshake (fact probe-3)
  std::chrono::milliseconds tcp_connect{10'000};
  std::chrono::milliseconds response{2000};  // from connected to the end of the response's head
  std::chrono::milliseconds body{2000};      // from there to the end of what is searched
  std::chrono::milliseconds resolve{2000};   // of each of two tries
  std::string resolvers{};                   // "ADDRESS:PORT,..." instead of the machine's
  bool allow_link_local = false;             // endpoints (fact probe-13)
  std::chrono::milliseconds shortage{100};   // between two tries without a descriptor or a port
  std::size_t max_connections =
      0;  // at once; 0: three quarters of the descriptors we may have, at most 16,384
};

class SocketProber final : public ports::Prober {
 public:
  // `post` runs a task on the control thread, from any thread; called once for all probes that
  // ended together. Constructed, used and destroyed on the control thread.
  SocketProber(const ProbeLimits& limits, std::function<void(std::function<void()>)> post);
  ~SocketProber();

  void probe(ports::ProbeRequest request, std::function<void(ports::Observation)> done) override;
  // Names in the view's zones are answered from it, before the machine's resolvers are asked.
  void publish(std::shared_ptr<const dns::View> view);

 private:
  class Thread;
  std::unique_ptr<Thread> thread_;
};

}  // namespace sitelatch::net
