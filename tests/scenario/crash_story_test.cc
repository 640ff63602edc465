// SPDX-License-Identifier: Apache-2.0
// kill -9, everywhere. The witness holds W1 to W3 in all of these (witness.h): no restart makes an
// unhealthy Primary healthy, and no answer names a latched one.
// Without AWS, clocks injected, every order.
#include <doctest/doctest.h>

#include <memory>
#include <random>

#include "failover_story.h"

namespace sitelatch::scenario {
namespace {

void wait_for_failover(FailoverStory& engine) {
  engine.primary().goes_down();
  for (int s = 0; engine.dns() == primary_address && s < 120; ++s) engine.wait(1s);
  REQUIRE(engine.dns() == backup_address);
}

struct Told {
  std::string latched, switched_back, answers;
  std::size_t commits, crashes;
};
// The whole of it. A crash may delay each link by its interval and by the downtime.
Told whole_story(Duration downtime, const std::function<void(FailoverStory&)>& prepare) {
  FailoverStory engine;
  engine.downtime = downtime;
  prepare(engine);
  engine.follow_the_guide();
  engine.wait(2min + downtime);
  engine.primary().goes_down();
  engine.wait(time_to_latch + downtime);
  engine.primary().comes_up();
  engine.wait(90s + downtime);
  Told told;
  told.latched = engine.dns() + " " + engine.path() + " " + engine.alarm();
  CHECK(engine.witness.latched());
  engine.switch_back_by_hand();
  engine.wait(3min + downtime);
  told.switched_back = engine.outcome();
  told.answers = engine.witness.answers();
  told.commits = engine.commits();
  told.crashes = engine.crashes();
  return told;
}
void check_same(const Told& told, const Told& undisturbed) {
  CHECK(told.latched == undisturbed.latched);
  CHECK(told.switched_back == undisturbed.switched_back);
  CHECK(told.answers == undisturbed.answers);
}

}  // namespace

TEST_CASE(
    "killed between the alarm and its delivery, with the notification queued: it is delivered by "
    "the next engine") {
  FailoverStory engine;
  engine.arm();
  engine.primary().goes_down();
  engine.crash_when([&engine](Moment moment) {
    return moment == Moment::durable && engine.has_rows("lambda.async");
  });
  engine.wait(time_to_latch);
  CHECK(engine.crashes() == 1);
  CHECK(engine.invoked.size() == 1);
  CHECK(engine.history("Action") == "Successfully executed action " + engine.topic_arn + "\n");
  CHECK(engine.path() == latch_path);
  CHECK(engine.dns() == backup_address);
}

TEST_CASE(
    "killed between the alarm and its delivery, and away for an hour in which Primary comes back: "
    "latched all the same") {
  FailoverStory engine;
  engine.arm();
  engine.primary().goes_down();
  engine.crash_when([&engine](Moment moment) {
    const bool queued = moment == Moment::durable && engine.has_rows("lambda.async");
    if (queued) engine.primary().comes_up();
    return queued;
  });
  engine.downtime = 1h;
  engine.wait(time_to_latch);
  CHECK(engine.crashes() == 1);
  CHECK(engine.path() == latch_path);
  engine.wait(10min);
  CHECK(engine.dns() == backup_address);
  CHECK(engine.witness.answers() == primary_address + " " + backup_address);
}

// Up to the latch only DNS's memory of the status keeps Primary out.
TEST_CASE(
    "killed between failover and latch: Backup is answered until Primary has passed its "
    "threshold") {
  for (const int threshold : {2, 3}) {
    CAPTURE(threshold);
    FailoverStory::Setting setting;
    setting.failure_threshold = threshold;
    FailoverStory engine(setting);
    wait_for_failover(engine);
    engine.primary().comes_up();
    for (int i = 0; i < 20; ++i) {
      engine.crash();
      CHECK(engine.dns() == backup_address);
      engine.wait(1s);  // time for one probe, never for two
      CHECK(engine.dns() == backup_address);
    }
    engine.wait(2min);
    CHECK(engine.dns() == primary_address);
  }
}

// No sample of the metric lives long enough to be written later: it has to be durable at once.
TEST_CASE("killed more than once a second from failover on: Primary is latched all the same") {
  for (std::uint64_t seed = 1; seed <= 4;
       ++seed) {  // each with another rhythm of samples and evaluations
    CAPTURE(seed);
    FailoverStory::Setting setting;
    setting.seed = seed;
    FailoverStory engine(setting);
    engine.arm();
    wait_for_failover(engine);
    for (int i = 0; i < 300; ++i) {
      engine.wait(700ms);
      engine.crash();
      CHECK(engine.dns() == backup_address);
    }
    CHECK(engine.path() == latch_path);
  }
}

TEST_CASE("killed while the function runs: it is run again, and the latch holds") {
  for (const bool before_its_call : {true, false}) {
    CAPTURE(before_its_call);
    FailoverStory engine;
    engine.arm();
    engine.functions[engine.name] = [&](Running& running) {
      const bool first = engine.invoked.size() == 1;
      // At the next commit: that of its own call, or, made after it, whichever comes.
      if (first && before_its_call)
        engine.crash_when([](Moment moment) { return moment == Moment::durable; });
      if (first && !before_its_call)
        engine.crash_when([](Moment moment) { return moment == Moment::told; });
      guide_function(running);
    };
    engine.primary().goes_down();
    engine.wait(time_to_latch);
    CHECK(engine.crashes() == 1);
    CHECK(engine.invoked.size() == 2);  // at least once, as on AWS
    CHECK(engine.path() == latch_path);
    CHECK(engine.version() == 3);
    CHECK(engine.dns() == backup_address);
  }
}

// Every instant at which something becomes durable, just after it and just after everybody has been
// told. What is between two commits is lost by a crash and so is the same as the commit before.
TEST_CASE("killed at every commit of the whole story: it ends the same") {
  const auto undisturbed = whole_story(0s, [](FailoverStory&) {});
  CHECK(undisturbed.latched == backup_address + " " + latch_path + " ALARM");
  CHECK(undisturbed.switched_back.find("dns " + primary_address + ", path " + healthy_path +
                                       ", alarm OK") == 0);
  CHECK(undisturbed.answers == primary_address + " " + backup_address + " " + primary_address);
  REQUIRE(undisturbed.commits > 50);
  for (const auto moment : {Moment::durable, Moment::told}) {
    for (std::size_t commit = 1; commit <= undisturbed.commits; ++commit) {
      const std::string where =
          (moment == Moment::durable ? "durable " : "told ") + std::to_string(commit);
      INFO("killed at commit ", where);
      const auto told = whole_story(0s, [&](FailoverStory& engine) {
        if (commit > engine.commits())
          engine.crash_at(commit, moment);
        else
          engine.crash();
      });
      check_same(told, undisturbed);
      CHECK(told.crashes == 1);
    }
  }
}

TEST_CASE("killed at every fifth commit, and away for three minutes: it ends the same") {
  const auto undisturbed = whole_story(3min, [](FailoverStory&) {});
  for (std::size_t commit = 12; commit <= undisturbed.commits; commit += 5) {
    INFO("killed at commit ", commit);
    const auto told =
        whole_story(3min, [&](FailoverStory& engine) { engine.crash_at(commit, Moment::told); });
    check_same(told, undisturbed);
    CHECK(told.crashes == 1);
  }
}

TEST_CASE("killed again and again, at random: it ends the same") {
  const auto undisturbed = whole_story(0s, [](FailoverStory&) {});
  for (std::uint64_t seed = 1; seed <= 16; ++seed) {
    CAPTURE(seed);
    const auto random = std::make_shared<std::mt19937_64>(seed);
    const auto told = whole_story(0s, [&](FailoverStory& engine) {
      engine.crash_whenever([random](Moment) { return (*random)() % 12 == 0; });
    });
    check_same(told, undisturbed);
    CHECK(told.crashes > 3);
  }
}

}  // namespace sitelatch::scenario
