// SPDX-License-Identifier: Apache-2.0
// For tests: the service on virtual time, its actions recorded.
#pragma once

#include <doctest/doctest.h>

#include "ports/sim/world.h"
#include "services/cloudwatch/cloudwatch.h"

namespace sitelatch::cloudwatch {

using aws::Value;
using namespace std::chrono_literals;

struct RecordedActions final : AlarmActions {
  Result<Done> execute(const AlarmAction& action) override {
    done.push_back(action);
    if (!refusal.empty()) return failure(Problem{refusal});
    return Done{};
  }
  void announce(const AlarmEvent& event) override { told.push_back(event); }
  std::vector<AlarmAction> done;
  std::vector<AlarmEvent> told;  // to EventBridge
  std::string refusal;
};

struct Fixture {
  ports::sim::World world;
  RecordedActions actions;
  aws::Caller caller;
  std::unique_ptr<CloudWatch> service = make();

  std::unique_ptr<CloudWatch> make() {
    return std::make_unique<CloudWatch>(world.journal, world.timers, world.entropy, actions,
                                        "000000000000");
  }
  aws::Outcome<> call(std::string_view operation, const Value& input,
                      std::string region = "us-east-1") {
    std::optional<aws::Outcome<>> out;
    service->handle(
        {operation, input, caller, region, "000000000000", "id", "http://e", world.timers.now()},
        [&](aws::Outcome<> outcome) { out = std::move(outcome); });
    world.settle();
    return *out;
  }
  Value ok(std::string_view operation, const Value& input, std::string region = "us-east-1") {
    auto out = call(operation, input, region);
    if (!out) FAIL(operation << ": " << out.error().code << " " << out.error().message);
    return *out;
  }
  std::string error(std::string_view operation, const Value& input) {
    auto out = call(operation, input);
    return out ? "none" : out.error().code + ": " + out.error().message;
  }
  void crash() {
    service.reset();
    world.journal.crash();
    service = make();
  }
  void sample(double value) {
    service->put_datum("us-east-1", "AWS/Route53", "HealthCheckStatus", {{"HealthCheckId", "a"}},
                       value, "None", world.timers.now());
  }
  // Three samples a minute, as Route 53 sends them.
  void minutes(int count, double value) {
    for (int i = 0; i < count * 3; ++i) {
      sample(value);
      world.advance(20s);
    }
  }
  Value alarm(std::string_view name = "latch") {
    const auto found = ok("DescribeAlarms",
                          Value::structure({{"AlarmNames", Value::list({name})}}))["MetricAlarms"];
    return found.items().empty() ? Value{} : found.items()[0];
  }
  std::string state(std::string_view name = "latch") {
    return alarm(name)["StateValue"].string_or("gone");
  }
  std::vector<Value> history(std::string_view type = "") {
    Value input = Value::structure({{"AlarmName", "latch"}, {"ScanBy", "TimestampAscending"}});
    if (!type.empty()) input.set("HistoryItemType", type);
    return ok("DescribeAlarmHistory", input)["AlarmHistoryItems"].items();
  }
};

inline Value guide_alarm() {
  return Value::structure(
      {{"AlarmName", "latch"},
       {"Namespace", "AWS/Route53"},
       {"MetricName", "HealthCheckStatus"},
       {"Statistic", "Minimum"},
       {"Period", 60},
       {"EvaluationPeriods", 1},
       {"Threshold", 1.0},
       {"ComparisonOperator", "LessThanThreshold"},
       {"TreatMissingData", "notBreaching"},
       {"AlarmActions", Value::list({"arn:aws:sns:us-east-1:000000000000:topic"})},
       {"Dimensions",
        Value::list({Value::structure({{"Name", "HealthCheckId"}, {"Value", "a"}})})}});
}
inline Value with(Value input, std::string_view name, Value value) {
  input.set(name, std::move(value));
  return input;
}

}  // namespace sitelatch::cloudwatch
