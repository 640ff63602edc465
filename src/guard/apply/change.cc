// SPDX-License-Identifier: Apache-2.0
#include "guard/apply/change.h"

#include <fmt/format.h>

#include <algorithm>

#include "client/wait.h"

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

Value update_of(const Check& check, const Change& change) {
  auto input = Value::structure(
      {{"HealthCheckId", check.id},
       {"HealthCheckVersion", static_cast<std::int64_t>(change.expected_version)}});
  if (change.check.path) input.set("ResourcePath", *change.check.path);
  if (change.check.reset_path) input.set("ResetElements", Value::list({"ResourcePath"}));
  if (change.check.disabled) input.set("Disabled", *change.check.disabled);
  if (change.check.inverted) input.set("Inverted", *change.check.inverted);
  return input;
}

class Application {
 public:
  Application(client::Aws& aws, client::Clock& clock, const Plan& plan, const Observed& before,
              const Change& change)
      : aws_(aws), clock_(clock), plan_(plan), before_(before), change_(change) {
    applied_.before = applied_.after = *before.check;
  }

  Result<Applied, Error> run() {
    const bool record_first = change_.order == Order::record_then_check;
    if (record_first) {
      const auto written = write_record();
      if (!written) return failure(written.error());
    }
    const auto updated = update_check();
    if (!updated) return failure(updated.error());
    if (!record_first) {
      const auto written = write_record();
      if (!written) applied_.notes.push_back(written.error().text);
    }
    switch_alarm_actions();
    return applied_;
  }

 private:
  Step update_check() {
    if (change_.check.empty()) return Done{};
    client::Call call;
    call.service = "route53";
    call.operation = "UpdateHealthCheck";
    call.input = update_of(*before_.check, change_);
    const auto reply = aws_.send(call);
    if (!reply) {
      const auto& error = reply.error();
      if (error.is("HealthCheckVersionMismatch"))
        return moved_on("somebody else changed the health check in the meantime");
      return stopped(error, "change health check " + before_.check->id);
    }
    applied_.after = apply(change_.check, *before_.check);
    applied_.after.version =
        static_cast<std::uint64_t>(reply->output["HealthCheck"]["HealthCheckVersion"].integer_or(
            static_cast<std::int64_t>(applied_.after.version)));
    applied_.request_id = reply->request_id;
    return Done{};
  }

  Step write_record() {
    const auto topics = write_tags();
    if (!topics) return topics;
    return write_environment();
  }

  // Only the tags that this change alters: the others belong to other writers.
  Step write_tags() {
    if (!before_.notify_topic) return Done{};
    const auto wanted = record_tags(change_.record);
    Value set = Value::list(), gone = Value::list();
    for (const auto& [key, value] : wanted) {
      const auto there = before_.notify_topic->tags.find(key);
      if (there == before_.notify_topic->tags.end() || there->second != value)
        set.push(Value::structure({{"Key", key}, {"Value", value}}));
    }
    for (const auto key : record_tag_keys())
      if (!wanted.contains(std::string{key}) &&
          before_.notify_topic->tags.contains(std::string{key}))
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
  Applied applied_;
};

}  // namespace

Result<Applied, Error> apply_change(client::Aws& aws, client::Clock& clock, const Plan& plan,
                                    const Observed& before, const Change& change) {
  ENSURE(before.check.has_value(), "a change needs the check that it was decided on");
  return Application(aws, clock, plan, before, change).run();
}

}  // namespace sitelatch::guard
