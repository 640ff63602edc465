// SPDX-License-Identifier: Apache-2.0
// A Transport that ends the process at a given call of an AWS API, as if it had been killed there:
// for tests that cut every command off at every call in turn. Counts each request that is sent,
// retries and STS included; requests to sources of credentials on this host do not count.
#pragma once

#include <functional>
#include <optional>

#include "client/environment.h"
#include "client/transport.h"

namespace sitelatch::client {

struct FaultPlan {
  std::optional<int> exit_before_call;  // 1: before the first request is sent
  std::optional<int> exit_after_call;   // 1: when the first answer has come
  explicit operator bool() const { return exit_before_call || exit_after_call; }
};

// From SITELATCH_FAULT_EXIT_BEFORE_CALLS and SITELATCH_FAULT_EXIT_AFTER_CALLS.
FaultPlan fault_plan(const Environment& environment);

class FaultTransport final : public Transport {
 public:
  // `exit` does not come back in the real program (_exit(137)).
  FaultTransport(Transport& inner, FaultPlan plan, std::function<void()> exit)
      : inner_(inner), plan_(plan), exit_(std::move(exit)) {}

  Result<aws::HttpResponse, TransportError> send(const Exchange& exchange) override;

 private:
  Transport& inner_;
  FaultPlan plan_;
  std::function<void()> exit_;
  int calls_ = 0;
};

}  // namespace sitelatch::client
