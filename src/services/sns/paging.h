// SPDX-License-Identifier: Apache-2.0
// SNS lists come in pages of 100. The token is the last ARN of the page, in base64: inserts and
// deletions between two pages neither repeat nor skip what was there all along (fact sns-60).
#pragma once

#include <string>

#include "aws/error.h"
#include "base/text.h"
#include "services/sns/refusals.h"

namespace sitelatch::sns {

inline constexpr std::size_t page_size = 100;

inline std::string page_token(const std::string& last) { return base64(last); }

// The key behind which the page starts; "" at the beginning.
inline aws::Outcome<std::string> page_start(const aws::Value& token) {
  if (token.is_null()) return std::string{};
  auto last = unbase64(token.string());
  if (!last || !last->starts_with("arn:")) return invalid_parameter("NextToken");
  return std::move(*last);
}

}  // namespace sitelatch::sns
