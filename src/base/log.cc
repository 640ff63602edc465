// SPDX-License-Identifier: Apache-2.0
#include "base/log.h"

#include <fmt/format.h>
#include <unistd.h>

#include <atomic>
#include <chrono>

#include "base/log_line.h"
#include "base/time.h"

namespace sitelatch {
namespace {
std::atomic<LogLevel> lowest_level{LogLevel::info};
constexpr std::string_view names[] = {"debug", "info", "warning", "error"};
}  // namespace

void set_log_level(LogLevel lowest) { lowest_level = lowest; }
bool log_enabled(LogLevel level) { return level >= lowest_level.load(std::memory_order_relaxed); }

void log(LogLevel level, std::string_view area, std::string_view message) {
  if (!log_enabled(level)) return;
  const auto wall = std::chrono::system_clock::now().time_since_epoch();
  const std::string line =
      fmt::format("{} {} {}: {}\n", iso8601_ms(Instant{std::chrono::duration_cast<Duration>(wall)}),
                  names[static_cast<int>(level)], log_line(area), log_line(message));
  // One write a line keeps lines of several threads whole; a closed stderr is not worth dying for.
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, line.data(), line.size());
}

}  // namespace sitelatch
