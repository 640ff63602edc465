// SPDX-License-Identifier: Apache-2.0
// What Logs needs of the rest of the engine: ports, and interfaces of its own that engine/
// satisfies.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "aws/service/dispatch.h"
#include "base/time.h"
#include "ports/entropy.h"
#include "ports/journal.h"
#include "ports/timers.h"

namespace sitelatch::logs {

// CloudWatch, for what metric filters count: kept with this journal batch.
struct FilterSample {
  std::string region, name_space, name;
  std::vector<std::pair<std::string, std::string>> dimensions;
  double value = 0, samples = 1;
  std::string unit;
  Instant at;
};
class FilterMetrics {
 public:
  virtual void add(const FilterSample& sample) = 0;

 protected:
  ~FilterMetrics() = default;
};

// Lambda, for subscription filters. Judged by the function's resource policy for
// logs.amazonaws.com (or logs.REGION.amazonaws.com) with aws:SourceArn = the group's ARN with `:*`
// and aws:SourceAccount = the engine's account.
class Subscribers {
 public:
  virtual bool invocable(const std::string& function_arn, const std::string& group_arn) const = 0;
  virtual aws::DispatchOutcome dispatch(const std::string& function_arn, const std::string& payload,
                                        const std::string& group_arn) = 0;

 protected:
  ~Subscribers() = default;
};

// All of it, owned by the engine and outliving the service.
struct Dependencies {
  ports::Journal& journal;
  ports::Timers& timers;
  ports::Entropy& entropy;
  FilterMetrics& metrics;
  Subscribers& subscribers;
};

}  // namespace sitelatch::logs
