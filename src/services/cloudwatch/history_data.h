// SPDX-License-Identifier: Apache-2.0
// The HistoryData of an alarm's history items: JSON texts in AWS's order of members (facts
// cloudwatch-25 to 27).
#pragma once

#include <string>

#include "services/cloudwatch/alarm_message.h"

namespace sitelatch::cloudwatch {

constexpr std::size_t longest_history_data = 4095;

std::string created_data(const std::string& configuration);
std::string updated_data(const std::string& before, const std::string& after);
std::string deleted_data(const std::string& configuration);
// The configuration inside the three above.
std::string configuration_json(const MetricAlarm& alarm);
std::string configuration_json(const CompositeAlarm& alarm);

std::string state_update_data(const StateBefore& before, const AlarmBasics& now);
struct ExecutedAction {
  std::string arn, message;
  std::string error;  // empty: it succeeded
};
std::string action_data(const ExecutedAction& action, Instant state_updated);

}  // namespace sitelatch::cloudwatch
