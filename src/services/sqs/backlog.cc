// SPDX-License-Identifier: Apache-2.0
#include "services/sqs/backlog.h"

#include <fmt/format.h>

#include "base/check.h"

namespace sitelatch::sqs {

std::string row_key(const std::string& arn, std::uint64_t number) {
  return fmt::format("{}\n{:020}", arn, number);
}
std::pair<std::string, std::string> rows_of(const std::string& arn) {
  return {arn + "\n", arn + "\x0b"};
}

void Backlog::restore(Message message, Instant now) {
  const auto number = message.number;
  const auto [at, is_new] = messages_.emplace(number, std::move(message));
  if (is_new) index(at->second, now);
}

void Backlog::put(Message message, Instant now) {
  const auto key = row_key(arn_, message.number);
  journal_.put(message_table, key, aws::to_json(constant_part(message)));
  journal_.put(receive_table, key, aws::to_json(changing_part(message)));
  restore(std::move(message), now);
}

const Message* Backlog::find(Number number) const {
  const auto found = messages_.find(number);
  return found == messages_.end() ? nullptr : &found->second;
}

void Backlog::change(Number number, Instant now, const std::function<void(Message&)>& by) {
  const auto found = messages_.find(number);
  ENSURE(found != messages_.end(), "a message that is there");
  unindex(found->second);
  by(found->second);
  journal_.put(receive_table, row_key(arn_, number), aws::to_json(changing_part(found->second)));
  index(found->second, now);
}

Message Backlog::remove(Number number) {
  const auto found = messages_.find(number);
  ENSURE(found != messages_.end(), "a message that is there");
  unindex(found->second);
  auto message = std::move(found->second);
  messages_.erase(found);
  const auto key = row_key(arn_, number);
  journal_.erase(message_table, key);
  journal_.erase(receive_table, key);
  return message;
}

void Backlog::clear() {
  const auto [from, to] = rows_of(arn_);
  journal_.erase_range(message_table, from, to);
  journal_.erase_range(receive_table, from, to);
  messages_.clear();
  waiting_.clear();
  by_age_.clear();
  in_flight_ = 0;
  ready_.clear();
  groups_.clear();
  heads_.clear();
}

void Backlog::delay_from_sending(Duration delay, Instant now) {
  std::vector<Number> delayed;
  for (const auto& [until, number] : waiting_)
    if (messages_.at(number).received_here == 0) delayed.push_back(number);
  for (const auto number : delayed)
    change(number, now, [&](Message& m) { m.not_before = m.sent + delay; });
}

bool Backlog::settle(Instant now, Instant keep_from) {
  bool news = false;
  while (!waiting_.empty() && waiting_.begin()->first <= now) {
    const auto number = waiting_.begin()->second;
    const auto& message = messages_.at(number);
    unindex(message);
    index(message, now);
    news = true;
  }
  while (!by_age_.empty() && by_age_.begin()->first <= keep_from) {
    remove(by_age_.begin()->second);
    news = true;  // what stood behind it in its group may come now
  }
  return news;
}

std::optional<Instant> Backlog::next_change(Duration retention) const {
  std::optional<Instant> next;
  if (!waiting_.empty()) next = waiting_.begin()->first;
  if (!by_age_.empty()) {
    const auto end = by_age_.begin()->first + retention;
    if (!next || end < *next) next = end;
  }
  return next;
}

std::vector<Backlog::Number> Backlog::offer(std::size_t most,
                                            const std::unordered_set<Number>& but) const {
  std::vector<Number> out;
  for (const auto number : ready_) {
    if (out.size() == most) break;
    if (!fifo_) {
      if (!but.contains(number)) out.push_back(number);
      continue;
    }
    // As many of one group as there are, before any of the next.
    for (const auto member : groups_.at(messages_.at(number).group_id)) {
      if (out.size() == most || is_waiting(messages_.at(member))) break;
      if (!but.contains(member)) out.push_back(member);
    }
  }
  return out;
}

std::size_t Backlog::groups_in_flight() const {
  std::set<std::string_view> groups;
  for (const auto& [until, number] : waiting_) {
    const auto& message = messages_.at(number);
    if (message.received_here > 0) groups.insert(message.group_id);
  }
  return groups.size();
}

bool Backlog::is_in_flight(const Message& message) const {
  return message.received_here > 0 && is_waiting(message);
}

std::optional<Instant> Backlog::oldest() const {
  constexpr int poison = 3;
  for (const auto& [sent, number] : by_age_)
    if (messages_.at(number).receive_count < poison) return sent;
  return std::nullopt;
}

void Backlog::index(const Message& m, Instant now) {
  by_age_.emplace(m.sent, m.number);
  const bool waits = m.not_before > now;
  if (waits) {
    waiting_.emplace(m.not_before, m.number);
    if (m.received_here > 0) ++in_flight_;
  }
  if (fifo_) {
    groups_[m.group_id].insert(m.number);
    look_at_head(m.group_id);
  } else if (!waits) {
    ready_.insert(m.number);
  }
}

void Backlog::unindex(const Message& m) {
  by_age_.erase({m.sent, m.number});
  if (waiting_.erase({m.not_before, m.number}) > 0 && m.received_here > 0) --in_flight_;
  if (!fifo_) {
    ready_.erase(m.number);
    return;
  }
  const auto group = groups_.find(m.group_id);
  group->second.erase(m.number);
  look_at_head(m.group_id);
}

void Backlog::look_at_head(const std::string& group_id) {
  if (const auto head = heads_.find(group_id); head != heads_.end()) {
    ready_.erase(head->second);
    heads_.erase(head);
  }
  const auto group = groups_.find(group_id);
  if (group->second.empty()) {
    groups_.erase(group);
    return;
  }
  const auto number = *group->second.begin();
  if (is_waiting(messages_.at(number))) return;
  ready_.insert(number);
  heads_[group_id] = number;
}

}  // namespace sitelatch::sqs
