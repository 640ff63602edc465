// SPDX-License-Identifier: Apache-2.0
#include "guard/apply/self_testing.h"

#include <fmt/format.h>

#include "client/wait.h"
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

client::Outcome<SelfTest> run_self_test_for(Duration at_most, client::Aws& aws,
                                            client::Clock& clock, const FunctionPlan& function) {
  client::Backoff backoff;
  backoff.every = std::chrono::seconds{2};
  backoff.growth = 1.5;
  backoff.at_most = at_most;
  std::string why;
  const auto passed =
      client::wait_for<Done>(clock, backoff, [&]() -> client::Outcome<std::optional<Done>> {
        const auto test = run_self_test(aws, function);
        if (!test &&
            (client::is_denied(test.error()) || test.error().cause != client::Cause::service))
          return failure(test.error());
        if (test && test->passed) return std::optional{Done{}};
        why = test ? test->sentence : client::explain(test.error());
        return std::optional<Done>{};
      });
  if (!passed) return failure(passed.error());
  return SelfTest{passed->has_value(), why};
}

}  // namespace sitelatch::guard
