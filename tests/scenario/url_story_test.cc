// SPDX-License-Identifier: Apache-2.0
// A function's URL as a health check's endpoint: what the function answers is what DNS says. So a
// clock that needs no scheduler, and a switch in a function's hand (docs of the relay's form).
#include <doctest/doctest.h>

#include "failover_story.h"
#include "services/lambda/test_world.h"

namespace sitelatch::scenario {
namespace {

constexpr std::string_view yes = R"({"statusCode":200,"body":"revoked"})";
constexpr std::string_view no = R"({"statusCode":404,"body":"not revoked"})";

// A function "switch" with an open URL, and a check of it on a secret path, every ten seconds, one
// probe enough.
class UrlStory : public FailoverStory {
 public:
  UrlStory() {
    follow_the_guide();
    functions["switch"] = [this](Running& running) {
      ++asked;
      path_asked = running.event["rawPath"].string();
      running.response = answer;
    };
    make_switch();
  }
  void make_switch() {
    const auto of_guide = ok("lambda", "GetFunctionConfiguration",
                             Value::structure({{"FunctionName", name}}), "eu-west-1");
    lambda(
        "CreateFunction",
        Value::structure({{"Runtime", "provided.al2023"},
                          {"Handler", "h"},
                          {"Role", of_guide["Role"]},
                          {"Code", Value::structure({{"ZipFile", lambda::test::small_zip()}})}}));
    const auto url = lambda("CreateFunctionUrlConfig", Value::structure({{"AuthType", "NONE"}}));
    const auto address = url["FunctionUrl"].string();
    host = address.substr(7, address.find(':', 7) - 7);
    lambda("AddPermission", Value::structure({{"StatementId", "url"},
                                              {"Action", "lambda:InvokeFunctionUrl"},
                                              {"Principal", "*"},
                                              {"FunctionUrlAuthType", "NONE"}}));
    lambda("AddPermission", Value::structure({{"StatementId", "run"},
                                              {"Action", "lambda:InvokeFunction"},
                                              {"Principal", "*"},
                                              {"InvokedViaFunctionUrl", true}}));
  }
  Value lambda(std::string_view operation, Value input) {
    input.set("FunctionName", "switch");
    return ok("lambda", operation, input, "eu-west-1");
  }
  // Gives the check's id.
  std::string check_it(bool inverted) {
    const auto made = ok("route53", "CreateHealthCheck",
                         Value::structure({{"CallerReference", inverted ? "inverted" : "plain"},
                                           {"HealthCheckConfig",
                                            Value::structure({{"Type", "HTTP"},
                                                              {"FullyQualifiedDomainName", host},
                                                              {"Port", 4566},
                                                              {"ResourcePath", "/secret"},
                                                              {"RequestInterval", 10},
                                                              {"FailureThreshold", 1},
                                                              {"Inverted", inverted}})}}));
    return made["HealthCheck"]["Id"].string();
  }
  // A failover pair on it.
  void follow_by_dns(const std::string& check) {
    const auto record = [&](const char* role, const std::string& address, Value id) {
      return Value::structure(
          {{"Action", "UPSERT"},
           {"ResourceRecordSet",
            Value::structure(
                {{"Name", "switched.example.test"},
                 {"Type", "A"},
                 {"TTL", 1},
                 {"SetIdentifier", role},
                 {"Failover", role},
                 {"HealthCheckId", std::move(id)},
                 {"ResourceRecords", Value::list({Value::structure({{"Value", address}})})}})}});
    };
    ok("route53", "ChangeResourceRecordSets",
       Value::structure(
           {{"HostedZoneId", zone},
            {"ChangeBatch",
             Value::structure(
                 {{"Changes", Value::list({record("PRIMARY", primary_address, check),
                                           record("SECONDARY", backup_address, Value{})})}})}}));
  }
  std::string switched() const { return TestEngine::dns("switched.example.test"); }

  std::string answer{no}, host, path_asked;
  int asked = 0;
};

}  // namespace

TEST_CASE("a function's answer decides a health check of its URL, and DNS with it") {
  UrlStory engine;
  engine.answer = yes;
  engine.follow_by_dns(engine.check_it(false));
  engine.wait(30s);
  CHECK(engine.asked > 0);
  CHECK(engine.path_asked == "/secret");
  CHECK(engine.switched() == primary_address);
  engine.answer = no;
  engine.wait(20s);
  CHECK(engine.switched() == backup_address);
  engine.answer = yes;
  engine.wait(20s);
  CHECK(engine.switched() == primary_address);
}

TEST_CASE("an inverted check of a URL turns unhealthy on 200: a revocation that must be said") {
  UrlStory engine;
  engine.follow_by_dns(engine.check_it(true));
  engine.wait(30s);
  CHECK(engine.switched() == primary_address);
  engine.answer = yes;
  engine.wait(20s);
  CHECK(engine.switched() == backup_address);

  // What cannot be said is no revocation: throttled, a function that fails, a region that is out,
  // nobody let in, a URL that is gone.
  engine.answer = no;
  engine.wait(20s);
  CHECK(engine.switched() == primary_address);
  engine.answer = yes;
  engine.lambda("PutFunctionConcurrency", Value::structure({{"ReservedConcurrentExecutions", 0}}));
  const auto before = engine.asked;
  engine.wait(1min);
  CHECK(engine.asked == before);
  CHECK(engine.switched() == primary_address);
  engine.lambda("DeleteFunctionConcurrency", Value::structure());
  engine.wait(20s);
  CHECK(engine.switched() == backup_address);  // it was only not heard

  realism::Fault out;
  out.kind = realism::FaultKind::outage;
  out.service = "lambda";
  out.region = "eu-west-1";
  const auto set = engine.realism.add(out);
  engine.wait(20s);
  CHECK(engine.switched() == primary_address);
  engine.realism.clear(set);
  engine.wait(20s);
  CHECK(engine.switched() == backup_address);

  engine.functions["switch"] = fails_first(1'000'000);
  engine.wait(20s);
  CHECK(engine.switched() == primary_address);
}

TEST_CASE("a plain check of a URL fails at 429: a reservation of zero deactivates it") {
  UrlStory engine;
  engine.answer = yes;
  engine.follow_by_dns(engine.check_it(false));
  engine.wait(30s);
  CHECK(engine.switched() == primary_address);
  engine.lambda("PutFunctionConcurrency", Value::structure({{"ReservedConcurrentExecutions", 0}}));
  engine.wait(20s);
  CHECK(engine.switched() == backup_address);
  CHECK(engine.metric("AWS/Lambda", "Url4xxCount", "FunctionName", "switch", "eu-west-1") > 0);
  engine.lambda("DeleteFunctionConcurrency", Value::structure());
  engine.wait(20s);
  CHECK(engine.switched() == primary_address);
}

TEST_CASE("a killed engine knows its URLs again, and what they say") {
  UrlStory engine;
  engine.answer = yes;
  engine.follow_by_dns(engine.check_it(true));
  engine.wait(30s);
  CHECK(engine.switched() == backup_address);
  engine.crash();
  CHECK(engine.switched() == backup_address);
  const auto before = engine.asked;
  engine.wait(30s);
  CHECK(engine.asked > before);
  CHECK(engine.switched() == backup_address);
}

}  // namespace sitelatch::scenario
