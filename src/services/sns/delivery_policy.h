// SPDX-License-Identifier: Apache-2.0
// DeliveryPolicy documents of topics and of http(s) subscriptions: checked, merged into the
// effective policy, and turned into a retry schedule (fact sns-33). Pure.
#pragma once

#include <string>

#include "aws/wire/value.h"
#include "base/result.h"
#include "services/sns/retry_schedule.h"

namespace sitelatch::sns {

// The refusal's text goes behind "DeliveryPolicy: ".
Result<Done, std::string> check_topic_delivery_policy(const std::string& json);
Result<Done, std::string> check_subscription_delivery_policy(const std::string& json);

// The values of the attribute EffectiveDeliveryPolicy. An empty document is one that was never set.
std::string effective_topic_policy(const std::string& topic_json);
std::string effective_subscription_policy(const std::string& topic_json,
                                          const std::string& subscription_json);

struct HttpDelivery {
  RetrySchedule schedule = http_schedule();
  std::string content_type = "text/plain; charset=UTF-8";
};
HttpDelivery http_delivery(const std::string& topic_json, const std::string& subscription_json);

}  // namespace sitelatch::sns
