// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace sitelatch::guard {

// What Route 53's checkers take for healthy: 2xx and 3xx, a redirect included (fact guard-31).
// The one rule for Primary's own path and for the latch path: what a
// checker would take for healthy passes for both, before arming and before a switch back.
constexpr bool counts_as_healthy(int http_status) {
  return http_status >= 200 && http_status < 400;
}

}  // namespace sitelatch::guard
