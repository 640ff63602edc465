// SPDX-License-Identifier: Apache-2.0
// Subscriptions: the subscriptions of all topics, in memory, written through to the journal table
// sns.subscriptions (ARN -> JSON). They are found by ARN, by endpoint and by token. Whoever changes
// one saves a changed copy, and the indexes follow. What is pending or deactivated is forgotten
// token_life after its token was made (facts sns-10, sns-17), at the start if the engine was down
// then. Nobody is told: deliveries find out for themselves who is still there.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "ports/journal.h"
#include "ports/timers.h"
#include "services/sns/subscription.h"

namespace sitelatch::sns {

class Subscriptions {
 public:
  // Loads what the journal has. Throws ports::BadRow for a row that is not as save() writes it.
  Subscriptions(ports::Journal& journal, ports::Timers& timers);
  Subscriptions(const Subscriptions&) = delete;
  Subscriptions& operator=(const Subscriptions&) = delete;

  bool empty() const { return subscriptions_.empty(); }
  // In whatever state; nullptr: there is none. What is found stays where it is until it is
  // forgotten.
  const Subscription* find(const std::string& arn) const;
  const Subscription* find_by_token(const std::string& token) const;
  // The one that has the topic, protocol and endpoint of `like`: there is one at most.
  const Subscription* find_same(const Subscription& like) const;
  // Those whose ARNs begin with `prefix` (an ARN's beginning that ends in ':': a region's or a
  // topic's), in the order of ARNs, from the first behind `after` ("": from the beginning), until
  // the visitor answers false.
  void visit(const std::string& prefix, const std::string& after,
             const std::function<bool(const Subscription&)>& visitor) const;
  // All of a topic. The visitor must not change them.
  void visit_topic(const std::string& topic_arn,
                   const std::function<void(const Subscription&)>& visitor) const;

  // A new one, or in place of the one with its ARN. Gives it as it is kept.
  const Subscription& save(Subscription subscription);
  void forget(const std::string& arn);  // of none: nothing happens
  void forget_topic(const std::string& topic_arn);

 private:
  const Subscription& keep(Subscription subscription);
  void index(const Subscription& subscription);
  void remove_from_indexes(const Subscription& subscription);
  void watch_expiry();
  void forget_expired();

  ports::Journal& journal_;
  ports::Timers& timers_;
  std::map<std::string, Subscription> subscriptions_;   // by ARN, so a topic's stand together
  std::map<std::string, std::string> by_endpoint_;      // topic, protocol and endpoint -> ARN
  std::map<std::string, std::string> by_token_;         // token -> ARN
  std::set<std::pair<Instant, std::string>> expiring_;  // when, ARN: pending and deactivated ones
  ports::Timer expiry_;
};

}  // namespace sitelatch::sns
