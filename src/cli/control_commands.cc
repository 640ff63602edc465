// SPDX-License-Identifier: Apache-2.0
// advance, reset and health: a person's hand on a running engine.
#include <fmt/format.h>

#include "base/log_line.h"
#include "cli/commands.h"
#include "cli/running_engine.h"

namespace sitelatch::cli {
namespace {

int report(const Problem& problem) {
  fmt::print(stderr, "sitelatch: {}\n", problem.text);
  return exit_failed;
}

void tell_manual_resume(const aws::Value& check) {
  const auto& latched = check["latched"];
  if (latched.is_null()) {
    if (check.has("manualResume")) fmt::print("    manual resume: stays unhealthy once it is\n");
    return;
  }
  fmt::print("    latched since {}: {}\n", latched["since"].string_or(""),
             log_line(latched["cause"].string_or("")));
  fmt::print("    as probed it is {} now; to release it (version {}):\n    {}\n",
             check["realStatus"].string_or(""), latched["version"].integer(),
             latched["release"].string_or(""));
}

}  // namespace

int advance_clock(const EngineChoice& where, Duration by) {
  const auto answer = ask_engine(
      where,
      aws::Value::structure({{"command", "advance"}, {"nanoseconds", std::int64_t{by.count()}}}));
  if (!answer) return report(answer.error());
  fmt::print("{}\n", (*answer)["now"].string_or(""));
  return exit_done;
}

int reset_engine(const EngineChoice& where) {
  const auto answer = ask_engine(where, aws::Value::structure({{"command", "reset"}}));
  if (!answer) return report(answer.error());
  fmt::print("The account is as new; its time goes on from {}.\n", (*answer)["now"].string_or(""));
  return exit_done;
}

int force_health(const EngineChoice& where, const std::string& id, const std::string& status) {
  const auto answer = ask_engine(
      where, aws::Value::structure({{"command", "health"}, {"id", id}, {"status", status}}));
  if (!answer) return report(answer.error());
  fmt::print("{}\n", (*answer)["text"].string_or(""));
  return exit_done;
}

int list_health(const EngineChoice& where, bool json) {
  const auto answer = ask_engine(where, aws::Value::structure({{"command", "list-health"}}));
  if (!answer) return report(answer.error());
  if (json) {
    fmt::print("{}\n", aws::to_json((*answer)["healthChecks"]));
    return exit_done;
  }
  if ((*answer)["healthChecks"].items().empty()) fmt::print("There are no health checks.\n");
  for (const auto& check : (*answer)["healthChecks"].items()) {
    fmt::print("{}  {:<9}  {:<7}  {}\n", check["id"].string_or(""), check["status"].string_or(""),
               check["forced"].string_or("auto"), check["target"].string_or(""));
    if (check.has("checkers"))
      fmt::print("    {} of {} checkers find it healthy\n", check["healthyCheckers"].integer(),
                 check["checkers"].integer());
    if (check.has("reason")) fmt::print("    {}\n", check["reason"].string());
    tell_manual_resume(check);
  }
  return exit_done;
}

}  // namespace sitelatch::cli
