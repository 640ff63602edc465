// SPDX-License-Identifier: Apache-2.0
// What CloudWatch says of tags that an alarm cannot have.
#pragma once

#include "aws/service/tags.h"

namespace sitelatch::cloudwatch {

extern const aws::TagRules tag_rules;

}  // namespace sitelatch::cloudwatch
