// SPDX-License-Identifier: Apache-2.0
#include "services/sts/sts.h"

#include <doctest/doctest.h>

#include "services/sts/testing.h"

namespace sitelatch::sts {
TEST_CASE("sts: GetCallerIdentity says who calls and asks nothing of IAM") {
  Fixture f;
  const auto out = f.run("GetCallerIdentity", Value::structure());
  REQUIRE(out);
  CHECK((*out)["Arn"].string() == "arn:aws:iam::000000000000:user/ann");
  CHECK((*out)["UserId"].string() == "AIDAANN");
  CHECK((*out)["Account"].string() == "000000000000");
  const auto nothing = Value::structure();
  CHECK(f.sts.authorisation(f.call("GetCallerIdentity", nothing)).empty());
}

TEST_CASE("sts: AssumeRole asks the trust policy, with its keys") {
  Fixture f;
  const auto in =
      assume({{"ExternalId", "x"},
              {"SourceIdentity", "ann"},
              {"Tags", Value::list({Value::structure({{"Key", "Env"}, {"Value", "dev"}})})}});
  const auto asked = f.sts.authorisation(f.call("AssumeRole", in));
  REQUIRE(asked.size() == 3);
  CHECK(asked[0].action == "sts:AssumeRole");
  CHECK(asked[1].action == "sts:TagSession");
  CHECK(asked[2].action == "sts:SetSourceIdentity");
  CHECK(asked[0].resource_policy_required);
  CHECK(asked[0].resource_policy == R"({"Version":"2012-10-17"})");
  CHECK(asked[0].keys.at("sts:externalid").front() == "x");
  CHECK(asked[0].keys.at("aws:requesttag/env").front() == "dev");
  CHECK(asked[0].keys.at("iam:resourcetag/team").front() == "ops");

  auto elsewhere = assume();
  elsewhere.set("RoleArn", "arn:aws:iam::000000000000:role/missing");
  const auto missing = f.sts.authorisation(f.call("AssumeRole", elsewhere));
  REQUIRE(missing.size() == 1);
  CHECK(missing[0].resource_policy_required);
  CHECK(missing[0].resource_policy.empty());
}

TEST_CASE("sts: AssumeRole's answer and its session") {
  Fixture f;
  const auto out = f.run("AssumeRole", assume({{"DurationSeconds", 7200}}));
  REQUIRE(out);
  CHECK((*out)["AssumedRoleUser"]["Arn"].string() ==
        "arn:aws:sts::000000000000:assumed-role/reader/session");
  CHECK((*out)["AssumedRoleUser"]["AssumedRoleId"].string() == "AROAX:session");
  CHECK((*out)["Credentials"]["SessionToken"].string() == "token");
  CHECK_FALSE(out->has("PackedPolicySize"));
  CHECK(f.sessions.lasts == std::chrono::hours{2});
}

TEST_CASE("sts: AssumeRole's refusals") {
  Fixture f;
  auto bad = assume();
  bad.set("RoleArn", "arn:aws:iam::role/x--------");
  CHECK(f.run("AssumeRole", bad).error().message == "arn:aws:iam::role/x-------- is invalid");
  CHECK(f.sts.authorisation(f.call("AssumeRole", bad)).empty());
  CHECK(f.run("AssumeRole", assume({{"DurationSeconds", 7201}})).error().message ==
        "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.");
  CHECK(f.run("AssumeRole", assume({{"Policy", "{"}})).error().code == "MalformedPolicyDocument");
  const auto unknown =
      Value::list({Value::structure({{"arn", "arn:aws:iam::aws:policy/Unknown"}})});
  CHECK(f.run("AssumeRole", assume({{"PolicyArns", unknown}})).error().code == "ValidationError");
  f.caller.kind = aws::Caller::Kind::role_session;
  CHECK(f.run("AssumeRole", assume({{"DurationSeconds", 3601}}))
            .error()
            .message.find("role chaining") != std::string::npos);
}

TEST_CASE("sts: session tokens for oneself") {
  Fixture f;
  CHECK(f.run("GetSessionToken", Value::structure()));
  CHECK(f.sessions.lasts == std::chrono::hours{12});
  f.caller.kind = aws::Caller::Kind::root;
  CHECK(f.run("GetSessionToken", Value::structure({{"DurationSeconds", 43200}})));
  CHECK(f.sessions.lasts == std::chrono::hours{1});
  f.caller.access_key_id = "ASIAROLE";
  CHECK(f.run("GetSessionToken", Value::structure()).error().code == "AccessDenied");
  CHECK(f.run("GetAccessKeyInfo", Value::structure({{"AccessKeyId", "AKIAKNOWN"}})));
  CHECK_FALSE(f.run("GetAccessKeyInfo", Value::structure({{"AccessKeyId", "AKIAOTHER"}})));
}

}  // namespace sitelatch::sts
