// SPDX-License-Identifier: Apache-2.0
#include "engine/realism/realism.h"

#include <doctest/doctest.h>

#include "engine/realism/cut_off_prober.h"
#include "engine/realism/late_prober.h"
#include "ports/sim/world.h"

namespace sitelatch::realism {
namespace {

using namespace std::chrono_literals;

const Instant start = from_civil(2026, 1, 1, 0, 0, 0);
constexpr Request update{"route53", "UpdateHealthCheck", "us-east-1"};
constexpr Request list_topics{"sns", "ListTopics", "eu-west-1"};

Fault fault(FaultKind kind, std::string service, std::string operation = "") {
  Fault out;
  out.kind = kind;
  out.service = std::move(service);
  out.operation = std::move(operation);
  return out;
}

// How many of so many requests at once are taken.
int taken(RateLimits& limits, const Request& request, int asked, Instant now) {
  int out = 0;
  for (int i = 0; i < asked; ++i) out += limits.take(request, now) ? 1 : 0;
  return out;
}

}  // namespace

TEST_CASE("realism: nothing departs unless it is asked for") {
  Realism realism;
  CHECK(realism.idle());
  const auto ruling = realism.rule(update, start);
  CHECK_FALSE(ruling.refusal);
  CHECK_FALSE(ruling.denied);
  CHECK_FALSE(ruling.answer_lost);
  CHECK(ruling.answer_age == Duration{});
  CHECK(ruling.rights_age == Duration{});
  CHECK(realism.horizon(start) == Duration{});
  CHECK(realism.settling() == Duration{});
  CHECK(realism.checker_delay() == Duration{});
  CHECK(realism.lateness("a metric", start) == Duration{});
  CHECK(realism.entries(start).empty());
}

TEST_CASE("realism: a fault hits what it names, for as long and as often as it says") {
  Fault some = fault(FaultKind::throttle, "sns", "List*");
  some.region = "eu-west-1";
  CHECK(some.hits(list_topics));
  CHECK(some.hits({"sns", "ListSubscriptions", "eu-west-1"}));
  CHECK_FALSE(some.hits({"sns", "ListTopics", "us-east-1"}));
  CHECK_FALSE(some.hits({"sns", "Publish", "eu-west-1"}));
  CHECK_FALSE(some.hits({"lambda", "ListFunctions", "eu-west-1"}));

  Realism realism;
  some.count = 2;
  some.until = start + 1min;
  realism.add(some);
  CHECK(realism.rule(list_topics, start).refusal);
  CHECK_FALSE(realism.rule({"sns", "Publish", "eu-west-1"}, start).refusal);
  CHECK(realism.rule(list_topics, start).refusal);
  CHECK_FALSE(realism.rule(list_topics, start).refusal);
  some.count.reset();
  realism.add(some);
  CHECK(realism.rule(list_topics, start + 59s).refusal);
  CHECK_FALSE(realism.rule(list_topics, start + 1min).refusal);
  CHECK(realism.entries(start + 1min).empty());
  CHECK(realism.idle());
}

TEST_CASE("realism: each kind of fault is a ruling of its own, in the service's words") {
  struct Row {
    FaultKind kind;
    const char* service;
    const char* operation;
    const char* code;  // of the refusal; empty: none
    int status;
  };
  for (const auto& row : {
           Row{FaultKind::throttle, "route53", "UpdateHealthCheck", "Throttling", 0},
           Row{FaultKind::throttle, "lambda", "GetFunction", "TooManyRequestsException", 429},
           Row{FaultKind::outage, "sns", "Publish", "ServiceUnavailable", 503},
           Row{FaultKind::deny, "sns", "Publish", "", 0},
           Row{FaultKind::lose_answer, "sns", "Publish", "", 0},
           Row{FaultKind::lag, "sns", "ListTopics", "", 0},
       }) {
    CAPTURE(to_string(row.kind));
    Realism realism;
    realism.add(fault(row.kind, row.service));
    const auto ruling = realism.rule({row.service, row.operation, "us-east-1"}, start);
    CHECK((ruling.refusal ? ruling.refusal->code : "") == row.code);
    if (ruling.refusal) CHECK(ruling.refusal->status == row.status);
    CHECK(ruling.denied == (row.kind == FaultKind::deny));
    CHECK(ruling.answer_lost == (row.kind == FaultKind::lose_answer));
    CHECK((ruling.answer_age == 30s) == (row.kind == FaultKind::lag));
    CHECK(fault_kind(to_string(row.kind)) == row.kind);
  }
}

TEST_CASE("realism: only what reads lags, and never what cannot be old") {
  Realism realism;
  for (const auto* service : {"route53", "sts", "iam"}) realism.add(fault(FaultKind::lag, service));
  CHECK(realism.rule({"route53", "GetHealthCheck", "us-east-1"}, start).answer_age == 30s);
  CHECK(realism.rule(update, start).answer_age == Duration{});
  CHECK(realism.rule({"route53", "GetHealthCheckStatus", "us-east-1"}, start).answer_age ==
        Duration{});
  CHECK(realism.rule({"sts", "GetSessionToken", "us-east-1"}, start).answer_age == Duration{});
  CHECK(realism.rule({"iam", "ListRoles", "us-east-1"}, start).answer_age == 30s);
  CHECK(realism.horizon(start) == 30s);
}

TEST_CASE("realism: a service is out as a whole, or in one operation alone") {
  Realism realism;
  Fault regional = fault(FaultKind::outage, "lambda");
  regional.region = "eu-west-1";
  regional.until = start + 1h;
  realism.add(regional);
  realism.add(fault(FaultKind::outage, "sns", "Publish"));
  CHECK(realism.is_out("lambda", "eu-west-1", start));
  CHECK_FALSE(realism.is_out("lambda", "us-east-1", start));
  CHECK_FALSE(realism.is_out("lambda", "eu-west-1", start + 1h));
  CHECK_FALSE(realism.is_out("sns", "eu-west-1", start));
}

TEST_CASE("realism: entries are listed in words, and cleared one by one or all") {
  Realism realism;
  Fault one = fault(FaultKind::lag, "sns", "List*");
  one.behind = 20s;
  one.count = 1;
  const auto first = realism.add(one);
  Fault two = fault(FaultKind::outage, "lambda");
  two.region = "eu-west-1";
  two.until = start + 1h;
  realism.add(two);
  const auto scp = realism.add_service_control(
      "deny.json",
      R"({"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"*","Resource":"*"}})");
  REQUIRE(scp);
  CHECK(realism.service_control().size() == 1);
  const auto entries = realism.entries(start);
  REQUIRE(entries.size() == 3);
  CHECK(entries[0].text == "lag sns List*, 20s behind, 1 more request");
  CHECK(entries[1].text == "outage lambda in eu-west-1, until 2026-01-01T01:00:00Z");
  CHECK(entries[2].text == "service control policy deny.json");
  CHECK(realism.clear(first));
  CHECK_FALSE(realism.clear(first));
  CHECK(realism.clear(*scp));
  CHECK(realism.service_control().empty());
  realism.clear();
  CHECK(realism.idle());
  const auto nonsense = realism.add_service_control("x.json", "{}");
  CHECK_FALSE(nonsense);
  CHECK(realism.idle());
}

TEST_CASE("realism: Route 53's rates, an account's and an operation's (fact realism-10)") {
  RateLimits limits;
  CHECK(taken(limits, update, 60, start) == 50);
  CHECK(taken(limits, update, 60, start + 2s) == 20);
  CHECK(taken(limits, update, 60, start + 1h) == 50);
  RateLimits others;
  const Request status{"route53", "GetHealthCheckStatus", "us-east-1"};
  CHECK(taken(others, status, 10, start) == 4);
  CHECK(taken(others, status, 10, start + 3s) == 3);
  CHECK(taken(others, update, 60, start + 3s) == 50 - 3);  // the account's, which both use
}

TEST_CASE("realism: other services' rates (facts realism-11 to realism-16)") {
  struct Row {
    const char *service, *operation;
    int burst, in_a_second;
  };
  for (const auto& row : {
           Row{"lambda", "UpdateFunctionCode", 15, 15},
           Row{"lambda", "GetFunction", 100, 100},
           Row{"cloudwatch", "DescribeAlarms", 9, 9},
           Row{"cloudwatch", "PutMetricAlarm", 3, 3},
           Row{"sns", "TagResource", 10, 10},
           Row{"sns", "ListSubscriptionsByTopic", 30, 30},
           Row{"iam", "GetRole", 100, 20},
           Row{"events", "PutRule", 50, 50},
           Row{"logs", "DescribeLogGroups", 10, 5},
       }) {
    CAPTURE(row.service);
    CAPTURE(row.operation);
    RateLimits limits;
    const Request request{row.service, row.operation, "eu-west-1"};
    CHECK(taken(limits, request, 2000, start) == row.burst);
    CHECK(taken(limits, request, 2000, start + 1s) == row.in_a_second);
  }
  RateLimits limits;
  CHECK(taken(limits, {"lambda", "ListFunctions", "eu-west-1"}, 10, start) == 10);
  CHECK(taken(limits, {"lambda", "CreateFunction", "eu-west-1"}, 10, start) == 5);  // together
  CHECK(taken(limits, {"lambda", "CreateFunction", "us-east-1"}, 10, start) == 10);
  CHECK(taken(limits, {"sts", "GetCallerIdentity", "us-east-1"}, 500, start) == 500);
}

TEST_CASE("realism: all lags lie in their ranges, and repeat with the seed") {
  Realism one({true, 7}), same({true, 7}), other({true, 8});
  bool differs = false;
  for (int i = 0; i < 200; ++i) {
    const auto settling = one.settling();
    CHECK(settling >= settling_time.least);
    CHECK(settling <= settling_time.most);
    CHECK(settling == same.settling());
    differs = differs || settling != other.settling();
    const auto checker = one.checker_delay();
    CHECK(checker >= 5s);
    CHECK(checker <= 60s);
    CHECK(checker == same.checker_delay());
    (void)other.checker_delay();
    const auto minute = start + i * 1min;
    const auto late = one.lateness("a metric", minute);
    CHECK(late >= metric_lateness.least);
    CHECK(late <= metric_lateness.most);
    CHECK(late == same.lateness("a metric", minute));
  }
  CHECK(differs);
}

TEST_CASE("realism: what reads answer is at most as old as its fact says") {
  struct Row {
    const char *service, *operation;
    Duration most;
  };
  Realism realism({true, 1});
  for (const auto& row : {
           Row{"iam", "GetRole", 10s},
           Row{"sns", "ListTagsForResource", 5s},
           Row{"cloudwatch", "DescribeAlarms", 5s},
           Row{"cloudwatch", "ListMetrics", 15min},
           Row{"route53", "GetHealthCheck", 0s},
           Row{"route53", "UpdateHealthCheck", 0s},
       }) {
    CAPTURE(row.operation);
    Duration oldest{};
    for (int i = 0; i < 100; ++i)
      oldest = std::max(
          oldest,
          realism.rule({row.service, row.operation, "us-east-1"}, start + i * 10s).answer_age);
    CHECK(oldest <= row.most);
    CHECK(oldest >= row.most / 2);
  }
  CHECK(realism.horizon(start) >= 15min);
}

TEST_CASE("realism: checkers hear of a change within a minute, and know what was there before") {
  ports::sim::World world;
  std::vector<std::string> probed;
  world.prober.judge = [&](const ports::ProbeRequest& request) {
    probed.push_back(request.path);
    return ports::sim::healthy_observation();
  };
  Realism realism({true, 3});
  LateProber prober(world.prober, world.timers, &realism);
  const auto probe = [&](const char* id, const char* path) {
    ports::ProbeRequest request;
    request.health_check_id = id;
    request.path = path;
    prober.probe(request, [](const ports::Observation&) {});
    world.settle();
  };
  probe("old", "/up");
  CHECK(probed == std::vector<std::string>{"/up"});
  world.advance(10min);
  probe("old", "/latched");
  CHECK(probed.back() == "/up");
  probe("old", "/latched");
  CHECK(probed.back() == "/up");
  world.advance(60s);
  probe("old", "/latched");
  CHECK(probed.back() == "/latched");
  const auto before = probed.size();
  probe("new", "/new");
  CHECK(probed.size() == before);
  world.advance(60s);
  CHECK(probed.back() == "/new");

  LateProber at_once(world.prober, world.timers, nullptr);
  world.advance(10min);
  ports::ProbeRequest request;
  request.path = "/now";
  at_once.probe(request, [](const ports::Observation&) {});
  world.settle();
  CHECK(probed.back() == "/now");
}

TEST_CASE("realism: checkers are chosen by number, by Region or one by one") {
  const auto chosen = [](const char* text) {
    const auto choice = checker_choice(text);
    REQUIRE(choice);
    std::string out;
    for (std::uint8_t number = 0; number < 4; ++number) {
      const auto* region = number % 2 == 0 ? "us-east-1" : "eu-west-1";
      const auto which = static_cast<std::uint8_t>(1 + number / 2);
      out += choice->includes({number, region, which}) ? 'x' : '-';
    }
    return out;
  };
  CHECK(chosen("3") == "xxx-");
  CHECK(chosen("eu-west-1") == "-x-x");
  CHECK(chosen("us-east-1/2") == "--x-");
  CHECK(chosen("us-east-1/1,eu-west-1") == "xx-x");
  CHECK(chosen("us-east-1/3") == "----");
  for (const auto* text : {"0", "-1", "", "eu-west-1,", ","})
    CHECK_MESSAGE(!checker_choice(text), text);
}

TEST_CASE("realism: checkers' faults hit what they name, for as long, by chance that repeats") {
  const auto probe = [](const char* check, std::uint8_t number) {
    ports::ProbeRequest out;
    out.health_check_id = check;
    out.checker = {number, "us-east-1", 1};
    return out;
  };
  const auto lost_of_thousand = [&](std::uint64_t seed) {
    Realism realism({false, seed});
    CheckerFault fault;
    fault.cut_off.first = 2;
    fault.loss_percent = 40;
    fault.until = start + 1h;
    const auto id = realism.add(fault);
    CHECK_FALSE(realism.idle());
    CHECK(realism.entries(start).front().text ==
          "checkers of all health checks: 2 cut off, the others lose 40 %, until "
          "2026-01-01T01:00:00Z");
    int lost = 0;
    for (int i = 0; i < 1000; ++i) {
      CHECK_FALSE(realism.reaches(probe("any", 1), start));
      lost += realism.reaches(probe("any", 2), start) ? 0 : 1;
    }
    CHECK(realism.reaches(probe("any", 0), start + 1h));
    CHECK(realism.clear(id));
    CHECK(realism.reaches(probe("any", 0), start));
    CHECK(realism.idle());
    return lost;
  };
  CHECK(lost_of_thousand(1) == lost_of_thousand(1));
  CHECK(lost_of_thousand(1) > 340);
  CHECK(lost_of_thousand(1) < 460);
  Realism realism;
  CheckerFault one;
  one.health_check_id = "a";
  one.cut_off.named = {"us-east-1/1", "eu-west-1"};
  realism.add(one);
  CHECK(describe(one) == "checkers of health check a: us-east-1/1, eu-west-1 cut off");
  CHECK_FALSE(realism.reaches(probe("a", 7), start));
  CHECK(realism.reaches(probe("b", 7), start));
  realism.clear();
  CheckerFault all;
  all.loss_percent = 100;
  CHECK(describe(all) == "checkers of all health checks: all lose 100 %");
  realism.add(all);
  CHECK_FALSE(realism.reaches(probe("b", 7), start));
}

TEST_CASE(
    "realism: a probe that does not get through is not sent, and fails when its time is over") {
  ports::sim::World world;
  Realism realism;
  CutOffProber prober(world.prober, world.timers, &realism);
  CheckerFault fault;
  fault.cut_off.first = 1;
  realism.add(fault);
  for (const auto kind : {ports::ProbeRequest::Kind::https, ports::ProbeRequest::Kind::tcp}) {
    const bool tcp = kind == ports::ProbeRequest::Kind::tcp;
    ports::ProbeRequest request;
    request.kind = kind;
    std::vector<ports::Observation> seen;
    prober.probe(request, [&](const ports::Observation& each) { seen.push_back(each); });
    world.advance(tcp ? 9s : 3s);
    CHECK(seen.empty());
    world.advance(1s);
    REQUIRE(seen.size() == 1);
    CHECK_FALSE(seen[0].success);
    CHECK(seen[0].status.starts_with("Failure: Connection timed out. The endpoint or the "));
    CHECK(world.prober.probes == 0);
  }
  ports::ProbeRequest other;
  other.checker.number = 1;
  bool reached = false;
  prober.probe(other, [&](const ports::Observation& each) { reached = each.success; });
  world.settle();
  CHECK(reached);
}

TEST_CASE("realism: every checker hears of a new check by itself") {
  ports::sim::World world;
  Realism realism({true, 3});
  LateProber prober(world.prober, world.timers, &realism);
  world.advance(10s);
  std::vector<Instant> heard;
  for (std::uint8_t number = 0; number < 16; ++number) {
    ports::ProbeRequest request;
    request.health_check_id = "new";
    request.checker.number = number;
    prober.probe(request, [&](const ports::Observation&) { heard.push_back(world.timers.now()); });
  }
  world.advance(4s);
  CHECK(heard.empty());
  world.advance(1min);
  REQUIRE(heard.size() == 16);
  CHECK(heard.back() - heard.front() > 10s);
}

}  // namespace sitelatch::realism
