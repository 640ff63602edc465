// SPDX-License-Identifier: Apache-2.0
// Alarm mute rules: when they mute, what the alarms that they name do meanwhile and afterwards.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include "services/cloudwatch/mute_schedule.h"
#include "services/cloudwatch/service_fixture.h"

using namespace sitelatch;
using namespace sitelatch::cloudwatch;

namespace {

Result<MuteSchedule> schedule(std::string expression, std::string duration) {
  return MuteSchedule::parse({std::move(expression), std::move(duration), ""});
}

// "ddThh:mm" of January 2026 (the 1st is a Thursday), each change in ten days: "+02T00:00 -..."
std::string changes(const char* expression, const char* duration) {
  const auto parsed = schedule(expression, duration);
  REQUIRE_MESSAGE(parsed, parsed.error().text);
  auto at = from_civil(2026, 1, 1, 0, 0, 0);
  bool mutes = parsed->mutes(at);
  std::string out = mutes ? "muted" : "";
  while (const auto next = parsed->next_change(at)) {
    at = *next;
    if (at >= from_civil(2026, 1, 11, 0, 0, 0)) break;
    if (parsed->mutes(at) == mutes) continue;  // one window ran into the next
    mutes = !mutes;
    const auto t = civil(at);
    out += fmt::format("{}{}{:02}T{:02}:{:02}", out.empty() ? "" : " ", mutes ? "+" : "-", t.day,
                       t.hour, t.minute);
  }
  return out;
}

struct Mutes : Fixture {
  Mutes() { ok("PutMetricAlarm", with(guide_alarm(), "TreatMissingData", "ignore")); }
  static Value rule(const char* expression, const char* duration) {
    return Value::structure(
        {{"Name", "quiet"},
         {"Rule", Value::structure({{"Schedule", Value::structure({{"Expression", expression},
                                                                   {"Duration", duration}})}})},
         {"MuteTargets", Value::structure({{"AlarmNames", Value::list({"latch"})}})}});
  }
  void set(const char* state, const char* alarm = "latch") {
    ok("SetAlarmState",
       Value::structure({{"AlarmName", alarm}, {"StateValue", state}, {"StateReason", "drill"}}));
  }
  Value got() { return ok("GetAlarmMuteRule", Value::structure({{"AlarmMuteRuleName", "quiet"}})); }
  std::size_t acted() { return std::exchange(actions.done, {}).size(); }
};

}  // namespace

TEST_CASE("schedules mute from each tick on for their duration") {
  CHECK(changes("cron(0 2 * * *)", "PT12H").starts_with("+01T02:00 -01T14:00 +02T02:00"));
  CHECK(changes("cron(0 2 * * SUN)", "PT1H") == "+04T02:00 -04T03:00");
  CHECK(changes("cron(30 18 * * FRI)", "P2DT12H") == "+02T18:30 -05T06:30 +09T18:30");
  CHECK(changes("cron(0 1 5 1 *)", "PT1H30M") == "+05T01:00 -05T02:30");
  CHECK(changes("cron(0 1 3,5-6 jan *)", "PT1M") ==
        "+03T01:00 -03T01:01 +05T01:00 -05T01:01 +06T01:00 -06T01:01");
  CHECK(changes("cron(0 0 6 * MON)", "PT1H") ==  // either kind of day
        "+05T00:00 -05T01:00 +06T00:00 -06T01:00");
  CHECK(changes("cron(0 0 * * 0,7)", "PT1H") == "+04T00:00 -04T01:00");
  CHECK(changes("cron(0 * * * *)", "PT1H") == "muted");
  CHECK(changes("cron(0 1 * 2 *)", "P15D") == "");
  CHECK(changes("at(2026-01-03T04:05)", "P1D") == "+03T04:05 -04T04:05");
  CHECK(changes("at(2025-12-31T23:00)", "PT2H") == "muted -01T01:00");
  const auto leap = schedule("cron(0 0 29 2 *)", "PT1H");
  CHECK(leap->next_change(from_civil(2026, 1, 1, 0, 0, 0)) == from_civil(2028, 2, 29, 0, 0, 0));
  CHECK_FALSE(schedule("cron(0 0 31 2 *)", "PT1H")->next_change(from_civil(2026, 1, 1, 0, 0, 0)));
  CHECK_FALSE(
      schedule("at(2025-01-01T00:00)", "PT1H")->next_change(from_civil(2026, 1, 1, 0, 0, 0)));
}

TEST_CASE("what is no schedule is refused") {
  for (const auto* expression : {"",
                                 "rate(1 minute)",
                                 "cron()",
                                 "cron(0 2 * *)",
                                 "cron(0 2 * * * *)",
                                 "cron(60 2 * * *)",
                                 "cron(0 24 * * *)",
                                 "cron(0 2 0 * *)",
                                 "cron(0 2 * 13 *)",
                                 "cron(0 2 * * 8)",
                                 "cron(0/5 2 * * *)",
                                 "cron(5-1 2 * * *)",
                                 "cron(0 2 * * FRI-MON)",
                                 "cron(0 2 ? * *)",
                                 "cron(, 2 * * *)",
                                 "at(2026-01-01)",
                                 "at(2026-13-01T00:00)",
                                 "at(2026-01-01T00:00:00)",
                                 "cron(0 2 * * *",
                                 "cron(0 2 * FOO *)"}) {
    INFO(std::string{expression});
    CHECK_FALSE(schedule(expression, "PT1H"));
  }
  for (const auto* duration : {"", "1h", "PT", "P", "PT0M", "PT30S", "P16D", "PT361H", "P1DT",
                               "PT1M1H", "P1H", "PT1D", "P1D1D", "PT999999M", "P-1D", "P1.5D"}) {
    INFO(std::string{duration});
    CHECK_FALSE(schedule("cron(0 2 * * *)", duration));
  }
  CHECK(schedule("cron(0 2 * * *)", "P15D"));
  CHECK(schedule("cron(0 2 * * *)", "PT360H"));
  CHECK_FALSE(MuteSchedule::parse({"cron(0 2 * * *)", "PT1H", "Europe/Atlantis"}));
  CHECK(MuteSchedule::parse({"cron(0 2 * * *)", "PT1H", "UTC"}));
}

TEST_CASE("ticks follow the clocks of the zone, over the hours that they skip and show twice") {
  const auto ticks = [](const char* expression, const char* zone, Instant from) {
    const auto parsed = MuteSchedule::parse({expression, "PT1M", zone});
    REQUIRE(parsed);
    std::string out;
    auto at = from;
    for (int i = 0; i < 3; ++i) {
      at = parsed->next_change(at).value();
      CHECK(parsed->mutes(at));
      out += iso8601_seconds(at) + " ";
      at = parsed->next_change(at).value();
      CHECK_FALSE(parsed->mutes(at));
    }
    return out;
  };
  CHECK(ticks("cron(0 2 * * *)", "America/New_York", from_civil(2026, 3, 7, 0, 0, 0)) ==
        "2026-03-07T07:00:00Z 2026-03-08T07:00:00Z 2026-03-09T06:00:00Z ");
  CHECK(ticks("cron(30 1 * * *)", "America/New_York", from_civil(2026, 10, 31, 0, 0, 0)) ==
        "2026-10-31T05:30:00Z 2026-11-01T05:30:00Z 2026-11-02T06:30:00Z ");
  CHECK(ticks("cron(0 0 * * SUN)", "Asia/Tokyo", from_civil(2026, 1, 1, 0, 0, 0)) ==
        "2026-01-03T15:00:00Z 2026-01-10T15:00:00Z 2026-01-17T15:00:00Z ");
  const auto once = MuteSchedule::parse({"at(2026-07-01T12:00)", "PT1H", "Europe/London"});
  CHECK(once->next_change(from_civil(2026, 1, 1, 0, 0, 0)) == from_civil(2026, 7, 1, 11, 0, 0));
  CHECK_FALSE(once->next_change(from_civil(2026, 7, 1, 12, 0, 0)));
}

TEST_CASE("time zones are read by the rules of POSIX") {
  const auto hours_ahead = [](const char* rule, int month, int day) {
    const auto zone = TimeZone::of_rule(rule);
    REQUIRE_MESSAGE(zone, rule);
    const auto utc = from_civil(2026, month, day, 12, 0, 0);
    CHECK(zone->to_utc(zone->to_local(utc)) == utc);
    return std::chrono::duration<double, std::ratio<3600>>(zone->to_local(utc) - utc).count();
  };
  CHECK(hours_ahead("EST5", 7, 1) == -5);
  CHECK(hours_ahead("CET-1CEST,M3.5.0,M10.5.0/3", 1, 1) == 1);
  CHECK(hours_ahead("CET-1CEST,M3.5.0,M10.5.0/3", 3, 28) == 1);
  CHECK(hours_ahead("CET-1CEST,M3.5.0,M10.5.0/3", 3, 29) == 2);
  CHECK(hours_ahead("CET-1CEST,M3.5.0,M10.5.0/3", 10, 25) == 1);
  CHECK(hours_ahead("<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", 1, 1) == 11);  // the south
  CHECK(hours_ahead("<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", 7, 1) == 10.5);
  CHECK(hours_ahead("AAA3BBB,J60/0,J120", 3, 1) == -2);
  CHECK(hours_ahead("AAA3BBB,J60/0,J120", 2, 28) == -3);
  CHECK(hours_ahead("AAA3BBB,59/0,119", 3, 1) == -2);
  for (const auto* wrong :
       {"", "A1", "AAA", "AAAx", "AAA1BBB", "AAA1BBB,M3.5.0", "AAA1BBB,M13.1.0,M3.1.0",
        "AAA1BBB,M3.6.0,M4.1.0", "<AAA1", "AAA1BBB,M3.1.0,M4.1.0,"}) {
    INFO(std::string{wrong});
    CHECK_FALSE(TimeZone::of_rule(wrong));
  }
  CHECK(TimeZone::named("Etc/UTC"));
  CHECK_FALSE(TimeZone::named("etc/utc"));
}

TEST_CASE("a muted alarm changes its state, acts when the window is over, and only if it must") {
  Mutes f;
  f.set("OK");
  f.ok("PutAlarmMuteRule", f.rule("at(2026-01-01T00:10)", "PT1H"));
  CHECK(f.got()["Status"].string() == "SCHEDULED");
  CHECK(f.got()["MuteType"].string() == "ONE_TIME");
  f.world.advance(10min);
  CHECK(f.got()["Status"].string() == "ACTIVE");
  f.set("ALARM");
  CHECK(f.state() == "ALARM");
  CHECK(f.acted() == 0);
  f.set("OK");
  f.set("ALARM");
  f.crash();
  f.world.advance(59min);
  CHECK(f.acted() == 0);
  f.world.advance(1min);
  CHECK(f.got()["Status"].string() == "EXPIRED");
  REQUIRE(f.actions.done.size() == 1);
  const auto message = *aws::from_json(f.actions.done[0].message);
  CHECK(message["OldStateValue"].string() == "OK");
  CHECK(message["ActionExecutedAfterMuteWindow"].boolean());
  CHECK(f.acted() == 1);
  f.world.advance(24h);
  CHECK(f.acted() == 0);
  // Back where it was: nothing to tell.
  f.set("OK");
  f.ok("PutAlarmMuteRule", f.rule("cron(0 2 * * *)", "PT1H"));
  f.world.advance_to(from_civil(2026, 1, 3, 2, 30, 0));
  CHECK(f.got()["Status"].string() == "ACTIVE");
  f.set("ALARM");
  f.set("OK");
  f.world.advance(2h);
  CHECK(f.acted() == 0);
  CHECK(f.got()["Status"].string() == "SCHEDULED");
  f.set("ALARM");
  CHECK(f.acted() == 1);
}

TEST_CASE("a rule that is deleted, changed or expires lets go at once") {
  const auto muted = [](Mutes& f) {
    f.set("OK");
    f.ok("PutAlarmMuteRule", f.rule("cron(0 * * * *)", "PT1H"));
    f.set("ALARM");
    CHECK(f.acted() == 0);
  };
  SUBCASE("deleted") {
    Mutes f;
    muted(f);
    f.ok("DeleteAlarmMuteRule", Value::structure({{"AlarmMuteRuleName", "quiet"}}));
    CHECK(f.acted() == 1);
    CHECK(f.error("GetAlarmMuteRule", Value::structure({{"AlarmMuteRuleName", "quiet"}}))
              .starts_with("ResourceNotFoundException: "));
    f.ok("DeleteAlarmMuteRule", Value::structure({{"AlarmMuteRuleName", "quiet"}}));
  }
  SUBCASE("without its targets") {
    Mutes f;
    muted(f);
    f.ok("PutAlarmMuteRule", with(f.rule("cron(0 * * * *)", "PT1H"), "MuteTargets", Value{}));
    CHECK(f.acted() == 1);
  }
  SUBCASE("expired, while the engine was off") {
    Mutes f;
    f.ok("PutAlarmMuteRule",
         with(f.rule("cron(0 * * * *)", "PT1H"), "ExpireDate", f.world.timers.now() + 30min));
    f.set("OK");
    f.set("ALARM");
    f.service.reset();
    f.world.advance(2h);
    f.service = f.make();
    f.world.advance(1s);
    CHECK(f.acted() == 1);
    CHECK(f.got()["Status"].string() == "EXPIRED");
  }
  SUBCASE("another one mutes still") {
    Mutes f;
    muted(f);
    f.ok("PutAlarmMuteRule", with(f.rule("cron(0 * * * *)", "PT1H"), "Name", "too"));
    f.ok("DeleteAlarmMuteRule", Value::structure({{"AlarmMuteRuleName", "quiet"}}));
    CHECK(f.acted() == 0);
  }
  SUBCASE("before its start it mutes nothing") {
    Mutes f;
    f.set("OK");
    f.ok("PutAlarmMuteRule",
         with(f.rule("cron(0 * * * *)", "PT1H"), "StartDate", f.world.timers.now() + 30min));
    f.set("ALARM");
    CHECK(f.acted() == 1);
    f.world.advance(31min);
    CHECK(f.got()["Status"].string() == "ACTIVE");
    f.set("OK");
    f.set("ALARM");
    CHECK(f.acted() == 0);
  }
}

TEST_CASE("composite alarms are muted too") {
  Mutes f;
  f.ok("PutMetricAlarm", with(with(guide_alarm(), "AlarmName", "child"), "AlarmActions", Value{}));
  f.ok("PutCompositeAlarm",
       Value::structure(
           {{"AlarmName", "both"},
            {"AlarmRule", "ALARM(child)"},
            {"AlarmActions", Value::list({"arn:aws:sns:us-east-1:000000000000:topic"})}}));
  auto rule = f.rule("cron(0 * * * *)", "PT1H");
  rule.set("MuteTargets", Value::structure({{"AlarmNames", Value::list({"both"})}}));
  f.ok("PutAlarmMuteRule", rule);
  f.set("ALARM", "child");
  CHECK(f.acted() == 0);
  f.crash();
  f.ok("DeleteAlarmMuteRule", Value::structure({{"AlarmMuteRuleName", "quiet"}}));
  CHECK(f.acted() == 1);
}

TEST_CASE("mute rules are listed, refused and tagged") {
  Mutes f;
  const auto put = [&](Value input) { return f.error("PutAlarmMuteRule", input); };
  CHECK(put(f.rule("cron(0 2 * * *)", "PT1S")).starts_with("ValidationError: The duration PT1S"));
  CHECK(put(f.rule("cron(0 2)", "PT1H")).starts_with("ValidationError: The schedule expression"));
  CHECK(put(with(f.rule("at(2026-01-01T00:10)", "PT1H"), "ExpireDate", f.world.timers.now()))
            .starts_with("ValidationError: "));
  CHECK(put(with(f.rule("cron(0 2 * * *)", "PT1H"), "Rule", Value::structure()))
            .starts_with("ValidationError: "));
  auto unknown = f.rule("cron(0 2 * * *)", "PT1H");
  unknown.set("MuteTargets", Value::structure({{"AlarmNames", Value::list({"latch", "nobody"})}}));
  CHECK(put(unknown) == "ValidationError: The alarms [nobody] of the mute targets do not exist");
  for (const auto* name : {"a", "b", "c"}) {
    auto rule =
        with(f.rule(name == std::string_view{"b"} ? "cron(0 * * * *)" : "cron(0 2 * * *)", "PT1H"),
             "Name", name);
    rule.set("Tags", Value::list({Value::structure({{"Key", "k"}, {"Value", "v"}})}));
    f.ok("PutAlarmMuteRule", rule);
  }
  const auto listed = [&](Value input) {
    std::string out;
    const auto page = f.ok("ListAlarmMuteRules", input);
    for (const auto& rule : page["AlarmMuteRuleSummaries"].items())
      out += rule["AlarmMuteRuleArn"].string().back();
    return out + (page.has("NextToken") ? "+" : "");
  };
  CHECK(listed(Value::structure()) == "abc");
  CHECK(listed(Value::structure({{"Statuses", Value::list({"ACTIVE"})}})) == "b");
  CHECK(listed(Value::structure({{"AlarmName", "latch"}})) == "abc");
  CHECK(listed(Value::structure({{"AlarmName", "other"}})) == "");
  CHECK(listed(Value::structure({{"MaxRecords", 2}})) == "ab+");
  CHECK(f.error("ListAlarmMuteRules", Value::structure({{"NextToken", "x"}})) ==
        "InvalidNextToken: Invalid token");
  const std::string arn = "arn:aws:cloudwatch:us-east-1:000000000000:alarm-mute-rule:a";
  f.ok("UntagResource", Value::structure({{"ResourceARN", arn}, {"TagKeys", Value::list({"k"})}}));
  f.crash();
  CHECK(f.ok("ListTagsForResource", Value::structure({{"ResourceARN", arn}}))["Tags"]
            .items()
            .empty());
}
