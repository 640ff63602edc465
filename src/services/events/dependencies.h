// SPDX-License-Identifier: Apache-2.0
// What EventBridge needs of the rest of the engine, as interfaces of its own that engine/
// satisfies.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "aws/service/dispatch.h"
#include "base/time.h"

namespace sitelatch::events {

// What is handed to a target, or to its dead-letter queue.
struct Delivery {
  std::string target_arn;  // of a function, a topic, a queue or a log group
  std::string payload;
  std::string rule_arn;
  std::string event_id;
  Instant at{};
  std::optional<std::string> message_group = {};                     // of a FIFO queue
  std::vector<std::pair<std::string, std::string>> attributes = {};  // of a dead letter: strings
};

class Targets {
 public:
  // Judged by the target's resource policy for events.amazonaws.com with aws:SourceArn = rule_arn
  // and aws:SourceAccount = the engine's account. The outcome's code is EventBridge's word for what
  // went wrong: NO_PERMISSIONS, NO_RESOURCE.
  virtual aws::DispatchOutcome dispatch(const Delivery& delivery) = 0;

 protected:
  ~Targets() = default;
};

// AWS/Events. By RuleName, and by EventBusName where the bus is not the default one; with neither:
// of the region.
struct MetricOf {
  std::string_view region, bus, rule;
};
class RuleMetrics {
 public:
  virtual void count(const MetricOf& of, std::string_view metric_name, double value,
                     std::string_view unit, Instant at) = 0;

 protected:
  ~RuleMetrics() = default;
};

}  // namespace sitelatch::events
