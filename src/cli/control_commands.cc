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

void tell_target(const aws::Value& target) {
  const auto from = target["from"].string_or("");
  std::string addresses;
  for (const auto& address : target["addresses"].items())
    addresses += (addresses.empty() ? "" : ", ") + address.string_or("");
  if (from == "resolver") addresses += " (by the resolver)";
  if (from == "nothing there") addresses = "the resolver knows no address of it";
  if (from == "unknown") addresses = "not known: the resolver does not answer";
  if (from == "off") addresses = "no addresses: give them with --address";
  fmt::print("{}  {:<4}  {}  TTL {}\n", target["name"].string_or(""),
             target["status"].string_or(""), addresses, target["ttl"].integer_or(0));
  const auto aliases = target["aliases"].integer_or(0);
  if (aliases == 0)
    fmt::print("    no alias leads there\n");
  else
    fmt::print(
        "    {} lead{} there{}\n", aliases == 1 ? "one alias" : fmt::format("{} aliases", aliases),
        aliases == 1 ? "s" : "",
        target["status"].string_or("") == "down" ? ": unhealthy where EvaluateTargetHealth is set"
                                                 : "");
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

int say_of_target(const TargetOptions& options) {
  auto request = aws::Value::structure({{"command", "target"}, {"name", options.name}});
  if (!options.addresses.empty()) {
    auto list = aws::Value::list();
    if (options.addresses != std::vector<std::string>{"resolver"})
      for (const auto& address : options.addresses) list.push(address);
    request.set("addresses", std::move(list));
  }
  if (options.ttl) request.set("ttl", *options.ttl);
  if (!options.status.empty()) request.set("status", options.status);
  if (!options.zone.empty()) request.set("zone", options.zone);
  const auto answer = ask_engine(options.where, request);
  if (!answer) return report(answer.error());
  tell_target((*answer)["target"]);
  return exit_done;
}

int remove_target(const EngineChoice& where, const std::string& name) {
  const auto answer =
      ask_engine(where, aws::Value::structure({{"command", "remove-target"}, {"name", name}}));
  if (!answer) return report(answer.error());
  const auto& target = (*answer)["target"];
  fmt::print("Nothing is said of {} any more.\n", target["name"].string_or(name));
  if (target["aliases"].integer_or(0) > 0) tell_target(target);
  return exit_done;
}

int list_targets(const EngineChoice& where, bool json) {
  const auto answer = ask_engine(where, aws::Value::structure({{"command", "list-targets"}}));
  if (!answer) return report(answer.error());
  const auto& targets = (*answer)["targets"];
  if (json) {
    fmt::print("{}\n", aws::to_json(targets));
    return exit_done;
  }
  if (targets.items().empty())
    fmt::print("No alias leads out of the account, and nothing is said of a target.\n");
  for (const auto& target : targets.items()) tell_target(target);
  return exit_done;
}

}  // namespace sitelatch::cli
