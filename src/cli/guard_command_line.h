// SPDX-License-Identifier: Apache-2.0
// The guard's commands on the command line: their options, their help, their exit statuses.
#pragma once

// NOLINTNEXTLINE(readability-identifier-naming): the library's
namespace CLI {
class App;
}

namespace sitelatch::cli {

// `status` receives the exit status of the command that ran.
void add_guard_commands(CLI::App& app, int& status);

}  // namespace sitelatch::cli
