// SPDX-License-Identifier: Apache-2.0
// What follows a release: the check turns healthy, the alarm OK, the guard is armed, DNS answers
// Primary. Changes nothing. A Primary that fails again in these minutes is told at once: while
// every minute holds a failure the alarm never leaves ALARM, and says nothing of it.
#pragma once

#include <string>
#include <vector>

#include "guard/apply/carry_out.h"

namespace sitelatch::guard {

struct Followed {
  enum class End {
    all,
    healthy_only,  // `missing` did not follow in the window
    unhealthy,     // the check did not become healthy
    fell_again,    // it became healthy, and then unhealthy again
    latched,       // somebody latched it meanwhile
  } end = End::unhealthy;
  std::string missing;
  std::string unconfirmed;  // all followed, but who serves could not be asked: why
  std::vector<DnsSnapshot> dns;
};
Followed wait_for_primary(Context& context, const View& released, Duration window);

}  // namespace sitelatch::guard
