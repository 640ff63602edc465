// SPDX-License-Identifier: Apache-2.0
#include "services/cloudwatch/cloudwatch.h"

#include <fmt/format.h>

#include <cmath>

#include "base/check.h"
#include "base/text.h"

namespace sitelatch::cloudwatch {

CloudWatch::CloudWatch(ports::Journal& journal, ports::Timers& timers, ports::Entropy& entropy,
                       AlarmActions& actions, std::string account)
    : timers_(timers),
      metrics_(journal, timers),
      history_(journal, timers),
      alarms_({journal, timers, entropy, actions}, metrics_, history_, std::move(account)),
      table_({{"PutMetricData", &CloudWatch::put_metric_data},
              {"GetMetricStatistics", &CloudWatch::get_metric_statistics},
              {"GetMetricData", &CloudWatch::get_metric_data},
              {"ListMetrics", &CloudWatch::list_metrics},
              {"PutMetricAlarm", &CloudWatch::put_metric_alarm},
              {"DescribeAlarms", &CloudWatch::describe_alarms},
              {"DescribeAlarmsForMetric", &CloudWatch::describe_alarms_for_metric},
              {"DescribeAlarmHistory", &CloudWatch::describe_alarm_history},
              {"DeleteAlarms", &CloudWatch::delete_alarms},
              {"SetAlarmState", &CloudWatch::set_alarm_state},
              {"EnableAlarmActions", &CloudWatch::enable_alarm_actions},
              {"DisableAlarmActions", &CloudWatch::disable_alarm_actions},
              {"TagResource", &CloudWatch::tag_resource},
              {"UntagResource", &CloudWatch::untag_resource},
              {"ListTagsForResource", &CloudWatch::list_tags_for_resource}}) {}

void CloudWatch::handle(const aws::Call& call, aws::Answer answer) {
  const auto handler = table_.find(call.operation);
  ENSURE(handler, "an operation that is not in the table");
  answer((this->*handler)(call));
}

void CloudWatch::put_datum(const std::string& region, const std::string& name_space,
                           const std::string& name, const std::vector<Dimension>& dimensions,
                           double value, std::string_view unit, Instant at, Durable durable) {
  if (!std::isfinite(value) || timers_.now() - at > std::chrono::hours{24 * 15}) return;
  metrics_.add({region, name_space, name, dimensions},
               {Aggregate{value, 1}, unit_by_name(unit).value_or(Unit::none), at,
                MetricStore::Resolution::minute},
               durable == Durable::with_this_batch ? MetricStore::Write::at_once
                                                   : MetricStore::Write::within_a_minute);
}

std::string CloudWatch::alarm_arn(const aws::Call& call, std::string_view name) const {
  return fmt::format("arn:aws:cloudwatch:{}:{}:alarm:{}", call.region, call.account, name);
}

std::optional<std::string> alarm_name_of(std::string_view arn, const aws::Call& call) {
  const auto prefix = fmt::format("arn:aws:cloudwatch:{}:{}:alarm:", call.region, call.account);
  if (arn.size() <= prefix.size() || arn.substr(0, prefix.size()) != prefix) return std::nullopt;
  return std::string{arn.substr(prefix.size())};
}

std::string page_token(std::string_view kind, std::string_view position) {
  return base64(fmt::format("{}|{}", kind, position));
}
std::optional<std::string> page_position(std::string_view kind, std::string_view token) {
  const auto text = unbase64(token);
  if (!text || text->size() <= kind.size() || text->compare(0, kind.size(), kind) != 0 ||
      (*text)[kind.size()] != '|')
    return std::nullopt;
  return text->substr(kind.size() + 1);
}

}  // namespace sitelatch::cloudwatch
