// SPDX-License-Identifier: Apache-2.0
#include "guard/rules/message.h"

#include <doctest/doctest.h>

#include "guard/rules/testing.h"

using namespace sitelatch;
using namespace sitelatch::guard;
using namespace guard::testing;

namespace {
bool has(const std::string& text, std::string_view part) { return text.find(part) != text.npos; }
const std::string looked_up = "client.example.test";
}  // namespace

TEST_CASE("a latch: who serves which name since when, and the next command with all it needs") {
  const auto s = armed();
  const auto verdict = on_alarm(s, {at(0)}, at(5));
  const auto mail = message_of({s, verdict.change, at(5), verdict.why, ""}, id, looked_up);
  CHECK(mail.subject == "Sitelatch: Backup serves client.example.test since 2026-11-22T12:00:05Z");
  CHECK(has(mail.text, "sitelatch switch-back " + id + " --reason \"...\""));
  CHECK(has(mail.text, "Why: Primary is unhealthy by the alarm of"));
  CHECK(has(mail.text, "Changed: ResourcePath=/lb-check-failed-over"));
  const auto nameless = message_of({s, verdict.change, at(5), verdict.why, ""}, id, "");
  CHECK(has(nameless.subject, "Backup serves check " + id + " since"));
  CHECK(nameless.subject.size() < 100);
}

TEST_CASE("a long name is cut, and the time stays") {
  const auto s = armed();
  const auto verdict = on_alarm(s, {at(0)}, at(5));
  const auto mail =
      message_of({s, verdict.change, at(5), verdict.why, ""}, id, std::string(250, 'a') + ".test");
  CHECK(mail.subject.size() == 99);
  CHECK(has(mail.subject, "... since 2026-11-22T12:00:05Z"));
}

TEST_CASE("guard-on-aws 25: latched again says that Primary may have served") {
  auto s = armed();
  carry_out(*trip(s, {false, "x"}, at(0)), s);
  s.check.path = "/lb-check";
  const auto verdict = on_tick(s, at(60));
  const auto mail = message_of({s, verdict.change, at(60), verdict.why, ""}, id, looked_up);
  CHECK(has(mail.subject, "Backup serves client.example.test"));
  CHECK(has(mail.text, "Primary may have served"));
}

TEST_CASE("maintenance, its end, a release and a found latch each say who serves") {
  const auto subject = [](const Situation& s, const std::optional<Change>& change) {
    return message_of({s, change, at(60), "why", "arn:x", "reason"}, id, looked_up).subject;
  };
  auto s = armed();
  const std::optional<Change> freeze =
      *disarm(s, {std::chrono::minutes{30}, Keep::primary, "x"}, at(0));
  CHECK(subject(s, freeze) ==
        "Sitelatch: maintenance of client.example.test until 2026-11-22T12:30:00Z, Primary serves");
  carry_out(*freeze, s);
  CHECK(subject(s, on_tick(s, at(1800)).change) ==
        "Sitelatch: maintenance of client.example.test is over, Primary serves");
  s = armed();  // ended by hand, before its time
  carry_out(*freeze, s);
  Arm options_of_arm;
  options_of_arm.healthy = true;
  const std::optional<Change> ended = *arm(s, options_of_arm, at(60));
  CHECK(subject(s, ended) ==
        "Sitelatch: maintenance of client.example.test is over, Primary serves");
  s = armed();
  carry_out(*trip(s, {false, "x"}, at(0)), s);
  s.alarm->state = AlarmState::alarm;
  SwitchBack options;
  options.reason = "x";
  options.primary_answers = true;
  const std::optional<Change> release = *switch_back(s, options, at(60));
  CHECK(subject(s, release) ==
        "Sitelatch: client.example.test is switched back to Primary, release 1");
  s.record.latch_note.reset();
  CHECK(subject(s, on_tick(s, at(60)).change) ==
        "Sitelatch: Backup serves client.example.test: a latch was found");
  CHECK(subject(armed(), std::nullopt) ==
        "Sitelatch: NOT latched, Primary serves client.example.test (an old alarm)");
}
