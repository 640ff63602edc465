// SPDX-License-Identifier: Apache-2.0
#include "aws/auth/regions.h"

#include <doctest/doctest.h>

#include "aws/auth/partition.h"

using namespace sitelatch::aws;

namespace {

bool has(const std::optional<std::string>& text, std::string_view part) {
  return text && text->find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("issue 8: a region is one of those that AWS has (fact client-14)") {
  for (const auto& region : known_regions()) {
    CAPTURE(region);
    CHECK_FALSE(region_problem(region, ""));
  }
  for (const char* home :
       {"us-east-1", "cn-northwest-1", "us-gov-west-1", "us-iso-east-1", "us-isob-east-1",
        "eu-isoe-west-1", "us-isof-south-1", "eusc-de-east-1"}) {
    CAPTURE(home);
    CHECK_FALSE(region_problem(home, ""));
    CHECK(partition_of(home).route53_region == home);  // each partition's own is among them
  }
}

TEST_CASE("issue 8: what is no region is told with the one that was meant, and how to insist") {
  CHECK(has(region_problem("nowhere-9", ""), "is not called as regions of AWS are"));
  CHECK(has(region_problem("us-esat-1", ""), "Did you mean us-east-1?"));
  CHECK(has(region_problem("us-esat-1", ""), "knows no region"));
  CHECK(has(region_problem("eu-south-7", ""), "SITELATCH_NEW_REGIONS=eu-south-7"));
  CHECK(has(region_problem("US-EAST-1", ""), "Did you mean us-east-1?"));
  CHECK(region_problem("", ""));
  CHECK(region_problem("", ","));
  CHECK_FALSE(region_problem("eu-south-7", "eu-south-7"));
  CHECK_FALSE(region_problem("moon-base-1", "eu-south-7, moon-base-1"));
  CHECK(region_problem("eu-south", "eu-south-7"));  // whole names only
}
