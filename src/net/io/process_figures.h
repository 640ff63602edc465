// SPDX-License-Identifier: Apache-2.0
// What this process takes of the machine, as its kernel counts it.
#pragma once

#include <optional>

namespace sitelatch::net {

struct ProcessFigures {
  std::optional<double> resident_bytes, virtual_bytes;
  std::optional<double> cpu_seconds;  // of all its threads, ended ones too
  std::optional<double> open_fds, max_fds;
};
// What /proc does not tell is left out.
ProcessFigures process_figures();

}  // namespace sitelatch::net
