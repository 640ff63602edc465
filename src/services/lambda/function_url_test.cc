// SPDX-License-Identifier: Apache-2.0
// Addresses of function URLs, what becomes of a request on its way to the function, and of the
// function's answer on its way back: all of it pure.
#include "services/lambda/function_url.h"

#include <doctest/doctest.h>

#include "services/lambda/json_text.h"
#include "services/lambda/url_answer.h"
#include "services/lambda/url_cors.h"
#include "services/lambda/url_event.h"

namespace sitelatch::lambda {
namespace {
using aws::HttpRequest;
using aws::HttpResponse;
using aws::Value;

const std::string id32 = "abcdefghij0123456789klmnopqrstuv";

std::string address(const std::string& endpoint) {
  FunctionUrl url;
  url.id = id32;
  return address_of(url, "eu-west-1", endpoint);
}

HttpResponse answered(const std::string& payload) {
  Execution execution;
  execution.verdict.payload = payload;
  return url_answer(execution);
}
HttpResponse failed(Verdict::Kind kind) {
  Execution execution;
  execution.verdict = {kind, R"({"errorType":"E","errorMessage":"secret"})", "", ""};
  return url_answer(execution);
}

struct Asked {
  HttpRequest request;
  UrlPlace place{id32, "eu-west-1", id32 + ".lambda-url.eu-west-1.on.aws", "/", false};
  std::string request_id = "r-1", port = "4566";
  const aws::Caller* signer = nullptr;

  Value event() const {
    const auto text =
        url_event({request, place, request_id, signer, port, from_civil(2020, 3, 12, 19, 3, 58)},
                  "111122223333", "eu-west-1");
    auto value = aws::from_json(text);
    REQUIRE(value);
    return *value;
  }
};

}  // namespace

TEST_CASE("function URLs: an address that works where the API was called") {
  CHECK(address("http://127.0.0.1:4566") ==
        "http://" + id32 + ".lambda-url.eu-west-1.localhost:4566/");
  CHECK(address("http://localhost:80") == "http://" + id32 + ".lambda-url.eu-west-1.localhost:80/");
  CHECK(address("http://lambda.localhost") ==
        "http://" + id32 + ".lambda-url.eu-west-1.localhost/");
  CHECK(address("http://lambda.eu-west-1.amazonaws.com") ==
        "http://" + id32 + ".lambda-url.eu-west-1.on.aws/");
  // Names below these lead nowhere, or not to us.
  for (const std::string endpoint : {"http://10.1.2.3:4566", "http://sitelatch:4566",
                                     "http://[::1]:4566", "http://127.0.0.2:4566"})
    CHECK(address(endpoint) == endpoint + "/_sitelatch/url/" + id32 + "/");
}

TEST_CASE("function URLs: what goes to one, and what to the API") {
  const auto by_host = url_place(id32 + ".lambda-url.eu-west-1.localhost", "/a%2Fb?x=1");
  REQUIRE(by_host);
  CHECK(by_host->id == id32);
  CHECK(by_host->region == "eu-west-1");
  CHECK(by_host->target == "/a%2Fb?x=1");
  CHECK_FALSE(by_host->by_path);
  CHECK(url_place("x.lambda-url.us-east-1.on.aws", "/")->id == "x");
  const auto by_path = url_place("10.1.2.3", "/_sitelatch/url/" + id32 + "/a?x=1");
  REQUIRE(by_path);
  CHECK(by_path->id == id32);
  CHECK(by_path->region.empty());
  CHECK(by_path->target == "/a?x=1");
  CHECK(by_path->by_path);
  CHECK(url_place("h", "/_sitelatch/url/i")->target == "/");
  CHECK(url_place("h", "/_sitelatch/url/i?x")->target == "/?x");
  CHECK(url_place("h", "/_sitelatch/url/")->id.empty());
  for (const auto* host :
       {"127.0.0.1", "localhost", "lambda.localhost", "lambda-url.eu-west-1.localhost",
        "i.lambda-url.eu-west-1.localhost.evil.example", "i.lambda-url.eu-west-1.evil.example",
        "i.lambda-url.eu.west.localhost", "i.lambda.eu-west-1.on.aws", "on.aws", ""})
    CHECK_FALSE(url_place(host, "/2015-03-31/functions/"));
}

TEST_CASE("function URLs: the event of a GET, field by field") {
  Asked asked;
  asked.request.headers = {{"Host", "h:4566"},      {"ACCEPT", "*/*"},
                           {"X-Two", "a"},          {"x-two", "b"},
                           {"Connection", "close"}, {"Cookie", "a=1; b=2"},
                           {"User-Agent", "agent"}, {"X-Forwarded-For", "6.6.6.6"}};
  asked.request.peer = "127.0.0.1";
  asked.place.target = "/my/p%61th?q=1&q=%2Fb&e=&flag&plus=a+b";
  const auto event = asked.event();
  CHECK(event["version"].string() == "2.0");
  CHECK(event["routeKey"].string() == "$default");
  CHECK(event["rawPath"].string() == "/my/p%61th");
  CHECK(event["rawQueryString"].string() == "q=1&q=%2Fb&e=&flag&plus=a+b");
  CHECK(event["cookies"].strings() == std::vector<std::string>{"a=1", "b=2"});
  CHECK(event["headers"] ==
        *aws::from_json(R"({"accept":"*/*","host":"h:4566","user-agent":"agent",)"
                        R"("x-forwarded-for":"127.0.0.1","x-forwarded-port":"4566",)"
                        R"("x-forwarded-proto":"http","x-two":"a,b"})"));
  CHECK(event["queryStringParameters"] ==
        *aws::from_json(R"({"e":"","flag":"","plus":"a b","q":"1,/b"})"));
  const auto& context = event["requestContext"];
  CHECK(context["accountId"].string() == "anonymous");
  CHECK(context["apiId"].string() == id32);
  CHECK_FALSE(context.has("authorizer"));
  CHECK(context["domainName"].string() == id32 + ".lambda-url.eu-west-1.on.aws");
  CHECK(context["domainPrefix"].string() == id32);
  CHECK(context["http"] ==
        *aws::from_json(R"({"method":"GET","path":"/my/p%61th","protocol":"HTTP/1.1",)"
                        R"("sourceIp":"127.0.0.1","userAgent":"agent"})"));
  CHECK(context["requestId"].string() == "r-1");
  CHECK(context["stage"].string() == "$default");
  CHECK(context["time"].string() == "12/Mar/2020:19:03:58 +0000");
  CHECK(context["timeEpoch"].integer() == 1584039838000);
  CHECK_FALSE(event.has("body"));
  CHECK_FALSE(event["isBase64Encoded"].boolean());
}

TEST_CASE("function URLs: a body travels as text where its type says text, else in base64") {
  const auto body_of = [](const std::string& type, const std::string& body, bool packed = false) {
    Asked asked;
    asked.request.method = "POST";
    if (!type.empty()) asked.request.headers.add("Content-Type", type);
    if (packed) asked.request.headers.add("Content-Encoding", "gzip");
    asked.request.body = body;
    const auto event = asked.event();
    CHECK(event["headers"]["content-length"].string() == std::to_string(body.size()));
    return (event["isBase64Encoded"].boolean() ? "base64 " : "text ") + event["body"].string();
  };
  CHECK(body_of("application/json; charset=utf-8", R"({"a":1})") == R"(text {"a":1})");
  CHECK(body_of("Text/Plain", "\xc3\xa9") == "text \xc3\xa9");
  CHECK(body_of("application/problem+json", "{}") == "text {}");
  CHECK(body_of("application/x-www-form-urlencoded", "a=1") == "base64 YT0x");
  CHECK(body_of("multipart/form-data; boundary=x", "a") == "base64 YQ==");
  CHECK(body_of("", "a") == "base64 YQ==");
  CHECK(body_of("text/plain", "\xff") == "base64 /w==");  // whatever it says, it is none
  CHECK(body_of("text/plain", "a", true) == "base64 YQ==");
}

TEST_CASE("function URLs: who signed stands in the event") {
  aws::Caller ann{aws::Caller::Kind::user,
                  "111122223333",
                  "arn:aws:iam::111122223333:user/ann",
                  "",
                  "AIDAANN",
                  "ann",
                  "",
                  "",
                  "AKIAANN"};
  Asked asked;
  asked.signer = &ann;
  asked.place.by_path = true;
  asked.place.domain_name.clear();
  const auto event = asked.event();
  const auto& context = event["requestContext"];
  CHECK(context["accountId"].string() == "111122223333");
  CHECK(context["domainName"].string() == id32 + ".lambda-url.eu-west-1.localhost");
  const auto& iam = context["authorizer"]["iam"];
  CHECK(iam["accessKey"].string() == "AKIAANN");
  CHECK(iam["accountId"].string() == "111122223333");
  CHECK(iam["callerId"].string() == "AIDAANN");
  CHECK(iam["userId"].string() == "AIDAANN");
  CHECK(iam["userArn"].string() == "arn:aws:iam::111122223333:user/ann");
}

TEST_CASE("function URLs: bytes that are no text make no event that is no JSON") {
  Asked asked;
  asked.request.headers = {{"X-Odd", "\xff\xfe"}, {"User-Agent", "\xff"}, {"Cookie", "a=\xff"}};
  asked.place.target = "/\xff?\xff=%ff&%zz=1";
  const auto event = asked.event();
  CHECK(event["rawPath"].string() == "/\xEF\xBF\xBD");
  CHECK(event["queryStringParameters"]["%zz"].string() == "1");
}

TEST_CASE("function URLs: an answer with a status is what it says") {
  const auto r = answered(
      R"({"statusCode":201,"headers":{"Content-Type":"text/html","X-A":"b","X-N":7,"X-T":true},)"
      R"("cookies":["a=1; Secure","b=2"],"body":"<p>","isBase64Encoded":false})");
  CHECK(r.status == 201);
  CHECK(r.body == "<p>");
  CHECK(r.headers.get("content-type") == "text/html");
  CHECK(r.headers.get("X-A") == "b");
  CHECK(r.headers.get("X-N") == "7");
  CHECK(r.headers.get("X-T") == "true");
  CHECK(std::count(r.headers.begin(), r.headers.end(),
                   std::pair<std::string, std::string>{"Set-Cookie", "b=2"}) == 1);
  CHECK(r.headers.get("Set-Cookie") == "a=1; Secure");
  const auto plain = answered(R"({"statusCode":200,"body":"body123"})");
  CHECK(plain.headers.get("Content-Type") == "application/json");
  CHECK(plain.body == "body123");
  CHECK(answered(R"({"statusCode":"418","body":"teapot"})").status == 418);
  CHECK(answered(R"({"statusCode":404})").body.empty());
  CHECK(answered(R"({"statusCode":204,"body":"x"})").body.empty());
  CHECK(answered(R"({"statusCode":200,"body":"AAH/","isBase64Encoded":true})").body ==
        std::string("\0\1\xff", 3));
}

TEST_CASE("function URLs: an answer without a status is a body of JSON") {
  const auto r = answered(R"({"hello": "wor ld", "n": [1, 2.5, null]})");
  CHECK(r.status == 200);
  CHECK(r.headers.get("Content-Type") == "application/json");
  CHECK(r.body == R"({"hello":"wor ld","n":[1,2.5,null]})");
  CHECK(answered(R"(["hello", 3, true])").body == R"(["hello",3,true])");
  CHECK(answered(R"("hello")").body == "hello");  // as recorded: without its quotes
  CHECK(answered("3.1").body == "3.1");
  CHECK(answered("true").body == "true");
  CHECK(answered("null").body == "null");
  const std::string deep = std::string(5000, '[') + std::string(5000, ']');
  CHECK(answered(deep).body == deep);
}

TEST_CASE("function URLs: an answer that HTTP cannot say is 502, whatever it says") {
  for (const auto* payload : {"not json",
                              "",
                              R"({"statusCode":99})",
                              R"({"statusCode":100})",
                              R"({"statusCode":600})",
                              R"({"statusCode":"two hundred"})",
                              R"({"statusCode":true})",
                              R"({"statusCode":200.5})",
                              R"({"statusCode":200,"body":{"a":1}})",
                              R"({"statusCode":200,"headers":["a"]})",
                              R"({"statusCode":200,"headers":{"A":{"b":1}}})",
                              R"({"statusCode":200,"headers":{"A b":"c"}})",
                              R"({"statusCode":200,"headers":{"":"c"}})",
                              R"({"statusCode":200,"headers":{"A":"b\r\nSet-Cookie: c"}})",
                              R"({"statusCode":200,"headers":{"A\r\nB":"c"}})",
                              R"({"statusCode":200,"cookies":"a=1"})",
                              R"({"statusCode":200,"cookies":["a\nb"]})",
                              R"({"statusCode":200,"cookies":[1]})",
                              R"({"statusCode":200,"body":"%%%","isBase64Encoded":true})",
                              R"({"statusCode":200,"body":"a","isBase64Encoded":"yes"})"}) {
    CAPTURE(payload);
    const auto r = answered(payload);
    CHECK(r.status == 502);
    CHECK(r.body == "Internal Server Error");
    CHECK(r.headers.size() == 1);
  }
}

TEST_CASE("function URLs: the message's frame is not the function's") {
  const auto r =
      answered(R"({"statusCode":200,"headers":{"Content-Length":"5","transfer-encoding":"chunked",)"
               R"("Connection":"close","Date":"never","X-Own":"1"},"body":"a"})");
  CHECK(r.status == 200);
  CHECK(r.headers.get("X-Own") == "1");
  for (const auto* name : {"Content-Length", "Transfer-Encoding", "Connection", "Date"})
    CHECK_FALSE(r.headers.find(name));
}

TEST_CASE("function URLs: a function that fails tells callers nothing") {
  const auto r = failed(Verdict::Kind::function_error);
  CHECK(r.status == 502);
  CHECK(r.body == "Internal Server Error");
  CHECK(failed(Verdict::Kind::host_error).status == 500);
  const auto role = url_answer(aws::refuse("AccessDeniedException", "no role", 403));
  CHECK(role.status == 502);
  CHECK(role.body == R"({"Message":"no role"})");
}

TEST_CASE("function URLs: what AWS says to whom it does not serve") {
  CHECK(url_forbidden().status == 403);
  CHECK(url_forbidden().headers.get("x-amzn-ErrorType") == "AccessDeniedException");
  CHECK(url_forbidden().body ==
        R"({"Message":"Forbidden. For troubleshooting Function URL authorization issues, see: )"
        R"(https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html"})");
  CHECK(no_such_url().status == 403);
  CHECK(no_such_url().body == R"({"Message":null})");
  CHECK(url_throttled(true).status == 429);
  CHECK(url_throttled(true).body ==
        R"({"Reason":"ReservedFunctionConcurrentInvocationLimitExceeded","Type":"User",)"
        R"("message":"Rate Exceeded."})");
}

TEST_CASE("function URLs: Cors settings, before a request and after it") {
  const auto cors = *aws::from_json(
      R"({"AllowOrigins":["https://a.example","https://b.example"],"AllowMethods":["GET","PUT"],)"
      R"("AllowHeaders":["x-a"],"ExposeHeaders":["x-b","x-c"],"MaxAge":300,)"
      R"("AllowCredentials":true})");
  const auto everybody = *aws::from_json(R"({"AllowOrigins":["*"],"AllowMethods":["*"]})");
  const auto preflight = [](const std::string& origin, const std::string& method) {
    HttpRequest r;
    r.method = "OPTIONS";
    r.headers = {{"Origin", origin}, {"Access-Control-Request-Method", method}};
    return r;
  };
  CHECK(is_preflight(preflight("https://a.example", "GET")));
  HttpRequest plain;
  plain.method = "OPTIONS";
  CHECK_FALSE(is_preflight(plain));
  const auto allowed = preflight_answer(cors, preflight("https://A.example", "put"));
  CHECK(allowed.status == 200);
  CHECK(allowed.headers.get("Access-Control-Allow-Origin") == "https://A.example");
  CHECK(allowed.headers.get("Access-Control-Allow-Methods") == "GET,PUT");
  CHECK(allowed.headers.get("Access-Control-Allow-Headers") == "x-a");
  CHECK(allowed.headers.get("Access-Control-Max-Age") == "300");
  CHECK(allowed.headers.get("Access-Control-Allow-Credentials") == "true");
  CHECK(allowed.headers.get("Vary") == "Origin");
  for (const auto& refused :
       {preflight("https://evil.example", "GET"), preflight("https://a.example", "DELETE")})
    CHECK_FALSE(preflight_answer(cors, refused).headers.find("Access-Control-Allow-Origin"));
  CHECK(preflight_answer(everybody, preflight("null", "DELETE"))
            .headers.get("Access-Control-Allow-Origin") == "*");

  HttpRequest from_a;
  from_a.headers = {{"Origin", "https://a.example"}};
  aws::Headers answer = {{"access-control-allow-origin", "*"}, {"Vary", "Accept"}};
  add_cors(cors, from_a, answer);
  CHECK(answer.get("Access-Control-Allow-Origin") == "https://a.example");
  CHECK(answer.get("Access-Control-Expose-Headers") == "x-b,x-c");
  CHECK(answer.get("Vary") == "Accept, Origin");
  aws::Headers own = {{"Access-Control-Allow-Origin", "*"}};
  add_cors(Value{}, from_a, own);
  CHECK(own.size() == 1);
  from_a.headers.set("Origin", "https://evil.example");
  aws::Headers none;
  add_cors(cors, from_a, none);
  CHECK(none.empty());
}

TEST_CASE("JSON without blanks keeps what stands in strings") {
  CHECK(without_blanks("{ \"a b\" : [ 1 , \"\\\" x\\\\\" , null ]\n}\t") ==
        "{\"a b\":[1,\"\\\" x\\\\\",null]}");
}

}  // namespace sitelatch::lambda
