// SPDX-License-Identifier: Apache-2.0
// For the tests of this folder: SQS in a simulated world, and calls to it in one line.
#pragma once

#include <doctest/doctest.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ports/sim/world.h"
#include "services/sqs/sqs.h"

namespace sitelatch::sqs::testing {
using aws::Value;
using namespace std::chrono_literals;

inline const std::string account = "000000000000";
inline const std::string endpoint = "http://127.0.0.1:4566";

struct Metrics final : QueueMetrics {
  void count(std::string_view, std::string_view metric, std::string_view queue, double value,
             std::string_view, Instant) override {
    const auto name = std::string{queue} + " " + std::string{metric};
    sums[name] += value;
    last[name] = value;
  }
  std::map<std::string, double> sums, last;
};

struct Fixture {
  ports::sim::World world;
  Metrics metrics;
  std::unique_ptr<Sqs> sqs;
  std::string region = "eu-west-1";
  aws::Caller caller{aws::Caller::Kind::root,
                     account,
                     "arn:aws:iam::000000000000:root",
                     "arn:aws:iam::000000000000:root",
                     account,
                     "",
                     "",
                     "",
                     ""};

  Fixture() { start(); }
  void start() {
    sqs.reset();
    sqs = std::make_unique<Sqs>(Dependencies{world.journal, world.timers, world.entropy, metrics},
                                account);
  }
  void crash() {
    sqs.reset();
    world.crash();
    start();
  }

  using Waiting = std::shared_ptr<std::optional<aws::Outcome<>>>;
  Waiting begin(std::string_view operation, const Value& input) {
    const aws::Call c{operation, input, caller,   region,
                      account,   "req", endpoint, world.timers.now()};
    auto out = std::make_shared<std::optional<aws::Outcome<>>>();
    sqs->handle(c, [out](aws::Outcome<> answer) { *out = std::move(answer); });
    return out;
  }
  aws::Outcome<> call(std::string_view operation, const Value& input) {
    const auto out = begin(operation, input);
    REQUIRE(out->has_value());
    return **out;
  }
  Value ok(std::string_view operation, const Value& input) {
    auto out = call(operation, input);
    if (!out)
      FAIL(std::string{operation} << ": " << out.error().code << " " << out.error().message);
    world.settle();
    return *out;
  }
  // "Code: message"
  std::string refusal(std::string_view operation, const Value& input) {
    auto out = call(operation, input);
    return out ? "accepted" : out.error().code + ": " + out.error().message;
  }

  static std::string url(const std::string& name) { return endpoint + "/" + account + "/" + name; }
  std::string arn(const std::string& name) const { return queue_arn(region, account, name); }
  static Value on(const std::string& name,
                  std::initializer_list<std::pair<std::string_view, Value>> more = {}) {
    Value out = Value::structure({{"QueueUrl", url(name)}});
    for (const auto& [key, value] : more) out.set(key, value);
    return out;
  }
  void queue(const std::string& name, const Value& attributes = Value::structure()) {
    ok("CreateQueue", Value::structure({{"QueueName", name}, {"Attributes", attributes}}));
  }
  void fifo(const std::string& name, const char* by_content = "true") {
    queue(name,
          Value::structure({{"FifoQueue", "true"}, {"ContentBasedDeduplication", by_content}}));
  }
  Value send(const std::string& name, const std::string& body) {
    return ok("SendMessage", on(name, {{"MessageBody", body}}));
  }
  Value send_to_group(const std::string& name, const std::string& group, const std::string& body) {
    return ok("SendMessage", on(name, {{"MessageBody", body}, {"MessageGroupId", group}}));
  }
  std::vector<Value> receive(const std::string& name, int most = 10) {
    return ok("ReceiveMessage",
              on(name, {{"MaxNumberOfMessages", most},
                        {"AttributeNames", Value::list({"All"})},
                        {"MessageAttributeNames", Value::list({"All"})}}))["Messages"]
        .items();
  }
  // "a b c"
  std::string bodies(const std::string& name, int most = 10) {
    std::string out;
    for (const auto& message : receive(name, most))
      out += (out.empty() ? "" : " ") + message["Body"].string();
    return out;
  }
  void remove(const std::string& name, const Value& message) {
    ok("DeleteMessage", on(name, {{"ReceiptHandle", message["ReceiptHandle"]}}));
  }
  Value attributes(const std::string& name) {
    return ok("GetQueueAttributes",
              on(name, {{"AttributeNames", Value::list({"All"})}}))["Attributes"];
  }
  // "visible/in flight/delayed"
  std::string counts(const std::string& name) {
    const auto all = attributes(name);
    return all["ApproximateNumberOfMessages"].string() + "/" +
           all["ApproximateNumberOfMessagesNotVisible"].string() + "/" +
           all["ApproximateNumberOfMessagesDelayed"].string();
  }
  void set(const std::string& name, const std::string& attribute, const std::string& value) {
    ok("SetQueueAttributes", on(name, {{"Attributes", Value::structure({{attribute, value}})}}));
  }
  std::string redrive_to(const std::string& name, int most) const {
    return R"({"deadLetterTargetArn":")" + arn(name) + R"(","maxReceiveCount":)" +
           std::to_string(most) + "}";
  }
};

}  // namespace sitelatch::sqs::testing
