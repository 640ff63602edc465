// SPDX-License-Identifier: Apache-2.0
// The guard's own function (src/function) among the functions of the scenarios: its handler as it
// is, with the account in memory in place of its connections to AWS.
#pragma once

#include "scenario/function.h"

namespace sitelatch::guard::test {

// Warm environments are kept by their variables, as Lambda keeps them.
scenario::Function native_function();

}  // namespace sitelatch::guard::test
