// SPDX-License-Identifier: Apache-2.0
// One line a message on stderr: "2026-11-22T10:42:21.231Z warning route53: ..." (wall time). Thread
// safe. What people must see is at info; --log-level debug shows more. Never secrets. Every call is
// one line of bounded length whatever the message holds (base/log_line.h).
#pragma once

#include <string_view>

namespace sitelatch {

enum class LogLevel { debug, info, warning, error };

void set_log_level(LogLevel lowest);
bool log_enabled(LogLevel level);
// `area` is the folder or service that speaks: "route53", "net".
void log(LogLevel level, std::string_view area, std::string_view message);

}  // namespace sitelatch
