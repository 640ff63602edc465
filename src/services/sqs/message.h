// SPDX-License-Identifier: Apache-2.0
// A message as it was sent, and what has become of it since: the first never changes and is written
// once, the second with every receive. Message attributes, their checks and their MD5 (facts sqs-40
// to sqs-44). Pure.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "aws/wire/error.h"
#include "aws/wire/value.h"
#include "base/time.h"

namespace sitelatch::sqs {

inline constexpr std::size_t largest_message_bytes = 1'048'576;  // attributes included
inline constexpr std::size_t most_attributes = 10;

struct MessageAttribute {
  std::string type;   // "String", "Number", "Binary", each perhaps with ".label"
  std::string value;  // of Binary: the bytes
  bool is_binary() const { return type.starts_with("Binary"); }
  friend bool operator==(const MessageAttribute&, const MessageAttribute&) = default;
};
using MessageAttributes = std::map<std::string, MessageAttribute, std::less<>>;

struct Message {
  std::uint64_t number = 0;  // of all messages of the engine, in the order of their sending
  std::string id, body, sender_id;
  MessageAttributes attributes;
  std::string trace_header;                // AWSTraceHeader; empty: none
  std::string group_id, deduplication_id;  // empty: none
  std::string dead_letter_source;          // the ARN of the queue that gave it up; empty: none
  Instant sent{};

  // What changes.
  Instant not_before{};   // not to be received before
  std::string receipt;    // of the last receive; empty: never received
  int receive_count = 0;  // in all queues that it was in
  int received_here = 0;  // in this one
  Instant first_received{};
  Instant last_received{};

  std::size_t size_bytes() const;
};

aws::Value constant_part(const Message& message);
aws::Value changing_part(const Message& message);
Message message_from(const aws::Value& constant, const aws::Value& changing);

std::string md5_of(std::string_view bytes);                          // hexadecimal
std::string md5_of_attributes(const MessageAttributes& attributes);  // of none: ""
std::string sequence_number(std::uint64_t number);                   // twenty digits

// Attributes as they stand in a request, checked.
aws::Outcome<MessageAttributes> read_attributes(const aws::Value& given);
aws::Value wire_attributes(const MessageAttributes& attributes);
std::size_t size_of(const MessageAttributes& attributes);
// Of the system attributes only AWSTraceHeader can be sent.
aws::Outcome<std::string> read_trace_header(const aws::Value& given);

// Refuses characters that XML 1.0 does not have.
bool has_valid_characters(std::string_view text);

// "All", ".*", "prefix.*" and plain names.
MessageAttributes chosen_attributes(const MessageAttributes& attributes,
                                    const std::vector<std::string>& names);

}  // namespace sitelatch::sqs
