// SPDX-License-Identifier: Apache-2.0
// What Publish and PublishBatch are given, checked and taken apart (facts sns-70 ff). Pure.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "aws/wire/error.h"
#include "aws/wire/value.h"
#include "services/sns/notification.h"

namespace sitelatch::sns {

inline constexpr std::size_t largest_message_bytes = 262'144;  // attributes included

// A message as it was published, before it is cut to each subscription.
struct Publication {
  std::optional<std::string> subject;
  std::string message;                             // the default one
  std::map<std::string, std::string> by_protocol;  // of MessageStructure json
  MessageAttributes attributes;
  std::size_t size_bytes = 0;
  std::string group_id, deduplication_id;  // as given; empty: none
  std::string id, sequence_number;         // of FIFO topics, once they are known

  const std::string& text_for(const std::string& protocol) const;
};

// `input` is a PublishInput or a PublishBatchRequestEntry. The size is not judged here: in a batch
// it is the sum.
aws::Outcome<Publication> read_publication(const aws::Value& input);

// The entries of a batch as a whole: how many, and their Ids.
aws::Outcome<Done> check_batch(const aws::Value& entries);

}  // namespace sitelatch::sns
