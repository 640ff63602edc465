// SPDX-License-Identifier: Apache-2.0
#include "client/curl_transport.h"

#include <doctest/doctest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <mutex>
#include <set>

#include "client/client.h"
#include "net/http/http_server.h"

namespace sitelatch::client {
namespace {

using namespace std::chrono_literals;

// A server that keeps what it was asked and answers as told.
struct Server {
  std::mutex mutex;
  std::vector<aws::HttpRequest> asked;
  std::function<void(const aws::HttpRequest&, net::HttpServer::Reply)> behave =
      [](const aws::HttpRequest& request, const net::HttpServer::Reply& reply) {
        reply({200,
               {{"X-Echo", request.headers.get("X-Said")}, {"x-amzn-RequestId", "r"}},
               request.body});
      };
  std::unique_ptr<net::HttpServer> server;

  Server() {
    auto listening = net::HttpServer::listen(
        {"127.0.0.1", 0}, {}, [this](aws::HttpRequest request, net::HttpServer::Reply reply) {
          const std::lock_guard lock(mutex);
          asked.push_back(request);
          behave(request, std::move(reply));
        });
    REQUIRE(listening);
    server = std::move(*listening);
  }
  std::string origin() const { return "http://" + net::to_string(server->endpoint()); }
  Exchange exchange(std::string method, std::string target, std::string body = {}) const {
    Exchange exchange;
    exchange.origin = origin();
    exchange.request.method = std::move(method);
    exchange.request.target = std::move(target);
    exchange.request.body = std::move(body);
    exchange.request.headers = {{"Host", origin().substr(7)}, {"X-Said", "yes"}};
    return exchange;
  }
};

// A port where nothing listens, or where something listens and never answers.
struct Socket {
  int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  Socket() {
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    REQUIRE(::bind(fd, reinterpret_cast<sockaddr*>(&address), length) == 0);
    ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length);
  }
  ~Socket() { ::close(fd); }
  std::string origin() const {
    return "http://127.0.0.1:" + std::to_string(ntohs(address.sin_port));
  }
};

Exchange to(std::string origin) {
  Exchange exchange;
  exchange.origin = std::move(origin);
  exchange.request.headers = {{"Host", "x"}};
  return exchange;
}

TEST_CASE("methods, bodies, targets and headers arrive as they were signed") {
  Server server;
  CurlTransport transport;
  const std::string binary("a\0b\xff", 4);
  for (const auto& exchange :
       {server.exchange("GET", "/a%3Ab//../c?x=%2F&y"), server.exchange("POST", "/", binary),
        server.exchange("POST", "/empty"), server.exchange("PUT", "/put", "{}"),
        server.exchange("PUT", "/put-empty"), server.exchange("DELETE", "/gone"),
        server.exchange("DELETE", "/gone", "why"), server.exchange("GET", "/again")}) {
    const auto response = transport.send(exchange);
    REQUIRE(response);
    CHECK(response->status == 200);
    CHECK(response->headers.get("x-echo") == "yes");
    CHECK(response->body == exchange.request.body);
    const auto& asked = server.asked.back();
    CHECK(asked.method == exchange.request.method);
    CHECK(asked.target == exchange.request.target);
    CHECK(asked.headers.get("Host") == exchange.request.headers.get("Host"));
    CHECK(asked.headers.find("Expect") == nullptr);
    CHECK(asked.headers.find("Content-Type") == nullptr);
  }
}

TEST_CASE(
    "a large body needs no 100-continue, an error's body is read, a redirect is not followed") {
  Server server;
  CurlTransport transport;
  const auto large = transport.send(server.exchange("POST", "/", std::string(3'000'000, 'x')));
  REQUIRE(large);
  CHECK(large->body.size() == 3'000'000);
  server.behave = [](const auto&, const auto& reply) {
    reply({302, {{"Location", "/other"}}, "moved"});
  };
  const auto moved = transport.send(server.exchange("GET", "/"));
  CHECK(moved->status == 302);
  CHECK(moved->body == "moved");
}

TEST_CASE("what stood in the way") {
  CurlTransport transport;
  const auto cause = [&](const Exchange& exchange) {
    const auto response = transport.send(exchange);
    REQUIRE_FALSE(response);
    CHECK_FALSE(response.error().text.empty());
    return response.error().cause;
  };
  Socket silent;
  CHECK(cause(to(silent.origin())) == Cause::refused);
  REQUIRE(::listen(silent.fd, 8) == 0);
  auto impatient = to(silent.origin());
  impatient.limits = {300ms, 300ms};
  CHECK(cause(impatient) == Cause::timeout);
  Server server;
  auto tls = to(server.origin());
  tls.origin.replace(0, 4, "https");
  CHECK(cause(tls) == Cause::tls);
  tls.ca_bundle = "/nonexistent.pem";
  CHECK(cause(tls) == Cause::tls);
  auto proxied = to("http://route53.amazonaws.com");
  Socket nobody;
  proxied.proxy = nobody.origin();
  CHECK(cause(proxied) == Cause::refused);
  CHECK(transport.send(server.exchange("GET", "/")));  // and the handle is as good as before
}

TEST_CASE("through a proxy, except for names that go without") {
  Server server;
  CurlTransport transport;
  auto exchange = server.exchange("GET", "/path?q");
  exchange.proxy = exchange.origin;
  exchange.origin = "http://service.example";
  exchange.request.headers.set("Host", "service.example");
  REQUIRE(transport.send(exchange));
  // The absolute form that a proxy is asked in, which the server takes apart.
  REQUIRE_FALSE(server.asked.empty());
  CHECK(server.asked.back().headers.get("Host") == "service.example");
  CHECK(server.asked.back().target == "/path?q");
  auto direct = server.exchange("GET", "/direct");
  Socket nobody;
  direct.proxy = nobody.origin();
  direct.no_proxy = "other.example,127.0.0.1";
  REQUIRE(transport.send(direct));
  CHECK(server.asked.back().target == "/direct");
}

// SITELATCH_CLIENT_TEST_ENDPOINT=http://127.0.0.1:5000 client_test: an engine, or another AWS
// emulator.
TEST_CASE("a tour of an endpoint from the environment" *
          doctest::skip(!std::getenv("SITELATCH_CLIENT_TEST_ENDPOINT"))) {
  Options options;
  options.region = "us-east-1";
  options.endpoint_url = std::getenv("SITELATCH_CLIENT_TEST_ENDPOINT");
  const auto aws = connect(options);
  const auto ask = [&](const char* service, const char* operation,
                       Value input = Value::structure()) {
    auto output = aws->call_all(service, operation, std::move(input));
    if (!output) MESSAGE(explain(output.error(), std::string{"do "} + service + ":" + operation));
    CHECK(output);
    return output ? *output : Value{};
  };
  CHECK(ask("sts", "GetCallerIdentity")["Account"].string().size() == 12);
  const auto created =
      ask("route53", "CreateHealthCheck",
          Value::structure(
              {{"CallerReference", std::to_string(std::rand()) + std::to_string(::getpid())},
               {"HealthCheckConfig", Value::structure({{"Type", "HTTP"},
                                                       {"IPAddress", "192.0.2.1"},
                                                       {"Port", 80},
                                                       {"ResourcePath", "/lb-check"}})}}));
  const auto id = created["HealthCheck"]["Id"].string_or("");
  CHECK(ask("route53", "GetHealthCheck",
            Value::structure(
                {{"HealthCheckId", id}}))["HealthCheck"]["HealthCheckConfig"]["ResourcePath"]
            .string_or("") == "/lb-check");
  const auto topic =
      ask("sns", "CreateTopic", Value::structure({{"Name", "client-tour"}}))["TopicArn"].string_or(
          "");
  ask("cloudwatch", "PutMetricAlarm",
      Value::structure({{"AlarmName", "client-tour"},
                        {"Namespace", "AWS/Route53"},
                        {"MetricName", "HealthCheckStatus"},
                        {"Dimensions", Value::list({Value::structure(
                                           {{"Name", "HealthCheckId"}, {"Value", id}})})},
                        {"Statistic", "Minimum"},
                        {"Period", 60},
                        {"EvaluationPeriods", 1},
                        {"Threshold", 1.0},
                        {"ComparisonOperator", "LessThanThreshold"},
                        {"AlarmActions", Value::list({topic})}}));
  const auto alarms = ask("cloudwatch", "DescribeAlarms",
                          Value::structure({{"AlarmNames", Value::list({"client-tour"})}}));
  REQUIRE(alarms["MetricAlarms"].items().size() == 1);
  CHECK(alarms["MetricAlarms"].items()[0]["AlarmActions"].strings() == std::vector{topic});
  ask("iam", "ListRoles");
  ask("lambda", "ListFunctions");
  ask("events", "ListRules");
  ask("logs", "DescribeLogGroups");
  const auto missing =
      aws->call("lambda", "GetFunction", Value::structure({{"FunctionName", "no-such-function"}}));
  REQUIRE_FALSE(missing);
  CHECK(is_absent(missing.error()));
  CHECK(is_absent(
      aws->call("iam", "GetRole", Value::structure({{"RoleName", "no-such-role"}})).error()));
  CHECK(is_absent(
      aws->call("route53", "GetHealthCheck",
                Value::structure({{"HealthCheckId", "00000000-0000-0000-0000-000000000000"}}))
          .error()));
  ask("cloudwatch", "DeleteAlarms",
      Value::structure({{"AlarmNames", Value::list({"client-tour"})}}));
  ask("sns", "DeleteTopic", Value::structure({{"TopicArn", topic}}));
  ask("route53", "DeleteHealthCheck", Value::structure({{"HealthCheckId", id}}));
}

}  // namespace
}  // namespace sitelatch::client
