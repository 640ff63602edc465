// SPDX-License-Identifier: Apache-2.0
// Which names are regions (fact client-14). A region that does not exist has no address, and what
// is asked of its name waits for the network's own time limits: a slip of the hand is better told
// at once.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sitelatch::aws {

// Every region of every partition that this program knows.
const std::vector<std::string>& known_regions();

// Why this is no region to go to, in one or two sentences that say what to do; nothing: it is
// known, or among `newer`, names apart from each other by commas or blanks that a person vouches
// for (SITELATCH_NEW_REGIONS).
std::optional<std::string> region_problem(std::string_view region, std::string_view newer);

}  // namespace sitelatch::aws
