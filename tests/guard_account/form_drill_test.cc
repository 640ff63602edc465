// SPDX-License-Identifier: Apache-2.0
// The drill of the forms config and engine: it rehearses DNS, moves nothing of Primary's, and
// leaves nothing, however it ends.
#include "guard/apply/form_drill.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "base/text.h"
#include "config_account.h"
#include "drill_report.h"
#include "guard/apply/doctor.h"
#include "guard/apply/engine_form.h"

using namespace sitelatch;
using namespace sitelatch::guard;
using namespace sitelatch::guard::test;
using aws::Value;

namespace {

struct DrillAccount : ConfigAccount {
  DrillAccount() {
    story.witness.watch_no_more();
    live(3min);
  }
  void interrupt_in(Duration d) {
    const auto until = story.now() + d;
    every_second = [this, until] {
      if (story.now() >= until && !done_) {
        done_ = true;
        throw Interrupted{};
      }
    };
  }

  DrillReport rehearse(Form form, Scenario scenario) {
    FormDrillOptions options;
    options.health_check_id = check();
    options.form = form;
    options.scenario = scenario;
    return drill_form(context(), options);
  }
  // Checks, alarms, tags, log groups and records.
  std::vector<std::string> everything() {
    auto found = pieces();
    std::erase(found, tag_of_drill);
    const auto checks = story.ok("route53", "ListHealthChecks", Value::structure());
    for (const auto& wire : checks["HealthChecks"].items())
      found.push_back("a check " + wire["CallerReference"].string_or(""));
    const auto records = story.ok("route53", "ListResourceRecordSets",
                                  Value::structure({{"HostedZoneId", story.zone}}));
    for (const auto& record : records["ResourceRecordSets"].items())
      found.push_back("record " + record["Name"].string_or("") + record["Type"].string_or(""));
    return found;
  }

 private:
  bool done_ = false;
};

const Leg& leg_of(const DrillReport& report, std::string_view name) {
  const auto found = std::find_if(report.legs.begin(), report.legs.end(),
                                  [&](const Leg& leg) { return leg.name == name; });
  REQUIRE(found != report.legs.end());
  return *found;
}

}  // namespace

TEST_CASE("config drill: a long outage, and the way back; DNS is asked, and Primary never moves") {
  DrillAccount account;
  account.serve();
  const auto before = account.everything();
  int elsewhere = 0;
  account.every_second = [&] {
    elsewhere += account.story.dns() != scenario::primary_address ? 1 : 0;
  };
  const auto begun = account.story.now();
  const auto report = account.rehearse(Form::config, Scenario::outage);
  INFO(report.sentence);
  CHECK(report.passed);
  CHECK(report.left.empty());
  CHECK(names_of(report) ==
        "scratch-check sentinel deploy attach outage failover recovery stays-latched switch-back");
  CHECK(elsewhere == 0);
  CHECK(account.everything() == before);
  CHECK(leg_of(report, "deploy").took > 14min);
  CHECK(leg_of(report, "failover").took > 30s);
  CHECK(leg_of(report, "failover").took < 6min);
  CHECK(leg_of(report, "switch-back").took > 14min);
  CHECK(account.story.now() - begun < 60min);
  // Who waits is told what for; status says what came of it.
  const auto waits = std::count_if(account.said.begin(), account.said.end(), [](const auto& line) {
    return line.find("good minutes") != std::string::npos;
  });
  CHECK(waits > 20);
  const auto noted = account.look_config().last_drill();
  CHECK(noted.find(" outage passed: Backup after ") != std::string::npos);
  account.every_second = [] {};
  CHECK(account.phase() == Phase::serving);
}

TEST_CASE("config drill: by hand, and a blip; with no guard it shows what a deploy would give") {
  for (const auto scenario : {Scenario::trip, Scenario::blip}) {
    DrillAccount account;
    const auto before = account.everything();
    const auto report = account.rehearse(Form::config, scenario);
    CAPTURE(to_string(scenario));
    INFO(report.sentence);
    CHECK(report.passed);
    CHECK(account.everything() == before);
    const auto names = names_of(report);
    CAPTURE(names);
    const bool held = names.find("stays-latched switch-back") != std::string::npos;
    CHECK((held || names.ends_with("recovery blip")));
  }
}

TEST_CASE("config drill: a latch that does not hold fails it, by name, and nothing stays") {
  DrillAccount account;
  const auto before = account.everything();
  // Somebody takes the hold out of what the calculated check asks while it is latched.
  bool done = false;
  account.every_second = [&] {
    const auto recovered = std::any_of(account.said.begin(), account.said.end(), [](const auto& s) {
      return s.find("ok     recovery") != std::string::npos;
    });
    if (!recovered || done) return;
    done = true;
    const auto checks = account.story.ok("route53", "ListHealthChecks", Value::structure());
    for (const auto& wire : checks["HealthChecks"].items()) {
      const auto reference = config_reference(wire["CallerReference"].string_or(""));
      if (reference && reference->hold)
        account.update(wire["Id"].string_or(""), {{"Disabled", true}, {"Inverted", false}});
    }
  };
  const auto report = account.rehearse(Form::config, Scenario::outage);
  CHECK_FALSE(report.passed);
  INFO(report.sentence);
  CHECK(names_of(report).ends_with("!stays-latched"));
  CHECK(report.sentence.find("DNS named Primary") != std::string::npos);
  account.every_second = [] {};
  CHECK(account.everything() == before);
}

TEST_CASE("config drill: interrupted or killed anywhere, and nothing stays") {
  for (const auto when : {1min, 10min, 22min, 26min, 32min}) {
    DrillAccount account;
    const auto before = account.everything();
    account.interrupt_in(when);
    const auto report = account.rehearse(Form::config, Scenario::outage);
    CAPTURE(when.count());
    CHECK(report.interrupted);
    CHECK(account.everything() == before);
  }
  for (const std::size_t call : {12u, 16u, 20u, 40u, 400u, 900u}) {
    DrillAccount account;
    const auto before = account.everything();
    account.kill_at(call);
    CHECK_THROWS_AS((void)account.rehearse(Form::config, Scenario::trip), ProcessEnded);
    CAPTURE(call);
    // It stands in nobody's list of guards, and doctor names it.
    CHECK(config_guards(account)->empty());
    const bool left = account.everything() != before;
    const auto diagnosis = diagnose(account.context());
    REQUIRE(diagnosis);
    const auto& seen = diagnosis->observations;
    CHECK(left == std::any_of(seen.begin(), seen.end(),
                              [](const auto& one) { return one.name == "drill-remains"; }));
    CHECK(account.rehearse(Form::config, Scenario::trip).passed);
    CHECK(account.everything() == before);
  }
}

TEST_CASE("a drill of any form removes what a killed drill of another left") {
  DrillAccount account;
  const auto before = account.everything();
  account.kill_at(200);
  CHECK_THROWS_AS((void)account.rehearse(Form::config, Scenario::trip), ProcessEnded);
  REQUIRE(account.everything() != before);
  CHECK(account.rehearse(Form::engine, Scenario::outage).passed);
  CHECK(account.everything() == before);
}

TEST_CASE("engine drill: its failover is the latch, and DNS goes back by the release alone") {
  for (const auto scenario : {Scenario::outage, Scenario::blip, Scenario::trip}) {
    DrillAccount account;
    const auto before = account.everything();
    const auto report = account.rehearse(Form::engine, scenario);
    CAPTURE(to_string(scenario));
    INFO(report.sentence);
    CHECK(report.passed);
    CHECK(names_of(report).ends_with("stays-latched switch-back"));
    CHECK(account.everything() == before);
    const auto seen = look_at_engine(account.context(), account.check());
    REQUIRE(seen);
    CHECK(seen->last_drill.find("passed: Backup after") != std::string::npos);
  }
}

TEST_CASE("a drill that could show nothing makes nothing") {
  const auto refused = [](DrillAccount& account) {
    const auto before = account.everything();
    const auto report = account.rehearse(Form::config, Scenario::outage);
    CHECK(report.not_begun.has_value());
    CHECK(account.everything() == before);
    CHECK(account.count("CreateHealthCheck") == 0);
    return report.sentence;
  };
  DrillAccount down;
  down.story.primary().goes_down();
  down.live(3min);
  CHECK(refused(down).find("Primary is not seen healthy") != std::string::npos);
  DrillAccount blind;
  blind.deny("ListResourceRecordSets");
  CHECK(refused(blind).find("records cannot be seen") != std::string::npos);
}
