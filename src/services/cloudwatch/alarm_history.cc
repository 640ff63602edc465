// SPDX-License-Identifier: Apache-2.0
#include "services/cloudwatch/alarm_history.h"

#include <fmt/format.h>

#include <algorithm>

namespace sitelatch::cloudwatch {
namespace {

constexpr std::string_view by_time = "cloudwatch.history";
constexpr std::string_view by_alarm = "cloudwatch.alarm_history";
constexpr std::size_t position_length = 24;
constexpr auto kept = std::chrono::hours{14 * 24};

std::string position(Instant at, std::uint32_t sequence) {
  return fmt::format("{:016x}{:08x}",
                     static_cast<std::uint64_t>(std::max<std::int64_t>(unix_ms(at), 0)), sequence);
}
std::string alarm_prefix(std::string_view region, std::string_view alarm) {
  std::string out{region};
  out += '/';
  out += alarm;
  out += '\0';
  return out;
}

aws::Value to_value(const HistoryItem& item) {
  return aws::Value::structure({{"region", item.region},
                                {"alarm", item.alarm_name},
                                {"alarm_type", item.alarm_type},
                                {"at", unix_ms(item.at)},
                                {"type", item.item_type},
                                {"summary", item.summary},
                                {"data", item.data}});
}
std::optional<HistoryItem> from_row(std::string_view json) {
  const auto row = aws::from_json(json);
  if (!row) return std::nullopt;
  return HistoryItem{(*row)["region"].string_or(""),
                     (*row)["alarm"].string_or(""),
                     (*row)["alarm_type"].string_or("MetricAlarm"),
                     from_unix_ms((*row)["at"].integer_or(0)),
                     (*row)["type"].string_or(""),
                     (*row)["summary"].string_or(""),
                     (*row)["data"].string_or("")};
}

bool wanted(const HistoryItem& item, const AlarmHistory::Query& query) {
  if (query.item_type && item.item_type != *query.item_type) return false;
  const auto& types = query.alarm_types;
  return types.empty() || std::find(types.begin(), types.end(), item.alarm_type) != types.end();
}

}  // namespace

AlarmHistory::AlarmHistory(ports::Journal& journal, ports::Timers& timers)
    : journal_(journal), timers_(timers) {
  age();
}

void AlarmHistory::record(const HistoryItem& item) {
  auto copy = item;
  copy.summary.resize(std::min<std::size_t>(copy.summary.size(), 255));
  const auto json = aws::to_json(to_value(copy));
  // Never two items under one key, whatever the clock does across a restart.
  std::string where;
  bool taken = true;
  while (taken) {
    where = position(item.at, sequence_++);
    const auto key = item.region + "/" + where;
    taken = false;
    journal_.scan(by_time, key, key + '\0',
                  [&taken](std::string_view, std::string_view) { return !(taken = true); });
  }
  journal_.put(by_time, item.region + "/" + where, json);
  journal_.put(by_alarm, alarm_prefix(item.region, item.alarm_name) + where, json);
}

bool AlarmHistory::is_position(std::string_view text) {
  return text.size() == position_length &&
         text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

AlarmHistory::Page AlarmHistory::read(const Query& query) const {
  const auto table = query.alarm_name ? by_alarm : by_time;
  const auto prefix =
      query.alarm_name ? alarm_prefix(query.region, *query.alarm_name) : query.region + "/";
  auto from = query.from ? position(*query.from, 0) : "";
  auto to = query.to ? position(*query.to, 0xffffffff) + "\x01" : "\x7f";
  // `after` is the last position that was given out.
  if (!query.after.empty()) {
    if (query.newest_first)
      to = std::min(to, query.after);
    else
      from = std::max(from, query.after + "\x01");
  }
  Page out;
  std::string last;
  if (from >= to) return out;
  const auto visit = [&](std::string_view key, std::string_view json) {
    auto item = from_row(json);
    if (!item || !wanted(*item, query)) return true;
    if (out.items.size() == query.limit) {
      out.next = last;
      return false;
    }
    out.items.push_back(std::move(*item));
    last = key.substr(key.size() - std::min(key.size(), position_length));
    return true;
  };
  if (query.newest_first)
    journal_.scan_back(table, prefix + from, prefix + to, visit);
  else
    journal_.scan(table, prefix + from, prefix + to, visit);
  return out;
}

void AlarmHistory::age() {
  const auto now = timers_.now();
  const auto oldest = position(now - kept, 0);
  // The tables begin with the region: one region after the other.
  std::string at;
  for (;;) {
    std::string region;
    journal_.scan(by_time, at, "", [&region](std::string_view key, std::string_view) {
      region = key.substr(0, key.find('/'));
      return false;
    });
    if (region.empty()) break;
    std::vector<std::string> rows;
    journal_.scan(by_time, region + "/", region + "/" + oldest,
                  [&rows, &region](std::string_view key, std::string_view json) {
                    if (const auto item = from_row(json))
                      rows.push_back(alarm_prefix(region, item->alarm_name) +
                                     std::string{key.substr(region.size() + 1)});
                    return true;
                  });
    for (const auto& row : rows) journal_.erase(by_alarm, row);
    if (!rows.empty()) journal_.erase_range(by_time, region + "/", region + "/" + oldest);
    at = region + "0";  // the character after '/'
  }
  ageing_.set(timers_, now + std::chrono::hours{1}, [this] { age(); });
}

}  // namespace sitelatch::cloudwatch
