// SPDX-License-Identifier: Apache-2.0
// SQS for the other services, and its metrics: more of bindings.h.
#pragma once

#include "aws/service/queues.h"
#include "engine/bindings.h"
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
