// SPDX-License-Identifier: Apache-2.0
// Functions of the scenarios: C++ in place of Python, in the same world: an event, printed lines,
// AWS calls signed with the credentials that the engine gave to the environment, and exceptions
// that end them.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "aws/wire/error.h"
#include "aws/wire/value.h"
#include "base/time.h"

namespace sitelatch::scenario {

// What boto3 raises, or the function itself; uncaught it is the invocation's error.
struct FunctionError {
  std::string type, message;
};

class Running {
 public:
  using Aws = std::function<aws::Outcome<>(std::string_view service, std::string_view operation,
                                           const aws::Value& input, const std::string& region)>;
  // Where and when, and what Lambda gives to its environment.
  struct Setting {
    Instant now{};
    std::string region;
    std::map<std::string, std::string> variables;
  };
  Running(aws::Value why, Setting setting, Aws aws)
      : event(std::move(why)),
        now(setting.now),
        region(std::move(setting.region)),
        variables(std::move(setting.variables)),
        aws_(std::move(aws)) {}

  const aws::Value event;
  const Instant now;
  const std::string region;
  const std::map<std::string, std::string> variables;
  void print(std::string line) { lines.push_back(std::move(line)); }
  // Throws boto3's ClientError when AWS refuses.
  aws::Value call(std::string_view service, std::string_view operation, const aws::Value& input);
  // In this region; empty: in the function's own.
  aws::Outcome<> ask(std::string_view service, std::string_view operation, const aws::Value& input,
                     const std::string& in_region = "") {
    return aws_(service, operation, input, in_region.empty() ? region : in_region);
  }
  std::vector<std::string> lines;
  std::string response;  // JSON; empty: nobody waits for one

 private:
  Aws aws_;
};

using Function = std::function<void(Running&)>;

// Line by line what the guide's lambda.py does.
void guide_function(Running& running);
// Raises an exception the first so many times, then does as `then`.
Function fails_first(int times, Function then = guide_function);

}  // namespace sitelatch::scenario
