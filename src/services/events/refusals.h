// SPDX-License-Identifier: Apache-2.0
// EventBridge's usual refusals, by its codes.
#pragma once

#include <string>

#include "aws/wire/error.h"

namespace sitelatch::events {

inline Failure<aws::Error> invalid(std::string text) {
  return aws::refuse("ValidationException", std::move(text));
}

}  // namespace sitelatch::events
