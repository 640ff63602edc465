// SPDX-License-Identifier: Apache-2.0
// What state an alarm should be in, from what its metric was: a pure function. The rules are those
// of "Configuring how CloudWatch alarms treat missing data" (fact cloudwatch-10), as one algorithm:
//   N = evaluation periods, M = datapoints to alarm, the range = the newest N + 2 slots (fact
//     cloudwatch-11)
//   at least N real datapoints in the range: the N newest decide, ALARM if M of them breach, else
//     OK; missing is ignored
//   none: missing -> INSUFFICIENT_DATA, ignore -> as it was, breaching -> ALARM, notBreaching -> OK
//   some: breaching -> ALARM if they and what is missing of N make M, else OK
//         notBreaching -> ALARM if M of them breach, else OK
//         missing, ignore -> if one does not breach: ALARM if M breach, else OK
//                            if all breach: premature unless the oldest is M slots old; then
//                              missing -> ALARM, ignore -> as it was
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "services/cloudwatch/alarm.h"

namespace sitelatch::cloudwatch {

struct Datapoint {
  Instant start;
  std::optional<double> value;  // nothing: missing
  double sample_count = 0;
};

struct Rule {
  std::size_t evaluation_periods = 1;   // N
  std::size_t datapoints_to_alarm = 1;  // M
  MissingData missing = MissingData::missing;
  Comparison comparison = Comparison::greater_or_equal;
  double threshold = 0;
};
Rule rule_of(const MetricAlarm& alarm);

// How many slots are looked at.
std::size_t evaluation_range(std::size_t evaluation_periods);

struct Verdict {
  std::optional<State> state;        // nothing: stays as it is
  std::vector<Datapoint> evaluated;  // the real datapoints that decided, newest first
  std::size_t missing = 0;           // how many more were expected
};
// `slots`: the range, newest first.
Verdict evaluate(const Rule& rule, const std::vector<Datapoint>& slots);

// Too few samples for the percentile to mean anything (fact cloudwatch-13).
bool low_sample_count(double percentile, double sample_count);

}  // namespace sitelatch::cloudwatch
