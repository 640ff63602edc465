// SPDX-License-Identifier: Apache-2.0
// How much of a function's log is kept when its format is JSON (fact lambda-21): of what the
// function writes, and of what Lambda writes about it. Pure.
#pragma once

#include <optional>
#include <string_view>

namespace sitelatch::lambda {

enum class LineLevel { trace, debug, info, warn, error, fatal };

// "DEBUG" in any case; "WARNING" and "CRITICAL" are Python's names. Nothing: no level.
std::optional<LineLevel> log_level_of(std::string_view text);

// Of a line that was printed: what a JSON object with a timestamp (RFC 3339) says, else info.
LineLevel level_of_line(std::string_view line);

}  // namespace sitelatch::lambda
