// SPDX-License-Identifier: Apache-2.0
// What a destination is told about the fate of an asynchronous event (fact lambda-38). Payloads are
// carried as they are, byte for byte.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "services/lambda/async_event.h"

namespace sitelatch::lambda {

struct LastResponse {
  std::string executed_version;
  bool function_error = false;
  std::string payload;
};

struct Fate {
  std::string_view condition;            // "Success", "RetriesExhausted", ...
  int invocations = 0;                   // how often the function ran
  std::optional<LastResponse> response;  // of the last run; none: it did not run now
};

std::string invocation_record(const AsyncEvent& event, const std::string& qualified_arn,
                              const Fate& fate, Instant now);

}  // namespace sitelatch::lambda
