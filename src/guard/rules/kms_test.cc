// SPDX-License-Identifier: Apache-2.0
#include "guard/rules/kms.h"

#include <doctest/doctest.h>

using namespace sitelatch::guard;

namespace {
const std::string virginia = "arn:aws:kms:us-east-1:000000000000:key/1111";
const std::string ireland = "arn:aws:kms:eu-west-1:000000000000:key/2222";
const std::string many = "arn:aws:kms:eu-west-1:000000000000:key/mrk-3333";
const std::vector<std::string> two_regions{"us-east-1", "eu-west-1"};

std::string refusal_of(const std::vector<std::string>& keys,
                       const std::vector<std::string>& regions) {
  const auto checked = check_keys(keys, regions);
  return checked ? "" : checked.error().text;
}
}  // namespace

TEST_CASE("guard-on-aws 12: a key a region, or one multi-region key") {
  CHECK(refusal_of({}, two_regions).empty());
  CHECK(refusal_of({virginia}, {"us-east-1"}).empty());
  CHECK(refusal_of({virginia, ireland}, two_regions).empty());
  CHECK(refusal_of({many}, two_regions).empty());
  CHECK(refusal_of({virginia}, two_regions).find("eu-west-1 too") != std::string::npos);
  CHECK(refusal_of({virginia, virginia}, {"us-east-1"}).find("two keys") != std::string::npos);
  CHECK(refusal_of({ireland}, {"us-east-1"}).find("no topic") != std::string::npos);
  CHECK(key_in({virginia, ireland}, "eu-west-1") == ireland);
  CHECK(key_in({many}, "us-east-1") == "arn:aws:kms:us-east-1:000000000000:key/mrk-3333");
  CHECK(key_in({many, virginia}, "us-east-1") == virginia);
  CHECK(key_in({virginia}, "eu-west-1").empty());
}

TEST_CASE("guard-on-aws 12: AWS's own key and what is no key's ARN are refused") {
  for (const auto* key : {"alias/aws/sns", "arn:aws:kms:us-east-1:000000000000:alias/aws/sns"})
    CHECK(refusal_of({key}, {"us-east-1"}).find("AWS's own") != std::string::npos);
  for (const auto* key : {"1111", "alias/mine", "arn:aws:kms:us-east-1:000000000000:alias/mine",
                          "arn:aws:kms:us-east-1:000000000000:key/", "arn:aws:sns:us-east-1:0:x"})
    CHECK(refusal_of({key}, {"us-east-1"}).find("not the ARN of a key") != std::string::npos);
}

TEST_CASE("guard-on-aws 12: a key's policy lets CloudWatch publish, or does not") {
  CHECK(lets_cloudwatch_publish(R"({"Statement":[)" + cloudwatch_statement() + "]}"));
  CHECK(lets_cloudwatch_publish(R"({"Statement":)" + cloudwatch_statement() + "}"));
  CHECK(lets_cloudwatch_publish(R"({"Statement":[{"Effect":"Allow","Principal":{"Service":["x",)"
                                R"("cloudwatch.amazonaws.com"]},"Action":"kms:*"}]})"));
  for (const auto* policy :
       {"", "{}", "nonsense",
        R"({"Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::0:root"},)"
        R"("Action":"kms:*"}]})",
        R"({"Statement":[{"Effect":"Allow",)"
        R"("Principal":{"Service":"cloudwatch.amazonaws.com"},"Action":"kms:Decrypt"}]})",
        R"({"Statement":[{"Effect":"Deny",)"
        R"("Principal":{"Service":"cloudwatch.amazonaws.com"},"Action":"kms:*"}]})",
        R"({"Statement":[{"Effect":"Allow","Principal":{"Service":"sns.amazonaws.com"},)"
        R"("Action":"kms:*"}]})"}) {
    CAPTURE(policy);
    CHECK_FALSE(lets_cloudwatch_publish(policy));
  }
}
