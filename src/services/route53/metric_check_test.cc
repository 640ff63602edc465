// SPDX-License-Identifier: Apache-2.0
// CLOUDWATCH_METRIC health checks on a scripted stream of data: when they look at it, by which
// settings, and what becomes of the answer.
#include "services/route53/route53_fixture.h"

using namespace sitelatch;
using namespace sitelatch::route53;
using route53::testing::Fixture;
using std::chrono::minutes;
using std::chrono::seconds;
using State = MetricDataStream::State;

namespace {

std::string metric_check(const std::string& more = "") {
  return R"({"Type":"CLOUDWATCH_METRIC","AlarmIdentifier":{"Region":"eu-west-1","Name":"alarm"})" +
         more + "}";
}

HealthDescription described(const Fixture& f, const std::string& id) {
  for (const auto& check : f.route53->describe_health())
    if (check.id == id) return check;
  return {};
}
Status status(const Fixture& f, const std::string& id) { return described(f, id).status; }

std::string update(const std::string& id, const std::string& more) {
  return R"({"HealthCheckId":")" + id + "\"," + more + "}";
}

}  // namespace

TEST_CASE(
    "a metric's check is looked at once a minute, at an offset of its own, also after a restart") {
  Fixture f;
  const auto id = f.make_check("m", metric_check());
  f.world.advance(seconds{2});
  REQUIRE(f.stream.asked.size() == 1);  // within a second of its making
  CHECK(f.stream.asked[0].region == "eu-west-1");
  CHECK(f.stream.asked[0].by == f.stream.settings);
  f.world.advance(minutes{10});
  REQUIRE(f.stream.asked.size() >= 11);
  const auto offset = [&](std::size_t i) {
    return f.stream.asked[i].at - std::chrono::floor<minutes>(f.stream.asked[i].at);
  };
  for (std::size_t i = 2; i < f.stream.asked.size(); ++i) {
    CHECK(offset(i) == offset(1));
    CHECK(f.stream.asked[i].at - f.stream.asked[i - 1].at == minutes{1});
  }
  const auto before = f.stream.asked.size();
  f.crash();
  f.world.advance(seconds{1});
  CHECK(f.stream.asked.size() == before + 1);
  f.world.advance(minutes{5});
  CHECK(offset(f.stream.asked.size() - 1) == offset(1));
}

TEST_CASE("a new metric's check without data is healthy, inverted unhealthy, and stays so") {
  for (const bool inverted : {false, true}) {
    Fixture f;
    f.stream.state = State::insufficient_data;
    const auto id = f.make_check("m", metric_check(inverted ? R"(,"Inverted":true)" : ""));
    const auto wanted = inverted ? Status::unhealthy : Status::healthy;
    CHECK(status(f, id) == wanted);
    f.world.advance(minutes{90});
    CHECK(status(f, id) == wanted);
    f.crash();
    CHECK(status(f, id) == wanted);
  }
}

TEST_CASE("the last known status outlives missing data and restarts, with and without Inverted") {
  for (const bool inverted : {false, true})
    for (const auto last : {State::ok, State::alarm}) {
      Fixture f;
      f.stream.state = last;
      const auto id = f.make_check("m", metric_check(inverted ? R"(,"Inverted":true)" : ""));
      f.world.advance(seconds{2});
      const auto wanted = (last == State::ok) != inverted ? Status::healthy : Status::unhealthy;
      CHECK(status(f, id) == wanted);
      f.stream.state = State::insufficient_data;
      for (int i = 0; i < 3; ++i) {
        f.world.advance(minutes{61});
        f.crash();
        CHECK(status(f, id) == wanted);
      }
      // What is not known any more is known again as soon as there is data.
      f.stream.state = last == State::ok ? State::alarm : State::ok;
      f.world.advance(minutes{1});
      CHECK(status(f, id) == opposite(wanted));
    }
}

TEST_CASE(
    "the alarm's settings are copied: an edit or its deletion change nothing until it is named "
    "again") {
  Fixture f;
  const auto id = f.make_check("m", metric_check());
  const auto old = f.stream.settings;
  f.world.advance(seconds{2});
  f.stream.settings = {15,   1,         "GreaterThanOrEqualToThreshold", 120, "S",
                       "NS", "Minimum", {{"HealthCheckId", "x"}}};
  f.world.advance(minutes{3});
  CHECK(f.stream.asked.back().by == old);
  f.ok("UpdateHealthCheck", update(id, R"("Inverted":false)"));
  f.world.advance(minutes{3});
  CHECK(f.stream.asked.back().by == old);
  // Named again: what it says counts with the update.
  f.stream.state = State::alarm;
  const auto seen = f.ok("UpdateHealthCheck",
                         update(id, R"("AlarmIdentifier":{"Region":"eu-west-1","Name":"alarm"})"));
  CHECK(f.stream.asked.back().by == f.stream.settings);
  CHECK(status(f, id) == Status::unhealthy);
  CHECK(seen["HealthCheck"]["HealthCheckVersion"].integer() == 3);
  f.world.settle();
  f.stream.gone = true;
  f.crash();
  f.world.advance(minutes{3});
  CHECK(f.stream.asked.back().by == f.stream.settings);
  CHECK(status(f, id) == Status::unhealthy);
  const auto shown = f.ok("GetHealthCheck", R"({"HealthCheckId":")" + id + "\"}")["HealthCheck"];
  CHECK(aws::to_json(shown["CloudWatchAlarmConfiguration"]) ==
        R"({"EvaluationPeriods":15,"Threshold":1E0,)"
        R"("ComparisonOperator":"GreaterThanOrEqualToThreshold","Period":120,"MetricName":"S",)"
        R"("Namespace":"NS","Statistic":"Minimum",)"
        R"("Dimensions":[{"Name":"HealthCheckId","Value":"x"}]})");
  // A refused update changes nothing, the version included.
  CHECK(f.refusal("UpdateHealthCheck",
                  update(id, R"("Inverted":true,"AlarmIdentifier":{"Region":"eu-west-1",)"
                             R"("Name":"alarm"})")) ==
        "InvalidInput: Invalid parameter : no such alarm");
  CHECK(f.ok("GetHealthCheck", R"({"HealthCheckId":")" + id + "\"}")["HealthCheck"] == shown);
}

TEST_CASE("a disabled metric's check is healthy, inverted unhealthy, and looks at nothing") {
  for (const bool inverted : {false, true}) {
    Fixture f;
    f.stream.state = State::alarm;
    const auto id = f.make_check("m", metric_check(inverted ? R"(,"Inverted":true)" : ""));
    const auto parent = f.make_check(
        "c", R"({"Type":"CALCULATED","HealthThreshold":1,"ChildHealthChecks":[")" + id + R"("]})");
    f.change(
        f.make_zone(),
        {{"CREATE", Fixture::a("c.example.com", "192.0.2.1", Fixture::failover("PRIMARY", id))},
         {"CREATE", Fixture::a("c.example.com", "192.0.2.2", Fixture::failover("SECONDARY"))}});
    f.world.advance(seconds{2});
    const auto enabled = inverted ? Status::healthy : Status::unhealthy;
    CHECK(status(f, id) == enabled);
    CHECK(status(f, parent) == enabled);
    f.ok("UpdateHealthCheck", update(id, R"("Disabled":true)"));
    CHECK(status(f, id) == opposite(enabled));
    CHECK(status(f, parent) == opposite(enabled));
    const auto asked = f.stream.asked.size();
    f.world.advance(minutes{5});
    f.crash();
    f.world.advance(minutes{5});
    CHECK(f.stream.asked.size() == asked);
    CHECK(status(f, parent) == opposite(enabled));
    // Enabled again it answers by what the data says then, never for a moment by that of before.
    f.stream.state = State::ok;
    const auto answer = f.answer("c.example.com");
    CHECK(answer == (inverted ? "192.0.2.2" : "192.0.2.1"));
    f.sink.on_publish = [&] { CHECK(f.answer("c.example.com") == answer); };
    f.ok("UpdateHealthCheck", update(id, R"("Disabled":false)"));
    CHECK(status(f, id) == opposite(enabled));
    f.world.advance(minutes{2});
    CHECK(status(f, parent) == opposite(enabled));
  }
}

TEST_CASE("what a metric's check found under a force or Disabled stands underneath") {
  Fixture f;
  const auto id = f.make_check("m", metric_check());
  REQUIRE(f.route53->set_forced(id, Forced::up));
  f.stream.state = State::alarm;
  f.world.advance(minutes{2});
  CHECK(status(f, id) == Status::healthy);
  f.stream.state = State::insufficient_data;
  f.crash();
  REQUIRE(f.route53->set_forced(id, Forced::none));
  CHECK(status(f, id) == Status::unhealthy);
}

TEST_CASE(
    "every kind of check has three samples of HealthCheckStatus a minute, of what DNS rests on") {
  Fixture f;
  const auto endpoint = f.make_check("e");
  const auto metric = f.make_check("m", metric_check(R"(,"Inverted":true)"));
  const auto calculated =
      f.make_check("c", R"({"Type":"CALCULATED","HealthThreshold":2,"ChildHealthChecks":[")" +
                            endpoint + R"(",")" + metric + R"("]})");
  f.world.advance(seconds{59});
  for (const auto& id : {endpoint, metric, calculated}) {
    std::vector<Instant> at;
    for (const auto& s : f.metrics.samples)
      if (s.metric == "HealthCheckStatus" && s.id == id) {
        at.push_back(s.at);
        CHECK(s.value == (id == endpoint ? 1.0 : 0.0));
        CHECK(s.unit == "None");
      }
    REQUIRE(at.size() == 3);
    CHECK(at[1] - at[0] == seconds{20});
    CHECK(at[2] - at[1] == seconds{20});
  }
  CHECK(f.metrics.of("ChildHealthCheckHealthyCount", calculated) ==
        std::vector<double>{1.0, 1.0, 1.0});
  CHECK(f.metrics.of("ChildHealthCheckHealthyCount", metric).empty());
  for (const auto& id : {metric, calculated})
    CHECK(f.metrics.of("HealthCheckPercentageHealthy", id).empty());
  f.stream.state = State::alarm;
  f.world.advance(minutes{2});
  CHECK(f.metrics.of("HealthCheckStatus", metric).back() == 1.0);
  CHECK(f.metrics.of("HealthCheckStatus", calculated).back() == 1.0);
  CHECK(f.metrics.of("ChildHealthCheckHealthyCount", calculated).back() == 2.0);
}

TEST_CASE("a metric's check has no checkers to ask, and takes nothing of an endpoint's") {
  Fixture f;
  const auto id = f.make_check("m", metric_check());
  for (const auto* operation : {"GetHealthCheckStatus", "GetHealthCheckLastFailureReason"})
    CHECK(f.refusal(operation, R"({"HealthCheckId":")" + id + "\"}") ==
          "InvalidInput: Invalid parameter : This operation is only supported for health checks of "
          "endpoints.");
  CHECK(f.world.prober.probes == 0);
  for (const auto* more : {R"(,"FailureThreshold":1)", R"(,"RequestInterval":10)",
                           R"(,"IPAddress":"192.0.2.1")", R"(,"HealthThreshold":1)"})
    CHECK(f.refusal("CreateHealthCheck",
                    R"({"CallerReference":"x","HealthCheckConfig":)" + metric_check(more) + "}")
              .starts_with("InvalidInput: Invalid parameter : CloudWatch metric health checks must "
                           "not have "));
  const auto shown = f.ok("GetHealthCheck", R"({"HealthCheckId":")" + id + "\"}")["HealthCheck"];
  CHECK(aws::to_json(shown["HealthCheckConfig"]) ==
        R"({"Type":"CLOUDWATCH_METRIC","Inverted":false,"Disabled":false,)"
        R"("AlarmIdentifier":{"Region":"eu-west-1","Name":"alarm"},)"
        R"("InsufficientDataHealthStatus":"LastKnownStatus"})");
}
