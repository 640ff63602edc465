// SPDX-License-Identifier: Apache-2.0
// SNS's usual refusals, in its words; and its pages, which are of 100 (fact sns-60).
#pragma once

#include <string>

#include "aws/service/paging.h"
#include "aws/wire/error.h"

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

inline aws::Outcome<aws::Page> page_at(std::string_view kind, const aws::Value& token) {
  auto page = aws::Page::at(kind, token, 100);
  if (!page) return invalid_parameter("NextToken");
  return std::move(*page);
}

}  // namespace sitelatch::sns
