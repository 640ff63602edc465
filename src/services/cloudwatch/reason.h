// SPDX-License-Identifier: Apache-2.0
// Why an alarm is in its state, in CloudWatch's words (facts cloudwatch-16 to 19), and the same as
// data.
#pragma once

#include <string>

#include "services/cloudwatch/alarm.h"
#include "services/cloudwatch/evaluation.h"

namespace sitelatch::cloudwatch {

// `verdict.state` is set.
std::string state_reason(const MetricAlarm& alarm, const Verdict& verdict);
// `slots`: what was evaluated, newest first.
std::string state_reason_data(const MetricAlarm& alarm, const Verdict& verdict,
                              const std::vector<Datapoint>& slots, Instant query_time);

}  // namespace sitelatch::cloudwatch
