// SPDX-License-Identifier: Apache-2.0
// Time that leaps, machines that sleep, and what is scheduled.
#include <doctest/doctest.h>

#include <set>

#include "failover_story.h"

namespace sitelatch::scenario {

TEST_CASE("ten hours at once change nothing of a latched Primary, nor of a healthy one") {
  FailoverStory engine;
  engine.arm();
  engine.wait(10h);
  CHECK(engine.alarm() == "OK");
  CHECK(engine.witness.answers() == primary_address);
  engine.lose_primary();
  engine.primary().comes_up();
  engine.wait(10h);
  CHECK(engine.dns() == backup_address);
  CHECK(engine.invoked.size() == 1);
}

// A laptop whose lid was closed: ten hours are gone at once, and everything that was due is late.
TEST_CASE("the machine sleeps for ten hours in every state, and the chain goes on") {
  FailoverStory engine;
  engine.arm();
  engine.oversleep(10h);
  engine.wait(3min);
  CHECK(engine.alarm() == "OK");
  CHECK(engine.dns() == primary_address);

  engine.primary().goes_down();
  for (int s = 0; engine.dns() == primary_address && s < 60; ++s) engine.wait(1s);
  engine.oversleep(10h);
  CHECK(engine.dns() == backup_address);
  engine.wait(time_to_latch);
  CHECK(engine.path() == latch_path);

  engine.primary().comes_up();
  engine.oversleep(10h);
  engine.wait(1h);
  CHECK(engine.dns() == backup_address);
  CHECK(engine.path() == latch_path);
}

TEST_CASE("the machine sleeps through the retries of the function: they come late, and latch") {
  FailoverStory engine;
  engine.arm();
  engine.functions[engine.name] = fails_first(1);
  engine.primary().goes_down();
  for (int s = 0; engine.invoked.empty() && s < 300; ++s) engine.wait(1s);
  engine.oversleep(2h);
  CHECK(engine.invoked.size() == 2);
  CHECK(engine.path() == latch_path);
}

// What a nightly job, or the guard's own reconciliation, rests on.
TEST_CASE("a rule runs a function every minute, whatever happens to the engine") {
  FailoverStory engine;
  engine.follow_the_guide();
  const std::string region = FailoverStory::function_region;
  const std::string rule_arn = "arn:aws:events:eu-west-1:000000000000:rule/every-minute";
  engine.ok("events", "PutRule",
            Value::structure({{"Name", "every-minute"}, {"ScheduleExpression", "rate(1 minute)"}}),
            region);
  engine.ok("lambda", "AddPermission",
            Value::structure({{"FunctionName", engine.name},
                              {"StatementId", "rule"},
                              {"Action", "lambda:InvokeFunction"},
                              {"Principal", "events.amazonaws.com"},
                              {"SourceArn", rule_arn}}),
            region);
  std::vector<Instant> runs;
  engine.functions[engine.name] = [&](Running& running) {
    if (running.event["detail-type"].string_or("") != "Scheduled Event")
      return guide_function(running);
    CHECK(running.event["resources"].items().at(0).string() == rule_arn);
    runs.push_back(engine.now());
  };
  const auto target = Value::structure({{"Id", "1"}, {"Arn", engine.function_arn}});
  engine.ok("events", "PutTargets",
            Value::structure({{"Rule", "every-minute"}, {"Targets", Value::list({target})}}),
            region);
  engine.wait(10min);
  CHECK(runs.size() == 10);

  runs.clear();
  for (int i = 0; i < 40; ++i) {
    engine.wait(15s);
    engine.crash();
  }
  CHECK(runs.size() == 10);
  for (std::size_t i = 1; i < runs.size(); ++i) CHECK(runs[i] - runs[i - 1] == 1min);

  // A tick that falls into a short absence is caught up with.
  runs.clear();
  for (int i = 0; i < 12; ++i) {
    engine.wait(10s);
    engine.kill();
    engine.wait(40s);
    engine.start();
  }
  CHECK(runs.size() == 10);

  // While nobody was there nothing ran, and nothing is made up for more than once.
  runs.clear();
  engine.kill();
  engine.wait(1h);
  engine.start();
  engine.wait(10min);
  CHECK(runs.size() >= 10);
  CHECK(runs.size() <= 11);

  runs.clear();
  engine.oversleep(1h);
  CHECK(runs.size() <= 1);
  engine.wait(10min);
  CHECK(runs.size() >= 10);
  CHECK(runs.size() <= 11);

  engine.ok("events", "DisableRule", Value::structure({{"Name", "every-minute"}}), region);
  runs.clear();
  engine.wait(10min);
  CHECK(runs.empty());
}

}  // namespace sitelatch::scenario
