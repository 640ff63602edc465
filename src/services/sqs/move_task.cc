// SPDX-License-Identifier: Apache-2.0
#include "services/sqs/move_task.h"

#include "base/text.h"

namespace sitelatch::sqs {
using aws::Value;

Value to_value(const MoveTask& task) {
  return Value::structure({{"id", task.id},
                           {"source", task.source_arn},
                           {"destination", task.destination_arn},
                           {"a_second", task.a_second},
                           {"status", task.status},
                           {"failure", task.failure},
                           {"moved", task.moved},
                           {"to_move", task.to_move},
                           {"started_ms", unix_ms(task.started)}});
}

MoveTask move_task_from(const Value& value) {
  MoveTask task;
  task.id = value["id"].string();
  task.source_arn = value["source"].string();
  task.destination_arn = value["destination"].string();
  if (value.has("a_second")) task.a_second = value["a_second"].integer();
  task.status = value["status"].string();
  task.failure = value["failure"].string();
  task.moved = value["moved"].integer();
  task.to_move = value["to_move"].integer();
  task.started = from_unix_ms(value["started_ms"].integer());
  return task;
}

std::string handle_of(const MoveTask& task) {
  return base64(
      aws::to_json(Value::structure({{"taskId", task.id}, {"sourceArn", task.source_arn}})));
}

std::optional<TaskHandle> read_handle(std::string_view text) {
  const auto plain = unbase64(text);
  const auto parsed = plain && valid_utf8(*plain) ? aws::from_json(*plain) : std::nullopt;
  if (!parsed || !parsed->is_struct() || !(*parsed)["taskId"].is_string() ||
      !(*parsed)["sourceArn"].is_string())
    return std::nullopt;
  return TaskHandle{(*parsed)["taskId"].string(), (*parsed)["sourceArn"].string()};
}

}  // namespace sitelatch::sqs
