// SPDX-License-Identifier: Apache-2.0
// The change that latches and notes it: shared by transitions and decisions.
#pragma once

#include "guard/rules/transitions.h"

namespace sitelatch::guard {

// Latches whatever the check looks like, and notes it in the record: latch first, then the note. A
// maintenance ends.
Change latch_change(const Situation& situation, bool planned, LatchedBy by, Instant now);

// The record of a release that was written and then not made: what is still latched is held in the
// new release as it was in the old one. `before`: the record that the release was decided on.
Record held_after_failed_release(const Situation& before, const Record& released, Instant now);

}  // namespace sitelatch::guard
