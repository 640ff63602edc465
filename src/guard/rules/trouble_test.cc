// SPDX-License-Identifier: Apache-2.0
#include "guard/rules/trouble.h"

#include <doctest/doctest.h>

namespace sitelatch::guard {
namespace {

TEST_CASE("issue 10: what leaks comes first, then what is latched, then the rest, the well last") {
  const State order[] = {State::unlatched_but_unhealthy,
                         State::drifted,
                         State::failing_over,
                         State::unknown,
                         State::latched_without_guard,
                         State::tripped,
                         State::switched_over,
                         State::switching_back,
                         State::partial,
                         State::not_deployed,
                         State::maintenance};
  int last = -1;
  for (const auto state : order) {
    CHECK(trouble_of(state, true) > last);
    CHECK(trouble_of(state, false) == trouble_of(state, true));
    last = trouble_of(state, true);
  }
  CHECK(trouble_of(State::armed, false) > last);
  CHECK(trouble_of(State::armed, true) > trouble_of(State::armed, false));
}

TEST_CASE("issue 10: phases of the other forms stand where their like of the guide's does") {
  CHECK(trouble_of(Phase::serving, true) == trouble_of(State::armed, true));
  CHECK(trouble_of(Phase::serving, false) == trouble_of(State::armed, false));
  CHECK(trouble_of(Phase::latched, true) == trouble_of(State::tripped, true));
  CHECK(trouble_of(Phase::failing_over, true) < trouble_of(Phase::latched, true));
  CHECK(trouble_of(Phase::unknown, true) == trouble_of(State::unknown, true));
}

}  // namespace
}  // namespace sitelatch::guard
