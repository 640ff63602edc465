// SPDX-License-Identifier: Apache-2.0
// The operations, and what each asks of IAM (facts sqs-5, sqs-6).
#include "base/text.h"
#include "services/sqs/sqs.h"

namespace sitelatch::sqs {
using aws::Permission;

const aws::OperationTable<Sqs>& Sqs::operation_table() {
  static const aws::OperationTable<Sqs> table{
      "sqs",
      {
          {"CreateQueue", &Sqs::create_queue, &Sqs::ask_to_create_queue},
          {"DeleteQueue", &Sqs::delete_queue, &Sqs::ask_of_queue},
          {"GetQueueUrl", &Sqs::get_queue_url, &Sqs::ask_by_name},
          {"ListQueues", &Sqs::list_queues, &Sqs::ask_of_everything},
          {"ListDeadLetterSourceQueues", &Sqs::list_dead_letter_source_queues, &Sqs::ask_of_queue},
          {"GetQueueAttributes", &Sqs::get_queue_attributes, &Sqs::ask_of_queue},
          {"SetQueueAttributes", &Sqs::set_queue_attributes, &Sqs::ask_of_queue},
          {"PurgeQueue", &Sqs::purge_queue, &Sqs::ask_of_queue},
          {"AddPermission", &Sqs::add_permission, &Sqs::ask_of_queue},
          {"RemovePermission", &Sqs::remove_permission, &Sqs::ask_of_queue},
          {"TagQueue", &Sqs::tag_queue, &Sqs::ask_of_queue},
          {"UntagQueue", &Sqs::untag_queue, &Sqs::ask_of_queue},
          {"ListQueueTags", &Sqs::list_queue_tags, &Sqs::ask_of_queue},
          {"SendMessage", &Sqs::send_message, &Sqs::ask_of_queue},
          {"SendMessageBatch", &Sqs::send_message_batch, &Sqs::ask_of_queue},
          {"ReceiveMessage", &Sqs::receive_message, &Sqs::ask_of_queue},
          {"DeleteMessage", &Sqs::delete_message, &Sqs::ask_of_queue},
          {"DeleteMessageBatch", &Sqs::delete_message_batch, &Sqs::ask_of_queue},
          {"ChangeMessageVisibility", &Sqs::change_message_visibility, &Sqs::ask_of_queue},
          {"ChangeMessageVisibilityBatch", &Sqs::change_message_visibility_batch,
           &Sqs::ask_of_queue},
          {"StartMessageMoveTask", &Sqs::start_message_move_task, &Sqs::ask_to_move},
          {"CancelMessageMoveTask", &Sqs::cancel_message_move_task, &Sqs::ask_to_cancel_move},
          {"ListMessageMoveTasks", &Sqs::list_message_move_tasks, &Sqs::ask_of_source},
      }};
  return table;
}

// AWS names the actions of SQS in lower case where it refuses them.
Permission Sqs::question_of(const std::string& arn, std::string_view action_name,
                            const aws::Call& call) const {
  Permission asked{"sqs:" + lower(action_name), {arn}, {}, queue_policy(arn)};
  const auto& tags = call.input[call.operation == "CreateQueue" ? "tags" : "Tags"];
  aws::add_request_tags(aws::read_tags(tags), call.input["TagKeys"].strings(), asked.keys);
  if (const auto* held = find(arn)) aws::add_resource_tags(held->queue.tags, asked.keys);
  return asked;
}

std::string Sqs::arn_asked(const aws::Call& call) const {
  const auto address = read_address(call.input["QueueUrl"].string_or(""));
  return address ? queue_arn(call.region, address->account, address->name) : "*";
}

// The batches have no actions of their own.
Sqs::Question Sqs::ask_of_queue(const aws::Call& call) const {
  auto action_name = call.operation;
  if (action_name.ends_with("Batch")) action_name.remove_suffix(5);
  return {question_of(arn_asked(call), action_name, call)};
}

Sqs::Question Sqs::ask_by_name(const aws::Call& call) const {
  const auto owner = call.input["QueueOwnerAWSAccountId"].string_or(account_);
  const auto arn = queue_arn(call.region, owner, call.input["QueueName"].string_or(""));
  return {question_of(arn, call.operation, call)};
}

Sqs::Question Sqs::ask_to_create_queue(const aws::Call& call) const {
  const auto arn = queue_arn(call.region, account_, call.input["QueueName"].string_or(""));
  Question out{question_of(arn, call.operation, call)};
  if (!call.input["tags"].members().empty()) out.push_back(question_of(arn, "TagQueue", call));
  return out;
}

Sqs::Question Sqs::ask_of_source(const aws::Call& call) const {
  return {question_of(call.input["SourceArn"].string_or("*"), call.operation, call)};
}

Sqs::Question Sqs::ask_to_move(const aws::Call& call) const {
  const auto source = call.input["SourceArn"].string_or("*");
  Question out;
  for (const char* needed :
       {"StartMessageMoveTask", "ReceiveMessage", "DeleteMessage", "GetQueueAttributes"})
    out.push_back(question_of(source, needed, call));
  if (call.input.has("DestinationArn"))
    out.push_back(question_of(call.input["DestinationArn"].string(), "SendMessage", call));
  return out;
}

Sqs::Question Sqs::ask_to_cancel_move(const aws::Call& call) const {
  const auto handle = read_handle(call.input["TaskHandle"].string_or(""));
  return {question_of(handle ? handle->source_arn : "*", call.operation, call)};
}

}  // namespace sitelatch::sqs
