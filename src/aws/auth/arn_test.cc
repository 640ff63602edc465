// SPDX-License-Identifier: Apache-2.0
#include "aws/auth/arn.h"

#include <doctest/doctest.h>

namespace sitelatch::aws {

TEST_CASE("arn: parts, and back to text") {
  for (const auto* text :
       {"arn:aws:route53:::healthcheck/abc", "arn:aws-cn:sns:cn-north-1:000000000000:topic",
        "arn:aws-us-gov:logs:us-gov-west-1:000000000000:log-group:/a/b:*"}) {
    const auto arn = parse_arn(text);
    REQUIRE(arn);
    CHECK(arn->text() == text);
  }
  const auto arn = *parse_arn("arn:aws:lambda:eu-west-1:123456789012:function:f:LIVE");
  CHECK(arn.service == "lambda");
  CHECK(arn.region == "eu-west-1");
  CHECK(arn.account == "123456789012");
  CHECK(arn.resource == "function:f:LIVE");
}

TEST_CASE("arn: what is none") {
  for (const auto* text : {"", "arn", "arn:aws:sns", "arn:aws:sns:r:a", "arn:aws:sns:r:a:",
                           "arn:aws::r:a:x", "arn:other:sns:r:a:x", "urn:aws:sns:r:a:x"})
    CHECK_FALSE(parse_arn(text));
  CHECK(is_account_id("000000000000"));
  CHECK_FALSE(is_account_id("00000000000"));
  CHECK_FALSE(is_account_id("00000000000a"));
}

}  // namespace sitelatch::aws
