// SPDX-License-Identifier: Apache-2.0
// The relay's role of the function: a request of its URL, name servers that say what a script has,
// AWS in memory.
#include <doctest/doctest.h>

#include <algorithm>

#include "function/handler.h"
#include "function/testing.h"
#include "guard/rules/json.h"

using namespace sitelatch;
using namespace sitelatch::function;
using function::testing::Cloud;
using guard::testing::arrangement;
using guard::testing::at;

namespace {
// A look a text: P, B, or - for silence, a character a server. The last one lasts.
class ScriptedSentinel final : public Sentinel {
 public:
  std::vector<std::string> script{"PPPP"};
  int looks = 0, waits = 0;
  std::function<void()> while_waiting;

  guard::Look look(Deadline) override {
    const auto text = script.size() > 1 ? script.front() : script.back();
    if (script.size() > 1) script.erase(script.begin());
    ++looks;
    guard::Look out;
    for (std::size_t i = 0; i < text.size(); ++i) {
      guard::SentinelAnswer answer{{"ns-" + std::to_string(i + 1), 53}, passed_, {}, {}};
      if (text[i] == 'P') answer.side = guard::Side::primary;
      if (text[i] == 'B') answer.side = guard::Side::backup;
      if (text[i] == '-') answer.problem = "no answer";
      out.push_back(answer);
    }
    return out;
  }
  void wait(Duration length) override {
    passed_ += length;
    ++waits;
    if (while_waiting) while_waiting();
  }

 private:
  Duration passed_{};
};

const std::string relay_secret = "/relay/0123456789abcdef";
guard::Texts relay_variables() {
  auto variables = guard::relay_environment(
      {relay_secret, "_sentinel.client.example.test", "primary", "backup", {{"ns-1", 53}}});
  variables["SITELATCH_ORIGINAL_PATH"] = "/lb-check";
  return variables;
}

std::string request(std::string_view path, std::string_view method = "GET") {
  return guard::JsonObject{}
      .add("version", "2.0")
      .add("rawPath", path)
      .raw("requestContext",
           guard::JsonObject{}
               .raw("http", guard::JsonObject{}.add("method", method).add("path", path).text())
               .text())
      .text();
}

struct RelayFixture {
  Cloud cloud;
  ScriptedSentinel sentinel;
  guard::Texts variables = relay_variables();
  Handler handler{arrangement(), variables, cloud, &sentinel};

  Outcome last{};
  // The HTTP status.
  std::string ask(int second = 60, std::string_view path = relay_secret,
                  std::string_view method = "GET") {
    last = handler.handle({request(path, method), "i-1", at(second), {}});
    CHECK_FALSE(last.failed);
    const auto answer = guard::Json::parse(last.response);
    REQUIRE(answer);
    return (*answer)["statusCode"].text();
  }
  bool latched() const { return guard::latched(cloud.check); }
  auto called(std::string_view call) const {
    return std::count(cloud.calls.begin(), cloud.calls.end(), call);
  }
};
}  // namespace

TEST_CASE("who does not know the path gets 404, and nothing is looked at or called") {
  RelayFixture f;
  f.sentinel.script = {"BBBB"};
  for (const auto* path : {"/", "", "/relay/0123456789abcdeg", "/relay/0123456789abcde",
                           "/relay/0123456789abcdef/", "/RELAY/0123456789ABCDEF"})
    CHECK(f.ask(60, path) == "404");
  CHECK(f.ask(60, relay_secret, "POST") == "404");
  CHECK(f.ask(60, relay_secret, "") == "404");
  CHECK(f.sentinel.looks == 0);
  CHECK(f.cloud.calls.empty());
  CHECK(f.last.log.empty());

  // A guard without a relay knows no path at all, and one whose path anybody could guess neither.
  for (const std::string path : {"", "/", "/relay"}) {
    auto variables = relay_variables();
    variables["SITELATCH_RELAY_PATH"] = path;
    Handler handler{arrangement(), variables, f.cloud, &f.sentinel};
    const auto answer = handler.handle({request(path), "i-1", at(60), {}});
    CHECK(answer.response.find("404") != std::string::npos);
  }
  CHECK(f.cloud.calls.empty());
}

TEST_CASE("while Primary serves one look is all, and AWS is not called") {
  RelayFixture f;
  CHECK(f.ask() == "200");
  CHECK(f.ask(62, relay_secret, "HEAD") == "200");
  CHECK(f.sentinel.looks == 2);
  CHECK(f.sentinel.waits == 0);
  CHECK(f.cloud.calls.empty());
  CHECK(f.last.log.empty());
}

TEST_CASE("two looks at Backup latch, by the way that an alarm goes") {
  RelayFixture f;
  f.sentinel.script = {"PPPB", "-BPP"};
  CHECK(f.ask() == "200");
  CHECK(f.sentinel.waits == 1);
  CHECK(f.latched());
  CHECK(f.cloud.calls == std::vector<std::string>{"read_check", "read_tags", "read_alarm",
                                                  "update_check", "write_tags", "tell",
                                                  "write_audit"});
  CHECK(f.cloud.tags["sitelatch:latched"].find("by=relay") != std::string::npos);
  REQUIRE(f.cloud.notified.size() == 1);
  CHECK(f.cloud.notified[0].find("by ns-4, and by ns-2 1.000 s later") != std::string::npos);
  CHECK(f.cloud.audit.at(0).find("ns-4") != std::string::npos);
  // The clock goes on every few seconds: the latch is told once, and looked at now and then.
  f.sentinel.script = {"BBBB"};
  for (int second = 62; second < 122; second += 2) CHECK(f.ask(second) == "200");
  CHECK(f.cloud.notified.size() == 1);
  CHECK(f.cloud.audit.size() == 1);
  CHECK(f.called("read_check") <= 7);
  CHECK(f.called("read_check") >= 5);
  CHECK(f.cloud.check.version == 2);
}

TEST_CASE("one stray Backup latches nothing, and no answer latches nothing") {
  RelayFixture f;
  f.sentinel.script = {"PPBP", "PPPP"};
  CHECK(f.ask() == "200");
  f.sentinel.script = {"B---", "----"};
  CHECK(f.ask() == "500");
  CHECK(f.sentinel.waits == 1 + 3);
  CHECK(f.cloud.calls.empty());
  CHECK(f.cloud.check.version == 1);
}

TEST_CASE("a blind relay answers 500, and people hear of it after a minute, then hourly") {
  RelayFixture f;
  f.sentinel.script = {"----"};
  CHECK(f.ask(0) == "500");
  CHECK(f.ask(59) == "500");
  CHECK(f.cloud.notified.empty());
  CHECK(f.ask(60) == "500");
  REQUIRE(f.cloud.notified.size() == 1);
  CHECK(f.cloud.notified[0].find("no name server tells who serves") != std::string::npos);
  CHECK(f.ask(120) == "500");
  CHECK(f.cloud.notified.size() == 1);
  f.sentinel.script = {"PPPP"};  // sees again: the next minute begins anew
  CHECK(f.ask(3700) == "200");
  f.sentinel.script = {"----"};
  CHECK(f.ask(3702) == "500");
  CHECK(f.cloud.notified.size() == 1);
  CHECK(f.cloud.check.version == 1);
}

TEST_CASE("a latch that fails is 500, and tried again by the next probe") {
  RelayFixture f;
  f.sentinel.script = {"BBBB"};
  for (const auto* call : {"read_check", "update_check"}) {
    f.cloud.failing = call;
    CHECK(f.ask() == "500");
    CHECK_FALSE(f.latched());
  }
  f.cloud.failing.clear();
  CHECK(f.ask(61) == "200");
  CHECK(f.latched());
}

TEST_CASE(
    "what fails after the relay's latch does not undo it, and is told once a minute at most") {
  for (const auto* call : {"read_tags", "read_alarm", "write_tags", "write_audit", "tell"}) {
    CAPTURE(call);
    RelayFixture f;
    f.sentinel.script = {"BBBB"};
    f.cloud.failing = call;
    f.ask();
    CHECK(f.latched());
    const auto tried = f.called("tell");
    for (int second = 62; second < 110; second += 2) f.ask(second);
    CHECK(f.called("tell") <= tried + 1);
    f.cloud.failing.clear();
    f.ask(180);
    CHECK_FALSE(f.cloud.notified.empty());
  }
}

TEST_CASE("somebody who was faster is not latched over") {
  RelayFixture f;
  f.sentinel.script = {"BBBB"};
  f.cloud.before_update = [&f] {
    f.cloud.check.path = "/lb-check-switched-over";
    ++f.cloud.check.version;
  };
  CHECK(f.ask() == "200");
  CHECK(f.cloud.check.path == "/lb-check-switched-over");
  CHECK(f.cloud.notified.empty());  // the schedule notes and tells what it finds
  // Nor does the relay keep the schedule of the same process from telling.
  f.handler.handle({R"({"source":"aws.events","detail-type":"Scheduled Event","resources":[")" +
                        arrangement().rule_arn + R"("]})",
                    "i-2",
                    at(120),
                    {}});
  CHECK(f.cloud.notified.size() == 1);
}

TEST_CASE("a switch back is not undone while the sentinel still says Backup") {
  RelayFixture f;
  f.cloud.tags["sitelatch:release"] = "1 at=" + std::to_string(unix_ms(at(0))) + " window=600";
  f.sentinel.script = {"BBBB"};
  for (int second = 2; second < 60; second += 2) CHECK(f.ask(second) == "200");
  CHECK_FALSE(f.latched());
  CHECK(f.cloud.audit.empty());
  CHECK(f.called("read_status") > 0);
  // Primary comes, server by server; while they disagree one of them says Backup twice.
  f.sentinel.script = {"PBPP"};
  CHECK(f.ask(60) == "200");
  f.sentinel.script = {"PPPP"};
  for (int second = 62; second < 74; second += 2) f.ask(second);
  f.sentinel.script = {"PPBP"};
  CHECK(f.ask(74) == "200");
  CHECK_FALSE(f.latched());
  // It has been there for twenty seconds: from now on Backup is news, at once.
  f.sentinel.script = {"PPPP"};
  for (int second = 76; second <= 96; second += 2) f.ask(second);
  f.sentinel.script = {"PBPP"};
  CHECK(f.ask(98) == "200");
  CHECK(f.latched());
  CHECK(f.cloud.tags["sitelatch:latched"].find("release=1 ") == 0);
}

TEST_CASE("a relay that has just started goes by HealthCheckStatus, and by the window's end") {
  const auto release = "1 at=" + std::to_string(unix_ms(at(0))) + " window=600";
  RelayFixture f;
  f.cloud.tags["sitelatch:release"] = release;
  f.sentinel.script = {"BBBB"};
  f.cloud.minutes = guard::testing::status_minutes("0x1", at(0));
  f.ask(200);
  CHECK_FALSE(f.latched());
  f.cloud.minutes = guard::testing::status_minutes("0x10", at(0));
  f.ask(240);
  CHECK(f.latched());

  RelayFixture g;  // which cannot be read
  g.cloud.tags["sitelatch:release"] = release;
  g.sentinel.script = {"BBBB"};
  g.cloud.failing = "read_status";
  g.ask(240);
  CHECK_FALSE(g.latched());
  g.ask(600);
  CHECK(g.latched());
}

TEST_CASE("the relay latches nothing in maintenance, nor before the guard is armed") {
  RelayFixture f;
  f.sentinel.script = {"BBBB"};
  f.cloud.alarm->actions_enabled = false;
  for (int second = 60; second < 100; second += 2) CHECK(f.ask(second) == "200");
  CHECK_FALSE(f.latched());
  CHECK(f.cloud.notified.empty());
  CHECK(f.cloud.audit.empty());
  f.cloud.alarm->actions_enabled = true;
  f.cloud.check.disabled = true;
  f.cloud.tags["sitelatch:maintenance"] = "since=" + std::to_string(unix_ms(at(0))) +
                                          " until=" + std::to_string(unix_ms(at(3600))) +
                                          " keep=primary";
  f.ask(120);
  CHECK_FALSE(f.latched());
  f.cloud.tags.clear();
  f.ask(140);
  CHECK(f.latched());
}

TEST_CASE("a relay that is set up wrongly says so, and is seen by its clock and its self-test") {
  Cloud cloud;
  auto variables = relay_variables();
  variables.erase("SITELATCH_NAME_SERVERS");
  Handler handler{arrangement(), variables, cloud, nullptr};
  const auto answer = handler.handle({request(relay_secret), "i-1", at(60), {}});
  CHECK(answer.response.find("500") != std::string::npos);
  REQUIRE(cloud.notified.size() == 1);
  CHECK(cloud.notified[0].find("SITELATCH_NAME_SERVERS") != std::string::npos);
  const auto test = guard::Json::parse(
      handler.handle({R"({"sitelatch":"self-test"})", "i-1", at(60), {}}).response);
  CHECK((*test)["self_test"].text() == "failed");

  RelayFixture f;
  const auto tested = [&f] {
    return f.handler.handle({R"({"sitelatch":"self-test"})", "i-1", at(60), {}}).response;
  };
  f.sentinel.script = {"---P"};
  CHECK(tested().find(R"("self_test":"ok")") != std::string::npos);
  CHECK(tested().find("dns:Sentinel") != std::string::npos);
  f.sentinel.script = {"----"};
  CHECK(tested().find("ns-1: no answer") != std::string::npos);
  CHECK(tested().find(R"("self_test":"failed")") != std::string::npos);
  CHECK_FALSE(f.latched());
}
