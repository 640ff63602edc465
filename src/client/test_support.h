// SPDX-License-Identifier: Apache-2.0
// For tests: environment made of maps, a clock that stands still unless slept on, a transport with
// prepared answers, and an Aws of prepared outcomes (for tests of what calls AWS).
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "client/client.h"
#include "ports/sim/world.h"

namespace sitelatch::client::test {

struct FakeEnvironment final : Environment {
  std::map<std::string, std::string, std::less<>> variables;
  std::map<std::string, std::string> files;
  std::function<Result<ProgramOutput>(const std::vector<std::string>&)> program;
  std::vector<std::vector<std::string>> started;
  std::optional<std::string> typed;  // nothing: no terminal
  std::vector<std::string> questions;

  std::optional<std::string> variable(std::string_view name) const override {
    const auto found = variables.find(name);
    if (found == variables.end() || found->second.empty()) return std::nullopt;
    return found->second;
  }
  std::string home() const override { return "/home/me"; }
  Result<std::optional<std::string>> read_file(const std::string& path) const override {
    const auto found = files.find(path);
    return found == files.end() ? std::optional<std::string>{} : std::optional{found->second};
  }
  Result<ProgramOutput> run(const std::vector<std::string>& arguments, Duration) override {
    started.push_back(arguments);
    if (!program) return failure(Problem{arguments[0] + ": No such file or directory"});
    return program(arguments);
  }
  std::optional<std::string> ask(const std::string& question) override {
    questions.push_back(question);
    return typed;
  }
};

struct FakeClock final : Clock {
  WallInstant time{std::chrono::seconds{1'795'000'000}};
  std::vector<Duration> sleeps;
  WallInstant now() const override { return time; }
  void sleep(Duration d) override {
    sleeps.push_back(d);
    time += d;
  }
};

using Answer = Result<aws::HttpResponse, TransportError>;

inline Answer answer(int status, std::string body, aws::Headers headers = {}) {
  return aws::HttpResponse{status, std::move(headers), std::move(body)};
}
inline Answer no_answer(Cause cause, std::string text = "it failed") {
  return failure(TransportError{cause, std::move(text)});
}

// Answers by prefix of "METHOD origin+target" first, then from the queue; what was asked is kept.
struct FakeTransport final : Transport {
  std::deque<Answer> queue;
  std::map<std::string, std::function<Answer(const Exchange&)>> routes;
  std::vector<Exchange> asked;

  Answer send(const Exchange& exchange) override {
    asked.push_back(exchange);
    const auto what = exchange.request.method + " " + exchange.origin + exchange.request.target;
    for (auto route = routes.rbegin(); route != routes.rend(); ++route)
      if (what.starts_with(route->first)) return route->second(exchange);
    if (queue.empty()) return no_answer(Cause::unreachable, "nothing prepared for " + what);
    auto next = std::move(queue.front());
    queue.pop_front();
    return next;
  }
};

// A client in such a world, with keys in the environment and a region.
struct World {
  FakeEnvironment environment;
  FakeClock clock;
  ports::sim::SeededEntropy entropy{7};
  FakeTransport transport;

  World() {
    environment.variables = {{"AWS_ACCESS_KEY_ID", "AKIDENV"},
                             {"AWS_SECRET_ACCESS_KEY", "secret"},
                             {"AWS_REGION", "eu-central-1"},
                             {"AWS_EC2_METADATA_DISABLED", "true"}};
  }
  Dependencies dependencies() { return {environment, clock, entropy, transport}; }
};

}  // namespace sitelatch::client::test
