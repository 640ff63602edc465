// SPDX-License-Identifier: Apache-2.0
#include "engine/service_pages.h"

#include <array>
#include <utility>

#include "base/prometheus.h"
#include "engine/web_origin.h"
#include "net/io/endpoint.h"

namespace sitelatch::engine {
namespace {

using aws::Value;

aws::HttpResponse json_page(int status, const Value& value) {
  aws::HttpResponse response;
  response.status = status;
  response.headers.add("Content-Type", "application/json");
  response.headers.add("Cache-Control", "no-store");
  response.body = aws::to_json(value) + "\n";
  return response;
}

// Through a proxy on this machine anybody may come.
bool forwarded(const aws::HttpRequest& request) {
  for (const auto* name : {"Forwarded", "X-Forwarded-For", "X-Real-IP", "Via"})
    if (request.headers.find(name)) return true;
  return false;
}

bool from_this_machine(const aws::HttpRequest& request) {
  constexpr std::string_view mapped = "::ffff:";  // IPv4, at a socket of both
  const auto peer =
      request.peer.starts_with(mapped) ? request.peer.substr(mapped.size()) : request.peer;
  return net::is_loopback(peer) && !forwarded(request);
}

Value services_of(const Health& health) {
  Value out = Value::structure({});
  for (const auto& service : health.services) out.set(service, "running");
  return out;
}

}  // namespace

std::optional<Page> page_at(std::string_view path) {
  constexpr std::array<std::pair<std::string_view, Page>, 4> pages = {
      {{"/_sitelatch/health", Page::health},
       {"/_localstack/health", Page::localstack_health},
       {"/_sitelatch/metrics", Page::metrics},
       {"/_sitelatch/reset", Page::reset}}};
  for (const auto& [at, page] : pages)
    if (at == path) return page;
  return std::nullopt;
}

std::optional<aws::HttpResponse> page_refusal(Page page, const aws::HttpRequest& request) {
  const bool acts = page == Page::reset;
  const auto& method = request.method;
  if (acts ? method != "POST" : method != "GET" && method != "HEAD") {
    auto response = refused_page(405, acts ? "a reset is a POST" : "this page is for GET");
    response.headers.add("Allow", acts ? "POST" : "GET, HEAD");
    return response;
  }
  if ((acts || page == Page::metrics) && !from_this_machine(request))
    return refused_page(403, acts ? "a reset is taken from this machine alone (127.0.0.1, ::1)"
                                  : "metrics are told to this machine alone (127.0.0.1, ::1); for "
                                    "others start the engine with --metrics ADDR:PORT");
  // Pages that the engine itself serves, those of function URLs, have its own origin.
  if (acts && from_browser(request))
    return refused_page(403,
                        "a reset is not taken from a browser: curl -X POST, or sitelatch reset");
  return std::nullopt;
}

aws::HttpResponse health_page(const Health& health) {
  return json_page(200, Value::structure({{"state", "running"},
                                          {"version", health.version},
                                          {"account", health.account},
                                          {"clock", health.manual_clock ? "manual" : "wall"},
                                          {"now", health.now},
                                          {"dns", health.dns},
                                          {"reset", health.reset_allowed ? "allowed" : "refused"},
                                          {"services", services_of(health)}}));
}

aws::HttpResponse localstack_health_page(const Health& health) {
  return json_page(200, Value::structure({{"services", services_of(health)},
                                          {"edition", "sitelatch"},
                                          {"version", health.version}}));
}

aws::HttpResponse metrics_page(std::string text) {
  aws::HttpResponse response;
  response.headers.add("Content-Type", std::string{prometheus::content_type});
  response.body = std::move(text);
  return response;
}

aws::HttpResponse refused_page(int status, std::string why) {
  return json_page(status, Value::structure({{"error", std::move(why)}}));
}

}  // namespace sitelatch::engine
