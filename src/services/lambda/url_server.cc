// SPDX-License-Identifier: Apache-2.0
#include "services/lambda/url_server.h"

#include "services/lambda/url_answer.h"
#include "services/lambda/verdict.h"

namespace sitelatch::lambda {

static_assert(UrlServer::largest_body == sync_payload_limit);

std::optional<UrlServer::Target> UrlServer::find(const UrlPlace& place) const {
  const auto target = functions_.with_url(place.id);
  if (target && !place.region.empty() && place.region != target->function->region)
    return std::nullopt;
  return target;
}

// Since October 2025 both (fact lambda-49).
std::vector<aws::Permission> UrlServer::questions(const Target& target) {
  const auto& function = *target.function;
  const auto policy = function.policies.find(target.qualifier);
  aws::Permission url{"lambda:InvokeFunctionUrl", {function.arn(target.qualifier)}, {}, ""};
  if (target.qualifier.empty()) url.denied_as = {function.arn(latest_version)};
  if (policy != function.policies.end() && !policy->second.empty())
    url.resource_policy = policy->second.document();
  aws::add_resource_tags(function.tags, url.keys);
  auto run = url;
  run.action = "lambda:InvokeFunction";
  url.keys.set("lambda:FunctionUrlAuthType", std::string{auth_type(*target.url)});
  url.keys.set("lambda:FunctionArn", function.arn(target.qualifier));
  run.keys.set("lambda:InvokedViaFunctionUrl", "true");
  return {std::move(url), std::move(run)};
}

void UrlServer::invoke(const Target& target, const UrlCall& call,
                       std::function<void(aws::HttpResponse)> answer) {
  const auto& function = *target.function;
  const auto* version = invoker_.runnable_version(function, target.qualifier);
  if (!version) return answer(url_forbidden());  // an alias that is gone takes its URL with it
  if (function.latest.state == Version::State::pending)
    return answer(url_refusal(409, "ResourceConflictException",
                              "The function is currently in the following state: Pending"));
  if (!invoker_.has_room_for(function)) {
    invoker_.count(function.region, function.name, "Throttles");
    return answer(url_throttled(function.reserved_concurrency.has_value()));
  }
  auto event = url_event(call, function.account, function.region);
  if (event.size() > sync_payload_limit) return answer(url_too_large());
  invoker_.start(function, target.qualifier, *version, {call.request_id, std::move(event), ""},
                 [answer = std::move(answer)](const aws::Outcome<Execution>& outcome) {
                   answer(url_answer(outcome));
                 });
}

void UrlServer::count(const Served& served) const {
  const auto note = [&](std::string_view metric_name, double value, std::string_view unit) {
    invoker_.count(served.region, served.function_name, metric_name, value, unit);
  };
  note("UrlRequestCount", 1, "Count");
  note("Url4xxCount", served.status / 100 == 4 ? 1 : 0, "Count");
  note("Url5xxCount", served.status / 100 == 5 ? 1 : 0, "Count");
  note("UrlRequestLatency", std::chrono::duration<double, std::milli>(served.latency).count(),
       "Milliseconds");
}

}  // namespace sitelatch::lambda
