// SPDX-License-Identifier: Apache-2.0
#include "cli/terminal.h"

#include <doctest/doctest.h>

namespace sitelatch::cli {
namespace {

struct ColourCase {
  Surroundings there;
  bool draws, colours;
};

TEST_CASE("issue 10: colours by terminal, TERM, NO_COLOR and CLICOLOR_FORCE") {
  for (const auto& one : {ColourCase{{true, "xterm", "", ""}, true, true},
                          ColourCase{{false, "xterm", "", ""}, false, false},
                          ColourCase{{true, "dumb", "", ""}, false, false},
                          ColourCase{{true, "", "", ""}, false, false},
                          ColourCase{{true, "xterm", "1", ""}, true, false},
                          ColourCase{{true, "xterm", "0", ""}, true, false},
                          ColourCase{{false, "", "", "1"}, false, true},
                          ColourCase{{false, "", "", "0"}, false, false},
                          ColourCase{{true, "dumb", "", "1"}, false, true},
                          ColourCase{{true, "xterm", "1", "1"}, true, false}}) {
    CAPTURE(one.there.term);
    CAPTURE(one.there.no_color);
    CAPTURE(one.there.force_colour);
    CHECK(can_draw(one.there) == one.draws);
    CHECK(colours_wanted(one.there) == one.colours);
  }
}

}  // namespace
}  // namespace sitelatch::cli
