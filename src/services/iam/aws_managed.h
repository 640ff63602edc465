// SPDX-License-Identifier: Apache-2.0
// AWS's own managed policies that this engine knows: those whose documents are certain (fact
// iam-3). Data only.
#pragma once

#include <vector>

#include "services/iam/directory.h"

namespace sitelatch::iam {

std::vector<ManagedPolicy> aws_managed_policies();

}  // namespace sitelatch::iam
