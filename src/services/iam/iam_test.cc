// SPDX-License-Identifier: Apache-2.0
#include "services/iam/iam.h"

#include <doctest/doctest.h>

#include "services/iam/testing.h"

namespace sitelatch::iam {
TEST_CASE("iam: the guide's role: made, read, attached, taken down, in AWS's order") {
  Fixture f;
  const auto made =
      f.ok("CreateRole", {{"RoleName", "Latch"}, {"AssumeRolePolicyDocument", trust}})["Role"];
  CHECK(made["Arn"].string() == "arn:aws:iam::000000000000:role/Latch");
  CHECK(made["RoleId"].string().starts_with("AROA"));
  CHECK(made["RoleId"].string().size() == 21);
  CHECK(percent_decode(made["AssumeRolePolicyDocument"].string()) == trust);
  CHECK_FALSE(made.has("MaxSessionDuration"));
  const auto read =
      f.ok("GetRole", {{"RoleName", "latch"}})["Role"];  // names are equal without regard to case
  CHECK(read["RoleName"].string() == "Latch");
  CHECK(read["MaxSessionDuration"].integer() == 3600);
  CHECK(read["RoleLastUsed"].is_struct());

  const auto own = f.policy("Route53Update");
  CHECK(f.ok("AttachRolePolicy", {{"RoleName", "Latch"}, {"PolicyArn", basic}}).is_null());
  f.ok("AttachRolePolicy", {{"RoleName", "Latch"}, {"PolicyArn", own}});
  f.ok("AttachRolePolicy", {{"RoleName", "Latch"}, {"PolicyArn", own}});
  const auto attached = f.ok("ListAttachedRolePolicies", {{"RoleName", "Latch"}});
  CHECK(names(attached["AttachedPolicies"], "PolicyName") ==
        std::vector<std::string>{"Route53Update", "AWSLambdaBasicExecutionRole"});
  CHECK(f.ok("GetPolicy", {{"PolicyArn", own}})["Policy"]["AttachmentCount"].integer() == 1);

  CHECK(f.refused("DeleteRole", {{"RoleName", "Latch"}}) ==
        "DeleteConflict: Cannot delete entity, must detach all policies first.");
  CHECK(f.refused("DeletePolicy", {{"PolicyArn", own}}) ==
        "DeleteConflict: Cannot delete a policy attached to entities.");
  f.ok("DetachRolePolicy", {{"RoleName", "Latch"}, {"PolicyArn", own}});
  f.ok("DetachRolePolicy", {{"RoleName", "Latch"}, {"PolicyArn", basic}});
  CHECK(f.refused("DetachRolePolicy", {{"RoleName", "Latch"}, {"PolicyArn", own}}) ==
        "NoSuchEntity: Policy " + own + " was not found.");
  CHECK(f.ok("ListInstanceProfilesForRole", {{"RoleName", "Latch"}})["InstanceProfiles"]
            .items()
            .empty());
  f.ok("DeletePolicy", {{"PolicyArn", own}});
  f.ok("DeleteRole", {{"RoleName", "Latch"}});
  CHECK(f.refused("GetRole", {{"RoleName", "Latch"}}) ==
        "NoSuchEntity: The role with name Latch cannot be found.");
  CHECK(f.refused("GetPolicy", {{"PolicyArn", own}}) ==
        "NoSuchEntity: Policy " + own + " was not found.");
}

TEST_CASE("iam: refusals in AWS's words") {
  Fixture f;
  f.role("R");
  f.policy("P");
  const auto bad = Value{"{\"Version\":"};
  CHECK(f.refused("CreateRole", {{"RoleName", "r"}, {"AssumeRolePolicyDocument", trust}}) ==
        "EntityAlreadyExists: Role with name r already exists.");
  CHECK(f.refused("CreateRole", {{"RoleName", "x"}, {"AssumeRolePolicyDocument", bad}}) ==
        "MalformedPolicyDocument: This policy contains invalid Json");
  CHECK(f.refused("CreatePolicy", {{"PolicyName", "P"}, {"PolicyDocument", document}}) ==
        "EntityAlreadyExists: A policy called P already exists. Duplicate names are not allowed.");
  CHECK(f.refused("CreatePolicy", {{"PolicyName", "Q"}, {"PolicyDocument", trust}}) ==
        "MalformedPolicyDocument: Policy document should not specify a principal.");
  CHECK(f.refused("AttachRolePolicy", {{"RoleName", "R"}, {"PolicyArn", "no-arn-no-arn-no-arn"}}) ==
        "ValidationError: Invalid ARN:  Could not be parsed!");
  CHECK(f.refused("AttachRolePolicy",
                  {{"RoleName", "R"}, {"PolicyArn", "arn:aws:iam::000000000000:policy/X"}}) ==
        "NoSuchEntity: Policy arn:aws:iam::000000000000:policy/X does not exist or is not "
        "attachable.");
  CHECK(f.refused("AttachRolePolicy", {{"RoleName", "X"}, {"PolicyArn", basic}}) ==
        "NoSuchEntity: The role with name X cannot be found.");
  CHECK(f.refused("DeletePolicy", {{"PolicyArn", basic}}) ==
        "AccessDenied: Policy is outside your own account.");
  CHECK(f.refused("GetRolePolicy", {{"RoleName", "R"}, {"PolicyName", "X"}}) ==
        "NoSuchEntity: The role policy with name X cannot be found.");
  const std::string stranger =
      R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow",)"
      R"("Principal":{"AWS":"arn:aws:iam::000000000000:user/nobody"},"Action":"sts:AssumeRole"}]})";
  CHECK(f.refused("UpdateAssumeRolePolicy", {{"RoleName", "R"}, {"PolicyDocument", stranger}}) ==
        R"(MalformedPolicyDocument: Invalid principal in policy: "AWS":)"
        R"("arn:aws:iam::000000000000:user/nobody")");
  const auto big = R"({"Version":"2012-10-17","Statement":[{"Sid":")" + std::string(6200, 'a') +
                   R"(","Effect":"Allow","Action":"*","Resource":"*"}]})";
  CHECK(f.refused("CreatePolicy", {{"PolicyName", "Q"}, {"PolicyDocument", big}}) ==
        "LimitExceeded: Cannot exceed quota for PolicySize: 6144");
}

TEST_CASE("iam: updates of a role") {
  Fixture f;
  f.role("R");
  f.ok("UpdateRole", {{"RoleName", "R"}, {"MaxSessionDuration", 7200}, {"Description", "d"}});
  f.ok("UpdateRole", {{"RoleName", "R"}});
  const auto role = f.ok("GetRole", {{"RoleName", "R"}})["Role"];
  CHECK(role["MaxSessionDuration"].integer() == 7200);
  CHECK(role["Description"].string() == "d");
  f.ok("PutRolePermissionsBoundary", {{"RoleName", "R"}, {"PermissionsBoundary", basic}});
  CHECK(
      f.ok("GetRole", {{"RoleName", "R"}})["Role"]["PermissionsBoundary"]["PermissionsBoundaryArn"]
          .string() == basic);
  CHECK(f.ok("ListEntitiesForPolicy", {{"PolicyArn", basic}})["PolicyRoles"].items().size() == 1);
  f.ok("DeleteRolePermissionsBoundary", {{"RoleName", "R"}});
  CHECK_FALSE(f.ok("GetRole", {{"RoleName", "R"}})["Role"].has("PermissionsBoundary"));
  f.ok("PutRolePolicy", {{"RoleName", "R"}, {"PolicyName", "i"}, {"PolicyDocument", document}});
  CHECK(f.ok("ListRolePolicies", {{"RoleName", "R"}})["PolicyNames"].strings() ==
        std::vector<std::string>{"i"});
  CHECK(percent_decode(
            f.ok("GetRolePolicy", {{"RoleName", "R"}, {"PolicyName", "i"}})["PolicyDocument"]
                .string()) == document);
  CHECK(f.refused("DeleteRole", {{"RoleName", "R"}}) ==
        "DeleteConflict: Cannot delete entity, must delete policies first.");
  f.ok("DeleteRolePolicy", {{"RoleName", "R"}, {"PolicyName", "i"}});
  f.ok("DeleteRole", {{"RoleName", "R"}});
}

TEST_CASE("iam: versions of a policy") {
  Fixture f;
  const auto arn = f.policy("P");
  for (int i = 2; i <= 5; ++i)
    f.ok("CreatePolicyVersion",
         {{"PolicyArn", arn}, {"PolicyDocument", document}, {"SetAsDefault", i == 5}});
  CHECK(f.refused("CreatePolicyVersion", {{"PolicyArn", arn}, {"PolicyDocument", document}})
            .starts_with("LimitExceeded: A managed policy can have up to 5"));
  CHECK(f.ok("GetPolicy", {{"PolicyArn", arn}})["Policy"]["DefaultVersionId"].string() == "v5");
  CHECK(names(f.ok("ListPolicyVersions", {{"PolicyArn", arn}})["Versions"], "VersionId") ==
        std::vector<std::string>{"v5", "v4", "v3", "v2", "v1"});
  CHECK(f.refused("DeletePolicyVersion", {{"PolicyArn", arn}, {"VersionId", "v5"}}) ==
        "DeleteConflict: Cannot delete the default version of a policy.");
  f.ok("SetDefaultPolicyVersion", {{"PolicyArn", arn}, {"VersionId", "v1"}});
  f.ok("DeletePolicyVersion", {{"PolicyArn", arn}, {"VersionId", "v5"}});
  CHECK(f.ok("CreatePolicyVersion",
             {{"PolicyArn", arn}, {"PolicyDocument", document}})["PolicyVersion"]["VersionId"]
            .string() == "v6");
  CHECK(f.refused("GetPolicyVersion", {{"PolicyArn", arn}, {"VersionId", "v5"}})
            .starts_with("NoSuchEntity: Policy " + arn + " version v5"));
  CHECK(f.refused("DeletePolicy", {{"PolicyArn", arn}})
            .starts_with("DeleteConflict: This policy has more than one version."));
}

TEST_CASE("iam: lists in pages whose markers survive changes and refuse nonsense") {
  Fixture f;
  for (const auto* name : {"a", "b", "c", "d"}) f.role(name);
  const auto first = f.ok("ListRoles", {{"MaxItems", 2}});
  CHECK(names(first["Roles"], "RoleName") == std::vector<std::string>{"a", "b"});
  CHECK(first["IsTruncated"].boolean());
  f.ok("DeleteRole", {{"RoleName", "b"}});
  f.role("aa");
  const auto rest = f.ok("ListRoles", {{"Marker", first["Marker"].string()}});
  CHECK(names(rest["Roles"], "RoleName") == std::vector<std::string>{"c", "d"});
  CHECK_FALSE(rest["IsTruncated"].boolean());
  CHECK_FALSE(rest.has("Marker"));
  CHECK(f.refused("ListRoles", {{"Marker", "nonsense"}}) == "ValidationError: Invalid Marker.");
  f.policy("mine");
  CHECK(names(f.ok("ListPolicies", {{"Scope", "Local"}})["Policies"], "PolicyName") ==
        std::vector<std::string>{"mine"});
  CHECK(
      f.ok("ListPolicies", {{"Scope", "AWS"}, {"OnlyAttached", true}})["Policies"].items().empty());
}

TEST_CASE("iam: a second identity with fewer rights, and its keys") {
  Fixture f;
  f.ok("CreateUser", {{"UserName", "ann"}, {"Path", "/team/"}});
  const auto key = f.ok("CreateAccessKey", {{"UserName", "ann"}})["AccessKey"];
  const auto id = key["AccessKeyId"].string();
  CHECK(key["SecretAccessKey"].string().size() == 40);
  const auto known = f.process->identities.find_key(id, "");
  REQUIRE(known);
  CHECK(known->secret_access_key == key["SecretAccessKey"].string());
  CHECK(known->caller.arn == "arn:aws:iam::000000000000:user/team/ann");
  CHECK_FALSE(f.process->identities.find_key(id, "a token"));

  f.ok("CreateAccessKey", {{"UserName", "ann"}});
  CHECK(f.refused("CreateAccessKey", {{"UserName", "ann"}}) ==
        "LimitExceeded: Cannot exceed quota for AccessKeysPerUser: 2");
  f.ok("UpdateAccessKey", {{"UserName", "ann"}, {"AccessKeyId", id}, {"Status", "Inactive"}});
  CHECK(f.process->identities.find_key(id, "").error().code == "InvalidClientTokenId");
  CHECK(f.process->identities.knows(id, ""));
  f.ok("DeleteAccessKey", {{"UserName", "ann"}, {"AccessKeyId", id}});
  CHECK_FALSE(f.process->identities.knows(id, ""));

  f.ok("CreateGroup", {{"GroupName", "readers"}});
  f.ok("PutGroupPolicy",
       {{"GroupName", "readers"}, {"PolicyName", "p"}, {"PolicyDocument", document}});
  f.ok("AddUserToGroup", {{"GroupName", "readers"}, {"UserName", "ann"}});
  CHECK(f.process->identities.policies_of(known->caller).identity.size() == 1);
  CHECK(f.ok("GetGroup", {{"GroupName", "readers"}})["Users"].items().size() == 1);
  CHECK(f.refused("DeleteUser", {{"UserName", "ann"}}).starts_with("DeleteConflict"));
  f.caller = known->caller;
  CHECK(f.ok("GetUser")["User"]["UserName"].string() == "ann");
  CHECK(f.ok("ListAccessKeys")["AccessKeyMetadata"].items().size() == 1);
}

TEST_CASE("iam: GetUser of root, and of a session") {
  Fixture f;
  const auto root = f.ok("GetUser")["User"];
  CHECK(root["Arn"].string() == "arn:aws:iam::000000000000:root");
  CHECK(root["UserId"].string() == "000000000000");
  f.caller.kind = aws::Caller::Kind::role_session;
  CHECK(f.refused("GetUser") ==
        "ValidationError: Must specify userName when calling with non-User credentials");
}

TEST_CASE("iam: renaming a user keeps its id, its keys and its policies") {
  Fixture f;
  const auto before = f.ok("CreateUser", {{"UserName", "ann"}})["User"]["UserId"].string();
  const auto id =
      f.ok("CreateAccessKey", {{"UserName", "ann"}})["AccessKey"]["AccessKeyId"].string();
  f.ok("UpdateUser", {{"UserName", "ann"}, {"NewUserName", "Anna"}});
  CHECK(f.ok("GetUser", {{"UserName", "anna"}})["User"]["UserId"].string() == before);
  CHECK(f.process->identities.find_key(id, "")->caller.name == "Anna");
  CHECK(f.run("GetUser", {{"UserName", "ann"}}).has_value() == false);
}

TEST_CASE("iam: tags; keys of roles are equal without regard to case") {
  Fixture f;
  f.role("R");
  const auto tag = [](const char* key, const char* value) {
    return Value::structure({{"Key", key}, {"Value", value}});
  };
  f.ok("TagRole", {{"RoleName", "R"}, {"Tags", Value::list({tag("Team", "a"), tag("x", "")})}});
  f.ok("TagRole", {{"RoleName", "R"}, {"Tags", Value::list({tag("team", "b")})}});
  CHECK(names(f.ok("ListRoleTags", {{"RoleName", "R"}})["Tags"], "Value") ==
        std::vector<std::string>{"b", ""});
  CHECK(f.refused("TagRole", {{"RoleName", "R"}, {"Tags", Value::list({tag("aws:x", "b")})}})
            .starts_with("InvalidInput"));
  CHECK(f.refused("TagRole",
                  {{"RoleName", "R"}, {"Tags", Value::list({tag("k", "b"), tag("K", "c")})}})
            .starts_with("InvalidInput: Duplicate"));
  f.ok("UntagRole", {{"RoleName", "R"}, {"TagKeys", Value::list({"TEAM"})}});
  CHECK(f.ok("ListRoleTags", {{"RoleName", "R"}})["Tags"].items().size() == 1);
}

TEST_CASE("iam: what operations ask") {
  Fixture f;
  f.ok("CreateRole", {{"RoleName", "R"},
                      {"Path", "/p/"},
                      {"AssumeRolePolicyDocument", trust},
                      {"PermissionsBoundary", basic}});
  const auto asks = [&](std::string_view operation, In members) {
    const auto input = Value::structure(members);
    const auto asked = f.process->iam.authorisation(f.call(operation, input));
    REQUIRE(asked.size() == 1);
    return asked.front();
  };
  CHECK(asks("GetRole", {{"RoleName", "r"}}).resources.front() ==
        "arn:aws:iam::000000000000:role/p/R");
  CHECK(asks("CreateRole", {{"RoleName", "New"}, {"Path", "/q/"}}).resources.front() ==
        "arn:aws:iam::000000000000:role/q/New");
  const auto attach = asks("AttachRolePolicy", {{"RoleName", "R"}, {"PolicyArn", "arn:p"}});
  CHECK(attach.action == "iam:AttachRolePolicy");
  CHECK(attach.resources.front() == "arn:aws:iam::000000000000:role/p/R");
  CHECK(attach.keys.at("iam:policyarn").front() == "arn:p");
  CHECK(attach.keys.at("iam:permissionsboundary").front() == basic);
  CHECK(asks("ListRoles", {}).resources.front() == "*");
  CHECK(asks("GetPolicy", {{"PolicyArn", basic}}).resources.front() == basic);
  CHECK(asks("CreatePolicy", {{"PolicyName", "P"}}).resources.front() ==
        "arn:aws:iam::000000000000:policy/P");
  CHECK(asks("AddUserToGroup", {{"UserName", "u"}, {"GroupName", "g"}}).resources.front() ==
        "arn:aws:iam::000000000000:group/g");
}

TEST_CASE("iam: simulation evaluates what the gateway would") {
  Fixture f;
  const auto arn = f.role("R");
  f.ok("PutRolePolicy", {{"RoleName", "R"}, {"PolicyName", "i"}, {"PolicyDocument", document}});
  const auto out = f.ok(
      "SimulatePrincipalPolicy",
      {{"PolicySourceArn", arn}, {"ActionNames", Value::list({"sns:Publish", "sqs:SendMessage"})}});
  CHECK(names(out["EvaluationResults"], "EvalDecision") ==
        std::vector<std::string>{"allowed", "implicitDeny"});
  const auto denied = replace_all(document, "Allow", "Deny");
  CHECK(names(f.ok("SimulateCustomPolicy",
                   {{"PolicyInputList", Value::list({document, denied})},
                    {"ActionNames", Value::list({"sns:Publish"})}})["EvaluationResults"],
              "EvalDecision") == std::vector<std::string>{"explicitDeny"});
  CHECK(f.refused("SimulateCustomPolicy", {{"PolicyInputList", Value::list({"{"})},
                                           {"ActionNames", Value::list({"sns:Publish"})}})
            .starts_with("InvalidInput"));
}

TEST_CASE("iam: everything survives a restart, sessions included") {
  Fixture f;
  const auto root = f.process->identities.root_key();
  const auto arn = f.role("R");
  f.ok("AttachRolePolicy", {{"RoleName", "R"}, {"PolicyArn", f.policy("P")}});
  f.ok("CreateUser", {{"UserName", "ann"}});
  const auto id =
      f.ok("CreateAccessKey", {{"UserName", "ann"}})["AccessKey"]["AccessKeyId"].string();
  const auto session =
      f.process->identities.assume_role_for_service(arn, "fn", "lambda.amazonaws.com", 1h);
  REQUIRE(session);
  const auto before = f.ok("GetRole", {{"RoleName", "R"}});
  f.restart();
  CHECK(f.process->identities.root_key().access_key_id == root.access_key_id);
  CHECK(f.process->identities.root_key().secret_access_key == root.secret_access_key);
  CHECK(f.ok("GetRole", {{"RoleName", "R"}}) == before);
  CHECK(f.process->identities.find_key(id, ""));
  const auto known = f.process->identities.find_key(session->access_key_id, session->session_token);
  REQUIRE(known);
  CHECK(known->secret_access_key == session->secret_access_key);
  CHECK(f.process->identities.policies_of(known->caller).identity.size() == 1);
}

TEST_CASE("iam: what limits a session goes with the caller, however many sessions come after") {
  Fixture f;
  f.role("R");
  Session limited;
  limited.entity = "R";
  limited.entity_id = f.ok("GetRole", {{"RoleName", "R"}})["Role"]["RoleId"].string();
  limited.name = "s";
  limited.policy_arns = {f.policy("P")};
  limited.tags = {{"Team", "sre"}};
  limited.source_identity = "ann";
  const auto& identities = f.process->identities;
  const auto c = identities.mint(limited, 1h);
  const auto known = identities.find_key(c.access_key_id, c.session_token);
  REQUIRE(known);
  for (int i = 0; i < 5000; ++i) identities.mint(limited, 1h);
  const auto policies = identities.policies_of(known->caller);
  REQUIRE(policies.session);
  CHECK(policies.session->statements.size() == 1);
  aws::ConditionKeys keys;
  identities.add_keys(known->caller, keys);
  CHECK(keys.at("aws:principaltag/team") == std::vector<std::string>{"sre"});
  CHECK(keys.at("aws:sourceidentity") == std::vector<std::string>{"ann"});
}

TEST_CASE("iam: sessions of services: trust, expiry on wall time, forgery") {
  Fixture f;
  const auto arn = f.role("R");
  const auto& identities = f.process->identities;
  CHECK(identities.trusts_service(arn, "lambda.amazonaws.com"));
  CHECK_FALSE(identities.trusts_service(arn, "events.amazonaws.com"));
  CHECK(identities.assume_role_for_service(arn, "s", "events.amazonaws.com", 1h).error().code ==
        "AccessDenied");
  CHECK(
      identities.assume_role_for_service(arn + "x", "s", "lambda.amazonaws.com", 1h).error().code ==
      "NoSuchEntity");
  const auto c = *identities.assume_role_for_service(arn, "s", "lambda.amazonaws.com", 1h);
  const auto other = *identities.assume_role_for_service(arn, "s", "lambda.amazonaws.com", 1h);
  CHECK(c.access_key_id.starts_with("ASIA"));
  CHECK(c.secret_access_key != other.secret_access_key);
  const auto code = [&](const std::string& key, const std::string& token) {
    const auto found = identities.find_key(key, token);
    return found ? "" : found.error().code;
  };
  CHECK(code(c.access_key_id, c.session_token).empty());
  CHECK(code(c.access_key_id, "") == "InvalidClientTokenId");
  CHECK(code(other.access_key_id, c.session_token) == "InvalidClientTokenId");
  auto forged = *unbase64(c.session_token);
  forged.back() = ' ';
  CHECK(code(c.access_key_id, base64(forged)) == "InvalidClientTokenId");
  CHECK(code(c.access_key_id, "////") == "InvalidClientTokenId");
  f.world.wall.skew = 1h;
  CHECK(code(c.access_key_id, c.session_token) == "ExpiredToken");
  f.world.wall.skew = -23h;
  f.world.advance(23h);  // the engine's clock alone ends no session
  CHECK(code(c.access_key_id, c.session_token).empty());
}

}  // namespace sitelatch::iam
