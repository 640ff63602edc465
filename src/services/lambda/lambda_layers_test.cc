// SPDX-License-Identifier: Apache-2.0
// Layers: published, listed, shared, deleted, and given to functions, in AWS's words.
#include "services/lambda/function_code.h"
#include "services/lambda/test_world.h"

namespace sitelatch::lambda::test {

namespace {

const std::string layer_arn = "arn:aws:lambda:eu-west-1:000000000000:layer:l";

Value layer_input(Value more = Value::structure(), const std::string& name = "l") {
  more.set("LayerName", name);
  return more;
}
Value numbered(int version, Value more = Value::structure()) {
  more.set("VersionNumber", version);
  return layer_input(std::move(more));
}
Value content(const std::string& zip) {
  return Value::structure({{"Content", Value::structure({{"ZipFile", zip}})}});
}
std::string zip_of_size(std::size_t bytes) {
  return zip_with({{"python/x.py", std::string(bytes, 'x')}});
}

struct LayerWorld : LambdaWorld {
  Value publish(const std::string& text = "x = 1\n", Value more = Value::structure()) {
    more.set("Content", content(zip_with({{"python/x.py", text}}))["Content"]);
    return ok("PublishLayerVersion", layer_input(std::move(more)));
  }
  std::string with_layers(const std::vector<std::string>& arns) {
    Value list = Value::list();
    for (const auto& arn : arns) list.push(arn);
    const auto outcome = call("UpdateFunctionConfiguration",
                              Value::structure({{"FunctionName", "f"}, {"Layers", list}}));
    return outcome ? "" : outcome.error().code + ": " + outcome.error().message;
  }
  bool serves(const Value& location) const {
    const std::string endpoint = "http://127.0.0.1:4566";
    return lambda->code_at(location.string().substr(endpoint.size())) != nullptr;
  }
};

}  // namespace

TEST_CASE("a layer's versions count up, are listed newest first, and outlive the engine") {
  LayerWorld w;
  CHECK(w.ok("ListLayers", Value::structure())["Layers"].items().empty());
  CHECK(w.ok("ListLayerVersions", layer_input())["LayerVersions"].items().empty());
  const auto first =
      w.publish("x = 1\n",
                Value::structure({{"Description", "d"},
                                  {"LicenseInfo", "MIT"},
                                  {"CompatibleRuntimes", Value::list({"python3.11", "nodejs20.x"})},
                                  {"CompatibleArchitectures", Value::list({"x86_64"})}}));
  CHECK(first["LayerArn"].string() == layer_arn);
  CHECK(first["LayerVersionArn"].string() == layer_arn + ":1");
  CHECK(first["Version"].integer() == 1);
  CHECK(first["CreatedDate"].string() == "2026-01-01T00:00:00.000+0000");
  CHECK(first["CompatibleRuntimes"].strings() ==
        std::vector<std::string>{"python3.11", "nodejs20.x"});
  CHECK(first["Content"]["CodeSize"].integer() > 0);
  CHECK(w.serves(first["Content"]["Location"]));
  const auto second = w.publish("x = 2\n");
  CHECK(second["Version"].integer() == 2);
  CHECK(second["Description"].string().empty());
  CHECK_FALSE(second.has("CompatibleRuntimes"));

  w.crash();
  const auto versions = w.ok("ListLayerVersions", layer_input())["LayerVersions"].items();
  REQUIRE(versions.size() == 2);
  CHECK(versions[0]["Version"].integer() == 2);
  CHECK_FALSE(versions[0].has("Content"));
  const auto read = w.ok("GetLayerVersion", numbered(1));
  CHECK(read == first);
  CHECK(w.ok("GetLayerVersionByArn", Value::structure({{"Arn", layer_arn + ":1"}})) == first);
  // An ARN is a name too.
  CHECK(w.ok("ListLayerVersions", layer_input({}, layer_arn))["LayerVersions"].items().size() == 2);

  const auto layers = w.ok("ListLayers", Value::structure())["Layers"].items();
  REQUIRE(layers.size() == 1);
  CHECK(layers[0]["LayerArn"].string() == layer_arn);
  CHECK(layers[0]["LatestMatchingVersion"]["Version"].integer() == 2);
  const auto matching =
      w.ok("ListLayers", Value::structure({{"CompatibleRuntime", "nodejs20.x"}}))["Layers"].items();
  REQUIRE(matching.size() == 1);
  CHECK(matching[0]["LatestMatchingVersion"]["Version"].integer() == 1);
  CHECK(w.ok("ListLayerVersions",
             layer_input(Value::structure({{"CompatibleArchitecture", "arm64"}})))["LayerVersions"]
            .items()
            .empty());

  const auto page = w.ok("ListLayerVersions", layer_input(Value::structure({{"MaxItems", 1}})));
  CHECK(page["LayerVersions"].items()[0]["Version"].integer() == 2);
  const auto rest = w.ok("ListLayerVersions",
                         layer_input(Value::structure({{"Marker", page["NextMarker"].string()}})));
  CHECK(rest["LayerVersions"].items()[0]["Version"].integer() == 1);
  CHECK(w.refusal("ListLayers", Value::structure({{"Marker", "nonsense"}})) ==
        "InvalidParameterValueException: Invalid marker: nonsense");
}

TEST_CASE("a deleted version's number does not come again, and its package goes") {
  LayerWorld w;
  const auto first = w.publish();
  w.ok("DeleteLayerVersion", numbered(1));
  w.ok("DeleteLayerVersion", numbered(1));  // again: no error
  CHECK_FALSE(w.serves(first["Content"]["Location"]));
  CHECK(w.ok("ListLayers", Value::structure())["Layers"].items().empty());
  w.crash();
  CHECK(w.publish()["Version"].integer() == 2);
  CHECK(w.refusal("GetLayerVersion", numbered(1)) ==
        "ResourceNotFoundException: The resource you requested does not exist.");
  CHECK(w.refusal("GetLayerVersion", numbered(0)) ==
        "InvalidParameterValueException: Layer Version Cannot be less than 1");
  CHECK(w.refusal("DeleteLayerVersion", numbered(-1)) ==
        "InvalidParameterValueException: Layer Version Cannot be less than 1");
}

TEST_CASE("a layer's package is held to what a function's is") {
  LayerWorld w;
  const std::string unzip =
      "InvalidParameterValueException: Could not unzip uploaded file. Please check your file, then "
      "try to upload again.";
  CHECK(w.refusal("PublishLayerVersion", layer_input(content("hello"))) == unzip);
  CHECK(w.refusal("PublishLayerVersion", layer_input(content(zip_with({{"../x", "y"}})))) == unzip);
  CHECK(w.refusal("PublishLayerVersion", layer_input(content(zip_with({{"/etc/x", "y"}})))) ==
        unzip);
  CHECK(w.refusal("PublishLayerVersion",
                  layer_input(Value::structure(
                      {{"Content", Value::structure({{"S3Bucket", "b"}, {"S3Key", "k"}})}}))) ==
        "InvalidParameterValueException: Error occurred while GetObject. S3 Error Code: "
        "NoSuchBucket. S3 Error Message: The specified bucket does not exist");
  CHECK(w.ok("ListLayers", Value::structure())["Layers"].items().empty());
}

TEST_CASE("a version's policy: added to, read, taken from") {
  LayerWorld w;
  w.publish();
  const auto permission = [](int version, const std::string& sid, const std::string& principal) {
    return numbered(version, Value::structure({{"StatementId", sid},
                                               {"Action", "lambda:GetLayerVersion"},
                                               {"Principal", principal}}));
  };
  CHECK(w.refusal("GetLayerVersionPolicy", numbered(1)) ==
        "ResourceNotFoundException: No policy is associated with the given resource.");
  const auto added = w.ok("AddLayerVersionPermission", permission(1, "s", "111111111111"));
  CHECK(added["Statement"].string() ==
        R"({"Sid":"s","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111111111111:root"},)"
        R"("Action":"lambda:GetLayerVersion","Resource":")" +
            layer_arn + R"(:1"})");
  CHECK(w.refusal("AddLayerVersionPermission", permission(1, "s", "*")) ==
        "ResourceConflictException: The statement id (s) provided already exists. Please provide a "
        "new statement id, or remove the existing statement.");
  CHECK(w.refusal("AddLayerVersionPermission", permission(2, "s", "*")) ==
        "ResourceNotFoundException: Layer version " + layer_arn + ":2 does not exist.");
  auto stale = permission(1, "t", "*");
  stale.set("RevisionId", "old");
  CHECK(w.refusal("AddLayerVersionPermission", stale).starts_with("PreconditionFailedException: "));
  w.crash();
  const auto policy = w.ok("GetLayerVersionPolicy", numbered(1));
  CHECK(policy["RevisionId"] == added["RevisionId"]);
  CHECK(policy["Policy"].string() == R"({"Version":"2012-10-17","Id":"default","Statement":[)" +
                                         added["Statement"].string() + "]}");
  CHECK(w.refusal("RemoveLayerVersionPermission",
                  numbered(1, Value::structure({{"StatementId", "x"}}))) ==
        "ResourceNotFoundException: Statement x is not found in resource policy.");
  w.ok("RemoveLayerVersionPermission", numbered(1, Value::structure({{"StatementId", "s"}})));
  CHECK(w.refusal("GetLayerVersionPolicy", numbered(1))
            .starts_with("ResourceNotFoundException: No policy"));
}

TEST_CASE("functions have layers: shown, refused, kept when the layer's version is deleted") {
  LayerWorld w;
  w.make_function();
  const auto first = w.publish("x = 1\n"), second = w.publish("x = 2\n");
  CHECK(w.with_layers({layer_arn + ":1"}).empty());
  const auto layers = w.configuration()["Layers"].items();
  REQUIRE(layers.size() == 1);
  CHECK(layers[0]["Arn"].string() == layer_arn + ":1");
  CHECK(layers[0]["CodeSize"] == first["Content"]["CodeSize"]);

  CHECK(w.with_layers({layer_arn + ":1", layer_arn + ":2"}) ==
        "InvalidParameterValueException: Two different versions of the same layer are not allowed "
        "to be referenced in the same function. " +
            layer_arn + ":1 and " + layer_arn + ":2 are versions of the same layer.");
  CHECK(w.with_layers({layer_arn + ":3"}) ==
        "InvalidParameterValueException: Layer version " + layer_arn + ":3 does not exist.");
  CHECK(w.with_layers({layer_arn + ":01"}) ==
        "InvalidParameterValueException: Layer version " + layer_arn + ":01 does not exist.");
  CHECK(w.with_layers(std::vector<std::string>(6, layer_arn + ":1")) ==
        "InvalidParameterValueException: Cannot reference more than 5 layers.");
  CHECK(w.with_layers({"arn:aws:lambda:us-east-1:000000000000:layer:l:1"}) ==
        "InvalidParameterValueException: Layers are not in the same region as the function. Layers "
        "are expected to be in region eu-west-1.");
  CHECK(w.with_layers({"arn:aws:lambda:eu-west-1:017000801446:layer:tools:1"})
            .ends_with(" is not authorized to perform: lambda:GetLayerVersion on resource: "
                       "arn:aws:lambda:eu-west-1:017000801446:layer:tools:1 because no "
                       "resource-based policy allows the lambda:GetLayerVersion action"));

  w.ok("DeleteLayerVersion", numbered(1));
  w.crash();
  CHECK(w.configuration()["Layers"].items().size() == 1);
  CHECK(w.with_layers({layer_arn + ":1"}).empty());  // as it was
  std::vector<std::string> given;
  w.world.functions.run = [&given](const auto& spec, const auto&, const auto& done) {
    for (const auto& layer : spec.layers) given.push_back(layer.code_sha256);
    done(ports::sim::success_outcome("null"));
  };
  w.ok("Invoke", Value::structure({{"FunctionName", "f"}}));
  CHECK(given == std::vector<std::string>{first["Content"]["CodeSha256"].string()});
  CHECK(w.with_layers({}).empty());
  CHECK_FALSE(w.configuration().has("Layers"));
  CHECK_FALSE(w.serves(first["Content"]["Location"]));  // the last who had it let go
  CHECK(w.serves(second["Content"]["Location"]));
}

TEST_CASE("code and layers together are held to the limit, by what their directories say") {
  LayerWorld w;
  w.make_function();
  const auto large = zip_of_size(200'000'000);
  REQUIRE(large.size() < 1'000'000);
  for (const auto* name : {"a", "b"})
    w.ok("PublishLayerVersion", layer_input(content(large), name));
  const std::string of = "arn:aws:lambda:eu-west-1:000000000000:layer:";
  CHECK(w.with_layers({of + "a:1"}).empty());
  const auto refused = w.with_layers({of + "a:1", of + "b:1"});
  CHECK(refused.starts_with(
      "InvalidParameterValueException: Function code combined with layers exceeds the maximum "
      "allowed size of 262144000 bytes. The actual size is 4000000"));
  CHECK(w.refusal("UpdateFunctionCode",
                  Value::structure({{"FunctionName", "f"}, {"ZipFile", zip_of_size(100'000'000)}}))
            .starts_with("InvalidParameterValueException: Function code combined with layers"));
}

}  // namespace sitelatch::lambda::test
