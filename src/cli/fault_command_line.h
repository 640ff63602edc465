// SPDX-License-Identifier: Apache-2.0
// The command `fault` and those below it, as CLI11 has them.
#pragma once

namespace CLI {
class App;
}

namespace sitelatch::cli {

void add_fault_commands(CLI::App& app, int& status);

}  // namespace sitelatch::cli
