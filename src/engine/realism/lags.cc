// SPDX-License-Identifier: Apache-2.0
#include "engine/realism/lags.h"

#include <algorithm>
#include <array>

namespace sitelatch::realism {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

struct Lag {
  std::string_view service, operation;  // "List*"
  Duration most;
};

// The first row that fits. GetHealthCheck and the records are not here: a change of a check is
// guarded by its version, which only a current read can tell (fact realism-20).
constexpr std::array<Lag, 18> lags{{
    {"iam", "Get*", seconds{10}},
    {"iam", "List*", seconds{10}},
    {"sns", "List*", seconds{5}},
    {"sns", "GetTopicAttributes", seconds{2}},
    {"sns", "GetSubscriptionAttributes", seconds{2}},
    {"cloudwatch", "ListMetrics", minutes{15}},
    {"cloudwatch", "DescribeAlarmHistory", seconds{30}},
    {"cloudwatch", "Describe*", seconds{5}},
    {"cloudwatch", "ListTagsForResource", seconds{5}},
    {"lambda", "List*", seconds{5}},
    {"lambda", "Get*", seconds{1}},
    {"events", "List*", seconds{5}},
    {"events", "DescribeRule", seconds{2}},
    {"logs", "Describe*", seconds{5}},
    {"logs", "FilterLogEvents", seconds{10}},
    {"logs", "GetLogEvents", seconds{10}},
    {"route53", "ListHealthChecks", seconds{3}},
    {"route53", "ListTags*", seconds{3}},
}};

}  // namespace

Duration oldest_answer(const Request& request) {
  const auto found = std::find_if(lags.begin(), lags.end(), [&](const Lag& lag) {
    return lag.service == request.service && fits(lag.operation, request.operation);
  });
  return found == lags.end() ? Duration{} : found->most;
}

bool may_be_old(const Request& request) {
  if (request.service == "sts" || request.operation.starts_with("GetHealthCheckStatus") ||
      request.operation.starts_with("GetHealthCheckLast"))
    return false;
  for (const auto verb : {"Get", "List", "Describe", "Filter"})
    if (request.operation.starts_with(verb)) return true;
  return false;
}

}  // namespace sitelatch::realism
