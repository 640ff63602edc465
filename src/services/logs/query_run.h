// SPDX-License-Identifier: Apache-2.0
// One Insights query over the events of some groups, a slice at a time so that it holds nobody up:
// events stream through the commands up to the first that must see them all (stats, sort, dedup,
// limit), and what is left then goes through the others. Its memory and its work are bounded.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "services/logs/log_store.h"
#include "services/logs/query_evaluate.h"
#include "services/logs/query_language.h"
#include "services/logs/query_row.h"
#include "services/logs/query_stats.h"

namespace sitelatch::logs {

// @ptr: where an event is, for GetLogRecord.
std::string event_pointer(const Group& group, const std::string& stream, Position position);
struct EventPlace {
  std::string group, stream;
  Position position;
};
std::optional<EventPlace> place_of(std::string_view pointer);

class QueryRun {
 public:
  struct Question {
    std::string region, account;
    std::vector<std::string> groups;
    std::int64_t from_ms = 0, to_ms = 0;  // both inclusive
    ParsedQuery query;
    std::size_t most_rows = most_query_rows;
    double now_ms = 0;
  };
  enum class State { running, complete, too_large, too_long };
  struct Statistics {
    double matched = 0, scanned = 0, bytes = 0, groups = 0;
  };

  explicit QueryRun(Question question);
  QueryRun(const QueryRun&) = delete;
  QueryRun& operator=(const QueryRun&) = delete;

  // Goes on for a slice.
  State step(const LogStore& store);
  const Statistics& statistics() const { return statistics_; }
  // Once complete: [[{field, value}]].
  aws::Value results() const { return results_; }

 private:
  using Commands = std::vector<QueryCommand>;
  bool take(QueryRow row);  // false: too large
  bool stream(QueryRow& row, std::size_t first, std::size_t last);
  void keep_the_best();
  void order(std::vector<QueryRow>& rows, const QueryCommand* sort) const;
  void finish();
  void apply(const QueryCommand& command, std::vector<QueryRow>& rows);
  void show(const std::vector<QueryRow>& rows);
  QueryContext context() { return {question_.now_ms, work_, nullptr}; }

  Question question_;
  std::size_t blocking_ = 0;  // the first command that must see all rows; commands.size(): none
  std::optional<QueryStats> stats_;
  const QueryCommand* sort_ = nullptr;
  std::size_t keeps_ = 0;  // rows before those behind them are of no use; 0: all
  std::vector<QueryRow> kept_;
  std::size_t bytes_ = 0;
  std::size_t group_ = 0;
  Position next_;
  Regex::Work work_;
  Statistics statistics_;
  aws::Value results_ = aws::Value::list();
};

}  // namespace sitelatch::logs
