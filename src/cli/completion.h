// SPDX-License-Identifier: Apache-2.0
// Completion scripts of the three shells, from what --help knows: commands, options, the values of
// options that have few, and files where a file is wanted. They ask nothing of AWS and start no
// program.
#pragma once

#include <string>

#include "cli/command_page.h"

namespace sitelatch::cli {

enum class Shell { bash, zsh, fish };

std::string completion(const CommandPage& program, Shell shell);

}  // namespace sitelatch::cli
