// SPDX-License-Identifier: Apache-2.0
// One row while an Insights query runs: an event with what was made of it, or what `stats` gave.
// Fields are looked for among those that the query made, then those that every event has, then what
// is discovered in its message: members of JSON by their dotted names, and the parts of the lines
// that Lambda writes of itself (fact logs-33).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "aws/wire/value.h"
#include "services/logs/log_store.h"
#include "services/logs/query_cell.h"

namespace sitelatch::logs {

class QueryRow {
 public:
  QueryRow() = default;  // of no event
  struct Origin {
    std::string log, pointer;  // @log, @ptr
    bool lambda = false;
  };
  QueryRow(Event event, Origin origin) : event_(std::move(event)), origin_(std::move(origin)) {}

  Cell field(std::string_view name) const;
  void set(const std::string& name, Cell value);
  bool of_event() const { return event_.has_value(); }
  std::int64_t timestamp_ms() const { return event_ ? event_->position.timestamp_ms : 0; }
  Position position() const { return event_ ? event_->position : Position{}; }
  // All that is known of it, for GetLogRecord and GetLogGroupFields.
  std::vector<std::pair<std::string, Cell>> all() const;
  // About what it holds; what was only read of the message is forgotten.
  std::size_t settle();

 private:
  const aws::Value& document() const;
  std::vector<std::pair<std::string, Cell>> lambda_fields() const;

  std::optional<Event> event_;
  Origin origin_;
  std::vector<std::pair<std::string, Cell>> made_;
  mutable bool read_ = false;
  mutable aws::Value document_;
};

}  // namespace sitelatch::logs
