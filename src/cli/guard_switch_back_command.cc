// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/guard_config.h"
#include "cli/guard_engine.h"
#include "cli/guard_switch_back.h"
#include "cli/interrupts.h"
#include "guard/apply/switch_back.h"

namespace sitelatch::cli {
namespace {

using guard::SwitchBackEnd;

int code_of(SwitchBackEnd end) {
  switch (end) {
    case SwitchBackEnd::done:
      return exit_done;
    case SwitchBackEnd::refused:
      return exit_refused;
    case SwitchBackEnd::failed:
      return exit_failed;
    case SwitchBackEnd::latched_again:
      return exit_latched_again;
    case SwitchBackEnd::not_confirmed:
      return exit_not_in_time;
    case SwitchBackEnd::no_answer:
      return exit_no_answer;
    case SwitchBackEnd::usage:
      return exit_usage;
  }
  return exit_failed;
}

std::string word_of(SwitchBackEnd end) {
  switch (end) {
    case SwitchBackEnd::done:
      return "done";
    case SwitchBackEnd::refused:
      return "refused";
    case SwitchBackEnd::failed:
      return "failed";
    case SwitchBackEnd::latched_again:
      return "latched-again";
    case SwitchBackEnd::not_confirmed:
      return "not-confirmed";
    case SwitchBackEnd::no_answer:
    case SwitchBackEnd::usage:
      return "failed";
  }
  return "failed";
}

// After an interrupt, by a new look.
std::string how_far(GuardContext& desk, const std::string& id) {
  const auto now = guard::view(desk.aws(), desk.clock(), id, desk.context().chain());
  if (!now || !now->snapshot.observed.check)
    return "How far it came could not be seen: sitelatch status " + id;
  const auto record = guard::record_of(now->snapshot.observed);
  if (guard::latched(*now->snapshot.observed.check))
    return "Nothing was released: the latch stands, and Backup serves.";
  return fmt::format(
      "Release {} was made before: Primary serves as soon as it is healthy. Run the command again "
      "to see it through; it takes up what is under way.",
      record.release.number);
}

}  // namespace

std::optional<int> take_wish(const SwitchBackOptions& options, guard::ReleaseWish& wish) {
  const auto names = guard::force_names(options.form);
  for (const auto& name : options.force) {
    if (std::find(names.begin(), names.end(), name) == names.end())
      return fail(options.common,
                  fmt::format("--force takes {}, not \"{}\".",
                              join({names.begin(), names.end()}, ", "), name),
                  exit_usage);
    wish.force.insert(name);
  }
  wish.health_check_id = options.health_check_id;
  wish.reason = options.reason;
  wish.checks = options.checks;
  wish.expected_version = options.expected_version;
  if (options.window) wish.window = *options.window;
  return std::nullopt;
}

int finish_switch_back(const GuardOptions& options, const std::string& health_check_id,
                       const guard::SwitchBackReport& report) {
  Report out{word_of(report.end), report.sentence,
             aws::Value::structure({{"health_check_id", health_check_id}}), report.refusals,
             report.notes};
  if (report.version != 0) {
    if (report.release != 0) out.details.set("release", static_cast<std::int64_t>(report.release));
    out.details.set("version", static_cast<std::int64_t>(report.version));
    if (!report.request_id.empty()) out.details.set("request_id", report.request_id);
    out.details.set("dns", to_value(report.dns));
  }
  for (const auto& answer : report.dns)
    if (!answer.problem.empty()) out.notes.push_back(answer.name + ": " + answer.problem);
  return finish(options, out, code_of(report.end));
}

int switch_back(const SwitchBackOptions& options) {
  if (options.form == guard::Form::config) return switch_back_config(options);
  if (options.form == guard::Form::engine) return switch_back_engine(options);
  guard::SwitchBackOptions request;
  if (const auto status = take_wish(options, request)) return *status;
  request.confirm = [&](const guard::View& view, const std::string& name) {
    const auto question = fmt::format(
        "{} goes back to Primary: health check {} gets its own path again, the guard is armed "
        "anew.",
        name, view.id());
    return confirmed_by_name(options.common, question, name);
  };
  GuardContext desk(options.common, options.dns_server);
  listen_for_interrupts();
  ImpatientClock clock(desk.clock());
  auto context = impatient(desk.context(), clock);
  guard::SwitchBackReport report;
  try {
    report = guard::switch_back(context, request);
  } catch (const guard::Interrupted&) {
    return fail(options.common, "Interrupted. " + how_far(desk, options.health_check_id),
                exit_failed);
  }
  return finish_switch_back(options.common, options.health_check_id, report);
}

}  // namespace sitelatch::cli
