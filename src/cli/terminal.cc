// SPDX-License-Identifier: Apache-2.0
#include "cli/terminal.h"

#include <sys/ioctl.h>

#include <algorithm>
#include <cstdlib>

namespace sitelatch::cli {
namespace {

std::string of_environment(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

}  // namespace

Surroundings surroundings_of(int descriptor) {
  return {::isatty(descriptor) == 1, of_environment("TERM"), of_environment("NO_COLOR"),
          of_environment("CLICOLOR_FORCE")};
}

bool can_draw(const Surroundings& there) {
  return there.terminal && !there.term.empty() && there.term != "dumb";
}

bool colours_wanted(const Surroundings& there) {
  if (!there.no_color.empty()) return false;
  if (!there.force_colour.empty() && there.force_colour != "0") return true;
  return can_draw(there);
}

std::optional<Room> room_of(int descriptor) {
  if (::isatty(descriptor) != 1) return std::nullopt;
  constexpr std::size_t least_columns = 20;
  Room room;
  winsize size{};
  if (::ioctl(descriptor, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return room;
  room.columns = std::max<std::size_t>(size.ws_col, least_columns);
  room.rows = size.ws_row;
  return room;
}

}  // namespace sitelatch::cli
