// SPDX-License-Identifier: Apache-2.0
// Function URLs from the door to the function and back, with an account around them: who is let in,
// what an uninvited caller costs, and what the rest of the engine notices.
#include "engine/url_door.h"

#include <doctest/doctest.h>

#include <optional>

#include "engine/cloud.h"
#include "ports/sim/world.h"
#include "services/sns/signer.h"

namespace sitelatch::engine {
namespace {
using aws::HttpRequest;
using aws::HttpResponse;
using aws::Value;
using namespace std::chrono_literals;

struct NoKeys final : sns::SigningKeyMaker {
  void make(std::function<void(sns::SigningKey)>) override {}
};
struct NoViews final : route53::ViewSink {
  void publish(std::shared_ptr<const dns::View>) override {}
};

const std::string forbidden =
    R"({"Message":"Forbidden. For troubleshooting Function URL authorization issues, see: )"
    R"(https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html"})";

// An account with a function "f" whose URL is asked. Nothing of its code matters: functions answer
// what `answer` says.
struct Account {
  ports::sim::World world{1, from_civil(2026, 11, 28, 12, 0, 0)};
  NoKeys keys;
  NoViews views;
  realism::Realism realism;
  std::unique_ptr<Cloud> cloud;
  std::string id, answer = R"({"statusCode":200,"body":"served"})";
  std::vector<std::function<void(ports::InvocationOutcome)>> running;
  std::string event;
  bool hold = false;
  int vouched = 0, admitted = 0;

  explicit Account(const std::string& auth_type, bool accept_any = false) {
    world.functions.run = [this](const auto&, const auto& invocation, const auto& done) {
      event = invocation.payload;
      if (hold) return running.push_back(done);
      done(ports::sim::success_outcome(answer));
    };
    cloud = std::make_unique<Cloud>(
        Cloud::Ports{world.journal, world.timers, world.wall, world.entropy, world.prober,
                     world.functions, world.courier, keys, views},
        Cloud::Options{.accept_any_credentials = accept_any, .realism = &realism});
    world.settle();
    api("iam", "CreateRole",
        Value::structure({{"RoleName", "r"},
                          {"AssumeRolePolicyDocument",
                           R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":)"
                           R"({"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]})"}}));
    // A zip of nothing but its one entry, stored.
    api("lambda", "CreateFunction",
        Value::structure({{"FunctionName", "f"},
                          {"Runtime", "provided.al2023"},
                          {"Handler", "h"},
                          {"Role", "arn:aws:iam::000000000000:role/r"},
                          {"Code", Value::structure({{"ZipFile", stored_zip()}})}}));
    const auto url = api("lambda", "CreateFunctionUrlConfig",
                         Value::structure({{"FunctionName", "f"}, {"AuthType", auth_type}}));
    const auto address = url["FunctionUrl"].string();
    id = address.substr(7, 32);
    CHECK(address == "http://" + id + ".lambda-url.eu-west-1.localhost:4566/");
  }

  static std::string stored_zip() {
    const auto le = [](std::uint64_t value, int bytes) {
      std::string out;
      for (int i = 0; i < bytes; ++i) out += static_cast<char>(value >> (8 * i) & 0xff);
      return out;
    };
    const std::string name = "bootstrap", rest = le(20, 2) + le(0, 2) + le(0, 2) + le(0, 4) +
                                                 le(0, 4) + le(0, 4) + le(0, 4) +
                                                 le(name.size(), 2) + le(0, 2);
    const auto local = "PK\3\4" + rest + name;
    const auto central =
        "PK\1\2" + le(20, 2) + rest + le(0, 2) + le(0, 2) + le(0, 2) + le(0, 4) + le(0, 4) + name;
    return local + central + "PK\5\6" + le(0, 2) + le(0, 2) + le(1, 2) + le(1, 2) +
           le(central.size(), 4) + le(local.size(), 4) + le(0, 2);
  }

  aws::SigningIdentity root() const {
    return {cloud->root_key().access_key_id, cloud->root_key().secret_access_key, ""};
  }
  Value api(std::string_view service, std::string_view operation, const Value& input) {
    const auto& model = aws::service_model(service);
    const auto protocol = model.protocols.front();
    auto request = aws::encode_request(model, *model.operation(operation), protocol, input);
    request.headers.set("Host", "127.0.0.1:4566");
    aws::sign(request, root(), {"eu-west-1", model.signing_name}, world.wall.now());
    const auto outcome =
        aws::decode_response(model, *model.operation(operation), protocol, send(request));
    vouched = 0;  // as the API does; of URLs it is counted
    INFO(operation, ": ", outcome ? "" : outcome.error().code + " " + outcome.error().message);
    REQUIRE(outcome.has_value());
    return *outcome;
  }
  HttpResponse send(HttpRequest request) {
    const auto got = begin(std::move(request));
    world.settle();
    REQUIRE(got->has_value());
    return **got;
  }
  std::shared_ptr<std::optional<HttpResponse>> begin(HttpRequest request) {
    auto got = std::make_shared<std::optional<HttpResponse>>();
    cloud->serve(std::move(request),
                 [got](HttpResponse r) {
                   REQUIRE_FALSE(got->has_value());
                   *got = std::move(r);
                 },
                 {[this] { ++vouched; }, [this] { ++admitted; }});
    CHECK_FALSE(got->has_value());
    return got;
  }
  std::string host() const { return id + ".lambda-url.eu-west-1.localhost:4566"; }
  HttpRequest get(const std::string& target = "/") const {
    HttpRequest r;
    r.target = target;
    r.headers = {{"Host", host()}};
    r.peer = "127.0.0.1";
    return r;
  }
  HttpRequest signed_get(const aws::SigningIdentity& who, const std::string& region = "eu-west-1",
                         const std::string& service = "lambda") const {
    auto r = get();
    aws::sign(r, who, {region, service}, world.wall.now());
    return r;
  }
  void permit(const std::string& sid, Value more, const std::string& principal = "*") {
    more.set("FunctionName", "f");
    more.set("StatementId", sid);
    more.set("Principal", principal);
    api("lambda", "AddPermission", more);
  }
  void permit_url(const std::string& auth_type, const std::string& principal = "*") {
    permit("url",
           Value::structure(
               {{"Action", "lambda:InvokeFunctionUrl"}, {"FunctionUrlAuthType", auth_type}}),
           principal);
  }
  void permit_run(const std::string& principal = "*") {
    permit("run",
           Value::structure({{"Action", "lambda:InvokeFunction"}, {"InvokedViaFunctionUrl", true}}),
           principal);
  }
  aws::SigningIdentity user(const std::string& policy) {
    api("iam", "CreateUser", Value::structure({{"UserName", "ann"}}));
    if (!policy.empty())
      api("iam", "PutUserPolicy",
          Value::structure({{"UserName", "ann"}, {"PolicyName", "p"}, {"PolicyDocument", policy}}));
    const auto key =
        api("iam", "CreateAccessKey", Value::structure({{"UserName", "ann"}}))["AccessKey"];
    return {key["AccessKeyId"].string(), key["SecretAccessKey"].string(), ""};
  }
};

std::string allows(const std::string& actions) {
  return R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":[)" + actions +
         R"(],"Resource":"arn:aws:lambda:eu-west-1:000000000000:function:f"}]})";
}

}  // namespace

TEST_CASE("url door: nobody comes in until both statements say so") {
  Account a("NONE");
  CHECK(a.send(a.get()).status == 403);
  CHECK(a.send(a.get()).body == forbidden);
  a.permit_url("NONE");
  CHECK(a.send(a.get()).body == forbidden);
  CHECK(a.admitted == 0);
  a.permit_run();
  const auto r = a.send(a.get("/x?y=1"));
  CHECK(r.status == 200);
  CHECK(r.body == "served");
  CHECK(r.headers.get("Date") == "Sat, 28 Nov 2026 12:00:00 GMT");
  CHECK((*aws::from_json(a.event))["requestContext"]["requestId"].string() ==
        r.headers.get("x-amzn-RequestId"));
  CHECK(a.admitted == 1);
  CHECK(a.vouched == 0);  // nobody has proved anything
  a.api("lambda", "RemovePermission",
        Value::structure({{"FunctionName", "f"}, {"StatementId", "url"}}));
  CHECK(a.send(a.get()).body == forbidden);
}

TEST_CASE("url door: a statement for the other auth type opens nothing") {
  Account a("NONE");
  a.permit_url("AWS_IAM");
  a.permit_run();
  CHECK(a.send(a.get()).body == forbidden);
  // And one without conditions is for everybody.
  Account b("NONE");
  b.permit("all", Value::structure({{"Action", "lambda:InvokeFunction"}}));
  b.permit("url", Value::structure({{"Action", "lambda:InvokeFunctionUrl"}}));
  CHECK(b.send(b.get()).status == 200);
}

TEST_CASE("url door: what is not signed for us is no business of a public URL") {
  Account a("NONE");
  a.permit_url("NONE");
  a.permit_run();
  auto bearer = a.get();
  bearer.headers.add("Authorization", "Bearer token");
  CHECK(a.send(bearer).status == 200);
  CHECK(a.event.find(R"("authorization":"Bearer token")") != std::string::npos);
  auto broken = a.get();
  broken.headers.add("Authorization", "AWS4-HMAC-SHA256 nonsense");
  CHECK(a.send(broken).status == 200);
}

TEST_CASE("url door: addresses that are nobody's, and the API's own") {
  Account a("NONE");
  a.permit_url("NONE");
  a.permit_run();
  const auto at = [&](const std::string& host, const std::string& target = "/") {
    HttpRequest r;
    r.target = target;
    r.headers = {{"Host", host}};
    return a.send(r);
  };
  const std::string nobody(32, 'z');
  for (const auto& r : {at(nobody + ".lambda-url.eu-west-1.localhost"),
                        at(a.id + ".lambda-url.us-east-1.localhost"),
                        at("127.0.0.1:4566", "/_sitelatch/url/" + nobody + "/")}) {
    CHECK(r.status == 403);
    CHECK(r.body == R"({"Message":null})");
    CHECK(r.headers.get("x-amzn-ErrorType") == "AccessDeniedException");
  }
  CHECK(at(a.id + ".lambda-url.eu-west-1.on.aws").status == 200);
  CHECK(at(a.id + ".LAMBDA-URL.eu-west-1.localhost.").status == 200);
  const auto by_path = at("10.1.2.3:4566", "/_sitelatch/url/" + a.id + "/a/b?c=d");
  CHECK(by_path.status == 200);
  CHECK((*aws::from_json(a.event))["rawPath"].string() == "/a/b");
  CHECK((*aws::from_json(a.event))["rawQueryString"].string() == "c=d");
  // A page that is served there has not the API's origin.
  CHECK(by_path.headers.get("Content-Security-Policy") == "sandbox allow-scripts");
  CHECK_FALSE(a.send(a.get()).headers.find("Content-Security-Policy"));
  // Nothing of the API answers at a URL's name.
  auto api = a.get("/2015-03-31/functions");
  aws::sign(api, a.root(), {"eu-west-1", "lambda"}, a.world.wall.now());
  CHECK(a.send(api).body == "served");
}

TEST_CASE("url door: AWS_IAM asks for a signature, and the signer's rights") {
  Account a("AWS_IAM");
  a.permit_url("NONE");  // says nothing of this URL
  a.permit_run();
  CHECK(a.send(a.get()).body == forbidden);
  CHECK(a.vouched == 0);
  CHECK(a.send(a.signed_get(a.root())).status == 200);
  CHECK(a.vouched > 0);
  CHECK((*aws::from_json(a.event))["requestContext"]["authorizer"]["iam"]["userArn"].string() ==
        "arn:aws:iam::000000000000:root");

  const auto ann = a.user("");
  CHECK(a.send(a.signed_get(ann)).body == forbidden);
  const auto may = [&](const std::string& actions) {
    a.api("iam", "PutUserPolicy",
          Value::structure(
              {{"UserName", "ann"}, {"PolicyName", "p"}, {"PolicyDocument", allows(actions)}}));
    return a.send(a.signed_get(ann)).status;
  };
  CHECK(may(R"("lambda:InvokeFunction")") == 403);
  CHECK(may(R"("lambda:InvokeFunctionUrl")") == 200);  // the other is everybody's, by the policy
  a.api("lambda", "RemovePermission",
        Value::structure({{"FunctionName", "f"}, {"StatementId", "run"}}));
  CHECK(may(R"("lambda:InvokeFunctionUrl")") == 403);
  CHECK(may(R"("lambda:InvokeFunctionUrl","lambda:InvokeFunction")") == 200);
}

TEST_CASE(
    "url door: the resource's policy lets a user in by itself, its Deny keeps everybody out") {
  Account a("AWS_IAM");
  const auto ann = a.user("");
  a.permit_url("AWS_IAM", "arn:aws:iam::000000000000:user/ann");
  CHECK(a.send(a.signed_get(ann)).body == forbidden);
  a.permit_run("arn:aws:iam::000000000000:user/ann");
  CHECK(a.send(a.signed_get(ann)).status == 200);
  CHECK(a.send(a.get()).body == forbidden);  // named is ann, not everybody
  a.api(
      "iam", "PutUserPolicy",
      Value::structure({{"UserName", "ann"},
                        {"PolicyName", "p"},
                        {"PolicyDocument",
                         R"({"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":)"
                         R"("lambda:InvokeFunctionUrl","Resource":"*","Condition":{"StringEquals":)"
                         R"({"lambda:FunctionUrlAuthType":"AWS_IAM"}}}]})"}}));
  CHECK(a.send(a.signed_get(ann)).body == forbidden);
}

TEST_CASE("url door: signatures that are not good") {
  Account a("AWS_IAM");
  const auto type = [&](const HttpRequest& request) {
    const auto r = a.send(request);
    CHECK(r.status == 403);
    return r.headers.get("x-amzn-ErrorType");
  };
  CHECK(type(a.signed_get({a.root().access_key_id, "guess", ""})) == "InvalidSignatureException");
  CHECK(type(a.signed_get({"AKIANOBODY", "guess", ""})) == "UnrecognizedClientException");
  CHECK(type(a.signed_get(a.root(), "us-east-1")) == "InvalidSignatureException");
  CHECK(type(a.signed_get(a.root(), "eu-west-1", "sns")) == "InvalidSignatureException");
  auto moved = a.signed_get(a.root());
  moved.target = "/elsewhere";
  CHECK(type(moved) == "InvalidSignatureException");
  auto grown = a.signed_get(a.root());
  grown.body = "more";
  CHECK(type(grown) == "InvalidSignatureException");
  auto broken = a.get();
  broken.headers.add("Authorization", "AWS4-HMAC-SHA256 nonsense");
  CHECK(type(broken) == "IncompleteSignatureException");
  a.world.wall.skew = 16min;
  auto late = a.get();
  aws::sign(late, a.root(), {"eu-west-1", "lambda"}, a.world.wall.now() - 32min);
  CHECK(type(late) == "InvalidSignatureException");
  CHECK(a.world.functions.invocations == 0);
  CHECK(a.vouched == 0);
}

TEST_CASE("url door: any credentials will do where they do, but not a browser's") {
  Account a("AWS_IAM", true);
  auto request = a.signed_get({"test", "test", ""});
  CHECK(a.send(request).status == 200);
  request.headers.add("Sec-Fetch-Site", "cross-site");
  CHECK(a.send(request).status == 403);
}

TEST_CASE("url door: how large a body may be is said by its head") {
  Account open("NONE"), closed("AWS_IAM");
  const auto said = [](Account& a, const HttpRequest& head, std::uint64_t length) {
    const auto place = UrlDoor::place_of(head);
    REQUIRE(place);
    const auto out = a.cloud->url_door().consider(head, *place, length);
    const auto* refusal = std::get_if<HttpResponse>(&out);
    return refusal ? refusal->status : static_cast<int>(std::get<std::size_t>(out));
  };
  CHECK(said(open, open.get(), 100'000) == 403);  // the policy lets nobody in
  open.permit_url("NONE");
  open.permit_run();
  CHECK(said(open, open.get(), 100'000) == 6'291'456);
  CHECK(said(open, open.get(), 6'291'457) == 413);
  auto unknown = open.get();
  unknown.headers.set("Host", std::string(32, 'z') + ".lambda-url.eu-west-1.localhost");
  CHECK(said(open, unknown, 100'000) == 403);
  CHECK(said(closed, closed.get(), 100'000) == 403);
  CHECK(said(closed, closed.signed_get(closed.root()), 100'000) == 6'291'456);
  CHECK(said(closed, closed.signed_get({"AKIANOBODY", "guess", ""}), 100'000) == 403);
  auto broken = closed.get();
  broken.headers.add("Authorization", "AWS4-HMAC-SHA256 nonsense");
  CHECK(said(closed, broken, 100'000) == 403);
  // Whatever its head said.
  auto much = open.get();
  much.method = "POST";
  much.body.assign(6'291'457, 'x');
  CHECK(open.send(much).status == 413);
}

TEST_CASE("url door: callers without a name have so many places, those with one have theirs") {
  Account a("NONE");
  a.permit_url("NONE");
  a.permit_run();
  a.hold = true;
  for (int i = 0; i < UrlDoor::unsigned_at_a_time; ++i) a.begin(a.get());
  a.world.settle();
  CHECK(a.running.size() == UrlDoor::unsigned_at_a_time);
  const auto before = a.admitted;
  CHECK(a.send(a.get()).status == 429);
  CHECK(a.admitted == before);
  a.running.back()(ports::sim::success_outcome("1"));
  a.running.pop_back();
  a.world.settle();
  a.begin(a.get());
  a.world.settle();
  CHECK(a.running.size() == UrlDoor::unsigned_at_a_time);

  Account b("AWS_IAM");
  b.hold = true;
  for (int i = 0; i <= UrlDoor::unsigned_at_a_time; ++i) b.begin(b.signed_get(b.root()));
  b.world.settle();
  CHECK(b.running.size() == UrlDoor::unsigned_at_a_time + 1);
}

TEST_CASE("url door: pages of others are told what the settings say") {
  Account a("AWS_IAM");
  auto preflight = a.get();
  preflight.method = "OPTIONS";
  preflight.headers.add("Origin", "https://a.example");
  preflight.headers.add("Access-Control-Request-Method", "GET");
  CHECK(a.send(preflight).status == 403);  // without settings it is a request like another
  a.api("lambda", "UpdateFunctionUrlConfig",
        Value::structure(
            {{"FunctionName", "f"},
             {"Cors", Value::structure({{"AllowOrigins", Value::list({"https://a.example"})},
                                        {"AllowMethods", Value::list({"GET"})}})}}));
  const auto allowed = a.send(preflight);
  CHECK(allowed.status == 200);
  CHECK(allowed.headers.get("Access-Control-Allow-Methods") == "GET");
  CHECK(a.world.functions.invocations == 0);
  auto request = a.get();
  request.headers.add("Origin", "https://a.example");
  const auto refused = a.send(request);  // a refusal can be read by the page, too
  CHECK(refused.status == 403);
  CHECK(refused.headers.get("Access-Control-Allow-Origin") == "https://a.example");
}

TEST_CASE("url door: faults of a region reach its URLs") {
  Account a("NONE");
  a.permit_url("NONE");
  a.permit_run();
  const auto fault = [&](realism::FaultKind kind, const std::string& region = "") {
    realism::Fault out;
    out.kind = kind;
    out.service = "lambda";
    out.operation = "InvokeFunctionUrl";
    out.region = region;
    return a.realism.add(out);
  };
  const auto elsewhere = fault(realism::FaultKind::outage, "us-east-1");
  CHECK(a.send(a.get()).status == 200);
  a.realism.clear(elsewhere);
  const auto status = [&](realism::FaultKind kind) {
    const auto set = fault(kind, "eu-west-1");
    const auto r = a.send(a.get());
    a.realism.clear(set);
    return r.lost ? -1 : r.status;
  };
  CHECK(status(realism::FaultKind::outage) == 503);
  CHECK(status(realism::FaultKind::throttle) == 429);
  CHECK(status(realism::FaultKind::deny) == 403);
  CHECK(a.world.functions.invocations == 1);
  CHECK(status(realism::FaultKind::lose_answer) == -1);
  CHECK(a.world.functions.invocations == 2);
}

TEST_CASE("url door: metrics of what was asked there") {
  Account a("NONE");
  a.send(a.get());
  a.permit_url("NONE");
  a.permit_run();
  a.send(a.get());
  a.answer = R"({"statusCode":500})";
  a.send(a.get());
  const auto sum = [&](const std::string& metric) {
    const auto found =
        a.api("cloudwatch", "GetMetricStatistics",
              Value::structure({{"Namespace", "AWS/Lambda"},
                                {"MetricName", metric},
                                {"Dimensions", Value::list({Value::structure(
                                                   {{"Name", "FunctionName"}, {"Value", "f"}})})},
                                {"StartTime", a.world.timers.now() - 1h},
                                {"EndTime", a.world.timers.now() + 1h},
                                {"Period", 3600},
                                {"Statistics", Value::list({"Sum", "SampleCount"})}}));
    double out = 0;
    for (const auto& point : found["Datapoints"].items()) out += point["Sum"].number();
    return out;
  };
  CHECK(sum("UrlRequestCount") == 3);
  CHECK(sum("Url4xxCount") == 1);
  CHECK(sum("Url5xxCount") == 1);
  CHECK(sum("Invocations") == 2);
}

TEST_CASE("url door: the answer waits for the journal, and a URL that goes meanwhile is answered") {
  Account a("NONE");
  a.permit_url("NONE");
  a.permit_run();
  a.hold = true;
  const auto got = a.begin(a.get());
  a.world.settle();
  REQUIRE(a.running.size() == 1);
  a.api("lambda", "DeleteFunction", Value::structure({{"FunctionName", "f"}}));
  a.running[0](ports::sim::success_outcome(R"({"statusCode":202})"));
  CHECK_FALSE(got->has_value());
  a.world.settle();
  REQUIRE(got->has_value());
  CHECK((*got)->status == 202);
}

}  // namespace sitelatch::engine
