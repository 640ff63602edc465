// SPDX-License-Identifier: Apache-2.0
#include "test_engine.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <optional>

#include "aws/wire/model.h"
#include "aws/wire/wire.h"
#include "base/log.h"
#include "base/text.h"
#include "dns/testing.h"
#include "services/sns/signer.h"

namespace sitelatch::scenario {
namespace {

constexpr std::string_view connection_lost = "ConnectionLost";

bool says_already_there(const aws::Error& error) {
  return error.code.find("AlreadyExists") != std::string::npos ||
         error.code == "ResourceConflictException";
}

}  // namespace

ports::Observation Site::answer(const std::string& path) const {
  if (up_ && path == "/lb-check") return ports::sim::healthy_observation();
  auto out = ports::sim::failed_observation();
  if (up_) out.status = "Failure: HTTP Status Code 404, Not Found";
  return out;
}

std::string answer_of(const dns::View& view, const std::string& name, const std::string& type) {
  const auto reply =
      dns::testing::reply_text(dns::testing::ask(view, dns::testing::query_bytes(name, type)));
  std::vector<std::string> addresses;
  for (const auto line : split(reply, '\n'))
    if (const auto words = split(line, ' ');
        words.size() == 5 && words[0] == "answer" && words[3] == type)
      addresses.emplace_back(words[4]);
  return addresses.empty() ? "-" : join(addresses, " ");
}

TestEngine::TestEngine(std::uint64_t seed, std::size_t checkers)
    : world_(seed), checkers_(checkers) {
  set_log_level(LogLevel::error);  // the stories tell what goes wrong
  world_.prober.judge = [this](const ports::ProbeRequest& request) {
    const auto found = std::find_if(sites_.begin(), sites_.end(), [&](const auto& site) {
      return site.second.address() == request.address && request.port == site_port;
    });
    const auto seen = found == sites_.end() ? ports::sim::failed_observation()
                                            : found->second.answer(request.path);
    witness.probed(request, seen.success);
    return seen;
  };
  world_.prober.carry = [this](const auto& request, const auto& done) {
    return probe_url(request, done);
  };
  world_.functions.run = [this](const auto& spec, const auto& invocation, const auto& done) {
    run_function(spec, invocation, done);
  };
  world_.journal.on_commit = [this](Moment moment) {
    if (moment == Moment::durable) witness.committed();
    if (!crash_when_ || !crash_when_(moment)) return;
    if (crash_once_) crash_when_ = nullptr;
    throw Crashed{};
  };
  start();
}
TestEngine::~TestEngine() = default;

// --- the world

Site& TestEngine::site(const std::string& name, const std::string& address) {
  return sites_.try_emplace(name, address).first->second;
}

void TestEngine::wait(Duration d) {
  const auto until = now() + d;
  live([&] { world_.advance_to(until); });
}

void TestEngine::oversleep(Duration d) {
  world_.timers.move_to(now() + d);
  live([&] { world_.settle(); });
}

// --- the engine's life

void TestEngine::kill() {
  cloud_.reset();
  world_.crash();
  view_.reset();
  witness.crashed();
  ++crashes_;
}

void TestEngine::start() {
  live([&] {
    if (!cloud_)
      cloud_ = std::make_unique<engine::Cloud>(
          engine::Cloud::Ports{world_.journal, world_.timers, world_.wall, world_.entropy,
                               world_.prober, world_.functions, world_.courier, *this, *this},
          engine::Cloud::Options{.checkers = checkers_, .realism = &realism});
    world_.settle();
  });
}

void TestEngine::live(const std::function<void()>& step) {
  for (;;) {
    try {
      return step();
    } catch (const Crashed&) {
      come_back();
    }
  }
}

void TestEngine::come_back() {
  kill();
  world_.advance(downtime);
  start();
}

void TestEngine::crash_at(std::size_t commit, Moment moment) {
  crash_when([this, commit, moment](Moment at) { return at == moment && commits() == commit; });
}

bool TestEngine::has_rows(std::string_view table) const {
  bool any = false;
  world_.journal.scan(table, "", "", [&any](std::string_view, std::string_view) {
    any = true;
    return false;
  });
  return any;
}

void TestEngine::publish(std::shared_ptr<const dns::View> view) {
  view_ = std::move(view);
  witness.published(*view_);
}

// The key takes half a second to make: one for all tests.
void TestEngine::make(std::function<void(sns::SigningKey)> done) {
  static const auto key = sns::make_signing_key(from_civil(2026, 1, 1, 0, 0, 0));
  world_.later.post([done = std::move(done)] { done(key); });
}

// --- calls

aws::SigningIdentity TestEngine::root() const {
  return {cloud_->root_key().access_key_id, cloud_->root_key().secret_access_key, ""};
}

aws::HttpResponse TestEngine::http(aws::HttpRequest request) {
  // Shared: a crash may leave the callback behind.
  const auto got = std::make_shared<std::optional<aws::HttpResponse>>();
  cloud_->serve(std::move(request), [got](aws::HttpResponse response) {
    CHECK_FALSE(got->has_value());
    *got = std::move(response);
  });
  world_.settle();
  REQUIRE(got->has_value());
  return **got;
}

aws::Outcome<> TestEngine::call_as(const aws::SigningIdentity& who, std::string_view service,
                                   std::string_view operation, const Value& input,
                                   const std::string& region) {
  const auto& model = aws::service_model(service);
  const auto* known = model.operation(operation);
  REQUIRE(known);
  const auto protocol = model.protocols.front();
  auto request = aws::encode_request(model, *known, protocol, input);
  request.peer = "127.0.0.1";
  request.headers.set("Host", "127.0.0.1:4566");
  aws::sign(request, who, {region, model.signing_name}, wall_now());
  const auto response = http(std::move(request));
  if (response.lost) return aws::refuse(std::string{connection_lost}, "");
  return aws::decode_response(model, *known, protocol, response);
}

aws::Outcome<> TestEngine::call(std::string_view service, std::string_view operation,
                                const Value& input, const std::string& region) {
  try {
    return call_as(root(), service, operation, input, region);
  } catch (const Crashed&) {
    come_back();
    return aws::refuse(std::string{connection_lost}, "");
  }
}

Value TestEngine::ok(std::string_view service, std::string_view operation, const Value& input,
                     const std::string& region) {
  auto outcome = call(service, operation, input, region);
  while (!outcome && outcome.error().code == connection_lost)
    outcome = call(service, operation, input, region);
  INFO(operation, ": ", outcome ? "" : outcome.error().code + ": " + outcome.error().message);
  REQUIRE(outcome.has_value());
  return *outcome;
}

void TestEngine::make(std::string_view service, std::string_view operation, const Value& input,
                      const std::string& region) {
  auto outcome = call(service, operation, input, region);
  bool repeated = false;
  while (!outcome && outcome.error().code == connection_lost) {
    outcome = call(service, operation, input, region);
    repeated = true;
  }
  if (repeated && !outcome && says_already_there(outcome.error())) return;
  INFO(operation, ": ", outcome ? "" : outcome.error().code + ": " + outcome.error().message);
  REQUIRE(outcome.has_value());
}

std::string TestEngine::dns(const std::string& name, const std::string& type) const {
  REQUIRE(view_);
  return answer_of(*view_, name, type);
}

void TestEngine::watch(Witness::Pair pair) {
  witness.watch(std::move(pair));
  witness.published(*view_);
}

bool TestEngine::probe_url(const ports::ProbeRequest& request,
                           const std::function<void(ports::Observation)>& done) {
  aws::HttpRequest asked;
  asked.target = request.path.empty() ? "/" : request.path;
  asked.headers = {{"Host", request.host_name + ":" + std::to_string(request.port)},
                   {"User-Agent", "Amazon-Route53-Health-Check-Service"}};
  asked.peer = "127.0.0.1";
  if (request.host_name.empty() || !engine::UrlDoor::place_of(asked)) return false;
  cloud_->serve(std::move(asked), [done](const aws::HttpResponse& response) {
    auto seen = response.status >= 200 && response.status < 400 ? ports::sim::healthy_observation()
                                                                : ports::sim::failed_observation();
    seen.status = (seen.success ? "Success: HTTP Status Code " : "Failure: HTTP Status Code ") +
                  std::to_string(response.status);
    done(seen);
  });
  return true;
}

// --- functions

void TestEngine::run_function(const ports::FunctionSpec& spec, const ports::Invocation& invocation,
                              const std::function<void(ports::InvocationOutcome)>& done) {
  invoked.push_back({now(), spec.function_name});
  const auto& credentials = invocation.credentials;
  const aws::SigningIdentity role{credentials.access_key_id, credentials.secret_access_key,
                                  credentials.session_token};
  Running running(aws::from_json(invocation.payload).value(), {now(), spec.region, spec.variables},
                  [&](std::string_view service, std::string_view operation, const Value& input,
                      const std::string& region) {
                    const bool global = service == "route53" || service == "iam";
                    return call_as(role, service, operation, input, global ? "us-east-1" : region);
                  });
  auto outcome = ports::sim::success_outcome();
  const auto own = functions.find(spec.function_name);
  try {
    own == functions.end() ? any_function(running) : own->second(running);
    if (!running.response.empty()) outcome.payload = running.response;
  } catch (const FunctionError& error) {
    running.print("[ERROR] " + error.type + ": " + error.message);
    outcome.kind = ports::InvocationOutcome::Kind::function_error;
    outcome.payload = aws::to_json(
        Value::structure({{"errorMessage", error.message}, {"errorType", error.type}}));
  }
  outcome.lines = running.lines;
  done(outcome);
}

}  // namespace sitelatch::scenario
