// SPDX-License-Identifier: Apache-2.0
// Where configuration files are, and what must be true of one before it is believed: it names
// commands that are run, so nobody but its owner or root may be able to write it (as ssh has it).
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace sitelatch::settings {

// In the order in which the later wins. `variable` gives one of the environment, or nothing.
std::vector<std::string> usual_files(
    const std::function<std::optional<std::string>(std::string_view)>& variable,
    const std::string& home);

// Nothing: there is no such file. Problem: it cannot be read, or may not be believed; with what to
// do.
Result<std::optional<std::string>> read_file(const std::string& path);

}  // namespace sitelatch::settings
