// SPDX-License-Identifier: Apache-2.0
// The guard's own function (src/function) among the functions of the scenarios: its handler as it
// is, with the account in memory in place of its connections to AWS.
#pragma once

#include <functional>
#include <memory>

#include "function/sentinel.h"
#include "scenario/function.h"

namespace sitelatch::guard::test {

// Warm environments are kept by their variables, as Lambda keeps them.
scenario::Function native_function();
// As a relay, whose sentinel is `see`'s.
using SeeSentinel = std::function<guard::Look(const RelaySettings& settings, Duration waited)>;
scenario::Function native_relay(SeeSentinel see);

}  // namespace sitelatch::guard::test
