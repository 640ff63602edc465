// SPDX-License-Identifier: Apache-2.0
// What invocations have in common, whether somebody waits for them or not: which version an
// invocation runs, whether there is room for it, and its start. It knows nothing of payload limits,
// retries or rights.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "ports/entropy.h"
#include "ports/timers.h"
#include "services/lambda/executor.h"
#include "services/lambda/functions.h"

namespace sitelatch::lambda {

// What a caller hands over, checked.
struct InvocationRequest {
  std::string request_id, payload, client_context;  // JSON both; no context: empty
};

class Invoker {
 public:
  struct World {
    ports::Timers& timers;
    ports::Entropy& entropy;
  };

  // `concurrency_limit`: invocations at a time of all functions of a region.
  Invoker(World world, const Functions& functions, Executor& executor,
          std::uint32_t concurrency_limit)
      : world_(world),
        functions_(functions),
        executor_(executor),
        concurrency_limit_(concurrency_limit) {}

  // The version that an invocation of this qualifier runs (empty: "$LATEST"); of an alias with
  // weights, one is drawn. nullptr: no such qualifier.
  const Version* runnable_version(const Function& function, const std::string& qualifier);

  // A reservation is the function's own, be it all used or not; the others share what is not
  // reserved.
  bool has_room_for(const Function& function) const;

  // `version` is what runnable_version gave; that there is room is the caller's to check. `done` as
  // Executor::execute has it: once, later or inside the call, never after the executor is gone.
  void start(const Function& function, const std::string& qualifier, const Version& version,
             InvocationRequest request, Executor::Done done);

  // A metric of now, for the function and for its region.
  void count(const std::string& region, const std::string& function_name,
             std::string_view metric_name, double value = 1,
             std::string_view unit = "Count") const {
    executor_.count(region, function_name, metric_name, value, unit, world_.timers.now());
  }

 private:
  World world_;
  const Functions& functions_;
  Executor& executor_;
  std::uint32_t concurrency_limit_;
};

}  // namespace sitelatch::lambda
