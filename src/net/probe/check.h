// SPDX-License-Identifier: Apache-2.0
// One probe under way, and the request it sends.
//
//   queued -> resolving -> connecting -> (handshaking) -> responding -> reading_body -> ended
//    ^ ^         |            |  ^--- again without SNI ---/
//    | delayed <-+- no port --+
//    +-- no descriptor -------+
#pragma once

#include <netinet/in.h>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "net/io/epoll.h"
#include "net/probe/response.h"
#include "net/probe/tls.h"
#include "ports/prober.h"

namespace sitelatch::net {

using ProbeClock = std::chrono::steady_clock;

struct ProbeCheck {
  enum class Phase {
    queued,
    queued_slow,  // its endpoint used up its time before: behind the others, and not too many
    resolving,
    delayed,
    connecting,
    tcp_connecting,
    handshaking,
    responding,
    reading_body
  };

  ports::ProbeRequest request;
  std::function<void(ports::Observation)> done;
  ports::Observation observation;

  Phase phase = Phase::queued;
  ProbeClock::time_point deadline, started, connected, ready;  // ready: may send its request
  WatchedFd socket;
  sockaddr_storage address{};
  std::unique_ptr<ProberTlsSession> tls;
  std::optional<ProbeResponse> response;
  bool by_name = false;
  bool with_sni = false;
  bool request_sent = false;
  int local_troubles = 0;
  bool slow = false;       // the probe before this one ran out of time
  bool timed_out = false;  // this one did
  Duration tls_cost{};     // CPU time that its TLS took, with half of the probe before
  std::optional<std::pair<Duration, std::uint64_t>> turn;  // its key in the queue of turns

  bool is_tcp() const { return request.kind == ports::ProbeRequest::Kind::tcp; }
  bool is_https() const { return request.kind == ports::ProbeRequest::Kind::https; }
  // "Resolved IP" is said only of names.
  const std::string& resolved() const {
    static const std::string none;
    return by_name ? observation.resolved_address : none;
  }
};

// GET with the header fields that Route 53's checkers send (fact probe-19).
std::string probe_request_text(const ports::ProbeRequest& request);

}  // namespace sitelatch::net
