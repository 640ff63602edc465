// SPDX-License-Identifier: Apache-2.0
// `sitelatch simulate` on the command line: its options and its help.
#pragma once

namespace CLI {  // NOLINT(readability-identifier-naming): the library's
class App;
}

namespace sitelatch::cli {

// `status` receives the exit status.
void add_simulate_command(CLI::App& app, int& status);

}  // namespace sitelatch::cli
