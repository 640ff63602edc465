// SPDX-License-Identifier: Apache-2.0
// What stands behind stdout and stderr: a terminal whose cursor moves, one without (TERM=dumb, or
// none), or something else, as a pipe; whether colours are wanted there, and how much room there
// is. The one place that asks, so that every command answers NO_COLOR alike.
#pragma once

#include <unistd.h>

#include <cstddef>
#include <optional>
#include <string>

namespace sitelatch::cli {

struct Surroundings {
  bool terminal = false;
  // Of the environment; an empty variable is like an absent one (no-color.org has it so).
  std::string term, no_color, force_colour;
};
Surroundings surroundings_of(int descriptor);

// Lines can be drawn over: a terminal with a cursor.
bool can_draw(const Surroundings& there);
// NO_COLOR forbids them (no-color.org); else CLICOLOR_FORCE, if not 0, has them everywhere
// (bixense.com/clicolors); else they are where can_draw() is.
bool colours_wanted(const Surroundings& there);

inline bool can_draw(int descriptor) { return can_draw(surroundings_of(descriptor)); }
inline bool colours_wanted(int descriptor = STDOUT_FILENO) {
  return colours_wanted(surroundings_of(descriptor));
}

struct Room {
  std::size_t columns = 80, rows = 0;  // rows: 0 where nobody says
};
// As large as the terminal is now: it may have been dragged. Nothing: it is no terminal.
std::optional<Room> room_of(int descriptor);

}  // namespace sitelatch::cli
