// SPDX-License-Identifier: Apache-2.0
// What CloudWatch needs of the rest: somebody who carries out an alarm's actions. The dispatch is
// part of the same journal batch as the change of state, so after a crash both have happened or
// neither.
#pragma once

#include <string>

#include "base/result.h"
#include "services/cloudwatch/alarm.h"

namespace sitelatch::cloudwatch {

struct AlarmAction {
  std::string action_arn;  // of a topic, a function, or whatever the alarm names
  std::string alarm_arn, alarm_name, region;
  State new_state = State::alarm;
  std::string subject;         // for a topic
  std::string message;         // for a topic: the notification's JSON
  std::string function_event;  // for a Lambda function: the event's JSON
};

class AlarmActions {
 public:
  // The problem's text goes to the alarm's history as AWS words it:
  // `CloudWatch Alarms is not authorized to perform: SNS:Publish on resource: arn:...`
  virtual Result<Done> execute(const AlarmAction& action) = 0;

 protected:
  ~AlarmActions() = default;
};

}  // namespace sitelatch::cloudwatch
