// SPDX-License-Identifier: Apache-2.0
// What is left in a log whose format is JSON, by level (fact lambda-21).
#include "services/lambda/invocation_log.h"

#include "base/text.h"
#include "services/lambda/test_world.h"

namespace sitelatch::lambda::test {

namespace {

using Kind = ports::InvocationOutcome::Kind;

struct Logged {
  std::vector<std::string> types;  // of platform events, in their order; other lines as they are
  std::vector<Value> records;      // of platform events
};

Logged log_of(const ports::InvocationOutcome& outcome, LineLevel system, LineLevel application) {
  LoggedInvocation invocation;
  invocation.request_id = "r";
  invocation.version = "$LATEST";
  invocation.runtime = "nodejs20.x";
  invocation.json = true;
  invocation.system_level = system;
  invocation.application_level = application;
  Logged out;
  for (const auto& line : write_log(invocation, outcome, judge(outcome, "r", 3)).lines) {
    const auto text = trim(line.text);
    const auto event = aws::from_json(text);
    if (event && event->is_struct() && event->has("record")) {
      out.types.push_back((*event)["type"].string());
      out.records.push_back((*event)["record"]);
    } else {
      out.types.emplace_back(text);
    }
  }
  return out;
}

std::string line_of(const std::string& level) {
  return R"({"timestamp":"2026-01-01T00:00:00.000Z","level":")" + level + R"(","message":"m"})";
}

ports::InvocationOutcome cold(Kind kind = Kind::success) {
  auto outcome = outcome_of(kind, "null");
  outcome.init_duration = milliseconds{12};
  outcome.duration = milliseconds{3};
  outcome.lines.clear();
  return outcome;
}

}  // namespace

TEST_CASE("JSON logs: which platform events a system log level keeps") {
  const auto types = [](Kind kind, LineLevel level) {
    return join(log_of(cold(kind), level, LineLevel::trace).types, " ");
  };
  CHECK(types(Kind::success, LineLevel::debug) ==
        "platform.initStart platform.initRuntimeDone platform.initReport platform.start "
        "platform.runtimeDone platform.report");
  CHECK(types(Kind::success, LineLevel::info) ==
        "platform.initStart platform.start platform.report");
  CHECK(types(Kind::success, LineLevel::warn).empty());
  // What goes wrong is told at every level.
  CHECK(types(Kind::function_error, LineLevel::warn) == "platform.runtimeDone");
  CHECK(types(Kind::timed_out, LineLevel::warn).ends_with("platform.runtimeDone platform.report"));
  CHECK(types(Kind::init_error, LineLevel::warn)
            .starts_with("platform.initRuntimeDone platform.initReport "));
}

TEST_CASE("JSON logs: what the platform's records say") {
  const auto well = log_of(cold(), LineLevel::debug, LineLevel::trace).records;
  REQUIRE(well.size() == 6);
  CHECK(well[0]["runtimeVersion"].string() == "nodejs:20.x.v1");
  CHECK(well[0]["initializationType"].string() == "on-demand");
  CHECK(well[1]["status"].string() == "success");
  CHECK(well[2]["metrics"]["durationMs"].number() == doctest::Approx(12));
  CHECK(well[3]["requestId"].string() == "r");
  CHECK(well[3]["version"].string() == "$LATEST");
  CHECK(well[4]["metrics"]["producedBytes"].integer() == 4);
  CHECK(well[5]["status"].string() == "success");
  CHECK(well[5]["metrics"]["billedDurationMs"].integer() == 15);
  CHECK(well[5]["metrics"]["initDurationMs"].number() == doctest::Approx(12));
  const auto late = log_of(cold(Kind::timed_out), LineLevel::warn, LineLevel::trace).records;
  REQUIRE(late.size() == 2);
  CHECK(late[0]["status"].string() == "timeout");
  CHECK(late[1]["status"].string() == "timeout");
  const auto ended = log_of(cold(Kind::exited), LineLevel::warn, LineLevel::trace).records;
  REQUIRE(ended.size() == 2);
  CHECK(ended[1]["errorType"].string() == "Runtime.ExitError");
}

TEST_CASE("JSON logs: the function's lines from its level on; without a level they are INFO") {
  auto outcome = cold();
  outcome.lines = {line_of("trace"),    line_of("DEBUG"),
                   line_of("INFO"),     line_of("Warning"),
                   line_of("ERROR"),    line_of("FATAL"),
                   "printed",           R"({"level":"ERROR"})",
                   line_of("LOUD"),     "[1,",
                   R"({"timestamp":1})"};
  const auto kept = [&](LineLevel level) {
    std::vector<std::string> out;
    for (const auto& line : log_of(outcome, LineLevel::warn, level).types) {
      const auto object = aws::from_json(line);
      out.push_back(object && object->is_struct() && object->has("message")
                        ? (*object)["level"].string()
                        : line);
    }
    return join(out, " ");
  };
  CHECK(
      kept(LineLevel::trace) ==
      R"(trace DEBUG INFO Warning ERROR FATAL printed {"level":"ERROR"} LOUD [1, {"timestamp":1})");
  CHECK(kept(LineLevel::info) ==
        R"(INFO Warning ERROR FATAL printed {"level":"ERROR"} LOUD [1, {"timestamp":1})");
  CHECK(kept(LineLevel::warn) == "Warning ERROR FATAL");
  CHECK(kept(LineLevel::fatal) == "FATAL");
}

TEST_CASE("JSON logs: a level counts beside a timestamp of RFC 3339 only") {
  const auto is_error = [](const std::string& stamp) {
    return level_of_line(R"({"level":"error","time":")" + stamp + "\"}") == LineLevel::error;
  };
  for (const auto* good : {"2024-11-02T16:51:31Z", "2024-11-02T16:51:31.587199Z",
                           "2024-11-02t16:51:31z", "2024-11-02 16:51:31.5+01:00"})
    CHECK_MESSAGE(is_error(good), good);
  for (const auto* bad :
       {"", "2024-11-02", "2024-11-02T16:51:31", "2024-11-02T16:51:31.Z",
        "2024-11-02T16:51:31+0100", "2024-11-02T16:51:31Z ", "24-11-02T16:51:31Z"})
    CHECK_MESSAGE(!is_error(bad), bad);
}

}  // namespace sitelatch::lambda::test
