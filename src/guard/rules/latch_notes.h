// SPDX-License-Identifier: Apache-2.0
// The change that latches and notes it: shared by transitions and decisions.
#pragma once

#include "guard/rules/transitions.h"

namespace sitelatch::guard {

// Latches whatever the check looks like, and notes it in the record: latch first, then the note. A
// maintenance ends.
Change latch_change(const Situation& situation, bool planned, LatchedBy by, Instant now);

}  // namespace sitelatch::guard
