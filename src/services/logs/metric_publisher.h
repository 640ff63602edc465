// SPDX-License-Identifier: Apache-2.0
// What metric filters count of events that come in (facts logs-24, logs-25): each match adds its
// value to the minute of the event's own time; a minute that saw events but no match gets the
// filter's default value when the clock's minute ends.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "ports/timers.h"
#include "services/logs/dependencies.h"
#include "services/logs/filters.h"
#include "services/logs/log_store.h"

namespace sitelatch::logs {

class MetricPublisher {
 public:
  MetricPublisher(FilterMetrics& metrics, ports::Timers& timers)
      : metrics_(metrics), timers_(timers) {}

  void publish(const GroupFilters& filters, const std::vector<NewEvent>& events);

 private:
  void publish(const GroupFilters& group, const MetricFilter& filter,
               const std::vector<NewEvent>& events);
  void give_defaults();

  // A filter's minutes since the last turn of the clock's: with a match, and with events at all.
  struct Minutes {
    FilterSample sample;  // of its default
    std::set<std::int64_t> matched, seen;
  };
  FilterMetrics& metrics_;
  ports::Timers& timers_;
  std::map<std::string, Minutes> waiting_;  // by region, group and filter
  ports::Timer turn_;
};

}  // namespace sitelatch::logs
