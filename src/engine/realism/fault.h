// SPDX-License-Identifier: Apache-2.0
// Faults that a person (or a test) sets on the running engine: which requests they hit, for how
// long, how often. They say what goes wrong; what that means for a request or for a service stands
// in realism.h. Nothing of this is kept: an engine that starts again starts whole.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/time.h"

namespace sitelatch::realism {

enum class FaultKind {
  throttle,     // refused with the service's throttling error
  deny,         // refused as if no policy allowed it
  outage,       // 503, and what the service does by itself in that region stands still
  lag,          // reads answer what was so a while ago
  lose_answer,  // carried out, durably; the connection is closed without an answer
};
std::string_view to_string(FaultKind kind);  // "lose-answer"
std::optional<FaultKind> fault_kind(std::string_view text);

// "UpdateHealthCheck", or "List*": all that begin so. Nothing fits the empty pattern.
bool fits(std::string_view pattern, std::string_view operation);

// A request as faults see it. Global services are in us-east-1, where their control planes are.
struct Request {
  std::string_view service;    // the model's name: "route53"
  std::string_view operation;  // "UpdateHealthCheck"
  std::string_view region;
};

struct Fault {
  FaultKind kind = FaultKind::throttle;
  std::string service;
  std::string operation;                       // empty: all; else as `fits`
  std::string region;                          // empty: everywhere
  std::optional<Instant> until;                // nothing: until it is cleared
  std::optional<std::uint64_t> count;          // requests that it still hits; nothing: all
  Duration behind = std::chrono::seconds{30};  // of a lag

  bool hits(const Request& request) const;
  bool over(Instant now) const { return (until && now >= *until) || count == 0; }
};
// "throttle route53 UpdateHealthCheck in us-east-1, 3 more requests, until 2026-01-01T00:01:00Z"
std::string describe(const Fault& fault);

class FaultBook {
 public:
  void add(std::uint64_t id, Fault fault) { faults_.emplace(id, std::move(fault)); }
  bool clear(std::uint64_t id) { return faults_.erase(id) > 0; }
  void clear() { faults_.clear(); }
  bool empty() const { return faults_.empty(); }

  // In the order of their making; those that are over are forgotten.
  const std::map<std::uint64_t, Fault>& faults(Instant now);
  // The first fault of the kind that hits this request, counted.
  std::optional<Fault> take(FaultKind kind, const Request& request, Instant now);
  // Whether the service as a whole is out in the region: what faults of single operations are not.
  bool is_out(std::string_view service, std::string_view region, Instant now) const;
  // The longest lag that is set; zero: none.
  Duration longest_lag(Instant now) const;

 private:
  void forget(Instant now);
  std::map<std::uint64_t, Fault> faults_;
};

}  // namespace sitelatch::realism
