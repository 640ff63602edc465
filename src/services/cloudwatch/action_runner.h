// SPDX-License-Identifier: Apache-2.0
// Carries out the actions of an alarm of either type for the state that it is in, and writes each
// to the alarm's history, in the caller's journal batch.
#pragma once

#include <string>
#include <string_view>

#include "ports/timers.h"
#include "services/cloudwatch/alarm.h"
#include "services/cloudwatch/alarm_actions.h"
#include "services/cloudwatch/alarm_history.h"

namespace sitelatch::cloudwatch {

class ActionRunner {
 public:
  ActionRunner(ports::Timers& timers, AlarmActions& actions, AlarmHistory& history)
      : timers_(timers), actions_(actions), history_(history) {}

  struct Words {
    std::string message;         // for a topic
    std::string function_event;  // for a function
  };
  // `type`: "MetricAlarm" or "CompositeAlarm"
  void run(const AlarmBasics& alarm, std::string_view type, const Words& words);

 private:
  ports::Timers& timers_;
  AlarmActions& actions_;
  AlarmHistory& history_;
};

}  // namespace sitelatch::cloudwatch
