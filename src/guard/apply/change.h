// SPDX-License-Identifier: Apache-2.0
// Carries a Change of guard/rules out on AWS: the check under its HealthCheckVersion, the record on
// the notify topic's tags and in the function's environment under its RevisionId, the alarm's
// actions. The order is the change's own, so that no crash between two calls releases a latched
// Primary. What the record promised and the check did not become is taken back: a release that
// failed leaves the latch held, and a freeze that failed leaves no maintenance.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "client/client.h"
#include "guard/apply/error.h"
#include "guard/rules/plan.h"
#include "guard/rules/state.h"
#include "guard/rules/transitions.h"

namespace sitelatch::guard {

struct Applied {
  Check before, after;
  std::string request_id;          // of the check's update; empty: only the record changed
  std::vector<std::string> notes;  // what could not be written down, in sentences
};

// `before`: what the change was decided on. Every failure of the record is an error when the
// record comes first, and a note when the check has already changed: a latch stands, whether or not
// it could be written down.
Result<Applied, Error> apply_change(client::Aws& aws, client::Clock& clock, const Plan& plan,
                                    const Observed& before, const Change& change);

}  // namespace sitelatch::guard
