// SPDX-License-Identifier: Apache-2.0
#include "engine/realism/rate_limits.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

#include "base/text.h"

namespace sitelatch::realism {
namespace {

// Whose tokens: all operations of the service together, or each by itself.
enum class Shared { together, each };
struct Limit {
  std::string_view service;
  // Separated by blanks; "List*"; "*": all that no other row of the service names with `each`, or
  // simply all with `together`.
  std::string_view operations;
  Shared shared = Shared::each;
  double a_second = 0;
  double burst = 0;
};

constexpr std::array<Limit, 24> limits{{
    // fact realism-10
    {"route53", "*", Shared::together, 10, 50},
    {"route53", "GetHealthCheckStatus", Shared::each, 1, 4},
    {"route53", "CreateHealthCheck", Shared::each, 0.5, 50},
    {"route53", "DeleteHealthCheck", Shared::each, 3, 15},
    {"route53", "CreateHostedZone", Shared::each, 2, 40},
    {"route53", "DeleteHostedZone", Shared::each, 5, 40},
    // fact realism-11
    {"lambda", "GetFunction", Shared::each, 100, 100},
    {"lambda", "GetPolicy", Shared::each, 15, 15},
    {"lambda", "Invoke*", Shared::each, 1000, 1000},
    {"lambda", "*", Shared::together, 15, 15},
    // fact realism-12
    {"cloudwatch", "DescribeAlarms", Shared::each, 9, 9},
    {"cloudwatch",
     "PutMetricAlarm DeleteAlarms DescribeAlarmHistory DescribeAlarmsForMetric "
     "DisableAlarmActions EnableAlarmActions SetAlarmState",
     Shared::each, 3, 3},
    {"cloudwatch", "GetMetricData", Shared::each, 50, 50},
    {"cloudwatch", "ListMetrics", Shared::each, 25, 25},
    {"cloudwatch", "*", Shared::each, 150, 150},
    // fact realism-13
    {"sns", "TagResource UntagResource ListTagsForResource", Shared::each, 10, 10},
    {"sns", "ListTopics ListSubscriptions ListSubscriptionsByTopic", Shared::each, 30, 30},
    {"sns", "Subscribe Unsubscribe", Shared::each, 100, 100},
    {"sns", "Publish PublishBatch", Shared::each, 300, 300},
    {"sns", "*", Shared::each, 30, 30},
    // fact realism-14
    {"iam", "*", Shared::together, 20, 100},
    // fact realism-15
    {"events", "*", Shared::together, 50, 50},
    // fact realism-16
    {"logs", "PutLogEvents GetLogEvents CreateLogStream", Shared::each, 25, 50},
    {"logs", "*", Shared::each, 5, 10},
}};

constexpr std::string_view all = "*";

bool among(std::string_view operations, std::string_view operation) {
  const auto words = split(operations, ' ');
  return std::any_of(words.begin(), words.end(),
                     [operation](std::string_view word) { return fits(word, operation); });
}

bool named_by_itself(const Request& request) {
  return std::any_of(limits.begin(), limits.end(), [&](const Limit& limit) {
    return limit.service == request.service && limit.operations != all &&
           among(limit.operations, request.operation);
  });
}

// Route 53 counts an operation that has a bucket of its own in the account's too; the others count
// it once.
bool concerns(const Limit& limit, const Request& request, bool by_itself) {
  if (limit.service != request.service) return false;
  if (limit.operations != all) return among(limit.operations, request.operation);
  return !by_itself || limit.service == "route53";
}

}  // namespace

bool RateLimits::take(const Request& request, Instant now) {
  const bool by_itself = named_by_itself(request);
  std::vector<TokenBucket<Instant>*> mine;
  for (const auto& limit : limits) {
    if (!concerns(limit, request, by_itself)) continue;
    const auto key = fmt::format("{}/{}/{}/{}", limit.service, limit.operations, request.region,
                                 limit.shared == Shared::each ? request.operation : "");
    const auto at = buckets_.try_emplace(key, limit.burst, limit.a_second).first;
    mine.push_back(&at->second);
  }
  const auto empty = [now](const auto* bucket) { return bucket->wait(now) > Duration{0}; };
  if (std::any_of(mine.begin(), mine.end(), empty)) return false;
  for (auto* bucket : mine) bucket->take(now);
  return true;
}

}  // namespace sitelatch::realism
