// SPDX-License-Identifier: Apache-2.0
#include "function/aws_client.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <random>
#include <thread>

#include "aws/auth/endpoint_host.h"
#include "base/text.h"
#include "function/environment.h"
#include "function/signature.h"
#include "function/xml.h"
#include "guard/rules/json.h"

namespace sitelatch::function {
namespace {
constexpr std::size_t most_answer_bytes = 2'000'000;
constexpr auto longest_attempt = std::chrono::seconds{6};
constexpr int most_attempts = 6;

// As the SDKs have it: FIPS and dual stack by these two variables, where the partition has them.
std::string default_url(std::string_view service, std::string_view partition,
                        std::string_view region) {
  const auto& where = aws::partition_named(partition);
  const aws::EndpointVariant variant{
      variable("AWS_USE_FIPS_ENDPOINT") == "true",
      variable("AWS_USE_DUALSTACK_ENDPOINT") == "true" && !where.dual_stack_suffix.empty()};
  return "https://" + aws::endpoint_host(where, service, region, variant);
}

// The variable of the SDKs, by service id: AWS_ENDPOINT_URL_ROUTE_53.
const char* endpoint_variable(std::string_view service) {
  if (service == "route53") return "AWS_ENDPOINT_URL_ROUTE_53";
  if (service == "monitoring") return "AWS_ENDPOINT_URL_CLOUDWATCH";
  if (service == "sns") return "AWS_ENDPOINT_URL_SNS";
  return "AWS_ENDPOINT_URL_CLOUDWATCH_LOGS";
}

bool throttled(const CallError& error) {
  static constexpr std::array<std::string_view, 7> codes = {"Throttling",
                                                            "ThrottlingException",
                                                            "ThrottledException",
                                                            "Throttled",
                                                            "TooManyRequestsException",
                                                            "RequestLimitExceeded",
                                                            "PriorRequestNotComplete"};
  return error.status == 429 || std::find(codes.begin(), codes.end(), error.code) != codes.end();
}

CallError read_error(const aws::HttpResponse& response) {
  CallError error;
  error.status = response.status;
  if (const auto json = guard::Json::parse(response.body); json && json->is_object()) {
    const auto& type = (*json)["__type"].text();
    error.code = type.substr(type.find('#') == type.npos ? 0 : type.find('#') + 1);
    error.message = (*json).has("message") ? (*json)["message"].text() : (*json)["Message"].text();
  } else if (const auto xml = parse_xml(response.body)) {
    const auto* details = xml->anywhere("Error");
    const auto& from = details ? *details : *xml;
    error.code = from["Code"].text;
    error.message = from["Message"].text;
  }
  if (error.code.empty()) error.code = "HTTP " + std::to_string(response.status);
  return error;
}

std::chrono::milliseconds backoff(int attempt) {
  thread_local std::minstd_rand random{std::random_device{}()};
  const auto most = std::min(2000, 50 << attempt);
  return std::chrono::milliseconds{std::uniform_int_distribution<int>{most / 2, most}(random)};
}

std::string pool_key(const Endpoint& e) { return (e.tls ? "s" : "") + e.host_header(); }
}  // namespace

Result<Service> find_service(std::string_view name, std::string_view partition,
                             std::string_view region) {
  auto url = variable(endpoint_variable(name));
  if (url.empty()) url = variable("AWS_ENDPOINT_URL");
  const bool ignored = variable("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS") == "true";
  if (url.empty() || ignored) url = default_url(name, partition, region);
  auto endpoint = parse_endpoint(url);
  if (!endpoint) return failure(endpoint.error());
  return Service{std::string{name}, std::string{region}, std::move(*endpoint)};
}

std::string http_bytes(const aws::HttpRequest& request) {
  std::string bytes = request.method + " " + request.target + " HTTP/1.1\r\n";
  for (const auto& [name, value] : request.headers) bytes += name + ": " + value + "\r\n";
  if (!request.body.empty() || request.method != "GET")
    bytes += "Content-Length: " + std::to_string(request.body.size()) + "\r\n";
  return bytes + "\r\n" + request.body;
}

void AwsClient::connect_early(const Service& service, Deadline deadline) {
  auto connection = Connection::open(service.endpoint, deadline);
  if (connection) idle_[pool_key(service.endpoint)] = std::move(*connection);
}

AwsClient::Sent AwsClient::send_once(const Service& service, const aws::HttpRequest& request,
                                     Deadline deadline) {
  const auto key = pool_key(service.endpoint);
  const auto bytes = http_bytes(request);
  for (const bool kept : {true, false}) {
    std::unique_ptr<Connection> connection;
    if (kept) {
      connection = std::move(idle_[key]);
      idle_.erase(key);
      if (!connection || connection->closed_by_peer()) continue;
    } else {
      auto opened = Connection::open(service.endpoint, deadline);
      if (!opened) return {{}, opened.error()};
      connection = std::move(*opened);
    }
    const auto written = connection->write(bytes, deadline);
    if (!written) {
      if (kept) continue;
      return {{}, written.error()};
    }
    auto reading = read_response(*connection, most_answer_bytes, deadline);
    if (!reading) {
      // A kept connection may have ended just then, unheard: nobody has seen this request.
      if (kept && reading.error().nothing_came) continue;
      return {{}, {"no whole answer from " + service.endpoint.host_header()}};
    }
    if (reading->keep) idle_[key] = std::move(connection);
    return {std::move(reading->response), {}};
  }
  return {{}, {"no connection"}};
}

CallResult<Answer> AwsClient::call(const Service& service, aws::HttpRequest request,
                                   Deadline deadline) {
  request.headers.set("Host", service.endpoint.host_header());
  request.target = service.endpoint.path + request.target;
  CallError last{"", "no time left", 0};
  for (int attempt = 0; attempt < most_attempts; ++attempt) {
    const auto now = std::chrono::steady_clock::now();
    if (now >= deadline) break;
    auto signed_request = request;
    const auto signed_ok =
        sign_from_environment(signed_request, service.signing_name, service.region);
    if (!signed_ok) return failure(CallError{"", signed_ok.error().text, 0});
    auto sent = send_once(service, signed_request, std::min(deadline, now + longest_attempt));
    if (sent.fault.text.empty()) {
      if (sent.response.status / 100 == 2) {
        auto id = sent.response.headers.get("x-amzn-requestid");
        return Answer{std::move(sent.response.body), std::move(id)};
      }
      last = read_error(sent.response);
      if (last.status < 500 && !throttled(last)) return failure(last);
    } else {
      last = {"", sent.fault.text, 0};
    }
    const auto pause = backoff(attempt);
    if (std::chrono::steady_clock::now() + pause >= deadline) break;
    std::this_thread::sleep_for(pause);
  }
  return failure(last);
}

}  // namespace sitelatch::function
