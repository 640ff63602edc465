// SPDX-License-Identifier: Apache-2.0
// What CloudWatch needs of the rest: somebody who carries out an alarm's actions, and tells
// EventBridge what becomes of it. Both are part of the same journal batch as the change of state,
// so after a crash all have happened or none.
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

// What EventBridge is told, of every alarm and whether or not its actions are enabled (fact
// events-70).
struct AlarmEvent {
  std::string region, alarm_arn;
  std::string detail_type;  // "CloudWatch Alarm State Change"
  std::string detail;       // JSON
  Instant time;
};

class AlarmActions {
 public:
  // The problem's text goes to the alarm's history as AWS words it:
  // `CloudWatch Alarms is not authorized to perform: SNS:Publish on resource: arn:...`
  virtual Result<Done> execute(const AlarmAction& action) = 0;
  virtual void announce(const AlarmEvent& /*event*/) {}

 protected:
  ~AlarmActions() = default;
};

}  // namespace sitelatch::cloudwatch
