// SPDX-License-Identifier: Apache-2.0
// What an invocation's outcome in the host means to its caller (facts lambda-35, lambda-36): the
// payload that is answered, and whether it is a function error. Pure.
#pragma once

#include <cstdint>
#include <string>

#include "ports/function_host.h"

namespace sitelatch::lambda {

inline constexpr std::size_t sync_payload_limit = 6'291'456;
inline constexpr std::size_t response_limit = 6'291'556;
inline constexpr std::size_t async_payload_limit = 1'048'576;

struct Verdict {
  enum class Kind { success, function_error, host_error };
  Kind kind = Kind::success;
  std::string payload;     // for the caller, also of function errors
  std::string error_type;  // "Runtime.ExitError", "Sandbox.Timedout": errors that are not the
                           // handler's own; else empty
  std::string error_line;  // what the log says about it (without newline); empty: nothing beyond
                           // what was printed
};

Verdict judge(const ports::InvocationOutcome& outcome, const std::string& request_id,
              std::uint32_t timeout_s);

}  // namespace sitelatch::lambda
