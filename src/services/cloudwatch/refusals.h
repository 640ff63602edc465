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

// ResourceNotFoundException has members of its own beside a message.
inline Failure<aws::Error> no_such_thing(std::string_view type, const std::string& id) {
  aws::Error out{"ResourceNotFoundException",
                 std::string{type} + (id.empty() ? "" : " " + id) + " does not exist.", 0,
                 aws::Value::structure({{"ResourceType", type}})};
  if (!id.empty()) out.members.set("ResourceId", id);
  return {std::move(out)};
}

}  // namespace sitelatch::cloudwatch
