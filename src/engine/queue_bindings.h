// SPDX-License-Identifier: Apache-2.0
// SQS for the other services, and its metrics: more of bindings.h.
#pragma once

#include "aws/service/queues.h"
#include "engine/bindings.h"
#include "services/lambda/dependencies.h"
#include "services/sqs/dependencies.h"

namespace sitelatch::engine {

// sns, lambda, events -> sqs: a message to a queue, by the queue's policy where a service acts for
// itself, by a role's rights where it acts with one.
class QueuesOfSqs final : public aws::Queues {
 public:
  explicit QueuesOfSqs(const Services& services) : services_(services) {}
  aws::DispatchOutcome send(const aws::QueueLetter& letter, const aws::QueueUser& sender) override;
  bool exists(const std::string& queue_arn) const override;
  bool permitted(const std::string& queue_arn, const std::string& action,
                 const aws::QueueUser& user) const override;

 private:
  const Services& services_;
};

// lambda -> sqs: what event source mappings poll.
class QueuesOfMappings final : public lambda::MessageQueues {
 public:
  explicit QueuesOfMappings(const Services& services) : services_(services) {}
  std::optional<std::int64_t> visibility_timeout_s(const std::string& queue_arn) const override;
  bool permitted(const std::string& queue_arn, const std::string& action,
                 const std::string& role_arn) const override;
  aws::Outcome<std::vector<aws::Value>> receive(const std::string& queue_arn,
                                                std::size_t most) override;
  void remove(const std::string& queue_arn, const std::string& receipt_handle) override;
  void when_available(const std::string& queue_arn, std::function<void()> callback) override;

 private:
  const Services& services_;
};

// lambda -> events: the patterns that event source mappings filter by.
class PatternsOfMappings final : public lambda::EventPatterns {
 public:
  bool valid(const std::string& pattern) const override;
  bool matches(const std::string& pattern, const aws::Value& event) const override;
};

// sqs -> cloudwatch
class MetricsOfQueues final : public sqs::QueueMetrics {
 public:
  explicit MetricsOfQueues(const Services& services) : services_(services) {}
  void count(std::string_view region, std::string_view metric_name, std::string_view queue_name,
             double value, std::string_view unit, Instant at) override;

 private:
  const Services& services_;
};

}  // namespace sitelatch::engine
