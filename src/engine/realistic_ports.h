// SPDX-License-Identifier: Apache-2.0
// The services' ports and bindings as realism has them: each stands before the real one, and passes
// everything on unless the service that acts is out in its region, is late, or knows only what was
// so a while ago. Here and in the gateway is all that realism does to an account.
#pragma once

#include <string>

#include "engine/past.h"
#include "engine/realism/realism.h"
#include "ports/courier.h"
#include "ports/function_host.h"
#include "ports/lifetime.h"
#include "ports/timers.h"
#include "services/cloudwatch/alarm_actions.h"
#include "services/cloudwatch/conditions.h"
#include "services/events/dependencies.h"
#include "services/lambda/dependencies.h"
#include "services/logs/dependencies.h"
#include "services/route53/metric_data_stream.h"
#include "services/sns/dependencies.h"

namespace sitelatch::engine {

// What they all ask. `realism` may be null: nothing departs.
class RealismNow {
 public:
  RealismNow(realism::Realism* realism, ports::Timers& timers)
      : realism_(realism), timers_(timers) {}
  bool out(std::string_view service, std::string_view region) const {
    return realism_ && !realism_->idle() && realism_->is_out(service, region, timers_.now());
  }
  realism::Realism* realism() const { return realism_; }
  ports::Timers& timers() const { return timers_; }

 private:
  realism::Realism* realism_;
  ports::Timers& timers_;
};

// Where a service is out: the sentence that others are told.
std::string out_of_order(std::string_view service, std::string_view region);
// The region that an ARN names; empty: none.
std::string region_of(std::string_view arn);

class RealisticCloudWatch final : public cloudwatch::Conditions {
 public:
  explicit RealisticCloudWatch(const RealismNow& now) : now_(now) {}
  Duration longest_lateness() const override;
  Duration lateness(const cloudwatch::MetricId& id, Instant minute) const override;
  bool evaluates_alarms(std::string_view region) const override {
    return !now_.out("cloudwatch", region);
  }

 private:
  const RealismNow& now_;
};

// Where CloudWatch is out nobody learns of its data: health checks on it do not have enough (fact
// realism-30).
class RealisticMetricData final : public route53::MetricDataStream {
 public:
  RealisticMetricData(const route53::MetricDataStream& real, const RealismNow& now)
      : real_(real), now_(now) {}
  Result<route53::AlarmConfiguration> alarm(std::string_view region,
                                            std::string_view name) const override;
  State evaluate(std::string_view region, const route53::AlarmConfiguration& settings,
                 Instant now) const override;

 private:
  const route53::MetricDataStream& real_;
  const RealismNow& now_;
};

// An alarm's action reaches nothing where the topic or the function lives in a region that is out.
class RealisticAlarmActions final : public cloudwatch::AlarmActions {
 public:
  RealisticAlarmActions(cloudwatch::AlarmActions& real, const RealismNow& now)
      : real_(real), now_(now) {}
  Result<Done> execute(const cloudwatch::AlarmAction& action) override;
  // Where EventBridge is out, it hands over later.
  void announce(const cloudwatch::AlarmEvent& event) override { real_.announce(event); }

 private:
  cloudwatch::AlarmActions& real_;
  const RealismNow& now_;
};

// SNS does not deliver from a region where it is out, nor to functions where Lambda is: both are
// retried by SNS's schedule.
class RealisticDeliveries final : public sns::FunctionDeliveries {
 public:
  RealisticDeliveries(sns::FunctionDeliveries& real, const RealismNow& now)
      : real_(real), now_(now) {}
  aws::DispatchOutcome dispatch(const std::string& function_arn, const std::string& payload,
                                const std::string& topic_arn) override;

 private:
  sns::FunctionDeliveries& real_;
  const RealismNow& now_;
};

// No message comes to a queue where SQS is out: retried by its sender's schedule.
class RealisticQueues final : public aws::Queues {
 public:
  RealisticQueues(aws::Queues& real, const RealismNow& now) : real_(real), now_(now) {}
  aws::DispatchOutcome send(const aws::QueueLetter& letter, const aws::QueueUser& sender) override;
  bool exists(const std::string& queue_arn) const override { return real_.exists(queue_arn); }
  bool permitted(const std::string& queue_arn, const std::string& action,
                 const aws::QueueUser& user) const override {
    return real_.permitted(queue_arn, action, user);
  }

 private:
  aws::Queues& real_;
  const RealismNow& now_;
};

class RealisticTargets final : public events::Targets {
 public:
  RealisticTargets(events::Targets& real, const RealismNow& now) : real_(real), now_(now) {}
  aws::DispatchOutcome dispatch(const events::Delivery& delivery) override;

 private:
  events::Targets& real_;
  const RealismNow& now_;
};

// Functions do not run where Lambda is out: an error of the host's, which is retried like one.
class RealisticFunctionHost final : public ports::FunctionHost {
 public:
  RealisticFunctionHost(ports::FunctionHost& real, const RealismNow& now)
      : real_(real), now_(now) {}
  void invoke(ports::FunctionSpec spec, ports::Invocation invocation,
              std::function<void(ports::InvocationOutcome)> done) override;
  void retire(const std::string& function_arn) override { real_.retire(function_arn); }

 private:
  ports::FunctionHost& real_;
  const RealismNow& now_;
  ports::Lifetime lifetime_;
};

// Posts and mails of topics: by the topic's ARN in what is sent.
class RealisticCourier final : public ports::Courier {
 public:
  RealisticCourier(ports::Courier& real, const RealismNow& now) : real_(real), now_(now) {}
  void post(ports::Post post, std::function<void(ports::Receipt)> done) override;
  void mail(ports::Mail mail, std::function<void(ports::Receipt)> done) override;

 private:
  bool refuse(std::string_view region, std::function<void(ports::Receipt)>& done);

  ports::Courier& real_;
  const RealismNow& now_;
  ports::Lifetime lifetime_;
};

// Lines of functions are lost where Logs is out.
class RealisticFunctionLogs final : public lambda::FunctionLogs {
 public:
  RealisticFunctionLogs(lambda::FunctionLogs& real, const RealismNow& now)
      : real_(real), now_(now) {}
  void write(const std::string& region, const std::string& group, const std::string& stream,
             const std::vector<lambda::LogLine>& lines, const std::string& role_arn) override;

 private:
  lambda::FunctionLogs& real_;
  const RealismNow& now_;
};

// Logs sends nothing from a region where it is out, nor to functions where Lambda is: both are
// retried by the subscription's schedule.
class RealisticSubscribers final : public logs::Subscribers {
 public:
  RealisticSubscribers(logs::Subscribers& real, const RealismNow& now) : real_(real), now_(now) {}
  bool invocable(const std::string& function_arn, const std::string& group_arn) const override {
    return real_.invocable(function_arn, group_arn);
  }
  aws::DispatchOutcome dispatch(const std::string& function_arn, const std::string& payload,
                                const std::string& group_arn) override;

 private:
  logs::Subscribers& real_;
  const RealismNow& now_;
};

// Lambda checks a role, when a function or a destination is configured, by what it has heard of IAM
// (fact realism-21). Roles in use are assumed by what is so.
class RealisticRoles final : public lambda::Roles {
 public:
  RealisticRoles(lambda::Roles& real, const RealismNow& now, Past& past)
      : real_(real), now_(now), past_(past) {}
  aws::Outcome<ports::Credentials> assume(const std::string& role_arn,
                                          const std::string& session_name,
                                          Duration duration) override {
    return real_.assume(role_arn, session_name, duration);
  }
  aws::Outcome<Done> assumable(const std::string& role_arn) override;

 private:
  lambda::Roles& real_;
  const RealismNow& now_;
  Past& past_;
};

class RealisticDestinations final : public lambda::Destinations {
 public:
  RealisticDestinations(lambda::Destinations& real, const RealismNow& now, Past& past)
      : real_(real), now_(now), past_(past) {}
  aws::Outcome<> send(const std::string& destination_arn, const std::string& record,
                      const std::string& role_arn, const std::string& function_arn) override;
  aws::Outcome<> send_dead_letter(const std::string& topic_arn, const lambda::DeadLetter& letter,
                                  const std::string& role_arn,
                                  const std::string& function_arn) override;
  bool permitted(const std::string& topic_arn, const std::string& role_arn) override;

 private:
  aws::Outcome<Done> reachable(const std::string& arn) const;

  lambda::Destinations& real_;
  const RealismNow& now_;
  Past& past_;
};

}  // namespace sitelatch::engine
