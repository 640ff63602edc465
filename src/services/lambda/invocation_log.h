// SPDX-License-Identifier: Apache-2.0
// What one invocation leaves in its log (fact lambda-39): INIT_START, START, what the function
// printed, END, REPORT. Pure: from an outcome to lines. The host says what was printed, not when;
// so everything printed carries the time of the end (fact lambda-6).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/time.h"
#include "ports/function_host.h"
#include "services/lambda/dependencies.h"
#include "services/lambda/log_level.h"
#include "services/lambda/verdict.h"

namespace sitelatch::lambda {

struct LoggedInvocation {
  std::string request_id;
  std::string version;  // "$LATEST"
  std::string runtime;  // "python3.11"
  std::string runtime_version_arn;
  std::uint32_t memory_mb = 128;
  bool json = false;  // LoggingConfig.LogFormat; levels count where it is
  LineLevel system_level = LineLevel::info;
  LineLevel application_level = LineLevel::info;
  Instant started{}, ended{};
};

struct InvocationLog {
  std::vector<LogLine> lines;  // INIT_START first on a cold start
  std::string tail;            // the last 4 KB from START on: LogResult
};

InvocationLog write_log(const LoggedInvocation& invocation, const ports::InvocationOutcome& outcome,
                        const Verdict& verdict);

// "2026/11/22/[$LATEST]65150752d18a4837babc2e13107fdb5c": one stream an environment, dated by its
// first invocation.
std::string log_stream_name(Instant started, const std::string& version,
                            const std::string& environment_id);

}  // namespace sitelatch::lambda
