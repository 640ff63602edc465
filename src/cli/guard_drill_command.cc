// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/guard_hardened.h"
#include "cli/interrupts.h"
#include "cli/typed_lines.h"
#include "guard/apply/deploy.h"
#include "guard/apply/destroy.h"
#include "guard/apply/drill.h"
#include "guard/apply/form_drill.h"

namespace sitelatch::cli {
namespace {

using aws::Value;

Value to_value(const guard::DrillReport& report) {
  auto legs = Value::list();
  for (const auto& leg : report.legs)
    legs.push(Value::structure({{"name", leg.name},
                                {"passed", leg.passed},
                                {"seconds", std::chrono::duration<double>(leg.took).count()},
                                {"sentence", leg.sentence}}));
  auto left = Value::list();
  for (const auto& remains : report.left) left.push(remains);
  return Value::structure({{"legs", legs},
                           {"reached", report.reached.empty() ? Value{} : Value{report.reached}},
                           {"cost", report.cost.empty() ? Value{} : Value{report.cost}},
                           {"left", left}});
}

std::string text_of(const guard::DrillReport& report) {
  std::string out = report.legs.empty() ? "" : "Its legs:\n";
  for (const auto& leg : report.legs)
    out += fmt::format("  {:6} {:14} {:7.1f} s  {}\n", leg.passed ? "ok" : "FAILED", leg.name,
                       std::chrono::duration<double>(leg.took).count(), leg.sentence);
  if (!report.reached.empty()) out += as_sentence(report.reached) + "\n";
  if (!report.cost.empty()) out += "Cost: " + report.cost + ".\n";
  for (const auto& remains : report.left) out += "Not removed: " + remains + "\n";
  return out + report.sentence;
}

guard::ReachOptions reach_of(const DrillOptions& options) {
  guard::ReachOptions reach;
  if (!options.reach) return reach;
  reach.limit = options.answer_within;
  reach.typed = [lines = std::make_shared<TypedLines>()] { return lines->next(); };
  return reach;
}

// Said where it was not tried, so that nobody takes a drill for more than it was.
void say_who_was_not_asked(const DrillOptions& options, guard::DrillReport& report) {
  if (report.passed && !options.reach)
    report.notes.emplace_back("Whether a message reaches a person was not rehearsed: --reach");
}

// Nothing: a person has said so.
std::optional<int> not_confirmed(const DrillOptions& options, std::string_view takes,
                                 std::string_view on) {
  if (confirmed(options.common,
                fmt::format("Rehearse the guard of health check {} on {} (made and removed; no "
                            "traffic moves; on AWS {})?",
                            options.health_check_id, on, takes)))
    return std::nullopt;
  return finish(options.common, {"refused", "Nothing was made.", Value::structure(), {}, {}},
                exit_refused);
}

int finish_drill(const DrillOptions& options, guard::DrillReport report) {
  say_who_was_not_asked(options, report);
  const int status = report.passed        ? exit_done
                     : report.interrupted ? exit_failed
                     : report.not_begun   ? exit_status_of(*report.not_begun)
                                          : exit_findings;
  const bool json = options.common.output == Output::json;
  return finish(options.common,
                {report.passed        ? "passed"
                 : report.interrupted ? "interrupted"
                                      : "failed",
                 json ? report.sentence : text_of(report),
                 to_value(report),
                 {},
                 report.notes},
                status);
}

int drill_form(const DrillOptions& options, guard::Form form, guard::Scenario scenario) {
  if (scenario == guard::Scenario::alarm)
    return fail(options.common,
                fmt::format("The form {} has no alarm that acts: --scenario takes outage, blip or "
                            "trip.",
                            guard::to_string(form)),
                exit_usage);
  GuardContext bench(options.common, options.dns_server);
  if (const auto no = not_confirmed(options, guard::time_on_aws(form, scenario),
                                    "a scratch health check and a pair of records of its own in "
                                    "Primary's zone"))
    return *no;
  listen_for_interrupts();
  ImpatientClock clock(bench.clock());
  auto context = impatient(bench.context(), clock);
  guard::FormDrillOptions request;
  request.health_check_id = options.health_check_id;
  request.form = form;
  request.scenario = scenario;
  request.leg_limit = options.timeout;
  request.codes = codes();
  request.reach = reach_of(options);
  request.ignore_interrupts = [&clock] { clock.stop_listening(); };
  return finish_drill(options, guard::drill_form(context, request));
}

}  // namespace

int drill(const DrillOptions& options) {
  if (!options.scenario.empty() && !guard::scenario(options.scenario))
    return fail(options.common, "--scenario takes alarm, outage, blip or trip.", exit_usage);
  const auto form =
      options.wanted_form.empty() ? options.form : *guard::form_named(options.wanted_form);
  if (const auto why = guard::not_built_yet(form)) return fail(options.common, *why, exit_refused);
  if (options.reach && form == guard::Form::engine)
    return fail(options.common,
                "The form engine tells nobody, so --reach has nothing to rehearse there.",
                exit_usage);
  const bool guides = form == guard::Form::guide;
  const auto scenario = !options.scenario.empty() ? *guard::scenario(options.scenario)
                        : guides                  ? guard::Scenario::alarm
                                                  : guard::Scenario::outage;
  // Of hardened the chain behind the alarm is the guide's, and can be rehearsed alone.
  const bool alarm_of_hardened =
      form == guard::Form::hardened && scenario == guard::Scenario::alarm;
  if (!guides && !alarm_of_hardened) return drill_form(options, form, scenario);
  if (scenario == guard::Scenario::trip)
    return fail(options.common, "--scenario trip is of the forms other than the guide's.",
                exit_usage);
  if (!options.dns_server.empty())
    return fail(options.common,
                alarm_of_hardened
                    ? "--dns-server is not for --scenario alarm, which asks no DNS."
                    : "--dns-server is not for the guide's form, whose drill asks no DNS.",
                exit_usage);
  if (alarm_of_hardened)
    say("The scenario alarm rehearses what latches where the relay does not: alarm, topic and "
        "function. The relay and DNS are rehearsed by the scenarios outage, blip and trip.");
  GuardContext bench(options.common);
  if (const auto no =
          not_confirmed(options, guard::time_on_aws(scenario), "a scratch health check"))
    return *no;
  listen_for_interrupts();
  ImpatientClock clock(bench.clock());
  auto context = impatient(bench.context(), clock);
  guard::DrillOptions request;
  request.health_check_id = options.health_check_id;
  request.scenario = scenario;
  request.leg_limit = options.timeout;
  request.codes = codes();
  request.reach = reach_of(options);
  request.ignore_interrupts = [&clock] { clock.stop_listening(); };
  return finish_drill(options, guard::drill(context, request));
}

int acknowledge(const AcknowledgeOptions& options) {
  GuardContext bench(options.common);
  const auto taken =
      guard::acknowledge(bench.context(), options.health_check_id, options.form, options.code);
  if (!taken) return fail(options.common, taken.error().text, exit_status_of(taken.error().kind));
  return finish(options.common,
                {"done",
                 fmt::format("Thank you. The drill of {} takes it as the answer that it waits for",
                             iso8601_seconds(taken->at)),
                 Value::structure({{"health_check_id", options.health_check_id}}),
                 {},
                 {}},
                exit_done);
}

}  // namespace sitelatch::cli
