// SPDX-License-Identifier: Apache-2.0
// A composite alarm: what PutCompositeAlarm configured, its state, and whether its actions are held
// back by another alarm (facts cloudwatch-33 to 37).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "services/cloudwatch/alarm.h"
#include "services/cloudwatch/alarm_rule.h"

namespace sitelatch::cloudwatch {

enum class SuppressedBy { wait_period, extension_period, alarm };
std::string_view suppressed_by_name(SuppressedBy by);  // "WaitPeriod"

// An alarm whose state made this one what it is, as it was then.
struct TriggeringAlarm {
  std::string arn;
  State state = State::alarm;
  Instant since;
};

struct CompositeAlarm : AlarmBasics {
  std::string rule_text;
  AlarmRule rule;                         // of rule_text
  std::optional<std::string> suppressor;  // a name or an ARN, as given
  std::int64_t wait_period_s = 0, extension_period_s = 0;

  std::vector<TriggeringAlarm> triggering;
  std::optional<SuppressedBy> suppressed_by;
  std::optional<Instant> suppressed_until;  // of the two periods
  bool owes_actions = false;                // its state changed while its actions were held back
};

// The name behind a reference in a rule; empty: an ARN of another place or thing.
std::string name_of_reference(const AlarmBasics& alarm, const std::string& reference);

aws::Value describe(const CompositeAlarm& alarm);
std::string triggering_data(const std::vector<TriggeringAlarm>& alarms);  // StateReasonData

aws::Value to_row(const CompositeAlarm& alarm);
std::optional<CompositeAlarm> composite_alarm_from_row(const aws::Value& row);

}  // namespace sitelatch::cloudwatch
