// SPDX-License-Identifier: Apache-2.0
// What route53 needs of a metric store: one number about one health check at one instant. On AWS:
// namespace AWS/Route53 in us-east-1, dimension HealthCheckId. Satisfied in engine/ by cloudwatch.
#pragma once

#include <string_view>

#include "base/time.h"

namespace sitelatch::route53 {

class HealthMetrics {
 public:
  // `unit` in CloudWatch's words: "None", "Percent", "Count", "Milliseconds".
  virtual void publish(std::string_view metric_name, std::string_view health_check_id, double value,
                       std::string_view unit, Instant at) = 0;

 protected:
  ~HealthMetrics() = default;
};

}  // namespace sitelatch::route53
