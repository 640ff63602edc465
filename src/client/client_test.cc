// SPDX-License-Identifier: Apache-2.0
#include "client/client.h"

#include <doctest/doctest.h>

#include "aws/auth/sigv4.h"
#include "base/text.h"
#include "client/fault_transport.h"
#include "client/test_support.h"
#include "client/wait.h"

namespace sitelatch::client {
namespace {

using namespace std::chrono_literals;
using test::answer;
using test::no_answer;
using test::World;

constexpr auto identity =
    R"(<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">)"
    "<GetCallerIdentityResult><Arn>arn:aws:iam::123456789012:user/me</Arn><UserId>AIDA</UserId>"
    "<Account>123456789012</Account></GetCallerIdentityResult>"
    "<ResponseMetadata><RequestId>req-1</RequestId></ResponseMetadata></GetCallerIdentityResponse>";

std::string query_error(std::string_view code, std::string_view message) {
  return "<ErrorResponse><Error><Type>Sender</Type><Code>" + std::string{code} +
         "</Code><Message>" + std::string{message} +
         "</Message></Error><RequestId>req-9</RequestId></ErrorResponse>";
}

Outcome<Reply> who(Client& client) {
  return client.send({.service = "sts", .operation = "GetCallerIdentity"});
}

bool verifies(const Exchange& exchange, std::string_view secret) {
  const auto claim = aws::read_signature(exchange.request);
  if (!claim || !*claim) return false;
  aws::SignatureVerifier verifier;
  return static_cast<bool>(verifier.verify(exchange.request, **claim, secret));
}

TEST_CASE("a call: encoded, signed for its region, decoded, with its request id") {
  World world;
  Client client({}, world.dependencies());
  world.transport.queue.push_back(answer(200, identity));
  const auto reply = who(client);
  REQUIRE(reply);
  CHECK(reply->output["Account"].string() == "123456789012");
  CHECK(reply->request_id == "req-1");
  const auto& asked = world.transport.asked.at(0);
  CHECK(asked.origin == "https://sts.eu-central-1.amazonaws.com");
  CHECK(asked.request.headers.get("Host") == "sts.eu-central-1.amazonaws.com");
  CHECK(asked.request.body == "Action=GetCallerIdentity&Version=2011-06-15");
  CHECK(asked.request.headers.get("Authorization").find("/eu-central-1/sts/aws4_request") !=
        std::string::npos);
  CHECK(verifies(asked, "secret"));
}

TEST_CASE("nothing is read before the first call") {
  World world;
  world.environment.variables["AWS_PROFILE"] = "missing";
  Client client({}, world.dependencies());
  CHECK(who(client).error().code == "ProfileNotFound");
}

TEST_CASE("global services are signed for their own region, whatever is configured") {
  World world;
  Client client({}, world.dependencies());
  world.transport.queue.push_back(answer(200,
                                         "<GetHealthCheckCountResponse><HealthCheckCount>3</"
                                         "HealthCheckCount></GetHealthCheckCountResponse>"));
  const auto count = client.call("route53", "GetHealthCheckCount");
  REQUIRE(count);
  CHECK((*count)["HealthCheckCount"].integer() == 3);
  CHECK(world.transport.asked[0].origin == "https://route53.amazonaws.com");
  CHECK(world.transport.asked[0].request.headers.get("Authorization").find("/us-east-1/route53/") !=
        std::string::npos);
}

TEST_CASE("CloudWatch speaks query; regions of single calls") {
  World world;
  Client client({}, world.dependencies());
  world.transport.queue.push_back(
      answer(200,
             "<DescribeAlarmsResponse><DescribeAlarmsResult><MetricAlarms/></"
             "DescribeAlarmsResult></DescribeAlarmsResponse>"));
  const auto alarms =
      client.call("cloudwatch", "DescribeAlarms",
                  Value::structure({{"AlarmNames", Value::list({"a"})}}), "us-east-1");
  REQUIRE(alarms);
  CHECK((*alarms)["MetricAlarms"].is_list());
  CHECK(world.transport.asked[0].origin == "https://monitoring.us-east-1.amazonaws.com");
  CHECK(world.transport.asked[0].request.body.find("AlarmNames.member.1=a") != std::string::npos);
}

TEST_CASE("an ARN in a path, behind an endpoint with a base path, is signed as it is sent") {
  World world;
  Options options;
  options.endpoint_url = "http://gate.example:8080/aws/";
  Client client(options, world.dependencies());
  world.transport.queue.push_back(answer(200, R"({"Policy":"{}"})"));
  REQUIRE(
      client.call("lambda", "GetPolicy",
                  Value::structure({{"FunctionName", "arn:aws:lambda:us-east-1:1:function:f"}})));
  const auto& asked = world.transport.asked[0];
  CHECK(asked.request.target ==
        "/aws/2015-03-31/functions/arn%3Aaws%3Alambda%3Aus-east-1%3A1%3Afunction%3Af/policy");
  CHECK(asked.request.headers.get("Host") == "gate.example:8080");
  CHECK(verifies(asked, "secret"));
}

TEST_CASE("an error answer carries everything") {
  World world;
  Client client({}, world.dependencies());
  world.transport.queue.push_back(answer(409, query_error("HealthCheckVersionMismatch", "stale")));
  const auto reply =
      client.call("route53", "UpdateHealthCheck", Value::structure({{"HealthCheckId", "1"}}));
  REQUIRE_FALSE(reply);
  const auto& error = reply.error();
  CHECK(error.is("HealthCheckVersionMismatch"));
  CHECK(error.message == "stale");
  CHECK(error.status == 409);
  CHECK(error.request_id == "req-9");
  CHECK(error.service == "route53");
  CHECK(error.operation == "UpdateHealthCheck");
  CHECK(error.access_key_id == "AKIDENV");
  CHECK(error.attempts == 1);
  CHECK(world.transport.asked.size() == 1);
}

TEST_CASE(
    "throttling, 5xx and broken connections are tried again, with growing waits; each attempt is "
    "signed anew") {
  World world;
  Client client({}, world.dependencies());
  world.transport.queue = {answer(400, query_error("Throttling", "Rate exceeded")),
                           answer(503, "<html>"), no_answer(Cause::connection),
                           answer(200, identity)};
  REQUIRE(who(client));
  REQUIRE(world.transport.asked.size() == 4);
  REQUIRE(world.clock.sleeps.size() == 3);
  CHECK(world.clock.sleeps[0] <= 1s);
  CHECK(world.clock.sleeps[1] <= 2s);
  CHECK(world.clock.sleeps[2] <= 4s);
  CHECK(world.clock.sleeps[0] + world.clock.sleeps[1] + world.clock.sleeps[2] > 0s);
  CHECK(verifies(world.transport.asked[3], "secret"));
}

TEST_CASE("attempts end: as configured, or as the call says") {
  World world;
  Client client({}, world.dependencies());
  world.transport.queue = std::deque<test::Answer>(9, answer(500, ""));
  const auto reply = who(client);
  CHECK(reply.error().attempts == 5);
  CHECK(reply.error().cause == Cause::answer);
  CHECK(world.transport.asked.size() == 5);
  const auto once =
      client.send({.service = "sts", .operation = "GetCallerIdentity", .attempts = 1});
  CHECK(once.error().attempts == 1);
  CHECK(world.transport.asked.size() == 6);
}

TEST_CASE("an invented idempotency token is the same in every attempt") {
  World world;
  Client client({}, world.dependencies());
  world.transport.queue = {answer(500, ""), answer(200, "{}")};
  REQUIRE(client.call("logs", "PutQueryDefinition",
                      Value::structure({{"name", "a"}, {"queryString", "b"}})));
  CHECK(world.transport.asked[0].request.body.find("\"clientToken\":\"") != std::string::npos);
  CHECK(world.transport.asked[0].request.body == world.transport.asked[1].request.body);
}

TEST_CASE("Route 53 is paced on AWS, not on a configured endpoint until it throttles") {
  const std::string count =
      "<GetHealthCheckCountResponse><HealthCheckCount>3</HealthCheckCount></"
      "GetHealthCheckCountResponse>";
  World world;
  Client real({}, world.dependencies());
  world.transport.queue = std::deque<test::Answer>(60, answer(200, count));
  const auto start = world.clock.time;
  for (int i = 0; i < 60; ++i) REQUIRE(real.call("route53", "GetHealthCheckCount"));
  CHECK(world.clock.time - start == 1s);  // fifty at once, then ten a second

  Options options;
  options.endpoint_url = "http://127.0.0.1:4566";
  Client engine(options, world.dependencies());
  world.transport.queue = std::deque<test::Answer>(60, answer(200, count));
  const auto again = world.clock.time;
  for (int i = 0; i < 60; ++i) REQUIRE(engine.call("route53", "GetHealthCheckCount"));
  CHECK(world.clock.time == again);
}

TEST_CASE(
    "credentials: kept, refreshed before they expire, kept when the refresh fails but they still "
    "hold") {
  World world;
  world.environment.variables.erase("AWS_ACCESS_KEY_ID");
  world.environment.files["/home/me/.aws/config"] = "[default]\ncredential_process=get\n";
  const auto give = [&](std::string key, Duration for_how_long) {
    const auto until = Instant{(world.clock.time + for_how_long).time_since_epoch()};
    world.environment.program = [=](const auto&) {
      return ProgramOutput{0,
                           R"({"Version":1,"AccessKeyId":")" + key +
                               R"(","SecretAccessKey":"s","SessionToken":")" + key +
                               R"(","Expiration":")" + iso8601_seconds(until) + "\"}",
                           ""};
    };
  };
  world.transport.routes["POST "] = [](const Exchange&) { return answer(200, identity); };
  const auto used = [&] {
    return aws::read_signature(world.transport.asked.back().request).value()->access_key_id;
  };
  Client client({}, world.dependencies());
  give("ONE", 1h);
  REQUIRE(who(client));
  REQUIRE(who(client));
  CHECK(world.environment.started.size() == 1);
  world.clock.time += 56min;
  give("TWO", 1h);
  REQUIRE(who(client));
  CHECK(used() == "TWO");
  world.clock.time += 57min;
  world.environment.program = nullptr;
  REQUIRE(who(client));
  CHECK(used() == "TWO");
  world.clock.time += 4min;
  CHECK(who(client).error().code == "CredentialProcess");
}

TEST_CASE("an expired token: once more with fresh credentials, where there are any") {
  World world;
  world.environment.variables["AWS_SESSION_TOKEN"] = "old";
  Client client({}, world.dependencies());
  world.transport.queue = {answer(
      403, query_error("ExpiredToken", "The security token included in the request is expired"))};
  CHECK(who(client).error().code == "ExpiredToken");
  CHECK(world.transport.asked.size() == 1);
  world.transport.queue = {answer(403, query_error("ExpiredToken", "expired")),
                           answer(200, identity)};
  world.environment.variables["AWS_SESSION_TOKEN"] = "new";
  CHECK(who(client));
  CHECK(world.transport.asked.back().request.headers.get("X-Amz-Security-Token") == "new");
}

TEST_CASE("a role is assumed through the same transport, and used") {
  World world;
  world.environment.files["/home/me/.aws/config"] =
      "[profile r]\nrole_arn=arn:aws:iam::1:role/r\ncredential_source=Environment\n";
  Options options;
  options.profile = "r";
  Client client(options, world.dependencies());
  world.transport.queue = {
      answer(200,
             "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>ASIA</"
             "AccessKeyId><SecretAccessKey>rs</SecretAccessKey>"
             "<SessionToken>tok</SessionToken><Expiration>2027-01-01T00:00:00Z</Expiration></"
             "Credentials></AssumeRoleResult></AssumeRoleResponse>"),
      answer(200, identity)};
  REQUIRE(who(client));
  CHECK(world.transport.asked[0].request.body.find("Action=AssumeRole&") != std::string::npos);
  CHECK(verifies(world.transport.asked[0], "secret"));
  CHECK(verifies(world.transport.asked[1], "rs"));
  CHECK(world.transport.asked[1].request.headers.get("X-Amz-Security-Token") == "tok");
}

TEST_CASE("a role that may not be assumed: the error is STS's, and names the call") {
  World world;
  world.environment.files["/home/me/.aws/config"] =
      "[profile r]\nrole_arn=R\ncredential_source=Environment\n";
  Options options;
  options.profile = "r";
  Client client(options, world.dependencies());
  world.transport.queue = {answer(403, query_error("AccessDenied",
                                                   "User: arn:aws:iam::1:user/me is not authorized "
                                                   "to perform: sts:AssumeRole on resource: R"))};
  const auto reply = client.call("route53", "GetHealthCheckCount");
  REQUIRE_FALSE(reply);
  CHECK(reply.error().operation == "AssumeRole");
  CHECK(explain(reply.error()) ==
        "arn:aws:iam::1:user/me may not do sts:AssumeRole on R. AWS says: User: "
        "arn:aws:iam::1:user/me is not authorized to perform: sts:AssumeRole on resource: R.");
}

TEST_CASE("a clock that is wrong is corrected once by the service's Date") {
  World world;
  Client client({}, world.dependencies());
  const aws::Headers date{{"Date", "Wed, 25 Nov 2026 10:42:21 GMT"}};
  world.transport.queue = {
      answer(403, query_error("SignatureDoesNotMatch", "Signature expired: ..."), date),
      answer(200, identity)};
  REQUIRE(who(client));
  CHECK(world.transport.asked[1].request.headers.get("X-Amz-Date") == "20261125T104221Z");
  CHECK(world.clock.sleeps.empty());
  world.transport.queue = {answer(
      403, query_error("SignatureDoesNotMatch", "The request signature we calculated ..."), date)};
  CHECK(who(client).error().attempts == 1);
}

TEST_CASE("proxies: by scheme, never for this machine") {
  World world;
  world.environment.variables["HTTPS_PROXY"] = "http://proxy:3128";
  world.environment.variables["NO_PROXY"] = ".internal";
  world.environment.variables["AWS_CA_BUNDLE"] = "/ca.pem";
  world.transport.routes["POST "] = [](const Exchange&) { return answer(200, identity); };
  Client client({}, world.dependencies());
  REQUIRE(who(client));
  CHECK(world.transport.asked.back().proxy == "http://proxy:3128");
  CHECK(world.transport.asked.back().no_proxy == ".internal");
  CHECK(world.transport.asked.back().ca_bundle == "/ca.pem");
  Options options;
  options.endpoint_url = "https://localhost:4566";
  Client local(options, world.dependencies());
  REQUIRE(who(local));
  CHECK(world.transport.asked.back().proxy.empty());
}

TEST_CASE("what this program does not know is said without a call") {
  World world;
  Client client({}, world.dependencies());
  CHECK(client.call("s3", "ListBuckets").error().code == "UnknownOperation");
  CHECK(client.call("route53", "MakeCoffee").error().code == "UnknownOperation");
  world.environment.variables.erase("AWS_REGION");
  Client nowhere({}, world.dependencies());
  CHECK(nowhere.call("sns", "ListTopics").error().code == "NoRegion");
  CHECK(world.transport.asked.empty());
}

TEST_CASE("all pages, joined: markers, tokens, and Route 53's record names") {
  World world;
  Client client({}, world.dependencies());
  const auto page = [](std::string id, bool more) {
    return answer(
        200,
        "<ListHostedZonesResponse><HostedZones><HostedZone><Id>" + id +
            "</Id><Name>n</Name><CallerReference>c</CallerReference>"
            "</HostedZone></HostedZones><IsTruncated>" +
            (more ? "true" : "false") +
            "</IsTruncated>"
            "<NextMarker>m&amp;1</NextMarker><MaxItems>1</MaxItems></ListHostedZonesResponse>");
  };
  world.transport.queue = {page("/hostedzone/Z1", true), page("/hostedzone/Z2", false)};
  const auto zones = client.call_all("route53", "ListHostedZones");
  REQUIRE(zones);
  CHECK((*zones)["HostedZones"].items().size() == 2);
  CHECK_FALSE(zones->has("NextMarker"));
  CHECK_FALSE(zones->has("IsTruncated"));
  CHECK(world.transport.asked[1].request.target.find("marker=m%261") != std::string::npos);

  world.transport.asked.clear();
  world.transport.queue = {
      answer(200,
             "<ListResourceRecordSetsResponse><ResourceRecordSets><ResourceRecordSet><Name>a.</"
             "Name><Type>A</Type></ResourceRecordSet></ResourceRecordSets>"
             "<IsTruncated>true</IsTruncated><NextRecordName>b.</NextRecordName><NextRecordType>A</"
             "NextRecordType><NextRecordIdentifier>p</NextRecordIdentifier></"
             "ListResourceRecordSetsResponse>"),
      answer(200,
             "<ListResourceRecordSetsResponse><ResourceRecordSets/><IsTruncated>false</"
             "IsTruncated></ListResourceRecordSetsResponse>")};
  REQUIRE(client.call_all("route53", "ListResourceRecordSets",
                          Value::structure({{"HostedZoneId", "Z1"}})));
  CHECK(world.transport.asked[1].request.target ==
        "/2013-04-01/hostedzone/Z1/rrset?name=b.&type=A&identifier=p");

  world.transport.asked.clear();
  world.transport.queue = {answer(200, R"({"events":[{"message":"1"}],"nextForwardToken":"f/1"})"),
                           answer(200, R"({"events":[],"nextForwardToken":"f/1"})")};
  const auto events =
      client.call_all("logs", "GetLogEvents", Value::structure({{"logStreamName", "s"}}));
  REQUIRE(events);
  CHECK((*events)["events"].items().size() == 1);
  CHECK(world.transport.asked.size() == 2);
}

TEST_CASE(
    "pages: a visitor may stop, an operation without pages is one call, a page that repeats is an "
    "error") {
  World world;
  Client client({}, world.dependencies());
  world.transport.routes["POST "] = [](const Exchange&) {
    return answer(200, R"({"Rules":[{"Name":"a"}],"NextToken":"same"})");
  };
  int seen = 0;
  REQUIRE(client.pages("events", "ListRules", Value::structure(), {},
                       [&](const Value&) { return ++seen, Aws::Visit::stop; }));
  CHECK(seen == 1);
  CHECK(client.call_all("events", "ListRules").error().cause == Cause::answer);
  world.transport.routes["POST "] = [](const Exchange&) { return answer(200, identity); };
  CHECK((*client.call_all("sts", "GetCallerIdentity"))["Account"].string() == "123456789012");
}

TEST_CASE("the process may be ended before or after the Nth call, as a fault") {
  World world;
  world.environment.variables["SITELATCH_FAULT_EXIT_BEFORE_CALLS"] = "2";
  world.environment.variables["SITELATCH_FAULT_EXIT_AFTER_CALLS"] = "x";
  const auto plan = fault_plan(world.environment);
  CHECK(plan.exit_before_call == 2);
  CHECK_FALSE(plan.exit_after_call);
  int exits = 0;
  FaultTransport faults(world.transport, {2, 3}, [&] { ++exits; });
  Exchange host;
  host.api = false;
  const std::vector<int> expected{0, 0, 1, 2, 2};
  std::vector<int> counted;
  for (const auto& exchange : {Exchange{}, host, Exchange{}, Exchange{}, Exchange{}}) {
    CHECK_FALSE(faults.send(exchange));
    counted.push_back(exits);
  }
  CHECK(counted == expected);
}

TEST_CASE("waiting: a value, an error, the deadline, an interruption") {
  test::FakeClock clock;
  const auto start = clock.time;
  int asked = 0;
  const std::function<Outcome<std::optional<int>>()> third = [&]() -> Outcome<std::optional<int>> {
    return ++asked == 3 ? std::optional{42} : std::nullopt;
  };
  CHECK(**wait_for<int>(clock, {.every = 2s, .at_most = 1min}, third) == 42);
  CHECK(clock.time - start == 4s);
  const std::function<Outcome<std::optional<int>>()> never = [&]() -> Outcome<std::optional<int>> {
    ++asked;
    return std::optional<int>{};
  };
  asked = 0;
  CHECK_FALSE(wait_for<int>(clock, {.every = 4s, .at_most = 10s}, never)->has_value());
  CHECK(asked == 4);  // at 0, 4, 8 and 10 s
  asked = 0;
  CHECK_FALSE(
      wait_for<int>(clock, {.every = 1s, .at_most = 7s, .growth = 2.0, .longest = 2s}, never)
          ->has_value());
  CHECK(asked == 5);  // at 0, 1, 3, 5 and 7 s
  bool stop = false;
  CHECK_FALSE(wait_until(clock, {.interrupted = [&] { return std::exchange(stop, true); }},
                         [] { return false; }));
  CHECK(wait_until(clock, {.at_most = 0s}, [] { return true; }));
}

}  // namespace
}  // namespace sitelatch::client
