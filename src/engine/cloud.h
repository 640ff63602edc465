// SPDX-License-Identifier: Apache-2.0
// One AWS account: every service, wired to each other, behind one gateway, over whatever ports it
// is given. The engine runs it on the real world; tests and simulation on a virtual one. What
// happens in a failover, in one place:
//   Prober -> route53 -> HealthMetrics -> cloudwatch -> AlarmActions -> sns -> FunctionDeliveries
//     -> lambda -> FunctionHost
//   and back through the gateway: the function's signed UpdateHealthCheck;
//   or cloudwatch -> MetricDataStream -> route53: checks that rest on a metric.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/bindings.h"
#include "engine/gateway.h"
#include "engine/gateway_sessions.h"
#include "engine/queue_bindings.h"
#include "engine/realism/cut_off_prober.h"
#include "engine/realism/journal_history.h"
#include "engine/realism/late_prober.h"
#include "engine/realistic_ports.h"
#include "engine/replicas.h"
#include "engine/url_door.h"
#include "ports/courier.h"
#include "ports/entropy.h"
#include "ports/function_host.h"
#include "ports/journal.h"
#include "ports/name_watch.h"
#include "ports/prober.h"
#include "ports/timers.h"
#include "ports/wall_clock.h"
#include "services/cloudwatch/cloudwatch.h"
#include "services/events/events.h"
#include "services/iam/directory.h"
#include "services/iam/iam.h"
#include "services/iam/identities.h"
#include "services/lambda/lambda.h"
#include "services/logs/logs.h"
#include "services/route53/route53.h"
#include "services/sns/sns.h"
#include "services/sqs/sqs.h"
#include "services/sts/sts.h"

namespace sitelatch::engine {

class Cloud {
 public:
  struct Ports {
    ports::Journal& journal;
    ports::Timers& timers;
    ports::WallClock& wall;
    ports::Entropy& entropy;
    ports::Prober& prober;
    ports::FunctionHost& functions;
    ports::Courier& courier;
    sns::SigningKeyMaker& key_maker;
    route53::ViewSink& views;
    ports::NameWatch* names = nullptr;  // none: aliases to outside are not looked up
  };
  struct Options {
    std::string account = "000000000000";
    std::string endpoint = "http://127.0.0.1:4566";  // how clients reach the gateway
    bool accept_any_credentials = false;
    bool allow_link_local = false;
    std::size_t checkers = 1;   // of a health check (fact route53-94)
    bool strict_names = false;  // no zone of example.com (fact route53-136)
    std::shared_ptr<const route53::AskerTable> places = nullptr;  // none: nobody is anywhere
    Workers* workers = nullptr;           // for large bodies; none: all on the control thread
    realism::Realism* realism = nullptr;  // outlives this; none: nothing departs
    Tally* tally = nullptr;               // outlives this; none: nobody counts
    std::string signing_cert_url = {};    // as in sns::Envelope; empty: at the endpoint
    // The keys of issuers of web identity tokens: JWKS by URL without "https://" (fact sts-12).
    std::map<std::string, std::string, std::less<>> oidc_keys = {};
    // Told whether any zone's queries are logged, and so wanted by Route53::log_queries.
    std::function<void(bool)> want_queries = {};
  };
  // Loads everything from the journal. Nothing runs before the caller's loop does.
  Cloud(Ports ports, const Options& options);

  // One request to any of the services, or to a function's URL; the reply comes on the control
  // thread once what it rests on is durable.
  void serve(aws::HttpRequest request, Gateway::Reply reply, Gateway::Standing standing = {});

  route53::Route53& route53() { return route53_; }
  cloudwatch::CloudWatch& cloudwatch() { return cloudwatch_; }
  const Gateway& gateway() const { return gateway_; }
  const UrlDoor& url_door() const { return url_door_; }
  // What a replica of a while ago is asked.
  aws::Service& service(std::string_view model_name);
  const iam::Identities& identities() const { return identities_; }
  lambda::Roles& execution_roles() { return execution_roles_; }
  lambda::Destinations& event_destinations() { return event_destinations_; }
  const iam::RootKey& root_key() const { return identities_.root_key(); }

 private:
  bool serve_file(const aws::HttpRequest& request,
                  const std::function<void(aws::HttpResponse)>& reply);

  realism::JournalHistory history_;
  Replicas replicas_;
  const RealismNow realism_now_;
  realism::CutOffProber cut_off_prober_;
  realism::LateProber prober_;
  RealisticFunctionHost functions_;
  RealisticCourier courier_;

  Services services_;
  HealthMetricsToCloudWatch health_metrics_{services_};
  MetricDataOfCloudWatch metric_data_{services_};
  QueryLogsInLogs query_logs_;
  AlarmActionsToServices alarm_actions_{services_};
  FunctionDeliveriesToLambda function_deliveries_{services_};
  RuleTargets rule_targets_{services_};
  ExecutionRoles execution_roles_{services_};
  FunctionLogsToLogs function_logs_{services_};
  FilterMetricsToCloudWatch filter_metrics_{services_};
  SubscribersToLambda subscribers_{services_};
  EventDestinations event_destinations_{services_};
  TopicMetrics topic_metrics_{services_};
  LambdaMetrics lambda_metrics_{services_};
  QueuesOfMappings mapped_queues_{services_};
  PatternsOfMappings mapped_patterns_;
  EventsMetrics events_metrics_{services_};
  QueuesOfSqs queues_{services_};
  MetricsOfQueues metrics_of_queues_{services_};
  RealisticCloudWatch realistic_cloudwatch_{realism_now_};
  RealisticMetricData realistic_metric_data_{metric_data_, realism_now_};
  RealisticAlarmActions realistic_alarm_actions_{alarm_actions_, realism_now_};
  RealisticDeliveries realistic_deliveries_{function_deliveries_, realism_now_};
  RealisticTargets realistic_targets_{rule_targets_, realism_now_};
  RealisticRoles realistic_roles_{execution_roles_, realism_now_, replicas_};
  RealisticFunctionLogs realistic_function_logs_{function_logs_, realism_now_};
  RealisticQueues realistic_queues_{queues_, realism_now_};
  RealisticSubscribers realistic_subscribers_{subscribers_, realism_now_};
  RealisticDestinations realistic_destinations_{event_destinations_, realism_now_, replicas_};

  iam::Directory directory_;
  iam::Identities identities_;
  iam::Iam iam_;
  SessionsOfIam sessions_;
  sts::Sts sts_;
  cloudwatch::CloudWatch cloudwatch_;
  logs::Logs logs_;
  lambda::Lambda lambda_;
  sqs::Sqs sqs_;
  sns::Sns sns_;
  events::Events events_;
  route53::Route53 route53_;
  Gateway gateway_;
  UrlDoor url_door_;
};

}  // namespace sitelatch::engine
