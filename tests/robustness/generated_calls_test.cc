// SPDX-License-Identifier: Apache-2.0
// Every operation that the engine handles, thousands of times with inputs made from the models:
// each is answered with a result or an error of AWS's, nothing aborts, and at any moment the engine
// can die and find everything again. A failing seed is printed; SITELATCH_SEED and SITELATCH_CALLS
// repeat and lengthen a run.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cstdlib>
#include <memory>
#include <optional>
#include <set>

#include "aws/sigv4.h"
#include "aws/wire.h"
#include "base/log.h"
#include "base/text.h"
#include "engine/cloud.h"
#include "generated_inputs.h"
#include "ports/sim/world.h"
#include "services/sns/signer.h"

namespace sitelatch::test {
namespace {
using aws::Value;
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
class House {
 public:
  explicit House(std::uint64_t seed) : world_(seed), inputs_(seed, world_.timers.now()) {
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
    aws::Outcome<Value> outcome;
  };
  Answered call(const aws::ServiceModel& model, const aws::Operation& operation,
                aws::Protocol protocol, const Value& input, bool damage,
                const std::string& region = "eu-west-1") {
    auto request = aws::encode_request(model, operation, protocol, input);
    if (damage) request.body = inputs_.damaged(std::move(request.body));
    request.headers.set("Host", "127.0.0.1:4566");
    request.peer = "127.0.0.1";
    const auto& root = cloud_->root_key();
    aws::sign(request, {root.access_key_id, root.secret_access_key, ""},
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
          call(model, *operation, model.protocols.front(), Value::structure(), false);
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

struct Target {
  const aws::ServiceModel* model;
  const aws::Operation* operation;
};

// Making comes more often than unmaking, so that there is something to meet.
std::vector<Target> targets(const engine::Cloud& cloud) {
  std::vector<Target> out;
  for (const auto& [service, names] : cloud.gateway().handled())
    for (const auto& name : names) {
      const auto& model = aws::service_model(service);
      const auto* operation = model.operation(name);
      INFO(service, " ", name);
      REQUIRE(operation != nullptr);
      CHECK_FALSE(
          operation->known_only);  // the gateway could not decode what the service says it handles
      const bool makes = name.starts_with("Create") || name.starts_with("Put") ||
                         name.starts_with("Change") || name.starts_with("Add");
      const bool unmakes = name.starts_with("Delete") || name.starts_with("Remove");
      for (int i = 0; i < (makes ? 6 : unmakes ? 1 : 2); ++i) out.push_back({&model, operation});
    }
  return out;
}

// Errors that every service may answer, listed in no model.
const std::set<std::string, std::less<>> common_codes = {"ValidationError",
                                                         "ValidationException",
                                                         "SerializationException",
                                                         "InvalidParameterValue",
                                                         "MissingParameter",
                                                         "MalformedInput",
                                                         "MalformedQueryString",
                                                         "InvalidParameterCombination",
                                                         "AccessDenied",
                                                         "AccessDeniedException",
                                                         "SignatureDoesNotMatch",
                                                         "InvalidSignatureException",
                                                         "UnknownOperationException",
                                                         "InvalidAction",
                                                         "InvalidInput",
                                                         "MissingAction",
                                                         "InvalidRequestContentException",
                                                         "IncompleteSignature",
                                                         "MalformedXML"};

bool modelled(const Target& target, std::string_view code) {
  return common_codes.contains(code) || target.model->error_shape(code) != nullptr;
}

std::string printable(std::string text) {
  for (char& c : text)
    if (static_cast<unsigned char>(c) < 32 || static_cast<unsigned char>(c) > 126) c = '?';
  return text;
}

std::size_t number_from(const char* name, std::size_t otherwise) {
  const char* text = std::getenv(name);
  return text ? static_cast<std::size_t>(std::strtoull(text, nullptr, 10)) : otherwise;
}

void check_answer(const Target& target, const House::Answered& answered) {
  const auto& http = answered.http;
  INFO("status ", http.status, " body ", http.body.substr(0, 600));
  CHECK(http.status >= 200);
  CHECK(http.status < 500);
  if (const auto type = http.headers.get("Content-Type");
      type.find("cbor") == std::string::npos && type.find("octet") == std::string::npos)
    CHECK(valid_utf8(http.body));
  if (answered.outcome) return;
  INFO("code ", answered.outcome.error().code);
  CHECK_FALSE(answered.outcome.error().code.empty());
  CHECK(modelled(target, answered.outcome.error().code));
}

// For a person's eyes: strings may hold anything.
std::string input_text(const Value& input) {
  return printable(aws::to_json(input)).substr(0, 1500);
}

void run_seed(std::uint64_t seed, std::size_t calls) {
  House house{seed};
  const auto all = targets(house.cloud());
  std::map<std::string, std::size_t> succeeded;
  for (const auto& recipe : recipes()) {
    const Target target{&aws::service_model(recipe.service),
                        aws::service_model(recipe.service).operation(recipe.operation)};
    const auto input = house.inputs().follow(*target.model, recipe);
    const auto answered =
        house.call(*target.model, *target.operation, target.model->protocols.front(), input, false);
    INFO("recipe: ", std::string{recipe.service}, " ", std::string{recipe.operation}, ": ",
         answered.http.body);
    CHECK(answered.outcome.has_value());
    if (answered.outcome) house.inputs().learn(*answered.outcome);
    house.inputs().learn(input);
  }
  for (std::size_t i = 0; i < calls; ++i) {
    const auto& target = all[house.inputs().below(all.size())];
    const auto protocol =
        target.model->protocols[house.inputs().below(target.model->protocols.size())];
    const auto input = house.inputs().make(*target.model, *target.operation);
    const bool damage = house.inputs().one_in(8);
    const auto what =
        fmt::format("seed {} call {}: {} {} by {}{}", seed, i, target.model->name,
                    target.operation->name, aws::to_string(protocol), damage ? ", damaged" : "");
    INFO(what);
    if (std::getenv("SITELATCH_TRACE")) MESSAGE(what, " ", input_text(input));
    const auto answered = house.call(*target.model, *target.operation, protocol, input, damage,
                                     house.inputs().one_in(10) ? "us-east-1" : "eu-west-1");
    check_answer(target, answered);
    if (answered.outcome) {
      ++succeeded[target.operation->name];
      house.inputs().learn(*answered.outcome);
      house.inputs().learn(input);
    }
    if (house.inputs().one_in(20))
      house.world().advance(std::chrono::seconds{house.inputs().below(900)});
    if (house.inputs().one_in(100)) {
      const auto before = house.picture();
      house.crash();
      const auto after = house.picture();
      for (std::size_t n = 0; n < after.size(); ++n) CHECK(after[n] == before[n]);
    }
  }
  MESSAGE("seed ", seed, ": ", succeeded.size(), " operations succeeded at least once");
  if (std::getenv("SITELATCH_NEVER"))
    for (const auto& target : all)
      if (!succeeded.contains(target.operation->name))
        MESSAGE("never succeeded: ", target.model->name, " ", target.operation->name);
  CHECK(succeeded.size() * 3 > 50);
}

}  // namespace

TEST_CASE(
    "generated calls: each is answered as AWS would, none aborts, and everything is found again") {
  set_log_level(LogLevel::error);
  const auto first = number_from("SITELATCH_SEED", 1);
  const auto seeds = std::getenv("SITELATCH_SEED") ? number_from("SITELATCH_SEEDS", 1) : 3;
  for (std::size_t seed = first; seed < first + seeds; ++seed)
    run_seed(seed, number_from("SITELATCH_CALLS", 1500));
}

}  // namespace sitelatch::test
