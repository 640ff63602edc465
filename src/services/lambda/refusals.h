// SPDX-License-Identifier: Apache-2.0
// Lambda's refusals, most of which carry `"Type":"User"` (fact lambda-32).
#pragma once

#include <string>
#include <utility>

#include "aws/wire/error.h"

namespace sitelatch::lambda {

inline Failure<aws::Error> refused(std::string code, std::string message) {
  aws::Error error{std::move(code), std::move(message), 0,
                   aws::Value::structure({{"Type", "User"}})};
  return {std::move(error)};
}
inline Failure<aws::Error> invalid_parameter(std::string message) {
  return refused("InvalidParameterValueException", std::move(message));
}
inline Failure<aws::Error> conflict(std::string message) {
  return refused("ResourceConflictException", std::move(message));
}
// Of updates and of invocations that somebody waits for (fact realism-22).
inline Failure<aws::Error> still_pending() {
  return conflict(
      "The operation cannot be performed at this time. The function is currently in the following "
      "state: Pending");
}
inline Failure<aws::Error> not_found(std::string message) {
  return refused("ResourceNotFoundException", std::move(message));
}
// EC2 is not here.
inline Failure<aws::Error> no_such_subnet(const std::string& subnet) {
  return invalid_parameter(
      "Error occurred while DescribeSubnets. EC2 Error Code: InvalidSubnetID.NotFound. EC2 Error "
      "Message: The subnet ID '" +
      subnet + "' does not exist");
}
// What the model's constraints say elsewhere; these are not in the model.
inline Failure<aws::Error> validation(std::string message) {
  return aws::refuse("ValidationException", "1 validation error detected: " + std::move(message),
                     400);
}

}  // namespace sitelatch::lambda
