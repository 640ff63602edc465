// SPDX-License-Identifier: Apache-2.0
// fault: how a person lets the running engine fail (engine/realism).
#include <fmt/format.h>

#include <fstream>
#include <iterator>

#include "cli/commands.h"
#include "cli/running_engine.h"

namespace sitelatch::cli {
namespace {

using aws::Value;

int failed(const Problem& problem) {
  fmt::print(stderr, "sitelatch: {}\n", problem.text);
  return exit_failed;
}

int say_entry(const Value& entry) {
  fmt::print("{}  {}\n", entry["id"].integer_or(0), entry["text"].string_or(""));
  return exit_done;
}

Value text_or_nothing(const std::string& text) { return text.empty() ? Value{} : Value{text}; }
Value nanoseconds_or_nothing(const std::optional<Duration>& d) {
  return d ? Value{std::int64_t{d->count()}} : Value{};
}

}  // namespace

int set_fault(const FaultOptions& options) {
  const auto answer =
      ask_engine(options.where,
                 Value::structure({{"command", "fault"},
                                   {"kind", options.kind},
                                   {"service", options.service},
                                   {"operation", text_or_nothing(options.operation)},
                                   {"region", text_or_nothing(options.region)},
                                   {"count", Value{options.count}},
                                   {"forNanoseconds", nanoseconds_or_nothing(options.lasts)},
                                   {"behindNanoseconds", nanoseconds_or_nothing(options.behind)}}));
  return answer ? say_entry(*answer) : failed(answer.error());
}

int set_checker_fault(const CheckerFaultOptions& options) {
  const auto answer = ask_engine(
      options.where, Value::structure({{"command", "checker-fault"},
                                       {"healthCheck", options.check},
                                       {"cutOff", text_or_nothing(options.cut_off)},
                                       {"loss", text_or_nothing(options.loss)},
                                       {"forNanoseconds", nanoseconds_or_nothing(options.lasts)}}));
  return answer ? say_entry(*answer) : failed(answer.error());
}

int attach_scp(const ScpOptions& options) {
  std::ifstream file(options.file);
  if (!file) return failed(Problem{fmt::format("cannot read {}", options.file)});
  const std::string document{std::istreambuf_iterator<char>{file}, {}};
  const auto answer = ask_engine(options.where, Value::structure({{"command", "service-control"},
                                                                  {"name", options.file},
                                                                  {"document", document}}));
  return answer ? say_entry(*answer) : failed(answer.error());
}

int list_faults(const ListFaultsOptions& options) {
  const auto answer = ask_engine(options.where, Value::structure({{"command", "list-faults"}}));
  if (!answer) return failed(answer.error());
  if (options.json) {
    fmt::print("{}\n", aws::to_json((*answer)["faults"]));
    return exit_done;
  }
  if ((*answer)["realistic"].boolean_or(false))
    fmt::print("The engine has AWS's everyday lags and limits (--realistic).\n");
  if ((*answer)["faults"].items().empty()) fmt::print("No faults are set.\n");
  for (const auto& entry : (*answer)["faults"].items()) say_entry(entry);
  return exit_done;
}

int clear_faults(const ClearFaultsOptions& options) {
  const auto answer = ask_engine(
      options.where, Value::structure({{"command", "clear-faults"}, {"id", Value{options.id}}}));
  if (!answer) return failed(answer.error());
  fmt::print("{}\n", (*answer)["text"].string_or(""));
  return exit_done;
}

}  // namespace sitelatch::cli
