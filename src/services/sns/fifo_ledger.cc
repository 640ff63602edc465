// SPDX-License-Identifier: Apache-2.0
#include "services/sns/fifo_ledger.h"

#include <fmt/format.h>

#include <algorithm>

#include "aws/wire/stored.h"
#include "base/text.h"
#include "ports/rows.h"

namespace sitelatch::sns {
namespace {
constexpr std::string_view sequence_table = "sns.sequences";
constexpr std::string_view deduplication_table = "sns.deduplication";
constexpr Duration memory = std::chrono::minutes{5};

std::string row_of(const std::string& topic_arn, const std::string& key) {
  return topic_arn + "\n" + key;
}
}  // namespace

FifoLedger::FifoLedger(ports::Journal& journal) : journal_(journal) {
  ports::take_rows(journal_, sequence_table, [this](std::string_view key, std::string_view text) {
    const auto last = parse_int(text);
    ports::expect_of_row(last && *last > 0, "no number");
    last_[ports::text_of_key(key)] = static_cast<std::uint64_t>(*last);
  });
  ports::take_rows(journal_, deduplication_table,
                   [this](std::string_view key, std::string_view text) {
                     const auto row = aws::stored_value(text);
                     auto& entry = entries_[ports::text_of_key(key)];
                     entry = {row["id"].string(), row["sequence"].string(),
                              from_unix_ms(row["until_ms"].integer())};
                     by_age_.emplace_back(entry.until, key);
                   });
  std::sort(by_age_.begin(), by_age_.end());
}

const FifoLedger::Entry* FifoLedger::find(const std::string& topic_arn, const std::string& key,
                                          Instant now) {
  forget_old(now);
  const auto found = entries_.find(row_of(topic_arn, key));
  return found == entries_.end() ? nullptr : &found->second;
}

std::string FifoLedger::take(const std::string& topic_arn, const std::string& key,
                             const std::string& message_id, Instant now) {
  const auto number = ++last_[topic_arn];
  journal_.put(sequence_table, topic_arn, std::to_string(number));
  Entry entry{message_id, fmt::format("1000{:016}", number), now + memory};
  const auto row = row_of(topic_arn, key);
  journal_.put(deduplication_table, row,
               aws::to_json(aws::Value::structure({{"id", entry.message_id},
                                                   {"sequence", entry.sequence_number},
                                                   {"until_ms", unix_ms(entry.until)}})));
  by_age_.emplace_back(entry.until, row);
  auto sequence = entry.sequence_number;
  entries_[row] = std::move(entry);
  return sequence;
}

void FifoLedger::forget_old(Instant now) {
  for (; !by_age_.empty() && by_age_.front().first <= now; by_age_.pop_front()) {
    const auto found = entries_.find(by_age_.front().second);
    if (found == entries_.end() || found->second.until > now) continue;
    journal_.erase(deduplication_table, found->first);
    entries_.erase(found);
  }
}

void FifoLedger::forget_topic(const std::string& topic_arn) {
  last_.erase(topic_arn);
  journal_.erase(sequence_table, topic_arn);
  const auto from = topic_arn + "\n", to = topic_arn + "\x0b";
  journal_.erase_range(deduplication_table, from, to);
  entries_.erase(entries_.lower_bound(from), entries_.lower_bound(to));
}

}  // namespace sitelatch::sns
