// SPDX-License-Identifier: Apache-2.0
#include "function/handler.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "function/testing.h"
#include "guard/rules/json.h"

using namespace sitelatch;
using namespace sitelatch::function;
using function::testing::Cloud;
using guard::testing::AlarmMessage;
using guard::testing::arrangement;
using guard::testing::at;
using guard::testing::sns_event;

namespace {
struct Fixture {
  Cloud cloud;
  Handler handler{arrangement(), {{"SITELATCH_ORIGINAL_PATH", "/lb-check"}}, cloud};
  Outcome run(std::string_view event, int second = 60) {
    return handler.handle({event, "i-1", at(second), {}});
  }
};
const std::string alarm_event = sns_event({AlarmMessage{}.json()});
const std::string tick =
    R"({"source":"aws.events","detail-type":"Scheduled Event","time":"2026-11-22T12:01:00Z",)"
    R"("resources":[")" +
    arrangement().rule_arn + R"("]})";
}  // namespace

TEST_CASE("an alarm latches, is noted, told and written down, in this order") {
  Fixture f;
  const auto outcome = f.run(alarm_event);
  CHECK_FALSE(outcome.failed);
  CHECK(f.cloud.check.path == "/lb-check-failed-over");
  CHECK(f.cloud.calls == std::vector<std::string>{"read_check", "read_tags", "update_check",
                                                  "write_tags", "tell", "write_audit"});
  CHECK(f.cloud.tags.contains("sitelatch:latched"));
  const auto audit = guard::Json::parse(f.cloud.audit.at(0));
  REQUIRE(audit);
  CHECK((*audit)["before"].text() == "ResourcePath=/lb-check");
  CHECK((*audit)["after"].text() == "ResourcePath=/lb-check-failed-over");
  CHECK((*audit)["version"].text() == "2");
  const auto response = guard::Json::parse(outcome.response);
  REQUIRE(response);
  CHECK((*response)["records"].elements().at(0)["verdict"].text() == "latch");
  REQUIRE(outcome.log.size() == 1);
  CHECK(outcome.log[0].find("version 1 -> 2") != std::string::npos);
}

TEST_CASE("a second notification changes nothing") {
  Fixture f;
  f.run(alarm_event);
  f.run(alarm_event);
  CHECK(f.cloud.check.version == 2);
  CHECK(f.cloud.notified.size() == 1);
}

TEST_CASE("a version that moves on is read again, and decided again") {
  Fixture f;
  f.cloud.before_update = [&f] {
    f.cloud.check.path = "/lb-check-switched-over";  // a person was faster, and planned
    ++f.cloud.check.version;
  };
  CHECK_FALSE(f.run(alarm_event).failed);
  CHECK(f.cloud.check.path == "/lb-check-switched-over");

  Fixture g;
  g.cloud.before_update = [&g] { ++g.cloud.check.version; };
  CHECK_FALSE(g.run(alarm_event).failed);
  CHECK(g.cloud.check.path == "/lb-check-failed-over");
}

TEST_CASE("a latch that fails is the function's error, with AWS's words") {
  for (const auto* call : {"read_check", "update_check"}) {
    Fixture f;
    f.cloud.failing = call;
    const auto outcome = f.run(alarm_event);
    CHECK(outcome.failed);
    CHECK(outcome.error.find("is not authorized to perform: y") != std::string::npos);
  }
}

TEST_CASE("what fails after the latch does not undo it, and people hear of it") {
  for (const auto* call : {"read_tags", "write_tags", "write_audit"}) {
    Fixture f;
    f.cloud.failing = call;
    const auto outcome = f.run(alarm_event);
    CHECK_FALSE(outcome.failed);
    CHECK(f.cloud.check.path == "/lb-check-failed-over");
    REQUIRE(f.cloud.notified.size() == 2);
    CHECK(f.cloud.notified[1].find("impaired") != std::string::npos);
    f.run(alarm_event, 120);  // not every minute
    CHECK(f.cloud.notified.size() == 2);
  }
}

TEST_CASE("what nobody was told is told at the next event") {
  Fixture f;
  f.cloud.failing = "tell";
  CHECK(f.run(alarm_event).failed);
  CHECK(f.cloud.check.path == "/lb-check-failed-over");
  f.cloud.failing.clear();
  CHECK_FALSE(f.run(tick).failed);
  REQUIRE(f.cloud.notified.size() == 1);
  CHECK(f.cloud.notified[0].find("latch") != std::string::npos);
}

TEST_CASE("a tick mends what somebody undid, even where the alarm cannot be read") {
  Fixture f;
  f.run(alarm_event);
  f.cloud.check.path = "/lb-check";
  ++f.cloud.check.version;
  f.cloud.failing = "read_alarm";
  CHECK_FALSE(f.run(tick).failed);
  CHECK(f.cloud.check.path == "/lb-check-failed-over");
  REQUIRE(f.cloud.notified.size() == 3);  // latched, latched again, and that the alarm is not seen
  CHECK(f.cloud.notified[2].find("the alarm cannot be read") != std::string::npos);
}

TEST_CASE("guard-on-aws 23: a failing tick ends well, and people hear of it at once and hourly") {
  for (const auto* call : {"read_check", "read_alarm", "update_check", "tell"}) {
    Fixture f;
    CAPTURE(call);
    f.cloud.alarm->state = guard::AlarmState::alarm;
    f.cloud.failing = call;
    const auto told = [&] { return f.cloud.notified.size(); };
    for (int minute = 1; minute <= 60; ++minute) {
      const auto outcome = f.run(tick, 60 * minute);
      CHECK_FALSE(outcome.failed);
      CHECK(outcome.response.find("is not authorized to perform: y") != std::string::npos);
    }
    CHECK(told() == (std::string_view{call} == "tell" ? 0 : 1));
    f.run(tick, 60 * 61);
    CHECK(told() == (std::string_view{call} == "tell" ? 0 : 2));
    if (told() > 0) CHECK(f.cloud.notified[0].find("not authorized") != std::string::npos);
    // An alarm is another thing: AWS is to try again.
    if (std::string_view{call} == "read_check") CHECK(f.run(alarm_event, 60 * 62).failed);
  }
}

TEST_CASE("guard-on-aws 22: a latch whose answer got lost is told once") {
  Fixture f;
  f.cloud.lose_answer = true;
  CHECK_FALSE(f.run(alarm_event).failed);
  CHECK(f.cloud.check.version == 2);
  REQUIRE(f.cloud.notified.size() == 1);
  CHECK(f.cloud.notified[0].find("Backup serves") != std::string::npos);
  CHECK(f.cloud.tags.contains("sitelatch:latched"));
  f.run(tick, 120);
  f.run(alarm_event, 130);
  CHECK(f.cloud.notified.size() == 1);

  Fixture g;  // nor does a record that cannot be written make it a message a minute
  g.cloud.lose_answer = true;
  g.cloud.failing = "write_tags";
  g.run(alarm_event);
  for (int minute = 2; minute < 30; ++minute) g.run(tick, 60 * minute);
  CHECK(g.cloud.notified.size() == 2);  // the latch, and what does not work
}

TEST_CASE("guard-on-aws 7: an old alarm is held against the alarm as it is now") {
  Fixture f;
  f.run(alarm_event, 900);
  CHECK(f.cloud.check.version == 2);
  CHECK(std::count(f.cloud.calls.begin(), f.cloud.calls.end(), "read_alarm") == 0);

  Fixture g;  // OK since an hour before, and the evidence half an hour old
  CHECK_FALSE(g.run(alarm_event, 1800).failed);
  CHECK(g.cloud.check.version == 1);
  REQUIRE(g.cloud.notified.size() == 1);
  CHECK(g.cloud.notified[0].find("NOT latched") != std::string::npos);
  REQUIRE(g.cloud.audit.size() == 1);
  CHECK(g.cloud.audit[0].find("late-evidence") != std::string::npos);

  Fixture h;  // it cannot be seen: the safe side
  h.cloud.failing = "read_alarm";
  CHECK_FALSE(h.run(alarm_event, 1800).failed);
  CHECK(h.cloud.check.path == "/lb-check-failed-over");
}

TEST_CASE("guard-on-aws 2: in a release's window the tick asks the metric, and only there") {
  Fixture f;
  f.cloud.tags["sitelatch:release"] = "1 at=" + std::to_string(unix_ms(at(0))) +
                                      " seen=" + std::to_string(unix_ms(at(-60))) + " window=600";
  f.cloud.alarm = guard::AlarmSnapshot{guard::AlarmState::alarm, at(-60), true, true, {}};
  f.cloud.minutes = guard::testing::status_minutes("0x1", at(0));
  f.run(tick, 180);
  CHECK(f.cloud.check.version == 1);
  f.cloud.minutes = guard::testing::status_minutes("0x10", at(0));
  f.run(tick, 240);
  CHECK(f.cloud.check.path == "/lb-check-failed-over");
  CHECK(std::count(f.cloud.calls.begin(), f.cloud.calls.end(), "read_status") == 2);
  REQUIRE(f.cloud.notified.size() == 1);
  f.run(tick, 300);
  CHECK(std::count(f.cloud.calls.begin(), f.cloud.calls.end(), "read_status") == 2);

  Fixture g;  // not allowed to: told, and the window's end decides
  g.cloud.tags = {{"sitelatch:release", f.cloud.tags["sitelatch:release"]}};
  g.cloud.alarm = f.cloud.alarm;
  g.cloud.failing = "read_status";
  CHECK_FALSE(g.run(tick, 240).failed);
  CHECK(g.cloud.check.version == 1);
  CHECK(g.cloud.notified.size() == 1);
  g.run(tick, 600);
  CHECK(g.cloud.check.path == "/lb-check-failed-over");
}

namespace {
// Latched at 60 by the alarm, then ticks.
struct Reminded : Fixture {
  static constexpr int latched_at = 60;
  Handler second{arrangement(), {{"SITELATCH_ORIGINAL_PATH", "/lb-check"}}, cloud};
  Reminded() { run(alarm_event); }
  void tick_at(int second_of_latch) { run(tick, latched_at + second_of_latch); }
  std::ptrdiff_t reminders() const {
    return std::count_if(cloud.notified.begin(), cloud.notified.end(), [](const auto& mail) {
      return mail.find("still serves") != std::string::npos;
    });
  }
};
}  // namespace

TEST_CASE("a latch that stands is told again after an hour, once, however many ticks come") {
  Reminded f;
  for (int minute = 1; minute < 60; ++minute) f.tick_at(60 * minute);
  CHECK(f.reminders() == 0);
  for (int minute = 60; minute < 75; ++minute) {
    f.tick_at(60 * minute);
    // The same tick in another instance of the function.
    f.second.handle({tick, "i-2", at(f.latched_at + 60 * minute), {}});
  }
  CHECK(f.reminders() == 1);
  CHECK(f.cloud.tags.at("sitelatch:notified").find("reminded=1h release=0") != std::string::npos);
  CHECK(std::count_if(f.cloud.audit.begin(), f.cloud.audit.end(), [](const auto& line) {
          return line.find(R"("action":"remind")") != std::string::npos;
        }) == 1);
  f.tick_at(4 * 3600);
  CHECK(f.reminders() == 2);
}

TEST_CASE("two runs of one tick that both read the tags before either wrote remind once") {
  Reminded f;
  f.cloud.failing = "write_tags";  // nobody sees what the other has noted
  for (int second : {3600, 3660, 3720, 4260}) {
    f.tick_at(second);
    f.second.handle({tick, "i-2", at(f.latched_at + second), {}});
  }
  CHECK(f.reminders() == 1);
}

TEST_CASE("a reminder that nobody got is sent by the next tick") {
  Reminded f;
  f.cloud.failing = "tell";
  CHECK_FALSE(f.run(tick, f.latched_at + 3600).failed);
  CHECK(f.reminders() == 0);
  f.tick_at(3610);
  // Seen elsewhere than on the way that failed, once an hour.
  CHECK(std::count_if(f.cloud.audit.begin(), f.cloud.audit.end(), [](const auto& line) {
          return line.find(R"("action":"untold")") != std::string::npos;
        }) == 1);
  f.cloud.failing.clear();
  f.tick_at(3660);
  f.tick_at(3720);
  CHECK(f.reminders() == 1);
}

TEST_CASE("none is sent when somebody switches back while it is on its way, nor later") {
  Reminded f;
  int reads = 0;
  f.cloud.before_read = [&] {
    if (++reads == 2) f.cloud.check.path = "/lb-check";
  };
  f.cloud.tags["sitelatch:release"] = "0";
  f.tick_at(3600);
  f.cloud.before_read = nullptr;
  CHECK(f.reminders() == 0);
  f.cloud.tags["sitelatch:release"] = "1 at=" + std::to_string(unix_ms(at(f.latched_at + 3600)));
  for (int minute = 61; minute < 300; minute += 7) f.tick_at(60 * minute);
  CHECK(f.reminders() == 0);
}

TEST_CASE("whoever claimed a reminder and died leaves it to another, after ten minutes or more") {
  Reminded f;
  for (const auto& name : guard::Reminder{{0, at(f.latched_at), 1}, at(f.latched_at + 3600)}.claims(
           at(f.latched_at + 3600)))
    f.cloud.streams.insert(name);
  for (int minute = 60; minute < 70; ++minute) f.tick_at(60 * minute);
  CHECK(f.reminders() == 0);
  for (int minute = 70; minute < 90; ++minute) f.tick_at(60 * minute);
  CHECK(f.reminders() == 1);
}

TEST_CASE("where no claim can be made people are reminded all the same") {
  Reminded f;
  f.cloud.failing = "claim";
  f.tick_at(3600);
  f.tick_at(3660);
  CHECK(f.reminders() == 1);
}

TEST_CASE("a message says who serves which name since when, and the next command") {
  Cloud cloud;
  auto ours = arrangement();
  ours.dns_name = "client.example.test";
  Handler handler{ours, {{"SITELATCH_ORIGINAL_PATH", "/lb-check"}}, cloud};
  handler.handle({alarm_event, "i-1", at(60), {}});
  REQUIRE(cloud.notified.size() == 1);
  CHECK(cloud.notified[0].starts_with(
      "Sitelatch: Backup serves client.example.test since 2026-11-22T12:01:00Z: "));
  CHECK(cloud.notified[0].find("sitelatch switch-back " + guard::testing::id +
                               " --reason \"...\"") != std::string::npos);
}

TEST_CASE("a quiet tick leaves no trace but its line of log") {
  Fixture f;
  const auto outcome = f.run(tick);
  CHECK_FALSE(outcome.failed);
  CHECK(f.cloud.notified.empty());
  CHECK(f.cloud.audit.empty());
  CHECK(f.cloud.check.version == 1);
}

TEST_CASE(
    "a tick of another rule, and whatever is malformed, is refused, told once and written down") {
  Fixture f;
  f.run(R"({"source":"aws.events","detail-type":"Scheduled Event","resources":["arn:other"]})");
  for (const auto* event : {"", "{", "[]", "{\"Records\":[{}]}", "\xff\xfe"}) {
    const auto outcome = f.run(event);
    CHECK_FALSE(outcome.failed);
    CHECK(guard::Json::parse(outcome.response));
  }
  CHECK(f.cloud.notified.size() == 1);
  CHECK(f.cloud.audit.size() == 6);
  CHECK(f.cloud.check.version == 1);
}

TEST_CASE("good and bad records in one event are each judged") {
  Fixture f;
  AlarmMessage other;
  other.state = "OK";
  const auto outcome = f.run(sns_event({other.json(), AlarmMessage{}.json()}));
  const auto response = guard::Json::parse(outcome.response);
  REQUIRE(response);
  CHECK((*response)["records"].elements().at(0).has("refused"));
  CHECK((*response)["records"].elements().at(1)["verdict"].text() == "latch");
}

TEST_CASE("the self-test proves each right and changes nothing") {
  Fixture f;
  const auto outcome = f.run(R"({"sitelatch":"self-test"})");
  const auto report = guard::Json::parse(outcome.response);
  REQUIRE(report);
  CHECK((*report)["self_test"].text() == "ok");
  CHECK(f.cloud.check.version == 1);
  CHECK(f.cloud.notified.empty());
  f.cloud.check.version = 7;
  CHECK(f.run(R"({"sitelatch":"self-test"})").response.find("failed") == std::string::npos);
  CHECK(f.cloud.check.version == 7);
  for (const auto* call : {"read_check", "update_check", "read_alarm", "read_status", "read_tags",
                           "write_tags", "try_to_tell", "write_audit"}) {
    f.cloud.failing = call;
    const auto failed = guard::Json::parse(f.run(R"({"sitelatch":"self-test"})").response);
    REQUIRE(failed);
    CHECK((*failed)["self_test"].text() == "failed");
  }
}
