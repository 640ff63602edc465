// SPDX-License-Identifier: Apache-2.0
#include "services/cloudwatch/tag_rules.h"

#include "services/cloudwatch/refusals.h"

namespace sitelatch::cloudwatch {
const aws::TagRules tag_rules{
    [](const std::string&) {
      return invalid_value("System tags cannot be added/updated by requester");
    },
    [](const std::string&) { return invalid_value("Duplicate tag keys are not allowed."); },
    [] { return invalid_value("The number of tags exceeds the limit of 50 per resource."); }};

}  // namespace sitelatch::cloudwatch
