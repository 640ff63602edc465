// SPDX-License-Identifier: Apache-2.0
// One health check probe of the real world, judged by Route 53's rules (facts probe-3 and
// probe-17). Limits (4 s to connect, 2 s more to answer, 10 s for TCP, ...) are wall time and the
// prober's own business.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

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
};

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
