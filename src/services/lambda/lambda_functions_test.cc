// SPDX-License-Identifier: Apache-2.0
// The life of a function: created as the guide does, read, changed, published, deleted; and what is
// refused, in AWS's words.
#include "services/lambda/function_code.h"
#include "services/lambda/test_world.h"

namespace sitelatch::lambda::test {

TEST_CASE("the guide's function is Pending in the answer and Active right after it") {
  LambdaWorld w;
  const auto created = w.begin("CreateFunction", LambdaWorld::function_input());
  REQUIRE(created->has_value());
  const auto& answer = (*created)->value();
  CHECK(answer["FunctionArn"].string() == function_arn);
  CHECK(answer["State"].string() == "Pending");
  CHECK(answer["StateReason"].string() == "The function is being created.");
  CHECK(answer["StateReasonCode"].string() == "Creating");
  CHECK_FALSE(answer.has("LastUpdateStatus"));
  CHECK_FALSE(answer.has("Environment"));
  CHECK(answer["Timeout"].integer() == 3);
  CHECK(answer["MemorySize"].integer() == 128);
  CHECK(answer["Version"].string() == "$LATEST");
  CHECK(answer["LastModified"].string() == "2026-01-01T00:00:00.000+0000");
  CHECK(answer["CodeSize"].integer() == static_cast<std::int64_t>(small_zip().size()));
  CHECK(answer["CodeSha256"].string() == sha256_base64(small_zip()));
  CHECK(answer["LoggingConfig"]["LogGroup"].string() == "/aws/lambda/f");
  CHECK(answer["SnapStart"]["OptimizationStatus"].string() == "Off");

  w.world.settle();  // no time goes on
  const auto later = w.ok("GetFunction", Value::structure({{"FunctionName", function_arn}}));
  const auto& configuration = later["Configuration"];
  CHECK(configuration["State"].string() == "Active");
  CHECK(configuration["LastUpdateStatus"].string() == "Successful");
  CHECK_FALSE(configuration.has("StateReason"));
  CHECK(configuration["RevisionId"].string() != answer["RevisionId"].string());
  CHECK_FALSE(later.has("Tags"));
}

TEST_CASE("Code.Location serves the package to who has the token, and to nobody else") {
  LambdaWorld w;
  w.make_function();
  const auto got = w.ok("GetFunction", Value::structure({{"FunctionName", "f"}}));
  const auto location = got["Code"]["Location"].string();
  REQUIRE(location.starts_with("http://127.0.0.1:4566/_sitelatch/code/"));
  const auto path = location.substr(std::string{"http://127.0.0.1:4566"}.size());
  REQUIRE(w.lambda->code_at(path));
  CHECK(*w.lambda->code_at(path) == small_zip());
  auto forged = path;
  forged.back() = forged.back() == '0' ? '1' : '0';
  CHECK_FALSE(w.lambda->code_at(forged));
  CHECK_FALSE(w.lambda->code_at("/_sitelatch/code/"));
  CHECK_FALSE(w.lambda->code_at(path + "/x"));
  w.crash();
  CHECK(w.lambda->code_at(path));
  w.ok("DeleteFunction", Value::structure({{"FunctionName", "f"}}));
  CHECK_FALSE(w.lambda->code_at(path));
}

struct Refused {
  const char* what;
  const char* member;
  Value value;
  const char* text;
};

TEST_CASE("what CreateFunction refuses, word for word") {
  LambdaWorld w;
  const std::string unzip =
      "InvalidParameterValueException: Could not unzip uploaded file. Please check your file, then "
      "try to upload again.";
  const auto code = [](const std::string& zip) { return Value::structure({{"ZipFile", zip}}); };
  const auto variables = [](const std::string& key, const std::string& value) {
    return Value::structure({{"Variables", Value::structure({{key, value}})}});
  };
  const std::vector<Refused> table = {
      {"no zip", "Code", code("hello"), unzip.c_str()},
      {"empty zip", "Code", code(""),
       "InvalidParameterValueException: Uploaded file must be a non-empty zip"},
      {"escaping zip", "Code", code(zip_with({{"../x", "y"}})), unzip.c_str()},
      {"absolute zip", "Code", code(zip_with({{"/etc/x", "y"}})), unzip.c_str()},
      {"cut zip", "Code", code(small_zip().substr(0, small_zip().size() - 8)), unzip.c_str()},
      {"S3", "Code", Value::structure({{"S3Bucket", "b"}, {"S3Key", "k"}}),
       "InvalidParameterValueException: Error occurred while GetObject. S3 Error Code: "
       "NoSuchBucket. S3 Error Message: The specified bucket does not exist"},
      {"no source", "Code", Value::structure(),
       "InvalidParameterValueException: Please provide a source for function code."},
      {"timeout", "Timeout", 901,
       "ValidationException: 1 validation error detected: Value '901' at 'timeout' failed to "
       "satisfy constraint: Member must have value less than or equal to 900"},
      {"memory", "MemorySize", 10241,
       "ValidationException: 1 validation error detected: Value '10241' at 'memorySize' failed to "
       "satisfy constraint: Member must have value less than or equal to 10240"},
      {"architectures", "Architectures", Value::list({"x86_64", "arm64"}),
       "ValidationException: 1 validation error detected: Value '[x86_64, arm64]' at "
       "'architectures' failed to satisfy constraint: Member must have length less than or equal "
       "to 1"},
      {"reserved variable", "Environment", variables("AWS_REGION", "x"),
       "InvalidParameterValueException: Lambda was unable to configure your environment variables "
       "because the environment variables you have provided contains reserved keys that are "
       "currently not supported for modification. Reserved keys used in this request: AWS_REGION"},
      {"retired runtime", "Runtime", "python2.7",
       "InvalidParameterValueException: The runtime parameter of python2.7 is no longer supported "
       "for creating or updating AWS Lambda functions. We recommend you use a supported runtime "
       "while creating or updating functions."},
      {"no handler", "Handler", Value{},
       "InvalidParameterValueException: Runtime and Handler are mandatory parameters for functions "
       "created with deployment packages."},
      {"layer", "Layers", Value::list({"arn:aws:lambda:eu-west-1:000000000000:layer:l:1"}),
       "InvalidParameterValueException: Layer version "
       "arn:aws:lambda:eu-west-1:000000000000:layer:l:1 does not exist."},
      {"queue for dead letters", "DeadLetterConfig",
       Value::structure({{"TargetArn", "arn:aws:sqs:eu-west-1:000000000000:q"}}),
       "InvalidParameterValueException: The provided execution role does not have permissions to "
       "call SendMessage on SQS"},
      {"system tag", "Tags", Value::structure({{"aws:x", "y"}}),
       "InvalidParameterValueException: System tags cannot be added or removed: aws:x"},
  };
  for (const auto& row : table) {
    INFO(row.what);
    auto input = LambdaWorld::function_input();
    input.set(row.member, row.value);
    CHECK(w.refusal("CreateFunction", input) == row.text);
  }
  auto input = LambdaWorld::function_input();
  input.set("Runtime", "non-existent-runtime");
  CHECK(w.refusal("CreateFunction", input)
            .starts_with("InvalidParameterValueException: Value non-existent-runtime at 'runtime' "
                         "failed to satisfy "
                         "constraint: Member must satisfy enum value set: [nodejs20.x, python3.14, "
                         "provided.al2023, "));
  CHECK(w.ok("ListFunctions", Value::structure())["Functions"].items().empty());
}

TEST_CASE("a variable map over 4 KB is measured in the refusal; at 4 KB it is taken") {
  LambdaWorld w;
  auto input = LambdaWorld::function_input();
  const auto with = [&](std::size_t bytes) {
    input.set(
        "Environment",
        Value::structure({{"Variables", Value::structure({{"A", std::string(bytes, 'x')}})}}));
    return input;
  };
  const std::size_t around = std::string{R"({"A":""})"}.size();
  CHECK(w.refusal("CreateFunction", with(4097 - around))
            .find("exceeded the 4KB limit. String measured: {\"A\":\"xxx") != std::string::npos);
  CHECK(w.ok("CreateFunction", with(4096 - around))["Environment"]["Variables"]["A"]
            .string()
            .size() == 4096 - around);
}

TEST_CASE("a bomb of zeroes is refused by what it would unpack to") {
  LambdaWorld w;
  const std::string zeroes(52'428'800, '\0');
  std::vector<std::pair<std::string, std::string>> files;
  for (int i = 0; i < 6; ++i) files.emplace_back("z" + std::to_string(i), zeroes);
  const auto bomb = zip_with(files);
  REQUIRE(bomb.size() < 1'000'000);
  auto input = LambdaWorld::function_input();
  input.set("Code", Value::structure({{"ZipFile", bomb}}));
  CHECK(w.refusal("CreateFunction", input) ==
        "InvalidParameterValueException: Unzipped size must be smaller than 262144000 bytes");
}

TEST_CASE("a zip with a damaged file is refused") {
  auto zip = zip_with({{"a.txt", "the quick brown fox jumps over the lazy dog"}});
  CHECK(inspect_zip(zip).has_value());
  zip[40] = static_cast<char>(zip[40] ^
                              0x55);  // in the file's bytes: after 30 bytes of header and 5 of name
  CHECK_FALSE(inspect_zip(zip).has_value());
}

TEST_CASE("a role that Lambda may not assume is refused, at creation and at change") {
  LambdaWorld w;
  const auto text =
      "InvalidParameterValueException: The role defined for the function cannot be assumed by "
      "Lambda.";
  w.roles.trusted = false;
  CHECK(w.refusal("CreateFunction", LambdaWorld::function_input()) == text);
  w.roles.trusted = true;
  w.make_function();
  w.roles.trusted = false;
  CHECK(w.refusal("UpdateFunctionConfiguration",
                  Value::structure({{"FunctionName", "f"}, {"Role", role_arn}})) == text);
}

TEST_CASE("names: taken, unknown, elsewhere") {
  LambdaWorld w;
  w.make_function();
  CHECK(w.refusal("CreateFunction", LambdaWorld::function_input()) ==
        "ResourceConflictException: Function already exist: f");
  const auto get = [&](const std::string& name) {
    return w.refusal("GetFunction", Value::structure({{"FunctionName", name}}));
  };
  CHECK(get("g") ==
        "ResourceNotFoundException: Function not found: "
        "arn:aws:lambda:eu-west-1:000000000000:function:g");
  CHECK(get("f:nope") ==
        "ResourceNotFoundException: Function not found: " + function_arn + ":nope");
  CHECK(get("arn:aws:lambda:us-east-1:000000000000:function:f") ==
        "ResourceNotFoundException: Functions from 'us-east-1' are not reachable in this region "
        "('eu-west-1')");
  CHECK(w.refusal("GetFunction", Value::structure({{"FunctionName", "f:1"}, {"Qualifier", "2"}})) ==
        "InvalidParameterValueException: The derived qualifier from the function name does not "
        "match the specified qualifier.");
  for (const auto* spelling : {"f", "function:f", "000000000000:function:f", "000000000000:f",
                               "eu-west-1:000000000000:function:f", "f:$LATEST"})
    CHECK(w.configuration(spelling)["FunctionName"].string() == "f");
  CHECK(w.configuration("f:$LATEST")["FunctionArn"].string() == function_arn + ":$LATEST");
}

TEST_CASE(
    "every change and every transition has a RevisionId of its own, and a stale one is refused") {
  LambdaWorld w;
  std::vector<std::string> seen;
  seen.push_back(w.ok("CreateFunction", LambdaWorld::function_input())["RevisionId"].string());
  seen.push_back(w.configuration()["RevisionId"].string());
  auto update = w.ok("UpdateFunctionConfiguration",
                     Value::structure({{"FunctionName", "f"}, {"Timeout", 10}}));
  CHECK(update["LastUpdateStatus"].string() == "InProgress");
  CHECK(update["LastUpdateStatusReason"].string() == "The function is being created.");
  CHECK(update["State"].string() == "Active");
  CHECK(update["Timeout"].integer() == 10);
  seen.push_back(update["RevisionId"].string());
  seen.push_back(w.configuration()["RevisionId"].string());
  CHECK(w.configuration()["LastUpdateStatus"].string() == "Successful");
  for (std::size_t i = 0; i < seen.size(); ++i)
    for (std::size_t j = i + 1; j < seen.size(); ++j) CHECK(seen[i] != seen[j]);

  const std::string stale =
      "PreconditionFailedException: The Revision Id provided does not match the latest Revision "
      "Id. Call the "
      "GetFunction/GetAlias API to retrieve the latest Revision Id";
  for (const auto& row : std::vector<std::pair<const char*, Value>>{
           {"UpdateFunctionConfiguration", 5}, {"PublishVersion", {}}}) {
    auto input =
        Value::structure({{"FunctionName", "f"}, {"Timeout", row.second}, {"RevisionId", seen[2]}});
    CHECK(w.refusal(row.first, input) == stale);
  }
  CHECK(w.refusal("UpdateFunctionCode", Value::structure({{"FunctionName", "f"},
                                                          {"ZipFile", small_zip()},
                                                          {"RevisionId", seen[0]}})) == stale);
  w.ok("UpdateFunctionConfiguration",
       Value::structure({{"FunctionName", "f"}, {"Timeout", 5}, {"RevisionId", seen[3]}}));
}

TEST_CASE("an update leaves alone what it does not name, and replaces the environment as a whole") {
  LambdaWorld w;
  auto input = LambdaWorld::function_input();
  input.set("Description", "latch");
  input.set("Environment",
            Value::structure({{"Variables", Value::structure({{"A", "1"}, {"B", "2"}})}}));
  w.ok("CreateFunction", input);
  w.ok("UpdateFunctionConfiguration",
       Value::structure(
           {{"FunctionName", "f"},
            {"MemorySize", 256},
            {"Environment", Value::structure({{"Variables", Value::structure({{"C", "3"}})}})}}));
  const auto now = w.configuration();
  CHECK(now["Description"].string() == "latch");
  CHECK(now["MemorySize"].integer() == 256);
  CHECK(now["Environment"]["Variables"] == Value::structure({{"C", "3"}}));
  w.ok("UpdateFunctionConfiguration",
       Value::structure({{"FunctionName", "f"}, {"Environment", Value::structure()}}));
  CHECK(w.configuration()["Environment"]["Variables"] == Value::structure());
}

TEST_CASE(
    "a second update while one is in progress conflicts; invocations meanwhile run what was "
    "there") {
  LambdaWorld w;
  w.make_function();
  w.begin("UpdateFunctionConfiguration",
          Value::structure({{"FunctionName", "f"}, {"Timeout", 10}}));
  const auto second = w.begin("UpdateFunctionConfiguration",
                              Value::structure({{"FunctionName", "f"}, {"Timeout", 11}}));
  CHECK((*second)->error().message ==
        "The operation cannot be performed at this time. An update is in progress for resource: " +
            function_arn);
  std::uint32_t timeout = 0;
  w.world.functions.run = [&](const auto& spec, const auto&, const auto& done) {
    timeout = spec.timeout_s;
    done(ports::sim::success_outcome());
  };
  w.begin("Invoke", Value::structure({{"FunctionName", "f"}}));
  w.world.settle();
  CHECK(timeout == 3);
  w.ok("Invoke", Value::structure({{"FunctionName", "f"}}));
  CHECK(timeout == 10);
}

TEST_CASE("a crash before the function has settled settles it at the next start") {
  LambdaWorld w;
  w.begin("CreateFunction", LambdaWorld::function_input());
  w.crash();
  CHECK(w.ok("ListFunctions", Value::structure())["Functions"]
            .items()
            .empty());  // it was never acknowledged
  w.begin("CreateFunction", LambdaWorld::function_input());
  w.world.journal.commit();  // durable, and the transition lost with the crash
  w.crash();
  w.world.settle();
  CHECK(w.configuration()["State"].string() == "Active");
}

TEST_CASE("new code: kept once per digest, forgotten with its last user") {
  LambdaWorld w;
  w.make_function("f");
  w.make_function("g");
  const auto rows = [&] {
    int count = 0;
    w.world.journal.scan("lambda.code", "", "", [&](auto, auto) { return ++count > 0; });
    return count;
  };
  CHECK(rows() == 1);
  const auto other = zip_with({{"lambda.py", "def handler(e, c):\n    return 1\n"}});
  const auto dry =
      w.ok("UpdateFunctionCode",
           Value::structure({{"FunctionName", "f"}, {"ZipFile", other}, {"DryRun", true}}));
  CHECK(dry["CodeSha256"].string() == sha256_base64(other));
  CHECK(w.configuration()["CodeSha256"].string() == sha256_base64(small_zip()));
  CHECK(rows() == 1);
  w.ok("UpdateFunctionCode", Value::structure({{"FunctionName", "f"}, {"ZipFile", other}}));
  CHECK(rows() == 2);
  w.ok("UpdateFunctionCode", Value::structure({{"FunctionName", "g"}, {"ZipFile", other}}));
  CHECK(rows() == 1);
  w.ok("DeleteFunction", Value::structure({{"FunctionName", "f"}}));
  CHECK(rows() == 1);
  w.ok("DeleteFunction", Value::structure({{"FunctionName", "g"}}));
  CHECK(rows() == 0);
}

TEST_CASE("everything about a function survives a crash") {
  LambdaWorld w;
  auto input = LambdaWorld::function_input();
  input.set("Environment",
            Value::structure({{"Variables", Value::structure({{"A", "\xC3\xBC \"1\""}})}}));
  input.set("Tags", Value::structure({{"team", "sre"}}));
  input.set("Publish", true);
  CHECK(w.ok("CreateFunction", input)["Version"].string() == "1");
  w.allow_sns();
  w.ok("CreateAlias",
       Value::structure({{"FunctionName", "f"}, {"Name", "live"}, {"FunctionVersion", "1"}}));
  w.ok("PutFunctionConcurrency",
       Value::structure({{"FunctionName", "f"}, {"ReservedConcurrentExecutions", 3}}));
  w.ok("PutFunctionEventInvokeConfig",
       Value::structure({{"FunctionName", "f"}, {"MaximumRetryAttempts", 1}}));
  const auto everything = [&] {
    const auto name = Value::structure({{"FunctionName", "f"}});
    return std::vector<Value>{w.ok("GetFunction", name), w.ok("GetPolicy", name),
                              w.ok("ListAliases", name), w.ok("ListVersionsByFunction", name),
                              w.ok("GetFunctionEventInvokeConfig", name)};
  };
  const auto before = everything();
  w.crash();
  w.world.settle();
  CHECK(everything() == before);
  CHECK(before[0]["Concurrency"]["ReservedConcurrentExecutions"].integer() == 3);
  CHECK(before[0]["Tags"]["team"].string() == "sre");
  w.ok("UpdateFunctionConfiguration", Value::structure({{"FunctionName", "f"}, {"Timeout", 9}}));
  CHECK(w.ok("PublishVersion", Value::structure({{"FunctionName", "f"}}))["Version"].string() ==
        "2");
}

TEST_CASE("versions: published once per change, numbered for ever, aliased, deleted") {
  LambdaWorld w;
  w.make_function();
  const auto f = Value::structure({{"FunctionName", "f"}});
  const auto first = w.ok("PublishVersion", f);
  CHECK(first["Version"].string() == "1");
  CHECK(first["FunctionArn"].string() == function_arn + ":1");
  CHECK(w.ok("PublishVersion", f)["Version"].string() == "1");
  w.ok("UpdateFunctionConfiguration", Value::structure({{"FunctionName", "f"}, {"Timeout", 9}}));
  CHECK(w.ok("PublishVersion", f)["Version"].string() == "2");
  CHECK(w.configuration("f:1")["Timeout"].integer() == 3);
  CHECK(w.configuration("f:2")["Timeout"].integer() == 9);
  w.ok("CreateAlias",
       Value::structure({{"FunctionName", "f"}, {"Name", "live"}, {"FunctionVersion", "2"}}));
  CHECK(w.configuration("f:live")["FunctionArn"].string() == function_arn + ":live");
  CHECK(w.configuration("f:live")["Version"].string() == "2");
  const auto del = [](const char* q) {
    return Value::structure({{"FunctionName", "f"}, {"Qualifier", q}});
  };
  CHECK(w.refusal("DeleteFunction", del("2")) ==
        "ResourceConflictException: Unable to delete version because the following aliases "
        "reference it: [live]");
  CHECK(w.refusal("DeleteFunction", del("$LATEST")) ==
        "InvalidParameterValueException: $LATEST version cannot be deleted without deleting the "
        "function.");
  w.ok("DeleteAlias", Value::structure({{"FunctionName", "f"}, {"Name", "live"}}));
  w.ok("DeleteAlias", Value::structure({{"FunctionName", "f"}, {"Name", "live"}}));
  w.ok("DeleteFunction", del("2"));
  w.ok("UpdateFunctionConfiguration", Value::structure({{"FunctionName", "f"}, {"Timeout", 8}}));
  CHECK(w.ok("PublishVersion", f)["Version"].string() == "3");
  const auto versions = w.ok("ListVersionsByFunction", f)["Versions"];
  REQUIRE(versions.items().size() == 3);
  CHECK(versions.items()[0]["FunctionArn"].string() == function_arn + ":$LATEST");
  CHECK(versions.items()[2]["Version"].string() == "3");
}

TEST_CASE("a version has one name: its number with zeroes before it is none (fact lambda-42)") {
  LambdaWorld w;
  w.make_function();
  const auto f = Value::structure({{"FunctionName", "f"}});
  w.ok("PublishVersion", f);
  const auto live = [](const char* version) {
    return Value::structure(
        {{"FunctionName", "f"}, {"Name", "live"}, {"FunctionVersion", version}});
  };
  const auto with = [&](Value more) {
    Value out = Value::structure({{"FunctionName", "f"}, {"Qualifier", "01"}});
    for (const auto& [name, value] : more.members()) out.set(name, value);
    return out;
  };
  const std::string none = "ResourceNotFoundException: Function not found: " + function_arn + ":01";
  CHECK(w.refusal("CreateAlias", live("01")) == none);
  w.ok("CreateAlias", live("1"));
  CHECK(w.refusal("DeleteFunction", with({})) == none);
  CHECK(w.configuration("f:live")["Version"].string() == "1");
  for (const auto* operation :
       {"GetFunction", "GetFunctionConfiguration", "Invoke", "GetRuntimeManagementConfig"})
    CHECK_MESSAGE(w.refusal(operation, with({})) == none, operation);
  CHECK(w.refusal("GetFunction", Value::structure({{"FunctionName", "f:01"}})) == none);
  CHECK(w.refusal("AddPermission", with(Value::structure({{"StatementId", "s"},
                                                          {"Action", "lambda:InvokeFunction"},
                                                          {"Principal", "sns.amazonaws.com"}}))) ==
        none);
  CHECK(w.refusal("PutFunctionEventInvokeConfig",
                  with(Value::structure({{"MaximumRetryAttempts", 0}}))) ==
        "ResourceNotFoundException: The function doesn't exist.");
  CHECK(w.refusal("UpdateAlias", live("01")) == none);
  // As the additional version it would be the alias's own a second time.
  auto twice = live("1");
  twice.set("RoutingConfig",
            Value::structure({{"AdditionalVersionWeights", Value::structure({{"01", 0.5}})}}));
  CHECK(w.refusal("UpdateAlias", twice) == none);
}

TEST_CASE("aliases: refusals, and a share for a second version") {
  LambdaWorld w;
  w.make_function();
  w.ok("PublishVersion", Value::structure({{"FunctionName", "f"}}));
  const auto alias = [](const char* version) {
    return Value::structure(
        {{"FunctionName", "f"}, {"Name", "live"}, {"FunctionVersion", version}});
  };
  CHECK(w.refusal("CreateAlias", alias("7")) ==
        "ResourceNotFoundException: Function not found: " + function_arn + ":7");
  CHECK(w.refusal("GetAlias", alias("1")) ==
        "ResourceNotFoundException: Cannot find alias arn: " + function_arn + ":live");
  w.ok("CreateAlias", alias("1"));
  CHECK(w.refusal("CreateAlias", alias("1")) ==
        "ResourceConflictException: Alias already exists: " + function_arn + ":live");
  w.ok("UpdateFunctionConfiguration", Value::structure({{"FunctionName", "f"}, {"Timeout", 8}}));
  w.ok("PublishVersion", Value::structure({{"FunctionName", "f"}}));
  auto half = Value::structure(
      {{"FunctionName", "f"},
       {"Name", "live"},
       {"RoutingConfig",
        Value::structure({{"AdditionalVersionWeights", Value::structure({{"2", 0.5}})}})}});
  CHECK(w.ok("UpdateAlias", half)["RoutingConfig"]["AdditionalVersionWeights"]["2"].number() ==
        0.5);
  std::map<std::string, int> ran;
  for (int i = 0; i < 200; ++i)
    ++ran[w.ok("Invoke", Value::structure({{"FunctionName", "f:live"}}))["ExecutedVersion"]
              .string()];
  CHECK(ran["1"] > 60);
  CHECK(ran["2"] > 60);
  CHECK(ran["1"] + ran["2"] == 200);
}

TEST_CASE("lists go by pages of at most fifty, whatever is made or deleted in between") {
  LambdaWorld w;
  for (int i = 10; i < 70; ++i) w.make_function("f" + std::to_string(i));
  const auto first = w.ok("ListFunctions", Value::structure({{"MaxItems", 10000}}));
  REQUIRE(first["Functions"].items().size() == 50);
  CHECK_FALSE(first["Functions"].items()[0].has("State"));
  w.make_function("f0");
  w.ok("DeleteFunction", Value::structure({{"FunctionName", "f20"}}));
  const auto rest = w.ok("ListFunctions", Value::structure({{"Marker", first["NextMarker"]}}));
  CHECK(rest["Functions"].items().size() == 10);
  CHECK_FALSE(rest.has("NextMarker"));
  CHECK(w.refusal("ListFunctions", Value::structure({{"Marker", "nonsense"}}))
            .starts_with("InvalidParameterValueException"));
}

TEST_CASE("tags") {
  LambdaWorld w;
  w.make_function();
  const auto on = [](const std::string& arn, Value tags) {
    return Value::structure({{"Resource", arn}, {"Tags", std::move(tags)}});
  };
  w.ok("TagResource", on(function_arn, Value::structure({{"a", "1"}, {"b", "2"}})));
  w.ok("UntagResource",
       Value::structure({{"Resource", function_arn}, {"TagKeys", Value::list({"a", "absent"})}}));
  CHECK(w.ok("ListTags", Value::structure({{"Resource", function_arn}}))["Tags"] ==
        Value::structure({{"b", "2"}}));
  CHECK(w.refusal("TagResource", on(function_arn, Value::structure())) ==
        "InvalidParameterValueException: An error occurred and the request cannot be processed.");
  CHECK(w.refusal("TagResource", on(function_arn + ":1", Value::structure({{"a", "1"}}))) ==
        "InvalidParameterValueException: Tags on function aliases and versions are not supported. "
        "Please specify a function ARN.");
  CHECK(w.refusal("ListTags", Value::structure({{"Resource", function_arn + "x"}})) ==
        "ResourceNotFoundException: Function not found: " + function_arn + "x");
  Value many = Value::structure();
  for (int i = 0; i < 50; ++i) many.set("k" + std::to_string(i), "v");
  CHECK(w.refusal("TagResource", on(function_arn, many)) ==
        "InvalidParameterValueException: Number of tags exceeds resource tag limit.");
}

TEST_CASE("what Terraform reads besides") {
  LambdaWorld w;
  w.make_function();
  const auto f = Value::structure({{"FunctionName", "f"}});
  CHECK(w.ok("GetFunctionCodeSigningConfig", f) ==
        Value::structure({{"CodeSigningConfigArn", ""}, {"FunctionName", "f"}}));
  CHECK(w.ok("GetRuntimeManagementConfig", f)["UpdateRuntimeOn"].string() == "Auto");
  CHECK(w.ok("GetFunctionRecursionConfig", f)["RecursiveLoop"].string() == "Terminate");
  const auto settings = w.ok("GetAccountSettings", Value::structure());
  CHECK(settings["AccountLimit"]["ConcurrentExecutions"].integer() == 1000);
  CHECK(settings["AccountUsage"]["FunctionCount"].integer() == 1);
  CHECK(w.ok("DeleteFunction", f)["StatusCode"].integer() == 204);
  CHECK(w.world.functions.retired == std::vector<std::string>{function_arn});
}

}  // namespace sitelatch::lambda::test
