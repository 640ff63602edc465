// SPDX-License-Identifier: Apache-2.0
// The scratch health check of a drill: like Primary's own, used by no record, so that nothing moves
// when it fails. Its CallerReference says whose drill it is, so that what a killed drill left is
// found again.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "guard/apply/carry_out.h"

namespace sitelatch::guard {

// Where the CallerReferences of a calibration's scratch checks begin (guard/calibrate/scratch.h).
inline constexpr std::string_view calibration_prefix = "sitelatch-calibrate-";

// Whose drill a CallerReference is of: a health check's id; empty: none.
std::string drilled_check(std::string_view caller_reference);

// The ids of scratch checks that drills of this check have left.
Result<std::vector<std::string>> find_scratch(Context& context, const std::string& health_check_id);
// With Primary's address, name and port, its own path, neither disabled nor inverted. Gives its id.
Result<std::string> make_scratch(Context& context, const View& primary);
Result<Done> remove_scratch(Context& context, const std::string& scratch_id);

// Moves its port where nothing answers, or back to `port`: Route 53's checkers see a real outage of
// an address that is up.
inline constexpr int dead_port = 1;
Result<Done> move_port(Context& context, const std::string& scratch_id, int port);

}  // namespace sitelatch::guard
