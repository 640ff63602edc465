// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "guard/rules/testing.h"

using namespace sitelatch;
using namespace sitelatch::guard;
using namespace guard::testing;
using Kind = Verdict::Kind;

namespace {
std::string refusal(const AlarmMessage& message,
                    const std::string& topic = arrangement().alarm_topic_arn) {
  const auto event = parse_event(sns_event({message.json()}, topic));
  REQUIRE(event.records.size() == 1);
  REQUIRE(event.records[0]);
  const auto evidence = judge(*event.records[0], arrangement());
  return evidence ? "" : evidence.error().text;
}
bool says(const std::string& text, std::string_view part) { return text.find(part) != text.npos; }
}  // namespace

TEST_CASE("a right notification is evidence of its StateChangeTime") {
  const auto event = parse_event(sns_event({AlarmMessage{}.json()}));
  CHECK(event.kind == Event::Kind::notifications);
  CHECK(event.time == at(1));
  CHECK(judge(*event.records[0], arrangement())->at == at(0));
}

TEST_CASE("each part that is wrong refuses, by its own sentence") {
  AlarmMessage m;
  CHECK(says(refusal(m, "arn:aws:sns:us-east-1:000000000000:other"), "topic"));
  m.arn += "2";
  CHECK(says(refusal(m), "the alarm is"));
  m = {};
  m.state = "OK";
  CHECK(says(refusal(m), "the new state is 'OK'"));
  m.state = "INSUFFICIENT_DATA";
  CHECK(says(refusal(m), "the new state"));
  m = {};
  m.metric_namespace = "AWS/EC2";
  CHECK(says(refusal(m), "namespace"));
  m = {};
  m.metric = "HealthCheckPercentageHealthy";
  CHECK(says(refusal(m), "metric"));
  m = {};
  m.dimensions = R"([{"value":")" + id + R"(","name":"Other"}])";
  CHECK(says(refusal(m), "no dimension"));
  m.dimensions = R"([{"value":"other","name":"HealthCheckId"}])";
  CHECK(says(refusal(m), "health check is 'other'"));
  m.dimensions =
      R"([{"value":"x","name":"Region"},{"value":")" + id + R"(","name":"HealthCheckId"}])";
  CHECK(refusal(m).empty());  // by name, not by place
  m = {};
  m.changed = "yesterday";
  CHECK(says(refusal(m), "when"));
}

TEST_CASE("nasty events are refused, not feared") {
  for (const auto* text :
       {"", "null", "[]", "1", "\"x\"", "{", "{}", R"({"Records":null})", R"({"Records":[]})",
        R"({"Records":{}})", R"({"Records":"x"})", R"({"source":"aws.events"})",
        R"({"sitelatch":"other"})", "\xff", "{\"a\":\"\xc3\"}"})
    CHECK(parse_event(text).kind == Event::Kind::unknown);
  for (const auto* record :
       {"null", "1", "[]", "{}", R"({"EventSource":"aws:s3"})", R"({"EventSource":"aws:sns"})",
        R"({"EventSource":"aws:sns","Sns":[]})",
        R"({"EventSource":"aws:sns","Sns":{"Message":1,"TopicArn":"x"}})"}) {
    const auto event = parse_event(std::string{R"({"Records":[)"} + record + "]}");
    REQUIRE(event.records.size() == 1);
    CHECK_FALSE(event.records[0]);
  }
  for (const auto* message :
       {"", "ALARM", "[]", "{}", R"({"Trigger":[]})", R"({"NewStateValue":["ALARM"]})"}) {
    const auto event = parse_event(sns_event({message}));
    CHECK_FALSE(judge(*event.records[0], arrangement()));
  }
  const std::string deep = std::string(100'000, '[');
  CHECK(parse_event(deep).kind == Event::Kind::unknown);
  CHECK(parse_event(R"({"Records":[)" + deep).kind == Event::Kind::unknown);
}

TEST_CASE("every record is judged by itself") {
  AlarmMessage ok;
  ok.state = "OK";
  const auto event = parse_event(sns_event({ok.json(), AlarmMessage{}.json(), "x"}));
  REQUIRE(event.records.size() == 3);
  CHECK_FALSE(judge(*event.records[0], arrangement()));
  CHECK(judge(*event.records[1], arrangement()));
  CHECK_FALSE(judge(*event.records[2], arrangement()));
}

TEST_CASE("ticks and self-tests") {
  const auto tick = parse_event(
      R"({"version":"0","id":"x","detail-type":"Scheduled Event","source":"aws.events",)"
      R"("time":"2026-11-22T12:01:00Z","resources":["arn:r"],"detail":{}})");
  CHECK(tick.kind == Event::Kind::schedule);
  CHECK(tick.rule_arn == "arn:r");
  CHECK(decision_time(at(0), tick) == at(60));
  CHECK(decision_time(at(90), tick) == at(90));
  CHECK(parse_event(R"({"sitelatch":"self-test"})").kind == Event::Kind::self_test);
}

TEST_CASE("an alarm latches once, and never over a planned switch-over") {
  auto s = armed();
  const auto first = on_alarm(s, {at(0)}, at(1));
  CHECK(first.kind == Kind::latch);
  CHECK(first.tell);
  carry_out(*first.change, s);
  CHECK(s.check.path == "/lb-check-failed-over");
  const auto again = on_alarm(s, {at(0)}, at(2));
  CHECK(again.kind == Kind::already_latched);
  CHECK_FALSE(again.change);

  s = armed();
  s.check.path = "/lb-check-switched-over";  // by hand, as the guide says
  const auto kept = on_alarm(s, {at(0)}, at(1));
  CHECK(kept.kind == Kind::kept_planned);
  REQUIRE(kept.change);  // noted only
  CHECK(kept.change->check.empty());
  CHECK(kept.change->record.latch_note->planned);
}

TEST_CASE("evidence older than the last release cannot latch again; newer can") {
  auto s = armed();
  s.record.release = {3, at(600), at(60), std::chrono::minutes{10}};
  CHECK(on_alarm(s, {at(60)}, at(601)).kind == Kind::older_evidence);
  CHECK(on_alarm(s, {at(0)}, at(601)).kind == Kind::older_evidence);
  CHECK(on_alarm(s, {at(700)}, at(701)).kind == Kind::latch);
  // CloudWatch's clock against CloudWatch's: ours may be off by hours.
  CHECK(on_alarm(s, {at(120)}, at(601)).kind == Kind::latch);
}

TEST_CASE("a release is not undone by its own alarm until its window is over") {
  auto s = armed();
  s.record.release = {1, at(600), at(60), std::chrono::minutes{10}};
  s.alarm = AlarmSnapshot{AlarmState::alarm, at(60), true, true};
  CHECK(on_tick(s, at(660)).kind == Kind::older_evidence);
  CHECK(on_tick(s, at(1199)).kind == Kind::older_evidence);
  CHECK(on_tick(s, at(1200)).kind == Kind::latch);
  s.alarm->transitioned_at = at(700);  // was OK in between
  CHECK(on_tick(s, at(760)).kind == Kind::latch);
}

TEST_CASE("the tick closes what the alarm's edge misses") {
  auto s = armed();
  CHECK(on_tick(s, at(0)).kind == Kind::nothing_to_do);
  s.alarm->state = AlarmState::alarm;
  const auto latch = on_tick(s, at(60));
  CHECK(latch.kind == Kind::latch);
  CHECK(latch.change->record.latch_note->by == LatchedBy::reconcile);
  s.alarm->state = AlarmState::insufficient_data;
  CHECK(on_tick(s, at(60)).kind == Kind::nothing_to_do);
  s.alarm.reset();
  CHECK(on_tick(s, at(60)).kind == Kind::nothing_to_do);
}

TEST_CASE(
    "a guard that is not armed latches nothing anew by its schedule, and holds what it latched") {
  auto s = armed();
  s.alarm->state = AlarmState::alarm;
  s.alarm->actions_enabled = false;
  const auto idle = on_tick(s, at(60));
  CHECK(idle.kind == Kind::nothing_to_do);
  CHECK_FALSE(idle.change);
  s.alarm->actions_enabled = true;
  carry_out(*on_tick(s, at(60)).change, s);
  s.alarm->actions_enabled = false;
  s.check.path = "/lb-check";  // somebody undid it
  CHECK(on_tick(s, at(120)).kind == Kind::latch_again);
}

TEST_CASE("somebody undid the latch: it is latched again as it was, and told") {
  for (const bool planned : {false, true}) {
    auto s = armed();
    carry_out(*trip(s, {planned, "x"}, at(0)), s);
    const auto as_it_was = s.check.path;
    s.check.path = "/lb-check";
    for (const auto& verdict : {on_tick(s, at(60)), on_alarm(s, {at(-100)}, at(60))}) {
      CHECK(verdict.kind == Kind::latch_again);
      CHECK(verdict.tell);
      CHECK(apply(verdict.change->check, s.check).path == as_it_was);
    }
    s.check.path = as_it_was;
    s.check.disabled = true;  // a Disabled check is healthy, whatever its path
    CHECK(on_tick(s, at(60)).kind == Kind::latch_again);
  }
}

TEST_CASE("a maintenance ends by itself, loudly, once") {
  auto s = armed();
  carry_out(*disarm(s, {std::chrono::minutes{30}, Keep::primary, "x"}, at(0)), s);
  CHECK(on_alarm(s, {at(10)}, at(11)).kind == Kind::in_maintenance);
  CHECK(on_tick(s, at(60)).kind == Kind::in_maintenance);
  const auto end = on_tick(s, at(1800));
  CHECK(end.kind == Kind::end_freeze);
  CHECK(end.tell);
  CHECK(end.change->check.disabled == false);
  carry_out(*end.change, s);
  CHECK(on_tick(s, at(1860)).kind == Kind::nothing_to_do);
  // An alarm of that time that comes late is not news; one that lasts is.
  CHECK(on_alarm(s, {at(1790)}, at(1870)).kind == Kind::in_maintenance);
  s.alarm = AlarmSnapshot{AlarmState::alarm, at(1790), true, true};
  CHECK(on_tick(s, at(1870)).kind == Kind::latch);
}

TEST_CASE("the end of a maintenance that kept Backup releases nothing") {
  auto s = armed();
  carry_out(*disarm(s, {std::chrono::minutes{30}, Keep::backup, "x"}, at(0)), s);
  const auto end = on_tick(s, at(1800));
  CHECK(end.kind == Kind::note);
  CHECK(end.tell);
  CHECK(end.change->check.empty());
  carry_out(*end.change, s);
  CHECK(latched(s.check));
  CHECK(on_tick(s, at(1860)).kind == Kind::kept_planned);
  CHECK_FALSE(on_tick(s, at(1860)).tell);
}

TEST_CASE("a release under way is not taken for a latch to note") {
  auto s = armed();
  carry_out(*trip(s, {false, "x"}, at(0)), s);
  s.alarm = AlarmSnapshot{AlarmState::alarm, at(60), true, true};
  SwitchBack options;
  options.reason = "x";
  options.primary_answers = true;
  const auto release = *switch_back(s, options, at(600));
  s.record = release.record;  // written; the check comes next
  CHECK_FALSE(on_tick(s, at(601)).change);
  s.check = apply(release.check, s.check);
  CHECK(on_tick(s, at(602)).kind == Kind::older_evidence);
}

TEST_CASE("an arrangement needs its variables") {
  CHECK_FALSE(read_arrangement({}));
  CHECK(read_arrangement({}).error().text.find("SITELATCH_HEALTH_CHECK_ID") == 0);
}
