// SPDX-License-Identifier: Apache-2.0
#include "guard/apply/self_testing.h"

#include <fmt/format.h>

#include "guard/rules/json.h"

namespace sitelatch::guard {

using aws::Value;

client::Outcome<SelfTest> run_self_test(client::Aws& aws, const FunctionPlan& function) {
  const auto reply = aws.call("lambda", "Invoke",
                              Value::structure({{"FunctionName", function.name},
                                                {"Payload", R"({"sitelatch":"self-test"})"}}),
                              function.region);
  if (!reply) return failure(reply.error());
  const auto payload = (*reply)["Payload"].string_or("");
  if ((*reply)["FunctionError"]) return SelfTest{false, payload};
  const auto answer = Json::parse(payload);
  if (answer && (*answer)["self_test"].text() == "ok")
    return SelfTest{true, "the function has all its rights"};
  std::string missing = answer ? "" : payload;
  if (answer)
    for (const auto& right : (*answer)["rights"].elements())
      if (!right["ok"].boolean())
        missing += fmt::format("{}{} ({})", missing.empty() ? "" : "; ", right["right"].text(),
                               right["detail"].text());
  return SelfTest{false, missing.empty() ? "it answered " + payload : missing};
}

}  // namespace sitelatch::guard
