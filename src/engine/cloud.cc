// SPDX-License-Identifier: Apache-2.0
#include "engine/cloud.h"

#include <initializer_list>

#include "base/check.h"

namespace sitelatch::engine {
namespace {

aws::HttpResponse file(std::string_view content_type, std::shared_ptr<const std::string> bytes) {
  aws::HttpResponse response;
  response.headers.add("Content-Type", std::string{content_type});
  response.file = std::move(bytes);
  return response;
}

std::function<Duration()> horizon_of(const realism::Realism* realism, const ports::Timers& timers) {
  return [realism, &timers] {
    return realism && !realism->idle() ? realism->horizon(timers.now()) : Duration{};
  };
}

std::function<Duration()> settling_of(realism::Realism* realism) {
  if (!realism) return {};
  return [realism] { return realism->settling(); };
}

}  // namespace

Cloud::Cloud(Ports ports, const Options& options)
    : history_(ports.journal, ports.timers, horizon_of(options.realism, ports.timers)),
      replicas_(history_, {ports.timers, ports.wall, ports.entropy}, options.account,
                options.endpoint),
      realism_now_(options.realism, ports.timers),
      cut_off_prober_(ports.prober, ports.timers, options.realism),
      prober_(cut_off_prober_, ports.timers, options.realism),
      functions_(ports.functions, realism_now_),
      courier_(ports.courier, realism_now_),
      services_{options.account, {}, {}, {}, {}, {}, {}, nullptr, options.realism, options.tally},
      query_logs_(services_, options.want_queries),
      directory_(history_, ports.timers, ports.entropy, options.account),
      identities_(directory_, history_, ports.wall, ports.entropy),
      iam_(identities_),
      sessions_(identities_, options.oidc_keys),
      sts_(sessions_, options.account),
      cloudwatch_(history_, ports.timers, ports.entropy, realistic_alarm_actions_, options.account,
                  options.realism ? &realistic_cloudwatch_ : nullptr),
      logs_({history_, ports.timers, ports.entropy, filter_metrics_, realistic_subscribers_},
            options.account),
      lambda_({history_, ports.timers, ports.wall, ports.entropy, functions_},
              {realistic_roles_, realistic_function_logs_, realistic_destinations_, lambda_metrics_,
               mapped_queues_, &mapped_patterns_},
              {.account = options.account, .settling = settling_of(options.realism)}),
      sqs_({history_, ports.timers, ports.entropy, metrics_of_queues_}, options.account),
      sns_({history_, ports.timers, ports.entropy, courier_, realistic_deliveries_,
            realistic_queues_, topic_metrics_, ports.key_maker},
           options.account, options.endpoint, options.signing_cert_url),
      events_({history_, ports.timers, ports.entropy, realistic_targets_, events_metrics_},
              options.account),
      route53_(history_, ports.timers, ports.entropy, prober_, health_metrics_,
               &realistic_metric_data_, ports.views,
               {.allow_link_local = options.allow_link_local,
                .checkers = options.checkers,
                .strict_names = options.strict_names,
                .query_logs = &query_logs_,
                .askers = options.places},
               ports.names),
      gateway_(ports.wall, ports.timers, ports.entropy, history_, identities_,
               {&iam_, &sts_, &cloudwatch_, &logs_, &lambda_, &sns_, &sqs_, &events_, &route53_},
               {options.account, options.accept_any_credentials, 80u << 20, options.workers,
                options.realism, &replicas_, options.tally}),
      url_door_(
          {ports.wall, ports.timers, ports.entropy, history_, options.realism, options.workers},
          lambda_.urls(), gateway_) {
  services_.queues = &queues_;
  services_.identities.bind(identities_);
  services_.cloudwatch.bind(cloudwatch_);
  services_.logs.bind(logs_);
  services_.sns.bind(sns_);
  services_.sqs.bind(sqs_);
  services_.lambda.bind(lambda_);
  services_.events.bind(events_);
  gateway_.add_hook([this](const aws::HttpRequest& request, const Gateway::Reply& reply) {
    return serve_file(request, reply);
  });
}

void Cloud::serve(aws::HttpRequest request, Gateway::Reply reply, Gateway::Standing standing) {
  if (auto place = UrlDoor::place_of(request))
    return url_door_.serve(std::move(request), std::move(*place), std::move(reply),
                           std::move(standing));
  gateway_.serve(std::move(request), std::move(reply), std::move(standing.vouch));
}

aws::Service& Cloud::service(std::string_view model_name) {
  for (aws::Service* each : std::initializer_list<aws::Service*>{
           &iam_, &sts_, &cloudwatch_, &logs_, &lambda_, &sns_, &sqs_, &events_, &route53_})
    if (each->model_name() == model_name) return *each;
  ENSURE(false, model_name);
}

// What AWS serves from other places: deployment packages (S3) and the certificate that signs
// notifications.
bool Cloud::serve_file(const aws::HttpRequest& request, const Gateway::Reply& reply) {
  if (request.method != "GET") return false;
  if (const auto zip = lambda_.code_at(request.path())) {
    reply(file("application/zip", zip));
    return true;
  }
  if (const auto certificate = sns_.certificate(request.path())) {
    reply(file("application/x-pem-file", std::make_shared<const std::string>(*certificate)));
    return true;
  }
  return false;
}

}  // namespace sitelatch::engine
