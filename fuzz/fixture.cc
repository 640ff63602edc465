// SPDX-License-Identifier: Apache-2.0
#include "fixture.h"

#include <optional>

#include "aws/auth/sigv4.h"
#include "base/log.h"
#include "base/log_line.h"
#include "base/text.h"
#include "services/sns/signer.h"
#include "target.h"

namespace sitelatch::fuzz {
using aws::Value;
using namespace std::chrono_literals;

struct Fixture::Dependencies {
  class OneKey final : public sns::SigningKeyMaker {
   public:
    explicit OneKey(ports::sim::Later& to) : later(to) {}
    void make(std::function<void(sns::SigningKey)> done) override {
      static const auto key = sns::make_signing_key(from_civil(2026, 1, 1, 0, 0, 0));
      later.post([done = std::move(done)] { done(key); });
    }
    ports::sim::Later& later;
  };
  class LastView final : public route53::ViewSink {
   public:
    void publish(std::shared_ptr<const dns::View> published) override {
      view = std::move(published);
    }
    std::shared_ptr<const dns::View> view;
  };
  explicit Dependencies(ports::sim::Later& later) : keys(later) {}
  OneKey keys;
  LastView views;
};

struct Furniture {
  Furniture();
  static const Furniture& get() {
    static const Furniture furniture;
    return furniture;
  }
  Fixture fixture;
};

Fixture::Fixture(Unfurnished)
    : world_(std::make_unique<ports::sim::World>(1)),
      inputs_(std::make_unique<test::InputMaker>(1, world_->timers.now())),
      dependencies_(std::make_unique<Dependencies>(world_->later)) {
  set_log_level(LogLevel::error);
  be_unreliable();
  open();
  furnish();
}

Fixture::Fixture(std::string_view choices) : Fixture(furnished_journal(), choices) {}

Fixture::Fixture(const ports::sim::MemoryJournal& journal, std::string_view choices)
    : world_(std::make_unique<ports::sim::World>(1, Furniture::get().fixture.world_->timers.now())),
      inputs_(std::make_unique<test::InputMaker>(*Furniture::get().fixture.inputs_)),
      dependencies_(std::make_unique<Dependencies>(world_->later)),
      user_(Furniture::get().fixture.user_),
      session_(Furniture::get().fixture.session_) {
  world_->journal = journal;
  inputs_->draw_from(choices);
  be_unreliable();
  open();
}
Fixture::~Fixture() = default;

Furniture::Furniture() : fixture(Fixture::Unfurnished{}) {}

const ports::sim::MemoryJournal& Fixture::furnished_journal() {
  return Furniture::get().fixture.world_->journal;
}

void Fixture::be_unreliable() {
  world_->prober.judge = [this](const ports::ProbeRequest&) {
    return inputs_->one_in(3) ? ports::sim::failed_observation()
                              : ports::sim::healthy_observation();
  };
  world_->courier.answer = [this](const ports::Post&) {
    world_->courier.posts.clear();
    return inputs_->one_in(3)   ? ports::Receipt{500, ""}
           : inputs_->one_in(3) ? ports::Receipt{0, "refused"}
                                : ports::Receipt{200, ""};
  };
  world_->functions.run = [this](const ports::FunctionSpec&, const ports::Invocation&,
                                 const auto& done) { run_function(done); };
}

void Fixture::run_function(const std::function<void(ports::InvocationOutcome)>& done) {
  using Outcome = ports::InvocationOutcome;
  auto outcome =
      ports::sim::success_outcome(inputs_->one_in(4) ? "\xff not json" : R"({"ok":true})");
  outcome.kind =
      inputs_->one_in(2) ? Outcome::Kind::success : static_cast<Outcome::Kind>(inputs_->below(8));
  outcome.reason = inputs_->one_in(2) ? "exit status 1" : "\xff";
  outcome.lines = {"printed", "\xfe\xff", "START RequestId: x", std::string(1, '\0'), ""};
  outcome.dropped_bytes = inputs_->below(3);
  done(outcome);
}

void Fixture::open() {
  engine::Cloud::Options options;
  options.accept_any_credentials = true;  // root signs with a key that nobody has
  cloud_ = std::make_unique<engine::Cloud>(
      engine::Cloud::Ports{world_->journal, world_->timers, world_->wall, world_->entropy,
                           world_->prober, world_->functions, world_->courier, dependencies_->keys,
                           dependencies_->views},
      options);
  world_->settle();
}

void Fixture::furnish() {
  for (const auto& recipe : test::recipes()) {
    const auto& model = aws::service_model(recipe.service);
    const auto& operation = *model.operation(recipe.operation);
    const auto input = inputs_->follow(model, recipe);
    auto request = aws::encode_request(model, operation, model.protocols.front(), input);
    const auto reply = serve(std::move(request), model, As::root);
    const auto output = aws::decode_response(model, operation, model.protocols.front(), reply);
    if (!output) std::fprintf(stderr, "%s\n", reply.body.c_str());
    require(bool{output}, "the furniture can be made");
    inputs_->learn(*output);
    inputs_->learn(input);
    const auto keys_of = [](const Value& keys) {
      return Keys{keys["AccessKeyId"].string(), keys["SecretAccessKey"].string(),
                  keys["SessionToken"].string_or("")};
    };
    if (operation.name == "CreateAccessKey") user_ = keys_of((*output)["AccessKey"]);
    if (operation.name == "AssumeRole") session_ = keys_of((*output)["Credentials"]);
  }
  // The user may do some of everything, under conditions.
  const auto& iam = aws::service_model("iam");
  call(
      iam, *iam.operation("PutUserPolicy"), iam.protocols.front(),
      Value::structure({{"UserName", "u"},
                        {"PolicyName", "p"},
                        {"PolicyDocument",
                         R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["*"],)"
                         R"("Resource":"*"},{"Effect":"Deny","Action":"*:Delete*",)"
                         R"("Resource":"arn:aws:*:eu-west-1:*:*","Condition":)"
                         R"({"StringLike":{"aws:ResourceTag/k":"v*"}}}]})"}}));
  world_->advance(3min);
}

namespace {

void check(const aws::HttpResponse& reply) {
  // The fixture's own function host is in trouble at times.
  if (reply.status == 500 && reply.body.find("could not run the function") != std::string::npos)
    return;
  if (reply.status < 200 || reply.status >= 500)
    std::fprintf(stderr, "%d %s\n", reply.status, reply.body.substr(0, 2000).c_str());
  require(reply.status >= 200 && reply.status < 500, "no request is a fault of the engine's");
  const auto type = reply.headers.get("Content-Type");
  // What a function answers goes on as it is.
  const bool of_function = !reply.headers.get("X-Amz-Executed-Version").empty();
  if (!of_function &&
      (type.find("json") != std::string::npos || type.find("xml") != std::string::npos)) {
    if (!valid_utf8(reply.body))
      std::fprintf(stderr, "%d %s\n", reply.status, log_line(reply.body).c_str());
    require(valid_utf8(reply.body), "an answer's text is UTF-8");
  }
  for (const auto& [name, value] : reply.headers)
    require(name.find_first_of("\r\n") == name.npos && !name.empty(), "a header has a name");
}

}  // namespace

aws::HttpResponse Fixture::serve(aws::HttpRequest request, const aws::ServiceModel& model,
                                 As caller, const std::string& region) {
  request.headers.set("Host", "127.0.0.1:4566");
  request.peer = "127.0.0.1";
  if (caller == As::root)
    request.headers.set("Authorization", "AWS4-HMAC-SHA256 Credential=AKIANOBODYS/20260101/" +
                                             region + "/" + model.signing_name +
                                             "/aws4_request, SignedHeaders=host, Signature=00");
  if (caller == As::root) request.headers.set("X-Amz-Date", "20260101T000000Z");
  if (caller == As::user || caller == As::session) {
    const auto& keys = caller == As::user ? user_ : session_;
    aws::sign(request, {keys.id, keys.secret, keys.token}, {region, model.signing_name},
              world_->wall.now());
  }
  std::optional<aws::HttpResponse> reply;
  cloud_->serve(std::move(request), [&reply](aws::HttpResponse response) {
    require(!reply, "one request, one answer");
    reply = std::move(response);
  });
  world_->settle();
  for (int waited = 0; !reply && waited < 4; ++waited) world_->advance(15min);
  require(reply.has_value(), "every request is answered");
  check(*reply);
  return std::move(*reply);
}

bool Fixture::call(const aws::ServiceModel& model, const aws::Operation& operation,
                   aws::Protocol protocol, const Value& input, As caller) {
  const auto reply = serve(aws::encode_request(model, operation, protocol, input), model, caller);
  const auto output = aws::decode_response(model, operation, protocol, reply);
  if (!output) {
    require(!output.error().code.empty(), "an error has a code");
    return false;
  }
  inputs_->learn(*output);
  inputs_->learn(input);
  return true;
}

void Fixture::learn(const aws::ServiceModel& model, const aws::Operation& operation,
                    aws::Protocol protocol, const aws::HttpResponse& response) {
  if (const auto output = aws::decode_response(model, operation, protocol, response))
    inputs_->learn(*output);
}

void Fixture::crash() {
  cloud_.reset();
  world_->crash();
  open();
}

std::vector<std::string> Fixture::picture() {
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
  std::vector<std::string> out;
  for (const auto& [service, name] : looks) {
    const auto& model = aws::service_model(service);
    const auto& operation = *model.operation(name);
    const auto protocol = model.protocols.front();
    const auto reply =
        serve(aws::encode_request(model, operation, protocol, Value::structure()), model, As::root);
    const auto output = aws::decode_response(model, operation, protocol, reply);
    out.push_back(std::string{name} + ": " +
                  (output ? aws::to_json(*output) : output.error().code));
  }
  return out;
}

}  // namespace sitelatch::fuzz
