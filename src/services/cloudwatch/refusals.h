// SPDX-License-Identifier: Apache-2.0
// CloudWatch's usual refusals, by its codes.
#pragma once

#include <string>

#include "aws/wire/error.h"

namespace sitelatch::cloudwatch {

inline Failure<aws::Error> invalid_value(std::string text) {
  return aws::refuse("InvalidParameterValueException", std::move(text));
}
inline Failure<aws::Error> invalid(std::string text) {
  return aws::refuse("ValidationError", std::move(text));
}

}  // namespace sitelatch::cloudwatch
