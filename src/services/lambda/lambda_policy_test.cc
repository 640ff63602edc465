// SPDX-License-Identifier: Apache-2.0
// Resource policies, event invoke configurations and what each operation asks of IAM: exact
// documents and texts.
#include "services/lambda/json_text.h"
#include "services/lambda/test_world.h"

namespace sitelatch::lambda::test {

namespace {
Value permission(const std::string& sid, const std::string& principal,
                 Value more = Value::structure()) {
  more.set("FunctionName", "f");
  more.set("StatementId", sid);
  more.set("Action", "lambda:InvokeFunction");
  more.set("Principal", principal);
  return more;
}
}  // namespace

TEST_CASE("the guide's permission makes the statement that AWS makes") {
  LambdaWorld w;
  w.make_function();
  const auto out = w.ok("AddPermission", permission("function-with-sns", "sns.amazonaws.com",
                                                    Value::structure({{"SourceArn", topic_arn}})));
  const auto statement =
      R"({"Sid":"function-with-sns","Effect":"Allow","Principal":)"
      R"({"Service":"sns.amazonaws.com"},"Action":"lambda:InvokeFunction","Resource":")" +
      function_arn + R"(","Condition":{"ArnLike":{"AWS:SourceArn":")" + topic_arn + R"("}}})";
  CHECK(out["Statement"].string() == statement);
  const auto policy = w.ok("GetPolicy", Value::structure({{"FunctionName", "f"}}));
  CHECK(policy["Policy"].string() ==
        R"({"Version":"2012-10-17","Id":"default","Statement":[)" + statement + "]}");
  CHECK(policy["RevisionId"].string() == w.configuration()["RevisionId"].string());
}

TEST_CASE("principals and conditions of every kind") {
  LambdaWorld w;
  w.make_function();
  const auto made = [&](const std::string& sid, const std::string& principal,
                        Value more = Value::structure()) {
    return *aws::from_json(
        w.ok("AddPermission", permission(sid, principal, std::move(more)))["Statement"].string());
  };
  CHECK(made("a", "*")["Principal"].string() == "*");
  const auto removal = Value::structure({{"FunctionName", "f"}, {"StatementId", "a"}});
  const auto asked = w.lambda->authorisation(w.call_of("RemovePermission", removal));
  CHECK(asked.at(0).keys.at("lambda:Principal") == std::vector<std::string>{"*"});
  CHECK(made("b", "111111111111")["Principal"]["AWS"].string() == "arn:aws:iam::111111111111:root");
  CHECK(made("c", "arn:aws:iam::111111111111:user/u")["Principal"]["AWS"].string() ==
        "arn:aws:iam::111111111111:user/u");
  const auto d = made("d", "events.amazonaws.com",
                      Value::structure({{"SourceAccount", "111111111111"},
                                        {"EventSourceToken", "t"},
                                        {"PrincipalOrgID", "o-1"}}));
  CHECK(d["Condition"]["StringEquals"]["AWS:SourceAccount"].string() == "111111111111");
  CHECK(d["Condition"]["StringEquals"]["lambda:EventSourceToken"].string() == "t");
  CHECK(d["Condition"]["StringEquals"]["aws:PrincipalOrgID"].string() == "o-1");
  CHECK_FALSE(made("e", "sns.amazonaws.com").has("Condition"));
  CHECK(w.refusal("AddPermission", permission("f", "nobody")) ==
        "InvalidParameterValueException: The provided principal was invalid. Please check the "
        "principal and try again.");
}

TEST_CASE("refusals of the policy operations") {
  LambdaWorld w;
  w.make_function();
  const auto f = Value::structure({{"FunctionName", "f"}});
  const auto remove = [](const char* sid) {
    return Value::structure({{"FunctionName", "f"}, {"StatementId", sid}});
  };
  CHECK(w.refusal("GetPolicy", f) ==
        "ResourceNotFoundException: The resource you requested does not exist.");
  CHECK(w.refusal("RemovePermission", remove("a")) ==
        "ResourceNotFoundException: No policy is associated with the given resource.");
  w.ok("AddPermission", permission("a", "sns.amazonaws.com"));
  CHECK(w.refusal("AddPermission", permission("a", "sns.amazonaws.com")) ==
        "ResourceConflictException: The statement id (a) provided already exists. Please provide a "
        "new statement id, or remove the existing statement.");
  CHECK(w.refusal("RemovePermission", remove("b")) ==
        "ResourceNotFoundException: Statement b is not found in resource policy.");
  CHECK(w.refusal("AddPermission", permission("c", "sns.amazonaws.com",
                                              Value::structure({{"Qualifier", "$LATEST"}}))) ==
        "InvalidParameterValueException: We currently do not support adding policies for $LATEST.");
  CHECK(w.refusal("AddPermission",
                  permission("c", "sns.amazonaws.com", Value::structure({{"RevisionId", "old"}})))
            .starts_with("PreconditionFailedException"));
  w.ok("RemovePermission", remove("a"));
  CHECK(w.refusal("GetPolicy", f) ==
        "ResourceNotFoundException: The resource you requested does not exist.");
  std::string refusal;
  for (int i = 0; i < 1000 && refusal.empty(); ++i)
    if (const auto out =
            w.call("AddPermission", permission("s" + std::to_string(i), "sns.amazonaws.com"));
        !out)
      refusal = out.error().code + ": " + out.error().message;
  CHECK(refusal.starts_with("PolicyLengthExceededException: The final policy size ("));
  CHECK(w.ok("GetPolicy", f)["Policy"].string().size() <= 20'480);
}

TEST_CASE("a version has a policy of its own, and a function made anew has none") {
  LambdaWorld w;
  w.make_function();
  w.ok("PublishVersion", Value::structure({{"FunctionName", "f"}}));
  w.ok("AddPermission",
       permission("a", "sns.amazonaws.com", Value::structure({{"Qualifier", "1"}})));
  const auto give = [&](const std::string& arn) {
    return w.lambda->invoke_async(arn, "{}", "sns.amazonaws.com", topic_arn).kind;
  };
  CHECK(give(function_arn + ":1") == aws::DispatchOutcome::Kind::accepted);
  CHECK(give(function_arn) == aws::DispatchOutcome::Kind::refused);
  w.allow_sns();
  CHECK(give(function_arn) == aws::DispatchOutcome::Kind::accepted);
  w.ok("DeleteFunction", Value::structure({{"FunctionName", "f"}}));
  w.make_function();
  CHECK(give(function_arn) == aws::DispatchOutcome::Kind::refused);
}

TEST_CASE("event invoke configuration: put replaces, update merges, and its refusals") {
  LambdaWorld w;
  w.make_function();
  w.make_function("g");
  const auto config = [](Value more) {
    more.set("FunctionName", "f");
    return more;
  };
  const auto to = [](const std::string& arn) {
    return Value::structure(
        {{"DestinationConfig",
          Value::structure({{"OnSuccess", Value::structure({{"Destination", arn}})}})}});
  };
  const std::string none = "ResourceNotFoundException: The function " + function_arn +
                           ":$LATEST doesn't have an EventInvokeConfig";
  CHECK(w.refusal("GetFunctionEventInvokeConfig", config(Value::structure())) == none);
  CHECK(w.refusal("DeleteFunctionEventInvokeConfig", config(Value::structure())) == none);
  CHECK(w.refusal("UpdateFunctionEventInvokeConfig",
                  config(Value::structure({{"MaximumRetryAttempts", 1}}))) == none);
  CHECK(w.refusal("PutFunctionEventInvokeConfig", config(Value::structure())) ==
        "InvalidParameterValueException: You must specify at least one of error handling or "
        "destination setting.");
  CHECK(w.refusal("PutFunctionEventInvokeConfig",
                  Value::structure({{"FunctionName", "nope"}, {"MaximumRetryAttempts", 1}})) ==
        "ResourceNotFoundException: The function doesn't exist.");
  CHECK(w.refusal("PutFunctionEventInvokeConfig", config(to(function_arn))) ==
        "InvalidParameterValueException: You can't specify the function as a destination for "
        "itself.");
  CHECK(w.refusal("PutFunctionEventInvokeConfig", config(to(function_arn + "x"))) ==
        "InvalidParameterValueException: The destination ARN " + function_arn + "x is invalid.");
  // g is here, but not in that account (fact lambda-43)
  const std::string elsewhere = "arn:aws:lambda:eu-west-1:111111111111:function:g";
  CHECK(w.refusal("PutFunctionEventInvokeConfig", config(to(elsewhere))) ==
        "InvalidParameterValueException: The destination ARN " + elsewhere + " is invalid.");
  CHECK(w.refusal("PutFunctionEventInvokeConfig", config(to("arn:aws:iam::000000000000:role/r"))) ==
        "InvalidParameterValueException: The provided destination config "
        "DestinationConfig(onSuccess=OnSuccess(destination=arn:aws:iam::000000000000:role/r), "
        "onFailure=null) is invalid.");
  w.destinations.works = false;
  CHECK(w.refusal("PutFunctionEventInvokeConfig", config(to(topic_arn))) ==
        "InvalidParameterValueException: The function's execution role does not have permissions "
        "to call Publish on " +
            topic_arn);
  w.destinations.works = true;

  const auto put =
      w.ok("PutFunctionEventInvokeConfig", config(Value::structure({{"MaximumRetryAttempts", 0}})));
  CHECK(put["FunctionArn"].string() == function_arn + ":$LATEST");
  CHECK(put["MaximumRetryAttempts"].integer() == 0);
  CHECK_FALSE(put.has("MaximumEventAgeInSeconds"));
  CHECK(put["DestinationConfig"] ==
        Value::structure({{"OnSuccess", Value::structure()}, {"OnFailure", Value::structure()}}));
  w.ok("UpdateFunctionEventInvokeConfig",
       config(Value::structure({{"MaximumEventAgeInSeconds", 60}, {"Qualifier", "$LATEST"}})));
  const auto merged = w.ok("GetFunctionEventInvokeConfig", config(Value::structure()));
  CHECK(merged["MaximumRetryAttempts"].integer() == 0);
  CHECK(merged["MaximumEventAgeInSeconds"].integer() == 60);
  w.ok("PutFunctionEventInvokeConfig",
       config(to("arn:aws:lambda:eu-west-1:000000000000:function:g")));
  CHECK_FALSE(
      w.ok("GetFunctionEventInvokeConfig", config(Value::structure())).has("MaximumRetryAttempts"));
  CHECK(w.ok("ListFunctionEventInvokeConfigs",
             config(Value::structure()))["FunctionEventInvokeConfigs"]
            .items()
            .size() == 1);
  w.ok("DeleteFunctionEventInvokeConfig", config(Value::structure()));
  CHECK(w.refusal("GetFunctionEventInvokeConfig", config(Value::structure())) == none);
}

TEST_CASE("what operations ask of IAM") {
  LambdaWorld w;
  w.make_function();
  w.allow_sns();
  const auto asked = [&](std::string_view operation, const Value& input) {
    return w.lambda->authorisation(w.call_of(operation, input));
  };
  auto input = LambdaWorld::function_input("g");
  input.set("Tags", Value::structure({{"Team", "sre"}}));
  const auto create = asked("CreateFunction", input);
  REQUIRE(create.size() == 3);
  CHECK(create[0].action == "lambda:CreateFunction");
  CHECK(create[0].resources ==
        std::vector<std::string>{"arn:aws:lambda:eu-west-1:000000000000:function:g"});
  CHECK(create[0].keys.at("aws:requesttag/team") == std::vector<std::string>{"sre"});
  CHECK(create[1].action == "iam:PassRole");
  CHECK(create[1].resources == std::vector<std::string>{role_arn});
  CHECK(create[1].keys.at("iam:passedtoservice") ==
        std::vector<std::string>{"lambda.amazonaws.com"});
  CHECK(create[2].action == "lambda:TagResource");

  const auto invoke =
      asked("Invoke", Value::structure({{"FunctionName", "f"}, {"Qualifier", "live"}}));
  REQUIRE(invoke.size() == 1);
  CHECK(invoke[0].action == "lambda:InvokeFunction");
  CHECK(invoke[0].resources == std::vector<std::string>{function_arn + ":live"});
  CHECK(invoke[0].resource_policy.empty());
  CHECK(asked("Invoke", Value::structure({{"FunctionName", "f"}}))[0].resource_policy.find(
            "function-with-sns") != std::string::npos);
  CHECK(asked("ListFunctions", Value::structure())[0].resources == std::vector<std::string>{"*"});
  CHECK(asked("AddPermission", permission("x", "sns.amazonaws.com"))[0].keys.at(
            "lambda:principal") == std::vector<std::string>{"sns.amazonaws.com"});
  CHECK(asked("RemovePermission",
              Value::structure({{"FunctionName", "f"}, {"StatementId", "function-with-sns"}}))[0]
            .keys.at("lambda:principal") == std::vector<std::string>{"sns.amazonaws.com"});
  CHECK(asked("UpdateFunctionConfiguration",
              Value::structure({{"FunctionName", "f"}, {"Timeout", 3}}))
            .size() == 1);
  CHECK(asked("UpdateFunctionConfiguration",
              Value::structure({{"FunctionName", "f"}, {"Role", role_arn}}))
            .size() == 2);
  CHECK(asked("ListTags", Value::structure({{"Resource", function_arn}}))[0].resources ==
        std::vector<std::string>{function_arn});
}

TEST_CASE("what is JSON and what is not") {
  for (const auto* good : {"{}", "[]", "null", " 1 ", "-0.5e+3", "\"\\u00fc\\n\"",
                           "{\"a\":[1,{\"b\":null}],\"c\":\"\"}", "0", "[[],{}]", "\"\xC3\xBC\""})
    CHECK_MESSAGE(is_json(good), good);
  for (const auto* bad :
       {"",         " ",       "{",         "}",      "[1,]", "{\"a\"}",   "{\"a\":}",
        "{a:1}",    "01",      "1.",        ".5",     "1e",   "tru",       "nulll",
        "\"",       "\"\\x\"", "\"\\u12\"", "\"\n\"", "[1}",  "{\"a\":1]", "1 2",
        "\"\xFF\"", "[1 2]",   "{,}",       "+1",     "-",    "'a'"})
    CHECK_MESSAGE(!is_json(bad), bad);
}

}  // namespace sitelatch::lambda::test
