// SPDX-License-Identifier: Apache-2.0
// Runs functions: real processes in net/, plain C++ in simulation. What an invocation means
// (records, retries, policy, log lines START/END/REPORT) is services/lambda's; this port only
// starts environments and hands events to them. One environment serves one invocation at a time and
// is kept warm for the next of the same `environment_key`.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"

namespace sitelatch::ports {

struct Credentials {
  std::string access_key_id, secret_access_key, session_token;
  WallInstant expiration{};
};

// A layer's package as uploaded.
struct FunctionLayer {
  std::string code_sha256;  // base64, of zip
  std::shared_ptr<const std::string> zip;
};

struct FunctionSpec {
  std::string environment_key;  // a warm environment serves only specs of an equal key (function
                                // ARN + RevisionId)
  std::string function_arn, function_name, account, region;  // the ARN without a qualifier
  std::string version = "$LATEST";
  std::string runtime;  // "python3.11", "provided.al2023"
  std::string handler;
  std::shared_ptr<const std::string> zip;  // the code as uploaded
  std::string code_sha256;                 // base64, of zip
  std::uint32_t timeout_s = 3, memory_mb = 128, ephemeral_mb = 512;
  std::map<std::string, std::string> variables;  // the user's environment
  std::string log_group;
  std::vector<FunctionLayer> layers;  // unpacked to /opt one over the other, in this order
  // What the runtime's own log lines look like: JSON, from this level on ("DEBUG"); else text.
  bool json_log = false;
  std::string log_level;
};

struct Invocation {
  std::string request_id;
  std::string payload;
  std::string client_context;  // JSON or empty
  std::string trace_id;
  std::string invoked_function_arn;  // as the caller named it, qualifier included; empty: the
                                     // function's own
  Credentials credentials;  // of the execution role; used when a new environment is started
};

struct InvocationOutcome {
  enum class Kind {
    success,         // payload is the function's answer
    function_error,  // payload is {errorMessage, errorType, ...} as the runtime posted it
    timed_out,       // the environment was killed
    exited,  // the runtime ended without an answer; reason: "exit status 1", "signal: killed" or
             // empty
    out_of_memory,  // killed for its memory
    init_error,    // ended or reported an error before its first `next`; payload if it reported one
    no_bootstrap,  // provided.*: neither bootstrap found nor executable; managed: no such runtime
                   // here (reason says)
    host_error,    // the host's own trouble (reason says): AWS would answer 500; retried by the
                   // caller
  };
  Kind kind = Kind::host_error;
  std::string payload;
  std::string reason;
  Duration duration{};                    // wall time of the handler
  std::optional<Duration> init_duration;  // set on a cold start
  std::uint32_t max_memory_mb = 0;
  std::string environment_id;       // 32 hex; names the log stream
  std::vector<std::string> lines;   // what the function printed, in order, each without its newline
  std::uint64_t dropped_bytes = 0;  // output beyond the host's limit, not kept
};

class FunctionHost {
 public:
  // `done` runs once on the control thread, later, never inside this call.
  virtual void invoke(FunctionSpec spec, Invocation invocation,
                      std::function<void(InvocationOutcome)> done) = 0;
  // No warm environment of this function is used again (it was updated or deleted). Running ones
  // finish.
  virtual void retire(const std::string& function_arn) = 0;

 protected:
  ~FunctionHost() = default;
};

}  // namespace sitelatch::ports
