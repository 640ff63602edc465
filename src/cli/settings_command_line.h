// SPDX-License-Identifier: Apache-2.0
// `sitelatch config`: the configuration file shown, checked and begun.
#pragma once

namespace CLI {  // NOLINT(readability-identifier-naming): the library's
class App;
}

namespace sitelatch::cli {

void add_config_command(CLI::App& app, int& status);

}  // namespace sitelatch::cli
