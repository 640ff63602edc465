// SPDX-License-Identifier: Apache-2.0
#include "aws/auth/condition_keys.h"

#include <doctest/doctest.h>

#include "aws/auth/policy.h"

using namespace sitelatch::aws;

TEST_CASE("condition keys are the same in any case, however they came in") {
  ConditionKeys keys{{"aws:SourceArn", {"a"}}};
  keys.set("SNS:Protocol", "http");
  keys.add_tag("aws:ResourceTag", "Environment", "production");
  keys.add("aws:TagKeys", "A");
  keys.add("AWS:TAGKEYS", "A");
  keys.add("aws:tagkeys", "a");
  CHECK(keys.at("aws:sourcearn") == ConditionKeys::Values{"a"});
  CHECK(keys.at("sns:protocol") == ConditionKeys::Values{"http"});
  CHECK(keys.at("aws:resourcetag/environment") == ConditionKeys::Values{"production"});
  CHECK(keys.at("aws:ResourceTag/ENVIRONMENT") == ConditionKeys::Values{"production"});
  CHECK(keys.at("aws:TagKeys") == ConditionKeys::Values{"A", "a"});
  CHECK(keys.find("aws:none") == nullptr);
  keys.add_missing(ConditionKeys{{"AWS:sourcearn", {"other"}}, {"aws:Referer", {"r"}}});
  CHECK(keys.at("aws:SourceArn") == ConditionKeys::Values{"a"});
  CHECK(keys.at("aws:referer") == ConditionKeys::Values{"r"});
}

TEST_CASE("a tag whose key differs in case only hides none from a Deny (fact iam-18)") {
  ConditionKeys keys;
  keys.add_tag("aws:ResourceTag", "Environment", "production");
  keys.add_tag("aws:ResourceTag", "environment", "test");
  const auto policy = parse_policy(
      R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"},
          {"Effect":"Deny","Action":"*","Resource":"*",
           "Condition":{"StringEquals":{"aws:ResourceTag/Environment":"production"}}}]})",
      PolicyUse::identity);
  REQUIRE(policy);
  PolicyPrincipal who;
  who.kind = PolicyPrincipal::Kind::user;
  const std::vector<std::string> resources{"arn:aws:sns:eu-west-1:000000000000:t"};
  PolicySet set;
  set.identity.push_back(*policy);
  CHECK(evaluate({who, "sns:Publish", resources, keys}, set).verdict ==
        Decision::Verdict::explicit_deny);
}
