// SPDX-License-Identifier: Apache-2.0
// FifoLedger: what FIFO topics remember: the number of their last message, and for five minutes
// which deduplication ids they have taken (fact sns-93). Journal tables sns.sequences (ARN) and
// sns.deduplication (ARN, line feed, key).
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <string>

#include "base/time.h"
#include "ports/journal.h"

namespace sitelatch::sns {

class FifoLedger {
 public:
  struct Entry {
    std::string message_id, sequence_number;
    Instant until{};
  };

  explicit FifoLedger(ports::Journal& journal);  // throws ports::BadRow
  FifoLedger(const FifoLedger&) = delete;
  FifoLedger& operator=(const FifoLedger&) = delete;

  // What the topic has taken under this key in the last five minutes; nullptr: nothing.
  const Entry* find(const std::string& topic_arn, const std::string& key, Instant now);
  // The message's number, of twenty digits.
  std::string take(const std::string& topic_arn, const std::string& key,
                   const std::string& message_id, Instant now);
  void forget_topic(const std::string& topic_arn);

 private:
  void forget_old(Instant now);

  ports::Journal& journal_;
  std::map<std::string, std::uint64_t> last_;  // by ARN
  std::map<std::string, Entry> entries_;       // by row key
  std::deque<std::pair<Instant, std::string>> by_age_;
};

}  // namespace sitelatch::sns
