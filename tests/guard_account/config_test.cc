// SPDX-License-Identifier: Apache-2.0
// A guard of the form `config` against an account in memory: its failover is the latch, and every
// command goes on where it was cut off.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>

#include "config_account.h"

using namespace sitelatch;
using namespace sitelatch::guard;
using namespace sitelatch::guard::test;
using aws::Value;

namespace {

const std::string on_primary = scenario::primary_address, on_backup = scenario::backup_address;

// Which of a command's calls are worth a run of their own: all that change something, and of those
// that read the first and every so manieth. (A wait asks the same a thousand times.) Of these a
// fixed sample, and all with SITELATCH_THOROUGH=1.
std::vector<std::size_t> calls_to_break(const std::vector<std::string>& calls, std::size_t from,
                                        std::size_t every) {
  const auto* thorough = std::getenv("SITELATCH_THOROUGH");
  const std::size_t step = thorough && *thorough ? 1 : 4;
  std::vector<std::size_t> worth, out;
  for (std::size_t n = 1; from + n <= calls.size(); ++n)
    if (!is_reading(calls[from + n - 1]) || n <= 12 || n % every == 0) worth.push_back(n);
  for (std::size_t i = 0; i < worth.size(); i += step) out.push_back(worth[i]);
  return out;
}

std::size_t times_in(const std::vector<std::string>& lines, const std::string& part) {
  return static_cast<std::size_t>(std::count_if(lines.begin(), lines.end(), [&](const auto& line) {
    return line.find(part) != std::string::npos;
  }));
}

// Latched by an outage, and Primary is well again.
struct HeldOut : ConfigAccount {
  HeldOut() {
    serve();
    outage(5min);
    REQUIRE(story.dns() == on_backup);
    held_out = true;
    live(10min);
    REQUIRE(phase() == Phase::latched);
  }
};

}  // namespace

TEST_CASE("config: deploy moves nothing until it is asked, and then nothing either") {
  ConfigAccount account;
  int backup = 0;
  account.every_second = [&] { backup += account.story.dns() != on_primary ? 1 : 0; };
  CHECK(account.phase() == Phase::not_deployed);
  const auto begun = account.story.now();
  REQUIRE_FALSE(account.deploy_config(false));
  CHECK(account.story.now() - begun < 20min);
  CHECK(times_in(account.said, "of 15 good minutes") >= 10);
  CHECK(account.phase() == Phase::not_attached);
  const auto pieces = account.pieces();
  CHECK(pieces.size() == 7);
  // Again: nothing to do, nothing made twice.
  const auto changes = account.count("UpdateHealthCheck");
  REQUIRE_FALSE(account.deploy_config(false));
  CHECK(account.pieces() == pieces);
  CHECK(account.count("UpdateHealthCheck") == changes);
  CHECK(account.count("ChangeResourceRecordSets") == 0);
  REQUIRE_FALSE(account.deploy_config(true));
  CHECK(account.phase() == Phase::serving);
  CHECK(account.count("ChangeResourceRecordSets") == 1);
  account.live(1h);
  CHECK(account.phase() == Phase::serving);
  CHECK(backup == 0);
}

TEST_CASE("config: whatever the outage, from the first Backup on nobody names Primary") {
  // Shorter than a probe's interval, a probe, a minute, five; again and again, each time a second
  // later in the probes' interval, until one is noticed.
  for (const auto length : {1s, 20s, 60s, 300s}) {
    for (const auto begins : {0s, 11s}) {
      ConfigAccount account;
      account.serve();
      account.live(begins);
      account.every_second = [&] {
        if (account.story.dns() == on_backup) account.held_out = true;
      };
      auto rest = 240s;
      while ((length + rest) % 30s != 1s) ++rest;
      int outages = 0;
      for (; outages < 31 && !account.held_out; ++outages) {
        account.outage(length);
        account.live(rest);
      }
      CAPTURE(length.count());
      CAPTURE(outages);
      REQUIRE(account.held_out);
      account.live(40min);
      CHECK(account.named_primary == 0);
      CHECK(account.phase() == Phase::latched);
      account.every_second = [] {};
      account.held_out = false;
      const auto report = account.release();
      INFO(report.sentence);
      CHECK(report.end == SwitchBackEnd::done);
      CHECK(account.story.dns() == on_primary);
      // And it latches again.
      account.outage(5min);
      account.live(1min);
      CHECK(account.story.dns() == on_backup);
    }
  }
}

TEST_CASE("config: whichever answer is lost on the way, deploying again ends in the same guard") {
  ConfigAccount undisturbed;
  REQUIRE_FALSE(undisturbed.deploy_config(true));
  const auto pieces = undisturbed.pieces();
  for (const auto n : calls_to_break(undisturbed.calls(), 0, 200)) {
    ConfigAccount account;
    int backup = 0;
    account.every_second = [&] { backup += account.story.dns() != on_primary ? 1 : 0; };
    account.lose_answer(n);
    const auto first = account.deploy_config(true);
    CAPTURE(n);
    INFO("lost: ", account.calls().size() >= n ? account.calls()[n - 1] : "nothing",
         "; the first deploy: ", first.value_or("done"));
    const auto second = account.deploy_config(true);
    INFO("the second deploy: ", second.value_or("done"));
    CHECK_FALSE(second);
    CHECK(account.pieces() == pieces);
    CHECK(account.phase() == Phase::serving);
    CHECK(account.work_left_of_config().empty());
    CHECK(backup == 0);
  }
}

TEST_CASE("config: cut off at any call, deploying again ends in the same guard") {
  ConfigAccount undisturbed;
  REQUIRE_FALSE(undisturbed.deploy_config(true));
  const auto pieces = undisturbed.pieces();
  for (const auto n : calls_to_break(undisturbed.calls(), 0, 300)) {
    ConfigAccount account;
    account.kill_at(n);
    CAPTURE(n);
    try {
      (void)account.deploy_config(true);
    } catch (const ProcessEnded&) {
    }
    const auto second = account.deploy_config(true);
    INFO("the second deploy: ", second.value_or("done"));
    CHECK_FALSE(second);
    CHECK(account.pieces() == pieces);
    CHECK(account.phase() == Phase::serving);
  }
}

TEST_CASE(
    "config: a Primary that fails while the guard is made is waited for, and nothing is moved") {
  ConfigAccount account;
  bool failed = false;
  account.every_second = [&] {
    if (failed || times_in(account.said, "7 of 15") == 0) return;
    failed = true;
    account.story.primary().goes_down();
  };
  const auto why = account.deploy_config(true, 30min);
  REQUIRE(why);
  INFO(*why);
  CHECK(why->find("did not become healthy in time") != std::string::npos);
  CHECK(account.phase() == Phase::starting);
  CHECK(account.count("ChangeResourceRecordSets") == 0);
  CHECK(account.deploy_config(true));  // refused: Primary is down
  account.every_second = [] {};
  account.story.primary().comes_up();
  account.live(5min);
  account.serve();
}

TEST_CASE("config: switched back after fifteen good minutes, and at once protected again") {
  HeldOut account;
  const auto begun = account.story.now();
  account.every_second = [&] {
    if (account.story.now() - begun > 15min) account.held_out = false;
  };
  const auto report = account.release();
  INFO(report.sentence);
  CHECK(report.end == SwitchBackEnd::done);
  CHECK(account.named_primary == 0);
  CHECK(account.story.now() - begun < 22min);
  CHECK(account.phase() == Phase::serving);
  const auto seen = account.look_config();
  CHECK(seen.observed.combined->threshold == 2);
  CHECK_FALSE(seen.observed.hold->tags.contains(std::string{tag::switch_back}));
  CHECK(seen.assessment.problems.empty());
}

TEST_CASE("config: refused while Primary is down or answers nobody, or nothing is latched") {
  HeldOut account;
  account.story.primary().goes_down();
  account.live(3min);
  auto report = account.release();
  CHECK(report.end == SwitchBackEnd::refused);
  REQUIRE_FALSE(report.refusals.empty());
  CHECK(report.refusals.front().name == "primary");
  CHECK(account.look_config().observed.combined->threshold == 2);
  account.story.primary().comes_up();
  account.live(3min);
  account.held_out = false;
  CHECK(account.release().end == SwitchBackEnd::done);
  report = account.release();
  CHECK(report.end == SwitchBackEnd::refused);
  CHECK(report.refusals.front().why.find("nothing is latched") != std::string::npos);
}

TEST_CASE("config: a Primary that fails on the way back begins its fifteen minutes anew") {
  HeldOut account;
  const auto begun = account.story.now();
  bool failed = false;
  account.every_second = [&] {
    const auto since = account.story.now() - begun;
    if (!failed && since > 10min) {
      failed = true;
      account.story.primary().goes_down();
    }
    if (failed && since > 12min) account.story.primary().comes_up();
    if (since > 27min) account.held_out = false;
  };
  const auto report = account.release();
  INFO(report.sentence);
  CHECK(report.end == SwitchBackEnd::done);
  CHECK(account.named_primary == 0);
  CHECK(account.story.now() - begun > 27min);
}

TEST_CASE("config: not good in the window, and it is held again") {
  HeldOut account;
  const auto begun = account.story.now();
  account.every_second = [&] {
    if (account.story.now() - begun > 5min) account.story.primary().goes_down();
  };
  const auto report = account.release({}, 20min);
  INFO(report.sentence);
  CHECK(report.end == SwitchBackEnd::latched_again);
  CHECK(account.look_config().observed.combined->threshold == 2);
  account.every_second = [] {};
  account.story.primary().comes_up();
  account.live(40min);
  CHECK(account.named_primary == 0);
  CHECK(account.phase() == Phase::latched);
}

TEST_CASE("config: whichever call of a switch back is lost or the last, the next goes on") {
  std::vector<std::string> calls;
  std::size_t from = 0;
  {
    HeldOut account;
    from = account.calls().size();
    account.held_out = false;
    REQUIRE(account.release().end == SwitchBackEnd::done);
    calls = account.calls();
  }
  for (const bool killed : {true, false}) {
    for (const auto n : calls_to_break(calls, from, 250)) {
      HeldOut account;
      const auto begun = account.story.now();
      account.every_second = [&] {
        if (account.story.now() - begun > 15min) account.held_out = false;
      };
      if (killed)
        account.kill_at(n);
      else
        account.lose_answer(n);
      CAPTURE(n);
      CAPTURE(killed);
      INFO("call: ", calls[from + n - 1]);
      auto end = SwitchBackEnd::failed;
      try {
        end = account.release().end;
      } catch (const ProcessEnded&) {
        account.live(30s);
      }
      if (end != SwitchBackEnd::done) {
        const auto phase = account.phase();
        INFO("after the first: ", to_string(phase));
        const auto again = account.release();
        INFO("the second: ", again.sentence, again.refusals.empty() ? "" : again.refusals[0].why);
        const bool was_done = again.end == SwitchBackEnd::refused && phase == Phase::serving;
        CHECK((again.end == SwitchBackEnd::done || was_done));
      }
      CHECK(account.named_primary == 0);
      CHECK(account.story.dns() == on_primary);
      CHECK(account.look_config().observed.combined->threshold == 2);
    }
  }
}

TEST_CASE("config: left alone in a switch back it says what is open, and a person finishes it") {
  HeldOut account;
  account.kill_at(60);
  CHECK_THROWS_AS((void)account.release(), ProcessEnded);
  CHECK(account.phase() == Phase::switching_back);
  account.live(10min);
  CHECK(account.phase() == Phase::switching_back);
  CHECK(account.named_primary == 0);
  account.held_out = false;
  account.live(10min);
  auto seen = account.look_config();
  CHECK(account.story.dns() == on_primary);
  CHECK(seen.assessment.phase == Phase::drifted);
  CHECK(seen.assessment.sentence.find("NOTHING FAILS OVER") != std::string::npos);
  const auto begun = account.story.now();
  CHECK(account.release().end == SwitchBackEnd::done);
  CHECK(account.story.now() - begun < 1min);
  account.outage(5min);
  CHECK(account.story.dns() == on_backup);
}

TEST_CASE("config: interrupted in a switch back, the latch is closed again") {
  HeldOut account;
  account.kill_at(60);
  CHECK_THROWS_AS((void)account.release(), ProcessEnded);
  const auto how_far = hold_again(account.context(), account.check());
  CHECK(how_far.find("the latch stands") != std::string::npos);
  account.live(40min);
  CHECK(account.named_primary == 0);
  CHECK(account.phase() == Phase::latched);
}

TEST_CASE("config: interrupted when the fifteen minutes are nearly over, nothing is released") {
  for (const auto* minutes : {"9 of 15", "14 of 15"}) {
    HeldOut account;
    account.said.clear();
    account.every_second = [&] {
      if (times_in(account.said, minutes) > 0) throw ProcessEnded{};
    };
    CHECK_THROWS_AS((void)account.release(), ProcessEnded);
    account.every_second = [] {};
    CAPTURE(std::string{minutes});
    const auto how_far = hold_again(account.context(), account.check());
    CHECK(how_far.find("the latch stands") != std::string::npos);
    account.live(40min);
    CHECK(account.named_primary == 0);
    CHECK(account.phase() == Phase::tripped);
    CHECK(account.look_config().observed.combined->threshold == 2);
    account.held_out = false;
    CHECK(account.release().end == SwitchBackEnd::done);
    CHECK(account.phase() == Phase::serving);
  }
}

TEST_CASE("config: who has seen a latch releases no later one") {
  HeldOut account;
  account.held_out = false;
  ConfigSwitchBackOptions slow;
  slow.health_check_id = account.check();
  slow.reason = "sites synchronised";
  slow.confirm = [&](const ConfigView&, const std::string&) {
    // While he reads, somebody else releases, and Primary fails again.
    CHECK(account.release().end == SwitchBackEnd::done);
    account.outage(5min);
    CHECK(account.story.dns() == on_backup);
    account.held_out = true;
    account.live(10min);
    return true;
  };
  const auto report = config_switch_back(account.context(), slow);
  INFO(report.sentence);
  CHECK(report.end == SwitchBackEnd::refused);
  CHECK(report.sentence.find("it may be another one") != std::string::npos);
  account.live(40min);
  CHECK(account.named_primary == 0);
  CHECK(account.phase() == Phase::latched);
}

TEST_CASE("config: a release that others have closed is over, whatever fails after it") {
  HeldOut account;
  account.held_out = false;
  const auto combined = account.look_config().observed.combined->id;
  int seconds = -1;
  account.every_second = [&] {
    if (seconds < 0 && account.story.dns() != on_primary) return;
    if (++seconds == 0) {
      // Another command closes it; then Primary fails for two minutes, and AWS is silent for six.
      account.update(combined, {{"HealthThreshold", 2}});
      account.story.primary().goes_down();
    }
    if (seconds == 120) account.story.primary().comes_up();
    if (account.story.dns() == on_backup) account.held_out = true;
  };
  account.instead = [&](const client::Call& call) -> std::optional<client::Outcome<client::Reply>> {
    if (seconds < 0 || seconds > 360) return std::nullopt;
    return client::Outcome<client::Reply>{
        failure(service_error(call, "ServiceUnavailable", "later", 503))};
  };
  const auto report = account.release();
  INFO(report.sentence);
  CHECK(report.end == SwitchBackEnd::latched_again);
  CHECK(account.held_out);
  account.live(40min);
  CHECK(account.named_primary == 0);
  CHECK(account.look_config().observed.combined->threshold == 2);
  CHECK(account.phase() == Phase::latched);
}

TEST_CASE("config: a trip holds at once, and is let go only after fifteen good minutes") {
  ConfigAccount account;
  account.serve();
  const auto tripped = account.trip();
  REQUIRE(tripped);
  CHECK(tripped->changed);
  CHECK(account.story.dns() == on_backup);
  CHECK(account.phase() == Phase::tripped);
  account.held_out = true;
  account.live(40min);
  CHECK(account.phase() == Phase::tripped);
  // Deploy takes nothing back.
  REQUIRE_FALSE(account.deploy_config(true));
  CHECK(account.phase() == Phase::tripped);
  const auto again = account.trip();
  REQUIRE(again);
  CHECK_FALSE(again->changed);
  const auto begun = account.story.now();
  account.every_second = [&] {
    if (account.story.now() - begun > 15min) account.held_out = false;
  };
  const auto report = account.release();
  INFO(report.sentence);
  CHECK(report.end == SwitchBackEnd::done);
  CHECK(account.named_primary == 0);
  CHECK(account.phase() == Phase::serving);
  CHECK_FALSE(account.look_config().observed.hold->tags.contains(std::string{tag::tripped}));
}

TEST_CASE("config: a trip against others' hands and lost answers") {
  for (const bool lost : {false, true}) {
    ConfigAccount account;
    account.serve();
    auto shown = account.look_config();
    const auto hold = shown.observed.hold->id;
    account.before("UpdateHealthCheck", [&] {
      if (lost) return account.lose_answer(0);
      account.update(hold, {{"Inverted", false}});
    });
    CAPTURE(lost);
    const auto tripped = trip_config(account.context(), std::move(shown), "a test");
    REQUIRE(tripped);
    CHECK(account.story.dns() == on_backup);
    CHECK(account.look_config().observed.hold->tripped());
  }
}

TEST_CASE("config: a trip while deploy mends the hold stands") {
  ConfigAccount account;
  account.serve();
  // Disabled and not Inverted: deploy would enable it.
  account.update(account.look_config().observed.hold->id,
                 {{"Disabled", true}, {"Inverted", false}});
  account.before("UpdateHealthCheck", [&] { REQUIRE(account.trip()); });
  CHECK_FALSE(account.deploy_config(true));
  CHECK(account.story.dns() == on_backup);
  CHECK(account.phase() == Phase::tripped);
}

TEST_CASE("config: who trips while somebody switches back is heard") {
  HeldOut account;
  account.said.clear();
  bool done = false;
  account.every_second = [&] {
    if (done || times_in(account.said, "5 of 15") == 0) return;
    done = true;
    account.update(account.look_config().observed.hold->id, {{"Disabled", true}});
  };
  const auto report = account.release();
  INFO(report.sentence);
  CHECK(report.end == SwitchBackEnd::refused);
  CHECK(report.sentence.find("Somebody else") != std::string::npos);
  account.every_second = [] {};
  account.live(40min);
  CHECK(account.named_primary == 0);
  CHECK(account.phase() == Phase::tripped);
}

TEST_CASE(
    "config: what somebody changes is named, and deploy mends it without releasing anything") {
  const auto alarm_of = [](ConfigAccount& account) { return account.look_config().plan.alarm; };
  const std::vector<std::pair<const char*, std::function<void(ConfigAccount&)>>> hands = {
      {"alarm-gone",
       [&](ConfigAccount& account) {
         account.story.ok("cloudwatch", "DeleteAlarms",
                          Value::structure({{"AlarmNames", Value::list({alarm_of(account)})}}));
       }},
      {"hold-rule",
       [&](ConfigAccount& account) {  // the alarm asks for little, and the hold has copied that
         const auto seen = account.look_config();
         account.story.ok(
             "cloudwatch", "PutMetricAlarm",
             Value::structure({{"AlarmName", seen.plan.alarm},
                               {"Namespace", "AWS/Route53"},
                               {"MetricName", "HealthCheckStatus"},
                               {"Statistic", "Minimum"},
                               {"ComparisonOperator", "GreaterThanOrEqualToThreshold"},
                               {"Threshold", 1},
                               {"Period", 60},
                               {"EvaluationPeriods", 14},
                               {"Dimensions", Value::list({Value::structure(
                                                  {{"Name", "HealthCheckId"},
                                                   {"Value", seen.observed.combined->id}})})}}));
         account.update(seen.observed.hold->id,
                        {{"AlarmIdentifier", Value::structure({{"Region", seen.plan.region},
                                                               {"Name", seen.plan.alarm}})}});
       }},
      {"hold-not-inverted",
       [](ConfigAccount& account) {
         account.update(account.look_config().observed.hold->id, {{"Inverted", false}});
       }},
      {"combined-threshold",
       [](ConfigAccount& account) {
         account.update(account.look_config().observed.combined->id, {{"HealthThreshold", 1}});
       }},
      {"combined-children",
       [](ConfigAccount& account) {
         account.update(
             account.look_config().observed.combined->id,
             {{"HealthThreshold", 1}, {"ChildHealthChecks", Value::list({account.check()})}});
       }},
      {"secondary-health",
       [](ConfigAccount& account) {
         account.give_secondary(account.story.backup_check);
         account.story.witness.watch_no_more();
       }},
  };
  for (const bool latched : {false, true}) {
    for (const auto& [name, hand] : hands) {
      ConfigAccount account;
      account.serve();
      if (latched) {
        account.outage(5min);
        REQUIRE(account.story.dns() == on_backup);
      }
      const std::string told{name};
      CAPTURE(told);
      CAPTURE(latched);
      hand(account);
      const auto problems = account.look_config().assessment.problems;
      CHECK(std::any_of(problems.begin(), problems.end(),
                        [&, n = std::string{name}](const auto& one) { return one.name == n; }));
      const auto wrong = account.deploy_config(true);
      INFO(wrong.value_or("done"));
      CHECK_FALSE(wrong);
      const auto seen = account.look_config();
      INFO(seen.assessment.sentence);
      CHECK(seen.assessment.problems.empty());
      CHECK(account.story.dns() == (latched ? on_backup : on_primary));
    }
  }
}

TEST_CASE("config: destroy gives the records back first, and leaves nothing") {
  ConfigAccount account;
  const auto before = account.pieces();
  account.serve();
  int backup = 0;
  account.every_second = [&] { backup += account.story.dns() != on_primary ? 1 : 0; };
  CHECK(account.destroy_config(false));
  CHECK(account.phase() == Phase::serving);
  const auto wrong = account.destroy_config(true);
  INFO(wrong.value_or("done"));
  REQUIRE_FALSE(wrong);
  CHECK(account.pieces() == before);
  account.live(20min);
  CHECK(backup == 0);
  CHECK(account.phase() == Phase::not_deployed);
  // The endpoint's check rules again, and a new guard can be made at once.
  account.every_second = [] {};
  account.outage(2min);
  CHECK(account.story.dns() == on_backup);
  account.live(2min);
  CHECK(account.story.dns() == on_primary);
  account.serve();
}

TEST_CASE("config: destroy keeps its hands off a latch until somebody says so") {
  HeldOut account;
  const auto why = account.destroy_config(true);
  REQUIRE(why);
  CHECK(why->find("--restore") != std::string::npos);
  CHECK(account.phase() == Phase::latched);
  account.held_out = false;
  CHECK_FALSE(account.destroy_config(true, Unhold::restore));
  CHECK(account.story.dns() == on_primary);
}

TEST_CASE(
    "config: a Primary that fails while somebody thinks about the records keeps them where they "
    "are") {
  ConfigAccount account;
  REQUIRE_FALSE(account.deploy_config(false));
  ConfigDeployment deployment(account.context(), {account.check(), true, 45min});
  auto shown = deployment.plan();
  REQUIRE(shown);
  REQUIRE(shown->work.size() == 1);
  REQUIRE(shown->not_attachable.empty());
  account.story.primary().goes_down();
  while (endpoint_is_healthy(account.look_config().observed) != false) account.live(5s);
  const auto done = deployment.run(std::move(*shown));
  REQUIRE_FALSE(done);
  CHECK(done.error().text.find("The records were not changed") != std::string::npos);
  CHECK_FALSE(account.look_config().observed.records->attached());
}

TEST_CASE("config: destroy waits until no record follows the hold") {
  ConfigAccount account;
  account.serve();
  const auto hold = account.look_config().observed.hold->id;
  account.before("ChangeResourceRecordSets", [&] {
    // Somebody else's record, made in this second.
    const auto record = Value::structure(
        {{"Name", "other.example.test"},
         {"Type", "A"},
         {"TTL", 60},
         {"SetIdentifier", "one"},
         {"Weight", 1},
         {"HealthCheckId", hold},
         {"ResourceRecords", Value::list({Value::structure({{"Value", "192.0.2.9"}})})}});
    account.story.ok(
        "route53", "ChangeResourceRecordSets",
        Value::structure(
            {{"HostedZoneId", account.story.zone},
             {"ChangeBatch",
              Value::structure(
                  {{"Changes", Value::list({Value::structure(
                                   {{"Action", "CREATE"}, {"ResourceRecordSet", record}})})}})}}));
  });
  const auto why = account.destroy_config(true);
  REQUIRE(why);
  CHECK(why->find("nothing was deleted") != std::string::npos);
  CHECK(account.count("DeleteHealthCheck") == 0);
}

TEST_CASE("config: what fails while somebody thinks about a plan stays latched") {
  ConfigAccount account;
  account.serve();
  const ConfigRemovalOptions options{account.check(), true, false, Unhold::unsaid};
  const auto shown = plan_config_removal(account.context(), options);
  REQUIRE(shown);
  REQUIRE_FALSE(shown->batches.empty());
  account.outage(5min);
  REQUIRE(account.story.dns() == on_backup);
  account.held_out = true;
  account.live(10min);
  const auto done = carry_out(account.context(), *shown, options);
  REQUIRE_FALSE(done);
  CHECK(done.error().kind == Error::Kind::refused);
  account.live(5min);
  CHECK(account.named_primary == 0);
  CHECK(account.phase() == Phase::latched);
}

TEST_CASE("config: whichever call of destroy is lost or the last, the next finishes it") {
  std::vector<std::string> calls;
  std::size_t from = 0;
  {
    ConfigAccount account;
    account.serve();
    from = account.calls().size();
    REQUIRE_FALSE(account.destroy_config(true));
    calls = account.calls();
  }
  for (const bool killed : {true, false}) {
    for (const auto n : calls_to_break(calls, from, 4)) {
      ConfigAccount account;
      const auto before = account.pieces();
      account.serve();
      if (killed)
        account.kill_at(n);
      else
        account.lose_answer(n);
      CAPTURE(n);
      CAPTURE(killed);
      try {
        (void)account.destroy_config(true);
      } catch (const ProcessEnded&) {
      }
      const auto wrong = account.destroy_config(true);
      INFO(wrong.value_or("done"));
      CHECK_FALSE(wrong);
      CHECK(account.pieces() == before);
      CHECK(account.story.dns() == on_primary);
    }
  }
}
