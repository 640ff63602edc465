// SPDX-License-Identifier: Apache-2.0
// What deploy takes from a role that it finds. A role that others made is given exactly the guard's
// rights when it is adopted. From then on what somebody attaches to it (an organisation's own
// policy, the network access of a VPC) stays: automation would put it back, and deploy would never
// end. Pure.
#pragma once

#include <string>
#include <vector>

#include "guard/rules/state.h"

namespace sitelatch::guard {

struct Strip {
  std::vector<std::string> managed;  // ARNs to detach
  std::vector<std::string> inlined;  // names to delete
  bool empty() const { return managed.empty() && inlined.empty(); }
};
// What goes: everything beyond the plan while the role is not tagged as this guard's, afterwards
// only what the guide itself attaches (an adoption that was cut off).
Strip policies_to_strip(const Plan& plan, const ObservedRole& role);
// What stays although the function does not need it, in words: "policy arn:..."; for people to
// know.
std::vector<std::string> foreign_policies(const Plan& plan, const ObservedRole& role);

}  // namespace sitelatch::guard
