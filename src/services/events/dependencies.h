// SPDX-License-Identifier: Apache-2.0
// What EventBridge needs of the rest of the engine, as interfaces of its own that engine/
// satisfies.
#pragma once

#include <string>
#include <string_view>

#include "aws/service/dispatch.h"
#include "base/time.h"

namespace sitelatch::events {

class Targets {
 public:
  // `target_arn` is a Lambda function or an SNS topic. Judged by the target's resource policy for
  // events.amazonaws.com with aws:SourceArn = rule_arn and aws:SourceAccount = the engine's
  // account.
  virtual aws::DispatchOutcome dispatch(const std::string& target_arn, const std::string& payload,
                                        const std::string& rule_arn) = 0;

 protected:
  ~Targets() = default;
};

// AWS/Events metrics with the dimension RuleName.
class RuleMetrics {
 public:
  virtual void count(std::string_view region, std::string_view metric_name,
                     std::string_view rule_name, double value, std::string_view unit,
                     Instant at) = 0;

 protected:
  ~RuleMetrics() = default;
};

}  // namespace sitelatch::events
