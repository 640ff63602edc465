// SPDX-License-Identifier: Apache-2.0
// Asynchronous invocations on virtual time: every way that an event can go, and a crash at every
// stage of it.
#include "services/lambda/test_world.h"

namespace sitelatch::lambda::test {
using Kind = ports::InvocationOutcome::Kind;

namespace {
struct AsyncWorld : LambdaWorld {
  std::vector<std::pair<Instant, std::string>> attempts;  // when, request id
  std::vector<ports::InvocationOutcome> script;  // outcomes in turn; the last one again and again

  AsyncWorld() {
    make_function();
    world.functions.run = [this](const auto&, const auto& invocation, const auto& done) {
      attempts.emplace_back(world.timers.now(), invocation.request_id);
      const auto at = std::min(attempts.size(), script.size());
      done(at == 0 ? ports::sim::success_outcome() : script[at - 1]);
    };
  }
  std::vector<long> seconds_of_attempts() const {
    std::vector<long> out;
    for (const auto& attempt : attempts)
      out.push_back((attempt.first - attempts.front().first) / seconds{1});
    return out;
  }
  void configure_events(Value more) {
    more.set("FunctionName", "f");
    ok("PutFunctionEventInvokeConfig", more);
  }
  void on_failure_to_topic(Value more = Value::structure()) {
    more.set("DestinationConfig",
             Value::structure({{"OnFailure", Value::structure({{"Destination", topic_arn}})},
                               {"OnSuccess", Value::structure({{"Destination", topic_arn}})}}));
    configure_events(more);
  }
  std::string condition() const {
    REQUIRE(destinations.sent.size() == 1);
    return (*aws::from_json(destinations.sent[0].second))["requestContext"]["condition"].string();
  }
  std::int64_t invoke_count() const {
    return (*aws::from_json(
        destinations.sent.at(0).second))["requestContext"]["approximateInvokeCount"]
        .integer();
  }
};
}  // namespace

TEST_CASE("an event runs once when it succeeds, and the queue is empty again") {
  AsyncWorld w;
  w.send_event();
  CHECK(w.attempts.size() == 1);
  CHECK(w.lambda->queued_events() == 0);
  w.world.advance(hours{7});
  CHECK(w.attempts.size() == 1);
  CHECK(w.metrics.sums["AsyncEventsReceived"] == 1);
}

TEST_CASE("function errors are retried after one minute, then two, with the same request id") {
  AsyncWorld w;
  w.script = {handler_error()};
  w.send_event();
  w.world.advance(hours{7});
  CHECK(w.seconds_of_attempts() == std::vector<long>{0, 60, 180});
  for (const auto& attempt : w.attempts) CHECK(attempt.second == w.attempts[0].second);
  CHECK(w.lambda->queued_events() == 0);
  CHECK(w.metrics.sums["AsyncEventsDropped"] == 1);
  CHECK(w.metrics.sums["Invocations"] == 3);
  CHECK(w.metrics.sums["Errors"] == 3);
}

TEST_CASE("a timeout is a function error; success at the retry ends it") {
  AsyncWorld w;
  w.script = {outcome_of(Kind::timed_out), ports::sim::success_outcome()};
  w.send_event();
  w.world.advance(hours{1});
  CHECK(w.seconds_of_attempts() == std::vector<long>{0, 60});
  CHECK_FALSE(w.metrics.sums.contains("AsyncEventsDropped"));
}

TEST_CASE(
    "the host's trouble is waited out, from a second doubling to five minutes, without using up "
    "retries") {
  AsyncWorld w;
  const auto trouble = outcome_of(Kind::host_error, "", "busy");
  w.script.assign(11, trouble);
  w.script.push_back(handler_error());
  w.send_event();
  w.world.advance(hours{2});
  CHECK(w.seconds_of_attempts() ==
        std::vector<long>{0, 1, 3, 7, 15, 31, 63, 127, 255, 511, 811, 1111, 1171, 1291});
  CHECK(w.lambda->queued_events() == 0);
}

TEST_CASE("six hours of throttling are the end of an event") {
  AsyncWorld w;
  w.on_failure_to_topic();
  w.script = {outcome_of(Kind::host_error, "", "busy")};
  w.send_event();
  w.world.advance(hours{5} + minutes{50});
  CHECK(w.lambda->queued_events() == 1);
  w.world.advance(minutes{10});
  CHECK(w.lambda->queued_events() == 0);
  CHECK(w.condition() == "EventAgeExceeded");
  CHECK(w.invoke_count() == 0);
}

TEST_CASE("no room: backed off, counted as throttles, run when there is room") {
  AsyncWorld w;
  w.ok("PutFunctionConcurrency",
       Value::structure({{"FunctionName", "f"}, {"ReservedConcurrentExecutions", 1}}));
  std::vector<std::function<void(ports::InvocationOutcome)>> running;
  w.world.functions.run = [&](const auto&, const auto&, const auto& done) {
    running.push_back(done);
  };
  w.send_event();
  w.send_event();
  CHECK(running.size() == 1);
  w.world.advance(seconds{2});
  CHECK(running.size() == 1);
  CHECK(w.metrics.sums["Throttles"] == 2);
  running[0](ports::sim::success_outcome());
  w.world.advance(seconds{1});
  CHECK(running.size() == 2);
}

TEST_CASE("a role that cannot be assumed is waited for, too") {
  AsyncWorld w;
  w.roles.trusted = false;
  w.send_event();
  CHECK(w.attempts.empty());
  w.roles.trusted = true;
  w.world.advance(seconds{1});
  CHECK(w.attempts.size() == 1);
  CHECK(w.lambda->queued_events() == 0);
}

TEST_CASE("no concurrency at all: straight to the destination, without a run") {
  AsyncWorld w;
  w.on_failure_to_topic();
  w.ok("PutFunctionConcurrency",
       Value::structure({{"FunctionName", "f"}, {"ReservedConcurrentExecutions", 0}}));
  w.send_event();
  CHECK(w.attempts.empty());
  CHECK(w.condition() == "ZeroReservedConcurrency");
  CHECK(w.invoke_count() == 0);
  CHECK(w.destinations.sent[0].second.find("responseContext") == std::string::npos);
  CHECK(w.metrics.sums["AsyncEventsDropped"] == 1);
}

TEST_CASE("the record of an event that failed three times, byte for byte") {
  AsyncWorld w;
  w.on_failure_to_topic();
  w.script = {handler_error()};
  w.send_event(R"({"a": 1.0})");
  w.world.advance(minutes{5});
  REQUIRE(w.destinations.sent.size() == 1);
  CHECK(w.destinations.sent[0].first == topic_arn);
  CHECK(
      w.destinations.sent[0].second ==
      R"({"version":"1.0","timestamp":"2026-01-01T00:03:00.000Z","requestContext":{"requestId":")" +
          w.attempts[0].second + R"(","functionArn":")" + function_arn +
          R"(:$LATEST","condition":"RetriesExhausted","approximateInvokeCount":3},)"
          R"("requestPayload":{"a": 1.0},"responseContext":{"statusCode":200,)"
          R"("executedVersion":"$LATEST","functionError":"Unhandled"},)"
          R"("responsePayload":{"errorMessage":"Handler fails","errorType":"Exception"}})");
}

TEST_CASE("success has its destination, too") {
  AsyncWorld w;
  w.on_failure_to_topic();
  w.script = {ports::sim::success_outcome("\"done\"")};
  w.send_event();
  CHECK(w.condition() == "Success");
  CHECK(w.invoke_count() == 1);
  CHECK(w.destinations.sent[0].second.ends_with(
      R"("responseContext":{"statusCode":200,"executedVersion":"$LATEST"},)"
      R"("responsePayload":"done"})"));
}

TEST_CASE("limits: no retries; no room for the first; room for one") {
  struct Row {
    Value config;
    std::vector<long> attempts;
    const char* condition;
  };
  const std::vector<Row> table = {
      {Value::structure({{"MaximumRetryAttempts", 0}}), {0}, "RetriesExhausted"},
      {Value::structure({{"MaximumRetryAttempts", 1}}), {0, 60}, "RetriesExhausted"},
      {Value::structure({{"MaximumRetryAttempts", 2}, {"MaximumEventAgeInSeconds", 60}}),
       {0},
       "EventAgeExceeded"},
      {Value::structure({{"MaximumEventAgeInSeconds", 100}}), {0, 60}, "EventAgeExceeded"},
      {Value::structure({{"MaximumEventAgeInSeconds", 181}}), {0, 60, 180}, "RetriesExhausted"},
  };
  for (const auto& row : table) {
    AsyncWorld w;
    w.on_failure_to_topic(row.config);
    w.script = {handler_error()};
    w.send_event();
    // The fate is told with the last attempt, not when the next one would have been due.
    w.world.advance(seconds{row.attempts.back()});
    CHECK(w.destinations.sent.size() == 1);
    w.world.advance(minutes{10});
    CHECK(w.seconds_of_attempts() == row.attempts);
    CHECK(w.condition() == row.condition);
    CHECK(w.invoke_count() == static_cast<std::int64_t>(row.attempts.size()));
  }
}

TEST_CASE("a destination that refuses is counted, and the event is gone") {
  AsyncWorld w;
  w.on_failure_to_topic(Value::structure({{"MaximumRetryAttempts", 0}}));
  w.destinations.works = false;
  w.script = {handler_error()};
  w.send_event();
  CHECK(w.metrics.sums["DestinationDeliveryFailures"] == 1);
  CHECK(w.lambda->queued_events() == 0);
}

TEST_CASE("dead letters carry the event, its id and the error") {
  AsyncWorld w;
  w.ok("UpdateFunctionConfiguration",
       Value::structure({{"FunctionName", "f"},
                         {"DeadLetterConfig", Value::structure({{"TargetArn", topic_arn}})}}));
  w.configure_events(Value::structure({{"MaximumRetryAttempts", 0}}));
  w.script = {handler_error()};
  w.send_event(R"({"n":2})");
  REQUIRE(w.destinations.letters.size() == 1);
  const auto& arn = w.destinations.letters[0].first;
  const auto& letter = w.destinations.letters[0].second;
  CHECK(arn == topic_arn);
  CHECK(letter.payload == R"({"n":2})");
  CHECK(letter.request_id == w.attempts[0].second);
  CHECK(letter.error_code == 200);
  CHECK(letter.error_message == "Handler fails");
}

TEST_CASE("an event of a function that was deleted is dropped") {
  AsyncWorld w;
  w.script = {handler_error()};
  w.send_event();
  w.ok("DeleteFunction", Value::structure({{"FunctionName", "f"}}));
  w.world.advance(minutes{5});
  CHECK(w.attempts.size() == 1);
  CHECK(w.lambda->queued_events() == 0);
}

// --- Crashes ---

TEST_CASE("an event that was never acknowledged is not there after a crash; one that was, is run") {
  AsyncWorld w;
  w.begin("Invoke", Value::structure({{"FunctionName", "f"}, {"InvocationType", "Event"}}));
  w.crash();
  w.world.settle();
  CHECK(w.attempts.empty());
  w.lambda->dispatch(function_arn, "{}");
  w.world.journal.commit();  // durable; the engine dies before the function has started
  w.crash();
  w.attempts.clear();
  w.world.settle();
  CHECK(w.attempts.size() == 1);
  CHECK(w.lambda->queued_events() == 0);
}

TEST_CASE(
    "an event that was running at a crash runs again, with its request id and what it had used "
    "up") {
  AsyncWorld w;
  w.script = {handler_error()};
  w.send_event();
  const auto id = w.attempts[0].second;
  const auto scripted = w.world.functions.run;
  int started = 0;
  w.world.functions.run = [&](const auto&, const auto&, const auto&) { ++started; };
  w.world.advance(minutes{1});
  CHECK(started == 1);
  w.crash();
  w.world.functions.run = scripted;
  w.world.advance(minutes{10});
  // The first failure was durable: one repeated second attempt, then the third after two minutes,
  // and no fourth.
  CHECK(w.seconds_of_attempts() == std::vector<long>{0, 60, 180});
  CHECK(w.attempts[1].second == id);
  CHECK(w.lambda->queued_events() == 0);
}

TEST_CASE("a crash between two attempts changes nothing about when the next one comes") {
  for (const auto at : {seconds{1}, seconds{59}, seconds{61}, seconds{179}}) {
    AsyncWorld w;
    w.script = {handler_error()};
    w.send_event();
    w.world.advance(at);
    w.crash();
    w.world.advance(minutes{10});
    CHECK(w.seconds_of_attempts() == std::vector<long>{0, 60, 180});
  }
}

TEST_CASE(
    "what came due while the engine was down runs at the start; what became too old does not") {
  AsyncWorld w;
  w.on_failure_to_topic();
  w.script = {handler_error()};
  w.send_event();
  w.lambda.reset();
  w.world.timers.move_to(w.world.timers.now() + hours{1});
  w.start();
  w.world.settle();
  CHECK(w.seconds_of_attempts() == std::vector<long>{0, 3600});
  w.lambda.reset();
  w.world.timers.move_to(w.world.timers.now() + hours{6});
  w.start();
  w.world.settle();
  CHECK(w.attempts.size() == 2);
  CHECK(w.condition() == "EventAgeExceeded");
  CHECK(w.invoke_count() == 2);
}

TEST_CASE(
    "the record and the forgetting of the event are one: after a crash there is both or neither") {
  AsyncWorld w;
  w.on_failure_to_topic(Value::structure({{"MaximumRetryAttempts", 0}}));
  std::function<void(ports::InvocationOutcome)> finish;
  w.world.functions.run = [&](const auto&, const auto&, const auto& done) { finish = done; };
  w.send_event();
  finish(handler_error());  // told and forgotten, but not yet committed
  CHECK(w.lambda->queued_events() == 0);
  w.crash();
  CHECK(w.lambda->queued_events() == 1);
}

// --- Other services ---

TEST_CASE("SNS may hand over what the function's policy lets it, and nothing else") {
  AsyncWorld w;
  const auto give = [&](const std::string& arn, const std::string& topic) {
    return w.lambda->invoke_async(arn, R"({"Records":[]})", "sns.amazonaws.com", topic);
  };
  CHECK(give(function_arn, topic_arn).kind == aws::DispatchOutcome::Kind::refused);
  w.allow_sns();
  CHECK(give(function_arn, topic_arn + "x").kind == aws::DispatchOutcome::Kind::refused);
  CHECK(give(function_arn + "x", topic_arn).kind == aws::DispatchOutcome::Kind::refused);
  CHECK(give(function_arn + ":1", topic_arn).kind == aws::DispatchOutcome::Kind::refused);
  CHECK(w.lambda->invoke_async(function_arn, "{}", "events.amazonaws.com", topic_arn).kind ==
        aws::DispatchOutcome::Kind::refused);
  CHECK(w.lambda
            ->invoke_async(function_arn, "\"" + std::string(1'048'575, 'x') + "\"",
                           "sns.amazonaws.com", topic_arn)
            .kind == aws::DispatchOutcome::Kind::refused);
  const auto accepted = give(function_arn, topic_arn);
  CHECK(accepted.kind == aws::DispatchOutcome::Kind::accepted);
  w.world.settle();
  REQUIRE(w.attempts.size() == 1);
  CHECK(w.attempts[0].second == accepted.request_id);
}

TEST_CASE("another account's function of the same name is not this account's (fact lambda-43)") {
  AsyncWorld w;
  const std::string elsewhere = "arn:aws:lambda:eu-west-1:111111111111:function:f";
  const auto outcome = w.lambda->dispatch(elsewhere, "{}");
  CHECK(outcome.kind == aws::DispatchOutcome::Kind::refused);
  CHECK(outcome.reason == "Function not found: " + elsewhere);
  w.world.settle();
  CHECK(w.attempts.empty());
  CHECK(w.lambda->dispatch(function_arn, "{}").kind == aws::DispatchOutcome::Kind::accepted);
}

TEST_CASE("the account that a policy asks for must be the one that calls") {
  AsyncWorld w;
  w.ok("AddPermission", Value::structure({{"FunctionName", "f"},
                                          {"StatementId", "s"},
                                          {"Action", "lambda:InvokeFunction"},
                                          {"Principal", "events.amazonaws.com"},
                                          {"SourceAccount", "000000000000"}}));
  const auto give = [&](const std::string& account) {
    return w.lambda
        ->invoke_async(function_arn, "{}", "events.amazonaws.com",
                       "arn:aws:events:eu-west-1:000000000000:rule/r", account)
        .kind;
  };
  CHECK(give("000000000000") == aws::DispatchOutcome::Kind::accepted);
  CHECK(give("111111111111") == aws::DispatchOutcome::Kind::refused);
  CHECK(give("") == aws::DispatchOutcome::Kind::refused);
}

TEST_CASE("a thousand events of one second all run") {
  AsyncWorld w;
  for (int i = 0; i < 1000; ++i) w.lambda->dispatch(function_arn, "{}");
  w.world.settle();
  w.world.advance(minutes{10});
  CHECK(w.attempts.size() == 1000);
  CHECK(w.lambda->queued_events() == 0);
}

}  // namespace sitelatch::lambda::test
