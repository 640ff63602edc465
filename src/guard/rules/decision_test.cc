// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "guard/rules/latch_notes.h"
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
  CHECK(judge(*event.records[0], arrangement())->oldest_data == at(-60));
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

TEST_CASE("guard-on-aws 2: a Primary that fails again right after its release is latched") {
  auto s = armed();
  s.record.release = {1, at(600), at(60), std::chrono::minutes{10}};
  s.alarm = AlarmSnapshot{AlarmState::alarm, at(60), true, true};  // it never left ALARM
  CHECK(needs_status_minutes(s, at(660)));
  s.health.minutes = status_minutes("000x", at(480));  // just coming back
  CHECK(on_tick(s, at(720)).kind == Kind::older_evidence);
  s.health.minutes = status_minutes("000xx", at(480));
  const auto again = on_tick(s, at(780));
  CHECK(again.kind == Kind::latch);
  CHECK(again.why.find("failed again at 2026-11-22T12:12:00Z") != std::string::npos);
  s.health.minutes.reset();  // the function may not read it: the end of the window decides
  CHECK(on_tick(s, at(780)).kind == Kind::older_evidence);
  s.alarm->actions_enabled = false;
  s.health.minutes = status_minutes("000xx", at(480));
  CHECK_FALSE(on_tick(s, at(780)).change);
}

TEST_CASE("the metric is asked for only where the alarm says nothing") {
  auto s = armed();
  s.record.release = {1, at(600), at(60), std::chrono::minutes{10}};
  CHECK_FALSE(needs_status_minutes(s, at(660)));
  s.alarm->state = AlarmState::alarm;
  CHECK(needs_status_minutes(s, at(660)));
  CHECK_FALSE(needs_status_minutes(s, at(1200)));
  s.check.path = "/lb-check-failed-over";
  CHECK_FALSE(needs_status_minutes(s, at(660)));
}

TEST_CASE("guard-on-aws 5: a release that was written and not made leaves the latch held") {
  auto s = armed();
  carry_out(*trip(s, {true, "x"}, at(0)), s);
  s.record.latch_note->path_before = "/changed";
  s.alarm = AlarmSnapshot{AlarmState::alarm, at(60), true, true};
  SwitchBack options;
  options.reason = "x";
  options.primary_answers = true;
  const auto release = *switch_back(s, options, at(600));
  // The command says so itself: the note is the old one, in the new release.
  const auto held = held_after_failed_release(s, release.record, at(600));
  CHECK(held.release == release.record.release);
  CHECK(held.latched_in_this_release());
  CHECK(held.latch_note->planned);
  CHECK(held.path_to_restore() == "/changed");
  CHECK(held.latch_note->at == at(0));
  // Or it was killed: the tick takes the latch up two minutes later, not at the window's end.
  s.record = release.record;
  CHECK_FALSE(on_tick(s, at(719)).change);
  const auto found = on_tick(s, at(720));
  REQUIRE(found.change);
  carry_out(*found.change, s);
  s.check.path = "/lb-check";  // Terraform
  CHECK(on_tick(s, at(780)).kind == Kind::latch_again);
}

TEST_CASE(
    "guard-on-aws 7: an old alarm whose Primary has been well since is told and latches nothing") {
  auto s = armed();
  s.alarm->transitioned_at = at(300);  // failed at 0, OK again at 300
  CHECK_FALSE(needs_alarm({at(0)}, at(900)));
  CHECK(on_alarm(s, {at(0)}, at(900)).kind == Kind::latch);
  CHECK(needs_alarm({at(0)}, at(901)));
  // Backup served longer than Primary has since: what is due is due.
  CHECK(on_alarm(s, {at(0)}, at(901)).kind == Kind::latch);
  const auto late = on_alarm(s, {at(0)}, at(1200));
  CHECK(late.kind == Kind::late_evidence);
  CHECK(late.tell);
  CHECK_FALSE(late.change);
  s.alarm->state = AlarmState::alarm;
  CHECK(on_alarm(s, {at(0)}, at(1200)).kind == Kind::latch);
  s.alarm->state = AlarmState::insufficient_data;
  CHECK(on_alarm(s, {at(0)}, at(1200)).kind == Kind::latch);
  s.alarm.reset();  // not to be seen: the safe side
  CHECK(on_alarm(s, {at(0)}, at(1200)).kind == Kind::latch);
  // A latch is held however old what reminds of it.
  s = armed();
  carry_out(*trip(s, {false, "x"}, at(0)), s);
  s.check.path = "/lb-check";
  CHECK(on_alarm(s, {at(0)}, at(3600)).kind == Kind::latch_again);
}

TEST_CASE("guard-on-aws 22: a latch that nobody noted is told, once") {
  auto s = armed();
  carry_out(*on_alarm(s, {at(0)}, at(1)).change, s);
  s.record.latch_note.reset();  // its answer got lost, and what follows the latch was not done
  for (const auto& verdict : {on_alarm(s, {at(0)}, at(2)), on_tick(s, at(60))}) {
    CHECK(verdict.kind == Kind::already_latched);
    CHECK(verdict.tell);
  }
  carry_out(*on_alarm(s, {at(0)}, at(2)).change, s);
  CHECK_FALSE(on_alarm(s, {at(0)}, at(3)).tell);
  CHECK_FALSE(on_tick(s, at(60)).tell);
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

TEST_CASE("guard-on-aws 21: by hand Route 53's own verdict latches, or the sentence names trip") {
  const auto names_trip = [](const Verdict& verdict) {
    return !verdict.change && says(verdict.why, "sitelatch trip " + id + " --reason \"...\"");
  };
  auto s = armed();
  CHECK(on_reconcile(s, at(0)).kind == Kind::nothing_to_do);
  CHECK_FALSE(names_trip(on_reconcile(s, at(0))));
  s.health.now = false;
  CHECK(on_tick(s, at(0)).kind == Kind::nothing_to_do);  // the function waits for the alarm
  CHECK(on_reconcile(s, at(0)).kind == Kind::latch);     // in its lag
  s.alarm->actions_enabled = false;
  CHECK(on_reconcile(s, at(0)).kind == Kind::latch);
  s.alarm.reset();
  CHECK(on_reconcile(s, at(0)).kind == Kind::latch);

  s = armed();
  s.health.now.reset();
  CHECK(names_trip(on_reconcile(s, at(0))));
  s.alarm = AlarmSnapshot{AlarmState::alarm, at(-60), false, true};
  CHECK(on_reconcile(s, at(0)).kind == Kind::latch);
  s.health.now = true;  // just coming back: the alarm alone would not latch, its actions are off
  CHECK(names_trip(on_reconcile(s, at(0))));
  s = armed();
  s.health.minutes = status_minutes("1110111111", at(-600));  // came and went
  CHECK(names_trip(on_reconcile(s, at(0))));

  s = armed();
  s.record.release = {1, at(-60), at(-700), std::chrono::minutes{10}};
  s.health.now = false;
  CHECK(names_trip(on_reconcile(s, at(0))));
  CHECK(on_reconcile(s, at(540)).kind == Kind::latch);

  s = armed();
  carry_out(*disarm(s, {std::chrono::minutes{30}, Keep::primary, "x"}, at(0)), s);
  s.health.now = false;
  CHECK(on_reconcile(s, at(60)).kind == Kind::in_maintenance);
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

TEST_CASE("guard-on-aws 1: the late alarm of a failure of before the freeze latches") {
  auto s = armed();
  carry_out(*disarm(s, {std::chrono::minutes{30}, Keep::primary, "x"}, at(30)), s);
  CHECK(on_alarm(s, {at(100), at(60)}, at(101)).kind == Kind::in_maintenance);
  const auto late = on_alarm(s, {at(100), at(0)}, at(101));
  CHECK(late.kind == Kind::latch);
  CHECK(latched(apply(late.change->check, s.check)));
  s.alarm = AlarmSnapshot{AlarmState::alarm, at(100), true, true, at(60)};
  CHECK(on_tick(s, at(120)).kind == Kind::in_maintenance);
  s.alarm->oldest_data = at(0);  // and its message got lost
  CHECK(on_tick(s, at(120)).kind == Kind::latch);
  // The maintenance is over before it comes.
  s.record.maintenance->until = at(110);
  s.check.disabled = false;
  CHECK(on_alarm(s, {at(100), at(60)}, at(120)).kind == Kind::in_maintenance);
  CHECK(on_alarm(s, {at(100), at(0)}, at(120)).kind == Kind::latch);
}

TEST_CASE("a maintenance whose check nobody froze excuses no failover") {
  auto s = armed();
  carry_out(*disarm(s, {std::chrono::minutes{30}, Keep::primary, "x"}, at(0)), s);
  s.check.disabled = false;  // the freeze failed, or somebody lifted it: DNS moves
  CHECK(on_tick(s, at(60)).kind == Kind::nothing_to_do);
  CHECK(on_alarm(s, {at(100), at(60)}, at(101)).kind == Kind::latch);
  s.alarm = AlarmSnapshot{AlarmState::alarm, at(100), true, true, at(60)};
  CHECK(on_tick(s, at(120)).kind == Kind::latch);
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
