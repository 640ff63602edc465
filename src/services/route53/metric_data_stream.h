// SPDX-License-Identifier: Apache-2.0
// What a CLOUDWATCH_METRIC health check needs of a metric store: the settings of an alarm, copied
// when the check is made or its AlarmIdentifier is sent again, and a judgement of the metric's data
// by such settings. It looks at the data stream and never at the alarm's state, so SetAlarmState
// has no effect on it (fact route53-21). Satisfied in engine/ by cloudwatch.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace sitelatch::route53 {

// An alarm's settings, as far as Route 53 supports them: one metric, one plain statistic, N of N.
struct AlarmConfiguration {
  int evaluation_periods = 1;
  double threshold = 0;
  std::string comparison_operator;
  int period_s = 60;
  std::string metric_name, metric_namespace, statistic;
  std::vector<std::pair<std::string, std::string>> dimensions;
  friend bool operator==(const AlarmConfiguration&, const AlarmConfiguration&) = default;
};

class MetricDataStream {
 public:
  enum class State { ok, alarm, insufficient_data };

  // The alarm's settings; a Problem when there is no such alarm or it is of a kind that Route 53
  // does not support.
  virtual Result<AlarmConfiguration> alarm(std::string_view region,
                                           std::string_view name) const = 0;
  // What the metric's data says at `now` under these settings.
  virtual State evaluate(std::string_view region, const AlarmConfiguration& settings,
                         Instant now) const = 0;

 protected:
  ~MetricDataStream() = default;
};

}  // namespace sitelatch::route53
