// SPDX-License-Identifier: Apache-2.0
#include "guard/apply/drill.h"

#include <fmt/format.h>

#include "base/sentences.h"
#include "client/wait.h"
#include "guard/apply/drill_legs.h"
#include "guard/apply/drill_scratch.h"
#include "guard/apply/missing_rights.h"
#include "guard/apply/self_testing.h"
#include "guard/apply/switch_back.h"

namespace sitelatch::guard {
namespace {

using aws::Value;

// How long after a blip the alarm may still see it, by AWS's clock: two of its periods and their
// lag.
constexpr auto after_blip = std::chrono::minutes{4};

class Drill {
 public:
  Drill(Context& context, const DrillOptions& options) : context_(context), options_(options) {}

  DrillReport run() {
    try {
      rehearse();
    } catch (const Interrupted&) {
      report_.interrupted = true;
      report_.sentence = "Interrupted.";
    }
    options_.ignore_interrupts();
    if (const auto closed = reach_.close(); !closed) report_.notes.push_back(closed.error().text);
    report_.reached = reach_.outcome();
    clean_up();
    if (!report_.legs.empty() && !report_.interrupted) note_drill();
    return std::move(report_);
  }

 private:
  // Into the real guard's audit log, so that people see when it was last rehearsed.
  void note_drill() {
    write_into_log(context_, real_, report_);
    const auto& topic = real_.snapshot.observed.notify_topic;
    if (!topic) return;
    const auto text =
        tag_text(drill_note(real_.now, options_.scenario, report_, {report_.reached}));
    const auto tag = Value::structure({{"Key", tag::last_drill}, {"Value", text}});
    const auto noted = context_.aws.call(
        "sns", "TagResource",
        Value::structure({{"ResourceArn", topic->arn}, {"Tags", Value::list({tag})}}),
        real_.plan.notify_topic.region);
    if (!noted)
      report_.notes.push_back(client::explain(noted.error(), "note the drill on " + topic->arn));
  }

  bool fails(std::string sentence) { return legs_.fails(std::move(sentence)); }
  bool cannot_begin(const Error& error) { return legs_.cannot_begin(error); }
  bool leg(std::string name, const DrillLegs::Walk& walk) {
    return legs_.walk(std::move(name), walk);
  }

  bool rehearse() {
    auto real = view(context_.aws, context_.clock, options_.health_check_id, context_.chain());
    if (!real) return cannot_begin(real.error());
    if (!real->snapshot.observed.check)
      return cannot_begin(error_of(Error::Kind::failed, fmt::format("There is no health check {}.",
                                                                    options_.health_check_id)));
    if (!real->snapshot.observed.check->type.starts_with("HTTP"))
      return fails("Only HTTP and HTTPS health checks have a path to latch by.");
    real_ = std::move(*real);
    if (const auto missing = rights_missing()) return fails(*missing);
    context_.progress(fmt::format("On AWS this takes about {} (reckoned, not measured).",
                                  time_on_aws(options_.scenario)));
    std::optional<PeopleTopic> people;
    if (options_.reach.limit) {
      auto found = people_of(context_, options_.health_check_id, Form::guide);
      if (!found) return cannot_begin(found.error());
      if (const auto nobody = nobody_hears(*found)) return cannot_begin(*nobody);
      people = std::move(*found);
    }
    if (!remove_remains()) return false;
    if (people && !leg("message", [&] { return reach_.ask(*people); })) return false;
    if (!leg("self-test", [this] { return self_test(); })) return false;
    if (!leg("scratch-check", [this] { return make_check(); })) return false;
    if (!leg("deploy", [this] { return build(); })) return false;
    if (!leg("armed", [this] { return arm_scratch(); })) return false;
    const auto latched = options_.scenario == Scenario::alarm    ? alarm_scenario()
                         : options_.scenario == Scenario::outage ? outage_scenario()
                                                                 : blip_scenario();
    if (!latched) return false;
    if (*latched && !leg("switch-back", [this] { return switch_back_scratch(); })) return false;
    if (people && !leg("person", [this] { return reach_.wait(); })) return false;
    report_.passed = true;
    report_.sentence = "The whole chain works; no traffic moved.";
    return true;
  }

  // In one list, before anything is made: a rehearsal that is denied halfway leaves things behind.
  std::optional<std::string> rights_missing() {
    const auto& blind = real_.snapshot.blind;
    if (const auto* silence = first_silence(blind)) return "Not begun: " + describe(*silence);
    if (!blind.empty())
      return describe(missing_rights(blind), real_.snapshot.caller_arn, Audience::deployer, "");
    const auto like_real = plan_like(real_.plan);
    if (!like_real) return std::nullopt;
    auto scope = scope_of(*like_real);
    scope.every_guard = true;
    const auto missing =
        missing_rights(context_.aws, real_.snapshot.caller_arn,
                       only(rights_of(Audience::deployer, scope), actions_to_drill(*like_real)));
    if (!missing || missing->empty()) return std::nullopt;
    return describe(*missing, real_.snapshot.caller_arn, Audience::deployer, "");
  }

  bool remove_remains() {
    const auto left = find_scratch(context_, options_.health_check_id);
    if (!left) return fails(left.error().text);
    for (const auto& one : *left) {
      context_.progress("Removing what an earlier drill left: scratch health check " + one.id +
                        ".");
      if (!remove(one)) return fails("What an earlier drill left could not be removed.");
    }
    return true;
  }

  // The real function, with its own role: it proves its rights and changes nothing.
  Result<std::string> self_test() {
    const auto& function = real_.snapshot.observed.function;
    if (!function)
      return std::string{
          "no function is deployed yet: the rehearsal shows what a deploy would give"};
    if (!function->runtime.starts_with("provided"))
      return std::string{"the function is the guide's Python: it has no self-test"};
    const auto test = run_self_test(context_.aws, real_.plan.function);
    if (!test)
      return failure(Problem{
          client::explain(test.error(), "run the self-test of function " + function->name)});
    if (!test->passed)
      return failure(Problem{"the function failed its self-test: " + test->sentence});
    return std::string{"the function of the real guard has all its rights"};
  }

  Result<std::string> make_check() {
    const auto path = record_of(real_.snapshot.observed).path_to_restore();
    // Before the first deploy nothing is noted; then the path is the check's.
    const auto own = path ? path : real_.snapshot.observed.check->path;
    const auto made =
        make_scratch(context_, {real_.id(), real_.snapshot.check_config, own, Form::guide});
    if (!made) return failure(made.error());
    scratch_ = *made;
    begun_ = context_.clock.now();
    return fmt::format("health check {}, like {}, used by no record", scratch_,
                       options_.health_check_id);
  }

  Result<std::string> build() {
    Deployment deployment({context_, options_.leg_limit}, deploy_like(real_, scratch_),
                          options_.codes);
    auto plan = deployment.plan_resources();  // build() leaves in it what there is now
    if (!plan) return failure(Problem{plan.error().text});
    begun_building_ = true;
    const auto built = deployment.build(*plan);
    if (!built) return failure(Problem{built.error().text});
    return std::string{"a second guard from the same plan"};
  }

  client::Backoff backoff() const {
    client::Backoff out;
    out.every = std::chrono::milliseconds{300};
    out.growth = 1.3;
    out.longest = std::chrono::seconds{4};
    out.at_most = options_.leg_limit;
    return out;
  }
  // Looks at the scratch guard until `holds`.
  bool wait_for_scratch(const std::function<bool(const View&)>& holds) {
    const auto patience = backoff();
    Waiting waiting(context_);
    return client::wait_until(context_.clock, patience, [&] {
      const auto now = view(context_.aws, context_.clock, scratch_, context_.chain());
      if (now && now->snapshot.observed.check && holds(*now)) return true;
      waiting.until({"this leg has come to its end", "", patience.at_most});
      return false;
    });
  }
  Failure<Problem> not_in_time(std::string_view what) const {
    return failure(
        Problem{fmt::format("{} within {}", what, sitelatch::describe(options_.leg_limit))});
  }

  Result<std::string> arm_scratch() {
    std::string why = "it did not become healthy";
    const auto could = wait_for_scratch([&](const View& now) {
      const auto possible =
          guard::arm(situation_of(now.snapshot.observed), {now.snapshot.observed.healthy}, now.now);
      if (!possible && !possible.error().empty()) why = possible.error().front().why;
      return possible.has_value();
    });
    if (!could) return not_in_time("the second guard could not be armed (" + why + ")");
    auto now = view(context_.aws, context_.clock, scratch_, context_.chain());
    if (!now) return failure(Problem{now.error().text});
    Request request;
    request.action = "arm";
    request.why = "drill";
    const auto armed = carry_out(context_, std::move(*now), request, [](const View& seen) {
      return guard::arm(situation_of(seen.snapshot.observed), {seen.snapshot.observed.healthy},
                        seen.now);
    });
    if (!armed) return failure(Problem{armed.error().text});
    return std::string{"healthy, and its alarm is OK from real data"};
  }

  bool wait_for_latch_leg() {
    return leg("latched", [this]() -> Result<std::string> {
      std::string path;
      const auto came = wait_for_scratch([&](const View& now) {
        path = describe(*now.snapshot.observed.check);
        return latched(*now.snapshot.observed.check);
      });
      if (!came) return not_in_time("the function did not latch the scratch check");
      return "alarm, topic and function: " + path;
    });
  }

  std::optional<bool> alarm_scenario() {
    const bool set = leg("alarm", [this]() -> Result<std::string> {
      const auto scratch = view(context_.aws, context_.clock, scratch_, context_.chain());
      if (!scratch) return failure(Problem{scratch.error().text});
      const auto done = context_.aws.call("cloudwatch", "SetAlarmState",
                                          Value::structure({{"AlarmName", scratch->plan.alarm.name},
                                                            {"StateValue", "ALARM"},
                                                            {"StateReason", "sitelatch drill"}}),
                                          scratch->plan.alarm.region);
      if (!done)
        return failure(
            Problem{client::explain(done.error(), "set the state of the scratch alarm")});
      return std::string{
          "set to ALARM by hand (drives the real actions; Route 53's own part is in the scenario "
          "outage)"};
    });
    if (!set || !wait_for_latch_leg()) return std::nullopt;
    return true;
  }

  bool begin_outage() {
    return leg("outage",
               [this]() -> Result<std::string> {
                 const auto moved = move_port(context_, scratch_, dead_port);
                 if (!moved) return failure(moved.error());
                 return fmt::format("the scratch check looks at port {}, where nobody answers",
                                    dead_port);
               }) &&
           leg("unhealthy", [this]() -> Result<std::string> {
             if (!wait_for_scratch(
                     [](const View& now) { return !now.snapshot.observed.healthy.value_or(true); }))
               return not_in_time("Route 53 did not find the scratch check unhealthy");
             return std::string{"Route 53's checkers agree: from here on DNS would answer Backup"};
           });
  }

  int own_port() const {
    return static_cast<int>(real_.snapshot.check_config["Port"].integer_or(
        real_.snapshot.observed.check->type.starts_with("HTTPS") ? 443 : 80));
  }
  bool end_outage() {
    return leg("recovery", [this]() -> Result<std::string> {
      const auto moved = move_port(context_, scratch_, own_port());
      if (!moved) return failure(moved.error());
      return std::string{"the scratch check looks at Primary's own port again"};
    });
  }

  std::optional<bool> outage_scenario() {
    if (!begin_outage() || !wait_for_latch_leg() || !end_outage() || !stays_latched())
      return std::nullopt;
    return true;
  }
  // What the product is for: the address answers again, and the check must not become healthy.
  bool stays_latched() {
    return leg("stays-latched", [this]() -> Result<std::string> {
      const auto now = view(context_.aws, context_.clock, scratch_, context_.chain());
      if (!now) return failure(Problem{now.error().text});
      const auto& check = now->snapshot.observed.check;
      if (!check) return failure(Problem{"the scratch check cannot be seen any more"});
      if (!latched(*check)) return failure(Problem{"the latch is gone"});
      return std::string{"the address answers again and the latch stands"};
    });
  }

  // The answer to "what if it is over before the latch": either is possible, and which one depends
  // on the alarm's minute.
  std::optional<bool> blip_scenario() {
    if (!begin_outage() || !end_outage()) return std::nullopt;
    bool came = false;
    std::optional<Instant> begun;
    const bool over = leg("blip", [&]() -> Result<std::string> {
      const bool settled = wait_for_scratch([&](const View& now) {
        if (!begun) begun = now.now;
        came = latched(*now.snapshot.observed.check);
        const bool quiet = now.snapshot.observed.healthy.value_or(false) &&
                           now.snapshot.observed.alarm &&
                           now.snapshot.observed.alarm->snapshot.state == AlarmState::ok &&
                           now.now >= *begun + after_blip;
        return came || quiet;
      });
      if (!settled) return not_in_time("neither a latch nor a quiet recovery");
      return std::string{
          came ? "the alarm saw it: latched although Primary was back; Backup would keep serving"
               : "the alarm did not see it: Primary would have served again without a switch-back"};
    });
    if (!over) return std::nullopt;
    return came;
  }

  Result<std::string> switch_back_scratch() {
    SwitchBackOptions options;
    options.health_check_id = scratch_;
    options.reason = "drill";
    options.window = options_.leg_limit;
    options.confirm = [](const View&, const std::string&) { return true; };
    const auto report = guard::switch_back(context_, options);
    if (report.end == SwitchBackEnd::done)
      return std::string{"released: healthy, alarm OK, armed again"};
    return failure(Problem{report.sentence +
                           (report.refusals.empty() ? "" : " " + report.refusals.front().why)});
  }

  bool remove(const DrillScratch& scratch) {
    const bool nothing_made = scratch.id == scratch_ && !begun_building_;
    const auto gone =
        nothing_made ? remove_scratch(context_, scratch.id) : remove_drill(context_, scratch);
    if (!gone) report_.left.push_back(gone.error().text);
    return gone.has_value();
  }

  void clean_up() {
    if (report_.interrupted && scratch_.empty()) {
      // Cut off between the call that made it and our knowing it.
      const auto left = find_scratch(context_, options_.health_check_id);
      if (left && !left->empty()) scratch_ = left->front().id;
    }
    if (!scratch_.empty()) {
      context_.progress("Removing the second guard and its scratch health check ...");
      (void)remove({scratch_, Form::guide});
      report_.cost = cost();
    }
    if (!report_.left.empty()) report_.passed = false;
  }

  // AWS's list prices (2025): a health check outside AWS with HTTPS at most 2.75 USD a month, an
  // alarm 0.10 USD; invocations, messages and log lines of a drill are far below a cent.
  std::string cost() const {
    const auto hours =
        std::chrono::duration<double, std::ratio<3600>>(context_.clock.now() - begun_).count();
    const double dollars = (2.75 + 0.10) / 730 * (hours < 1 ? 1 : hours);
    return fmt::format(
        "under {:.2f} USD on AWS (one health check and one alarm for {:.0f} minutes, a few "
        "invocations)",
        dollars < 0.01 ? 0.01 : dollars + 0.01, hours * 60 < 1 ? 1 : hours * 60);
  }

  Context& context_;
  const DrillOptions& options_;
  View real_;
  std::string scratch_;
  bool begun_building_ = false;
  WallInstant begun_{};
  DrillReport report_;
  DrillLegs legs_{context_, report_};
  Reach reach_{context_, options_.reach};
};

}  // namespace

std::string why_of(const DrillReport& report) {
  return report.reached.empty() ? report.sentence
                                : report.sentence + " " + as_sentence(report.reached);
}

std::string drill_note(Instant at, Scenario scenario, const DrillReport& report,
                       const std::vector<std::string>& more) {
  auto text = fmt::format("{} {} {}", iso8601_seconds(at), to_string(scenario),
                          report.passed        ? "passed"
                          : report.interrupted ? "interrupted"
                                               : "FAILED");
  std::string_view between = ": ";
  for (const auto& one : more) {
    if (one.empty()) continue;
    text += std::string{between} + one;
    between = ", ";
  }
  return text;
}

std::optional<Scenario> scenario(std::string_view text) {
  if (text == "alarm") return Scenario::alarm;
  if (text == "outage") return Scenario::outage;
  if (text == "blip") return Scenario::blip;
  if (text == "trip") return Scenario::trip;
  return std::nullopt;
}

std::string_view to_string(Scenario scenario) {
  switch (scenario) {
    case Scenario::alarm:
      return "alarm";
    case Scenario::outage:
      return "outage";
    case Scenario::blip:
      return "blip";
    case Scenario::trip:
      return "trip";
  }
  return "";
}

std::string_view time_on_aws(Scenario scenario) {
  return scenario == Scenario::blip ? "10 to 20 minutes" : "8 to 15 minutes";
}

DrillReport drill(Context& context, const DrillOptions& options) {
  return Drill(context, options).run();
}

}  // namespace sitelatch::guard
