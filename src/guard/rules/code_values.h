// SPDX-License-Identifier: Apache-2.0
// Parts of a guard's code in AWS's own shapes, which CloudFormation and the aws CLI share. Their
// texts still say what they say: printers take the references out.
#pragma once

#include <string>

#include "guard/rules/code.h"

namespace sitelatch::guard::code {

aws::Value check_config(const HealthCheck& check);  // HealthCheckConfig, without Disabled
aws::Value key_values(const Texts& tags);           // [{Key, Value}]
aws::Value name_values(const Texts& texts);         // {"key": "value"}
aws::Value list_of(const std::vector<std::string>& texts);
// PutMetricAlarm's, as AWS::CloudWatch::Alarm has them too.
aws::Value alarm_settings(const Alarm& alarm);
aws::Value record_set(const Record& record);  // ResourceRecordSet
// A document as a value; the text itself where it is no JSON.
aws::Value document_value(const std::string& json);
std::string number_text(double number);  // the shortest that reads back

}  // namespace sitelatch::guard::code
