// SPDX-License-Identifier: Apache-2.0
#include "net/functions/runtime_api.h"

#include <doctest/doctest.h>

#include "net/functions/output.h"
#include "net/functions/sandbox.h"

namespace {
using namespace sitelatch::net;
using CallKind = RuntimeCall::Kind;
}  // namespace

TEST_CASE("requests arrive whole, in pieces and several at once") {
  const std::string bytes =
      "GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: x\r\n\r\n"
      "POST /2018-06-01/runtime/invocation/abc/response HTTP/1.1\r\nContent-LENGTH: 5\r\n\r\nhello"
      "POST /2018-06-01/runtime/invocation/abc/error HTTP/1.1\r\nTransfer-Encoding: "
      "chunked\r\nLambda-Runtime-Function-Error-Type: T\r\n\r\n"
      "3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nTrailer: v\r\n\r\n";
  for (std::size_t step : {std::size_t{1}, std::size_t{7}, bytes.size()}) {
    RuntimeRequestReader reader;
    std::vector<RuntimeRequest> requests;
    for (std::size_t at = 0; at < bytes.size(); at += step) {
      reader.feed(std::string_view(bytes).substr(at, step));
      while (auto request = reader.take()) requests.push_back(std::move(*request));
    }
    REQUIRE(requests.size() == 3);
    CHECK(recognise_runtime_call(requests[0]).kind == CallKind::next);
    CHECK(requests[1].body == "hello");
    CHECK(recognise_runtime_call(requests[1]).kind == CallKind::response);
    CHECK(recognise_runtime_call(requests[1]).request_id == "abc");
    CHECK(requests[2].body == "abcde");
    CHECK(requests[2].headers.at("lambda-runtime-function-error-type") == "T");
    CHECK(requests[2].headers.at("trailer") == "v");
    CHECK_FALSE(reader.broken());
  }
}

TEST_CASE("a client that expects 100 Continue is told once, and only when it waits") {
  RuntimeRequestReader reader;
  reader.feed(
      "POST /2018-06-01/runtime/invocation/a/response HTTP/1.1\r\nContent-Length: 2\r\nExpect: "
      "100-continue\r\n\r\n");
  CHECK_FALSE(reader.take());
  CHECK(reader.take_expectation());
  CHECK_FALSE(reader.take_expectation());
  reader.feed("ok");
  CHECK(reader.take()->body == "ok");
  reader.feed("POST /x HTTP/1.1\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\nok");
  CHECK(reader.take());
  CHECK_FALSE(reader.take_expectation());
}

TEST_CASE("hostile bytes break the connection and nothing else") {
  for (const char* bytes :
       {"\x16\x03\x01\n\n", "GET\r\n\r\n", "GET x HTTP/1.1\r\n\r\n", "GET / HTTP/2\r\n\r\n",
        "GET / HTTP/1.1\r\nno colon\r\n\r\n", "POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        "POST / HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n",
        "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
        "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n"}) {
    CAPTURE(bytes);
    RuntimeRequestReader reader;
    reader.feed(bytes);
    CHECK_FALSE(reader.take());
    CHECK(reader.broken());
  }
  RuntimeRequestReader endless;
  endless.feed("GET / HTTP/1.1\r\nA: " + std::string(300000, 'a'));
  CHECK_FALSE(endless.take());
  CHECK(endless.broken());
}

TEST_CASE("too large a body is counted, not kept") {
  RuntimeRequestReader reader;
  reader.feed("POST /x HTTP/1.1\r\nContent-Length: 7000000\r\n\r\n" + std::string(7000000, 'x') +
              "GET /y HTTP/1.0\r\n\r\n");
  const auto large = reader.take();
  REQUIRE(large);
  CHECK(large->too_large);
  CHECK(large->body.empty());
  const auto next = reader.take();
  REQUIRE(next);
  CHECK(next->path == "/y");
  CHECK_FALSE(next->keep_alive);
}

TEST_CASE("paths and methods of the Runtime API") {
  const auto kind = [](const char* method, const char* path) {
    RuntimeRequest request;
    request.method = method;
    request.path = path;
    return recognise_runtime_call(request).kind;
  };
  CHECK(kind("POST", "/2018-06-01/runtime/init/error") == CallKind::init_error);
  CHECK(kind("GET", "/2018-06-01/runtime/init/error") == CallKind::wrong_method);
  CHECK(kind("POST", "/2018-06-01/runtime/invocation/next") == CallKind::wrong_method);
  CHECK(kind("POST", "/2018-06-01/runtime/invocation//response") == CallKind::unknown_path);
  CHECK(kind("GET", "/2019-01-01/runtime/invocation/next") == CallKind::unknown_path);
  CHECK(kind("GET", "/") == CallKind::unknown_path);
}

TEST_CASE("output is cut into lines, marked ones are one event, and a flood is bounded") {
  FunctionOutput output("\x1emark:", 1000);
  output.feed("one\ntw");
  output.feed("o\n\n\x1emark:a\\nb\\\\c\nrest");
  CHECK(output.take() == std::vector<std::string>{"one", "two", "", "a\nb\\c", "rest"});
  CHECK(output.take_dropped() == 0);
  output.feed("after\n");
  CHECK(output.take() == std::vector<std::string>{"after"});
  output.feed(std::string(5000, 'x') + "\n" + std::string(5000, '\n'));
  const auto kept = output.take();
  CHECK(kept.size() < 30);
  CHECK(kept[0].size() == 1000);
  CHECK(output.take_dropped() >= 8900);
  output.feed("again\n");
  CHECK(output.take() == std::vector<std::string>{"again"});
}

TEST_CASE("the plan survives its way to the warden") {
  SandboxPlan plan;
  plan.uid = 1900000123;
  plan.own_user = false;
  plan.binds = {"/a", ""};
  plan.commands = {{"/var/task/bootstrap"}, {"/opt/bootstrap", "x"}};
  plan.environment = {"A=b\nc", "D="};
  const auto text = serialise(plan);
  const auto back = parse_sandbox_plan(text);
  REQUIRE(back);
  CHECK(serialise(*back) == text);
  CHECK(back->uid == plan.uid);
  CHECK(back->commands == plan.commands);
  for (std::size_t cut = 0; cut < text.size(); ++cut)
    CHECK_FALSE(parse_sandbox_plan(std::string_view(text).substr(0, cut)));
}
