// SPDX-License-Identifier: Apache-2.0
// Runs one invocation: concurrency, credentials of the role, code, the host; then log, metrics and
// verdict. It knows nothing of retries, policies or callers. A function is started only once
// everything written before is durable.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "aws/wire/error.h"
#include "base/recent.h"
#include "ports/function_host.h"
#include "ports/journal.h"
#include "ports/lifetime.h"
#include "ports/timers.h"
#include "ports/wall_clock.h"
#include "services/lambda/code_store.h"
#include "services/lambda/dependencies.h"
#include "services/lambda/function.h"
#include "services/lambda/verdict.h"

namespace sitelatch::lambda {

// What is run, copied: the function may change or go while it runs.
struct Run {
  std::string region, account, function_name;
  std::string invoked_arn;  // with the qualifier, if one was given
  Version version;
  std::string request_id, payload, client_context;
};

struct Execution {
  Verdict verdict;
  std::string executed_version;
  std::string log_tail;
};

class Executor {
 public:
  struct World {
    ports::Journal& journal;
    ports::Timers& timers;
    ports::WallClock& wall;
    ports::FunctionHost& host;
    Roles& roles;
    FunctionLogs& logs;
    FunctionMetrics& metrics;
  };
  using Done = std::function<void(aws::Outcome<Execution>)>;

  Executor(World world, CodeStore& code) : world_(world), code_(code) {}

  // `done` runs once, later or inside the call when the invocation is refused before it starts (the
  // role cannot be assumed). Concurrency is the caller's to check with running().
  void execute(Run run, Done done);

  // The function is gone: its role is asked anew should one of its name come again.
  void forget(const std::string& function_arn);

  int running(const std::string& region, const std::string& function_name) const;
  int running(const std::string& region) const;

  // Every figure twice: for the function, and for the region as a whole (fact lambda-20).
  void count(const std::string& region, const std::string& function_name,
             std::string_view metric_name, double value, std::string_view unit, Instant at) const;

 private:
  struct CachedCredentials {
    ports::Credentials credentials;
    std::string build_id;
  };
  struct Packages {
    CodeStore::Zip code;
    std::vector<ports::FunctionLayer> layers;
  };
  std::optional<Packages> packages_of(const Configuration& configuration);  // nothing: missing
  aws::Outcome<ports::Credentials> credentials_for(const Run& run);
  void start(std::shared_ptr<const Run> run, const ports::Credentials& credentials,
             Packages packages, Done done);
  Execution finish(const Run& run, Instant started, const ports::InvocationOutcome& outcome);
  void write_log_of(const Run& run, Instant started, const ports::InvocationOutcome& outcome,
                    Execution& execution);
  const std::string& stream_of(const Run& run, Instant started,
                               const ports::InvocationOutcome& outcome);

  World world_;
  CodeStore& code_;
  std::map<std::pair<std::string, std::string>, int> running_;  // by region and function
  std::map<std::string, int> running_in_region_;
  std::map<std::string, CachedCredentials> credentials_;  // by qualified version ARN
  Recent<std::string> streams_{2048};                     // by environment id
  // Callbacks hold this weakly: what answers after the executor is gone is not heard.
  ports::Lifetime lifetime_;
};

}  // namespace sitelatch::lambda
