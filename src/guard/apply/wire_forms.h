// SPDX-License-Identifier: Apache-2.0
// Tags and variables in the two forms that AWS's services take them.
#pragma once

#include "aws/wire/value.h"
#include "guard/rules/record.h"

namespace sitelatch::guard {

// [{Key, Value}]: cloudwatch, events, iam, sns
inline aws::Value tag_list(const Texts& tags) {
  auto list = aws::Value::list();
  for (const auto& [key, value] : tags)
    list.push(aws::Value::structure({{"Key", key}, {"Value", value}}));
  return list;
}

// {"key": "value"}: lambda, logs
inline aws::Value text_map(const Texts& texts) {
  auto map = aws::Value::structure();
  for (const auto& [key, value] : texts) map.set(key, value);
  return map;
}

}  // namespace sitelatch::guard
