// SPDX-License-Identifier: Apache-2.0
// For the tests of this folder: SNS in a simulated world, and calls to it in one line.
#pragma once

#include <doctest/doctest.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "ports/sim/world.h"
#include "services/sns/signer.h"
#include "services/sns/sns.h"

namespace sitelatch::sns::testing {
using aws::Value;
using namespace std::chrono_literals;

inline const std::string account = "000000000000";
inline const std::string endpoint = "http://127.0.0.1:4566";
inline const std::string function_arn = "arn:aws:lambda:eu-west-1:000000000000:function:latch";

// Stands for Lambda: keeps its queue in the journal, as the real one does.
struct Functions final : FunctionDeliveries {
  explicit Functions(ports::Journal& j) : journal(j) {}
  aws::DispatchOutcome dispatch(const std::string& arn, const std::string& payload,
                                const std::string&) override {
    ++asked;
    if (answer.kind != aws::DispatchOutcome::Kind::accepted) return answer;
    events.push_back(payload);
    arns.push_back(arn);
    journal.put("lambda.queue", std::to_string(asked), payload);
    return {aws::DispatchOutcome::Kind::accepted, "request", ""};
  }
  std::size_t queued() const {
    std::size_t n = 0;
    journal.scan("lambda.queue", "", "",
                 [&](std::string_view, std::string_view) { return ++n, true; });
    return n;
  }
  ports::Journal& journal;
  aws::DispatchOutcome answer{aws::DispatchOutcome::Kind::accepted, "", ""};
  int asked = 0;
  std::vector<std::string> events, arns;
};

// Stands for SQS: takes what it is told to take.
struct Queues final : aws::Queues {
  aws::DispatchOutcome send(const aws::QueueLetter& letter, const aws::QueueUser& sender) override {
    senders.push_back(sender.service + " " + sender.source_arn);
    const auto answered = answers.find(letter.queue_arn);
    if (answered != answers.end()) return answered->second;
    letters.push_back(letter);
    return {aws::DispatchOutcome::Kind::accepted, "message", ""};
  }
  bool exists(const std::string&) const override { return true; }
  bool permitted(const std::string&, const std::string&, const aws::QueueUser&) const override {
    return true;
  }
  std::map<std::string, aws::DispatchOutcome> answers;  // by ARN; none: accepted
  std::vector<aws::QueueLetter> letters;
  std::vector<std::string> senders;
};

struct Metrics final : DeliveryMetrics {
  void count(std::string_view region, std::string_view metric, std::string_view topic, double value,
             std::string_view, Instant) override {
    sums[std::string{region} + " " + std::string{topic} + " " + std::string{metric}] += value;
  }
  double of(const std::string& metric) { return sums["us-east-1 t " + metric]; }
  std::map<std::string, double> sums;
};

inline const SigningKey& test_key() {
  static const SigningKey key = make_signing_key(from_civil(2026, 1, 1, 0, 0, 0));
  return key;
}

struct KeyMaker final : SigningKeyMaker {
  explicit KeyMaker(ports::sim::Later& l) : later(l) {}
  void make(std::function<void(SigningKey)> done) override {
    ++asked;
    if (held)
      waiting.push_back(std::move(done));
    else
      later.post([done = std::move(done)] { done(test_key()); });
  }
  ports::sim::Later& later;
  bool held = false;
  int asked = 0;
  std::vector<std::function<void(SigningKey)>> waiting;
};

struct Fixture {
  ports::sim::World world;
  Functions functions{world.journal};
  Queues queues;
  Metrics metrics;
  KeyMaker keys{world.later};
  std::unique_ptr<Sns> sns;
  std::string region = "us-east-1", certificate_url;
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
    sns.reset();
    sns = std::make_unique<Sns>(Dependencies{world.journal, world.timers, world.entropy,
                                             world.courier, functions, queues, metrics, keys},
                                account, endpoint, certificate_url);
  }
  void crash() {
    world.journal.crash();
    start();
  }
  aws::Outcome<> call(std::string_view operation, const Value& input) {
    const aws::Call c{operation, input, caller,   region,
                      account,   "req", endpoint, world.timers.now()};
    std::optional<aws::Outcome<>> out;
    sns->handle(c, [&](aws::Outcome<> answer) { out = std::move(answer); });
    if (!out) world.settle();  // it waits for the signing key
    REQUIRE(out.has_value());
    return *out;
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
    if (out) return "accepted";
    return out.error().code + ": " + out.error().message;
  }
  std::string topic(const std::string& name = "t") {
    return ok("CreateTopic", Value::structure({{"Name", name}}))["TopicArn"].string();
  }
  std::string subscribe(const std::string& topic_arn, const std::string& protocol,
                        const std::string& to, const Value& attributes = {}) {
    return ok("Subscribe", Value::structure({{"TopicArn", topic_arn},
                                             {"Protocol", protocol},
                                             {"Endpoint", to},
                                             {"Attributes", attributes},
                                             {"ReturnSubscriptionArn", true}}))["SubscriptionArn"]
        .string();
  }
  std::string confirmed_http(const std::string& topic_arn, const std::string& url,
                             const Value& attributes = {}) {
    auto arn = subscribe(topic_arn, "http", url, attributes);
    confirm_last_post();
    return arn;
  }
  void confirm_last_post() {
    const auto body = aws::from_json(world.courier.posts.back().body).value();
    ok("ConfirmSubscription",
       Value::structure({{"TopicArn", body["TopicArn"]}, {"Token", body["Token"]}}));
    world.courier.posts.clear();
  }
  void publish(const std::string& topic_arn, const std::string& message) {
    ok("Publish", Value::structure({{"TopicArn", topic_arn}, {"Message", message}}));
  }
  Value attributes(const std::string& subscription_arn) {
    return ok("GetSubscriptionAttributes",
              Value::structure({{"SubscriptionArn", subscription_arn}}))["Attributes"];
  }
};

}  // namespace sitelatch::sns::testing
