// SPDX-License-Identifier: Apache-2.0
// Health checks on a metric's data, and the form of the latch that is made of them by configuration
// alone:
//   E  Primary's endpoint                      C  CALCULATED of E and H, both
//   A  alarm on C's HealthCheckStatus, Minimum >= 1, 60 s x 15, no actions: fifteen good minutes
//   H  CLOUDWATCH_METRIC on A, Inverted, LastKnownStatus; PRIMARY is on H, SECONDARY on nothing
// While H is unhealthy C is, so H stays so until a person changes C. By AWS's documents alone: no
// account was used (facts route53-90 to route53-92).
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <array>
#include <random>

#include "base/text.h"
#include "test_engine.h"

namespace sitelatch::scenario {
namespace {

const std::string client = "client.example.test";
const std::string primary = "192.0.2.1", backup = "192.0.2.2";

Value text(const std::string& json) {
  auto value = aws::from_json(json);
  REQUIRE_MESSAGE(value.has_value(), json);
  return *value;
}

// An engine with an alarm, and checks on it.
class MetricChecks : public TestEngine {
 public:
  using TestEngine::TestEngine;

  std::string make_check(const std::string& reference, const std::string& config) {
    return ok("route53", "CreateHealthCheck",
              text(R"({"CallerReference":")" + reference + R"(","HealthCheckConfig":)" + config +
                   "}"))["HealthCheck"]["Id"]
        .string();
  }
  // "Code: message" of what refuses a check on this alarm, or "ok".
  std::string on_alarm(const std::string& name, const std::string& region = "us-east-1") {
    const auto out =
        call("route53", "CreateHealthCheck",
             text(R"({"CallerReference":")" + name + "-" + std::to_string(++references_) +
                  R"(","HealthCheckConfig":)" + metric(name, region) + "}"));
    return out ? "ok" : out.error().code + ": " + out.error().message;
  }
  static std::string metric(const std::string& alarm, const std::string& region = "us-east-1",
                            const std::string& more = "") {
    return R"({"Type":"CLOUDWATCH_METRIC","AlarmIdentifier":{"Region":")" + region +
           R"(","Name":")" + alarm + "\"}" + more + "}";
  }
  void update(const std::string& id, const std::string& members) {
    ok("route53", "UpdateHealthCheck", text(R"({"HealthCheckId":")" + id + "\"," + members + "}"));
  }
  Value check(const std::string& id) {
    return ok("route53", "GetHealthCheck",
              Value::structure({{"HealthCheckId", id}}))["HealthCheck"];
  }
  bool healthy(const std::string& id) {
    for (const auto& each : route53().describe_health())
      if (each.id == id) return each.status == route53::Status::healthy;
    FAIL("no such check");
    return false;
  }
  // An alarm on the metric M of the namespace N, with the members that differ.
  void put_alarm(const std::string& name, const std::string& members,
                 const std::string& region = "us-east-1") {
    auto input = text(R"({"Namespace":"N","MetricName":"M","Statistic":"Minimum","Period":60,)"
                      R"("EvaluationPeriods":3,"Threshold":1.0,)"
                      R"("ComparisonOperator":"LessThanThreshold"})");
    input.set("AlarmName", name);
    set(input, members);
    ok("cloudwatch", "PutMetricAlarm", input, region);
  }
  static void set(Value& input, const std::string& members) {
    const auto given = text("{" + members + "}");
    for (const auto& [member, value] : given.members()) input.set(member, value);
  }
  void put_data(double value, const std::string& region = "us-east-1") {
    ok("cloudwatch", "PutMetricData",
       Value::structure({{"Namespace", "N"},
                         {"MetricData", Value::list({Value::structure(
                                            {{"MetricName", "M"}, {"Value", value}})})}}),
       region);
  }
  // So many minutes in which the metric has this value.
  void data(int minutes, double value, const std::string& region = "us-east-1") {
    for (int i = 0; i < minutes; ++i) {
      put_data(value, region);
      wait(60s);
    }
  }

 private:
  int references_ = 0;
};

// The form `config`, booted as a person boots it.
class ConfigForm : public MetricChecks {
 public:
  explicit ConfigForm(std::uint64_t seed = 1, std::size_t checkers = 1)
      : MetricChecks(seed, checkers) {
    site("primary", "127.0.1.1");
    site("backup", "127.0.1.2");
    endpoint = make_check("E", R"({"Type":"HTTP","IPAddress":"127.0.1.1","Port":8080,)"
                               R"("ResourcePath":"/lb-check","RequestInterval":30,)"
                               R"("FailureThreshold":1})");
    both = make_check("C", R"({"Type":"CALCULATED","HealthThreshold":1,"ChildHealthChecks":[")" +
                               endpoint + R"("]})");
    put_alarm("A", R"("Namespace":"AWS/Route53","MetricName":"HealthCheckStatus",)"
                   R"("Dimensions":[{"Name":"HealthCheckId","Value":")" +
                       both +
                       R"("}],"ComparisonOperator":"GreaterThanOrEqualToThreshold",)"
                       R"("EvaluationPeriods":15,"ActionsEnabled":false)");
    latch = make_check("H", metric("A", "us-east-1",
                                   R"(,"Inverted":true,)"
                                   R"("InsufficientDataHealthStatus":"LastKnownStatus")"));
    CHECK_FALSE(healthy(latch));  // inverted, and without data
    wait(18min);
    CHECK(healthy(latch));
    update(both,
           R"("HealthThreshold":2,"ChildHealthChecks":[")" + endpoint + R"(",")" + latch + R"("])");
    make_records();
    CHECK(dns() == primary);
  }

  std::string dns() const { return TestEngine::dns(client); }
  // Primary fails for so long, and is back; a good while afterwards.
  void outage(Duration length, Duration afterwards = 2h) {
    site("primary").goes_down();
    wait(length);
    site("primary").comes_up();
    wait(afterwards);
  }
  // Fifteen good minutes with a threshold of 1, and at once 2 again.
  void switch_back() {
    update(both, R"("HealthThreshold":1)");
    for (int i = 0; !healthy(latch) && i < 20; ++i) wait(1min);
    update(both, R"("HealthThreshold":2)");
  }

  std::string endpoint, both, latch;

 private:
  void make_records() {
    make("route53", "CreateHostedZone",
         Value::structure({{"Name", "example.test"}, {"CallerReference", "zone"}}));
    const auto zones =
        ok("route53", "ListHostedZonesByName", Value::structure({{"DNSName", "example.test"}}));
    const auto record = [&](const std::string& role, const std::string& address,
                            const std::string& more) {
      return text(R"({"Action":"UPSERT","ResourceRecordSet":{"Name":")" + client +
                  R"(","Type":"A","TTL":60,"SetIdentifier":")" + lower(role) + R"(","Failover":")" +
                  role + "\"" + more + R"(,"ResourceRecords":[{"Value":")" + address + R"("}]}})");
    };
    ok("route53", "ChangeResourceRecordSets",
       Value::structure(
           {{"HostedZoneId",
             replace_all(zones["HostedZones"].items().at(0)["Id"].string(), "/hostedzone/", "")},
            {"ChangeBatch",
             Value::structure(
                 {{"Changes",
                   Value::list({record("PRIMARY", primary, R"(,"HealthCheckId":")" + latch + "\""),
                                record("SECONDARY", backup, "")})}})}}));
    watch({client, latch, primary, "", backup});
  }
};

}  // namespace

// --- the form

TEST_CASE(
    "config: an outage of 60, 90 or 300 s fails over once, and nothing but a person brings Primary "
    "back") {
  for (const auto length : {60s, 90s, 300s}) {
    ConfigForm engine;
    engine.outage(length, 12h);
    CHECK(engine.witness.answers() == primary + " " + backup);
    CHECK(engine.healthy(engine.endpoint));  // one sees that Primary is well
    CHECK_FALSE(engine.healthy(engine.both));
    engine.switch_back();
    CHECK(engine.dns() == primary);
    engine.wait(3h);
    CHECK(engine.witness.answers() == primary + " " + backup + " " + primary);
    // And it holds again.
    engine.outage(length, 12h);
    CHECK(engine.witness.answers() == fmt::format("{0} {1} {0} {1}", primary, backup));
  }
}

TEST_CASE(
    "config: while a person's threshold is 1 nothing is latched before fifteen good minutes are "
    "over") {
  ConfigForm engine;
  engine.outage(60s);
  engine.update(engine.both, R"("HealthThreshold":1)");
  engine.wait(14min);
  CHECK(engine.dns() == backup);
  engine.wait(5min);
  CHECK(engine.dns() == primary);
}

TEST_CASE("config: both sites down while latched, Backup stays the answer") {
  ConfigForm engine;
  engine.outage(60s);
  engine.site("backup").goes_down();
  engine.site("primary").goes_down();
  engine.wait(1h);
  CHECK(engine.witness.answers() == primary + " " + backup);
}

TEST_CASE(
    "config: Disabled on the inverted check trips it, and enabling it alone does not release it") {
  ConfigForm engine;
  engine.update(engine.latch, R"("Disabled":true)");
  CHECK(engine.dns() == backup);
  engine.wait(10min);
  engine.update(engine.latch, R"("Disabled":false)");
  engine.wait(3h);
  CHECK(engine.witness.answers() == primary + " " + backup);
  engine.switch_back();
  CHECK(engine.dns() == primary);
}

TEST_CASE("config: what is done to the alarm afterwards moves nothing") {
  ConfigForm engine;
  engine.outage(60s);
  const std::string by_hand = R"(,"StateReason":"by hand"})";
  for (const auto* state : {"ALARM", "OK", "INSUFFICIENT_DATA"}) {
    engine.ok("cloudwatch", "SetAlarmState",
              text(R"({"AlarmName":"A","StateValue":")" + std::string{state} + "\"" + by_hand));
    engine.wait(3min);
  }
  engine.put_alarm("A", R"("Threshold":0.0,"ComparisonOperator":"GreaterThanOrEqualToThreshold")");
  engine.wait(30min);
  engine.ok("cloudwatch", "DeleteAlarms", text(R"({"AlarmNames":["A"]})"));
  engine.wait(3h);
  CHECK(engine.witness.answers() == primary + " " + backup);
  // The settings that were copied go on without their alarm, for a release too.
  engine.switch_back();
  CHECK(engine.dns() == primary);
  engine.outage(60s);
  CHECK(engine.dns() == backup);
}

TEST_CASE("config: hours without data, or without CloudWatch, release nothing and trip nothing") {
  for (const bool latched : {true, false}) {
    ConfigForm engine;
    if (latched) engine.outage(60s);
    const auto before = engine.witness.answers();
    for (const auto gap : {2min, 14min, 16min, 18min, 60min, 600min}) {
      engine.downtime = gap;
      engine.crash_when([](Moment) { return true; });
      engine.wait(gap + 5min);
      engine.wait(20min);
    }
    realism::Fault out;
    out.kind = realism::FaultKind::outage;
    out.service = "cloudwatch";
    engine.realism.add(out);
    engine.wait(3h);
    engine.realism.clear();
    engine.wait(1h);
    CHECK(engine.witness.answers() == before);
    CHECK(engine.crashes() == 6);
  }
}

TEST_CASE("config: AWS's everyday lags cost time, never the latch") {
  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
    ConfigForm engine(seed);
    engine.realism.be_realistic(true);
    engine.wait(5min);
    CHECK(engine.dns() == primary);
    engine.outage(90s, 3h);
    CHECK(engine.witness.answers() == primary + " " + backup);
  }
}

TEST_CASE(
    "config: killed at any commit of a failover, for any while: Backup serves in the end, and "
    "stays") {
  // Where it may be killed: from the failure until the loop has closed.
  const auto commits_of = [](Duration length) {
    ConfigForm engine;
    const auto first = engine.commits();
    engine.outage(length, 10min);
    return std::pair{first, engine.commits()};
  };
  std::mt19937 random(11);
  int failed_over = 0;
  for (const auto length : {60s, 90s, 300s}) {
    const auto range = commits_of(length);
    const auto first = range.first, last = range.second;
    REQUIRE(last > first + 20);
    for (int round = 0; round < 12; ++round) {
      ConfigForm engine;
      const auto commit = first + 1 + random() % (last - first);
      engine.downtime = std::array<Duration, 4>{0s, 45s, 4min, 20min}[random() % 4];
      engine.crash_at(commit, random() % 2 == 0 ? Moment::durable : Moment::told);
      CAPTURE(length.count());
      CAPTURE(commit - first);
      CAPTURE(describe(engine.downtime));
      engine.outage(length, 3h);
      CHECK(engine.crashes() == 1);
      // An outage that the engine slept through may leave no minute below 1; one that moved DNS
      // is over only when a person says so.
      const auto answers = engine.witness.answers();
      CHECK((answers == primary || answers == primary + " " + backup));
      failed_over += answers == primary ? 0 : 1;
    }
  }
  CHECK(failed_over > 25);
}

TEST_CASE("config: an engine that is off for a quarter of an hour right after a failover") {
  // Where it is killed before C's own zeros are there, and comes back when the bad minute has left
  // what an alarm looks at, a good minute between the two is all that there is.
  int failed_over = 0;
  for (std::uint64_t seed = 1; seed <= 4; ++seed)
    for (auto begins = 0s; begins < 60s; begins += 6s)
      for (auto off = 15min + 0s; off <= 17min; off += 30s) {
        ConfigForm engine(seed);
        engine.wait(begins);
        engine.site("primary").goes_down();
        engine.wait(20s);
        engine.site("primary").comes_up();
        for (int i = 0; i < 180 && engine.dns() == primary; ++i) engine.wait(1s);
        if (engine.dns() == primary) continue;  // no probe fell into it
        ++failed_over;
        engine.kill();
        engine.wait(off);
        engine.start();
        engine.wait(5min);
        CAPTURE(seed);
        CAPTURE(describe(begins));
        CAPTURE(describe(off));
        CHECK(engine.witness.answers() == primary + " " + backup);
      }
  CHECK(failed_over > 50);
}

TEST_CASE("config: checkers that disagree fail over at most once, and bring nothing back") {
  for (std::uint64_t seed = 1; seed <= 6; ++seed) {
    ConfigForm engine(seed, 16);
    engine.realism = realism::Realism({false, seed});
    realism::CheckerFault fault;
    fault.cut_off.first = 13;
    fault.loss_percent = 40;
    engine.realism.add(fault);
    engine.wait(1h);
    engine.realism.clear();
    engine.wait(6h);
    CHECK(engine.healthy(engine.endpoint));
    CHECK(engine.witness.answers() == primary + " " + backup);
  }
}

// --- what it is made of

TEST_CASE("a metric's check follows the data of its Region, whatever is done to the alarm") {
  MetricChecks engine;
  engine.put_alarm("quiet", R"("EvaluationPeriods":2,"ActionsEnabled":false)", "eu-west-1");
  const auto id = engine.make_check("m", MetricChecks::metric("quiet", "eu-west-1"));
  const auto inverted =
      engine.make_check("i", MetricChecks::metric("quiet", "eu-west-1", R"(,"Inverted":true)"));
  engine.wait(5min);
  CHECK(engine.healthy(id));  // no data yet
  CHECK_FALSE(engine.healthy(inverted));
  engine.data(4, 5, "eu-west-1");
  engine.data(4, 0, "us-east-1");  // another Region's metric of the same name
  CHECK(engine.healthy(id));
  engine.data(4, 0, "eu-west-1");
  CHECK_FALSE(engine.healthy(id));
  CHECK(engine.healthy(inverted));
  engine.ok("cloudwatch", "SetAlarmState",
            text(R"({"AlarmName":"quiet","StateValue":"OK","StateReason":"by hand"})"),
            "eu-west-1");
  CHECK_FALSE(engine.healthy(id));
  // Missing: the last status, for days; and over a restart.
  engine.wait(49h);
  engine.crash();
  engine.wait(2min);
  CHECK_FALSE(engine.healthy(id));
  engine.data(3, 2, "eu-west-1");
  CHECK(engine.healthy(id));
}

TEST_CASE("an edited alarm counts when it is named again, as Terraform's triggers do it") {
  MetricChecks engine;
  engine.put_alarm("edited", R"("EvaluationPeriods":1)");
  const auto id = engine.make_check("m", MetricChecks::metric("edited"));
  engine.data(2, 3);
  CHECK(engine.healthy(id));
  engine.put_alarm("edited", R"("EvaluationPeriods":1,"Threshold":10.0)");
  engine.data(5, 3);
  CHECK(engine.healthy(id));
  CHECK(engine.check(id)["CloudWatchAlarmConfiguration"]["Threshold"].number() == 1);
  engine.update(id, R"("AlarmIdentifier":{"Region":"us-east-1","Name":"edited"})");
  CHECK_FALSE(engine.healthy(id));
  const auto shown = engine.check(id);
  CHECK(shown["HealthCheckVersion"].integer() == 2);
  CHECK(shown["CloudWatchAlarmConfiguration"]["Threshold"].number() == 10);
  CHECK(shown["CloudWatchAlarmConfiguration"]["ComparisonOperator"].string() ==
        "LessThanThreshold");
  CHECK(shown["CloudWatchAlarmConfiguration"]["Statistic"].string() == "Minimum");
}

TEST_CASE("alarms that Route 53 does not take") {
  MetricChecks engine;
  engine.put_alarm("m-of-n", R"("EvaluationPeriods":3,"DatapointsToAlarm":2)");
  engine.put_alarm("n-of-n", R"("EvaluationPeriods":3,"DatapointsToAlarm":3)");
  engine.put_alarm("fine", R"("Period":10,"EvaluationPeriods":6)");
  engine.put_alarm("elsewhere", R"("EvaluationPeriods":1)", "eu-west-1");
  engine.put_alarm("long", R"("Period":3600,"EvaluationPeriods":168)");
  engine.put_alarm("day", R"("Period":60,"EvaluationPeriods":1440)");
  auto percentile = text(R"({"AlarmName":"percentile","Namespace":"N","MetricName":"M",)"
                         R"("ExtendedStatistic":"p99","Period":60,"EvaluationPeriods":1,)"
                         R"("Threshold":1.0,"ComparisonOperator":"LessThanThreshold"})");
  engine.ok("cloudwatch", "PutMetricAlarm", percentile);
  const std::string refused =
      "InvalidInput: Invalid parameter : CloudWatch metric health checks do not support ";
  CHECK(engine.on_alarm("m-of-n") ==
        refused +
            "M out of N datapoints: the alarm m-of-n in us-east-1 takes 2 of 3 "
            "(DatapointsToAlarm must be the same as EvaluationPeriods, or left out).");
  CHECK(engine.on_alarm("fine") ==
        refused +
            "high-resolution alarms: the alarm fine in us-east-1 has a Period of 10 seconds "
            "(60 or a multiple of it is needed).");
  CHECK(engine.on_alarm("percentile") ==
        refused +
            "extended statistics: the alarm percentile in us-east-1 has p99 (Average, "
            "Maximum, Minimum, SampleCount or Sum is needed).");
  CHECK(engine.on_alarm("elsewhere") ==
        "InvalidInput: Invalid parameter : The CloudWatch alarm elsewhere does not exist in "
        "us-east-1.");
  CHECK(engine.on_alarm("arn:aws:cloudwatch:us-east-1:111111111111:alarm:theirs") ==
        "InvalidInput: Invalid parameter : CloudWatch metric health checks must have the name of "
        "an alarm of this account specified, not an ARN: "
        "arn:aws:cloudwatch:us-east-1:111111111111:alarm:theirs.");
  CHECK(engine.on_alarm("elsewhere", "eu-west-1") == "ok");
  CHECK(engine.on_alarm("n-of-n") == "ok");
  CHECK(engine.on_alarm("long") == "ok");
  CHECK(engine.on_alarm("day") == "ok");
  CHECK(engine.on_alarm("n-of-n", "moon-north-1").starts_with("InvalidInput: "));
  for (const auto* statistic : {"Average", "Maximum", "Minimum", "SampleCount", "Sum"}) {
    engine.put_alarm("plain", R"("Statistic":")" + std::string{statistic} + "\"");
    CHECK(engine.on_alarm("plain") == "ok");
  }
  // Longer than a day, or than seven with hours: there is no such alarm. Metric math, composite
  // alarms and other accounts' metrics: neither.
  for (const auto* members :
       {R"("EvaluationPeriods":1441)", R"("Period":3600,"EvaluationPeriods":169)"}) {
    auto input = text(R"({"AlarmName":"longer","Namespace":"N","MetricName":"M","Period":60,)"
                      R"("Statistic":"Sum","Threshold":1.0,)"
                      R"("ComparisonOperator":"LessThanThreshold"})");
    MetricChecks::set(input, members);
    CHECK(engine.call("cloudwatch", "PutMetricAlarm", input).error().code == "ValidationError");
  }
  const auto math = text(
      R"({"AlarmName":"math","EvaluationPeriods":1,"Threshold":1.0,)"
      R"("ComparisonOperator":"LessThanThreshold","Metrics":[{"Id":"e","Expression":"m/2"},)"
      R"({"Id":"m","ReturnData":false,"MetricStat":{"Metric":{"Namespace":"N","MetricName":"M"},)"
      R"("Period":60,"Stat":"Sum"}}]})");
  REQUIRE(engine.call("cloudwatch", "PutMetricAlarm", math));
  CHECK(engine.on_alarm("math").find("watches an expression") != std::string::npos);

  // Refused in an update too, which then changes nothing.
  const auto id = engine.make_check("m", MetricChecks::metric("n-of-n"));
  const auto before = engine.check(id);
  const auto out = engine.call("route53", "UpdateHealthCheck",
                               text(R"({"HealthCheckId":")" + id +
                                    R"(","Inverted":true,"AlarmIdentifier":{"Region":"us-east-1",)"
                                    R"("Name":"m-of-n"}})"));
  CHECK(out.error().code == "InvalidInput");
  CHECK(engine.check(id) == before);
}

TEST_CASE("where CloudWatch is out a metric's check has not enough data, and none can be made") {
  for (const auto& [lacking, healthy] :
       {std::pair{"Healthy", true}, {"Unhealthy", false}, {"LastKnownStatus", true}}) {
    MetricChecks engine;
    engine.put_alarm("a", R"("EvaluationPeriods":1)");
    const auto id = engine.make_check(
        "m",
        MetricChecks::metric("a", "us-east-1",
                             R"(,"InsufficientDataHealthStatus":")" + std::string{lacking} + "\""));
    engine.data(3, 2);
    CHECK(engine.healthy(id));
    realism::Fault out;
    out.kind = realism::FaultKind::outage;
    out.service = "cloudwatch";
    out.region = "us-east-1";
    engine.realism.add(out);
    engine.wait(2min);
    CHECK(engine.healthy(id) == healthy);
    CHECK(engine.on_alarm("a") ==
          "InvalidInput: Invalid parameter : cloudwatch is out of order in us-east-1");
    engine.realism.clear();
    engine.data(2, 2);
    CHECK(engine.healthy(id));
  }
}

}  // namespace sitelatch::scenario
