// SPDX-License-Identifier: Apache-2.0
// Sites that do not simply fail: they come back too early, they flap, both are gone.
#include <doctest/doctest.h>

#include "failover_story.h"

namespace sitelatch::scenario {
namespace {

// Up for 20 seconds, down for 20, and so on.
void flap(FailoverStory& engine, Duration time) {
  for (Duration t{}; t < time; t += 40s) {
    engine.primary().goes_down();
    engine.wait(20s);
    engine.primary().comes_up();
    engine.wait(20s);
  }
}

}  // namespace

// The guide's leak: DNS reacts to a probe at once, the alarm minutes later. A Primary that is back
// in between serves again, unsynchronised, until the alarm of its short absence has latched it
// after all.
TEST_CASE("known hole: Primary recovers before the latch, and serves until it is latched") {
  FailoverStory engine;
  engine.arm();
  engine.primary().goes_down();
  for (int s = 0; engine.dns() == primary_address && s < 60; ++s) engine.wait(1s);
  CHECK(engine.dns() == backup_address);
  engine.wait(21s);  // one sample of the metric has seen it
  engine.primary().comes_up();
  engine.wait(31s);
  CHECK(engine.path() == healthy_path);
  CHECK(engine.dns() == primary_address);  // the leak

  engine.wait(time_to_latch);
  CHECK(engine.path() == latch_path);
  CHECK(engine.dns() == backup_address);
  CHECK(engine.witness.answers() ==
        primary_address + " " + backup_address + " " + primary_address + " " + backup_address);
  engine.wait(1h);
  CHECK(engine.dns() == backup_address);
}

TEST_CASE(
    "known hole: an absence between two samples of the metric fails over and back, and never "
    "latches") {
  FailoverStory::Setting setting;
  setting.request_interval_s = 10;
  FailoverStory engine(setting);
  engine.arm();
  const auto before = engine.now();
  // Down for one probe only, at whatever second it falls.
  for (int s = 0; s < 20 && engine.dns() == primary_address; ++s) {
    engine.primary().goes_down();
    engine.wait(1s);
  }
  engine.primary().comes_up();
  engine.wait(11s);
  CHECK(engine.dns() == primary_address);
  CHECK(engine.now() - before < 40s);
  engine.wait(1h);
  // Whether a sample fell into those ten seconds is luck on AWS too; here the seed decides, and it
  // did not.
  CHECK(engine.alarm() == "OK");
  CHECK(engine.path() == healthy_path);
}

TEST_CASE("a flapping Primary with threshold 1 is latched at its first sample, and stays out") {
  FailoverStory engine;
  engine.arm();
  flap(engine, 10min);
  CHECK(engine.path() == latch_path);
  CHECK(engine.dns() == backup_address);
  CHECK(engine.witness.latched());
  flap(engine, 30min);
  CHECK(engine.dns() == backup_address);
  CHECK(engine.version() == 2);
}

TEST_CASE("a flapping Primary with threshold 3 is never three probes down in a row: it serves on") {
  FailoverStory::Setting setting;
  setting.failure_threshold = 3;
  FailoverStory engine(setting);
  engine.arm();
  flap(engine, 30min);
  CHECK(engine.alarm() == "OK");
  CHECK(engine.path() == healthy_path);
  CHECK(engine.witness.answers() == primary_address);
}

TEST_CASE(
    "with threshold 3 a real outage takes three probes, and so does the return after the switch "
    "back") {
  FailoverStory::Setting setting;
  setting.failure_threshold = 3;
  FailoverStory engine(setting);
  engine.arm();
  engine.primary().goes_down();
  engine.wait(59s);
  CHECK(engine.dns() == primary_address);
  engine.wait(32s);
  CHECK(engine.dns() == backup_address);
  engine.wait(time_to_latch);
  CHECK(engine.path() == latch_path);

  engine.primary().comes_up();
  engine.wait(10min);
  engine.switch_back_by_hand();
  engine.wait(59s);
  CHECK(engine.dns() == backup_address);
  engine.wait(32s);
  CHECK(engine.dns() == primary_address);
}

// Route 53's rule: when nobody is healthy, Primary is answered. The latch makes Primary unhealthy
// and cannot do more; the next goals close this.
TEST_CASE("known hole: both sites are down, and DNS names Primary") {
  FailoverStory engine;
  engine.arm();
  engine.witness.both_down_is_known = true;
  engine.lose_primary();
  engine.backup().goes_down();
  engine.wait(1min);
  CHECK(engine.dns() == primary_address);
  CHECK(engine.path() == latch_path);

  // Even with Primary back, unsynchronised: it is the answer, and it serves.
  engine.primary().comes_up();
  engine.wait(10min);
  CHECK(engine.dns() == primary_address);

  engine.backup().comes_up();
  engine.wait(1min);
  CHECK(engine.dns() == backup_address);
}

TEST_CASE(
    "both sites fail together: Primary is answered, latched, and stays out once Backup is there "
    "again") {
  FailoverStory engine;
  engine.arm();
  engine.witness.both_down_is_known = true;
  engine.primary().goes_down();
  engine.backup().goes_down();
  engine.wait(time_to_latch);
  CHECK(engine.dns() == primary_address);
  CHECK(engine.path() == latch_path);
  engine.primary().comes_up();
  engine.backup().comes_up();
  engine.wait(1min);
  engine.witness.both_down_is_known = false;
  CHECK(engine.dns() == backup_address);
  engine.wait(1h);
  CHECK(engine.dns() == backup_address);
}

TEST_CASE("only Backup fails: nothing moves") {
  FailoverStory engine;
  engine.arm();
  engine.backup().goes_down();
  engine.wait(1h);
  CHECK(engine.alarm() == "OK");
  CHECK(engine.witness.answers() == primary_address);
}

}  // namespace sitelatch::scenario
