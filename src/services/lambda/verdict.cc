// SPDX-License-Identifier: Apache-2.0
#include "services/lambda/verdict.h"

#include <fmt/format.h>

#include "services/lambda/json_text.h"

namespace sitelatch::lambda {
namespace {

std::string error_payload(const std::string& type, const std::string& message) {
  return fmt::format(R"({{"errorType":{},"errorMessage":{}}})", json_quoted(type),
                     json_quoted(message));
}

Verdict sandbox_error(const std::string& type, const std::string& message) {
  return {Verdict::Kind::function_error, error_payload(type, message), type, ""};
}

// The runtime's end, as the sandbox tells it: in the payload and, in two lines, in the log.
Verdict runtime_error(const std::string& type, const std::string& request_id,
                      const std::string& what) {
  const auto message = fmt::format("RequestId: {} Error: {}", request_id, what);
  auto out = sandbox_error(type, message);
  out.error_line = message + "\n" + type;
  return out;
}

std::string exit_text(const std::string& reason) {
  if (reason.empty()) return "Runtime exited without providing a reason";
  return "Runtime exited with error: " + repaired_utf8(reason);
}

}  // namespace

Verdict judge(const ports::InvocationOutcome& outcome, const std::string& request_id,
              std::uint32_t timeout_s) {
  using Kind = ports::InvocationOutcome::Kind;
  switch (outcome.kind) {
    case Kind::success:
      if (outcome.payload.size() > response_limit)
        return sandbox_error("Function.ResponseSizeTooLarge",
                             "Response payload size exceeded maximum allowed payload size "
                             "(6291556 bytes).");
      return {Verdict::Kind::success, outcome.payload, "", ""};
    case Kind::function_error:
      return {Verdict::Kind::function_error, outcome.payload, "", ""};
    case Kind::timed_out: {
      const auto text = fmt::format("Task timed out after {:.2f} seconds", double(timeout_s));
      auto out = sandbox_error("Sandbox.Timedout",
                               fmt::format("RequestId: {} Error: {}", request_id, text));
      out.error_line = fmt::format("{} {}\n", request_id, text);
      return out;
    }
    case Kind::out_of_memory:
      return runtime_error("Runtime.OutOfMemory", request_id,
                           "Runtime exited with error: signal: killed");
    case Kind::exited:
      return runtime_error("Runtime.ExitError", request_id, exit_text(outcome.reason));
    case Kind::init_error:
      if (!outcome.payload.empty()) return {Verdict::Kind::function_error, outcome.payload, "", ""};
      return runtime_error("Runtime.ExitError", request_id, exit_text(outcome.reason));
    case Kind::no_bootstrap:
      return runtime_error(
          "Runtime.InvalidEntrypoint", request_id,
          outcome.reason.empty()
              ? "Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]"
              : repaired_utf8(outcome.reason));
    case Kind::host_error:
      break;
  }
  return {Verdict::Kind::host_error, outcome.reason, "", ""};
}

}  // namespace sitelatch::lambda
