// SPDX-License-Identifier: Apache-2.0
// What SQS needs of the rest of the engine, all of it owned by the engine and outliving the
// service.
#pragma once

#include <string_view>

#include "base/time.h"
#include "ports/entropy.h"
#include "ports/journal.h"
#include "ports/timers.h"

namespace sitelatch::sqs {

// AWS/SQS metrics with the dimension QueueName.
class QueueMetrics {
 public:
  virtual void count(std::string_view region, std::string_view metric_name,
                     std::string_view queue_name, double value, std::string_view unit,
                     Instant at) = 0;

 protected:
  ~QueueMetrics() = default;
};

struct Dependencies {
  ports::Journal& journal;
  ports::Timers& timers;
  ports::Entropy& entropy;
  QueueMetrics& metrics;
};

}  // namespace sitelatch::sqs
