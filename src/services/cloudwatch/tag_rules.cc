// SPDX-License-Identifier: Apache-2.0
#include "services/cloudwatch/tag_rules.h"

namespace sitelatch::cloudwatch {
namespace {

auto invalid(std::string text) {
  return aws::refuse("InvalidParameterValueException", std::move(text));
}

}  // namespace

const aws::TagRules tag_rules{
    [](const std::string&) { return invalid("System tags cannot be added/updated by requester"); },
    [](const std::string&) { return invalid("Duplicate tag keys are not allowed."); },
    [] { return invalid("The number of tags exceeds the limit of 50 per resource."); }};

}  // namespace sitelatch::cloudwatch
