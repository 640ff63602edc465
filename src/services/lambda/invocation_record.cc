// SPDX-License-Identifier: Apache-2.0
#include "services/lambda/invocation_record.h"

#include <fmt/format.h>

#include "services/lambda/json_text.h"

namespace sitelatch::lambda {
namespace {
std::string as_json(const std::string& payload) {
  if (payload.empty()) return "null";
  return is_json(payload) ? payload : json_quoted(payload);
}
}  // namespace

std::string invocation_record(const AsyncEvent& event, const std::string& qualified_arn,
                              const Fate& fate, Instant now) {
  std::string out = fmt::format(
      R"({{"version":"1.0","timestamp":"{}","requestContext":{{"requestId":{},"functionArn":{},)"
      R"("condition":"{}","approximateInvokeCount":{}}},"requestPayload":{})",
      iso8601_ms(now), json_quoted(event.request_id), json_quoted(qualified_arn), fate.condition,
      fate.invocations, as_json(event.payload));
  if (fate.response) {
    out += fmt::format(R"(,"responseContext":{{"statusCode":200,"executedVersion":{})",
                       json_quoted(fate.response->executed_version));
    if (fate.response->function_error) out += R"(,"functionError":"Unhandled")";
    out += fmt::format(R"(}},"responsePayload":{})", as_json(fate.response->payload));
  }
  return out + "}";
}

}  // namespace sitelatch::lambda
