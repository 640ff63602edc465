// SPDX-License-Identifier: Apache-2.0
// Topics: the topics of all regions, in memory, written through to the journal table sns.topics
// (ARN -> JSON). Whoever changes a topic saves a changed copy, so that memory never says what the
// journal does not. It judges nothing, and knows nothing of who is subscribed.
#pragma once

#include <functional>
#include <map>
#include <string>

#include "ports/journal.h"
#include "services/sns/topic.h"

namespace sitelatch::sns {

class Topics {
 public:
  // Loads what the journal has. Throws ports::BadRow for a row that is not as save() writes it.
  explicit Topics(ports::Journal& journal);
  Topics(const Topics&) = delete;
  Topics& operator=(const Topics&) = delete;

  // nullptr: no topic has this ARN. What is found stays where it is until it is erased.
  const Topic* find(const std::string& arn) const;
  // The topic of a subscription, which is there as long as the subscription is. Throws
  // std::out_of_range if it is not: a journal that somebody edited.
  const Topic& at(const std::string& arn) const { return topics_.at(arn); }
  // Those whose ARNs begin with `prefix` (topic_arn() of an empty name: a region's), in the order
  // of ARNs, from the first behind `after` ("": from the beginning), until the visitor answers
  // false.
  void visit(const std::string& prefix, const std::string& after,
             const std::function<bool(const Topic&)>& visitor) const;

  void save(Topic topic);  // a new one, or in place of the one with its ARN
  void erase(const std::string& arn);

 private:
  ports::Journal& journal_;
  std::map<std::string, Topic> topics_;  // by ARN, so a region's stand together
};

}  // namespace sitelatch::sns
