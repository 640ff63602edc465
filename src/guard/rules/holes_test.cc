// SPDX-License-Identifier: Apache-2.0
#include "guard/rules/holes.h"

#include <doctest/doctest.h>

#include "guard/rules/record.h"

using namespace sitelatch::guard;

TEST_CASE("accepted holes survive their tag") {
  const HoleNames both{"target-health", "secondary-health"};
  CHECK(holes_text(both) == "secondary-health target-health");
  CHECK(read_holes(holes_text(both)) == both);
  CHECK(holes_text({}) == "none");
  CHECK(read_holes("none").empty());
  CHECK(read_holes("").empty());
  // A name that this version does not know is no acceptance of anything.
  CHECK(read_holes("secondary-health anything-else") == HoleNames{"secondary-health"});
}

TEST_CASE("every hole says what accepting it means, in characters that a tag takes") {
  for (const auto name : hole_names()) {
    CAPTURE(name);
    CHECK(is_hole(name));
    CHECK_FALSE(consequence(name).empty());
    CHECK(tag_text(name) == name);
  }
  CHECK_FALSE(is_hole("latch-path"));
  HoleNames all;
  for (const auto name : hole_names()) all.emplace(name);
  CHECK(holes_text(all).size() <= 256);
}
