// SPDX-License-Identifier: Apache-2.0
// Invoke: waiting for the answer, queueing, or only asking whether one may (fact lambda-35).
#include <fmt/format.h>

#include "base/text.h"
#include "services/lambda/json_text.h"
#include "services/lambda/lambda.h"
#include "services/lambda/refusals.h"

namespace sitelatch::lambda {
using aws::Outcome;
using aws::Value;

namespace {

std::string too_large_text(std::size_t limit) {
  return fmt::format("Request must be smaller than {} bytes for the InvokeFunction operation",
                     limit);
}
Failure<aws::Error> too_large(std::size_t limit) {
  return refused("RequestTooLargeException", too_large_text(limit));
}

Outcome<std::string> checked_payload(std::string payload, std::size_t limit) {
  if (payload.size() > limit) return too_large(limit);
  if (payload.empty()) return std::string{"{}"};
  if (!is_json(payload))
    return refused("InvalidRequestContentException",
                   "Could not parse request body into json: Could not parse payload into json.");
  return payload;
}

Outcome<std::string> checked_client_context(const std::string& encoded) {
  if (encoded.empty()) return std::string{};
  auto text = unbase64(encoded);
  if (!text || !is_json(*text) || trim(*text).front() != '{')
    return refused("InvalidRequestContentException",
                   "Client context must be a valid Base64-encoded JSON object.");
  return *std::move(text);
}

Failure<aws::Error> rate_exceeded(bool reserved) {
  aws::Error error{"TooManyRequestsException", "Rate Exceeded.", 0, {}};
  error.members =
      Value::structure({{"Reason", reserved ? "ReservedFunctionConcurrentInvocationLimitExceeded"
                                            : "ConcurrentInvocationLimitExceeded"},
                        {"Type", "User"}});
  return {std::move(error)};
}

Outcome<> answer_of(const Outcome<Execution>& outcome, bool with_log) {
  if (!outcome) return failure(outcome.error());
  const auto& verdict = outcome->verdict;
  if (verdict.kind == Verdict::Kind::host_error) {
    aws::Error error{"ServiceException",
                     "The engine could not run the function: " + repaired_utf8(verdict.payload),
                     500, Value::structure({{"Type", "Service"}})};
    return Failure<aws::Error>{std::move(error)};
  }
  Value out = Value::structure({{"StatusCode", 200},
                                {"ExecutedVersion", outcome->executed_version},
                                {"Payload", verdict.payload}});
  if (verdict.kind == Verdict::Kind::function_error) out.set("FunctionError", "Unhandled");
  if (with_log) out.set("LogResult", base64(outcome->log_tail));
  return out;
}

}  // namespace

void Lambda::invoke(const aws::Call& call, const aws::Answer& answer) {
  const auto& input = call.input;
  auto found = find(call);
  // Invoke names the version that it looked for, $LATEST included.
  if (found && !found->name.qualifier.empty() &&
      !found->function->has_qualifier(found->name.qualifier))
    return answer(not_found("Function not found: " + found->name.qualified_arn()));
  if (!found) {
    auto error = found.error();
    const auto name = named(call);
    if (name && name->qualifier.empty() && error.code == "ResourceNotFoundException" &&
        name->region == call.region)
      error.message += ":$LATEST";
    return answer(failure(std::move(error)));
  }
  if (found->function->latest.state == Version::State::pending) return answer(still_pending());
  const auto type = input["InvocationType"].string_or("RequestResponse");
  auto payload = checked_payload(input["Payload"].string_or(""),
                                 type == "Event" ? async_payload_limit : sync_payload_limit);
  if (!payload) return answer(failure(payload.error()));
  auto context = checked_client_context(input["ClientContext"].string_or(""));
  if (!context) return answer(failure(context.error()));
  if (type == "DryRun") return answer(Value::structure({{"StatusCode", 204}}));
  if (type == "Event") {
    async_.enqueue(*found->function, found->name.qualifier,
                   {call.request_id, *std::move(payload), *std::move(context)});
    return answer(Value::structure({{"StatusCode", 202}}));
  }
  invoke_and_wait(call, *found, *std::move(payload), *std::move(context), answer);
}

// The operation of 2014, which only queues.
void Lambda::invoke_old_style(const aws::Call& call, const aws::Answer& answer) {
  const auto found = find(call);
  if (!found) return answer(failure(found.error()));
  auto payload = checked_payload(call.input["InvokeArgs"].string_or(""), async_payload_limit);
  if (!payload) return answer(failure(payload.error()));
  async_.enqueue(*found->function, "", {call.request_id, *std::move(payload), ""});
  answer(Value::structure({{"Status", 202}}));
}

void Lambda::invoke_and_wait(const aws::Call& call, const Found& found, std::string payload,
                             std::string client_context, const aws::Answer& answer) {
  const auto& function = *found.function;
  if (!invoker_.has_room_for(function)) {
    invoker_.count(function.region, function.name, "Throttles");
    return answer(rate_exceeded(function.reserved_concurrency.has_value()));
  }
  const auto& qualifier = found.name.qualifier;
  const auto& version = *invoker_.runnable_version(function, qualifier);
  const bool with_log = call.input["LogType"].string_or("None") == "Tail";
  invoker_.start(function, qualifier, version,
                 {call.request_id, std::move(payload), std::move(client_context)},
                 [answer, with_log](const Outcome<Execution>& outcome) {
                   answer(answer_of(outcome, with_log));
                 });
}

aws::DispatchOutcome Lambda::judge_caller(const std::string& function_arn,
                                          const std::string& service_principal,
                                          const std::string& source_arn,
                                          const std::string& source_account) const {
  const auto name = parse_function_name(function_arn, "", {"", options_.account});
  const auto* function = name ? functions_.find(*name) : nullptr;
  if (!function)
    return {aws::DispatchOutcome::Kind::refused, "", "Function not found: " + function_arn};
  // $LATEST has no policy of its own.
  const auto qualifier = name->qualifier == latest_version ? std::string{} : name->qualifier;
  const auto policy = function->policies.find(qualifier);
  const ServiceCaller caller{service_principal, source_arn, source_account};
  const auto resource = function->arn(qualifier);
  if (policy == function->policies.end() || !allows_invocation(policy->second, caller, resource))
    return {aws::DispatchOutcome::Kind::refused, "",
            "User: " + service_principal +
                " is not authorized to perform: lambda:InvokeFunction on resource: " + resource +
                " because no resource-based policy allows the lambda:InvokeFunction action"};
  return {aws::DispatchOutcome::Kind::accepted, "", ""};
}

aws::DispatchOutcome Lambda::invoke_async(const std::string& function_arn,
                                          const std::string& payload,
                                          const std::string& service_principal,
                                          const std::string& source_arn,
                                          const std::string& source_account) {
  auto judged = judge_caller(function_arn, service_principal, source_arn, source_account);
  if (judged.kind != aws::DispatchOutcome::Kind::accepted) return judged;
  return dispatch(function_arn, payload);
}

aws::DispatchOutcome Lambda::dispatch(const std::string& function_arn, const std::string& payload) {
  const auto name = parse_function_name(function_arn, "", {"", options_.account});
  const auto* function = name ? functions_.find(*name) : nullptr;
  if (!function || (!name->qualifier.empty() && !function->has_qualifier(name->qualifier)))
    return {aws::DispatchOutcome::Kind::refused, "", "Function not found: " + function_arn};
  if (payload.size() > async_payload_limit)
    return {aws::DispatchOutcome::Kind::refused, "", too_large_text(async_payload_limit)};
  if (!is_json(payload))
    return {aws::DispatchOutcome::Kind::refused, "", "Could not parse payload into json."};
  auto request_id = ports::uuid(entropy_);
  async_.enqueue(*function, name->qualifier, {request_id, payload, ""});
  return {aws::DispatchOutcome::Kind::accepted, std::move(request_id), ""};
}

}  // namespace sitelatch::lambda
