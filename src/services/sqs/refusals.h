// SPDX-License-Identifier: Apache-2.0
// SQS's usual refusals, in its words (facts sqs-20 ff).
#pragma once

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
  return invalid_parameter("Value " + std::string{value} + " for parameter " +
                           std::string{parameter} + " is invalid. Reason: " + std::string{reason});
}
inline Failure<aws::Error> invalid_attribute(std::string_view name) {
  return aws::refuse("InvalidAttributeValue",
                     "Invalid value for the parameter " + std::string{name} + ".");
}
inline Failure<aws::Error> unknown_attribute(std::string_view name) {
  return aws::refuse("InvalidAttributeName", "Unknown Attribute " + std::string{name} + ".");
}
inline Failure<aws::Error> missing_parameter(std::string_view name) {
  return aws::refuse("MissingRequiredParameterException",
                     "The request must contain the parameter " + std::string{name} + ".");
}
inline Failure<aws::Error> no_such_queue() {
  return aws::refuse("QueueDoesNotExist", "The specified queue does not exist.");
}

}  // namespace sitelatch::sqs
