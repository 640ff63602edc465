// SPDX-License-Identifier: Apache-2.0
#include "function/handler.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "guard/rules/json.h"

namespace sitelatch::function {
using guard::JsonObject;
using guard::Situation;
using guard::Verdict;

namespace {
constexpr int most_mismatches = 8;
constexpr std::size_t most_unsent = 16;
constexpr auto between_refusals = std::chrono::minutes{10};
constexpr auto between_troubles = std::chrono::hours{1};
// A look that reaches nobody is a line of the log; people hear of it when it lasts.
constexpr auto blind_is_trouble = std::chrono::minutes{1};
// Of the relay, for what could not be told: its next look must not wait for SNS.
constexpr auto between_tellings = std::chrono::minutes{1};

// One line of log, whatever an event has put into it.
std::string one_line(std::string text) {
  for (auto& c : text)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  return text;
}

bool quiet(Verdict::Kind kind) {
  return kind == Verdict::Kind::nothing_to_do || kind == Verdict::Kind::in_maintenance;
}

// What a function URL makes an HTTP answer of (fact guard-60).
std::string http_answer(int status, std::string_view body) {
  return JsonObject{}
      .raw("statusCode", std::to_string(status))
      .raw("headers", R"({"content-type":"text/plain","cache-control":"no-store"})")
      .add("body", body)
      .text();
}
}  // namespace

struct Handler::Run {
  const Invocation& invocation;
  Instant now;  // decisions'
  enum class By { alarm, schedule, relay } by = By::alarm;
  guard::Evidence alarm{};       // by the alarm
  guard::RelayEvidence relay{};  // by the relay
  bool not_done = false;         // by the relay: what it should have seen or done
  std::string relay_did{};       // for its answer
  Outcome outcome{};
  std::vector<std::string> records{}, warnings{};

  void say(std::string line) { outcome.log.push_back("sitelatch " + one_line(std::move(line))); }
  void warn(const std::string& text) {
    say("warning: " + text);
    warnings.push_back(guard::json_text(text));
  }
  void fail(std::string why) {
    if (by == By::relay) not_done = true;
    if (by != By::alarm) return warn(why);
    say("error: " + why);
    outcome.failed = true;
    if (outcome.error.empty()) outcome.error = std::move(why);
  }
};

Handler::Handler(guard::Arrangement arrangement, guard::Texts environment, GuardCalls& calls,
                 Sentinel* sentinel)
    : ours_(std::move(arrangement)),
      environment_(std::move(environment)),
      calls_(calls),
      sentinel_(sentinel) {}

Outcome Handler::handle(const Invocation& invocation) {
  const auto event = guard::parse_event(invocation.event);
  Run run{invocation, guard::decision_time(invocation.now, event)};
  switch (event.kind) {
    case guard::Event::Kind::notifications:
      handle_notifications(event, run);
      break;
    case guard::Event::Kind::schedule:
      handle_tick(event, run);
      break;
    case guard::Event::Kind::self_test:
      self_test(run);
      return std::move(run.outcome);
    case guard::Event::Kind::url:
      answer_request(event, run);
      return std::move(run.outcome);
    case guard::Event::Kind::unknown:
      refuse("", event.problem, run);
      break;
  }
  queue_trouble(run);
  tell_people(run);
  run.outcome.response = JsonObject{}
                             .add("health_check", ours_.health_check_id)
                             .raw("records", guard::json_array(run.records))
                             .raw("warnings", guard::json_array(run.warnings))
                             .text();
  return std::move(run.outcome);
}

void Handler::handle_notifications(const guard::Event& event, Run& run) {
  for (const auto& record : event.records) {
    if (!record) {
      refuse("", record.error().text, run);
      continue;
    }
    const auto evidence = guard::judge(*record, ours_);
    if (!evidence) {
      refuse(record->message_id, evidence.error().text, run);
      continue;
    }
    run.alarm = *evidence;
    decide_and_act(record->message_id, run);
  }
}

void Handler::handle_tick(const guard::Event& event, Run& run) {
  run.by = Run::By::schedule;
  if (!ours_.rule_arn.empty() && event.rule_arn != ours_.rule_arn)
    refuse("",
           "the tick is of the rule '" + event.rule_arn.substr(0, 200) + "', not '" +
               ours_.rule_arn + "'",
           run);
  else
    decide_and_act("", run);
}

void Handler::answer_request(const guard::Event& event, Run& run) {
  const auto path = environment_.find(std::string{guard::env::relay_path});
  const bool for_relay = path != environment_.end() && guard::is_relay_path(path->second) &&
                         guard::same_secret(event.path, path->second) &&
                         (event.method == "GET" || event.method == "HEAD");
  if (!for_relay) {
    run.outcome.response = http_answer(404, "");
    return;
  }
  run.by = Run::By::relay;
  if (sentinel_) {
    look_and_act(run);
  } else {
    const auto settings = guard::read_relay(environment_);
    run.fail(settings ? "the relay has no sentinel" : settings.error().text);
  }
  queue_trouble(run);
  if (!unsent_.empty() && (!relay_told_at_ || run.now >= *relay_told_at_ + between_tellings)) {
    relay_told_at_ = run.now;
    tell_people(run);
  }
  run.outcome.response =
      run.not_done ? http_answer(500, "not done") : http_answer(200, run.relay_did);
}

void Handler::look_and_act(Run& run) {
  std::vector<guard::Look> looks;
  guard::Sighting sighting{guard::Sighting::Kind::look_again, ""};
  while (sighting.kind == guard::Sighting::Kind::look_again) {
    if (!looks.empty()) sentinel_->wait(guard::between_looks);
    looks.push_back(sentinel_->look(run.invocation.deadline));
    memory_.saw(looks.back(), run.now);
    sighting = guard::weigh(looks);
    if (sighting.kind == guard::Sighting::Kind::look_again && memory_.rests(run.now)) {
      run.relay_did = "known";
      break;
    }
  }
  if (sighting.kind == guard::Sighting::Kind::blind) return see_nothing(sighting.why, run);
  blind_since_.reset();
  if (sighting.kind == guard::Sighting::Kind::nothing) {
    if (looks.size() > 1) run.say(sighting.why);
    relay_said_.reset();
    run.relay_did = to_string(Verdict::Kind::nothing_to_do);
    return;
  }
  if (sighting.kind != guard::Sighting::Kind::latch) return;
  run.relay = {sighting.why, memory_.came_back_in(), false};
  decide_and_act("", run);
}

// Unreachable servers latch nothing.
void Handler::see_nothing(const std::string& why, Run& run) {
  run.not_done = true;
  if (!blind_since_) blind_since_ = run.now;
  if (run.now < *blind_since_ + blind_is_trouble) return run.say(why);
  run.warn(why + ", since " + iso8601_seconds(*blind_since_) +
           "; as long as it lasts a failover is latched by the alarm alone, minutes later");
}

// A relay runs every few seconds: what it has found is said once, and not asked for again at once.
void Handler::remember(const Verdict& verdict, const Situation& situation, Run& run) {
  if (verdict.kind == Verdict::Kind::older_evidence)
    memory_.met_release(situation.record.release.number);
  memory_.decided(run.now);
  relay_said_ = verdict.kind;
  run.relay_did = to_string(verdict.kind);
}

void Handler::refuse(std::string_view message_id, std::string why, Run& run) {
  why = one_line(std::move(why));
  run.say("refused: " + why);
  run.records.push_back(JsonObject{}.add("message_id", message_id).add("refused", why).text());
  write_down(audit_line("refuse", why, run).add("stage", "refused"), run);
  // Somebody who may publish to the topic must not be able to flood people.
  if (told_of_refusal_ && run.now < *told_of_refusal_ + between_refusals) return;
  told_of_refusal_ = run.now;
  if (unsent_.size() < most_unsent)
    unsent_.push_back(
        {"Sitelatch refused an event", "The guard of health check " + ours_.health_check_id +
                                           " was sent an event that it does not act on: " + why +
                                           "\nNothing was changed. Further refusals of the next "
                                           "ten minutes are in the log only."});
}

void Handler::decide_and_act(std::string_view message_id, Run& run) {
  const bool by_relay = run.by == Run::By::relay;
  for (int attempt = 0; attempt < most_mismatches; ++attempt) {
    // The check before the record: see guard/rules/decision.h.
    const auto check = calls_.read_check();
    if (!check) return run.fail("the health check cannot be read: " + check.error().text());
    const auto tags = calls_.read_tags();
    // Without its record the guard still latches; what the environment says of releases holds.
    if (!tags)
      run.warn("the record cannot be read, going by the environment: " + tags.error().text());
    Situation situation{*check, std::nullopt,
                        guard::read_record(environment_, tags ? *tags : guard::Texts{})};
    read_what_is_needed(situation, run);
    const auto verdict = by_relay                   ? guard::on_relay(situation, run.relay, run.now)
                         : run.by == Run::By::alarm ? guard::on_alarm(situation, run.alarm, run.now)
                                                    : guard::on_tick(situation, run.now);
    Updated updated;
    std::string why_not;
    if (verdict.change && !verdict.change->check.empty() &&
        !latch(verdict, situation, run, updated, why_not)) {
      if (why_not.empty()) continue;  // somebody was faster: read and decide again
      return run.fail(why_not);
    }
    if (!by_relay || verdict.change || relay_said_ != verdict.kind)
      run.say(std::string{to_string(verdict.kind)} + " health check " + ours_.health_check_id +
              ": " + verdict.why +
              (updated.version ? " (version " + std::to_string(situation.check.version) + " -> " +
                                     std::to_string(updated.version) + ")"
                               : ""));
    auto record = JsonObject{}
                      .add("message_id", message_id)
                      .add("verdict", to_string(verdict.kind))
                      .add("why", verdict.why);
    if (updated.version) record.raw("version", std::to_string(updated.version));
    run.records.push_back(record.text());
    // Where its note cannot be read or written every event finds a latch anew, our own too.
    if (updated.version) found_ = updated.version;
    const bool found = !by_relay && (verdict.kind == Verdict::Kind::already_latched ||
                                     verdict.kind == Verdict::Kind::kept_planned);
    const bool known =
        found && std::exchange(found_, situation.check.version) == situation.check.version;
    if (verdict.tell && !known) queue_news(verdict, situation, run);
    if (verdict.change && tags) note(*verdict.change, *tags, run);
    if (by_relay) remember(verdict, situation, run);
    if (!by_relay || verdict.change) tell_people(run);
    if (!quiet(verdict.kind) && !(run.by != Run::By::alarm && !verdict.change) && !known)
      write_down(verdict, situation, updated, run);
    if (run.by == Run::By::schedule && found && !verdict.change && tags)
      remind(situation, *tags, run);
    return;
  }
  run.fail("the health check kept changing under the guard; not latched yet");
}

// The alarm for a tick, and for evidence that may be long over; for the relay, because it says
// whether the guard is armed. The metric where the alarm does not say. What cannot be read is
// nothing: a latch that somebody undid is latched again without it.
void Handler::read_what_is_needed(Situation& situation, Run& run) {
  const bool by_alarm = run.by == Run::By::alarm, by_relay = run.by == Run::By::relay;
  if (by_alarm && !guard::needs_alarm(run.alarm, run.now)) return;
  if (by_relay && guard::latched(situation.check)) return;
  const auto alarm = calls_.read_alarm();
  run.relay.alarm_unseen = !alarm;
  if (!alarm) {
    const auto why = "the alarm cannot be read: " + alarm.error().text();
    if (run.by == Run::By::schedule) return run.fail(why);
    run.warn(why);
  } else {
    situation.alarm = *alarm;
  }
  const bool needs_minutes = by_relay
                                 ? guard::needs_status_minutes(situation, run.relay, run.now)
                                 : !by_alarm && guard::needs_status_minutes(situation, run.now);
  if (!needs_minutes) return;
  auto minutes =
      calls_.read_status(*situation.record.release.at, run.now + std::chrono::minutes{1});
  if (minutes)
    situation.health.minutes = std::move(*minutes);
  else
    run.warn("HealthCheckStatus cannot be read: " + minutes.error().text());
}

void Handler::queue_news(const Verdict& verdict, const Situation& before, Run& run) {
  if (unsent_.size() >= most_unsent) return;
  unsent_.push_back(guard::message_of({before, verdict.change, run.now, verdict.why, ""},
                                      ours_.health_check_id, ours_.dns_name));
}

// True: the update is made. False with a reason: it failed; without: the version has moved on.
bool Handler::latch(const Verdict& verdict, const Situation& situation, Run& run, Updated& updated,
                    std::string& why_not) {
  auto made = calls_.update_check(verdict.change->check, verdict.change->expected_version);
  if (made) {
    updated = *made;
    return true;
  }
  if (made.error().code == "HealthCheckVersionMismatch") {
    run.say("version " + std::to_string(situation.check.version) + " has moved on; reading again");
    return false;
  }
  why_not = "the health check cannot be changed: " + made.error().text();
  return false;
}

// Only what the function may write, and only what differs.
void Handler::note(const guard::Change& change, const guard::Texts& tags, Run& run) {
  const auto wanted = guard::record_tags(change.record);
  guard::Texts to_write;
  for (const auto key : guard::function_tag_keys()) {
    const auto value = wanted.find(std::string{key});
    if (value == wanted.end()) continue;
    const auto there = tags.find(value->first);
    if (there == tags.end() || there->second != value->second) to_write.insert(*value);
  }
  if (to_write.empty()) return;
  if (const auto written = calls_.write_tags(to_write); !written)
    run.warn("the record cannot be written: " + written.error().text());
}

void Handler::write_down(const Verdict& verdict, const Situation& before, const Updated& updated,
                         Run& run) {
  auto line = audit_line(to_string(verdict.kind), verdict.why, run);
  line.add("before", describe(before.check));
  if (updated.version) {
    line.add("after", describe(guard::apply(verdict.change->check, before.check)))
        .add("version", std::to_string(updated.version));
    if (!updated.request_id.empty()) line.add("request_id", updated.request_id);
  }
  write_down(line, run);
}

JsonObject Handler::audit_line(std::string_view action, std::string_view why,
                               const Run& run) const {
  return JsonObject{}
      .add("sitelatch", "audit")
      .add("at", iso8601_ms(run.now))
      .add("health_check", ours_.health_check_id)
      .add("action", action)
      .add("who", "function")
      .add("why", why)
      .add("note", "invocation " + run.invocation.request_id);
}

void Handler::write_down(const JsonObject& line, Run& run) {
  if (const auto written = calls_.write_audit(line.text(), run.now); !written)
    run.warn("not in the audit log: " + written.error().text());
}

// Whether this run is to tell it. What cannot be claimed is told all the same: rather twice than
// never, and the tag keeps it from more.
bool Handler::claims(const guard::Reminder& due, Run& run) {
  if (claimed_ == due.key()) return true;
  const auto names = due.claims(run.now);
  if (left_to_others_ == names.back()) return false;
  for (const auto& name : names) {
    const auto made = calls_.claim(name);
    if (!made) {
      run.warn("a reminder could not be claimed: " + made.error().text());
      break;
    }
    if (!*made) {
      left_to_others_ = names.back();
      return false;
    }
  }
  claimed_ = due.key();
  return true;
}

void Handler::remind(const Situation& situation, const guard::Texts& tags, Run& run) {
  const auto due = guard::reminder_due(situation, run.now);
  if (!due || reminded_ == due->key() || !claims(*due, run)) return;
  // Somebody may have switched back since this run looked.
  const auto check = calls_.read_check();
  if (!check || !guard::latched(*check)) return;
  const auto message = guard::message_of(*due, ours_.health_check_id, ours_.dns_name);
  // Tried again by the next tick, if it is still latched then.
  if (const auto told = calls_.tell(message.subject, message.text); !told)
    return not_told("people were not reminded: " + told.error().text(), run);
  reminded_ = due->key();
  guard::Change change;
  change.record = situation.record;
  change.record.reminded = due->mark;
  note(change, tags, run);
  run.say("reminded people: " + message.subject);
  write_down(audit_line("remind", message.subject, run), run);
}

// A guard that has lost a right still latches, but people must hear of it: hourly, not every
// minute.
void Handler::queue_trouble(Run& run) {
  if (run.warnings.empty() || unsent_.size() >= most_unsent) return;
  if (told_of_trouble_ && run.now < *told_of_trouble_ + between_troubles) return;
  told_of_trouble_ = run.now;
  unsent_.push_back({"Sitelatch: the guard is impaired",
                     "The guard of health check " + ours_.health_check_id +
                         (ours_.dns_name.empty() ? "" : " (" + ours_.dns_name + ")") +
                         " does not work as it should:\n" + join(run.warnings, "\n") +
                         "\nIt is told again after an hour, as long as it lasts.\nTo look at "
                         "it:\n  sitelatch status " +
                         ours_.health_check_id + "\n"});
}

void Handler::tell_people(Run& run) {
  while (!unsent_.empty()) {
    const auto notified = calls_.tell(unsent_.front().subject, unsent_.front().text);
    if (!notified) return not_told("people were not told: " + notified.error().text(), run);
    unsent_.erase(unsent_.begin());
  }
}

// Written where it can be seen although nobody can be told: hourly, into the audit log.
void Handler::not_told(std::string why, Run& run) {
  if (!untold_at_ || run.now >= *untold_at_ + between_troubles) {
    untold_at_ = run.now;
    write_down(audit_line("untold", why, run), run);
  }
  run.fail(std::move(why));
}

// Nothing: this is no relay. Empty: it sees its sentinel.
std::optional<std::string> Handler::blindness(const Run& run) {
  const auto settings = guard::read_relay(environment_);
  if (!settings) return settings.error().text;
  if (!*settings) return std::nullopt;
  if (!sentinel_) return "the relay has no sentinel";
  const auto seen = guard::weigh({sentinel_->look(run.invocation.deadline)});
  return seen.kind == guard::Sighting::Kind::blind ? seen.why : "";
}

// Proves every right by AWS's own answers and changes nothing: an update with a version that is not
// the check's must be refused as such (409), not for want of rights (403).
void Handler::self_test(Run& run) {
  std::vector<std::string> lines;
  bool all = true;
  const auto report = [&](std::string_view right, bool ok, const std::string& detail) {
    all = all && ok;
    run.say("self-test " + std::string{right} + ": " + (ok ? "ok" : "FAILED: " + detail));
    lines.push_back(JsonObject{}
                        .add("right", right)
                        .raw("ok", ok ? "true" : "false")
                        .add("detail", detail)
                        .text());
  };
  const auto check = calls_.read_check();
  report("route53:GetHealthCheck", bool{check},
         check ? "version " + std::to_string(check->version) : check.error().text());
  const auto version = check ? check->version : 1;
  const auto update = calls_.update_check({}, version > 1 ? version - 1 : version + 1000);
  const bool refused = !update && update.error().code == "HealthCheckVersionMismatch";
  report("route53:UpdateHealthCheck", refused,
         update ? "an update with a stale version was accepted" : update.error().text());
  const auto alarm = calls_.read_alarm();
  report("cloudwatch:DescribeAlarms", alarm && alarm->has_value(),
         !alarm   ? alarm.error().text()
         : *alarm ? std::string{to_string((*alarm)->state)}
                  : "there is no such alarm");
  const auto status = calls_.read_status(run.now - std::chrono::minutes{5}, run.now);
  report("cloudwatch:GetMetricStatistics", bool{status},
         status ? std::to_string(status->size()) + " minutes" : status.error().text());
  const auto tags = calls_.read_tags();
  report("sns:ListTagsForResource", bool{tags},
         tags ? std::to_string(tags->size()) + " tags" : tags.error().text());
  const auto notified =
      tags ? tags->find(std::string{guard::tag::notified}) : guard::Texts::const_iterator{};
  const auto same =
      tags && notified != tags->end() ? notified->second : std::string{"0"};  // "0" means: never
  const auto tagged = calls_.write_tags({{std::string{guard::tag::notified}, same}});
  report("sns:TagResource", bool{tagged}, tagged ? "" : tagged.error().text());
  if (const auto blind = blindness(run)) report("dns:Sentinel", blind->empty(), *blind);
  const auto publish = calls_.try_to_tell();
  report("sns:Publish", bool{publish}, publish ? "" : publish.error().text());
  const auto audit = calls_.write_audit("", run.now);
  report("logs:CreateLogStream", bool{audit}, audit ? "" : audit.error().text());
  const auto put =
      calls_.write_audit(JsonObject{}
                             .add("sitelatch", "audit")
                             .add("at", iso8601_ms(run.now))
                             .add("health_check", ours_.health_check_id)
                             .add("action", "self-test")
                             .add("who", "function")
                             .add("why", all ? "every right is there" : "a right is missing")
                             .text(),
                         run.now);
  report("logs:PutLogEvents", bool{put}, put ? "" : put.error().text());
  run.outcome.response = JsonObject{}
                             .add("self_test", all ? "ok" : "failed")
                             .add("health_check", ours_.health_check_id)
                             .raw("rights", guard::json_array(lines))
                             .text();
}

}  // namespace sitelatch::function
