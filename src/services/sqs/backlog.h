// SPDX-License-Identifier: Apache-2.0
// Backlog: the messages of one queue, in which order they are offered, and when each may be
// received (facts sqs-50 to sqs-54).
//   put -> delayed -> visible -> in flight -> removed
//              '----------^  <---'  not deleted in time
// Standard queues offer the oldest first. Of a FIFO queue each message group is a queue of its own:
// what stands behind a message in flight waits for it. Written through to the journal tables
// sqs.messages (what never changes) and sqs.receives (what does), by ARN and number.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include "ports/journal.h"
#include "services/sqs/message.h"

namespace sitelatch::sqs {

inline constexpr std::string_view message_table = "sqs.messages";
inline constexpr std::string_view receive_table = "sqs.receives";
inline constexpr std::string_view deduplication_table = "sqs.deduplication";

// A row's key: the queue's ARN, a line feed, the number in twenty digits.
std::string row_key(const std::string& arn, std::uint64_t number);
// All keys of a queue: [first, second).
std::pair<std::string, std::string> rows_of(const std::string& arn);

class Backlog {
 public:
  using Number = std::uint64_t;
  Backlog(ports::Journal& journal, std::string arn, bool fifo)
      : journal_(journal), arn_(std::move(arn)), fifo_(fifo) {}

  // Time is an argument everywhere, and never goes back.
  void restore(Message message, Instant now);  // that the journal has
  void put(Message message, Instant now);
  const Message* find(Number number) const;
  // Changes what may change of a message (not_before, receipt, counts).
  void change(Number number, Instant now, const std::function<void(Message&)>& by);
  Message remove(Number number);
  void clear();
  // FIFO queues: the queue's delay holds for what is delayed already, too.
  void delay_from_sending(Duration delay, Instant now);

  // What has come of age by now is visible, what was sent before `keep_from` is gone. True: there
  // is something new to be received.
  bool settle(Instant now, Instant keep_from);
  // When settle has something to do next.
  std::optional<Instant> next_change(Duration retention) const;

  // Up to `most` that can be received now, in order; none of `but`.
  std::vector<Number> offer(std::size_t most, const std::unordered_set<Number>& but) const;

  std::size_t visible() const { return messages_.size() - waiting_.size(); }
  std::size_t in_flight() const { return in_flight_; }
  std::size_t delayed() const { return waiting_.size() - in_flight_; }
  std::size_t groups_in_flight() const;
  bool empty() const { return messages_.empty(); }
  bool is_in_flight(const Message& message) const;
  // The sending of the oldest that was received less than three times (fact sqs-81).
  std::optional<Instant> oldest() const;

 private:
  void index(const Message& message, Instant now);
  void unindex(const Message& message);
  void look_at_head(const std::string& group_id);
  bool is_waiting(const Message& m) const { return waiting_.contains({m.not_before, m.number}); }

  ports::Journal& journal_;
  std::string arn_;
  bool fifo_;
  std::map<Number, Message> messages_;
  std::set<std::pair<Instant, Number>> waiting_;  // until then, delayed or in flight
  std::set<std::pair<Instant, Number>> by_age_;
  std::size_t in_flight_ = 0;
  std::set<Number> ready_;  // standard: visible ones; FIFO: visible heads of their groups
  std::map<std::string, std::set<Number>> groups_;
  std::map<std::string, Number> heads_;  // of groups, as they stand in ready_
};

}  // namespace sitelatch::sqs
