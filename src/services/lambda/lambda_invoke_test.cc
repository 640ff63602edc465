// SPDX-License-Identifier: Apache-2.0
// Invocations that somebody waits for: payloads, function errors, logs, limits, concurrency,
// credentials.
#include "services/lambda/test_world.h"

namespace sitelatch::lambda::test {
using Kind = ports::InvocationOutcome::Kind;

TEST_CASE("an answer passes through untouched, with the version that ran and the tail of its log") {
  LambdaWorld w;
  w.make_function();
  std::string event, context, request_id;
  w.world.functions.run = [&](const auto&, const auto& invocation, const auto& done) {
    event = invocation.payload;
    context = invocation.client_context;
    request_id = invocation.request_id;
    auto outcome = ports::sim::success_outcome("{\"x\": 1.50 }");
    outcome.lines = {"hello", "world"};
    outcome.init_duration = milliseconds{110};
    done(outcome);
  };
  const auto out = w.ok("Invoke", Value::structure({{"FunctionName", "f"},
                                                    {"Payload", "{ \"a\" : 1.0 }"},
                                                    {"LogType", "Tail"},
                                                    {"ClientContext", base64("{\"c\":1}")}}));
  CHECK(out["StatusCode"].integer() == 200);
  CHECK(out["Payload"].string() == "{\"x\": 1.50 }");
  CHECK(out["ExecutedVersion"].string() == "$LATEST");
  CHECK_FALSE(out.has("FunctionError"));
  CHECK(event == "{ \"a\" : 1.0 }");
  CHECK(context == "{\"c\":1}");
  const auto report =
      "REPORT RequestId: " + request_id +
      "\tDuration: 2.00 ms\tBilled Duration: 112 ms\tMemory Size: 128 MB\tMax Memory Used: 36 MB\t"
      "Init Duration: 110.00 ms\t\n";
  const std::vector<std::string> expected = {
      "START RequestId: " + request_id + " Version: $LATEST\n", "hello\n", "world\n",
      "END RequestId: " + request_id + "\n", report};
  REQUIRE(w.logs.lines.size() == 6);
  CHECK(
      w.logs.lines[0].starts_with("INIT_START Runtime Version: python:3.11.v1\tRuntime Version "
                                  "ARN: arn:aws:lambda:eu-west-1::runtime:"));
  CHECK(std::vector<std::string>(w.logs.lines.begin() + 1, w.logs.lines.end()) == expected);
  CHECK(w.logs.where == "eu-west-1 /aws/lambda/f 2026/01/01/[$LATEST]" + std::string(32, 'a'));
  CHECK(unbase64(out["LogResult"].string()) == join(expected, ""));
  CHECK(w.metrics.sums["Invocations"] == 1);
  CHECK(w.metrics.sums["Errors"] == 0);
}

TEST_CASE("nothing given is the event {}") {
  LambdaWorld w;
  w.make_function();
  std::string event;
  w.world.functions.run = [&](const auto&, const auto& invocation, const auto& done) {
    event = invocation.payload;
    done(ports::sim::success_outcome());
  };
  CHECK(w.ok("Invoke", Value::structure({{"FunctionName", "f"}}))["Payload"].string() == "null");
  CHECK(event == "{}");
}

struct ErrorCase {
  Kind kind;
  const char* payload;
  const char* reason;
  const char* answer;  // # stands for the request id
  const char* line;    // the last line before END, or empty
};

TEST_CASE("function errors are 200 with X-Amz-Function-Error, and say what AWS says") {
  const std::vector<ErrorCase> table = {
      {Kind::function_error, R"({"errorMessage":"x","errorType":"E"})", "",
       R"({"errorMessage":"x","errorType":"E"})", ""},
      {Kind::timed_out, "", "",
       R"({"errorType":"Sandbox.Timedout","errorMessage":"RequestId: # Error: Task timed out )"
       R"(after 3.00 seconds"})",
       "2026-01-01T00:00:00.000Z # Task timed out after 3.00 seconds\n\n"},
      {Kind::exited, "", "",
       R"({"errorType":"Runtime.ExitError","errorMessage":)"
       R"("RequestId: # Error: Runtime exited without providing a reason"})",
       "RequestId: # Error: Runtime exited without providing a reason\nRuntime.ExitError\n"},
      {Kind::exited, "", "exit status 1",
       R"({"errorType":"Runtime.ExitError","errorMessage":)"
       R"("RequestId: # Error: Runtime exited with error: exit status 1"})",
       "RequestId: # Error: Runtime exited with error: exit status 1\nRuntime.ExitError\n"},
      {Kind::out_of_memory, "", "",
       R"({"errorType":"Runtime.OutOfMemory","errorMessage":)"
       R"("RequestId: # Error: Runtime exited with error: signal: killed"})",
       "RequestId: # Error: Runtime exited with error: signal: killed\nRuntime.OutOfMemory\n"},
      {Kind::init_error, R"({"errorType":"Runtime.ImportModuleError"})", "",
       R"({"errorType":"Runtime.ImportModuleError"})", ""},
      {Kind::no_bootstrap, "", "",
       R"({"errorType":"Runtime.InvalidEntrypoint","errorMessage":)"
       R"("RequestId: # Error: Couldn't find valid bootstrap(s): [/var/task/bootstrap )"
       R"(/opt/bootstrap]"})",
       "RequestId: # Error: Couldn't find valid bootstrap(s): [/var/task/bootstrap "
       "/opt/bootstrap]\nRuntime.InvalidEntrypoint\n"},
  };
  for (const auto& row : table) {
    INFO(row.answer);
    LambdaWorld w;
    w.make_function();
    w.functions_answer(outcome_of(row.kind, row.payload, row.reason));
    const auto out = w.ok("Invoke", Value::structure({{"FunctionName", "f"}}));
    char id[37];
    std::snprintf(id, sizeof id, "00000000-0000-4000-8000-%012d", w.calls);
    CHECK(out["StatusCode"].integer() == 200);
    CHECK(out["FunctionError"].string() == "Unhandled");
    CHECK(out["Payload"].string() == replace_all(row.answer, "#", id));
    const auto& lines = w.logs.lines;
    REQUIRE(lines.size() >= 3);
    CHECK(lines.back().starts_with("REPORT"));
    if (*row.line)
      CHECK(lines[lines.size() - 3] == replace_all(row.line, "#", id));
    else
      CHECK(lines.size() == 3);
    CHECK(w.metrics.sums["Errors"] == 1);
  }
}

TEST_CASE("the host's own trouble is a 500, is no invocation and leaves no log") {
  LambdaWorld w;
  w.make_function();
  w.functions_answer(outcome_of(Kind::host_error, "", "no processes left"));
  CHECK(w.refusal("Invoke", Value::structure({{"FunctionName", "f"}})) ==
        "ServiceException: The engine could not run the function: no processes left");
  CHECK(w.logs.lines.empty());
  CHECK_FALSE(w.metrics.sums.contains("Invocations"));
}

TEST_CASE("payloads: not JSON, too large, answers too large; nested as deep as one likes") {
  LambdaWorld w;
  w.make_function();
  const auto with = [](std::string payload, const char* type = "RequestResponse") {
    return Value::structure(
        {{"FunctionName", "f"}, {"InvocationType", type}, {"Payload", std::move(payload)}});
  };
  CHECK(w.refusal("Invoke", with("{")) ==
        "InvalidRequestContentException: Could not parse request body into json: Could not parse "
        "payload into json.");
  CHECK(w.refusal("Invoke", with("\"" + std::string(6'291'455, 'x') + "\"")) ==
        "RequestTooLargeException: Request must be smaller than 6291456 bytes for the "
        "InvokeFunction operation");
  CHECK(w.refusal("Invoke", with("\"" + std::string(1'048'575, 'x') + "\"", "Event")) ==
        "RequestTooLargeException: Request must be smaller than 1048576 bytes for the "
        "InvokeFunction operation");
  w.ok("Invoke", with("\"" + std::string(1'048'574, 'x') + "\"", "Event"));
  w.ok("Invoke", with(std::string(100'000, '[') + std::string(100'000, ']')));
  w.functions_answer(ports::sim::success_outcome(std::string(6'291'557, 'x')));
  CHECK(w.ok("Invoke", with("1"))["Payload"].string() ==
        R"({"errorType":"Function.ResponseSizeTooLarge","errorMessage":)"
        R"("Response payload size exceeded maximum allowed payload size (6291556 bytes)."})");
  CHECK(
      w.refusal("Invoke", Value::structure({{"FunctionName", "f"}, {"ClientContext", "%%"}})) ==
      "InvalidRequestContentException: Client context must be a valid Base64-encoded JSON object.");
}

TEST_CASE("DryRun runs nothing; an unknown function or version is named") {
  LambdaWorld w;
  w.make_function();
  CHECK(w.ok("Invoke",
             Value::structure({{"FunctionName", "f"}, {"InvocationType", "DryRun"}}))["StatusCode"]
            .integer() == 204);
  CHECK(w.world.functions.invocations == 0);
  CHECK(w.refusal("Invoke", Value::structure({{"FunctionName", "g"}})) ==
        "ResourceNotFoundException: Function not found: "
        "arn:aws:lambda:eu-west-1:000000000000:function:g:$LATEST");
  CHECK(w.refusal("Invoke", Value::structure({{"FunctionName", "f"}, {"Qualifier", "9"}})) ==
        "ResourceNotFoundException: Function not found: " + function_arn + ":9");
}

TEST_CASE("a function is started only when what came before it is durable") {
  LambdaWorld w;
  w.make_function();
  w.begin("Invoke", Value::structure({{"FunctionName", "f"}}));
  CHECK(w.world.functions.invocations == 0);
  w.world.settle();
  CHECK(w.world.functions.invocations == 1);
}

TEST_CASE("reserved concurrency is a limit and a guarantee; zero stops everything") {
  LambdaWorld w;
  w.make_function("f");
  w.make_function("g");
  w.ok("PutFunctionConcurrency",
       Value::structure({{"FunctionName", "f"}, {"ReservedConcurrentExecutions", 1}}));
  std::vector<std::function<void(ports::InvocationOutcome)>> running;
  w.world.functions.run = [&](const auto&, const auto&, const auto& done) {
    running.push_back(done);
  };
  const auto f = Value::structure({{"FunctionName", "f"}});
  const auto first = w.begin("Invoke", f);
  w.world.settle();
  CHECK_FALSE(first->has_value());
  const auto second = w.call("Invoke", f);
  REQUIRE_FALSE(second.has_value());
  CHECK(second.error().code == "TooManyRequestsException");
  CHECK(second.error().message == "Rate Exceeded.");
  CHECK(second.error().members["Reason"].string() ==
        "ReservedFunctionConcurrentInvocationLimitExceeded");
  CHECK(w.metrics.sums["Throttles"] == 1);
  w.begin("Invoke", Value::structure({{"FunctionName", "g"}}));
  w.world.settle();
  REQUIRE(running.size() == 2);
  running[0](ports::sim::success_outcome());
  CHECK(first->has_value());
  w.begin("Invoke", f);
  w.world.settle();
  CHECK(running.size() == 3);

  w.ok("PutFunctionConcurrency",
       Value::structure({{"FunctionName", "g"}, {"ReservedConcurrentExecutions", 0}}));
  CHECK(w.refusal("Invoke", Value::structure({{"FunctionName", "g"}})) ==
        "TooManyRequestsException: Rate Exceeded.");
  CHECK(
      w.refusal("PutFunctionConcurrency",
                Value::structure({{"FunctionName", "g"}, {"ReservedConcurrentExecutions", 900}})) ==
      "InvalidParameterValueException: Specified ReservedConcurrentExecutions for function "
      "decreases account's "
      "UnreservedConcurrentExecution below its minimum value of [100].");
  w.ok("DeleteFunctionConcurrency", Value::structure({{"FunctionName", "g"}}));
  CHECK_FALSE(w.ok("GetFunctionConcurrency", Value::structure({{"FunctionName", "g"}}))
                  .has("ReservedConcurrentExecutions"));
}

TEST_CASE("functions without a reservation share what is not reserved") {
  LambdaWorld w;
  w.options.concurrency_limit = 101;
  w.start();
  w.make_function("f");
  w.make_function("g");
  w.ok("PutFunctionConcurrency",
       Value::structure({{"FunctionName", "g"}, {"ReservedConcurrentExecutions", 1}}));
  w.world.functions.run = [](const auto&, const auto&, const auto&) {};
  for (int i = 0; i < 100; ++i) w.begin("Invoke", Value::structure({{"FunctionName", "f"}}));
  w.world.settle();
  CHECK(w.world.functions.invocations == 100);
  const auto refused = w.call("Invoke", Value::structure({{"FunctionName", "f"}}));
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().members["Reason"].string() == "ConcurrentInvocationLimitExceeded");
  w.begin("Invoke", Value::structure({{"FunctionName", "g"}}));
  w.world.settle();
  CHECK(w.world.functions.invocations == 101);
}

TEST_CASE(
    "credentials: of the role, named after the function, renewed before they expire, with a new "
    "environment") {
  LambdaWorld w;
  w.make_function();
  std::vector<std::string> environments;
  w.world.functions.run = [&](const auto& spec, const auto& invocation, const auto& done) {
    environments.push_back(spec.environment_key);
    CHECK(spec.environment_key.ends_with(invocation.credentials.access_key_id));
    CHECK(invocation.credentials.expiration > w.world.wall.now() + minutes{16});
    CHECK(invocation.invoked_function_arn == function_arn);
    done(ports::sim::success_outcome());
  };
  const auto f = Value::structure({{"FunctionName", "f"}});
  w.ok("Invoke", f);
  w.ok("Invoke", f);
  CHECK(w.roles.assumed == 1);
  CHECK(w.roles.last_session == "f");
  CHECK(environments[0] == environments[1]);
  w.world.advance(hours{11} + minutes{45});
  w.ok("Invoke", f);
  CHECK(w.roles.assumed == 2);
  CHECK(environments[2] != environments[1]);
  w.ok("UpdateFunctionConfiguration", Value::structure({{"FunctionName", "f"}, {"Timeout", 5}}));
  w.ok("Invoke", f);
  CHECK(environments[3] != environments[2]);
  CHECK(w.roles.assumed == 3);  // a changed function asks its role anew
  w.world.advance(hours{11} + minutes{45});
  w.roles.trusted = false;
  CHECK(w.refusal("Invoke", f) ==
        "AccessDeniedException: The role defined for the function cannot be assumed by Lambda.");
  w.roles.trusted = true;
  w.ok("Invoke", f);
}

TEST_CASE("logs: JSON format, level WARN, a group of one's own, text that is not UTF-8") {
  LambdaWorld w;
  w.make_function();
  const auto logging = [&](Value config) {
    w.ok("UpdateFunctionConfiguration",
         Value::structure({{"FunctionName", "f"}, {"LoggingConfig", std::move(config)}}));
    w.logs.lines.clear();
    auto outcome = ports::sim::success_outcome();
    outcome.lines = {
        "a\xFF"
        "b"};
    w.functions_answer(outcome);
    w.ok("Invoke", Value::structure({{"FunctionName", "f"}}));
  };
  logging(Value::structure({{"LogFormat", "JSON"}, {"LogGroup", "own"}}));
  CHECK(w.logs.where.starts_with("eu-west-1 own "));
  REQUIRE(w.logs.lines.size() == 3);
  CHECK(w.logs.lines[0].starts_with(
      R"({"time":"2026-01-01T00:00:00.000Z","type":"platform.start","record":{"requestId":")"));
  CHECK(w.logs.lines[1] ==
        "a\xEF\xBF\xBD"
        "b\n");
  CHECK(aws::from_json(trim(w.logs.lines[2])).has_value());
  CHECK(w.configuration()["LoggingConfig"]["SystemLogLevel"].string() == "INFO");
  logging(Value::structure({{"LogFormat", "JSON"}, {"SystemLogLevel", "WARN"}}));
  CHECK(w.logs.lines.size() == 1);
  CHECK(w.refusal("UpdateFunctionConfiguration",
                  Value::structure(
                      {{"FunctionName", "f"},
                       {"LoggingConfig",
                        Value::structure({{"LogFormat", "Text"}, {"SystemLogLevel", "WARN"}})}}))
            .starts_with("InvalidParameterValueException"));
}

TEST_CASE("output that was not kept is mentioned, and a very long line goes on in the next event") {
  LambdaWorld w;
  w.make_function();
  auto outcome = ports::sim::success_outcome();
  outcome.lines = {std::string(600'000, 'x')};
  outcome.dropped_bytes = 77;
  w.functions_answer(outcome);
  w.ok("Invoke", Value::structure({{"FunctionName", "f"}}));
  std::size_t total = 0;
  for (const auto& line : w.logs.lines) {
    CHECK(line.size() <= 262'144 - 26);
    if (line[0] == 'x') total += line.size();
  }
  CHECK(total == 600'001);
  CHECK(w.logs.lines[w.logs.lines.size() - 3] ==
        "[sitelatch] 77 more bytes of output were not kept\n");
}

TEST_CASE("an answer that comes after the engine is gone is not heard") {
  LambdaWorld w;
  w.make_function();
  std::function<void(ports::InvocationOutcome)> late;
  w.world.functions.run = [&](const auto&, const auto&, const auto& done) { late = done; };
  const auto answer = w.begin("Invoke", Value::structure({{"FunctionName", "f"}}));
  w.world.settle();
  w.crash();
  REQUIRE(late);
  late(ports::sim::success_outcome());
  CHECK_FALSE(answer->has_value());
}

}  // namespace sitelatch::lambda::test
