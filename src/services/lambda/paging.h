// SPDX-License-Identifier: Apache-2.0
// Lambda's lists: items in the order of their keys, and a marker that is the last key shown, so
// that what is inserted or deleted between two pages neither repeats nor hides anything.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "aws/error.h"

namespace sitelatch::lambda {

// {`member`: [...], NextMarker?} for the Marker and MaxItems of the input; never more than `cap`
// items.
aws::Outcome<> page_of(const std::map<std::string, aws::Value>& items, const aws::Value& input,
                       std::string_view member, std::size_t cap);

}  // namespace sitelatch::lambda
