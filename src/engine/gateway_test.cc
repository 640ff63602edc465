// SPDX-License-Identifier: Apache-2.0
#include "engine/gateway.h"

#include <doctest/doctest.h>

#include <new>
#include <optional>
#include <stdexcept>

#include "aws/wire/codec.h"
#include "base/text.h"
#include "engine/gateway_sessions.h"
#include "ports/sim/world.h"
#include "services/iam/iam.h"

namespace sitelatch::engine {
namespace {
using aws::HttpRequest;
using aws::HttpResponse;
using aws::Value;
using namespace std::chrono_literals;

// A service of two operations that says what it was asked.
class FakeSns final : public aws::Service {
 public:
  std::string_view model_name() const override { return "sns"; }
  std::vector<aws::Permission> authorisation(const aws::Call& call) const override {
    if (call.operation == "ListTopics") return {{"sns:ListTopics", {"*"}, {}, "", false}};
    return {{"sns:" + std::string{call.operation},
             {call.input["TopicArn"].string_or("")},
             {},
             topic_policy,
             false}};
  }
  std::vector<std::string_view> operations() const override {
    return {"Publish", "DeleteTopic", "ListTopics", "ConfirmSubscription"};
  }
  bool allows_anonymous(std::string_view operation) const override {
    return operation == "ConfirmSubscription";
  }
  void handle(const aws::Call& call, aws::Answer answer) override {
    ++handled;
    region = call.region;
    caller = call.caller;
    endpoint = call.endpoint;
    input = call.input;
    if (call.operation == "DeleteTopic" && no_memory) throw std::bad_alloc();
    if (call.operation == "DeleteTopic") throw std::runtime_error("a bug");
    if (call.operation == "ListTopics")
      return answer(Value::structure({{"Topics", Value::list()}}));
    if (later) {
      waiting = std::move(answer);
      return;
    }
    answer(Value::structure({{"MessageId", "m-1"}}));
  }
  std::string topic_policy, region, endpoint;
  aws::Caller caller;
  Value input;
  int handled = 0;
  bool later = false, no_memory = false;
  aws::Answer waiting;
};

class FakeLambda final : public aws::Service {
 public:
  std::string_view model_name() const override { return "lambda"; }
  std::vector<aws::Permission> authorisation(const aws::Call&) const override {
    return {{"lambda:ListFunctions", {"*"}, {}, "", false}};
  }
  std::vector<std::string_view> operations() const override { return {"ListFunctions"}; }
  void handle(const aws::Call&, aws::Answer answer) override {
    answer(Value::structure({{"Functions", Value::list()}}));
  }
};

const std::string topic = "arn:aws:sns:eu-west-1:000000000000:t";
const std::string publish_body =
    "Action=Publish&Version=2010-03-31&TopicArn=" + percent_encode(topic) + "&Message=hello";

// Work that is done when the test says so.
struct LaterWorkers final : Workers {
  void run(std::function<void()> work, std::function<void()> then) override {
    tasks.emplace_back(std::move(work), std::move(then));
  }
  void work_one() {
    REQUIRE_FALSE(tasks.empty());
    auto task = std::move(tasks.front());
    tasks.erase(tasks.begin());
    task.first();
    task.second();
  }
  std::vector<std::pair<std::function<void()>, std::function<void()>>> tasks;
};

struct Fixture {
  ports::sim::World world{1, from_civil(2026, 11, 22, 12, 0, 0)};
  iam::Directory directory{world.journal, world.timers, world.entropy, "000000000000"};
  iam::Identities identities{directory, world.journal, world.wall, world.entropy};
  iam::Iam iam{identities};
  SessionsOfIam sessions{identities};
  sts::Sts sts{sessions, "000000000000"};
  FakeSns sns;
  FakeLambda lambda;
  Gateway gateway;
  aws::SigningIdentity key{identities.root_key().access_key_id,
                           identities.root_key().secret_access_key, ""};
  std::string region = "eu-west-1";

  explicit Fixture(bool accept_any = false, Workers* workers = nullptr)
      : gateway(world.wall, world.timers, world.entropy, world.journal, identities,
                {&iam, &sts, &sns, &lambda},
                {"000000000000", accept_any, workers ? 1u << 20 : 1u << 16, workers}) {
    world.settle();
  }

  HttpRequest form(std::string body) const {
    HttpRequest r;
    r.method = "POST";
    r.headers = {{"Host", "127.0.0.1:4566"}, {"Content-Type", "application/x-www-form-urlencoded"}};
    r.body = std::move(body);
    r.peer = "127.0.0.1";
    return r;
  }
  HttpRequest signed_form(std::string body, std::string service = "sns") const {
    auto r = form(std::move(body));
    aws::sign(r, key, {region, service}, world.wall.now());
    return r;
  }
  HttpResponse send(HttpRequest request) {
    std::optional<HttpResponse> got;
    gateway.serve(std::move(request), [&](HttpResponse r) {
      REQUIRE_FALSE(got);
      got = std::move(r);
    });
    CHECK_FALSE(got);  // never before it is durable
    world.settle();
    REQUIRE(got);
    return *got;
  }
  HttpResponse call(const std::string& body, const std::string& service = "sns") {
    return send(signed_form(body, service));
  }
  // A user with one inline policy, and its key as the one to sign with.
  void become_user(const std::string& policy) {
    iam::Entity user;
    user.kind = iam::Kind::user;
    user.name = "ann";
    user.keys = {{"AKIAANN", "ann's secret", true, {}}};
    if (!policy.empty()) user.inline_policies["p"] = policy;
    directory.add(std::move(user));
    key = {"AKIAANN", "ann's secret", ""};
  }
  void add_role(const std::string& name, const std::string& trust, const std::string& policy) {
    iam::Entity role;
    role.kind = iam::Kind::role;
    role.name = name;
    role.trust = trust;
    role.inline_policies["p"] = policy;
    directory.add(std::move(role));
  }
};

bool has(const HttpResponse& response, std::string_view text) {
  return response.body.find(text) != std::string::npos;
}
std::string code(const HttpResponse& r) {
  const auto open = r.body.find("<Code>"), close = r.body.find("</Code>");
  return open == std::string::npos ? r.body : r.body.substr(open + 6, close - open - 6);
}
std::string allow(const std::string& action, const std::string& resource = "*") {
  return R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":")" + action +
         R"(","Resource":")" + resource + R"("}]})";
}
const std::string trusts_everyone =
    R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"*"},)"
    R"("Action":"sts:AssumeRole"}]})";
}  // namespace

TEST_CASE("gateway: a signed request reaches its service, and the reply waits for the journal") {
  Fixture f;
  const auto r = f.call(publish_body);
  CHECK(r.status == 200);
  CHECK(has(r, "<MessageId>m-1</MessageId>"));
  CHECK(r.headers.get("Date") == "Sun, 22 Nov 2026 12:00:00 GMT");
  CHECK(r.headers.get("x-amzn-RequestId").size() == 36);
  CHECK(r.headers.get("Content-Type").starts_with("text/xml"));
  CHECK(f.sns.region == "eu-west-1");
  CHECK(f.sns.caller.arn == "arn:aws:iam::000000000000:root");
  CHECK(f.sns.endpoint == "http://127.0.0.1:4566");
  CHECK(f.sns.input["Message"].string() == "hello");
}

TEST_CASE("gateway: who am I, through real STS") {
  Fixture f;
  const auto r = f.call("Action=GetCallerIdentity&Version=2011-06-15", "sts");
  CHECK(r.status == 200);
  CHECK(has(r, "<Arn>arn:aws:iam::000000000000:root</Arn>"));
}

TEST_CASE("gateway: what is not properly signed is refused, and never handled") {
  Fixture f;
  CHECK(code(f.send(f.form(publish_body))) == "MissingAuthenticationToken");
  auto tampered = f.signed_form(publish_body);
  tampered.body += "!";
  const auto refused = f.send(tampered);
  CHECK(refused.status == 403);
  CHECK(code(refused) == "SignatureDoesNotMatch");
  CHECK(has(refused, "The request signature we calculated does not match"));
  auto broken = f.signed_form(publish_body);
  broken.headers.set("Authorization", "AWS4-HMAC-SHA256 nonsense");
  CHECK(code(f.send(broken)) == "IncompleteSignature");
  auto good = f.key;
  f.key.secret_access_key += "x";
  CHECK(code(f.call(publish_body)) == "SignatureDoesNotMatch");
  f.key.access_key_id = "AKIANOBODY";
  const auto unknown = f.call(publish_body);
  CHECK(unknown.status == 403);
  CHECK(code(unknown) == "InvalidClientTokenId");
  f.key = good;
  f.key.session_token = "made up";
  CHECK(code(f.call(publish_body)) == "InvalidClientTokenId");
  CHECK(f.sns.handled == 0);
}

TEST_CASE("gateway: skew is judged on wall time, whatever the engine's clock does") {
  Fixture f;
  const auto request = f.signed_form(publish_body);
  f.world.wall.skew = 16min;
  const auto late = f.send(request);
  CHECK(code(late) == "SignatureDoesNotMatch");
  CHECK(has(late, "Signature expired: 20261122T120000Z is now earlier than 20261122T120100Z"));
  f.world.wall.skew = -16min;
  CHECK(has(f.send(request), "Signature not yet current"));
  f.world.wall.skew = 14min;
  CHECK(f.send(request).status == 200);
  f.world.wall.skew = -24h;
  f.world.advance(24h);
  CHECK(f.send(request).status == 200);
}

TEST_CASE("gateway: the scope of the credential") {
  Fixture f;
  f.region = "moon";
  CHECK(has(f.call(publish_body), "Credential should be scoped to a valid Region, not 'moon'"));
  CHECK(f.call("Action=ListRoles&Version=2010-05-08", "iam").status == 200);  // global: any region
  CHECK(f.sns.handled == 0);
}

TEST_CASE("gateway: presigned requests live as long as they say") {
  Fixture f;
  HttpRequest r;
  r.target = "/?Action=GetCallerIdentity&Version=2011-06-15";
  r.headers = {{"Host", "127.0.0.1:4566"}};
  aws::presign(r, f.key, {"us-east-1", "sts"}, f.world.wall.now(), 3600s);
  CHECK(f.send(r).status == 200);
  f.world.wall.skew = 59min;
  CHECK(f.send(r).status == 200);
  f.world.wall.skew = 61min;
  CHECK(code(f.send(r)) == "SignatureDoesNotMatch");
  f.world.wall.skew = 0s;
  r.target = replace_all(r.target, "X-Amz-Expires=3600", "X-Amz-Expires=7200");
  CHECK(code(f.send(r)) == "SignatureDoesNotMatch");
}

TEST_CASE("gateway: what no policy allows is denied in AWS's words and by the service's code") {
  Fixture f;
  f.become_user("");
  auto r = f.call(publish_body);
  CHECK(r.status == 403);
  CHECK(code(r) == "AuthorizationError");
  CHECK(has(r,
            "User: arn:aws:iam::000000000000:user/ann is not authorized to perform: sns:Publish on "
            "resource: " +
                topic + " because no identity-based policy allows the sns:Publish action"));
  r = f.call("Action=ListRoles&Version=2010-05-08", "iam");
  CHECK(r.status == 403);
  CHECK(code(r) == "AccessDenied");
  HttpRequest list;
  list.target = "/2015-03-31/functions/";
  list.headers = {{"Host", "127.0.0.1:4566"}};
  aws::sign(list, f.key, {"eu-west-1", "lambda"}, f.world.wall.now());
  r = f.send(list);
  CHECK(r.status == 403);
  CHECK(r.headers.get("x-amzn-ErrorType").starts_with("AccessDeniedException"));
  CHECK(f.call("Action=GetCallerIdentity&Version=2011-06-15", "sts").status == 200);
  CHECK(f.sns.handled == 0);
}

TEST_CASE("gateway: identity policies, resource policies and global keys decide") {
  Fixture f;
  f.become_user(allow("sns:Publish", topic));
  CHECK(f.call(publish_body).status == 200);
  CHECK(code(f.call("Action=ListTopics&Version=2010-03-31")) == "AuthorizationError");
  auto* ann = f.directory.find(iam::Kind::user, "ann");
  ann->inline_policies.clear();
  f.sns.topic_policy =
      R"({"Version":"2008-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"*"},
    "Action":"SNS:Publish","Resource":"*",
    "Condition":{"StringEquals":{"AWS:SourceOwner":"000000000000"}}}]})";
  CHECK(f.call(publish_body).status == 403);  // fact sns-80: a direct call does not carry it
  f.sns.topic_policy = replace_all(f.sns.topic_policy, "AWS:SourceOwner", "aws:PrincipalAccount");
  CHECK(f.call(publish_body).status == 200);
  f.sns.topic_policy = replace_all(f.sns.topic_policy, "000000000000", "111111111111");
  CHECK(f.call(publish_body).status == 403);
  ann->inline_policies["p"] =
      R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sns:*","Resource":"*",
    "Condition":{"IpAddress":{"aws:SourceIp":"127.0.0.0/8"},
    "StringEquals":{"aws:RequestedRegion":"eu-west-1","aws:username":"ann"}}}]})";
  CHECK(f.call(publish_body).status == 200);
  f.region = "us-east-1";
  CHECK(f.call(publish_body).status == 403);
}

// What AWS recommends for topics and queues (fact gateway-9).
TEST_CASE("gateway: who comes without TLS is no insecure transport") {
  Fixture f;
  f.become_user(allow("sns:Publish", topic));
  f.sns.topic_policy =
      R"({"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*",
    "Action":"SNS:Publish","Resource":"*","Condition":{"Bool":{"aws:SecureTransport":"false"}}}]})";
  CHECK(f.call(publish_body).status == 200);
  f.sns.topic_policy = replace_all(f.sns.topic_policy, R"("false")", R"("true")");
  CHECK(f.call(publish_body).status == 403);
}

TEST_CASE("gateway: a role's session acts within its role, its session policy and its lifetime") {
  Fixture f;
  f.add_role("worker", trusts_everyone, allow("sns:*"));
  const auto assume = [&](const std::string& more) {
    return f.call(
        "Action=AssumeRole&Version=2011-06-15&RoleSessionName=s1&RoleArn=arn%3Aaws%3Aiam%3A%"
        "3A000000000000%3Arole%2Fworker" +
            more,
        "sts");
  };
  const auto take = [&](const HttpResponse& r) {
    const auto field = [&](const std::string& name) {
      const auto at = r.body.find("<" + name + ">") + name.size() + 2;
      return r.body.substr(at, r.body.find("</" + name + ">") - at);
    };
    return aws::SigningIdentity{field("AccessKeyId"), field("SecretAccessKey"),
                                field("SessionToken")};
  };
  const auto root = f.key;
  const auto answer = assume("");
  REQUIRE(answer.status == 200);
  f.key = take(answer);
  CHECK(f.call(publish_body).status == 200);
  CHECK(f.sns.caller.arn == "arn:aws:sts::000000000000:assumed-role/worker/s1");
  CHECK(has(f.call("Action=ListRoles&Version=2010-05-08", "iam"),
            "User: arn:aws:sts::000000000000:assumed-role/worker/s1 is not"));

  const auto session = f.key;
  f.key.session_token.clear();
  CHECK(code(f.call(publish_body)) == "InvalidClientTokenId");
  f.key = session;
  f.world.wall.skew = 59min;
  CHECK(f.call(publish_body).status == 200);
  f.world.wall.skew = 61min;
  const auto expired = f.call(publish_body);
  CHECK(code(expired) == "ExpiredToken");
  CHECK(expired.status == 403);
  f.world.wall.skew = 0s;

  f.key = root;
  f.key = take(assume("&Policy=" + percent_encode(allow("sns:List*"))));
  CHECK(has(f.call(publish_body), "because no session policy allows the sns:Publish action"));
  CHECK(f.call("Action=ListTopics&Version=2010-03-31").status == 200);

  // The role is made anew: its old sessions are nobody's.
  f.directory.remove(iam::Kind::role, "worker");
  CHECK(code(f.call(publish_body)) == "InvalidClientTokenId");
  f.add_role("worker", trusts_everyone, allow("sns:*"));
  CHECK(code(f.call(publish_body)) == "InvalidClientTokenId");
}

TEST_CASE("gateway: a role that does not trust the caller, root included, is not assumed") {
  Fixture f;
  f.add_role("functions",
             R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow",)"
             R"("Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]})",
             allow("*"));
  for (const auto* name : {"functions", "missing"}) {
    const auto r = f.call(
        "Action=AssumeRole&Version=2011-06-15&RoleSessionName=s1&RoleArn=arn%3Aaws%3Aiam%3A%"
        "3A000000000000%3Arole%2F" +
            std::string{name},
        "sts");
    CHECK(r.status == 403);
    CHECK(code(r) == "AccessDenied");
    CHECK(has(r,
              "User: arn:aws:iam::000000000000:root is not authorized to perform: sts:AssumeRole "
              "on resource: arn:aws:iam::000000000000:role/" +
                  std::string{name} + "</Message>"));
  }
}

TEST_CASE(
    "gateway: any credentials, when asked for: an unknown key is root, a known one is checked") {
  Fixture f{true};
  auto known = f.key;
  f.key = {"test", "test", ""};
  CHECK(f.call(publish_body).status == 200);
  CHECK(f.sns.caller.kind == aws::Caller::Kind::root);
  f.key = {"ASIAELSEWHERE", "x", "a token of another cloud"};
  CHECK(f.call(publish_body).status == 200);
  f.key = known;
  f.key.secret_access_key = "wrong";
  CHECK(code(f.call(publish_body)) == "SignatureDoesNotMatch");
  f.become_user("");
  CHECK(code(f.call(publish_body)) == "AuthorizationError");
  f.key.secret_access_key = "wrong";
  CHECK(code(f.call(publish_body)) == "SignatureDoesNotMatch");
  CHECK(code(f.send(f.form(publish_body))) == "MissingAuthenticationToken");
}

TEST_CASE("gateway: what is not handled is refused in the protocol of the request") {
  Fixture f;
  const auto in_model =
      f.call("Action=CreatePlatformApplication&Version=2010-03-31&Name=x&Platform=y");
  CHECK(in_model.status == 400);
  CHECK(code(in_model) == "InvalidAction");
  CHECK(code(f.call("Action=Frobnicate&Version=2010-03-31")) == "InvalidAction");
  HttpRequest logs;
  logs.method = "POST";
  logs.headers = {{"Host", "127.0.0.1:4566"},
                  {"Content-Type", "application/x-amz-json-1.1"},
                  {"X-Amz-Target", "Logs_20140328.CreateLogGroup"}};
  logs.body = R"({"logGroupName":"g"})";
  aws::sign(logs, f.key, {"eu-west-1", "logs"}, f.world.wall.now());
  const auto not_here = f.send(logs);  // the model is known, no such service in this gateway
  CHECK(not_here.status == 400);
  CHECK(has(not_here, "UnknownOperationException"));
}

TEST_CASE("gateway: input is decoded and validated before the service sees it") {
  Fixture f;
  const auto missing = f.call("Action=ConfirmSubscription&Version=2010-03-31&Token=x");
  CHECK(missing.status == 400);
  CHECK(f.sns.handled == 0);
}

TEST_CASE("gateway: anonymous calls only where the service takes them") {
  Fixture f;
  const auto r = f.send(f.form("Action=ConfirmSubscription&Version=2010-03-31&Token=x&TopicArn=" +
                               percent_encode(topic)));
  CHECK(r.status == 200);
  CHECK(f.sns.caller.kind == aws::Caller::Kind::anonymous);
}

TEST_CASE("gateway: a handler that throws is an internal failure, once") {
  Fixture f;
  const auto r = f.call("Action=DeleteTopic&Version=2010-03-31&TopicArn=" + percent_encode(topic));
  CHECK(r.status == 500);
  CHECK(code(r) == "InternalFailure");
  CHECK(f.call(publish_body).status == 200);
  // But what is half changed for want of memory is not told (fact engine-4).
  f.sns.no_memory = true;
  const auto request =
      f.signed_form("Action=DeleteTopic&Version=2010-03-31&TopicArn=" + percent_encode(topic));
  CHECK_THROWS_AS(f.gateway.serve(request, [](const HttpResponse&) {}), std::bad_alloc);
}

TEST_CASE("gateway: large bodies are hashed and decoded by workers, in that order") {
  LaterWorkers workers;
  Fixture f{false, &workers};
  const auto large = publish_body + std::string(100'000, 'x');
  std::optional<HttpResponse> got;
  int vouched = 0;
  const auto serve = [&](HttpRequest request) {
    got.reset();
    f.gateway.serve(
        std::move(request), [&](HttpResponse r) { got = std::move(r); }, [&] { ++vouched; });
    f.world.settle();
  };
  serve(f.signed_form(large));
  CHECK_FALSE(got);
  CHECK(vouched == 0);
  workers.work_one();  // the hash; then it is verified
  CHECK(vouched == 1);
  CHECK(f.sns.handled == 0);
  workers.work_one();  // decoded; then handled
  f.world.settle();
  REQUIRE(got);
  CHECK(got->status == 200);
  CHECK(f.sns.input["Message"].string().size() == 100'005);

  // Not what was signed: hashed, and nothing more.
  auto tampered = f.signed_form(large);
  tampered.body.back() = 'y';
  serve(std::move(tampered));
  workers.work_one();
  f.world.settle();
  REQUIRE(got);
  CHECK(code(*got) == "SignatureDoesNotMatch");
  CHECK(workers.tasks.empty());
  CHECK(vouched == 1);

  // Signed for one service, meant for another: known only once it is decoded.
  serve(f.signed_form(large, "sts"));
  workers.work_one();
  workers.work_one();
  f.world.settle();
  REQUIRE(got);
  CHECK(code(*got) == "SignatureDoesNotMatch");
  CHECK(has(*got, "correct service: 'sns'"));
  CHECK(f.sns.handled == 1);

  // Small ones change no thread.
  serve(f.signed_form(publish_body));
  CHECK(workers.tasks.empty());
  REQUIRE(got);
  CHECK(got->status == 200);
}

TEST_CASE("gateway: nothing of an unsigned or unverified body is inflated or decoded") {
  LaterWorkers workers;
  Fixture f{false, &workers};
  auto unsigned_form = f.form(publish_body);
  unsigned_form.headers.add("Content-Encoding", "gzip");  // it is not: nobody looks
  // Not even its Action is read, so the answer is in the words of no query service.
  const auto refused = f.send(unsigned_form);
  CHECK(refused.status == 403);
  CHECK(refused.headers.get("x-amzn-ErrorType") == "MissingAuthenticationTokenException");
  // Nor is there anything to be found by who looks.
  unsigned_form.body = aws::codec::deflate_gzip(publish_body);
  CHECK(f.send(unsigned_form).headers.get("x-amzn-ErrorType") ==
        "MissingAuthenticationTokenException");
  CHECK(f.send(f.form(std::string(100'000, '&'))).status == 413);
  CHECK(workers.tasks.empty());
}

TEST_CASE("gateway: without a signature a body has at most 64 KiB, even where none is needed") {
  LaterWorkers workers;
  Fixture f{false, &workers};
  auto request = f.form("Message=" + std::string(100'000, 'x'));
  request.target =
      "/?Action=ConfirmSubscription&Version=2010-03-31&Token=x&TopicArn=" + percent_encode(topic);
  const auto limit = f.gateway.body_limit(request, 100'000);
  REQUIRE_FALSE(limit);
  CHECK(limit.error().code == "RequestEntityTooLarge");
  CHECK(f.gateway.body_limit(request, std::nullopt)->bytes == 64u << 10);
  CHECK(f.send(request).status == 413);
  CHECK(workers.tasks.empty());
}

TEST_CASE("gateway: what is packed needs a signature, whatever its head asks for") {
  LaterWorkers workers;
  Fixture at_once, f{false, &workers};
  for (auto* fixture : {&at_once, &f})
    for (const auto* body : {"Action=DeleteTopic&Version=2010-03-31&TopicArn=a",
                             "Action=CreateUser&Version=2010-05-08&UserName=evil",
                             "Action=CreateAccessKey&Version=2010-05-08&UserName=evil"}) {
      auto request = fixture->form(aws::codec::deflate_gzip(body));
      request.target = "/?Action=ConfirmSubscription&Version=2010-03-31&Token=x&TopicArn=" +
                       percent_encode(topic);
      request.headers.add("Content-Encoding", "gzip");
      CHECK(code(fixture->send(request)) == "MissingAuthenticationToken");
      CHECK(fixture->sns.handled == 0);
      CHECK_FALSE(fixture->directory.find(iam::Kind::user, "evil"));
    }
  CHECK(workers.tasks.empty());
}

TEST_CASE("gateway: what a request's head says of its body") {
  Fixture f;
  const auto code_of = [&](const HttpRequest& head, std::uint64_t length) {
    const auto limit = f.gateway.body_limit(head, length);
    return limit ? std::to_string(limit->bytes) : limit.error().code;
  };
  CHECK(code_of(f.form(""), 100'000) == "MissingAuthenticationToken");
  auto head = f.signed_form("");
  CHECK(code_of(head, 1 << 16) == std::to_string(1 << 16));
  CHECK(code_of(head, (1 << 16) + 1) == "RequestEntityTooLarge");
  CHECK(f.gateway.body_limit(head, std::nullopt)->bytes == 1u << 16);
  head.headers.set("Authorization", "AWS4-HMAC-SHA256 nonsense");
  CHECK(code_of(head, 1000) == "IncompleteSignature");
  head = f.signed_form("", "iam");
  CHECK(f.gateway.known_key(*f.gateway.body_limit(head, 1)->claim));
  f.key.access_key_id = "AKIANOBODY";
  head = f.signed_form("");
  CHECK_FALSE(f.gateway.known_key(*f.gateway.body_limit(head, 1)->claim));
  f.world.wall.skew = 16min;
  CHECK(code_of(head, 1) == "SignatureDoesNotMatch");
}

TEST_CASE("gateway: any credentials will do, but not a browser's") {
  Fixture f{true};
  f.key = {"test", "test", ""};
  auto request = f.signed_form(publish_body);
  CHECK(f.send(request).status == 200);
  request.headers.add("User-Agent", "Mozilla/5.0");
  CHECK(code(f.send(request)) == "InvalidClientTokenId");
}

TEST_CASE("gateway: an answer may come later") {
  Fixture f;
  f.sns.later = true;
  std::optional<HttpResponse> got;
  f.gateway.serve(f.signed_form(publish_body), [&](HttpResponse r) { got = std::move(r); });
  f.world.settle();
  CHECK_FALSE(got);
  f.sns.waiting(Value::structure({{"MessageId", "late"}}));
  f.sns.waiting(Value::structure({{"MessageId", "twice"}}));
  f.world.settle();
  REQUIRE(got);
  CHECK(has(*got, "late"));
}

TEST_CASE("gateway: a reply is lost with what it rests on") {
  Fixture f;
  std::optional<HttpResponse> got;
  f.gateway.serve(f.signed_form(publish_body), [&](HttpResponse r) { got = std::move(r); });
  f.world.journal.crash();
  f.world.settle();
  CHECK_FALSE(got);
}

TEST_CASE("gateway: bodies beyond the limit") {
  Fixture f;
  CHECK(f.call(publish_body + std::string(1 << 16, 'x')).status == 413);
}

TEST_CASE("gateway: hooks take what is not AWS's") {
  Fixture f;
  f.gateway.add_hook([](const HttpRequest& request, const Gateway::Reply& reply) {
    if (!request.path().starts_with("/_sitelatch/")) return false;
    reply({204, {}, ""});
    return true;
  });
  HttpRequest r;
  r.target = "/_sitelatch/x";
  int status = 0;
  f.gateway.serve(r, [&](HttpResponse response) { status = response.status; });
  CHECK(status == 204);
  CHECK(f.call(publish_body).status == 200);
}

}  // namespace sitelatch::engine
