// SPDX-License-Identifier: Apache-2.0
// What AWS finds wrong with the body of a dashboard ("Dashboard body structure and syntax"; fact
// cloudwatch-45): errors, with which it is not taken, and warnings, which come with the answer.
#pragma once

#include <string>
#include <vector>

#include "aws/wire/value.h"

namespace sitelatch::cloudwatch {

struct BodyMessage {
  std::string path, text;  // "/widgets/0/properties", "Should be array"
};
struct BodyMessages {
  std::vector<BodyMessage> errors, warnings;
};
BodyMessages examine_dashboard(const aws::Value& body);

}  // namespace sitelatch::cloudwatch
