// SPDX-License-Identifier: Apache-2.0
// What this machine cannot keep functions from doing, in sentences for whoever starts the engine.
#pragma once

#include <string>
#include <vector>

#include "net/functions/cgroup.h"
#include "net/functions/sandbox.h"

namespace sitelatch::net {

// Which network functions get: the one asked for, else outbound where that works, else isolated.
// A problem when the one asked for cannot be had.
Result<FunctionNetwork> choose_network(std::optional<FunctionNetwork> asked,
                                       const Isolation& isolation);

std::vector<std::string> describe_missing(const Isolation& isolation, FunctionNetwork network,
                                          const FunctionCgroups* groups);  // nullptr: none

}  // namespace sitelatch::net
