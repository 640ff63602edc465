// SPDX-License-Identifier: Apache-2.0
// One health check probe of the real world, judged by Route 53's rules (facts probe-3 and
// probe-17). Limits (4 s to connect, 2 s more to answer, 10 s for TCP, ...) are wall time and the
// prober's own business.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"

namespace sitelatch::ports {

struct ProbeRequest {
  enum class Kind { http, https, tcp };
  Kind kind = Kind::http;
  std::string health_check_id;  // goes into the User-Agent
  std::string address;          // IPv4 or IPv6 text; empty: resolve host_name (A records only)
  std::string
      host_name;  // FullyQualifiedDomainName; Host header and SNI; may be empty with address
  std::uint16_t port = 80;
  std::string path;                          // as configured; empty is "/"
  std::optional<std::string> search_string;  // *_STR_MATCH
  bool enable_sni = false;

  // Which of Route 53's checkers asks. It says nothing about how it is probed.
  struct Checker {
    std::uint8_t number = 0;                // among the check's, from 0
    std::string_view region = "us-east-1";  // of a table that lives as long as the program
    std::uint8_t which = 1;                 // of the two there
  };
  Checker checker;
};

// A checker's words for no connection in time (fact probe-4).
inline constexpr const char* timed_out_sentence =
    "Connection timed out. The endpoint or the internet connection is down, or requests are being "
    "blocked by your firewall. See "
    "https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/"
    "dns-failover-router-firewall-rules.html";

struct Observation {
  bool success = false;
  std::string status;            // AWS's words: "Success: HTTP Status Code 200, OK", "Failure: ..."
  std::string resolved_address;  // what was connected to; empty when nothing was
  std::optional<Duration> connect, tls_handshake, first_byte;  // wall time
};

class Prober {
 public:
  // `done` runs once on the control thread, later, never inside this call; not at all once the
  // prober is destroyed.
  virtual void probe(ProbeRequest request, std::function<void(Observation)> done) = 0;

 protected:
  ~Prober() = default;
};

}  // namespace sitelatch::ports
