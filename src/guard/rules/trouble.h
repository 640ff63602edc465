// SPDX-License-Identifier: Apache-2.0
// The order in which whoever sees many guards looks at them: 0 first. What nobody mends by itself
// and what leaks comes before what is latched, that before what is under way or unfinished, and
// what is well comes last. Pure.
#pragma once

#include "guard/rules/config_form.h"
#include "guard/rules/state.h"

namespace sitelatch::guard {

// `sound`: every link that is seen works, and none is unseen; no problem is known.
int trouble_of(State state, bool sound);
int trouble_of(Phase phase, bool sound);

}  // namespace sitelatch::guard
