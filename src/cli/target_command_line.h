// SPDX-License-Identifier: Apache-2.0
// The command `target` and those below it, as CLI11 has them.
#pragma once

namespace CLI {
class App;
}

namespace sitelatch::cli {

void add_target_command(CLI::App& app, int& status);

}  // namespace sitelatch::cli
