// SPDX-License-Identifier: Apache-2.0
#include "services/sqs/testing.h"

namespace sitelatch::sqs {
using namespace testing;

namespace {

struct Moving : Fixture {
  Moving() {
    queue("dead");
    queue("q",
          Value::structure({{"RedrivePolicy", redrive_to("dead", 1)}, {"VisibilityTimeout", "1"}}));
  }
  void dead_letters(int number) {
    for (int i = 0; i < number; ++i) send("q", "m" + std::to_string(i));
    receive("q");
    world.advance(1s);
    CHECK(receive("q").empty());
  }
  Value from_dead(std::initializer_list<std::pair<std::string_view, Value>> more = {}) const {
    Value out = Value::structure({{"SourceArn", arn("dead")}});
    for (const auto& [key, value] : more) out.set(key, value);
    return out;
  }
  Value listed() { return ok("ListMessageMoveTasks", from_dead())["Results"].items().at(0); }
};

}  // namespace

TEST_CASE("sqs: dead letters go back to where they came from, as new messages") {
  Moving f;
  f.dead_letters(2);
  CHECK(f.counts("dead") == "2/0/0");
  f.ok("StartMessageMoveTask", f.from_dead());
  CHECK(f.counts("dead") == "0/0/0");
  const auto task = f.listed();
  CHECK(task["Status"] == Value{"COMPLETED"});
  CHECK(task["ApproximateNumberOfMessagesMoved"] == Value{2});
  CHECK(task["ApproximateNumberOfMessagesToMove"] == Value{2});
  CHECK_FALSE(task.has("TaskHandle"));
  CHECK_FALSE(task.has("DestinationArn"));
  const auto back = f.receive("q");
  REQUIRE(back.size() == 2);
  CHECK(back[0]["Attributes"]["ApproximateReceiveCount"] == Value{"1"});
  CHECK_FALSE(back[0]["Attributes"].has("DeadLetterQueueSourceArn"));
}

TEST_CASE("sqs: a task moves no faster than asked, goes on after a crash, and can be ended") {
  Moving f;
  f.queue("elsewhere");
  f.dead_letters(5);
  const auto handle = f.ok("StartMessageMoveTask",
                           f.from_dead({{"DestinationArn", f.arn("elsewhere")},
                                        {"MaxNumberOfMessagesPerSecond", 1}}))["TaskHandle"];
  CHECK(f.counts("elsewhere") == "1/0/0");
  CHECK(f.refusal("StartMessageMoveTask", f.from_dead()) ==
        "InvalidParameterValueException: There is already a task running. Only one active task is "
        "allowed for a source queue arn at a given time.");
  f.world.advance(1s);
  f.crash();
  f.world.settle();
  CHECK(f.listed()["Status"] == Value{"RUNNING"});
  const auto moved = f.counts("elsewhere");
  f.world.advance(1s);
  CHECK_FALSE(f.counts("elsewhere") == moved);
  f.ok("CancelMessageMoveTask", Value::structure({{"TaskHandle", handle}}));
  const auto then = f.counts("elsewhere");
  f.world.advance(1min);
  CHECK(f.counts("elsewhere") == then);
  CHECK(f.listed()["Status"] == Value{"CANCELLED"});
}

TEST_CASE("sqs: tasks that are refused or fail") {
  Moving f;
  f.queue("plain");
  const auto source = [&](const std::string& name) {
    return Value::structure({{"SourceArn", f.arn(name)}});
  };
  CHECK(f.refusal("StartMessageMoveTask", source("plain")) ==
        "InvalidParameterValueException: Source queue must be configured as a Dead Letter Queue.");
  CHECK(f.refusal("StartMessageMoveTask", source("none")) ==
        "ResourceNotFoundException: The resource that you specified for the SourceArn parameter "
        "doesn't exist.");
  CHECK(
      f.refusal("StartMessageMoveTask", f.from_dead({{"DestinationArn", f.arn("none")}})) ==
      "ResourceNotFoundException: The resource that you specified for the DestinationArn parameter "
      "doesn't exist.");
  CHECK(f.refusal("CancelMessageMoveTask", Value::structure({{"TaskHandle", "foobared"}})) ==
        "InvalidParameterValueException: Value for parameter TaskHandle is invalid.");
  f.send("dead", "nobody's");
  f.ok("StartMessageMoveTask", f.from_dead());
  CHECK(f.listed()["Status"] == Value{"FAILED"});
  CHECK(f.listed()["FailureReason"] == Value{"CouldNotDetermineMessageSource"});
  CHECK(f.counts("dead") == "1/0/0");
}

}  // namespace sitelatch::sqs
