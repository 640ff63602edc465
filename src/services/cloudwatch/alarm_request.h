// SPDX-License-Identifier: Apache-2.0
// The input of PutMetricAlarm and PutCompositeAlarm, checked in AWS's words and turned into an
// alarm's configuration (state and times not set).
#pragma once

#include "aws/service/service.h"
#include "services/cloudwatch/composite_alarm.h"

namespace sitelatch::cloudwatch {

aws::Outcome<MetricAlarm> requested_alarm(const aws::Call& call);
aws::Outcome<CompositeAlarm> requested_composite(const aws::Call& call);
// Actions and the words that alarms of both types share.
aws::Outcome<Done> requested_basics(const aws::Call& call, AlarmBasics& out);

}  // namespace sitelatch::cloudwatch
