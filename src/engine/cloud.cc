// SPDX-License-Identifier: Apache-2.0
#include "engine/cloud.h"

namespace sitelatch::engine {
namespace {

aws::HttpResponse file(std::string_view content_type, std::shared_ptr<const std::string> bytes) {
  aws::HttpResponse response;
  response.headers.add("Content-Type", std::string{content_type});
  response.file = std::move(bytes);
  return response;
}

}  // namespace

Cloud::Cloud(Ports ports, const Options& options)
    : services_{options.account, {}, {}, {}, {}, {}},
      directory_(ports.journal, ports.timers, ports.entropy, options.account),
      identities_(directory_, ports.journal, ports.wall, ports.entropy),
      iam_(identities_),
      sessions_(identities_),
      sts_(sessions_, options.account),
      cloudwatch_(ports.journal, ports.timers, ports.entropy, alarm_actions_, options.account),
      logs_(ports.journal, ports.timers, options.account),
      lambda_({ports.journal, ports.timers, ports.wall, ports.entropy, ports.functions},
              {execution_roles_, function_logs_, event_destinations_, lambda_metrics_},
              {options.account}),
      sns_({ports.journal, ports.timers, ports.entropy, ports.courier, function_deliveries_,
            topic_metrics_, ports.key_maker},
           options.account, options.endpoint),
      events_({ports.journal, ports.timers, ports.entropy, rule_targets_, events_metrics_},
              options.account),
      route53_(ports.journal, ports.timers, ports.entropy, ports.prober, health_metrics_, nullptr,
               ports.views, {.allow_link_local = options.allow_link_local}),
      gateway_(ports.wall, ports.timers, ports.entropy, ports.journal, identities_,
               {&iam_, &sts_, &cloudwatch_, &logs_, &lambda_, &sns_, &events_, &route53_},
               {options.account, options.accept_any_credentials, 80u << 20, options.workers}) {
  services_.identities.bind(identities_);
  services_.cloudwatch.bind(cloudwatch_);
  services_.logs.bind(logs_);
  services_.sns.bind(sns_);
  services_.lambda.bind(lambda_);
  gateway_.add_hook([this](const aws::HttpRequest& request, const Gateway::Reply& reply) {
    return serve_file(request, reply);
  });
}

void Cloud::serve(aws::HttpRequest request, Gateway::Reply reply, Gateway::Vouch vouch) {
  gateway_.serve(std::move(request), std::move(reply), std::move(vouch));
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
