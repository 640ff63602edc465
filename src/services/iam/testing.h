// SPDX-License-Identifier: Apache-2.0
// What the tests of IAM have in common: the service over a journal in memory, as root or as whom
// they say.
#pragma once

#include <doctest/doctest.h>

#include <optional>
#include <string>
#include <vector>

#include "base/text.h"
#include "ports/sim/world.h"
#include "services/iam/iam.h"

namespace sitelatch::iam {
using aws::Value;
using namespace std::chrono_literals;
using In = std::initializer_list<std::pair<std::string_view, Value>>;

inline const std::string trust =
    R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow",)"
    R"("Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]})";
inline const std::string document =
    R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sns:*","Resource":"*"}]})";
inline const std::string basic = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole";

// Everything that dies with the process; built anew over the same journal for a restart.
struct Process {
  Process(ports::sim::World& world)
      : directory(world.journal, world.timers, world.entropy, "000000000000"),
        identities(directory, world.journal, world.wall, world.entropy),
        iam(identities) {}
  Directory directory;
  Identities identities;
  Iam iam;
};

struct Fixture {
  ports::sim::World world{7};
  std::optional<Process> process;
  aws::Caller caller;

  Fixture() {
    process.emplace(world);
    caller = process->identities.root_caller();
    world.settle();
  }
  void restart() {
    world.settle();
    process.reset();
    world.journal.crash();
    process.emplace(world);
  }
  aws::Call call(std::string_view operation, const Value& input) {
    return {operation,      input, caller,     "us-east-1",
            "000000000000", "id",  "http://x", world.timers.now()};
  }
  aws::Outcome<> run(std::string_view operation, In members = {}) {
    const auto input = Value::structure(members);
    std::optional<aws::Outcome<>> got;
    process->iam.handle(call(operation, input), [&](aws::Outcome<> o) { got = std::move(o); });
    return *got;
  }
  Value ok(std::string_view operation, In members = {}) {
    auto out = run(operation, members);
    if (!out) MESSAGE(std::string{operation} << ": " << out.error().message);
    REQUIRE(out);
    return *out;
  }
  std::string refused(std::string_view operation, In members = {}) {
    const auto out = run(operation, members);
    REQUIRE_FALSE(out);
    return out.error().code + ": " + out.error().message;
  }
  std::string role(const std::string& name) {
    return ok("CreateRole",
              {{"RoleName", name}, {"AssumeRolePolicyDocument", trust}})["Role"]["Arn"]
        .string();
  }
  std::string policy(const std::string& name) {
    return ok("CreatePolicy", {{"PolicyName", name}, {"PolicyDocument", document}})["Policy"]["Arn"]
        .string();
  }
};
inline std::vector<std::string> names(const Value& list, std::string_view member) {
  std::vector<std::string> out;
  for (const auto& item : list.items()) out.push_back(item[member].string());
  return out;
}

}  // namespace sitelatch::iam
