// SPDX-License-Identifier: Apache-2.0
// "Did you mean ...?": of the words that are known, the one that was most likely meant.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sitelatch {

// The word at the fewest slips of the hand (a letter left out, put in, exchanged, or two
// neighbours swapped; case does not matter). Nothing: none is within a third of the word's length,
// at least one, at most three. A word of three letters or more that begins a known one counts as
// one slip. Among equals the first.
std::optional<std::string> nearest(std::string_view word, const std::vector<std::string>& known);

}  // namespace sitelatch
