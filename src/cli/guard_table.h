// SPDX-License-Identifier: Apache-2.0
// Several guards as one table, a row each, the one in most trouble first: who serves, in which
// state, since when, when it was last rehearsed, what to do. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/guard_screen.h"

namespace sitelatch::cli {

struct TableRow {
  std::optional<Screen> screen;
  std::string asked;    // id or name, as the person or the account has it
  std::string problem;  // why it could not be looked at, where there is no screen
  std::string drill;    // "passed 3d ago", "none in 30d"; empty: not known
  int code = 0;
};

// "passed 3d ago"
std::string drill_words(bool passed, Instant at, Instant now);

// Heading and rows. At most `width` characters a line, colours aside: what is too long is cut, the
// next steps first, and a last line says so; unbounded: nothing is.
std::vector<std::string> table_of(std::vector<TableRow> rows, std::size_t width,
                                  Watched::Colours colours);

}  // namespace sitelatch::cli
