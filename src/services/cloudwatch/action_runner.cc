// SPDX-License-Identifier: Apache-2.0
#include "services/cloudwatch/action_runner.h"

#include <fmt/format.h>

#include "base/log.h"
#include "services/cloudwatch/alarm_message.h"
#include "services/cloudwatch/history_data.h"

namespace sitelatch::cloudwatch {

void ActionRunner::run(const AlarmBasics& alarm, std::string_view type, const Words& words) {
  for (const auto& arn : alarm.actions_for(alarm.state)) {
    const AlarmAction action{arn,           alarm.arn,           alarm.name,
                             alarm.region,  alarm.state,         notification_subject(alarm),
                             words.message, words.function_event};
    const auto done = actions_.execute(action);
    const std::string error = done ? "" : done.error().text;
    if (!done)
      log(LogLevel::warning, "cloudwatch",
          fmt::format("action {} of alarm {} failed: {}", arn, alarm.name, error));
    history_.record(
        {alarm.region, alarm.name, std::string{type}, timers_.now(), "Action",
         done ? fmt::format("Successfully executed action {}", arn)
              : fmt::format("Failed to execute action {}. Received error: \"{}\"", arn, error),
         action_data({arn, action.message, error}, alarm.state_updated)});
  }
}

}  // namespace sitelatch::cloudwatch
