// SPDX-License-Identifier: Apache-2.0
// The guide's function, unchanged, reaches the engine with whichever boto3 the machine has: old
// ones know no AWS_ENDPOINT_URL and are led by a rule set.
#include "net/functions/python_runtime.h"

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <sstream>

#include "net/functions/test_world.h"
#include "support/shared.h"

namespace {

using namespace sitelatch;
using namespace sitelatch::test;

// Answers every request with one text and keeps what it was asked.
class FakeEndpoint {
 public:
  explicit FakeEndpoint(std::string body)
      : body_(std::move(body)), listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    REQUIRE(::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) == 0);
    REQUIRE(::listen(listener_, 8) == 0);
    REQUIRE(::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) == 0);
    at.port = ntohs(address.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  ~FakeEndpoint() {
    ::shutdown(listener_, SHUT_RDWR);
    thread_.join();
    ::close(listener_);
  }
  std::vector<std::string> requests() {
    const std::lock_guard lock(mutex_);
    return requests_;
  }
  net::Endpoint at{"127.0.0.1", 0};

 private:
  void serve() {
    for (;;) {
      const int socket = ::accept(listener_, nullptr, nullptr);
      if (socket < 0) return;
      const timeval patience{2, 0};
      ::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
      std::string text;
      std::array<char, 4096> buffer;
      while (!whole(text)) {
        const auto size = ::recv(socket, buffer.data(), buffer.size(), 0);
        if (size <= 0) break;
        text.append(buffer.data(), static_cast<std::size_t>(size));
      }
      {
        const std::lock_guard lock(mutex_);
        requests_.push_back(text);
      }
      const auto answer = fmt::format(
          "HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: {}\r\nConnection: "
          "close\r\n\r\n{}",
          body_.size(), body_);
      ::send(socket, answer.data(), answer.size(), MSG_NOSIGNAL);
      ::close(socket);
    }
  }
  static bool whole(const std::string& text) {
    const auto head = text.find("\r\n\r\n");
    if (head == std::string::npos) return false;
    const auto length = lower(text).find("content-length: ");
    if (length == std::string::npos || length > head) return true;
    const auto digits = text.substr(length + 16, text.find('\r', length) - length - 16);
    return text.size() >= head + 4 + static_cast<std::size_t>(parse_int(digits).value_or(0));
  }
  std::string body_;
  int listener_;
  std::mutex mutex_;
  std::vector<std::string> requests_;
  std::thread thread_;
};

constexpr const char* updated =
    "<?xml version=\"1.0\"?><UpdateHealthCheckResponse "
    "xmlns=\"https://route53.amazonaws.com/doc/2013-04-01/\"><HealthCheck>"
    "<Id>abcdef11-2222-3333-4444-555555fedcba</Id><CallerReference>x</"
    "CallerReference><HealthCheckConfig><Type>HTTPS</Type>"
    "<ResourcePath>/lb-check-failed-over</ResourcePath></HealthCheckConfig><HealthCheckVersion>2</"
    "HealthCheckVersion></HealthCheck></UpdateHealthCheckResponse>";

// The guide's own source where the seeds are there; else one of ours that makes the same calls.
std::string guide_source() {
  std::ifstream in(shared_path("seeds/000_a6905a1fe884280f.txt"));
  std::string source;
  bool inside = false;
  for (std::string line; std::getline(in, line);) {
    if (contains(line, "cat << EOF > /tmp/lambda.py"))
      inside = true;
    else if (inside && trim(line) == "EOF")
      return source;
    else if (inside)
      source += (line.starts_with("    ") ? line.substr(4) : line) + "\n";
  }
  MESSAGE("the guide is not here: a function of our own stands in");
  return "import boto3\nimport json\n\ndef handler(event, context):\n    print(json.dumps(event, "
         "indent=4))\n"
         "    msg = json.loads(event['Records'][0]['Sns']['Message'])\n    id = "
         "msg['Trigger']['Dimensions'][0]['value']\n"
         "    response = boto3.client('route53').update_health_check(HealthCheckId=id, "
         "ResourcePath='/lb-check-failed-over')\n"
         "    print(json.dumps(response, indent=4, default=str))\n";
}

constexpr const char* notification =
    R"({"Records":[{"Sns":{"Message":"{\"Trigger\":{\"Dimensions\":[)"
    R"({\"value\":\"abcdef11-2222-3333-4444-555555fedcba\",\"name\":\"HealthCheckId\"}]}}"}}]})";

void run_guide(const std::string& search_path) {
  if (const auto python = net::find_python(11, search_path, ""); !python || !python->boto3) {
    MESSAGE("SKIPPED: no Python with boto3 in " << search_path);
    return;
  }
  FakeEndpoint endpoint(updated);
  World world([&](auto& options) {
    options.api = endpoint.at;
    options.search_path = search_path;
    options.home = "/nowhere";
  });
  auto spec = World::python(guide_source());
  spec.timeout_s = 30;
  const auto outcome = world.run(spec, notification);
  CAPTURE(shown(outcome));
  CHECK(outcome.kind == Kind::success);
  CHECK(outcome.payload == "null");
  REQUIRE(outcome.lines.size() > 10);
  CHECK(outcome.lines[0] == "{");
  CHECK(outcome.lines[1] == "    \"Records\": [");
  const auto requests = endpoint.requests();
  REQUIRE(requests.size() == 1);
  CHECK(requests[0].starts_with(
      "POST /2013-04-01/healthcheck/abcdef11-2222-3333-4444-555555fedcba HTTP/1.1\r\n"));
  CHECK(contains(requests[0], "<ResourcePath>/lb-check-failed-over</ResourcePath>"));
  CHECK(contains(requests[0], "/us-east-1/route53/aws4_request"));
  CHECK(contains(requests[0], "Credential=ASIAEXAMPLE/"));
  CHECK(contains(lower(requests[0]), "x-amz-security-token: token"));
}

}  // namespace

TEST_CASE("the guide's function with the system's Python") { run_guide("/usr/bin"); }

TEST_CASE("the guide's function with a Python of pyenv") {
  run_guide("/root/.pyenv/versions/3.11.7/bin");
}

TEST_CASE("all services of the engine are reached by old and new boto3") {
  for (const char* search_path : {"/usr/bin", "/root/.pyenv/versions/3.11.7/bin"}) {
    if (const auto python = net::find_python(11, search_path, ""); !python || !python->boto3) {
      MESSAGE("SKIPPED: no Python with boto3 in " << search_path);
      continue;
    }
    CAPTURE(search_path);
    FakeEndpoint endpoint("{}");
    World world([&](auto& options) {
      options.api = endpoint.at;
      options.search_path = search_path;
      options.home = "/nowhere";
    });
    auto spec = World::python(
        "import boto3\ncalls = "
        "[('iam','list_roles'),('sts','get_caller_identity'),('sns','list_topics'),('lambda','list_"
        "functions'),\n"
        "         "
        "('cloudwatch','describe_alarms'),('logs','describe_log_groups'),('events','list_rules'),('"
        "route53','list_hosted_zones')]\n"
        "def handler(event, context):\n    for service, call in calls:\n        try: "
        "getattr(boto3.client(service), call)()\n        except Exception as e: print(service, "
        "type(e).__name__)\n");
    spec.timeout_s = 60;
    spec.memory_mb = 512;
    const auto outcome = world.run(spec);
    CAPTURE(shown(outcome));
    REQUIRE(outcome.kind == Kind::success);
    std::string all;
    for (const auto& request : endpoint.requests()) all += request + "\n";
    for (const char* scope : {"/us-east-1/iam/", "/eu-west-1/sts/", "/eu-west-1/sns/",
                              "/eu-west-1/lambda/", "/eu-west-1/monitoring/", "/eu-west-1/logs/",
                              "/eu-west-1/events/", "/us-east-1/route53/"}) {
      CAPTURE(scope);
      CHECK(contains(all, scope));
    }
  }
}

TEST_CASE("which Python a runtime gets") {
  CHECK(net::python_minor("python3.11") == 11);
  CHECK(net::python_minor("python3.9") == 9);
  CHECK_FALSE(net::python_minor("python2.7"));
  CHECK_FALSE(net::python_minor("python3."));
  CHECK_FALSE(net::python_minor("python3.11x"));
  CHECK_FALSE(net::python_minor("provided.al2023"));
  // A directory of made-up Pythons: found by asking them, not by their names.
  const auto directory = fresh_directory();
  const auto fake = [&](const std::string& name, int minor, bool boto3) {
    const auto path = directory + "/" + name;
    std::ofstream(path) << fmt::format("#!/bin/sh\nprintf '3\\n{}\\n{}\\n{}\\n/usr\\n/usr\\n'\n",
                                       minor, boto3 ? 1 : 0, path);
    std::filesystem::permissions(path, std::filesystem::perms::owner_all);
  };
  fake("python3.95", 95, false);
  const auto only = net::find_python(95, directory, "/nowhere");
  REQUIRE(only);
  if (only->minor == 95) CHECK_FALSE(only->boto3);  // another with boto3 goes before
  fake("python3.95", 95, true);
  const auto exact = net::find_python(95, directory, "/nowhere");
  REQUIRE(exact);
  CHECK(exact->executable == directory + "/python3.95");
  fake("python3.95", 7, true);  // lies about its version
  CHECK(net::find_python(95, directory, "/nowhere")->minor != 95);
  std::filesystem::remove_all(directory);
}

TEST_CASE("Python's log as JSON: from a level on, with what an exception says") {
  World world;
  auto spec = World::python(
      "import logging\n"
      "log = logging.getLogger('mine')\n"
      "def handler(e, c):\n"
      "    log.info('quiet')\n"
      "    log.warning('two\\nlines %s', 'é', extra={'order': 7, 'odd': {1}})\n"
      "    try:\n"
      "        1 / 0\n"
      "    except ZeroDivisionError:\n"
      "        log.exception('caught')\n"
      "    print('printed')\n"
      "    raise KeyError('gone')\n");
  spec.json_log = true;
  spec.log_level = "WARN";
  const auto outcome = world.run(std::move(spec));
  INFO(shown(outcome));
  CHECK(outcome.kind == Kind::function_error);
  REQUIRE(outcome.lines.size() == 4);
  const auto warning = json(outcome.lines[0]);
  CHECK(warning.at("level").as_string() == "WARNING");
  CHECK(warning.at("message").as_string() == "two\nlines é");
  CHECK(warning.at("logger").as_string() == "mine");
  CHECK(warning.at("requestId").as_string() == world.last_request_id.c_str());
  CHECK(warning.at("order").as_int64() == 7);
  CHECK(warning.at("odd").as_string() == "{1}");
  CHECK(warning.at("timestamp").as_string().size() == 24);
  CHECK_FALSE(warning.contains("errorType"));
  const auto caught = json(outcome.lines[1]);
  CHECK(caught.at("errorType").as_string() == "ZeroDivisionError");
  CHECK(caught.at("errorMessage").as_string() == "division by zero");
  CHECK(contains(std::string(caught.at("location").as_string()), "lambda.py:handler:"));
  CHECK(caught.at("stackTrace").as_array().size() == 1);
  CHECK(outcome.lines[2] == "printed");
  const auto raised = json(outcome.lines[3]);
  CHECK(raised.at("level").as_string() == "ERROR");
  CHECK(raised.at("errorType").as_string() == "KeyError");
  CHECK(raised.at("requestId").as_string() == world.last_request_id.c_str());
}
