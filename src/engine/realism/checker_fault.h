// SPDX-License-Identifier: Apache-2.0
// Route 53's checkers that do not reach an endpoint, all of the time or for a share of it, as a
// person sets it on the running engine (`sitelatch fault checkers`). A checker sees what it can
// reach from where it is: an endpoint that thirteen of sixteen do not reach is healthy, and nobody
// but its users in those places knows better (fact realism-31).
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "engine/realism/random.h"
#include "ports/prober.h"

namespace sitelatch::realism {

// Some of a check's checkers: so many of them in their order, or those that are named.
struct CheckerChoice {
  std::size_t first = 0;
  std::vector<std::string> named;  // "eu-west-1": both there; "us-east-1/2": that one

  bool empty() const { return first == 0 && named.empty(); }
  bool includes(const ports::ProbeRequest::Checker& checker) const;
};
// "13", "eu-west-1,us-east-1/2". The Problem says what it may be; whether there are such checkers
// is not looked at.
Result<CheckerChoice> checker_choice(std::string_view text);
std::string to_string(const CheckerChoice& choice);

struct CheckerFault {
  std::string health_check_id;  // empty: all
  CheckerChoice cut_off;        // these reach nothing
  int loss_percent = 0;         // and the others lose so many of their probes
  std::optional<Instant> until;

  bool over(Instant now) const { return until && now >= *until; }
};
// "checkers of all health checks: 13 cut off, the others lose 40 %, until 2026-01-01T00:01:00Z"
std::string describe(const CheckerFault& fault);

class CheckerFaultBook {
 public:
  void add(std::uint64_t id, CheckerFault fault) { faults_.emplace(id, std::move(fault)); }
  bool clear(std::uint64_t id) { return faults_.erase(id) > 0; }
  void clear() { faults_.clear(); }
  bool empty() const { return faults_.empty(); }
  // In the order of their making; those that are over are forgotten.
  const std::map<std::uint64_t, CheckerFault>& faults(Instant now);
  // Whether this probe gets through.
  bool reaches(const ports::ProbeRequest& request, Random& random, Instant now) const;

 private:
  std::map<std::uint64_t, CheckerFault> faults_;
};

}  // namespace sitelatch::realism
