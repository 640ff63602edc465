// SPDX-License-Identifier: Apache-2.0
// What EventBridge needs of the rest of the engine, as interfaces of its own that engine/
// satisfies.
#pragma once

#include <string>
#include <string_view>

#include "base/time.h"

namespace sitelatch::events {

// What came of handing an event to a target.
struct Handover {
  enum class Kind {
    accepted,  // queued or published durably, in the same journal batch
    refused,   // no such target or no permission: not retried (fact events-31)
    failed,    // a server-side error: retried by the target's policy
  };
  Kind kind = Kind::failed;
  std::string request_id;  // when accepted
  std::string reason;      // otherwise, for the log
};

class Targets {
 public:
  // `target_arn` is a Lambda function or an SNS topic. Judged by the target's resource policy for
  // events.amazonaws.com with aws:SourceArn = rule_arn and aws:SourceAccount = the engine's
  // account.
  virtual Handover hand_over(const std::string& target_arn, const std::string& payload,
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
