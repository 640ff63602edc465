// SPDX-License-Identifier: Apache-2.0
// What the forms' views are put together from (view.h). Private to this folder.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "console/view.h"

namespace sitelatch::console {

// The order of trouble, where several forms have the same.
constexpr int trouble_drifted = 1, trouble_failing_over = 2, trouble_unknown = 3,
              trouble_latched = 5, trouble_switching_back = 7, trouble_partial = 8,
              trouble_not_deployed = 9, trouble_none = 20;

// Needs `servers`.
void fill_sites(GuardView& out, const std::optional<guard::RecordsSnapshot>& records,
                const Beside& beside);
void stand_primary(GuardView& out, bool held);
// `drill`: the note of the last one, as status shows it; empty: none.
void fill_record(GuardView& out, const Beside& beside, StoryParts parts, const std::string& drill);
std::optional<Said> checkers_words(const std::vector<guard::CheckerSnapshot>& checkers);
std::vector<std::string> places_of(const std::vector<guard::RecordSnapshot>& records,
                                   std::string_view failover);

}  // namespace sitelatch::console
