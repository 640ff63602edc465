// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/guard_report.h"
#include "cli/interrupts.h"
#include "function/zip.h"
#include "guard/apply/python_function.h"
#include "guard/calibrate/calibration.h"

namespace sitelatch::cli {
namespace {

using aws::Value;
using guard::Settled;

std::string file_of(const CalibrateOptions& options, Instant now) {
  if (!options.file.empty()) return options.file;
  auto time = replace_all(iso8601_seconds(now), "-", "");
  return "sitelatch-calibration-" + replace_all(std::move(time), ":", "") + ".json";
}

void announce(const guard::CalibrationPlan& plan) {
  cli::say(fmt::format("In account {} ({}), on scratch copies of health check {}:",
                       plan.caller.account, plan.caller.arn, plan.site));
  for (const auto* one : plan.to_run) cli::say(fmt::format("  {:<22} {}", one->name, one->done));
  for (const auto* one : plan.not_run)
    cli::say(fmt::format("  {:<22} is not run: {}", one->name, one->not_run));
  cli::say(fmt::format(
      "It takes about {} on AWS, all beside each other, and costs at most about {:.2f} USD where "
      "AWS charges health checks and\nalarms in parts of a month (a whole month of each would be "
      "2.75 and 0.10 USD). Route 53's checkers ask the address of\n{} as many times more as there "
      "are scratch checks. Everything is removed at the end.",
      describe(plan.takes), plan.cost_usd, plan.site));
  for (const auto& scratch : plan.remains)
    cli::say("An earlier run left, or another one uses now, and it is removed first: " +
             guard::describe(scratch) + ".");
  for (const auto& note : plan.notes) cli::say("Note: " + note);
}

bool any(const guard::Calibration& calibration, Settled settled) {
  return std::any_of(calibration.results.begin(), calibration.results.end(),
                     [settled](const auto& one) { return one.conclusion.settled == settled; });
}

int status_of(const guard::Calibration& calibration) {
  if (calibration.interrupted || !calibration.left.empty()) return exit_failed;
  return any(calibration, Settled::refuted) ? exit_findings : exit_done;
}

}  // namespace

std::vector<std::string> experiment_names() {
  std::vector<std::string> names;
  for (const auto& one : guard::experiments()) names.emplace_back(one.name);
  return names;
}

int calibrate(const CalibrateOptions& options) {
  const auto& common = options.common;
  GuardContext desk(common);
  guard::CalibrationOptions request;
  request.only = options.only;
  request.like = options.like;
  request.another_client = [&common] { return another_client(common); };
  request.codes = {{function::function_zip(), function::function_sha256(),
                    std::string{function::function_architecture()}},
                   {guard::python_function_zip(), {}, {}}};
  const auto plan = guard::plan_calibration(desk.context(), request);
  if (!plan) return fail(common, plan.error().text, exit_status_of(plan.error().kind));
  announce(*plan);
  if (!confirmed(common, "Make it so?"))
    return finish(common, {"refused", "Nothing was made.", Value::structure(), {}, {}},
                  exit_refused);
  const auto file = file_of(options, Instant{desk.clock().now().time_since_epoch()});
  if (const auto writable = write_file(file, ""); !writable)
    return fail(common, writable.error().text + ". Nothing was made.", exit_usage);

  listen_for_interrupts();
  ImpatientClock clock(desk.clock());
  auto context = impatient(desk.context(), clock);
  request.ignore_interrupts = [&clock] { clock.stop_listening(); };
  const auto calibration = guard::calibrate(context, *plan, request);
  const auto document = guard::to_value(*plan, calibration);
  const auto written = write_file(file, aws::to_json(document) + "\n");
  const int status = status_of(calibration);
  if (common.output == Output::json)
    fmt::print("{}\n", aws::to_json(document));
  else
    fmt::print("{}\n", guard::text_of(calibration));
  if (!written) return fail(common, written.error().text + ".", exit_failed);
  say("The measurements are in " + file + ".");
  return status;
}

}  // namespace sitelatch::cli
