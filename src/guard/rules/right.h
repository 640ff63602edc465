// SPDX-License-Identifier: Apache-2.0
// One statement of an IAM policy that allows something: of the function's role (plan.h), of the
// people who work the guard (rights.h).
#pragma once

#include <string>
#include <vector>

namespace sitelatch::guard {

struct Right {
  std::string sid;
  std::vector<std::string> actions;    // "sns:Publish"
  std::vector<std::string> resources;  // ARNs, patterns, or "*"
  std::string condition;               // JSON object, or empty
};

// The whole policy, in one line: what IAM's limits of size count.
std::string policy_document(const std::vector<Right>& rights);
// The same for people: a statement a line.
std::string policy_text(const std::vector<Right>& rights);

}  // namespace sitelatch::guard
