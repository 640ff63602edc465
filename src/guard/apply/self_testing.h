// SPDX-License-Identifier: Apache-2.0
// Runs the self-test of a guard's native function: the function itself, with its own role and from
// where it runs, proves every right that a latch needs by AWS's own answers, and changes nothing
// (function/handler.h). What an organisation's policy, a permissions boundary, a network without a
// way out or a code for another processor would break, breaks here.
#pragma once

#include <string>

#include "client/client.h"
#include "guard/rules/plan.h"

namespace sitelatch::guard {

struct SelfTest {
  bool passed = false;
  std::string sentence;  // what it found: without a full stop
};
// An error: it could not be run at all.
client::Outcome<SelfTest> run_self_test(client::Aws& aws, const FunctionPlan& function);
// Of a function that was made just now: a role's policy takes some seconds to arrive, so that a
// test which fails is run again, for so long.
client::Outcome<SelfTest> run_self_test_for(Duration at_most, client::Aws& aws,
                                            client::Clock& clock, const FunctionPlan& function);

}  // namespace sitelatch::guard
