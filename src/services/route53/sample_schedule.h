// SPDX-License-Identifier: Apache-2.0
// When health checks give their metric samples: three a minute each, 20 s apart, on a grid that
// starts with the check's creation (fact route53-12). Checks whose grids fall on the same second
// share one timer, so that ten thousand checks need twenty timers. What was missed while the engine
// was down is not made up: nothing was measured.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "ports/timers.h"

namespace sitelatch::route53 {

class SampleSchedule {
 public:
  // `sample` answers false when there is no such check any more: it is then forgotten.
  using Sample = std::function<bool(const std::string& health_check_id, Instant at)>;
  SampleSchedule(ports::Timers& timers, Sample sample)
      : timers_(timers), sample_(std::move(sample)) {}

  void add(const std::string& health_check_id, Instant created);

 private:
  struct Bucket {
    std::vector<std::string> ids;
    ports::Timer timer;
    Instant due{};
  };
  void arm(Bucket& bucket);
  void run(Bucket& bucket);

  ports::Timers& timers_;
  Sample sample_;
  std::map<std::int64_t, Bucket> buckets_;  // by the grid's offset in seconds
};

}  // namespace sitelatch::route53
