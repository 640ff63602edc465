// SPDX-License-Identifier: Apache-2.0
// What a person may ask of the running engine through its control socket: move the clock, force a
// health check's status, list the health checks, say what aliases lead to, set faults, begin anew.
// One JSON object in, one out: {"error": "..."} refuses.
#pragma once

#include <functional>
#include <string>

#include "engine/cloud.h"
#include "engine/loop.h"
#include "engine/realism/realism.h"

namespace sitelatch::engine {

// Begins the account anew, or says why it does not; what stood before is gone when it returns.
using Reset = std::function<Result<Done>()>;

// On the control thread. `reply` runs there too, perhaps later (an advance takes as long as what
// happens in it).
void handle_control(Loop& loop, Cloud& cloud, realism::Realism& realism, const Reset& reset,
                    const std::string& request, const std::function<void(std::string)>& reply);

}  // namespace sitelatch::engine
