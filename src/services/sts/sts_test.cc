// SPDX-License-Identifier: Apache-2.0
#include "services/sts/sts.h"

#include <doctest/doctest.h>

namespace sitelatch::sts {
namespace {
using aws::Value;
const std::string role_arn = "arn:aws:iam::000000000000:role/app/reader";

struct FakeSessions final : Sessions {
  std::optional<Role> find_role(std::string_view arn) const override {
    if (arn != role_arn) return std::nullopt;
    return Role{"reader", "AROAX",          role_arn, R"({"Version":"2012-10-17"})",
                7200,     {{"Team", "ops"}}};
  }
  bool policy_exists(std::string_view arn) const override {
    return arn == "arn:aws:iam::aws:policy/Known";
  }
  ports::Credentials of_role(const RoleSession& session, Duration lifetime) override {
    last = session;
    lasts = lifetime;
    return {"ASIAROLE", "secret", "token", WallInstant{std::chrono::hours{1}}};
  }
  ports::Credentials of_caller(const aws::Caller&, Duration lifetime) override {
    lasts = lifetime;
    return {"ASIASELF", "secret", "token", WallInstant{}};
  }
  bool key_exists(std::string_view id) const override { return id == "AKIAKNOWN"; }
  RoleSession last;
  Duration lasts{};
};

struct Fixture {
  FakeSessions sessions;
  Sts sts{sessions, "000000000000"};
  aws::Caller caller;
  Fixture() {
    caller.kind = aws::Caller::Kind::user;
    caller.account = "000000000000";
    caller.arn = caller.principal_arn = "arn:aws:iam::000000000000:user/ann";
    caller.user_id = "AIDAANN";
    caller.access_key_id = "AKIAKNOWN";
  }
  aws::Call call(std::string_view operation, const Value& input) {
    return {operation, input, caller, "us-east-1", "000000000000", "id", "http://x", {}};
  }
  aws::Outcome<> run(std::string_view operation, const Value& input) {
    std::optional<aws::Outcome<>> got;
    sts.handle(call(operation, input), [&](aws::Outcome<> o) { got = std::move(o); });
    return *got;
  }
};
Value assume(std::initializer_list<std::pair<std::string_view, Value>> more = {}) {
  auto in = Value::structure({{"RoleArn", role_arn}, {"RoleSessionName", "session"}});
  for (const auto& [name, value] : more) in.set(name, value);
  return in;
}
}  // namespace

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
