// SPDX-License-Identifier: Apache-2.0
// `sitelatch console`: the page for guards wherever they are; and how the engine comes by the same
// page for its own account (console_door.h).
#pragma once

#include <string>
#include <vector>

#include "cli/commands.h"
#include "cli/guard_commands.h"

namespace CLI {  // NOLINT(readability-identifier-naming): the library's
class App;
}

namespace sitelatch::cli {

struct ConsoleOptions {
  std::vector<std::string> profiles, regions;  // the fleet: each of both with each
  std::vector<GuardOptions> accounts;          // or these, of a configuration file's guards
  std::string config_file;
  std::string endpoint_url, dns_server;
  std::vector<std::string> checks;  // --check of switch-back
  std::string listen;               // ADDR:PORT; empty: usual_console, or a free port
  // Of the engine's: the directory of the engine it belongs to, and the socket that it was left.
  std::string engine_data_dir;
  int listening_fd = -1;
};
int run_console(const ConsoleOptions& options);
void add_console_command(CLI::App& app, int& status);

inline constexpr const char* usual_console = "127.0.0.1:4567";
// How a console that belongs to an engine is given its token: not among its arguments, which all
// may read.
inline constexpr const char* console_token_variable = "SITELATCH_CONSOLE_TOKEN";

// The token of a new console's URL.
std::string new_console_token();

}  // namespace sitelatch::cli
