// SPDX-License-Identifier: Apache-2.0
// MaxItems (or MaxResults) of Route 53's lists: text on the wire, with a default and a cap that is
// applied in silence (fact route53-60).
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

#include "aws/wire/error.h"
#include "base/text.h"

namespace sitelatch::route53 {

inline aws::Outcome<std::size_t> max_items(const aws::Value& given, std::size_t most,
                                           std::string_view member = "MaxItems") {
  if (given.is_null()) return most;
  const auto number = parse_int(given.string());
  if (!number || *number < 1)
    return aws::refuse("InvalidInput", "Invalid parameter : " + std::string{member} +
                                           " must be a number greater than 0.");
  return std::min(static_cast<std::size_t>(*number), most);
}

// A NextToken that none of this list's pages gave.
inline auto bad_token(std::string_view what) {
  return aws::refuse("InvalidPaginationToken",
                     "Route 53 can't get the next page of " + std::string{what} +
                         " because the specified value for NextToken is invalid.");
}

}  // namespace sitelatch::route53
