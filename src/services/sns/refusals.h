// SPDX-License-Identifier: Apache-2.0
// SNS's usual refusals, in its words.
#pragma once

#include <string>

#include "aws/error.h"

namespace sitelatch::sns {

inline Failure<aws::Error> invalid_parameter(const std::string& text) {
  return aws::refuse("InvalidParameterException", "Invalid parameter: " + text);
}
inline Failure<aws::Error> invalid_value(std::string text) {
  return aws::refuse("InvalidParameterValueException", std::move(text));
}
inline Failure<aws::Error> not_found(std::string text) {
  return aws::refuse("NotFoundException", std::move(text));
}

}  // namespace sitelatch::sns
