// SPDX-License-Identifier: Apache-2.0
// SQS's usual refusals, in its words (facts sqs-20 ff).
#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>

#include "aws/wire/error.h"

namespace sitelatch::sqs {

inline Failure<aws::Error> invalid_parameter(std::string text) {
  return aws::refuse("InvalidParameterValueException", std::move(text));
}
// "Value 11 for parameter MaxNumberOfMessages is invalid. Reason: ..."
inline Failure<aws::Error> invalid_value(std::string_view value, std::string_view parameter,
                                         std::string_view reason) {
  return invalid_parameter(
      fmt::format("Value {} for parameter {} is invalid. Reason: {}", value, parameter, reason));
}
inline Failure<aws::Error> invalid_attribute(std::string_view name) {
  return aws::refuse("InvalidAttributeValue",
                     fmt::format("Invalid value for the parameter {}.", name));
}
inline Failure<aws::Error> unknown_attribute(std::string_view name) {
  return aws::refuse("InvalidAttributeName", fmt::format("Unknown Attribute {}.", name));
}
inline Failure<aws::Error> missing_parameter(std::string_view name) {
  return aws::refuse("MissingRequiredParameterException",
                     fmt::format("The request must contain the parameter {}.", name));
}
inline Failure<aws::Error> no_such_queue() {
  return aws::refuse("QueueDoesNotExist", "The specified queue does not exist.");
}

}  // namespace sitelatch::sqs
