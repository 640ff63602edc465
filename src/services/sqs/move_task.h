// SPDX-License-Identifier: Apache-2.0
// A task that moves the messages of a dead-letter queue to another queue, or each to where it came
// from (facts sqs-70 to sqs-73). Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "aws/wire/value.h"
#include "base/time.h"

namespace sitelatch::sqs {

struct MoveTask {
  std::string id, source_arn;
  std::string destination_arn;  // empty: to where each message came from
  std::optional<std::int64_t> a_second;
  std::string status = "RUNNING";
  std::string failure;
  std::int64_t moved = 0, to_move = 0;
  Instant started{};
  bool running() const { return status == "RUNNING"; }
};

aws::Value to_value(const MoveTask& task);
MoveTask move_task_from(const aws::Value& value);

struct TaskHandle {
  std::string task_id, source_arn;
};
std::string handle_of(const MoveTask& task);
std::optional<TaskHandle> read_handle(std::string_view text);

}  // namespace sitelatch::sqs
