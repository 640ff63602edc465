// SPDX-License-Identifier: Apache-2.0
// Function URL configurations by AWS's API, and invocations at the URL.
#include <set>

#include "services/lambda/test_world.h"

namespace sitelatch::lambda::test {

namespace {

Value url_input(Value more = Value::structure(), const std::string& function = "f") {
  more.set("FunctionName", function);
  return more;
}
Value open_to_all(Value more = Value::structure()) {
  more.set("AuthType", "NONE");
  return url_input(std::move(more));
}

struct UrlWorld : LambdaWorld {
  UrlWorld() {
    make_function();
    ok("PublishVersion", url_input());
    ok("CreateAlias", url_input(Value::structure({{"Name", "live"}, {"FunctionVersion", "1"}})));
  }
  static std::string id_of(const Value& url) {
    const auto text = url["FunctionUrl"].string();
    return text.substr(7, text.find('.') - 7);
  }
  // A GET that was let in.
  aws::HttpResponse get(const std::string& id) {
    aws::HttpRequest request;
    const UrlPlace place{id, "eu-west-1", "d", "/x", false};
    const std::string request_id = "r-1";
    const auto target = lambda->urls().find(place);
    REQUIRE(target);
    std::optional<aws::HttpResponse> got;
    lambda->urls().invoke(*target, {request, place, request_id, nullptr, "", world.timers.now()},
                          [&got](aws::HttpResponse response) {
                            REQUIRE_FALSE(got);
                            got = std::move(response);
                          });
    world.settle();
    REQUIRE(got);
    return *got;
  }
  bool serves(const std::string& id, const std::string& region = "eu-west-1") const {
    return lambda->urls().find({id, region, "", "/", false}).has_value();
  }
};

}  // namespace

TEST_CASE("function URLs: made, read, changed, deleted, in AWS's words") {
  UrlWorld w;
  const auto made = w.ok("CreateFunctionUrlConfig", open_to_all());
  const auto id = UrlWorld::id_of(made);
  CHECK(id.size() == 32);
  CHECK(made["FunctionUrl"].string() == "http://" + id + ".lambda-url.eu-west-1.localhost:4566/");
  CHECK(made["FunctionArn"].string() == function_arn);
  CHECK(made["AuthType"].string() == "NONE");
  CHECK(made.has("CreationTime"));
  for (const auto* absent : {"LastModifiedTime", "InvokeMode", "Cors"})
    CHECK_FALSE(made.has(absent));
  CHECK(w.refusal("CreateFunctionUrlConfig", open_to_all()) ==
        "ResourceConflictException: Failed to create function url config for [functionArn = " +
            function_arn + "]. Error message:  FunctionUrlConfig exists for this Lambda function");

  const auto read = w.ok("GetFunctionUrlConfig", url_input());
  CHECK(read["FunctionUrl"] == made["FunctionUrl"]);
  CHECK(read["InvokeMode"].string() == "BUFFERED");
  CHECK(read["LastModifiedTime"] == read["CreationTime"]);

  w.world.advance(seconds{5});
  const auto cors = Value::structure({{"AllowOrigins", Value::list({"*"})}, {"MaxAge", 5}});
  const auto changed = w.ok("UpdateFunctionUrlConfig",
                            url_input(Value::structure({{"AuthType", "AWS_IAM"}, {"Cors", cors}})));
  CHECK(changed["AuthType"].string() == "AWS_IAM");
  CHECK(changed["Cors"] == cors);
  CHECK(changed["FunctionUrl"] == made["FunctionUrl"]);
  CHECK(changed["CreationTime"] == made["CreationTime"]);
  CHECK_FALSE(changed["LastModifiedTime"] == made["CreationTime"]);
  // What is not named stays; empty settings are none.
  CHECK(w.ok("UpdateFunctionUrlConfig", url_input())["Cors"] == cors);
  CHECK_FALSE(
      w.ok("UpdateFunctionUrlConfig", url_input(Value::structure({{"Cors", Value::structure()}})))
          .has("Cors"));

  CHECK(w.serves(id));
  w.ok("DeleteFunctionUrlConfig", url_input());
  CHECK_FALSE(w.serves(id));
  const std::string none = "ResourceNotFoundException: The resource you requested does not exist.";
  CHECK(w.refusal("GetFunctionUrlConfig", url_input()) == none);
  CHECK(w.refusal("UpdateFunctionUrlConfig", url_input()) == none);
  CHECK(w.refusal("DeleteFunctionUrlConfig", url_input()) == none);
  const auto again = w.ok("CreateFunctionUrlConfig", open_to_all());
  CHECK_FALSE(again["FunctionUrl"] == made["FunctionUrl"]);
}

TEST_CASE("function URLs: what has none") {
  UrlWorld w;
  const std::string no_function = "ResourceNotFoundException: Function does not exist";
  const auto of_nobody = [](Value more = Value::structure()) {
    return url_input(std::move(more), "nobody");
  };
  CHECK(w.refusal("CreateFunctionUrlConfig", of_nobody(Value::structure({{"AuthType", "NONE"}}))) ==
        no_function);
  CHECK(w.refusal("UpdateFunctionUrlConfig", of_nobody()) == no_function);
  CHECK(w.refusal("ListFunctionUrlConfigs", of_nobody()) == no_function);
  CHECK(w.refusal("GetFunctionUrlConfig", of_nobody()) ==
        "ResourceNotFoundException: The resource you requested does not exist.");
  CHECK(w.refusal("CreateFunctionUrlConfig",
                  open_to_all(Value::structure({{"Qualifier", "none"}}))) == no_function);
  // Aliases and the function itself have URLs: versions have none, by whatever name.
  for (const auto* name : {"f:1", "f:$LATEST"})
    CHECK(w.refusal("CreateFunctionUrlConfig",
                    url_input(Value::structure({{"AuthType", "NONE"}}), name))
              .starts_with("ValidationException: 1 validation error detected: Value '"));
  CHECK(w.refusal(
             "CreateFunctionUrlConfig",
             url_input(Value::structure({{"AuthType", "NONE"}, {"Qualifier", "live"}}), "f:other"))
            .starts_with("InvalidParameterValueException: The derived qualifier"));
  CHECK(w.refusal("CreateFunctionUrlConfig",
                  open_to_all(Value::structure({{"InvokeMode", "RESPONSE_STREAM"}})))
            .find("use BUFFERED") != std::string::npos);
  CHECK_FALSE(w.ok("ListFunctionUrlConfigs", url_input()).has("NextMarker"));
  CHECK(w.ok("ListFunctionUrlConfigs", url_input())["FunctionUrlConfigs"].items().empty());
}

TEST_CASE("function URLs: the function's and its alias's are two, listed by pages") {
  UrlWorld w;
  const auto own = w.ok("CreateFunctionUrlConfig", open_to_all());
  const auto live = w.ok(
      "CreateFunctionUrlConfig",
      url_input(Value::structure({{"AuthType", "NONE"}, {"InvokeMode", "BUFFERED"}}), "f:live"));
  CHECK(live["FunctionArn"].string() == function_arn + ":live");
  CHECK(live["InvokeMode"].string() == "BUFFERED");
  CHECK_FALSE(live["FunctionUrl"] == own["FunctionUrl"]);
  CHECK(w.ok("GetFunctionUrlConfig",
             url_input(Value::structure({{"Qualifier", "live"}})))["FunctionUrl"] ==
        live["FunctionUrl"]);
  std::set<std::string> seen;
  Value more = Value::structure({{"MaxItems", 1}});
  for (int pages = 0; pages < 2; ++pages) {
    const auto page = w.ok("ListFunctionUrlConfigs", url_input(more));
    REQUIRE(page["FunctionUrlConfigs"].items().size() == 1);
    seen.insert(page["FunctionUrlConfigs"].items()[0]["FunctionUrl"].string());
    CHECK(page.has("NextMarker") == (pages == 0));
    more.set("Marker", page["NextMarker"]);
  }
  CHECK(seen.size() == 2);
}

TEST_CASE("function URLs: they end with what they stand for") {
  UrlWorld w;
  const auto own = UrlWorld::id_of(w.ok("CreateFunctionUrlConfig", open_to_all()));
  const auto live = UrlWorld::id_of(
      w.ok("CreateFunctionUrlConfig", open_to_all(Value::structure({{"Qualifier", "live"}}))));
  CHECK(w.serves(own));
  CHECK_FALSE(w.serves(own, "us-east-1"));  // its name there is another's
  CHECK(w.serves(own, ""));
  w.ok("DeleteAlias", url_input(Value::structure({{"Name", "live"}})));
  CHECK_FALSE(w.serves(live));
  CHECK(w.refusal("GetFunctionUrlConfig", url_input(Value::structure({{"Qualifier", "live"}})))
            .starts_with("ResourceNotFoundException"));
  w.ok("DeleteFunction", url_input());
  CHECK_FALSE(w.serves(own));
  w.make_function();
  CHECK_FALSE(w.serves(own));
}

TEST_CASE("function URLs: a restart keeps them, with everything they say") {
  UrlWorld w;
  const auto cors = Value::structure({{"AllowOrigins", Value::list({"https://a.example"})},
                                      {"AllowCredentials", true},
                                      {"MaxAge", 7}});
  w.ok("CreateFunctionUrlConfig", open_to_all(Value::structure({{"Cors", cors}})));
  const auto live = UrlWorld::id_of(
      w.ok("CreateFunctionUrlConfig",
           url_input(Value::structure({{"AuthType", "AWS_IAM"}, {"Qualifier", "live"}}))));
  const auto before = w.ok("ListFunctionUrlConfigs", url_input());
  w.crash();
  CHECK(w.ok("ListFunctionUrlConfigs", url_input()) == before);
  CHECK(w.serves(live));
  CHECK(w.lambda->urls().find({live, "", "", "/", false})->url->auth == FunctionUrl::Auth::aws_iam);
}

TEST_CASE("function URLs: a request invokes the function, or the version of the alias") {
  UrlWorld w;
  const auto own = UrlWorld::id_of(w.ok("CreateFunctionUrlConfig", open_to_all()));
  const auto live = UrlWorld::id_of(
      w.ok("CreateFunctionUrlConfig", open_to_all(Value::structure({{"Qualifier", "live"}}))));
  std::vector<std::string> versions;
  std::string event, request_id;
  w.world.functions.run = [&](const auto& spec, const auto& invocation, const auto& done) {
    versions.push_back(spec.version);
    event = invocation.payload;
    request_id = invocation.request_id;
    done(ports::sim::success_outcome(R"({"statusCode":404,"body":"nothing"})"));
  };
  const auto r = w.get(own);
  CHECK(r.status == 404);
  CHECK(r.body == "nothing");
  w.get(live);
  CHECK(versions == std::vector<std::string>{"$LATEST", "1"});
  CHECK((*aws::from_json(event))["rawPath"].string() == "/x");
  CHECK((*aws::from_json(event))["requestContext"]["requestId"].string() == request_id);
  CHECK(w.metrics.sums["Invocations"] == 2);
  w.functions_answer(handler_error());
  CHECK(w.get(own).status == 502);
  w.functions_answer(outcome_of(ports::InvocationOutcome::Kind::timed_out));
  CHECK(w.get(own).status == 502);
  w.roles.trusted = false;
  w.world.advance(hours{12});
  CHECK(w.get(own).status == 502);
}

TEST_CASE("function URLs: a reservation that is used up, or zero, is 429") {
  UrlWorld w;
  const auto id = UrlWorld::id_of(w.ok("CreateFunctionUrlConfig", open_to_all()));
  w.ok("PutFunctionConcurrency",
       url_input(Value::structure({{"ReservedConcurrentExecutions", 0}})));
  const auto r = w.get(id);
  CHECK(r.status == 429);
  CHECK(r.body.find("ReservedFunctionConcurrentInvocationLimitExceeded") != std::string::npos);
  CHECK(w.metrics.sums["Throttles"] == 1);
  CHECK(w.world.functions.invocations == 0);
  w.ok("DeleteFunctionConcurrency", url_input());
  CHECK(w.get(id).status == 200);
}

TEST_CASE("function URLs: an event that is too large is refused, not run") {
  UrlWorld w;
  const auto id = UrlWorld::id_of(w.ok("CreateFunctionUrlConfig", open_to_all()));
  aws::HttpRequest request;
  request.method = "POST";
  const UrlPlace place{id, "", "", "/", true};
  const std::string request_id = "r";
  const auto status = [&](std::size_t bytes) {
    request.body.assign(bytes, '\1');  // no text: it grows by a third
    int got = 0;
    w.lambda->urls().invoke(*w.lambda->urls().find(place),
                            {request, place, request_id, nullptr, "", w.world.timers.now()},
                            [&got](const aws::HttpResponse& r) { got = r.status; });
    w.world.settle();
    return got;
  };
  CHECK(status(4'700'000) == 200);
  CHECK(status(4'800'000) == 413);
  CHECK(w.world.functions.invocations == 1);
}

TEST_CASE("function URLs: two questions to the policies, of the qualifier's own") {
  UrlWorld w;
  const auto id = UrlWorld::id_of(
      w.ok("CreateFunctionUrlConfig", open_to_all(Value::structure({{"Qualifier", "live"}}))));
  w.ok("AddPermission", url_input(Value::structure({{"StatementId", "url"},
                                                    {"Qualifier", "live"},
                                                    {"Action", "lambda:InvokeFunctionUrl"},
                                                    {"Principal", "*"},
                                                    {"FunctionUrlAuthType", "NONE"}})));
  const auto run =
      w.ok("AddPermission", url_input(Value::structure({{"StatementId", "run"},
                                                        {"Qualifier", "live"},
                                                        {"Action", "lambda:InvokeFunction"},
                                                        {"Principal", "*"},
                                                        {"InvokedViaFunctionUrl", true}})));
  CHECK(run["Statement"].string() ==
        R"({"Sid":"run","Effect":"Allow","Principal":"*","Action":"lambda:InvokeFunction",)"
        R"("Resource":")" +
            function_arn +
            R"(:live","Condition":{"Bool":{"lambda:InvokedViaFunctionUrl":"true"}}})");
  const auto asked = UrlServer::questions(*w.lambda->urls().find({id, "", "", "/", false}));
  REQUIRE(asked.size() == 2);
  CHECK(asked[0].action == "lambda:InvokeFunctionUrl");
  CHECK(asked[0].resources == std::vector<std::string>{function_arn + ":live"});
  CHECK(asked[0].keys.at("lambda:FunctionUrlAuthType") == std::vector<std::string>{"NONE"});
  CHECK(asked[1].action == "lambda:InvokeFunction");
  CHECK(asked[1].keys.at("lambda:InvokedViaFunctionUrl") == std::vector<std::string>{"true"});
  CHECK(asked[1].keys.at("lambda:FunctionUrlAuthType").empty());
  CHECK(asked[0].resource_policy == asked[1].resource_policy);
  CHECK(asked[0].resource_policy.find("InvokedViaFunctionUrl") != std::string::npos);
}

TEST_CASE("function URLs: conditions on them go with their own actions alone") {
  UrlWorld w;
  const auto permission = [](const char* action, const char* key, Value value) {
    Value out =
        url_input(Value::structure({{"StatementId", "s"}, {"Action", action}, {"Principal", "*"}}));
    out.set(key, std::move(value));
    return out;
  };
  CHECK(w.refusal("AddPermission",
                  permission("lambda:InvokeFunction", "FunctionUrlAuthType", "NONE")) ==
        "InvalidParameterValueException: FunctionUrlAuthType is only supported for "
        "lambda:InvokeFunctionUrl action");
  CHECK(w.refusal("AddPermission",
                  permission("lambda:InvokeFunctionUrl", "InvokedViaFunctionUrl", true))
            .starts_with("InvalidParameterValueException: InvokedViaFunctionUrl is only"));
}

TEST_CASE("function URLs: what the operations ask of IAM") {
  UrlWorld w;
  w.ok("CreateFunctionUrlConfig", open_to_all());
  const auto asked = [&](std::string_view operation, const Value& input) {
    const auto call = w.call_of(operation, input);
    const auto out = w.lambda->authorisation(call);
    REQUIRE(out.size() == 1);
    const auto& types = out[0].keys.at("lambda:FunctionUrlAuthType");
    return out[0].action + " " + out[0].resources[0] + " " + (types.empty() ? "-" : types[0]);
  };
  CHECK(asked("CreateFunctionUrlConfig",
              url_input(Value::structure({{"AuthType", "AWS_IAM"}, {"Qualifier", "live"}}))) ==
        "lambda:CreateFunctionUrlConfig " + function_arn + ":live AWS_IAM");
  CHECK(asked("GetFunctionUrlConfig", url_input()) ==
        "lambda:GetFunctionUrlConfig " + function_arn + " NONE");
  CHECK(asked("UpdateFunctionUrlConfig", url_input(Value::structure({{"AuthType", "AWS_IAM"}}))) ==
        "lambda:UpdateFunctionUrlConfig " + function_arn + " AWS_IAM");
  CHECK(asked("DeleteFunctionUrlConfig", url_input(Value::structure({{"Qualifier", "live"}}))) ==
        "lambda:DeleteFunctionUrlConfig " + function_arn + ":live -");
  CHECK(asked("ListFunctionUrlConfigs", url_input()) ==
        "lambda:ListFunctionUrlConfigs " + function_arn + " -");
}

}  // namespace sitelatch::lambda::test
