// SPDX-License-Identifier: Apache-2.0
// Text from outside on one line of a log or a terminal, as nobody can forge it: what ends a line,
// moves a cursor, colours or turns text around becomes a visible escape (\n, \x1b, \u{202e}), and
// so does what is not UTF-8. A backslash is doubled, so that an escape that the sender spelled out
// cannot pass for one of ours. Everything else of UTF-8 stays readable.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace sitelatch {

inline constexpr std::size_t log_bytes_max = 4096;

// At most about `bytes_max` bytes; what is cut off is counted at the end.
std::string log_line(std::string_view text, std::size_t bytes_max = log_bytes_max);

}  // namespace sitelatch
