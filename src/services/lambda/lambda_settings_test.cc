// SPDX-License-Identifier: Apache-2.0
// Code signing, provisioned concurrency, runtime management and recursion by AWS's API.
#include "services/lambda/function_code.h"
#include "services/lambda/test_world.h"

namespace sitelatch::lambda::test {

namespace {

Value of_f(Value more = Value::structure()) {
  more.set("FunctionName", "f");
  return more;
}
Value signing_input(const char* policy) {
  return Value::structure(
      {{"Description", "d"},
       {"AllowedPublishers",
        Value::structure(
            {{"SigningProfileVersionArns",
              Value::list({"arn:aws:signer:eu-west-1:000000000000:/signing-profiles/p/v"})}})},
       {"CodeSigningPolicies", Value::structure({{"UntrustedArtifactOnDeployment", policy}})}});
}
Value provisioned(const char* qualifier, int executions = 0) {
  auto out = of_f(Value::structure({{"Qualifier", qualifier}}));
  if (executions > 0) out.set("ProvisionedConcurrentExecutions", executions);
  return out;
}

struct VersionedWorld : LambdaWorld {
  VersionedWorld() {
    make_function();
    ok("PublishVersion", of_f());
    ok("CreateAlias", of_f(Value::structure({{"Name", "live"}, {"FunctionVersion", "1"}})));
    ok("CreateAlias", of_f(Value::structure({{"Name", "head"}, {"FunctionVersion", "$LATEST"}})));
  }
};

}  // namespace

TEST_CASE("a code signing configuration: made, changed, listed, given to functions, deleted") {
  LambdaWorld w;
  w.make_function();
  CHECK(w.ok("ListCodeSigningConfigs", Value::structure())["CodeSigningConfigs"].items().empty());
  const auto made = w.ok("CreateCodeSigningConfig", signing_input("Warn"))["CodeSigningConfig"];
  const auto arn = made["CodeSigningConfigArn"].string();
  CHECK(arn == "arn:aws:lambda:eu-west-1:000000000000:code-signing-config:" +
                   made["CodeSigningConfigId"].string());
  CHECK(made["CodeSigningConfigId"].string().size() == 21);
  CHECK(made["LastModified"].string() == "2026-01-01T00:00:00.000+0000");
  const auto named = Value::structure({{"CodeSigningConfigArn", arn}});
  auto of_config = of_f(named);
  w.ok("PutFunctionCodeSigningConfig", of_config);
  w.ok("TagResource",
       Value::structure({{"Resource", arn}, {"Tags", Value::structure({{"a", "b"}})}}));
  w.crash();
  CHECK(w.ok("GetCodeSigningConfig", named)["CodeSigningConfig"] == made);
  CHECK(w.ok("ListTags", Value::structure({{"Resource", arn}}))["Tags"]["a"].string() == "b");
  CHECK(w.ok("GetFunctionCodeSigningConfig", of_f())["CodeSigningConfigArn"].string() == arn);
  CHECK(w.ok("ListFunctionsByCodeSigningConfig", named)["FunctionArns"].strings() ==
        std::vector<std::string>{function_arn});
  CHECK(w.refusal("DeleteCodeSigningConfig", named).starts_with("ResourceConflictException: "));

  // Warn lets what is unsigned in; Enforce does not, at the next deployment.
  const auto code = of_f(Value::structure({{"ZipFile", small_zip()}}));
  w.ok("UpdateFunctionCode", code);
  auto enforced = signing_input("Enforce");
  enforced.set("CodeSigningConfigArn", arn);
  w.ok("UpdateCodeSigningConfig", enforced);
  const std::string unsigned_refused =
      "CodeVerificationFailedException: Lambda cannot deploy the function. The function or layer "
      "might be signed using a signature that the client is not configured to accept. Check the "
      "provided signature for unsigned.";
  CHECK(w.refusal("UpdateFunctionCode", code) == unsigned_refused);
  auto other = LambdaWorld::function_input("g");
  other.set("CodeSigningConfigArn", arn);
  CHECK(w.refusal("CreateFunction", other) == unsigned_refused);
  w.ok("DeleteFunctionCodeSigningConfig", of_f());
  w.ok("UpdateFunctionCode", code);
  w.ok("DeleteCodeSigningConfig", named);
  CHECK(w.refusal("GetCodeSigningConfig", named) ==
        "ResourceNotFoundException: The Lambda code signing configuration " + arn +
            " can not be found.");
  CHECK(w.refusal("PutFunctionCodeSigningConfig", of_config) ==
        "CodeSigningConfigNotFoundException: The code signing configuration cannot be found. Check "
        "that the provided configuration is not deleted: " +
            arn + ".");
}

TEST_CASE("provisioned concurrency: in progress when put, ready when read, gone with its alias") {
  VersionedWorld w;
  const auto put = w.ok("PutProvisionedConcurrencyConfig", provisioned("live", 3));
  CHECK(put["Status"].string() == "IN_PROGRESS");
  CHECK(put["AllocatedProvisionedConcurrentExecutions"].integer() == 0);
  w.crash();
  const auto read = w.ok("GetProvisionedConcurrencyConfig", provisioned("live"));
  CHECK(read["Status"].string() == "READY");
  CHECK(read["RequestedProvisionedConcurrentExecutions"].integer() == 3);
  CHECK(read["AvailableProvisionedConcurrentExecutions"].integer() == 3);
  CHECK(read["LastModified"] == put["LastModified"]);
  const auto listed =
      w.ok("ListProvisionedConcurrencyConfigs", of_f())["ProvisionedConcurrencyConfigs"].items();
  REQUIRE(listed.size() == 1);
  CHECK(listed[0]["FunctionArn"].string() == function_arn + ":live");
  CHECK(w.ok("GetAccountSettings",
             Value::structure())["AccountLimit"]["UnreservedConcurrentExecutions"]
            .integer() == 997);

  CHECK(w.refusal("UpdateAlias",
                  of_f(Value::structure({{"Name", "live"}, {"FunctionVersion", "$LATEST"}})))
            .starts_with("InvalidParameterValueException: Provisioned Concurrency Configs cannot"));
  CHECK(w.refusal("PutProvisionedConcurrencyConfig", provisioned("1", 1)) ==
        "ResourceConflictException: Version is pointed by a Provisioned Concurrency alias");
  w.ok("DeleteAlias", of_f(Value::structure({{"Name", "live"}})));
  CHECK(w.ok("ListProvisionedConcurrencyConfigs", of_f())["ProvisionedConcurrencyConfigs"]
            .items()
            .empty());
  w.ok("PutProvisionedConcurrencyConfig", provisioned("1", 1));
  w.ok("DeleteProvisionedConcurrencyConfig", provisioned("1"));
  w.ok("DeleteProvisionedConcurrencyConfig", provisioned("1"));  // again: no error
  CHECK(w.refusal("GetProvisionedConcurrencyConfig", provisioned("1")) ==
        "ProvisionedConcurrencyConfigNotFoundException: No Provisioned Concurrency Config found "
        "for this function");
}

TEST_CASE("what provisioned concurrency refuses, word for word") {
  VersionedWorld w;
  const auto refusal = [&](const char* qualifier, int executions) {
    return w.refusal("PutProvisionedConcurrencyConfig", provisioned(qualifier, executions));
  };
  const std::string unpublished =
      "InvalidParameterValueException: Provisioned Concurrency Configs cannot be applied to "
      "unpublished function versions.";
  CHECK(refusal("$LATEST", 1) == unpublished);
  CHECK(refusal("head", 1) == unpublished);
  CHECK(refusal("nobody", 1) ==
        "ResourceNotFoundException: Cannot find alias arn: " + function_arn + ":nobody");
  CHECK(refusal("7", 1) == "ResourceNotFoundException: Function not found: " + function_arn + ":7");
  CHECK(refusal("live", 1001) ==
        "InvalidParameterValueException: Specified ConcurrentExecutions for function is greater "
        "than account's unreserved concurrency [1000].");
  CHECK(refusal("live", 901) ==
        "InvalidParameterValueException: Specified ConcurrentExecutions for function decreases "
        "account's UnreservedConcurrentExecution below its minimum value of [100].");
  CHECK(w.refusal("GetProvisionedConcurrencyConfig", provisioned("$LATEST")) ==
        "InvalidParameterValueException: The function resource provided must be an alias or a "
        "published version.");
  w.ok("PutFunctionConcurrency", of_f(Value::structure({{"ReservedConcurrentExecutions", 5}})));
  CHECK(refusal("live", 6) ==
        "InvalidParameterValueException: Requested Provisioned Concurrency should not be greater "
        "than the reservedConcurrentExecution for function");
  w.ok("PutProvisionedConcurrencyConfig", provisioned("live", 5));
  CHECK(w.refusal("PutFunctionConcurrency",
                  of_f(Value::structure({{"ReservedConcurrentExecutions", 4}}))) ==
        "InvalidParameterValueException:  ReservedConcurrentExecutions  4 should not be lower than "
        "function's total provisioned concurrency [5].");
}

TEST_CASE("runtime management and recursion are kept, and checked") {
  VersionedWorld w;
  const auto runtime = w.configuration()["RuntimeVersionConfig"]["RuntimeVersionArn"].string();
  const auto updates = [](const char* on, const std::string& arn = "") {
    auto out = of_f(Value::structure({{"UpdateRuntimeOn", on}}));
    if (!arn.empty()) out.set("RuntimeVersionArn", arn);
    return out;
  };
  CHECK(w.ok("GetRuntimeManagementConfig", of_f())["UpdateRuntimeOn"].string() == "Auto");
  const auto put = w.ok("PutRuntimeManagementConfig", updates("Manual", runtime));
  CHECK(put["FunctionArn"].string() == function_arn + ":$LATEST");
  w.ok("PutFunctionRecursionConfig", of_f(Value::structure({{"RecursiveLoop", "Allow"}})));
  w.crash();
  CHECK(w.ok("GetRuntimeManagementConfig", of_f()) == put);
  CHECK(w.ok("GetFunctionRecursionConfig", of_f())["RecursiveLoop"].string() == "Allow");
  for (const auto& wrong : {updates("Manual"), updates("Auto", runtime),
                            updates("Manual", runtime.substr(0, runtime.size() - 1))})
    CHECK(w.refusal("PutRuntimeManagementConfig", wrong)
              .starts_with("InvalidParameterValueException: "));
}

TEST_CASE("queues take dead letters and are destinations where the role may send to them") {
  LambdaWorld w;
  w.make_function();
  const std::string queue = "arn:aws:sqs:eu-west-1:000000000000:q";
  const auto letters =
      of_f(Value::structure({{"DeadLetterConfig", Value::structure({{"TargetArn", queue}})}}));
  const auto destination = [&](const std::string& arn) {
    return of_f(Value::structure(
        {{"DestinationConfig",
          Value::structure({{"OnFailure", Value::structure({{"Destination", arn}})}})}}));
  };
  CHECK(w.refusal("UpdateFunctionConfiguration", letters) ==
        "InvalidParameterValueException: The provided execution role does not have permissions to "
        "call SendMessage on SQS");
  CHECK(w.refusal("PutFunctionEventInvokeConfig", destination(queue)) ==
        "InvalidParameterValueException: The function's execution role does not have permissions "
        "to call SendMessage on " +
            queue);
  w.destinations.takes_queues = true;
  w.ok("UpdateFunctionConfiguration", letters);
  w.ok("PutFunctionEventInvokeConfig", destination(queue));
  CHECK(w.configuration()["DeadLetterConfig"]["TargetArn"].string() == queue);
  CHECK(w.refusal("PutFunctionEventInvokeConfig", destination(queue + ".fifo"))
            .starts_with("InvalidParameterValueException: The provided destination config"));
}

TEST_CASE("capacity providers and durable executions: none is here") {
  LambdaWorld w;
  w.make_function();
  CHECK(w.ok("ListCapacityProviders", Value::structure())["CapacityProviders"].items().empty());
  CHECK(w.ok("ListDurableExecutionsByFunction", of_f())["DurableExecutions"].items().empty());
  CHECK(w.refusal("ListCapacityProviders", Value::structure({{"Marker", "x"}})) ==
        "InvalidParameterValueException: Invalid marker: x");
  CHECK(w.refusal("ListDurableExecutionsByFunction", Value::structure({{"FunctionName", "g"}})) ==
        "ResourceNotFoundException: Function not found: "
        "arn:aws:lambda:eu-west-1:000000000000:function:g");
  const std::string absent =
      "ResourceNotFoundException: The resource you requested does not exist.";
  CHECK(w.refusal("GetCapacityProvider", Value::structure({{"CapacityProviderName", "c"}})) ==
        absent);
  CHECK(w.refusal("ListTags", Value::structure({{"Resource",
                                                 "arn:aws:lambda:eu-west-1:000000000000:"
                                                 "capacity-provider:c"}})) == absent);
  const auto execution =
      Value::structure({{"DurableExecutionArn", function_arn + ":1/durable-execution/a/b"}});
  CHECK(w.refusal("GetDurableExecution", execution) == absent);
  CHECK(w.refusal("StopDurableExecution", execution) == absent);
  CHECK(
      w.refusal("CreateCapacityProvider",
                Value::structure(
                    {{"CapacityProviderName", "c"},
                     {"VpcConfig", Value::structure({{"SubnetIds", Value::list({"subnet-1"})}})}}))
          .starts_with("InvalidParameterValueException: Error occurred while DescribeSubnets."));
}

}  // namespace sitelatch::lambda::test
