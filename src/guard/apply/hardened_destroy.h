// SPDX-License-Identifier: Apache-2.0
// What is removed of the form `hardened` beside the guide's guard: the clock, the relay with its
// URL, its role, the sentinel, and the tags of the endpoint's check last, by which the rest is
// found. The records that people look up, and FailureThreshold, stay as they are.
#pragma once

#include "guard/apply/destroy.h"
#include "guard/apply/hardened_observe.h"

namespace sitelatch::guard {

// Puts these removals around those of `ending`, the guide's guard.
Step add_hardened(Context& context, RemovalPlan& ending, bool logs);
// They alone: the guide's guard stays, armed as it is.
Result<RemovalPlan, Error> plan_hardened_removal(Context& context,
                                                 const std::string& health_check_id);

}  // namespace sitelatch::guard
