// SPDX-License-Identifier: Apache-2.0
// Lambda's lists, by Marker and MaxItems.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "aws/wire/error.h"

namespace sitelatch::lambda {

// {`member`: [...], NextMarker?} for the Marker and MaxItems of the input; never more than `cap`
// items.
aws::Outcome<> page_of(const std::map<std::string, aws::Value>& items, const aws::Value& input,
                       std::string_view member, std::int64_t cap);

}  // namespace sitelatch::lambda
