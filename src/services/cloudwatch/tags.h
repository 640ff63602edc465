// SPDX-License-Identifier: Apache-2.0
// The rules of tags on alarms: 50 of them, no `aws:` keys, a key once a request.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "aws/error.h"

namespace sitelatch::cloudwatch {

using Tags = std::vector<std::pair<std::string, std::string>>;

// `tags` with the wire's list added; keys that are there already get their new value.
aws::Outcome<Tags> merged_tags(Tags tags, const aws::Value& added);

}  // namespace sitelatch::cloudwatch
