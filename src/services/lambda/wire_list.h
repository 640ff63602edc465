// SPDX-License-Identifier: Apache-2.0
// A list of strings as the wire and the rows of the journal have it.
#pragma once

#include <string>
#include <vector>

#include "aws/wire/value.h"

namespace sitelatch::lambda {

inline aws::Value list_of(const std::vector<std::string>& texts) {
  aws::Value out = aws::Value::list();
  for (const auto& text : texts) out.push(text);
  return out;
}

}  // namespace sitelatch::lambda
