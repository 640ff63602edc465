// SPDX-License-Identifier: Apache-2.0
#include "guard/rules/latch.h"

#include <doctest/doctest.h>

#include "guard/rules/testing.h"

using namespace sitelatch::guard;
using testing::healthy_check;

TEST_CASE("every latch value that is in use is recognised") {
  auto check = healthy_check();
  CHECK(latch_on(check).value == LatchValue::none);
  const auto with_path = [&check](const char* path) {
    check.path = path;
    return latch_on(check);
  };
  CHECK(with_path("/lb-check-failed-over").value == LatchValue::failed_over);
  CHECK(with_path("lb-check-failed-over").effective);
  CHECK(with_path("/lb-check-switched-over").value == LatchValue::switched_over);
  CHECK(with_path("health/down").value == LatchValue::health_down);
  CHECK(with_path("/health/down").effective);
  CHECK_FALSE(with_path("/lb-check-failed-over2").effective);

  check = healthy_check();
  check.fqdn = "Failover-Locked.INVALID.";
  CHECK(latch_on(check).value == LatchValue::invalid_name);
  check.by_address = true;  // only its Host header then
  CHECK_FALSE(latched(check));

  check = healthy_check();
  check.disabled = check.inverted = true;
  CHECK(latch_on(check).value == LatchValue::always_inverted);
  CHECK(latched(check));

  check = healthy_check();
  check.type = "CALCULATED";
  check.path.reset();
  check.children = 2;
  check.health_threshold = 3;
  CHECK(latch_on(check).value == LatchValue::no_quorum);
}

TEST_CASE("a latch value on a check that Route 53 counts as healthy does not hold") {
  auto check = healthy_check();
  check.path = "/lb-check-failed-over";
  check.disabled = true;
  CHECK(latch_on(check).value == LatchValue::failed_over);
  CHECK_FALSE(latched(check));
  check.disabled = false;
  check.inverted = true;
  CHECK_FALSE(latched(check));
}

TEST_CASE(
    "latching is effective whatever stood there, and the inverted latch is one update of both") {
  for (const bool disabled : {false, true})
    for (const bool inverted : {false, true})
      for (const auto kind : {LatchKind::path, LatchKind::inverted})
        for (const auto* type : {"HTTP", "HTTPS_STR_MATCH", "TCP", "CALCULATED"}) {
          auto check = healthy_check();
          check.type = type;
          check.disabled = disabled;
          check.inverted = inverted;
          const auto change = latching(check, kind, false);
          CHECK(latched(apply(change, check)));
          CHECK(apply(change, check).version == 2);
          if (kind == LatchKind::inverted) {
            CHECK(change.disabled == true);
            CHECK(change.inverted == true);
            CHECK_FALSE(change.path);
          }
          const auto back = releasing(apply(change, check), "/lb-check");
          const auto released = apply(back, apply(change, check));
          CHECK_FALSE(latched(released));
          CHECK_FALSE(released.disabled);
          CHECK_FALSE(released.inverted);
        }
  CHECK(latching(healthy_check(), LatchKind::path, true).path == "/lb-check-switched-over");
}

TEST_CASE(
    "releasing restores the very path, also none at all, and leaves a path that is no latch "
    "value") {
  auto check = healthy_check();
  check.path = "/lb-check-failed-over";
  CHECK(releasing(check, "/health?deep=1").path == "/health?deep=1");
  CHECK(releasing(check, "").reset_path);
  CHECK_FALSE(apply(releasing(check, ""), check).path);
  check = healthy_check();
  check.path = "/other";
  check.disabled = check.inverted = true;
  CHECK_FALSE(releasing(check, "/lb-check").path);
}
