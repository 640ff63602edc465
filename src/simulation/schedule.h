// SPDX-License-Identifier: Apache-2.0
// A random schedule: hours of outages, disputes between checkers, Regions and edges out, lost and
// late messages, functions that fail, restarts, Terraform, and people who act twice or at the wrong
// moment. All of it is decided by the seed, so that a breach is told again by it.
#pragma once

#include "simulation/plan.h"

namespace sitelatch::simulation {

Plan random_schedule(Form form, Tuning tuning, std::uint64_t seed);

}  // namespace sitelatch::simulation
