// SPDX-License-Identifier: Apache-2.0
// Event source mappings: which queue's messages a function is given (fact lambda-57). In memory by
// UUID, a journal row each (table "lambda.event_source_mappings"), written through. How the
// messages get there is SourcePoller's.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "aws/service/tags.h"
#include "aws/wire/value.h"
#include "base/time.h"
#include "ports/entropy.h"
#include "ports/journal.h"

namespace sitelatch::lambda {

struct EventSourceMapping {
  std::string uuid, region, account;
  std::string source_arn;
  std::string function, qualifier;  // name; empty: none was given
  bool enabled = true;
  std::int64_t batch_size = 10, window_s = 0;
  std::optional<std::int64_t> maximum_concurrency;
  bool reports_failures = false;     // FunctionResponseTypes: ReportBatchItemFailures
  std::vector<std::string> filters;  // patterns: one must match
  std::vector<std::string> metrics;  // MetricsConfig, shown only
  aws::Tags tags;
  Instant modified{};

  std::string arn() const;
  std::string function_arn() const;
  bool is_fifo() const { return source_arn.ends_with(".fifo"); }
};

// Shape EventSourceMappingConfiguration; `state` as the operation answers it.
aws::Value to_wire(const EventSourceMapping& mapping, std::string_view state);
inline std::string_view state_of(const EventSourceMapping& mapping) {
  return mapping.enabled ? "Enabled" : "Disabled";
}

// A message as ReceiveMessage answers it, as a record of the event that a function is given.
aws::Value event_record(const aws::Value& message, const EventSourceMapping& mapping);
// What a filter's pattern is held against: the record, its body as JSON where it is a JSON object.
aws::Value filtered_record(const aws::Value& record);

// Which messages of a batch a function's answer says have failed: some of them, or all of them
// because the answer is none. `ids` are those of the batch.
std::vector<std::string> failed_messages(std::string_view answer,
                                         const std::vector<std::string>& ids);

class EventSourceMappings {
 public:
  // Reads the rows; throws ports::BadRow.
  EventSourceMappings(ports::Journal& journal, ports::Entropy& entropy);

  const EventSourceMapping* find(std::string_view uuid) const;
  EventSourceMapping* find(std::string_view uuid);
  std::vector<const EventSourceMapping*> all() const;  // by UUID

  // A new one, with a UUID of its own; saved.
  const EventSourceMapping& add(EventSourceMapping mapping);
  void save(const EventSourceMapping& mapping);
  void erase(const std::string& uuid);

 private:
  ports::Journal& journal_;
  ports::Entropy& entropy_;
  std::map<std::string, EventSourceMapping, std::less<>> mappings_;
};

}  // namespace sitelatch::lambda
