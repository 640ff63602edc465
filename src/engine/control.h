// SPDX-License-Identifier: Apache-2.0
// What a person may ask of the running engine through its control socket: move the clock, force a
// health check's status, list the health checks. One JSON object in, one out: {"error": "..."}
// refuses.
#pragma once

#include <functional>
#include <string>

#include "engine/loop.h"

namespace sitelatch::route53 {
class Route53;
}

namespace sitelatch::engine {

// On the control thread. `reply` runs there too, perhaps later (an advance takes as long as what
// happens in it).
void handle_control(Loop& loop, route53::Route53& route53, const std::string& request,
                    const std::function<void(std::string)>& reply);

}  // namespace sitelatch::engine
