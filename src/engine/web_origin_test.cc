// SPDX-License-Identifier: Apache-2.0
#include "engine/web_origin.h"

#include <doctest/doctest.h>

namespace sitelatch::engine {
namespace {

aws::HttpRequest request(std::string method, aws::Headers headers, std::string target = "/") {
  aws::HttpRequest out;
  out.method = std::move(method);
  out.target = std::move(target);
  out.headers = std::move(headers);
  if (!out.headers.find("Host")) out.headers.add("Host", "127.0.0.1:4566");
  return out;
}
bool refused(const aws::HttpRequest& r, const AcceptedHosts& hosts = {}) {
  return cross_site_refusal(r, hosts).has_value();
}
bool host_refused(const std::string& host, const AcceptedHosts& hosts = {}) {
  return refused(request("POST", {{"Host", host}}), hosts);
}

}  // namespace

TEST_CASE("web origin: what AWS's clients send goes through") {
  CHECK_FALSE(refused(request("POST", {{"User-Agent", "Boto3/1.43"}})));
  for (const auto* host :
       {"127.0.0.1:4566", "localhost:4566", "LOCALHOST", "sns.localhost:1", "[::1]:4566",
        "10.1.2.3:4566", "lambda.us-east-1.amazonaws.com", "streaming-logs.eu-west-1.amazonaws.com",
        "sns.cn-north-1.amazonaws.com.cn", "lambda.us-east-1.api.aws", "host.docker.internal:4566"})
    CHECK_FALSE(host_refused(host));
}

TEST_CASE("web origin: names that others can hold are not ours unless we are told") {
  for (const auto* host :
       {"evil.example", "localhost.evil.example", "127.0.0.1.nip.io", "amazonaws.com.evil.example",
        "xamazonaws.com", "sitelatch", "box.local", "notlocalhost"})
    CHECK(host_refused(host));
  const AcceptedHosts told{{"aws.example"}, false}, beyond{{}, true};
  CHECK_FALSE(host_refused("AWS.example:4566", told));
  CHECK(host_refused("x.aws.example", told));
  for (const auto* host : {"sitelatch:4566", "box.local", "e.svc.internal"})
    CHECK_FALSE(host_refused(host, beyond));
  CHECK(host_refused("evil.example", beyond));
  CHECK(cross_site_refusal(request("GET", {{"Host", "a.example"}}), {})
            ->find("--allow-host a.example") != std::string::npos);
}

TEST_CASE("web origin: pages of others are refused, our own are not") {
  for (const auto* origin : {"https://evil.example", "null", "http://localhost:3000",
                             "http://127.0.0.1", "https://127.0.0.1:4566", ""})
    CHECK(refused(request("POST", {{"Origin", origin}})));
  CHECK_FALSE(refused(request("POST", {{"Origin", "http://127.0.0.1:4566"}})));
  for (const auto* site : {"cross-site", "same-site", "none", "strange"})
    CHECK(refused(request("POST", {{"Sec-Fetch-Site", site}})));
  CHECK_FALSE(refused(request("POST", {{"Sec-Fetch-Site", "same-origin"}})));
  CHECK(refused(request("GET", {{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Mode", "no-cors"}})));
  CHECK(refused(request("OPTIONS", {{"Access-Control-Request-Method", "POST"}})));
}

TEST_CASE("web origin: a link in a mail may be followed, unless it carries a signature") {
  const aws::Headers click = {{"Sec-Fetch-Site", "cross-site"},
                              {"Sec-Fetch-Mode", "navigate"},
                              {"Sec-Fetch-Dest", "document"}};
  CHECK_FALSE(refused(request("GET", click, "/?Action=ConfirmSubscription&Token=x")));
  CHECK(refused(request("GET", click, "/?Action=CreateUser&X-Amz-Signature=0")));
  CHECK(refused(request("POST", click, "/?Action=ConfirmSubscription&Token=x")));
  auto framed = click;
  framed.set("Sec-Fetch-Dest", "iframe");
  CHECK(refused(request("GET", framed, "/?Action=Unsubscribe")));
  CHECK_FALSE(refused(request("GET", {{"Sec-Fetch-Site", "none"}, {"Sec-Fetch-Mode", "navigate"}},
                              "/?Action=ConfirmSubscription&Token=x")));
}

TEST_CASE("web origin: a function's URL is for pages of anybody, at our names and AWS's") {
  const std::string id = "abcdefghij0123456789klmnopqrstuv";
  for (const auto& host :
       {id + ".lambda-url.eu-west-1.localhost:4566", id + ".lambda-url.eu-west-1.on.aws"})
    CHECK_FALSE(refused(request(
        "POST",
        {{"Host", host}, {"Origin", "https://a.example"}, {"Sec-Fetch-Site", "cross-site"}})));
  const auto path = "/_sitelatch/url/" + id + "/";
  CHECK_FALSE(refused(request("POST", {{"Origin", "https://a.example"}}, path)));
  // A name of somebody else's stays one, and nothing else is AWS's below on.aws.
  CHECK(refused(request("GET", {{"Host", "evil.example"}}, path)));
  for (const auto* host : {"on.aws", "x.on.aws", "x.lambda-url.eu-west-1.on.aws.evil.example",
                           "x.lambda-url.eu-west-1.evil.example"})
    CHECK(host_refused(host));
  // The API is no URL because its host says so somewhere.
  CHECK(refused(request(
      "POST", {{"Host", "lambda-url.eu-west-1.localhost"}, {"Origin", "https://a.example"}})));
  CHECK(refused(request("POST", {{"Origin", "https://a.example"}}, "/x" + path)));
}

TEST_CASE("web origin: what browsers are known by") {
  CHECK(from_browser(request("GET", {{"User-Agent", "Mozilla/5.0"}})));
  CHECK(from_browser(request("GET", {{"Sec-Fetch-Mode", "navigate"}})));
  CHECK_FALSE(from_browser(request("GET", {{"User-Agent", "aws-cli/2"}})));
}

}  // namespace sitelatch::engine
