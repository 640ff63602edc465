// SPDX-License-Identifier: Apache-2.0
// Sqs: moving dead letters to where they came from, or elsewhere.
#include <fmt/format.h>

#include <algorithm>

#include "aws/auth/arn.h"
#include "aws/wire/stored.h"
#include "ports/rows.h"
#include "services/sqs/refusals.h"
#include "services/sqs/sqs.h"

namespace sitelatch::sqs {
using aws::Value;
using namespace std::chrono_literals;

namespace {

constexpr std::string_view move_table = "sqs.moves";
constexpr std::size_t tasks_kept = 10;    // of a queue; ListMessageMoveTasks shows no more
constexpr std::int64_t usual_rate = 500;  // the most that can be asked for, too
constexpr std::string_view no_queue = "AWS.SimpleQueueService.NonExistentQueue";

Failure<aws::Error> no_resource(std::string_view parameter) {
  return aws::refuse(
      "ResourceNotFoundException",
      fmt::format("The resource that you specified for the {} parameter doesn't exist.",
                  parameter));
}

aws::Outcome<Done> check_arn(const std::string& arn, std::string_view parameter) {
  const auto parsed = aws::parse_arn(arn);
  if (parsed && parsed->service == "sqs") return Done{};
  return invalid_parameter(
      fmt::format("You must use this format to specify the {}: "
                  "arn:<partition>:<service>:<region>:<account-id>:<resource-id>",
                  parameter));
}

Value listed(const MoveTask& task) {
  Value out = Value::structure({{"Status", task.status},
                                {"SourceArn", task.source_arn},
                                {"MaxNumberOfMessagesPerSecond", task.a_second},
                                {"ApproximateNumberOfMessagesMoved", task.moved},
                                {"ApproximateNumberOfMessagesToMove", task.to_move},
                                {"StartedTimestamp", unix_ms(task.started)}});
  if (task.running()) out.set("TaskHandle", handle_of(task));
  if (!task.destination_arn.empty()) out.set("DestinationArn", task.destination_arn);
  if (!task.failure.empty()) out.set("FailureReason", task.failure);
  return out;
}

}  // namespace

void Sqs::load_moves() {
  ports::take_rows(journal_, move_table, [this](std::string_view key, std::string_view text) {
    auto task = move_task_from(aws::stored_value(text));
    ports::expect_of_row(key == task.id, "another task's");
    auto& kept = moves_[task.id];
    kept = std::move(task);
  });
  for (auto& [id, task] : moves_)
    if (task.running()) arm(task, timers_.now());
}

void Sqs::save(const MoveTask& task) {
  journal_.put(move_table, task.id, aws::to_json(to_value(task)));
}

void Sqs::arm(MoveTask& task, Instant at) {
  move_timers_[task.id].set(timers_, at, [this, id = task.id] { step(id); });
}

void Sqs::end(MoveTask& task, std::string_view status, std::string why) {
  task.status = status;
  task.failure = std::move(why);
  move_timers_.erase(task.id);
  save(task);
}

// One message; what stands in its way, or "".
std::string Sqs::move_one(MoveTask& task, Held& source, std::uint64_t number) {
  const auto* message = source.backlog.find(number);
  const auto& to =
      task.destination_arn.empty() ? message->dead_letter_source : task.destination_arn;
  if (to.empty()) return "CouldNotDetermineMessageSource";
  auto* target = find(to);
  if (!target) return std::string{no_queue};
  auto moved = source.backlog.remove(number);
  const auto now = timers_.now();
  // A new message, of the same content (fact sqs-72).
  moved.number = next_number();
  moved.id = ports::uuid(entropy_);
  moved.sent = moved.not_before = now;
  moved.receipt.clear();
  moved.receive_count = moved.received_here = 0;
  moved.first_received = moved.last_received = Instant{};
  moved.dead_letter_source.clear();
  target->backlog.put(std::move(moved), now);
  use(*target);
  touch(*target);
  touch(source);
  ++task.moved;
  return {};
}

// As many as a second lets through, a second's at once where that is not limited.
void Sqs::step(const std::string& task_id) {
  auto& task = moves_.at(task_id);
  auto* source = find(task.source_arn);
  if (!source) return end(task, "FAILED", std::string{no_queue});
  const auto now = timers_.now();
  source->backlog.settle(now, now - source->queue.seconds("MessageRetentionPeriod"));
  const auto most = task.a_second ? 1 : usual_rate;
  std::string obstacle;
  const auto offered = source->backlog.offer(static_cast<std::size_t>(most), {});
  for (const auto number : offered)
    if (obstacle = move_one(task, *source, number); !obstacle.empty()) break;
  if (!obstacle.empty())
    end(task, "FAILED", std::move(obstacle));
  else if (source->backlog.visible() == 0)
    end(task, "COMPLETED");
  else {
    save(task);
    arm(task, now + (task.a_second ? Duration{1s} / *task.a_second : Duration{1s}));
  }
  flush();
}

aws::Outcome<> Sqs::start_message_move_task(const aws::Call& call) {
  const auto& source_arn = call.input["SourceArn"].string();
  const auto destination_arn = call.input["DestinationArn"].string_or("");
  if (auto ok = check_arn(source_arn, "SourceArn"); !ok) return failure(ok.error());
  const auto* source = find(source_arn);
  if (!source) return no_resource("SourceArn");
  const bool has_sources = std::any_of(queues_.begin(), queues_.end(), [&](const auto& each) {
    const auto redrive = each.second->queue.redrive();
    return redrive && redrive->target_arn == source_arn;
  });
  if (!has_sources)
    return invalid_parameter("Source queue must be configured as a Dead Letter Queue.");
  if (!destination_arn.empty()) {
    if (auto ok = check_arn(destination_arn, "DestinationArn"); !ok) return failure(ok.error());
    const auto* destination = find(destination_arn);
    if (!destination) return no_resource("DestinationArn");
    if (destination->queue.fifo() != source->queue.fifo())
      return invalid_parameter("Source queue and destination queue must be of the same type.");
    if (destination_arn == source_arn)
      return invalid_parameter("Source queue arn and destination queue arn cannot be the same.");
  }
  MoveTask task;
  if (call.input.has("MaxNumberOfMessagesPerSecond")) {
    task.a_second = call.input["MaxNumberOfMessagesPerSecond"].integer();
    if (*task.a_second < 1 || *task.a_second > usual_rate)
      return invalid_value(std::to_string(*task.a_second), "MaxNumberOfMessagesPerSecond",
                           "Must be between 1 and 500, if provided.");
  }
  std::vector<const MoveTask*> of_source;
  for (const auto& [id, each] : moves_) {
    if (each.source_arn != source_arn) continue;
    if (each.running())
      return invalid_parameter(
          "There is already a task running. Only one active task is allowed for a source queue arn "
          "at a given time.");
    of_source.push_back(&each);
  }
  if (of_source.size() >= tasks_kept) {
    const auto oldest =
        (*std::min_element(of_source.begin(), of_source.end(), [](const auto* a, const auto* b) {
          return a->started < b->started;
        }))->id;
    journal_.erase(move_table, oldest);
    moves_.erase(oldest);
  }
  task.id = ports::uuid(entropy_);
  task.source_arn = source_arn;
  task.destination_arn = destination_arn;
  task.to_move = static_cast<std::int64_t>(source->backlog.visible());
  task.started = timers_.now();
  auto& kept = moves_[task.id];
  kept = std::move(task);
  save(kept);
  arm(kept, timers_.now());
  return Value::structure({{"TaskHandle", handle_of(kept)}});
}

aws::Outcome<> Sqs::cancel_message_move_task(const aws::Call& call) {
  const auto handle = read_handle(call.input["TaskHandle"].string());
  if (!handle) return invalid_parameter("Value for parameter TaskHandle is invalid.");
  if (!find(handle->source_arn)) return no_resource("SourceArn");
  const auto found = moves_.find(handle->task_id);
  if (found == moves_.end() || found->second.source_arn != handle->source_arn)
    return aws::refuse("ResourceNotFoundException", "Task does not exist.");
  auto& task = found->second;
  if (!task.running()) return invalid_parameter("Only active tasks can be cancelled.");
  end(task, "CANCELLED");
  return Value::structure({{"ApproximateNumberOfMessagesMoved", task.moved}});
}

aws::Outcome<> Sqs::list_message_move_tasks(const aws::Call& call) {
  const auto& source_arn = call.input["SourceArn"].string();
  if (auto ok = check_arn(source_arn, "SourceArn"); !ok) return failure(ok.error());
  if (!find(source_arn)) return no_resource("SourceArn");
  const auto most = call.input["MaxResults"].integer_or(1);
  if (most < 1 || most > 10)
    return invalid_value(std::to_string(most), "MaxResults",
                         "Must be between 1 and 10, if provided.");
  std::vector<const MoveTask*> tasks;
  for (const auto& [id, task] : moves_)
    if (task.source_arn == source_arn) tasks.push_back(&task);
  std::sort(tasks.begin(), tasks.end(),
            [](const auto* a, const auto* b) { return a->started > b->started; });
  Value results = Value::list();
  for (const auto* task : tasks)
    if (results.items().size() < static_cast<std::size_t>(most)) results.push(listed(*task));
  return Value::structure({{"Results", results}});
}

}  // namespace sitelatch::sqs
