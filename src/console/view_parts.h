// SPDX-License-Identifier: Apache-2.0
// What the forms' views are put together from (view.h). Private to this folder.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "console/view.h"

namespace sitelatch::console {

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
