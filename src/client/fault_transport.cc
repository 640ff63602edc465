// SPDX-License-Identifier: Apache-2.0
#include "client/fault_transport.h"

#include "base/text.h"

namespace sitelatch::client {
namespace {

std::optional<int> count_in(const Environment& environment, std::string_view variable) {
  const auto number = parse_int(environment.variable(variable).value_or(""));
  if (!number || *number < 1 || *number > 1'000'000) return std::nullopt;
  return static_cast<int>(*number);
}

}  // namespace

FaultPlan fault_plan(const Environment& environment) {
  return {count_in(environment, "SITELATCH_FAULT_EXIT_BEFORE_CALLS"),
          count_in(environment, "SITELATCH_FAULT_EXIT_AFTER_CALLS")};
}

Result<aws::HttpResponse, TransportError> FaultTransport::send(const Exchange& exchange) {
  if (!exchange.api) return inner_.send(exchange);
  ++calls_;
  if (plan_.exit_before_call == calls_) exit_();
  auto response = inner_.send(exchange);
  if (plan_.exit_after_call == calls_) exit_();
  return response;
}

}  // namespace sitelatch::client
