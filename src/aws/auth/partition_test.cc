// SPDX-License-Identifier: Apache-2.0
#include "aws/auth/partition.h"

#include <doctest/doctest.h>

using namespace sitelatch::aws;

TEST_CASE("partitions by region, for ARNs") {
  CHECK(partition_of("eu-west-1").name == "aws");
  CHECK(partition_of("").name == "aws");
  CHECK(partition_of("cn-north-1").name == "aws-cn");
  CHECK(partition_of("us-gov-west-1").name == "aws-us-gov");
  CHECK(partition_of("us-iso-west-1").name == "aws-iso");
  CHECK(partition_of("us-isob-east-1").name == "aws-iso-b");
}

TEST_CASE("partitions by name") {
  for (const char* region : {"eu-west-1", "cn-north-1", "us-gov-west-1", "us-isob-east-1"})
    CHECK(&partition_named(partition_of(region).name) == &partition_of(region));
  CHECK(partition_named("unheard-of").name == "aws");
}
