// SPDX-License-Identifier: Apache-2.0
// Text as lines of a terminal: wrapped or cut to a width in characters, and nothing in it that a
// terminal would obey. Times and lengths of time as people read them. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"

namespace sitelatch::cli {

// Of a pipe or a file: nothing is wrapped, nothing cut.
inline constexpr std::size_t unbounded = SIZE_MAX;

// UTF-8 as it is, but nothing that a terminal would obey, and no line's end: a blank, or a question
// mark.
std::string printable(std::string_view text);
std::size_t width_of(std::string_view text);  // of printable(), in characters
// At most `width` characters of printable(), cut between characters, with ".." at a cut.
std::string clipped(std::string_view text, std::size_t width);
// Of the lines what a terminal of so many rows holds; the last says what is left out. 0: all.
std::vector<std::string> fitting(std::vector<std::string> lines, std::size_t rows);

// Words in lines behind `indent` blanks; one that is longer than a line goes on in the next.
void add_wrapped(std::vector<std::string>& lines, std::string_view text, std::size_t width,
                 std::size_t indent = 2);
// The same, the first line behind a label, which stands as it is.
void add_labelled(std::vector<std::string>& lines, std::string_view label, std::string_view text,
                  std::size_t width, std::size_t indent);

std::string time_of_day(Instant t);        // "12:00:41Z"
std::string when(Instant t, Instant now);  // the same, with the date where that is not today's
std::string so_long(Duration d);           // whole seconds: "1h30m", "41s"
std::string about_so_long(Duration d);     // its largest unit: "41s", "75m", "30h", "12d"

}  // namespace sitelatch::cli
