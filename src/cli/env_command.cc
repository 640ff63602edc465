// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "cli/commands.h"
#include "cli/running_engine.h"

namespace sitelatch::cli {

namespace {

void print_for_shell(const ToolEnvironment& environment) {
  for (const auto& name : environment.unset) fmt::print("unset {}\n", name);
  for (const auto& [name, value] : environment.set)
    fmt::print("export {}={}\n", name, shell_quoted(value));
}

}  // namespace

void print_closed_env() {
  fmt::print(stderr,
             "sitelatch: what this prints takes your own AWS credentials out of force in a shell "
             "that evaluates it, so that what is meant for the engine reaches no real account.\n");
  print_for_shell(closed_environment(environ));
  fmt::print("false\n");  // eval "$(...)" ends as its last command does
}

int print_env(const EnvOptions& options) {
  const auto engine = find_engine(options.where);
  if (!engine) {
    fmt::print(stderr, "sitelatch: {}\n", engine.error().text);
    print_closed_env();
    return exit_failed;
  }
  print_for_shell(tool_environment(*engine, options.region, environ));
  fmt::print("# Use it so: eval \"$(sitelatch env)\"\n");
  return exit_done;
}

int exec_command(const EnvOptions& options, const std::vector<std::string>& command) {
  const auto engine = find_engine(options.where);
  if (!engine) {
    fmt::print(stderr, "sitelatch: {}\n", engine.error().text);
    return exit_failed;
  }
  const auto environment = tool_environment(*engine, options.region, environ);
  for (const auto& name : environment.unset) ::unsetenv(name.c_str());
  for (const auto& [name, value] : environment.set) ::setenv(name.c_str(), value.c_str(), 1);
  std::vector<char*> arguments;
  for (const auto& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  ::execvp(arguments[0], arguments.data());
  const bool missing = errno == ENOENT;
  fmt::print(stderr, "sitelatch: cannot run {}: {}\n", command[0], std::strerror(errno));
  return missing ? 127 : 126;  // as shells answer
}

}  // namespace sitelatch::cli
