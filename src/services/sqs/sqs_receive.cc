// SPDX-License-Identifier: Apache-2.0
// Sqs: receiving, with waiting for what comes; deleting; visibility; the way to dead letters.
#include <fmt/format.h>

#include <algorithm>
#include <unordered_set>

#include "aws/auth/arn.h"
#include "base/text.h"
#include "services/sqs/refusals.h"
#include "services/sqs/sqs.h"

namespace sitelatch::sqs {
using aws::Value;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t most_in_flight = 120'000;
constexpr Duration longest_visibility = 12h;
constexpr std::string_view handle_start = "AQEB";  // as AWS's begin

constexpr std::array system_attributes = {"All",
                                          "SenderId",
                                          "SentTimestamp",
                                          "ApproximateReceiveCount",
                                          "ApproximateFirstReceiveTimestamp",
                                          "SequenceNumber",
                                          "MessageDeduplicationId",
                                          "MessageGroupId",
                                          "AWSTraceHeader",
                                          "DeadLetterQueueSourceArn"};

// What a receipt handle says: which message, and by which receive.
struct Handle {
  std::uint64_t number = 0;
  std::string receipt;
};

std::string handle_of(const std::string& arn, const Message& m) {
  return std::string{handle_start} + base64(fmt::format("{} {} {}", m.number, m.receipt, arn));
}

std::optional<Handle> read_handle(const std::string& arn, std::string_view text) {
  if (!text.starts_with(handle_start)) return std::nullopt;
  const auto plain = unbase64(text.substr(handle_start.size()));
  if (!plain) return std::nullopt;
  const auto parts = split(*plain, ' ');
  if (parts.size() != 3 || parts[2] != arn) return std::nullopt;
  const auto number = parse_int(parts[0]);
  if (!number || *number < 0) return std::nullopt;
  return Handle{static_cast<std::uint64_t>(*number), std::string{parts[1]}};
}

Failure<aws::Error> no_handle(const std::string& handle) {
  return aws::refuse(
      "ReceiptHandleIsInvalid",
      fmt::format("The input receipt handle \"{}\" is not a valid receipt handle.", handle));
}

aws::Outcome<std::int64_t> in_range(const Value& given, const char* name, std::int64_t least,
                                    std::int64_t most, std::int64_t otherwise) {
  const auto asked = given.integer_or(otherwise);
  if (asked < least || asked > most)
    return invalid_value(std::to_string(asked), name,
                         fmt::format("Must be >= {} and <= {}, if provided.", least, most));
  return asked;
}

}  // namespace

aws::Outcome<Sqs::Reception> Sqs::read_reception(const Value& input, const Queue& queue) const {
  Reception out;
  const auto most = input["MaxNumberOfMessages"].integer_or(1);
  if (most < 1 || most > 10)
    return invalid_value(std::to_string(most), "MaxNumberOfMessages",
                         "Must be between 1 and 10, if provided.");
  out.most = static_cast<std::size_t>(most);
  auto visibility = in_range(input["VisibilityTimeout"], "VisibilityTimeout", 0, 43'200,
                             queue.number("VisibilityTimeout"));
  if (!visibility) return failure(visibility.error());
  out.visibility = std::chrono::seconds{*visibility};
  for (const char* member : {"AttributeNames", "MessageSystemAttributeNames"})
    for (auto& name : input[member].strings()) {
      if (std::find(system_attributes.begin(), system_attributes.end(), name) ==
              system_attributes.end() &&
          !is_attribute(name))
        return unknown_attribute(name);
      out.system_attributes.push_back(std::move(name));
    }
  out.message_attributes = input["MessageAttributeNames"].strings();
  out.attempt_id = input["ReceiveRequestAttemptId"].string_or("");
  if (!out.attempt_id.empty() && !queue.fifo())
    return invalid_value(out.attempt_id, "ReceiveRequestAttemptId",
                         "The request include parameter that is not valid for this queue type.");
  if (out.attempt_id.size() > 128)
    return invalid_value(out.attempt_id, "ReceiveRequestAttemptId",
                         "ReceiveRequestAttemptId can only include alphanumeric and punctuation "
                         "characters. 1 to 128 in length.");
  return out;
}

void Sqs::receive_message(const aws::Call& call, const aws::Answer& answer) {
  auto found = find_queue(call);
  if (!found) return answer(failure(found.error()));
  Held& held = **found;
  auto reception = read_reception(call.input, held.queue);
  if (!reception) return answer(failure(reception.error()));
  auto wait_s = in_range(call.input["WaitTimeSeconds"], "WaitTimeSeconds", 0, 20,
                         held.queue.number("ReceiveMessageWaitTimeSeconds"));
  if (!wait_s) return answer(failure(wait_s.error()));
  if (!held.queue.fifo() && held.backlog.in_flight() >= most_in_flight && *wait_s == 0)
    return answer(aws::refuse("OverLimit", "Too many messages in flight."));

  auto messages = receive_now(held, *reception);
  if (messages.items().empty() && *wait_s > 0) {
    held.polls.push_back({std::move(*reception), answer, {}});
    const auto at = std::prev(held.polls.end());
    at->deadline.set(timers_, timers_.now() + std::chrono::seconds{*wait_s}, [this, &held, at] {
      const auto waiting = std::move(at->answer);
      held.polls.erase(at);
      count(held, "NumberOfEmptyReceives", 1);
      waiting(Value::structure());
    });
    return flush();
  }
  flush();
  if (messages.items().empty()) {
    count(held, "NumberOfEmptyReceives", 1);
    return answer(Value::structure());
  }
  answer(Value::structure({{"Messages", std::move(messages)}}));
}

// The messages as ReceiveMessage answers them; none: an empty list.
Value Sqs::receive_now(Held& held, const Reception& reception) {
  std::vector<std::uint64_t> numbers;
  if (reception.attempt_id.empty() || !take_again(held, reception, numbers))
    numbers = take(held, reception.most, reception.visibility);
  Value out = Value::list();
  for (const auto number : numbers) out.push(shown(held, *held.backlog.find(number), reception));
  if (numbers.empty()) return out;
  count(held, "NumberOfMessagesReceived", static_cast<double>(numbers.size()));
  if (!reception.attempt_id.empty()) {
    Attempt attempt{numbers, {}, timers_.now() + 5min};
    for (const auto number : numbers)
      attempt.receipts.push_back(held.backlog.find(number)->receipt);
    std::erase_if(held.attempts,
                  [&](const auto& each) { return each.second.until <= timers_.now(); });
    held.attempts[reception.attempt_id] = std::move(attempt);
  }
  touch(held);
  return out;
}

// A receive that is repeated gives the same messages under the same handles, as long as nothing was
// done about them in between (fact sqs-57).
bool Sqs::take_again(Held& held, const Reception& reception, std::vector<std::uint64_t>& numbers) {
  const auto attempt = held.attempts.find(reception.attempt_id);
  const auto now = timers_.now();
  if (attempt == held.attempts.end() || attempt->second.until <= now) return false;
  const auto& before = attempt->second;
  for (std::size_t i = 0; i < before.numbers.size(); ++i) {
    const auto* message = held.backlog.find(before.numbers[i]);
    if (!message || message->receipt != before.receipts[i] || !held.backlog.is_in_flight(*message))
      return false;
  }
  for (const auto number : before.numbers)
    held.backlog.change(number, now,
                        [&](Message& m) { m.not_before = now + reception.visibility; });
  numbers = before.numbers;
  return true;
}

std::vector<std::uint64_t> Sqs::take(Held& held, std::size_t most, Duration visibility) {
  const auto now = timers_.now();
  const auto redrive = held.queue.redrive();
  Held* grave = redrive ? find(redrive->target_arn) : nullptr;
  if (grave == &held) grave = nullptr;
  std::vector<std::uint64_t> taken;
  std::unordered_set<std::uint64_t> seen;
  while (taken.size() < most) {
    const auto offered = held.backlog.offer(most - taken.size(), seen);
    if (offered.empty()) break;
    for (const auto number : offered) {
      seen.insert(number);
      if (grave && held.backlog.find(number)->received_here >= redrive->max_receive_count) {
        bury(held, *grave, number);
        continue;
      }
      held.backlog.change(number, now, [&](Message& m) {
        m.receipt = ports::random_hex(entropy_, 16);
        ++m.receive_count;
        if (++m.received_here == 1 && m.first_received == Instant{}) m.first_received = now;
        m.last_received = now;
        m.not_before = now + visibility;
      });
      taken.push_back(number);
    }
    touch(held);
  }
  return taken;
}

// To the dead-letter queue, as the message that it is: in a standard queue its age goes on, in a
// FIFO queue it begins anew (fact sqs-61).
void Sqs::bury(Held& held, Held& grave, std::uint64_t number) {
  auto message = held.backlog.remove(number);
  const auto now = timers_.now();
  message.number = next_number();
  if (grave.queue.fifo()) message.sent = now;
  message.not_before = now;
  message.receipt.clear();
  message.received_here = 0;
  message.dead_letter_source = held.queue.arn;
  grave.backlog.put(std::move(message), now);
  use(grave);
  touch(grave);
  touch(held);
}

Value Sqs::shown(const Held& held, const Message& m, const Reception& reception) const {
  Value out = Value::structure({{"MessageId", m.id},
                                {"ReceiptHandle", handle_of(held.queue.arn, m)},
                                {"MD5OfBody", md5_of(m.body)},
                                {"Body", m.body}});
  Value system = Value::structure();
  const auto add = [&](const char* name, const std::string& value) {
    if (value.empty()) return;
    const auto& wanted = reception.system_attributes;
    if (std::any_of(wanted.begin(), wanted.end(),
                    [&](const std::string& each) { return each == "All" || each == name; }))
      system.set(name, value);
  };
  add("SenderId", m.sender_id);
  add("SentTimestamp", std::to_string(unix_ms(m.sent)));
  add("ApproximateReceiveCount", std::to_string(m.receive_count));
  add("ApproximateFirstReceiveTimestamp", std::to_string(unix_ms(m.first_received)));
  if (held.queue.fifo()) add("SequenceNumber", sequence_number(m.number));
  add("MessageDeduplicationId", m.deduplication_id);
  add("MessageGroupId", m.group_id);
  add("AWSTraceHeader", m.trace_header);
  add("DeadLetterQueueSourceArn", m.dead_letter_source);
  if (!system.members().empty()) out.set("Attributes", std::move(system));
  const auto chosen = chosen_attributes(m.attributes, reception.message_attributes);
  if (!chosen.empty()) {
    out.set("MD5OfMessageAttributes", md5_of_attributes(chosen));
    out.set("MessageAttributes", wire_attributes(chosen));
  }
  return out;
}

// By any handle of the message in a standard queue; in a FIFO queue by the last one, in time.
aws::Outcome<Done> Sqs::delete_one(Held& held, const std::string& text) {
  const auto handle = read_handle(held.queue.arn, text);
  if (!handle) return no_handle(text);
  const auto* message = held.backlog.find(handle->number);
  if (!message) return Done{};  // deleted already
  if (held.queue.fifo() &&
      (message->receipt != handle->receipt || !held.backlog.is_in_flight(*message)))
    return invalid_value(text, "ReceiptHandle", "The receipt handle has expired.");
  held.backlog.remove(handle->number);
  count(held, "NumberOfMessagesDeleted", 1);
  touch(held);
  return Done{};
}

aws::Outcome<> Sqs::delete_message(const aws::Call& call) {
  auto found = find_queue(call);
  if (!found) return failure(found.error());
  auto done = delete_one(**found, call.input["ReceiptHandle"].string());
  flush();
  if (!done) return failure(done.error());
  return Value{};
}

aws::Outcome<> Sqs::delete_message_batch(const aws::Call& call) {
  return in_batch(call, [this](Held& held, const Value& entry) {
    return delete_one(held, entry["ReceiptHandle"].string());
  });
}

aws::Outcome<Done> Sqs::change_visibility(Held& held, const std::string& text, const Value& to) {
  const auto seconds = in_range(to, "VisibilityTimeout", 0, 43'200, 0);
  if (!seconds) return failure(seconds.error());
  const auto handle = read_handle(held.queue.arn, text);
  if (!handle) return no_handle(text);
  const auto* message = held.backlog.find(handle->number);
  if (!message || message->receipt != handle->receipt || !held.backlog.is_in_flight(*message))
    return invalid_value(
        text, "ReceiptHandle",
        "Message does not exist or is not available for visibility timeout change.");
  const auto now = timers_.now();
  const auto until = now + std::chrono::seconds{*seconds};
  if (until > message->last_received + longest_visibility)
    return invalid_value(std::to_string(*seconds), "VisibilityTimeout",
                         "Total VisibilityTimeout for the message is beyond the limit [43200 "
                         "seconds]");
  held.backlog.change(handle->number, now, [&](Message& m) { m.not_before = until; });
  touch(held);
  return Done{};
}

aws::Outcome<> Sqs::change_message_visibility(const aws::Call& call) {
  auto found = find_queue(call);
  if (!found) return failure(found.error());
  auto done = change_visibility(**found, call.input["ReceiptHandle"].string(),
                                call.input["VisibilityTimeout"]);
  flush();
  if (!done) return failure(done.error());
  return Value{};
}

aws::Outcome<> Sqs::change_message_visibility_batch(const aws::Call& call) {
  return in_batch(call, [this](Held& held, const Value& entry) {
    return change_visibility(held, entry["ReceiptHandle"].string(), entry["VisibilityTimeout"]);
  });
}

}  // namespace sitelatch::sqs
