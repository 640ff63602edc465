// SPDX-License-Identifier: Apache-2.0
#include "guard/rules/reminder.h"

#include <doctest/doctest.h>

#include "guard/rules/testing.h"

using namespace sitelatch;
using namespace sitelatch::guard;
using namespace guard::testing;

namespace {
constexpr int hour = 3600;

Situation latched_at(int second, bool planned = false) {
  auto s = armed();
  carry_out(*trip(s, {planned, "x"}, at(second)), s);
  return s;
}
int hours_due(const Situation& s, int second) {
  const auto due = reminder_due(s, at(second));
  return due ? due->mark.hours : 0;
}
}  // namespace

TEST_CASE("reminders come after one hour, four, a day, and then daily") {
  struct Case {
    int second, hours;
  };
  const auto s = latched_at(0);
  for (const auto& [second, hours] : std::initializer_list<Case>{{0, 0},
                                                                 {hour - 1, 0},
                                                                 {hour, 1},
                                                                 {4 * hour - 1, 1},
                                                                 {4 * hour, 4},
                                                                 {24 * hour - 1, 4},
                                                                 {24 * hour, 24},
                                                                 {48 * hour - 1, 24},
                                                                 {48 * hour, 48},
                                                                 {240 * hour + 60, 240}}) {
    const int at = second;
    CAPTURE(at);
    CHECK(hours_due(s, second) == hours);
  }
}

TEST_CASE(
    "a tick a minute for a week, some doubled, some late, some lost: each mark is told once") {
  // Every seventh tick is lost, every fifth comes twice, one night has none at all.
  auto s = latched_at(0);
  std::vector<int> told;
  for (int minute = 1; minute <= 7 * 24 * 60 + 5; ++minute) {
    if (minute % 7 == 0 || (minute > 30 * 60 && minute < 38 * 60)) continue;
    for (int times = minute % 5 == 0 ? 2 : 1; times > 0; --times)
      if (const auto due = reminder_due(s, at(60 * minute + minute % 11))) {
        told.push_back(due->mark.hours);
        s.record.reminded = due->mark;
        s.record = read_record(record_environment(s.record), record_tags(s.record));
      }
  }
  CHECK(told == std::vector<int>{1, 4, 24, 48, 72, 96, 120, 144, 168});
}

TEST_CASE("after a day without a tick the last mark is told, and no other") {
  auto s = latched_at(0);
  CHECK(hours_due(s, 30 * hour) == 24);
  s.record.reminded = reminder_due(s, at(30 * hour))->mark;
  CHECK(hours_due(s, 30 * hour + 60) == 0);
  CHECK(hours_due(s, 29 * hour) == 0);  // a tick that comes late
}

TEST_CASE("none after a release, nor without a note or its time") {
  auto s = latched_at(0);
  s.alarm->state = AlarmState::alarm;
  SwitchBack options;
  options.reason = "x";
  options.primary_answers = true;
  auto released = s;
  carry_out(*switch_back(s, options, at(hour)), released);
  CHECK(hours_due(released, 5 * hour) == 0);
  auto undone = s;  // the check alone: the tick latches it again, and does not remind
  undone.check.path = "/lb-check";
  CHECK(hours_due(undone, 5 * hour) == 0);
  auto stale = s;  // latched by hand in a new release, not noted yet
  ++stale.record.release.number;
  CHECK(hours_due(stale, 5 * hour) == 0);
  auto timeless = s;
  timeless.record.latch_note->at = Instant{};
  CHECK(hours_due(timeless, 5 * hour) == 0);
}

TEST_CASE("a new latch begins anew, whatever was told of the last one") {
  auto s = latched_at(0);
  s.record.reminded = reminder_due(s, at(50 * hour))->mark;
  s.record.latch_note->at = at(60 * hour);
  CHECK(hours_due(s, 60 * hour + 60) == 0);
  CHECK(hours_due(s, 61 * hour) == 1);
}

TEST_CASE("a planned switch-over is reminded of, a maintenance only from its end on") {
  CHECK(hours_due(latched_at(0, true), hour) == 1);
  auto s = armed();
  carry_out(*disarm(s, {std::chrono::hours{6}, Keep::backup, "x"}, at(0)), s);
  CHECK(hours_due(s, 5 * hour) == 0);
  CHECK(hours_due(s, 6 * hour + 60) == 0);  // its end is told by itself
  CHECK(hours_due(s, 7 * hour) == 1);
  // A latch that an alarm has set although Primary was to be kept is one like any other.
  s = armed();
  carry_out(*disarm(s, {std::chrono::hours{6}, Keep::primary, "x"}, at(0)), s);
  const auto kept = s.record.maintenance;
  carry_out(*trip(s, {false, "x"}, at(60)), s);
  s.record.maintenance = kept;
  CHECK(hours_due(s, hour + 60) == 1);
}

TEST_CASE("a claim names the latch, the mark and ten minutes; the ten before are claimed with it") {
  const auto due = *reminder_due(latched_at(0), at(hour + 30));
  const auto since = std::to_string(unix_ms(at(0)));
  CHECK(due.claims(at(hour)) == std::vector<std::string>{"reminder/0-" + since + "-1h/0"});
  CHECK(due.claims(at(hour + 599)) == due.claims(at(hour)));
  CHECK(due.claims(at(hour + 600)) == std::vector<std::string>{due.key() + "/0", due.key() + "/1"});
  for (const auto& name : due.claims(at(3 * hour)))  // CreateLogStream takes neither : nor *
    CHECK(name.find_first_of(":*") == std::string::npos);
}

TEST_CASE("a reminder says who serves, since when, and the next command") {
  const auto due = *reminder_due(latched_at(0), at(49 * hour));
  const auto mail = message_of(due, id, "client.example.test");
  CHECK(mail.subject ==
        "Sitelatch: Backup still serves client.example.test since 2026-11-22T12:00:00Z");
  CHECK(mail.text.find("sitelatch switch-back " + id + " --reason \"...\"") != std::string::npos);
  CHECK(mail.text.find("For: more than 2 days\n") != std::string::npos);
  CHECK(message_of(due, id, std::string(250, 'a') + ".test").subject.size() == 99);
}
