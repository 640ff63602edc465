// SPDX-License-Identifier: Apache-2.0
// What an operation asks of IAM before it acts.
#pragma once

#include <string>
#include <vector>

#include "aws/auth/condition_keys.h"

namespace sitelatch::aws {

// One question to IAM. All Permissions of a call must be granted. `resources` are alternate
// spellings of one resource (a policy that matches any of them matches), in the resource's own
// canonical form, however the caller named it. A resource policy takes part where the service has
// one.
struct Permission {
  std::string action;                       // "route53:UpdateHealthCheck"
  std::vector<std::string> resources;       // {"arn:aws:route53:::healthcheck/..."} or {"*"}
  ConditionKeys keys;                       // beyond the global ones, which the gateway adds
  std::string resource_policy;              // JSON text or empty
  bool resource_policy_required = false;    // a role's trust policy: nothing is allowed without it
  std::vector<std::string> denied_as = {};  // further spellings that a Deny reaches it by
};

}  // namespace sitelatch::aws
