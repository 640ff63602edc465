// SPDX-License-Identifier: Apache-2.0
// What happened to alarms, for two weeks, also after their deletion. Only in the journal, twice:
//   cloudwatch.history        <region>/<ms:16 hex><seq:8 hex>                -> item
//   cloudwatch.alarm_history  <region>/<alarm>\0<ms:16 hex><seq:8 hex>       -> item
// so that both questions ("this alarm's", "everybody's") read one range.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "aws/wire/value.h"
#include "ports/journal.h"
#include "ports/timers.h"

namespace sitelatch::cloudwatch {

struct HistoryItem {
  std::string region, alarm_name;
  std::string alarm_type = "MetricAlarm";
  Instant at;
  std::string item_type;  // "StateUpdate", "Action", "ConfigurationUpdate"
  std::string summary, data;
};

class AlarmHistory {
 public:
  AlarmHistory(ports::Journal& journal, ports::Timers& timers);

  void record(const HistoryItem& item);

  struct Query {
    std::string region;
    std::optional<std::string> alarm_name;
    std::vector<std::string> alarm_types;  // empty: all
    std::optional<std::string> item_type;
    std::optional<Instant> from, to;  // both inclusive
    bool newest_first = true;
    std::size_t limit = 100;
    std::string after;  // the position where the last page ended, or empty
  };
  struct Page {
    std::vector<HistoryItem> items;
    std::string next;  // empty: the end
  };
  Page read(const Query& query) const;
  static bool is_position(std::string_view text);

 private:
  void age();

  ports::Journal& journal_;
  ports::Timers& timers_;
  std::uint32_t sequence_ = 0;
  ports::Timer ageing_;
};

}  // namespace sitelatch::cloudwatch
