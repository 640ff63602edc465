// SPDX-License-Identifier: Apache-2.0
// Under what conditions CloudWatch works. By default data is seen as soon as it is measured and
// alarms are always looked at; the engine can have it otherwise (engine/realism).
#pragma once

#include <string_view>

#include "base/time.h"
#include "services/cloudwatch/metric.h"

namespace sitelatch::cloudwatch {

class Conditions {
 public:
  // How long after its end a minute of a metric is seen, by alarms and by whoever asks; never more
  // than longest_lateness(). Zero: at once, the minute that is not over included.
  virtual Duration longest_lateness() const { return {}; }
  virtual Duration lateness(const MetricId&, Instant /*minute*/) const { return {}; }
  virtual bool evaluates_alarms(std::string_view /*region*/) const { return true; }

 protected:
  ~Conditions() = default;
};

}  // namespace sitelatch::cloudwatch
