// SPDX-License-Identifier: Apache-2.0
#include "base/recent.h"

#include <doctest/doctest.h>

using sitelatch::Recent;

TEST_CASE(
    "what comes once is forgotten, what comes all the time is not; never more than the bound") {
  Recent<int> recent{10};
  recent.add("always", 7);
  for (int i = 0; i < 1000; ++i) {
    recent.add("once " + std::to_string(i), i);
    CHECK(recent.size() <= 10);
    const int* always = recent.find("always");
    REQUIRE(always);
    CHECK(*always == 7);
  }
  CHECK(recent.contains("once 999"));
  CHECK(recent.find("once 0") == nullptr);
  CHECK(!recent.contains("once 900"));
}

TEST_CASE("what is added again has its new value, in whichever generation it was") {
  Recent<int> recent{4};
  recent.add("a", 1);
  recent.add("b", 1);
  recent.add("c", 1);  // a and b are the old ones now
  CHECK(recent.add("a", 2) == 2);
  CHECK(*recent.find("a") == 2);
  CHECK(recent.add("a", 3) == 3);
  CHECK(*recent.find("a") == 3);
  CHECK(recent.size() <= 4);
}
