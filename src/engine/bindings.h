// SPDX-License-Identifier: Apache-2.0
// What one service needs of another, satisfied here: each class is one arrow between two services,
// and reading them tells what happens in a failover (ARCHITECTURE.md). Services are made after the
// bindings that they take, so a binding reaches its provider through Services, bound once all
// stand.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "aws/service/queues.h"
#include "base/late_bound.h"
#include "services/cloudwatch/alarm_actions.h"
#include "services/events/dependencies.h"
#include "services/lambda/dependencies.h"
#include "services/logs/dependencies.h"
#include "services/route53/health_metrics.h"
#include "services/route53/metric_data_stream.h"
#include "services/route53/query_logs.h"
#include "services/sns/dependencies.h"

namespace sitelatch::cloudwatch {
class CloudWatch;
}
namespace sitelatch::events {
class Events;
}
namespace sitelatch::iam {
class Identities;
struct Entity;
}  // namespace sitelatch::iam
namespace sitelatch::lambda {
class Lambda;
}
namespace sitelatch::logs {
class Logs;
}
namespace sitelatch::sns {
class Sns;
}
namespace sitelatch::sqs {
class Sqs;
}
namespace sitelatch::realism {
class Realism;
}

namespace sitelatch::engine {

class Tally;

// Who is there to be asked; bound before any timer or request runs.
struct Services {
  std::string account;
  LateBound<iam::Identities> identities;
  LateBound<cloudwatch::CloudWatch> cloudwatch;
  LateBound<logs::Logs> logs;
  LateBound<sns::Sns> sns;
  LateBound<lambda::Lambda> lambda;
  LateBound<events::Events> events;
  aws::Queues* queues = nullptr;              // of this account; set with the others
  const realism::Realism* realism = nullptr;  // whose service control policies bind roles, too
  Tally* tally = nullptr;                     // none: nobody counts
  LateBound<sqs::Sqs> sqs = {};
};

// May this role, acting as a service's session of it, do that? Identity policies, with the
// resource's own where it has one.
bool role_may(const Services& services, const std::string& role_arn, std::string_view action,
              const std::vector<std::string>& resources, const std::string& resource_policy = {});

// route53 -> cloudwatch: HealthCheckStatus and its kin, in us-east-1 only.
class HealthMetricsToCloudWatch final : public route53::HealthMetrics {
 public:
  explicit HealthMetricsToCloudWatch(const Services& services) : services_(services) {}
  void publish(std::string_view metric_name, std::string_view health_check_id, double value,
               std::string_view unit, Instant at) override;

 private:
  const Services& services_;
};

// route53 -> cloudwatch: what a CLOUDWATCH_METRIC health check takes of an alarm and reads of its
// metric (facts route53-90 and route53-91).
class MetricDataOfCloudWatch final : public route53::MetricDataStream {
 public:
  explicit MetricDataOfCloudWatch(const Services& services) : services_(services) {}
  Result<route53::AlarmConfiguration> alarm(std::string_view region,
                                            std::string_view name) const override;
  State evaluate(std::string_view region, const route53::AlarmConfiguration& settings,
                 Instant now) const override;

 private:
  const Services& services_;
};

// route53 -> logs: the groups that queries are logged to. `want` is told whether any are.
class QueryLogsInLogs final : public route53::QueryLogs {
 public:
  QueryLogsInLogs(const Services& services, std::function<void(bool)> want)
      : services_(services), want_(std::move(want)) {}
  bool has_group(std::string_view group_name) const override;
  void want_queries(bool any) override {
    if (want_) want_(any);
  }
  void write(const std::string& group_name, const std::string& stream_name, Instant at,
             std::vector<std::string> lines) override;

 private:
  const Services& services_;
  const std::function<void(bool)> want_;
};

// cloudwatch -> sns, lambda: what an alarm does; and -> events: what becomes of it.
class AlarmActionsToServices final : public cloudwatch::AlarmActions {
 public:
  explicit AlarmActionsToServices(const Services& services) : services_(services) {}
  Result<Done> execute(const cloudwatch::AlarmAction& action) override;
  void announce(const cloudwatch::AlarmEvent& event) override;

 private:
  const Services& services_;
};

// sns -> lambda: a notification becomes an asynchronous event.
class FunctionDeliveriesToLambda final : public sns::FunctionDeliveries {
 public:
  explicit FunctionDeliveriesToLambda(const Services& services) : services_(services) {}
  aws::DispatchOutcome dispatch(const std::string& function_arn, const std::string& payload,
                                const std::string& topic_arn) override;

 private:
  const Services& services_;
};

// events -> lambda, sns, sqs, logs: an event reaches its target.
class RuleTargets final : public events::Targets {
 public:
  explicit RuleTargets(const Services& services) : services_(services) {}
  aws::DispatchOutcome dispatch(const events::Delivery& delivery) override;

 private:
  aws::DispatchOutcome to_topic(const events::Delivery& delivery);
  aws::DispatchOutcome to_function(const events::Delivery& delivery);
  aws::DispatchOutcome to_queue(const events::Delivery& delivery);
  aws::DispatchOutcome to_log_group(const events::Delivery& delivery);

  const Services& services_;
};

// lambda -> iam: the execution role.
class ExecutionRoles final : public lambda::Roles {
 public:
  explicit ExecutionRoles(const Services& services) : services_(services) {}
  aws::Outcome<ports::Credentials> assume(const std::string& role_arn,
                                          const std::string& session_name,
                                          Duration duration) override;
  aws::Outcome<Done> assumable(const std::string& role_arn) override;

 private:
  const Services& services_;
};

// lambda -> logs, with the rights of the execution role.
class FunctionLogsToLogs final : public lambda::FunctionLogs {
 public:
  explicit FunctionLogsToLogs(const Services& services) : services_(services) {}
  void write(const std::string& region, const std::string& group, const std::string& stream,
             const std::vector<lambda::LogLine>& lines, const std::string& role_arn) override;

 private:
  const Services& services_;
};

// logs -> cloudwatch: what metric filters count.
class FilterMetricsToCloudWatch final : public logs::FilterMetrics {
 public:
  explicit FilterMetricsToCloudWatch(const Services& services) : services_(services) {}
  void add(const logs::FilterSample& sample) override;

 private:
  const Services& services_;
};

// logs -> lambda: batches of subscription filters.
class SubscribersToLambda final : public logs::Subscribers {
 public:
  explicit SubscribersToLambda(const Services& services) : services_(services) {}
  bool invocable(const std::string& function_arn, const std::string& group_arn) const override;
  aws::DispatchOutcome dispatch(const std::string& function_arn, const std::string& payload,
                                const std::string& group_arn) override;

 private:
  // "logs.eu-west-1.amazonaws.com" where the function's policy lets it in, else
  // "logs.amazonaws.com".
  std::string principal_of(const std::string& function_arn, const std::string& group_arn) const;
  const Services& services_;
};

// lambda -> sns, lambda: where the fate of an event is told, with the rights of the execution role.
class EventDestinations final : public lambda::Destinations {
 public:
  explicit EventDestinations(const Services& services) : services_(services) {}
  aws::Outcome<> send(const std::string& destination_arn, const std::string& record,
                      const std::string& role_arn, const std::string& function_arn) override;
  aws::Outcome<> send_dead_letter(const std::string& topic_arn, const lambda::DeadLetter& letter,
                                  const std::string& role_arn,
                                  const std::string& function_arn) override;
  bool permitted(const std::string& target_arn, const std::string& role_arn) override;

 private:
  aws::Outcome<> to_queue(aws::QueueLetter letter, const std::string& role_arn);

  const Services& services_;
};

// sns, lambda, events -> cloudwatch: their own metrics.
class TopicMetrics final : public sns::DeliveryMetrics {
 public:
  explicit TopicMetrics(const Services& services) : services_(services) {}
  void count(std::string_view region, std::string_view metric_name, std::string_view topic_name,
             double value, std::string_view unit, Instant at) override;

 private:
  const Services& services_;
};
class LambdaMetrics final : public lambda::FunctionMetrics {
 public:
  explicit LambdaMetrics(const Services& services) : services_(services) {}
  void count(const std::string& region, std::string_view metric_name,
             const std::string& function_name, double value, std::string_view unit,
             Instant at) override;

 private:
  const Services& services_;
};
class EventsMetrics final : public events::RuleMetrics {
 public:
  explicit EventsMetrics(const Services& services) : services_(services) {}
  void count(const events::MetricOf& of, std::string_view metric_name, double value,
             std::string_view unit, Instant at) override;

 private:
  const Services& services_;
};

}  // namespace sitelatch::engine
