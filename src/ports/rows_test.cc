// SPDX-License-Identifier: Apache-2.0
#include "ports/rows.h"

#include <doctest/doctest.h>

#include "ports/sim/world.h"

using namespace sitelatch;

TEST_CASE("rows are taken in order from a key on; one that is refused is named") {
  ports::sim::World world;
  for (const auto* key : {"b", "a", "c"}) world.journal.put("t", key, std::string{"row "} + key);
  std::string taken;
  ports::take_rows(
      world.journal, "t", [&](auto, std::string_view row) { taken.append(row).append(";"); }, "b");
  CHECK(taken == "row b;row c;");
  const auto refuse_c = [](std::string_view key, std::string_view) {
    ports::expect_of_row(key != "c", "nobody writes this");
  };
  CHECK_THROWS_WITH_AS(ports::take_rows(world.journal, "t", refuse_c),
                       "the row c of t cannot be read: nobody writes this", ports::BadRow);
}
