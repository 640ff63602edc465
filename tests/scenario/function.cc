// SPDX-License-Identifier: Apache-2.0
#include "function.h"

#include <fmt/format.h>

#include <memory>

namespace sitelatch::scenario {

using aws::Value;

Value Running::call(std::string_view service, std::string_view operation, const Value& input) {
  auto outcome = ask(service, operation, input);
  if (!outcome)
    throw FunctionError{"ClientError",
                        fmt::format("An error occurred ({}) when calling the {} operation: {}",
                                    outcome.error().code, operation, outcome.error().message)};
  return *outcome;
}

void guide_function(Running& running) {
  running.print(aws::to_json(running.event));
  const auto& records = running.event["Records"].items();
  if (records.empty()) throw FunctionError{"KeyError", "'Records'"};
  const auto message = aws::from_json(records[0]["Sns"]["Message"].string_or(""));
  if (!message) throw FunctionError{"JSONDecodeError", "Expecting value: line 1 column 1 (char 0)"};
  const auto& dimensions = (*message)["Trigger"]["Dimensions"].items();
  if (dimensions.empty()) throw FunctionError{"IndexError", "list index out of range"};
  const auto response =
      running.call("route53", "UpdateHealthCheck",
                   Value::structure({{"HealthCheckId", dimensions[0]["value"].string_or("")},
                                     {"ResourcePath", "/lb-check-failed-over"}}));
  running.print(aws::to_json(response));
}

Function fails_first(int times, Function then) {
  auto left = std::make_shared<int>(times);
  return [left, then = std::move(then)](Running& running) {
    if (*left > 0) {
      --*left;
      throw FunctionError{"Exception", "not this time"};
    }
    then(running);
  };
}

}  // namespace sitelatch::scenario
