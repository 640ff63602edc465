// SPDX-License-Identifier: Apache-2.0
// MaxItems of Route 53's lists: text on the wire, with a default and a cap that is applied in
// silence (fact route53-60).
#pragma once

#include <algorithm>
#include <string>

#include "aws/wire/error.h"
#include "base/text.h"

namespace sitelatch::route53 {

inline aws::Outcome<std::size_t> max_items(const aws::Value& given, std::size_t most) {
  if (given.is_null()) return most;
  const auto number = parse_int(given.string());
  if (!number || *number < 1)
    return aws::refuse("InvalidInput",
                       "Invalid parameter : MaxItems must be a number greater than 0.");
  return std::min(static_cast<std::size_t>(*number), most);
}

}  // namespace sitelatch::route53
