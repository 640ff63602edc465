// SPDX-License-Identifier: Apache-2.0
// One account in memory, in a world where nothing is reliable: endpoints fail, functions print
// bytes that are no text, deliveries are refused. Everything comes from a seed.
#pragma once

#include <doctest/doctest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "aws/auth/sigv4.h"
#include "aws/wire/wire.h"
#include "base/text.h"
#include "engine/cloud.h"
#include "generated_inputs.h"
#include "ports/sim/world.h"
#include "services/sns/signer.h"

namespace sitelatch::test {
using namespace std::chrono_literals;

class OneKey final : public sns::SigningKeyMaker {
 public:
  explicit OneKey(ports::sim::Later& later) : later_(later) {}
  void make(std::function<void(sns::SigningKey)> done) override {
    static const auto key = sns::make_signing_key(from_civil(2026, 1, 1, 0, 0, 0));
    later_.post([done = std::move(done)] { done(key); });
  }

 private:
  ports::sim::Later& later_;
};

class LastView final : public route53::ViewSink {
 public:
  void publish(std::shared_ptr<const dns::View> view) override { view_ = std::move(view); }

 private:
  std::shared_ptr<const dns::View> view_;
};

// One account in a world where nothing is reliable.
class Fixture {
 public:
  explicit Fixture(std::uint64_t seed) : world_(seed), inputs_(seed, world_.timers.now()) {
    world_.prober.judge = [this](const ports::ProbeRequest&) {
      return inputs_.one_in(3) ? ports::sim::failed_observation()
                               : ports::sim::healthy_observation();
    };
    world_.courier.answer = [this](const ports::Post&) {
      world_.courier.posts.clear();
      return inputs_.one_in(3)   ? ports::Receipt{500, ""}
             : inputs_.one_in(3) ? ports::Receipt{0, "refused"}
                                 : ports::Receipt{200, ""};
    };
    world_.functions.run = [this](const ports::FunctionSpec&, const ports::Invocation&,
                                  const auto& done) { run(done); };
    open();
  }

  struct Answered {
    aws::HttpResponse http;
    aws::Outcome<aws::Value> outcome;
  };
  Answered call(const aws::ServiceModel& model, const aws::Operation& operation,
                aws::Protocol protocol, const aws::Value& input, bool damage,
                const std::string& region = "eu-west-1") {
    auto request = aws::encode_request(model, operation, protocol, input);
    if (damage) request.body = inputs_.damaged(std::move(request.body));
    return send(model, operation, protocol, std::move(request), region);
  }
  // Any request, signed as it stands.
  Answered send(const aws::ServiceModel& model, const aws::Operation& operation,
                aws::Protocol protocol, aws::HttpRequest request,
                const std::string& region = "eu-west-1",
                const std::optional<aws::SigningIdentity>& caller = {}) {
    request.headers.set("Host", "127.0.0.1:4566");
    request.peer = "127.0.0.1";
    const auto& root = cloud_->root_key();
    aws::sign(request,
              caller.value_or(aws::SigningIdentity{root.access_key_id, root.secret_access_key, ""}),
              {region, model.signing_name}, world_.wall.now());
    std::optional<aws::HttpResponse> reply;
    cloud_->serve(std::move(request), [&reply](aws::HttpResponse response) {
      REQUIRE_FALSE(reply);
      reply = std::move(response);
    });
    world_.settle();
    for (int waited = 0; !reply && waited < 4; ++waited) world_.advance(15min);
    REQUIRE(reply);
    auto outcome = aws::decode_response(model, operation, protocol, *reply);
    return {std::move(*reply), std::move(outcome)};
  }

  // kill -9, and again from what was durable.
  void crash() {
    cloud_.reset();
    world_.crash();
    open();
  }

  // What a client can see of everything, for comparison over a crash.
  std::vector<std::string> picture() {
    std::vector<std::string> out;
    for (const auto& [service, name] : looks) {
      const auto& model = aws::service_model(service);
      const auto* operation = model.operation(name);
      REQUIRE(operation != nullptr);
      const auto answered =
          call(model, *operation, model.protocols.front(), aws::Value::structure(), false);
      out.push_back(
          std::string{name} + ": " +
          (answered.outcome ? aws::to_json(*answered.outcome) : answered.outcome.error().code));
    }
    return out;
  }

  ports::sim::World& world() { return world_; }
  InputMaker& inputs() { return inputs_; }
  engine::Cloud& cloud() { return *cloud_; }

 private:
  static constexpr std::pair<std::string_view, std::string_view> looks[] = {
      {"route53", "ListHealthChecks"},
      {"route53", "ListHostedZones"},
      {"cloudwatch", "DescribeAlarms"},
      {"sns", "ListTopics"},
      {"sns", "ListSubscriptions"},
      {"lambda", "ListFunctions"},
      {"iam", "ListRoles"},
      {"iam", "ListUsers"},
      {"logs", "DescribeLogGroups"},
      {"events", "ListRules"}};

  void open() {
    cloud_ = std::make_unique<engine::Cloud>(
        engine::Cloud::Ports{world_.journal, world_.timers, world_.wall, world_.entropy,
                             world_.prober, world_.functions, world_.courier, keys_, views_},
        engine::Cloud::Options{});
    world_.settle();
  }

  void run(const std::function<void(ports::InvocationOutcome)>& done) {
    using Outcome = ports::InvocationOutcome;
    auto outcome =
        ports::sim::success_outcome(inputs_.one_in(4) ? "\xff not json" : R"({"ok":true})");
    outcome.kind =
        inputs_.one_in(2) ? Outcome::Kind::success : static_cast<Outcome::Kind>(inputs_.below(8));
    outcome.reason = inputs_.one_in(2) ? "exit status 1" : "\xff";
    outcome.lines = {"printed", "\xfe\xff", "START RequestId: x", std::string(1, '\0'), ""};
    outcome.dropped_bytes = inputs_.below(3);
    if (inputs_.one_in(2)) outcome.init_duration = 5ms;
    done(outcome);
  }

  ports::sim::World world_;
  InputMaker inputs_;
  OneKey keys_{world_.later};
  LastView views_;
  std::unique_ptr<engine::Cloud> cloud_;
};

}  // namespace sitelatch::test
