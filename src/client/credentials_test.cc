// SPDX-License-Identifier: Apache-2.0
#include "client/credentials.h"

#include <doctest/doctest.h>

#include "base/text.h"
#include "client/test_support.h"

namespace sitelatch::client {
namespace {

using test::answer;
using test::no_answer;

constexpr auto json =
    R"({"Version":1,"AccessKeyId":"AKIDJSON","SecretAccessKey":"s","SessionToken":"t",)"
    R"("Expiration":"2027-01-01T00:00:00Z"})";

// The sources alone; STS answers with the role's name as the key, and keeps what it was asked.
struct Chain {
  test::FakeEnvironment here;
  ports::sim::SeededEntropy entropy{7};
  test::FakeTransport transport;
  Options options;
  struct Assumed {
    std::string operation;
    Value input;
    std::string with;
  };
  std::vector<Assumed> assumed;

  Chain() { here.variables["AWS_EC2_METADATA_DISABLED"] = "true"; }

  Outcome<Credentials> find() {
    const auto configuration = read_configuration(options, here);
    if (!configuration) return failure(configuration.error());
    CredentialSources sources(
        *configuration, here, entropy, transport,
        [this](std::string_view operation, const Value& input, const Credentials* with) {
          assumed.push_back({std::string{operation}, input, with ? with->access_key_id : "nobody"});
          return Outcome<Value>{Value::structure(
              {{"Credentials",
                Value::structure({{"AccessKeyId", "K:" + input["RoleArn"].string()},
                                  {"SecretAccessKey", "s"},
                                  {"SessionToken", "t"},
                                  {"Expiration", from_unix_seconds(1'795'003'600)}})}})};
        });
    return sources.find();
  }
  std::string key() {
    const auto found = find();
    return found ? found->access_key_id : found.error().code;
  }
  void config(std::string text) { here.files["/home/me/.aws/config"] = std::move(text); }
  void credentials(std::string text) { here.files["/home/me/.aws/credentials"] = std::move(text); }
};

TEST_CASE("nothing anywhere: the error says where was looked") {
  Chain chain;
  const auto found = chain.find();
  REQUIRE_FALSE(found);
  CHECK(found.error().code == "NoCredentials");
  const auto text = explain(found.error(), "read health check 1");
  for (const auto place : {"Cannot read health check 1", "AWS_ACCESS_KEY_ID", "profile default",
                           "/home/me/.aws/credentials", "AWS_EC2_METADATA_DISABLED", "--profile"})
    CHECK(text.find(place) != std::string::npos);
}

TEST_CASE("the environment, with its token and expiry") {
  Chain chain;
  chain.here.variables["AWS_ACCESS_KEY_ID"] = "AKID";
  CHECK(chain.key() == "PartialCredentials");
  chain.here.variables["AWS_SECRET_ACCESS_KEY"] = "s";
  chain.here.variables["AWS_SESSION_TOKEN"] = "tok";
  chain.here.variables["AWS_CREDENTIAL_EXPIRATION"] = "2027-01-01T00:00:00Z";
  const auto found = chain.find();
  REQUIRE(found);
  CHECK(found->session_token == "tok");
  CHECK(found->expiration.has_value());
}

TEST_CASE("--profile comes before the environment, AWS_PROFILE after it") {
  Chain chain;
  chain.here.variables["AWS_ACCESS_KEY_ID"] = "AKIDENV";
  chain.here.variables["AWS_SECRET_ACCESS_KEY"] = "s";
  chain.here.variables["AWS_PROFILE"] = "ops";
  chain.credentials("[ops]\naws_access_key_id=AKIDOPS\naws_secret_access_key=s\n");
  CHECK(chain.key() == "AKIDENV");
  chain.options.profile = "ops";
  CHECK(chain.key() == "AKIDOPS");
}

TEST_CASE("--profile without credentials does not fall through to the container or the instance") {
  Chain chain;
  chain.options.profile = "empty";
  chain.config("[profile empty]\nregion=eu-west-1\n");
  chain.here.variables["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"] = "/x";
  CHECK(chain.key() == "NoCredentials");
  CHECK(chain.transport.asked.empty());
}

TEST_CASE("a profile's keys; half of them are an error") {
  Chain chain;
  chain.credentials("[default]\naws_access_key_id=A\n");
  CHECK(chain.key() == "PartialCredentials");
  chain.credentials(
      "[default]\naws_access_key_id=A\naws_secret_access_key=s\naws_session_token=t\n");
  CHECK(chain.key() == "A");
  CHECK(chain.find()->session_token == "t");
}

TEST_CASE("a role with a source profile, everything it says is sent") {
  Chain chain;
  chain.config(
      "[default]\nrole_arn=arn:aws:iam::1:role/"
      "r\nsource_profile=base\nexternal_id=x\nduration_seconds=900\n"
      "role_session_name=me\n");
  chain.credentials("[base]\naws_access_key_id=BASE\naws_secret_access_key=s\n");
  CHECK(chain.key() == "K:arn:aws:iam::1:role/r");
  REQUIRE(chain.assumed.size() == 1);
  CHECK(chain.assumed[0].operation == "AssumeRole");
  CHECK(chain.assumed[0].with == "BASE");
  CHECK(chain.assumed[0].input == Value::structure({{"RoleArn", "arn:aws:iam::1:role/r"},
                                                    {"RoleSessionName", "me"},
                                                    {"ExternalId", "x"},
                                                    {"DurationSeconds", 900}}));
  CHECK(chain.find()->expiration == WallInstant{std::chrono::seconds{1'795'003'600}});
}

TEST_CASE("roles in a chain, a role that is its own source, and a circle") {
  Chain chain;
  chain.config(
      "[profile a]\nrole_arn=A\nsource_profile=b\n[profile b]\nrole_arn=B\nsource_profile=b\n"
      "aws_access_key_id=KEYS\naws_secret_access_key=s\n");
  chain.options.profile = "a";
  CHECK(chain.key() == "K:A");
  REQUIRE(chain.assumed.size() == 2);
  CHECK(chain.assumed[0].with == "KEYS");
  CHECK(chain.assumed[1].with == "K:B");
  chain.config(
      "[profile a]\nrole_arn=A\nsource_profile=b\n[profile b]\nrole_arn=B\nsource_profile=a\n");
  CHECK(chain.find().error().message.find("circle") != std::string::npos);
}

TEST_CASE("mistakes in a role's profile are said") {
  Chain chain;
  chain.config("[default]\nrole_arn=A\n");
  CHECK(chain.key() == "PartialCredentials");
  chain.config("[default]\nrole_arn=A\nsource_profile=nowhere\n");
  CHECK(chain.key() == "ProfileNotFound");
  chain.config("[default]\nrole_arn=A\nsource_profile=default\n");
  CHECK(chain.key() == "NoCredentials");
  chain.config("[default]\nrole_arn=A\ncredential_source=Moon\n");
  CHECK(chain.key() == "InvalidProfile");
  chain.config("[default]\nrole_arn=A\ncredential_source=Environment\nsource_profile=x\n");
  CHECK(chain.key() == "InvalidProfile");
  CHECK(chain.assumed.empty());
}

TEST_CASE("guard-on-aws 30: an MFA code is asked for at the terminal, and wanted where none is") {
  Chain chain;
  chain.config(
      "[default]\nrole_arn=A\nsource_profile=x\nmfa_serial=arn:mfa\n[profile x]\n"
      "aws_access_key_id=KEYS\naws_secret_access_key=s\n");
  CHECK(chain.key() == "MfaNeeded");
  CHECK(explain(chain.find().error()).find("export-credentials") != std::string::npos);
  chain.here.typed = "  ";
  CHECK(chain.key() == "MfaNeeded");
  CHECK(chain.assumed.empty());
  chain.here.typed = "123456\n";
  CHECK(chain.key() == "K:A");
  REQUIRE(chain.assumed.size() == 1);
  CHECK(chain.assumed[0].input["SerialNumber"].string_or("") == "arn:mfa");
  CHECK(chain.assumed[0].input["TokenCode"].string_or("") == "123456");
  CHECK(chain.here.questions.back() == "Enter MFA code for arn:mfa: ");
}

TEST_CASE("a role with credentials from the environment, under --profile") {
  Chain chain;
  chain.config("[profile p]\nrole_arn=A\ncredential_source=Environment\n");
  chain.options.profile = "p";
  CHECK(chain.key() == "NoCredentials");
  chain.here.variables["AWS_ACCESS_KEY_ID"] = "ENV";
  chain.here.variables["AWS_SECRET_ACCESS_KEY"] = "s";
  CHECK(chain.key() == "K:A");
  CHECK(chain.assumed.at(0).with == "ENV");
}

TEST_CASE("web identity: variables, then the profile; unsigned") {
  Chain chain;
  chain.config("[default]\nweb_identity_token_file=/p/token\nrole_arn=P\n");
  CHECK(chain.key() == "WebIdentity");
  chain.here.files["/p/token"] = "ptoken\n";
  chain.here.files["/e/token"] = "etoken";
  CHECK(chain.key() == "K:P");
  chain.here.variables["AWS_WEB_IDENTITY_TOKEN_FILE"] = "/e/token";
  chain.here.variables["AWS_ROLE_ARN"] = "E";
  chain.here.variables["AWS_ROLE_SESSION_NAME"] = "pod";
  CHECK(chain.key() == "K:E");
  const auto& last = chain.assumed.back();
  CHECK(last.operation == "AssumeRoleWithWebIdentity");
  CHECK(last.with == "nobody");
  CHECK(last.input["WebIdentityToken"].string() == "etoken");
  CHECK(last.input["RoleSessionName"].string() == "pod");
  chain.options.profile = "default";  // named: the variables do not count
  CHECK(chain.key() == "K:P");
}

TEST_CASE("web identity from the environment alone, as in a Kubernetes pod") {
  Chain chain;
  chain.here.variables["AWS_WEB_IDENTITY_TOKEN_FILE"] = "/e/token";
  CHECK(chain.key() == "PartialCredentials");
  chain.here.variables["AWS_ROLE_ARN"] = "E";
  chain.here.files["/e/token"] = "etoken";
  CHECK(chain.key() == "K:E");
}

TEST_CASE("credential_process: split as a shell would, read as JSON, failures said") {
  Chain chain;
  chain.config("[default]\ncredential_process = /bin/get \"a b\" 'c d' e\\ f\n");
  CHECK(chain.find().error().message.find("/bin/get: No such file") != std::string::npos);
  chain.here.program = [](const auto&) { return ProgramOutput{0, json, ""}; };
  const auto found = chain.find();
  REQUIRE(found);
  CHECK(found->access_key_id == "AKIDJSON");
  CHECK(found->session_token == "t");
  CHECK(found->expiration.has_value());
  CHECK(chain.here.started.back() == std::vector<std::string>{"/bin/get", "a b", "c d", "e f"});
  chain.here.program = [](const auto&) { return ProgramOutput{3, "", "first\nno login\n"}; };
  CHECK(chain.find().error().message.find("status 3: no login") != std::string::npos);
  for (const auto bad : {"", "no", "[]", "{}", R"({"AccessKeyId":"A"})",
                         R"({"AccessKeyId":1,"SecretAccessKey":[]})"}) {
    chain.here.program = [&](const auto&) { return ProgramOutput{0, bad, ""}; };
    CHECK(chain.key() == "UnreadableCredentials");
  }
  chain.config("[default]\ncredential_process = /bin/get \"a\n");
  CHECK(chain.key() == "CredentialProcess");
}

TEST_CASE("keys count before credential_process, a role before keys") {
  Chain chain;
  chain.here.program = [](const auto&) { return ProgramOutput{0, json, ""}; };
  chain.config(
      "[default]\ncredential_process=x\naws_access_key_id=KEYS\naws_secret_access_key=s\n");
  CHECK(chain.key() == "KEYS");
  chain.config(
      "[default]\nrole_arn=R\nsource_profile=default\naws_access_key_id=KEYS\naws_secret_access_"
      "key=s\n");
  CHECK(chain.key() == "K:R");
}

TEST_CASE("SSO goes through the aws CLI; without it the sentence says what to do") {
  Chain chain;
  chain.config("[default]\nsso_session=corp\nsso_account_id=1\n");
  const auto missing = chain.find();
  REQUIRE_FALSE(missing);
  CHECK(missing.error().message.find("aws sso login --profile default") != std::string::npos);
  chain.here.program = [](const auto&) { return ProgramOutput{0, json, ""}; };
  CHECK(chain.key() == "AKIDJSON");
  CHECK(join(chain.here.started.back(), " ") ==
        "aws configure export-credentials --profile default --format process");
}

TEST_CASE("the container: relative and full address, token, and no token to strangers") {
  Chain chain;
  const auto give = [](const Exchange&) {
    return answer(200, R"({"AccessKeyId":"CONTAINER","SecretAccessKey":"s","Token":"t"})");
  };
  chain.here.variables["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"] = "/v2/x?id=1";
  chain.transport.routes["GET http://169.254.170.2/v2/x?id=1"] = give;
  CHECK(chain.key() == "CONTAINER");
  CHECK_FALSE(chain.transport.asked.back().api);

  chain.here.variables.erase("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
  chain.here.variables["AWS_CONTAINER_CREDENTIALS_FULL_URI"] =
      "http://169.254.170.23/v1/credentials";
  chain.here.variables["AWS_CONTAINER_AUTHORIZATION_TOKEN"] = "old";
  chain.here.variables["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"] = "/token";
  CHECK(chain.key() == "ContainerCredentials");
  chain.here.files["/token"] = "new\n";
  chain.transport.routes["GET http://169.254.170.23/v1/credentials"] = give;
  CHECK(chain.key() == "CONTAINER");
  CHECK(chain.transport.asked.back().request.headers.get("Authorization") == "new");

  const auto asked = chain.transport.asked.size();
  for (const auto url : {"http://evil.example/x", "http://169.254.170.2.evil.example/",
                         "ftp://127.0.0.1/", "http://a@127.0.0.1/"}) {
    chain.here.variables["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = url;
    CHECK(chain.key() == "ContainerCredentials");
  }
  CHECK(chain.transport.asked.size() == asked);
}

TEST_CASE("the instance's metadata: version 2 with a token, short limits") {
  Chain chain;
  chain.here.variables.clear();
  chain.transport.routes["PUT http://169.254.169.254/latest/api/token"] =
      [](const Exchange& exchange) {
        CHECK(exchange.request.headers.get("x-aws-ec2-metadata-token-ttl-seconds") == "21600");
        CHECK(exchange.limits.total == std::chrono::seconds{1});
        return answer(200, "TOKEN");
      };
  const std::string roles = "GET http://169.254.169.254/latest/meta-data/iam/security-credentials/";
  chain.transport.routes[roles] = [](const Exchange&) { return answer(200, "my-role\n"); };
  chain.transport.routes[roles + "my-role"] = [](const Exchange& exchange) {
    CHECK(exchange.request.headers.get("x-aws-ec2-metadata-token") == "TOKEN");
    return answer(200,
                  R"({"Code":"Success","AccessKeyId":"INSTANCE","SecretAccessKey":"s","Token":"t",)"
                  R"("Expiration":"2027-01-01T00:00:00Z"})");
  };
  CHECK(chain.key() == "INSTANCE");
  chain.here.variables["AWS_EC2_METADATA_DISABLED"] = "TRUE";
  CHECK(chain.key() == "NoCredentials");
}

TEST_CASE(
    "the instance's metadata: whatever it fails with, there are no credentials, and why is said") {
  Chain chain;
  chain.here.variables.clear();
  CHECK(chain.find().error().message.find("metadata (no answer)") != std::string::npos);
  chain.transport.routes["PUT "] = [](const Exchange&) { return answer(403, ""); };
  CHECK(chain.find().error().message.find("metadata (answered 403)") != std::string::npos);
  chain.transport.routes["PUT "] = [](const Exchange&) { return answer(200, "T"); };
  chain.transport.routes["GET "] = [](const Exchange&) { return answer(404, ""); };
  CHECK(chain.find().error().message.find("no role") != std::string::npos);
  chain.transport.routes["GET "] = [](const Exchange&) { return answer(200, "<html>"); };
  CHECK(chain.key() == "NoCredentials");
}

TEST_CASE("the order of all: environment, profile, container, instance") {
  Chain chain;
  chain.here.variables = {{"AWS_ACCESS_KEY_ID", "ENV"},
                          {"AWS_SECRET_ACCESS_KEY", "s"},
                          {"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/c"}};
  chain.credentials("[default]\naws_access_key_id=PROFILE\naws_secret_access_key=s\n");
  chain.transport.routes["GET http://169.254.170.2/c"] = [](const Exchange&) {
    return answer(200, R"({"AccessKeyId":"CONTAINER","SecretAccessKey":"s"})");
  };
  CHECK(chain.key() == "ENV");
  chain.here.variables.erase("AWS_ACCESS_KEY_ID");
  CHECK(chain.key() == "PROFILE");
  chain.here.files.clear();
  CHECK(chain.key() == "CONTAINER");
  chain.transport.routes.clear();
  CHECK(chain.key() == "HostUnanswered");  // configured, so its failure is the error
}

TEST_CASE("command splitting") {
  using Words = std::vector<std::string>;
  CHECK(split_command("a  b\tc") == Words{"a", "b", "c"});
  CHECK(split_command("'' \"\"") == Words{"", ""});
  CHECK(split_command(R"("a\"b" 'c\d' "e\f")") == Words{"a\"b", "c\\d", "e\\f"});
  CHECK(split_command("") == Words{});
  CHECK_FALSE(split_command("'open"));
}

}  // namespace
}  // namespace sitelatch::client
