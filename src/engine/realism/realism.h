// SPDX-License-Identifier: Apache-2.0
// How the engine departs from an AWS that is always there, at once and for everybody: on request,
// as AWS itself does every day (`sitelatch engine --realistic`), and by faults that a person or a
// test sets while it runs (`sitelatch fault ...`). Asked by the gateway about every request, and by
// the services' ports about what they do by themselves; services know nothing of it. On the control
// thread. All chance is seeded, all time is the engine's; nothing of it is kept over a restart.
// (docs/decisions/0018, facts realism-1 to realism-31.)
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "aws/auth/policy.h"
#include "aws/wire/error.h"
#include "engine/realism/checker_fault.h"
#include "engine/realism/fault.h"
#include "engine/realism/lags.h"
#include "engine/realism/random.h"
#include "engine/realism/rate_limits.h"

namespace sitelatch::realism {

// What becomes of one request.
struct Ruling {
  std::optional<aws::Error> refusal;  // instead of its handling
  bool denied = false;                // as if no policy allowed it
  bool answer_lost = false;           // it is handled, and nobody is told
  Duration answer_age{};              // what it reads is so old
  Duration rights_age{};              // what is known of its caller's rights is so old
};

class Realism {
 public:
  struct Options {
    bool realistic = false;
    std::uint64_t seed = 1;
  };
  Realism() : Realism(Options{}) {}
  explicit Realism(Options options);

  // Nothing departs: what follows need not be asked.
  bool idle() const {
    return !options_.realistic && faults_.empty() && checker_faults_.empty() && scps_.empty();
  }
  bool realistic() const { return options_.realistic; }

  // --- set by people and tests; answers the id by which it is cleared
  std::uint64_t add(Fault fault);
  std::uint64_t add(CheckerFault fault);
  // A service control policy. The Problem is IAM's word on the document.
  Result<std::uint64_t> add_service_control(std::string name, const std::string& document);
  bool clear(std::uint64_t id);
  void clear();
  // Whether the whole of it departs from now on, as with the option.
  void be_realistic(bool realistic) { options_.realistic = realistic; }
  struct Entry {
    std::uint64_t id = 0;
    std::string text;
  };
  std::vector<Entry> entries(Instant now);  // by id

  // --- asked by the gateway
  Ruling rule(const Request& request, Instant now);
  const std::vector<aws::PolicyRef>& service_control() const { return attached_; }
  // How far back somebody may ask now; zero: nothing lags.
  Duration horizon(Instant now) const;

  // --- asked by the services' ports
  bool is_out(std::string_view service, std::string_view region, Instant now) const {
    return faults_.is_out(service, region, now);
  }
  Duration age_of_rights();  // as another service knows IAM
  Duration settling();       // of a function made or changed now
  Duration checker_delay();  // of a health check made or changed now
  // Whether this probe's checker reaches the endpoint; asked once a probe.
  bool reaches(const ports::ProbeRequest& request, Instant now) {
    return checker_faults_.empty() || checker_faults_.reaches(request, random_, now);
  }
  // How long after its end a period of a metric is seen; the same whenever it is asked.
  Duration lateness(std::string_view metric_key, Instant period_start) const;

 private:
  struct Scp {
    std::string name;
    aws::PolicyRef policy;
  };
  void attach();

  Options options_;
  Random random_;
  RateLimits limits_;
  FaultBook faults_;
  CheckerFaultBook checker_faults_;
  std::map<std::uint64_t, Scp> scps_;
  std::vector<aws::PolicyRef> attached_;
  std::uint64_t last_id_ = 0;
};

}  // namespace sitelatch::realism
