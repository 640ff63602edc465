// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/guard_report.h"
#include "cli/interrupts.h"
#include "function/zip.h"
#include "guard/apply/deploy.h"
#include "guard/apply/destroy.h"
#include "guard/apply/drill.h"
#include "guard/apply/python_function.h"

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
                           {"cost", report.cost.empty() ? Value{} : Value{report.cost}},
                           {"left", left}});
}

std::string text_of(const guard::DrillReport& report) {
  std::string out;
  for (const auto& leg : report.legs)
    out += fmt::format("  {:6} {:14} {:7.1f} s  {}\n", leg.passed ? "ok" : "FAILED", leg.name,
                       std::chrono::duration<double>(leg.took).count(), leg.sentence);
  if (!report.cost.empty()) out += "Cost: " + report.cost + ".\n";
  for (const auto& remains : report.left) out += "Not removed: " + remains + "\n";
  return out + report.sentence;
}

}  // namespace

int drill(const DrillOptions& options) {
  const auto scenario = guard::scenario(options.scenario);
  if (!scenario) return fail(options.common, "--scenario takes alarm, outage or blip.", exit_usage);
  GuardContext bench(options.common);
  if (!confirmed(options.common,
                 fmt::format("Rehearse the guard of health check {} on a scratch health check "
                             "(made and removed; no traffic moves; on AWS {})?",
                             options.health_check_id, guard::time_on_aws(*scenario))))
    return finish(options.common, {"refused", "Nothing was made.", Value::structure(), {}, {}},
                  exit_refused);
  listen_for_interrupts();
  ImpatientClock clock(bench.clock());
  auto context = impatient(bench.context(), clock);
  guard::DrillOptions request;
  request.health_check_id = options.health_check_id;
  request.scenario = *scenario;
  request.leg_limit = options.timeout;
  request.codes = {{function::function_zip(), function::function_sha256(),
                    std::string{function::function_architecture()}},
                   {guard::python_function_zip(), {}, {}}};
  request.ignore_interrupts = [&clock] { clock.stop_listening(); };
  const auto report = guard::drill(context, request);
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

}  // namespace sitelatch::cli
