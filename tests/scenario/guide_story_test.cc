// SPDX-License-Identifier: Apache-2.0
// The story that the guide tells: Primary fails and is latched; it comes back and must not serve; a
// person switches back.
#include <doctest/doctest.h>

#include "failover_story.h"

namespace sitelatch::scenario {

TEST_CASE("the guide: a failed Primary stays out of DNS until a person has switched back") {
  FailoverStory engine;
  engine.arm();

  engine.primary().goes_down();
  engine.wait(time_to_latch);
  CHECK(engine.dns() == backup_address);
  CHECK(engine.alarm() == "ALARM");
  CHECK(engine.path() == latch_path);
  CHECK(engine.version() == 2);
  CHECK(engine.invoked.size() == 1);
  CHECK(engine.history("StateUpdate") ==
        "Alarm updated from INSUFFICIENT_DATA to OK\nAlarm updated from OK to ALARM\n");
  CHECK(engine.history("Action") == "Successfully executed action " + engine.topic_arn + "\n");

  engine.primary().comes_up();
  engine.wait(6h);
  CHECK(engine.dns() == backup_address);
  CHECK(engine.path() == latch_path);
  CHECK(engine.alarm() == "ALARM");

  engine.switch_back_by_hand();
  engine.wait(3min);
  CHECK(engine.dns() == primary_address);
  CHECK(engine.alarm() == "OK");
  CHECK(engine.witness.answers() == primary_address + " " + backup_address + " " + primary_address);
}

TEST_CASE("the guide: the function's log tells what happened") {
  FailoverStory engine;
  engine.arm();
  engine.lose_primary();
  const auto log = engine.log();
  for (const auto* part : {"START RequestId: ", "\"EventSource\":\"aws:sns\"", "END RequestId: ",
                           "REPORT RequestId: ", "\"ResourcePath\":\"/lb-check-failed-over\""})
    CHECK_MESSAGE(log.find(part) != std::string::npos, part);
}

TEST_CASE("the guide: after the switch back the guard is armed for the next time") {
  FailoverStory engine;
  engine.arm();
  for (int outage = 1; outage <= 3; ++outage) {
    engine.lose_primary();
    engine.primary().comes_up();
    engine.wait(5min);
    CHECK(engine.dns() == backup_address);
    engine.switch_back_by_hand();
    engine.wait(3min);
    CHECK(engine.dns() == primary_address);
    CHECK(engine.alarm() == "OK");
    CHECK(engine.version() == 1 + 2 * outage);
  }
}

// The path is rewritten while Primary is well, so that its own next probe is what takes it out of
// DNS.
TEST_CASE("a drill: SetAlarmState runs the whole chain, and latches a healthy Primary") {
  FailoverStory engine;
  engine.arm();
  engine.ok("cloudwatch", "SetAlarmState",
            Value::structure(
                {{"AlarmName", engine.name}, {"StateValue", "ALARM"}, {"StateReason", "a drill"}}));
  CHECK(engine.path() == latch_path);
  CHECK(engine.dns() == primary_address);
  engine.wait(31s);
  CHECK(engine.dns() == backup_address);
  engine.wait(10min);
  CHECK(engine.dns() == backup_address);
  engine.switch_back_by_hand();
  engine.wait(3min);
  CHECK(engine.dns() == primary_address);
}

}  // namespace sitelatch::scenario
