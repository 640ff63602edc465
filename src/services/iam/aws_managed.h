// SPDX-License-Identifier: Apache-2.0
// AWS's own managed policies: those of aws_managed_policies.txt, which is part of the binary (fact
// iam-3). Made once, and the same for every account.
#pragma once

#include <map>
#include <string>

namespace sitelatch::iam {

struct ManagedPolicy;

const std::map<std::string, ManagedPolicy, std::less<>>& aws_managed_policies();  // by ARN

}  // namespace sitelatch::iam
