// SPDX-License-Identifier: Apache-2.0
#include "guard/apply/change.h"

#include <fmt/format.h>

#include <algorithm>

#include "client/wait.h"
#include "guard/apply/observe.h"
#include "guard/rules/latch_notes.h"

namespace sitelatch::guard {
namespace {

using aws::Value;
using Step = Result<Done, Error>;

Failure<Error> stopped(const client::Error& error, std::string_view doing) {
  return failure(error_of(error, doing));
}
Failure<Error> moved_on(std::string why) {
  return failure(error_of(Error::Kind::conflict, std::move(why)));
}

// From the first write of the record on: with the last update still well under the two minutes
// after which the guard takes a release for one that was not made (rules/decision.cc).
constexpr auto longest_record_first = std::chrono::seconds{60};
constexpr int most_update_tries = 5;

Value update_of(const Check& check, const CheckChange& change, std::uint64_t version) {
  auto input = Value::structure(
      {{"HealthCheckId", check.id}, {"HealthCheckVersion", static_cast<std::int64_t>(version)}});
  if (change.path) input.set("ResourcePath", *change.path);
  if (change.reset_path) input.set("ResetElements", Value::list({"ResourcePath"}));
  if (change.disabled) input.set("Disabled", *change.disabled);
  if (change.inverted) input.set("Inverted", *change.inverted);
  return input;
}

class Application {
 public:
  Application(client::Aws& aws, client::Clock& clock, const Plan& plan, const Observed& before,
              const Change& change)
      : aws_(aws),
        clock_(clock),
        plan_(plan),
        before_(before),
        change_(change),
        begun_(clock.now()) {
    applied_.before = applied_.after = *before.check;
  }

  Result<Applied, Error> run() {
    return change_.order == Order::record_then_check ? record_then_check() : check_then_record();
  }

 private:
  Result<Applied, Error> check_then_record() {
    const auto updated = update_check();
    if (!updated) return failure(updated.error());
    for (const auto& written : {write_tags(change_.record), write_environment()})
      if (!written) applied_.notes.push_back(written.error().text);
    switch_alarm_actions();
    return applied_;
  }

  // The environment first: of two people who release at once its RevisionId lets one through, and
  // until the tags are written, which come before it, they hold the latch (decision 0010).
  Result<Applied, Error> record_then_check() {
    const auto record = record_of(before_);
    if (const auto why = nowhere_to_write(
            change_, record, {before_.notify_topic.has_value(), before_.function.has_value()}))
      return failure(error_of(Error::Kind::refused, *why));
    for (const auto write : {&Application::write_environment, &Application::write_whole_record}) {
      const auto written = (this->*write)();
      if (!written) return failure(written.error());
    }
    const auto updated = update_check();
    if (!updated) return failure(taken_back(updated.error()));
    switch_alarm_actions();
    return applied_;
  }

  // The check did not change as the record now says. What is latched still is held in the new
  // release, and a maintenance that froze nothing is no maintenance. Else a latch that somebody
  // undoes next would be nobody's, and an alarm would be excused.
  Error taken_back(Error error) {
    const auto there = read_check(aws_, before_.check->id);
    if (!there || !*there) {
      error.text += " Whether the health check has changed could not be seen.";
      return error;
    }
    const auto record = record_of(before_);
    const bool releases = change_.record.release.number != record.release.number;
    const bool freezes = change_.check.disabled.value_or(false);
    auto corrected = change_.record;
    if (releases && latched((*there)->check))
      corrected = held_after_failed_release(situation_of(before_), change_.record,
                                            *change_.record.release.at);
    if (!releases && freezes && !frozen_healthy((*there)->check))
      corrected.maintenance = record.maintenance;
    if (corrected == change_.record) return error;
    if (const auto written = write_tags(corrected, record_tags(change_.record)); !written)
      error.text += " The guard's record could not be put right: " + written.error().text;
    return error;
  }

  // The answer to an update may be lost, and whoever writes the same values again moves the
  // version: the check itself says what became of it.
  Step update_check() {
    if (change_.check.empty()) return Done{};
    const auto wanted = apply(change_.check, *before_.check);
    auto version = change_.expected_version;
    const bool record_first = change_.order == Order::record_then_check;
    for (int attempt = 1;; ++attempt) {
      if (record_first && clock_.now() >= begun_ + longest_record_first)
        return failure(error_of(Error::Kind::not_in_time,
                                "AWS took too long to write this down, so the health check was not "
                                "changed; run the command again"));
      const auto reply = send_update(version);
      if (reply) {
        applied_.after = wanted;
        applied_.after.version = static_cast<std::uint64_t>(
            reply->output["HealthCheck"]["HealthCheckVersion"].integer_or(
                static_cast<std::int64_t>(version + 1)));
        applied_.request_id = reply->request_id;
        return Done{};
      }
      const auto& error = reply.error();
      const bool mismatch = error.is("HealthCheckVersionMismatch");
      if (!mismatch && error.cause == client::Cause::service && error.status < 500)
        return stopped(error, "change health check " + before_.check->id);
      const auto there = read_check(aws_, before_.check->id);
      if (there && *there && same_but_version(wanted, (*there)->check)) {
        applied_.after = (*there)->check;
        if (!mismatch)
          applied_.notes.emplace_back(
              "The answer to the change was lost; the health check shows that it was made.");
        return Done{};
      }
      if (!mismatch) return stopped(error, "change health check " + before_.check->id);
      // What was decided holds for the same values in another version; a latch is decided anew.
      const bool same = there && *there && same_but_version(*before_.check, (*there)->check);
      const bool again =
          same && record_first && !change_.exact_version && attempt < most_update_tries;
      if (!again) return moved_on("somebody else changed the health check in the meantime");
      version = (*there)->check.version;
    }
  }

  client::Outcome<client::Reply> send_update(std::uint64_t version) {
    client::Call call;
    call.service = "route53";
    call.operation = "UpdateHealthCheck";
    call.input = update_of(*before_.check, change_.check, version);
    if (change_.order == Order::record_then_check) {
      call.time_limit = std::chrono::seconds{10};
      call.attempts = 3;
    }
    return aws_.send(call);
  }

  Step write_whole_record() { return write_tags(change_.record); }
  Step write_tags(const Record& record) {
    return before_.notify_topic ? write_tags(record, before_.notify_topic->tags) : Step{Done{}};
  }

  // Only the tags that this change alters: the others belong to other writers.
  Step write_tags(const Record& record, const Texts& there_now) {
    if (!before_.notify_topic) return Done{};
    const auto wanted = record_tags(record);
    Value set = Value::list(), gone = Value::list();
    for (const auto& [key, value] : wanted) {
      const auto there = there_now.find(key);
      if (there == there_now.end() || there->second != value)
        set.push(Value::structure({{"Key", key}, {"Value", value}}));
    }
    for (const auto key : record_tag_keys())
      if (!wanted.contains(std::string{key}) && there_now.contains(std::string{key}))
        gone.push(key);
    const auto& arn = before_.notify_topic->arn;
    if (!set.items().empty()) {
      const auto tagged =
          aws_.call("sns", "TagResource", Value::structure({{"ResourceArn", arn}, {"Tags", set}}),
                    plan_.notify_topic.region);
      if (!tagged) return stopped(tagged.error(), "write the guard's record on " + arn);
    }
    if (!gone.items().empty()) {
      const auto untagged = aws_.call("sns", "UntagResource",
                                      Value::structure({{"ResourceArn", arn}, {"TagKeys", gone}}),
                                      plan_.notify_topic.region);
      if (!untagged) return stopped(untagged.error(), "write the guard's record on " + arn);
    }
    return Done{};
  }

  Step write_environment() {
    if (!before_.function) return Done{};
    const auto wanted = record_environment(change_.record);
    const auto holds = [&](const Texts& environment) {
      return std::all_of(wanted.begin(), wanted.end(), [&](const auto& variable) {
        const auto there = environment.find(variable.first);
        return there != environment.end() && there->second == variable.second;
      });
    };
    if (holds(before_.function->environment)) return Done{};
    Step outcome = Done{};
    // Another update of the function may be under way; then AWS refuses ours for a while.
    client::Backoff backoff;
    backoff.every = std::chrono::milliseconds{300};
    backoff.at_most = std::chrono::seconds{45};
    backoff.growth = 1.5;
    const auto finished = client::wait_until(
        clock_, backoff, [&] { return try_environment(wanted, holds, outcome); });
    if (!finished)
      return failure(
          error_of(Error::Kind::not_in_time,
                   "the function's configuration stayed busy; its record could not be written"));
    return outcome;
  }

  // True: settled, with the outcome. The configuration is read anew each time: other variables stay
  // as they are.
  template <class Holds>
  bool try_environment(const Texts& wanted, const Holds& holds, Step& outcome) {
    const auto& region = plan_.function.region;
    const auto name = before_.function->name;
    const auto now = aws_.call("lambda", "GetFunctionConfiguration",
                               Value::structure({{"FunctionName", name}}), region);
    if (!now) {
      outcome = stopped(now.error(), "read the configuration of function " + name);
      return true;
    }
    Texts environment;
    for (const auto& [key, value] : (*now)["Environment"]["Variables"].members())
      environment[key] = value.string_or("");
    const auto release = std::string{env::release};
    const auto& was = before_.function->environment;
    const bool same_release = (environment.contains(release) ? environment.at(release) : "") ==
                              (was.contains(release) ? was.at(release) : "");
    if (holds(environment)) return true;
    if (!same_release) {
      outcome = moved_on("somebody else released the guard in the meantime");
      return true;
    }
    for (const auto& [key, value] : wanted) environment[key] = value;
    auto variables = Value::structure();
    for (const auto& [key, value] : environment) variables.set(key, value);
    const auto updated =
        aws_.call("lambda", "UpdateFunctionConfiguration",
                  Value::structure({{"FunctionName", name},
                                    {"Environment", Value::structure({{"Variables", variables}})},
                                    {"RevisionId", (*now)["RevisionId"]}}),
                  region);
    if (updated) return true;
    if (updated.error().is("PreconditionFailedException") ||
        updated.error().is("ResourceConflictException"))
      return false;
    outcome = stopped(updated.error(), "write the guard's record on function " + name);
    return true;
  }

  void switch_alarm_actions() {
    if (!change_.alarm_actions || !before_.alarm) return;
    const auto operation = *change_.alarm_actions ? "EnableAlarmActions" : "DisableAlarmActions";
    const auto done = aws_.call(
        "cloudwatch", operation,
        Value::structure({{"AlarmNames", Value::list({before_.alarm->name})}}), plan_.alarm.region);
    if (!done)
      applied_.notes.push_back(
          explain(done.error(), "switch the actions of alarm " + before_.alarm->name));
  }

  client::Aws& aws_;
  client::Clock& clock_;
  const Plan& plan_;
  const Observed& before_;
  const Change& change_;
  const WallInstant begun_;
  Applied applied_;
};

}  // namespace

Result<Applied, Error> apply_change(client::Aws& aws, client::Clock& clock, const Plan& plan,
                                    const Observed& before, const Change& change) {
  ENSURE(before.check.has_value(), "a change needs the check that it was decided on");
  return Application(aws, clock, plan, before, change).run();
}

}  // namespace sitelatch::guard
