// SPDX-License-Identifier: Apache-2.0
#include "services/cloudwatch/cloudwatch.h"

#include <fmt/format.h>

#include <cmath>

#include "base/text.h"

namespace sitelatch::cloudwatch {

CloudWatch::CloudWatch(ports::Journal& journal, ports::Timers& timers, ports::Entropy& entropy,
                       AlarmActions& actions, std::string account, const Conditions* conditions)
    : timers_(timers),
      metrics_(journal, timers, conditions),
      history_(journal, timers),
      mutes_(journal, timers),
      alarms_({journal, timers, entropy, actions, conditions, &mutes_}, metrics_, history_,
              account),
      composites_({journal, timers, entropy, actions, conditions, &mutes_}, alarms_, history_,
                  std::move(account)),
      dashboards_(journal, "cloudwatch.dashboards"),
      insight_rules_(journal, "cloudwatch.insight_rules"),
      anomaly_detectors_(journal, "cloudwatch.anomaly_detectors") {
  mutes_.on_unmuted([this](const std::string& region, const std::string& name) {
    alarms_.unmute(region, name);
    composites_.unmute(region, name);
  });
}

const AlarmBasics* CloudWatch::any_alarm(std::string_view region, std::string_view name) const {
  if (const auto* metric = alarms_.find(region, name)) return metric;
  return composites_.find(region, name);
}

void CloudWatch::put_datum(const std::string& region, const std::string& name_space,
                           const std::string& name, const std::vector<Dimension>& dimensions,
                           double value, std::string_view unit, Instant at, Durable durable,
                           double samples) {
  if (!std::isfinite(value) || timers_.now() - at > std::chrono::hours{24 * 15}) return;
  metrics_.add({region, name_space, name, dimensions},
               {Aggregate{value, samples}, unit_by_name(unit).value_or(Unit::none), at,
                MetricStore::Resolution::minute},
               durable == Durable::with_this_batch ? MetricStore::Write::at_once
                                                   : MetricStore::Write::within_a_minute);
}

std::string CloudWatch::alarm_arn(const aws::Call& call, std::string_view name) const {
  return fmt::format("arn:aws:cloudwatch:{}:{}:alarm:{}", call.region, call.account, name);
}

}  // namespace sitelatch::cloudwatch
