// SPDX-License-Identifier: Apache-2.0
#include "simulation/story.h"

#include <fmt/format.h>

namespace sitelatch::simulation {

std::string text_of(const Story& story) {
  std::string out;
  for (const auto& line : story.lines())
    out += fmt::format("{:>+8}.{} s  {}{}\n", line.at / 1000, line.at % 1000 / 100,
                       line.breach ? "LEAK  " : "", line.text);
  return out;
}

}  // namespace sitelatch::simulation
