// SPDX-License-Identifier: Apache-2.0
// A function host of its own for a test, and short ways to write functions. The host executes its
// own binary anew; in tests that is the test program (function_host_test.cc sees to it).
#pragma once

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <stdlib.h>

#include <boost/json.hpp>
#include <condition_variable>
#include <deque>
#include <filesystem>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "base/text.h"
#include "net/functions/function_host.h"
#include "net/functions/test_zip.h"

namespace sitelatch::test {

using namespace std::chrono_literals;
using net::ProcessFunctionHost;
using ports::InvocationOutcome;
using Kind = InvocationOutcome::Kind;

// Under the thread sanitizer the host does the same, some ten times as slowly; on a processor that
// is emulated (scripts/cgroups) too.
#ifdef __SANITIZE_THREAD__
inline const int slowness = 10;
#else
inline const int slowness = ::getenv("SITELATCH_SLOW_MACHINE") != nullptr ? 10 : 1;
#endif

class ControlThread {
 public:
  void post(std::function<void()> task) {
    const std::lock_guard lock(mutex_);
    tasks_.push_back(std::move(task));
    more_.notify_one();
  }
  template <class Condition>
  bool run_until(Condition condition, std::chrono::seconds patience = 30s * slowness) {
    const auto deadline = std::chrono::steady_clock::now() + patience;
    while (!condition()) {
      std::unique_lock lock(mutex_);
      if (!more_.wait_until(lock, deadline, [this] { return !tasks_.empty(); })) return false;
      auto task = std::move(tasks_.front());
      tasks_.pop_front();
      lock.unlock();
      task();
    }
    return true;
  }

 private:
  std::mutex mutex_;
  std::condition_variable more_;
  std::deque<std::function<void()>> tasks_;
};

inline std::string fresh_directory() {
  std::string name = "/tmp/function-host-test-XXXXXX";
  REQUIRE(::mkdtemp(name.data()) != nullptr);
  return name;
}

struct World {
  explicit World(std::function<void(ProcessFunctionHost::Options&)> adjust = {}) {
    ProcessFunctionHost::Options options;
    options.work_dir = directory + "/work";
    if (adjust) adjust(options);
    host.emplace(options, [this](std::function<void()> task) { control.post(std::move(task)); });
  }
  ~World() {
    host.reset();
    std::filesystem::remove_all(directory);
  }

  static ports::FunctionSpec function(std::string runtime, std::string zip) {
    ports::FunctionSpec spec;
    spec.code_sha256 = base64(std::to_string(std::hash<std::string>{}(zip)));
    spec.environment_key = "key-" + spec.code_sha256;
    spec.function_arn = "arn:aws:lambda:eu-west-1:000000000000:function:f";
    spec.function_name = "f";
    spec.account = "000000000000";
    spec.region = "eu-west-1";
    spec.runtime = std::move(runtime);
    spec.handler = "lambda.handler";
    spec.zip = std::make_shared<const std::string>(std::move(zip));
    spec.timeout_s = static_cast<std::uint32_t>(10 * slowness);
    spec.log_group = "/aws/lambda/f";
    return spec;
  }
  static ports::FunctionSpec python(const std::string& source, std::string runtime = "python3.11") {
    return function(std::move(runtime), make_zip({{"lambda.py", source, 0644}}));
  }
  static ports::FunctionSpec program(const std::string& source) {
    return function("provided.al2023", make_zip({{"bootstrap", source, 0755}}));
  }
  // A bootstrap that answers each event with what `body` prints.
  static ports::FunctionSpec bash(const std::string& body) {
    return program(
        "#!/bin/bash\nAPI=http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime\n"
        "while true; do\n  H=$(mktemp)\n  EVENT=$(curl -sS -LD \"$H\" $API/invocation/next)\n"
        "  ID=$(grep -Fi Lambda-Runtime-Aws-Request-Id \"$H\" | tr -d '[:space:]' | cut -d: -f2)\n "
        " ANSWER=$(" +
        body +
        "\n)\n  curl -sS -X POST $API/invocation/$ID/response -d \"$ANSWER\" >/dev/null\ndone\n");
  }
  // The same in Python without any library: `answer(event)` gives text.
  static ports::FunctionSpec raw(const std::string& source) {
    return program("#!/usr/bin/python3\nimport os, http.client\n" + source +
                   "\nc = http.client.HTTPConnection(os.environ['AWS_LAMBDA_RUNTIME_API'])\n"
                   "while True:\n    c.request('GET', '/2018-06-01/runtime/invocation/next'); r = "
                   "c.getresponse(); e = r.read().decode()\n"
                   "    i = r.headers['Lambda-Runtime-Aws-Request-Id']\n"
                   "    c.request('POST', '/2018-06-01/runtime/invocation/' + i + '/response', "
                   "answer(e)); c.getresponse().read()\n");
  }

  void start(ports::FunctionSpec spec, std::string payload,
             std::optional<InvocationOutcome>& into) {
    ports::Invocation invocation;
    invocation.request_id = fmt::format("8476a536-e9f4-11e8-9739-{:012}", ++invocations);
    invocation.payload = std::move(payload);
    invocation.credentials = {"ASIAEXAMPLE", "secret", "token", {}};
    last_request_id = invocation.request_id;
    host->invoke(std::move(spec), std::move(invocation),
                 [&into](InvocationOutcome outcome) { into = std::move(outcome); });
  }
  InvocationOutcome run(ports::FunctionSpec spec, std::string payload = "{}") {
    std::optional<InvocationOutcome> outcome;
    start(std::move(spec), std::move(payload), outcome);
    REQUIRE(control.run_until([&] { return outcome.has_value(); }));
    INFO(outcome->reason, " ", outcome->payload, " ", join(outcome->lines, "\n"));
    return *outcome;
  }

  std::string directory = fresh_directory();
  ControlThread control;
  std::optional<ProcessFunctionHost> host;
  std::string last_request_id;
  int invocations = 0;
};

inline std::string shown(const InvocationOutcome& outcome) {
  return fmt::format("kind {} payload {} reason {} lines {}", static_cast<int>(outcome.kind),
                     outcome.payload, outcome.reason, join(outcome.lines, "|"));
}
inline boost::json::object json(const std::string& text) {
  return boost::json::parse(text).as_object();
}
inline bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

}  // namespace sitelatch::test
