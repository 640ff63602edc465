// SPDX-License-Identifier: Apache-2.0
// What an alarm tells others when its state changes, to the letter (facts cloudwatch-20 to 24): the
// subject and the JSON of a topic's notification, the event of a Lambda action, and the details of
// EventBridge's events (facts events-70 and events-71).
#pragma once

#include <string>

#include "services/cloudwatch/composite_alarm.h"

namespace sitelatch::cloudwatch {

// The alarm stands in its new state already; `before` is how it stood.
struct StateBefore {
  State state = State::insufficient_data;
  std::string reason;
  std::optional<std::string> reason_data;
  Instant updated;
  std::string suppressed_by{};  // "WaitPeriod"; of a composite alarm that was held back
};

std::string region_display_name(std::string_view region);  // "US East (N. Virginia)"
// Of a metric alarm on queries: each as the events to functions and the history have it.
std::string queries_json(const MetricQueries& queries);
std::string dimensions_json(const std::vector<Dimension>& dimensions);  // [{"value","name"}]
std::string notification_subject(const AlarmBasics& alarm);
// Whether the actions come late, since the alarm was muted when its state changed.
enum class Muted { no, was };
std::string notification_message(const MetricAlarm& alarm, const std::string& account,
                                 State old_state, Muted muted = Muted::no);
struct FunctionEventIds {
  std::string account, metric_id;
};
std::string function_event(const MetricAlarm& alarm, const StateBefore& before,
                           const FunctionEventIds& ids);
std::string notification_message(const CompositeAlarm& alarm, const std::string& account,
                                 State old_state, Muted muted = Muted::no);
std::string function_event(const CompositeAlarm& alarm, const StateBefore& before,
                           const std::string& account);

std::string state_change_detail(const MetricAlarm& alarm, const StateBefore& before,
                                const std::string& metric_id);
// `operation` is create, update or delete; `previous` the configuration that an update replaced.
std::string configuration_change_detail(const MetricAlarm& alarm, std::string_view operation,
                                        const MetricAlarm* previous, const std::string& metric_id);
std::string state_change_detail(const CompositeAlarm& alarm, const StateBefore& before);
std::string configuration_change_detail(const CompositeAlarm& alarm, std::string_view operation,
                                        const CompositeAlarm* previous);

}  // namespace sitelatch::cloudwatch
