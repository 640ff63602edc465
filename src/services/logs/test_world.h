// SPDX-License-Identifier: Apache-2.0
// Logs on virtual time, for its tests: what it would tell CloudWatch and Lambda is written down.
#pragma once

#include <doctest/doctest.h>

#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ports/sim/world.h"
#include "services/logs/logs.h"

namespace sitelatch::logs::test {

using aws::Value;

// What filters count, and what subscriptions send, as others would be told.
struct Metrics final : FilterMetrics {
  void add(const FilterSample& sample) override { samples.push_back(sample); }
  std::vector<FilterSample> samples;
};
struct Functions final : Subscribers {
  bool invocable(const std::string&, const std::string&) const override { return permitted; }
  aws::DispatchOutcome dispatch(const std::string& function_arn, const std::string& payload,
                                const std::string& group_arn) override {
    calls.push_back(function_arn + " " + group_arn);
    if (outcome == aws::DispatchOutcome::Kind::accepted) payloads.push_back(payload);
    return {outcome, "id", "because"};
  }
  bool permitted = true;
  aws::DispatchOutcome::Kind outcome = aws::DispatchOutcome::Kind::accepted;
  std::vector<std::string> calls, payloads;
};

struct Fixture {
  ports::sim::World world;
  Metrics metrics;
  Functions functions;
  aws::Caller caller;
  std::unique_ptr<Logs> service = make();

  std::unique_ptr<Logs> make() {
    return std::make_unique<Logs>(
        Dependencies{world.journal, world.timers, world.entropy, metrics, functions},
        "000000000000");
  }
  aws::Outcome<> call(std::string_view operation, const Value& input,
                      const std::string& region = "us-east-1") {
    auto out = call_alone(operation, input, region);
    world.settle();
    return out;
  }
  // Nothing else happens, though it be due.
  aws::Outcome<> call_alone(std::string_view operation, const Value& input,
                            const std::string& region = "us-east-1") {
    std::optional<aws::Outcome<>> out;
    service->handle(
        {operation, input, caller, region, "000000000000", "id", "", world.timers.now()},
        [&](aws::Outcome<> outcome) { out = std::move(outcome); });
    return *out;
  }
  Value ok(std::string_view operation, const Value& input) {
    auto out = call(operation, input);
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
  std::int64_t now() const { return unix_ms(world.timers.now()); }
  void make_stream(const char* group = "g", const char* stream = "s") {
    ok("CreateLogGroup", Value::structure({{"logGroupName", group}}));
    ok("CreateLogStream", Value::structure({{"logGroupName", group}, {"logStreamName", stream}}));
  }
  Value put(std::initializer_list<std::pair<std::int64_t, const char*>> events,
            const char* stream = "s") {
    Value list = Value::list();
    for (const auto& [at, text] : events)
      list.push(Value::structure({{"timestamp", at}, {"message", text}}));
    return Value::structure(
        {{"logGroupName", "g"}, {"logStreamName", stream}, {"logEvents", std::move(list)}});
  }
};

inline Value group(Value more = Value::structure()) {
  Value out = Value::structure({{"logGroupName", "g"}});
  for (const auto& [name, value] : more.members()) out.set(name, value);
  return out;
}
inline Value stream(Value more = Value::structure()) {
  more.set("logStreamName", "s");
  return group(std::move(more));
}
inline std::string texts(const Value& answer) {
  std::string out;
  for (const auto& event : answer["events"].items()) out += event["message"].string() + " ";
  return out;
}

}  // namespace sitelatch::logs::test
