// SPDX-License-Identifier: Apache-2.0
// Sqs: sending, one message and ten, by callers and by services.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "aws/auth/sigv4_digest.h"
#include "aws/wire/model.h"
#include "base/text.h"
#include "services/sqs/refusals.h"
#include "services/sqs/sqs.h"

namespace sitelatch::sqs {
using aws::Value;
using namespace std::chrono_literals;

namespace {

constexpr Duration deduplication_time = 5min;
constexpr std::size_t most_entries = 10;

bool is_fifo_id(std::string_view id) {
  return !id.empty() && id.size() <= 128 &&
         std::all_of(id.begin(), id.end(), [](char c) { return c > ' ' && c < '\x7f'; });
}

aws::Outcome<Done> check_fifo_id(const std::string& id, const char* parameter) {
  if (id.empty() || is_fifo_id(id)) return Done{};
  return invalid_value(id, parameter,
                       fmt::format("{} can only include alphanumeric and punctuation characters. 1 "
                                   "to 128 in length.",
                                   parameter));
}

std::string fifo_key(const Queue& queue, const Message& m) {
  if (queue.setting("DeduplicationScope") == "messageGroup")
    return m.group_id + " " + m.deduplication_id;
  return m.deduplication_id;
}

bool is_entry_id(std::string_view id) {
  return !id.empty() && id.size() <= 80 && std::all_of(id.begin(), id.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
  });
}

// What holds for the entries of every batch. `type` is what an entry is called.
aws::Outcome<Done> check_entries(const Value& entries, std::string_view type) {
  const auto& items = entries.items();
  if (items.empty())
    return aws::refuse("EmptyBatchRequest",
                       fmt::format("There should be at least one {} in the request.", type));
  if (items.size() > most_entries)
    return aws::refuse(
        "TooManyEntriesInBatchRequest",
        fmt::format("Maximum number of entries per request are {}. You have sent {}.", most_entries,
                    items.size()));
  std::set<std::string> ids;
  for (const auto& entry : items) {
    const auto& id = entry["Id"].string();
    if (!is_entry_id(id))
      return aws::refuse("InvalidBatchEntryId",
                         "A batch entry id can only contain alphanumeric characters, hyphens and "
                         "underscores. It can be at most 80 letters long.");
    if (!ids.insert(id).second)
      return aws::refuse("BatchEntryIdsNotDistinct", fmt::format("Id {} repeated.", id));
  }
  return Done{};
}

Value failed_entry(const Value& id, const aws::Error& error) {
  static const auto& model = aws::service_model("sqs");
  const auto* shape = model.error_shape(error.code);
  const bool coded = shape && !shape->error_code.empty();
  return Value::structure({{"Id", id},
                           {"SenderFault", true},
                           {"Code", coded ? shape->error_code : error.code},
                           {"Message", error.message}});
}

}  // namespace

void Sqs::count(const Held& held, std::string_view metric, double value, std::string_view unit) {
  metrics_.count(held.queue.region, metric, held.queue.name, value, unit, timers_.now());
}

aws::Outcome<Sqs::Sending> Sqs::read_sending(const Value& input, const Queue& queue) const {
  Sending out;
  Message& m = out.message;
  m.body = input["MessageBody"].string_or("");
  if (m.body.empty()) return missing_parameter("MessageBody");
  auto attributes = read_attributes(input["MessageAttributes"]);
  if (!attributes) return failure(attributes.error());
  m.attributes = std::move(*attributes);
  const auto largest = queue.number("MaximumMessageSize");
  if (m.size_bytes() > static_cast<std::size_t>(largest))
    return invalid_parameter(
        fmt::format("One or more parameters are invalid. Reason: Message must be shorter than {} "
                    "bytes.",
                    largest));
  if (!has_valid_characters(m.body))
    return aws::refuse("InvalidMessageContents",
                       "Invalid characters found. Valid unicode characters are #x9 | #xA | #xD | "
                       "#x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF");
  auto trace = read_trace_header(input["MessageSystemAttributes"]);
  if (!trace) return failure(trace.error());
  m.trace_header = std::move(*trace);

  m.group_id = input["MessageGroupId"].string_or("");
  m.deduplication_id = input["MessageDeduplicationId"].string_or("");
  if (auto ok = check_fifo_id(m.deduplication_id, "MessageDeduplicationId"); !ok)
    return failure(ok.error());
  if (auto ok = check_fifo_id(m.group_id, "MessageGroupId"); !ok) return failure(ok.error());

  if (input.has("DelaySeconds")) out.delay_s = input["DelaySeconds"].integer();
  if (out.delay_s && (*out.delay_s < 0 || *out.delay_s > 900))
    return invalid_value(std::to_string(*out.delay_s), "DelaySeconds",
                         "DelaySeconds must be >= 0 and <= 900.");
  if (!queue.fifo()) {
    if (!m.deduplication_id.empty())
      return invalid_value(
          m.deduplication_id, "MessageDeduplicationId",
          "The request includes a parameter that is not valid for this queue type.");
    return out;
  }
  if (out.delay_s.value_or(0) != 0)
    return invalid_value(std::to_string(*out.delay_s), "DelaySeconds",
                         "The request include parameter that is not valid for this queue type.");
  out.delay_s.reset();
  if (m.group_id.empty()) return missing_parameter("MessageGroupId");
  if (m.deduplication_id.empty()) {
    if (!queue.is_true("ContentBasedDeduplication"))
      return invalid_parameter(
          "The queue should either have ContentBasedDeduplication enabled or "
          "MessageDeduplicationId provided explicitly");
    m.deduplication_id = aws::hex_of(aws::sha256(m.body));
  }
  return out;
}

void Sqs::forget_sent(Held& held, Instant now) {
  while (!held.sent_until.empty() && held.sent_until.front().first <= now) {
    const auto& id = held.sent_until.front().second;
    if (const auto at = held.sent.find(id); at != held.sent.end() && at->second.until <= now) {
      held.sent.erase(at);
      journal_.erase(deduplication_table, held.queue.arn + "\n" + id);
    }
    held.sent_until.pop_front();
  }
}

// Into the queue, unless a FIFO queue has it already; the answer of SendMessage.
Value Sqs::put(Held& held, Sending sending, const std::string& sender_id) {
  const auto now = timers_.now();
  Message& m = sending.message;
  Value answer = Value::structure({{"MD5OfMessageBody", md5_of(m.body)}});
  if (auto md5 = md5_of_attributes(m.attributes); !md5.empty())
    answer.set("MD5OfMessageAttributes", std::move(md5));
  if (!m.trace_header.empty())
    answer.set("MD5OfMessageSystemAttributes",
               md5_of_attributes({{"AWSTraceHeader", {"String", m.trace_header}}}));
  const bool fifo = held.queue.fifo();
  const auto key = fifo ? fifo_key(held.queue, m) : std::string{};
  if (fifo) {
    forget_sent(held, now);
    if (const auto same = held.sent.find(key); same != held.sent.end()) {
      count(held, "NumberOfDeduplicatedSentMessages", 1);
      answer.set("MessageId", same->second.message_id);
      answer.set("SequenceNumber", sequence_number(same->second.number));
      return answer;
    }
  }
  m.number = next_number();
  m.id = ports::uuid(entropy_);
  m.sender_id = sender_id;
  m.sent = now;
  m.not_before = now + (sending.delay_s ? Duration{std::chrono::seconds{*sending.delay_s}}
                                        : held.queue.seconds("DelaySeconds"));
  answer.set("MessageId", m.id);
  if (fifo) {
    answer.set("SequenceNumber", sequence_number(m.number));
    const Sent sent{m.id, m.number, now + deduplication_time};
    held.sent[key] = sent;
    held.sent_until.emplace_back(sent.until, key);
    journal_.put(deduplication_table, held.queue.arn + "\n" + key,
                 aws::to_json(Value::structure({{"id", sent.message_id},
                                                {"number", static_cast<std::int64_t>(sent.number)},
                                                {"until_ms", unix_ms(sent.until)}})));
  }
  count(held, "NumberOfMessagesSent", 1);
  count(held, "SentMessageSize", static_cast<double>(m.size_bytes()), "Bytes");
  held.backlog.put(std::move(m), now);
  touch(held);
  return answer;
}

aws::Outcome<> Sqs::send_message(const aws::Call& call) {
  auto found = find_queue(call);
  if (!found) return failure(found.error());
  auto sending = read_sending(call.input, (*found)->queue);
  if (!sending) return failure(sending.error());
  auto answer = put(**found, std::move(*sending), call.caller.user_id);
  flush();
  return answer;
}

aws::Outcome<> Sqs::send_message_batch(const aws::Call& call) {
  auto found = find_queue(call);
  if (!found) return failure(found.error());
  Held& held = **found;
  const auto& entries = call.input["Entries"];
  if (auto ok = check_entries(entries, "SendMessageBatchRequestEntry"); !ok)
    return failure(ok.error());
  std::size_t bytes = 0;
  for (const auto& entry : entries.items()) {
    // Of these two the whole batch is refused (fact sqs-45).
    if (held.queue.fifo() && entry["MessageGroupId"].string_or("").empty())
      return invalid_parameter("The request must contain the parameter MessageGroupId.");
    if (held.queue.fifo() && entry["MessageDeduplicationId"].string_or("").empty() &&
        !held.queue.is_true("ContentBasedDeduplication"))
      return invalid_parameter(
          "The queue should either have ContentBasedDeduplication enabled or "
          "MessageDeduplicationId provided explicitly");
    bytes += entry["MessageBody"].string_or("").size();
    for (const auto& [name, attribute] : entry["MessageAttributes"].members())
      bytes += name.size() + attribute["DataType"].string_or("").size() +
               attribute["StringValue"].string_or("").size() +
               attribute["BinaryValue"].string_or("").size();
  }
  if (bytes > largest_message_bytes)
    return aws::refuse(
        "BatchRequestTooLong",
        fmt::format("Batch requests cannot be longer than {} bytes. You have sent {} bytes.",
                    largest_message_bytes, bytes));
  Value done = Value::list(), failed = Value::list();
  for (const auto& entry : entries.items()) {
    auto sending = read_sending(entry, held.queue);
    if (!sending) {
      failed.push(failed_entry(entry["Id"], sending.error()));
      continue;
    }
    auto answer = put(held, std::move(*sending), call.caller.user_id);
    answer.set("Id", entry["Id"]);
    done.push(std::move(answer));
  }
  flush();
  Value out = Value::structure();
  // What is required of the shape is there where nothing failed, too.
  if (!done.items().empty() || failed.items().empty()) out.set("Successful", std::move(done));
  if (!failed.items().empty()) out.set("Failed", std::move(failed));
  return out;
}

aws::Outcome<> Sqs::in_batch(const aws::Call& call,
                             const std::function<aws::Outcome<Done>(Held&, const Value&)>& each) {
  auto found = find_queue(call);
  if (!found) return failure(found.error());
  const auto& entries = call.input["Entries"];
  if (auto ok = check_entries(entries, std::string{call.operation} + "RequestEntry"); !ok)
    return failure(ok.error());
  Value done = Value::list(), failed = Value::list();
  for (const auto& entry : entries.items()) {
    if (auto one = each(**found, entry); one)
      done.push(Value::structure({{"Id", entry["Id"]}}));
    else
      failed.push(failed_entry(entry["Id"], one.error()));
  }
  flush();
  Value out = Value::structure();
  if (!done.items().empty()) out.set("Successful", std::move(done));
  if (!failed.items().empty()) out.set("Failed", std::move(failed));
  return out;
}

aws::Outcome<std::string> Sqs::deliver(const aws::QueueLetter& letter,
                                       const std::string& sender_id) {
  auto* held = find(letter.queue_arn);
  if (!held) return no_such_queue();
  Value attributes = Value::structure();
  for (const auto& attribute : letter.attributes)
    attributes.set(
        attribute.name,
        Value::structure({{attribute.type.starts_with("Binary") ? "BinaryValue" : "StringValue",
                           attribute.value},
                          {"DataType", attribute.type}}));
  Value input = Value::structure({{"MessageBody", letter.body}, {"MessageAttributes", attributes}});
  if (!letter.group_id.empty()) input.set("MessageGroupId", letter.group_id);
  if (held->queue.fifo() && !letter.deduplication_id.empty())
    input.set("MessageDeduplicationId", letter.deduplication_id);
  auto sending = read_sending(input, held->queue);
  if (!sending) return failure(sending.error());
  sending->message.trace_header = letter.trace_header;
  sending->message.dead_letter_source = letter.dead_letter_source;
  use(*held);
  auto id = put(*held, std::move(*sending), sender_id)["MessageId"].string();
  flush();
  return id;
}

}  // namespace sitelatch::sqs
