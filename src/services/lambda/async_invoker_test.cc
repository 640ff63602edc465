// SPDX-License-Identifier: Apache-2.0
// The way of an event without the API. How often and when it is tried is lambda_async_test.cc's.
#include "services/lambda/async_invoker.h"

#include "services/lambda/test_world.h"

namespace sitelatch::lambda::test {

namespace {
struct EventWorld : PartsWorld {
  std::vector<ports::Invocation> started;
  std::function<void(ports::InvocationOutcome)> finish;  // the last one started

  EventWorld() {
    world.functions.run = [this](const auto&, const auto& invocation, const auto& done) {
      started.push_back(invocation);
      finish = done;
    };
  }
  AsyncInvoker& async() { return parts->async; }
  // Its only attempt ends so.
  void run_once(Function& function, const std::string& qualifier, const std::string& payload,
                const ports::InvocationOutcome& outcome) {
    auto& config = function.event_invoke_configs["$LATEST"];
    config.maximum_retry_attempts = 0;
    config.on_success = config.on_failure = topic_arn;
    async().enqueue(function, qualifier, {"id", payload, ""});
    world.settle();
    REQUIRE(finish);
    finish(outcome);
  }
};
}  // namespace

TEST_CASE("an event is queued from before it is durable until its fate is told") {
  EventWorld w;
  const auto& f = w.make("f");
  w.async().enqueue(f, "", {"id", R"({"n":1})", R"({"c":1})"});
  CHECK(w.async().queued() == 1);
  CHECK(w.started.empty());
  w.world.settle();
  REQUIRE(w.started.size() == 1);
  CHECK(w.started[0].request_id == "id");
  CHECK(w.started[0].payload == R"({"n":1})");
  CHECK(w.started[0].client_context == R"({"c":1})");
  CHECK(w.started[0].invoked_function_arn == function_arn);
  CHECK(w.async().queued() == 1);
  w.finish(ports::sim::success_outcome());
  CHECK(w.async().queued() == 0);
}

TEST_CASE("an answer that comes after the end is not heard, and the event is tried again") {
  EventWorld w;
  w.async().enqueue(w.make("f"), "", {"id", "{}", ""});
  w.world.settle();
  const auto late = w.finish;
  w.restart();
  late(ports::sim::success_outcome());
  CHECK(w.async().queued() == 1);
  w.world.settle();
  CHECK(w.started.size() == 2);
}

TEST_CASE("an event whose alias is gone is dropped, and nobody is told") {
  EventWorld w;
  auto& f = w.make("f");
  f.aliases["live"] = {"live", "$LATEST", "", "", {}};
  f.event_invoke_configs["live"].on_failure = topic_arn;
  w.async().enqueue(f, "live", {"id", "{}", ""});
  f.aliases.clear();
  w.world.settle();
  CHECK(w.started.empty());
  CHECK(w.async().queued() == 0);
  CHECK(w.metrics.sums["AsyncEventsDropped"] == 1);
  CHECK(w.destinations.sent.empty());
}

TEST_CASE("a record beyond 256 KB is not sent, and counted") {
  for (const std::size_t extra : {std::size_t{0}, std::size_t{1}}) {
    EventWorld w;
    auto& f = w.make("f");
    // What the record is besides this payload was measured by a first one.
    w.run_once(f, "", "\"\"", ports::sim::success_outcome());
    const auto besides = w.destinations.sent.at(0).second.size() - 2;
    const auto payload = "\"" + std::string(262'144 - besides - 2 + extra, 'x') + "\"";
    w.run_once(f, "", payload, ports::sim::success_outcome());
    CHECK(w.destinations.sent.size() == 2 - extra);
    CHECK(w.metrics.sums["DestinationDeliveryFailures"] == static_cast<double>(extra));
    CHECK(w.async().queued() == 0);
  }
}

TEST_CASE("a dead letter tells at most 1024 bytes of the error, as UTF-8") {
  EventWorld w;
  auto& f = w.make("f");
  f.latest.configuration.dead_letter_arn = topic_arn;
  const auto error = [](const std::string& message) {
    return outcome_of(ports::InvocationOutcome::Kind::function_error,
                      R"({"errorMessage":")" + message + R"("})");
  };
  w.run_once(f, "", "{}", error(std::string(2000, 'x')));
  w.run_once(f, "", "{}", error(std::string(1023, 'x') + "\xc3\xa4"));
  w.run_once(f, "", "{}",
             outcome_of(ports::InvocationOutcome::Kind::function_error, "not an object"));
  REQUIRE(w.destinations.letters.size() == 3);
  CHECK(w.destinations.letters[0].second.error_message == std::string(1024, 'x'));
  CHECK(w.destinations.letters[1].second.error_message == std::string(1023, 'x') + "\xef\xbf\xbd");
  CHECK(w.destinations.letters[2].second.error_message == "not an object");
}

}  // namespace sitelatch::lambda::test
