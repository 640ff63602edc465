// SPDX-License-Identifier: Apache-2.0
// EventBridge's usual refusals, by its codes.
#pragma once

#include <string>

#include "aws/wire/error.h"

namespace sitelatch::events {

inline Failure<aws::Error> invalid(std::string text) {
  return aws::refuse("ValidationException", std::move(text));
}

inline Failure<aws::Error> too_many() {
  return aws::refuse("LimitExceededException",
                     "The requested resource exceeds the maximum number allowed.");
}

inline Failure<aws::Error> bad_pattern(const std::string& reason) {
  return aws::refuse("InvalidEventPatternException",
                     "Event pattern is not valid. Reason: " + reason);
}

inline Failure<aws::Error> no_bus(const std::string& name) {
  return aws::refuse("ResourceNotFoundException", "Event bus " + name + " does not exist.");
}

}  // namespace sitelatch::events
