// SPDX-License-Identifier: Apache-2.0
// Asynchronous invocations from the queue to their fate (facts lambda-37, lambda-38, lambda-41; the
// schedule is async_event.h's).
#include "services/lambda/json_text.h"
#include "services/lambda/lambda.h"

namespace sitelatch::lambda {
using aws::Outcome;

namespace {
constexpr std::size_t record_limit = 262'144;
constexpr std::size_t error_message_bytes = 1024;

// The errorMessage of an error payload, for a dead letter.
std::string error_message_of(const std::string& payload) {
  const auto parsed = aws::from_json(payload);
  const auto& message = parsed ? (*parsed)["errorMessage"] : aws::Value{};
  auto text = message.is_string() ? message.string() : payload;
  return repaired_utf8(text.substr(0, error_message_bytes));
}
}  // namespace

aws::DispatchOutcome Lambda::invoke_async(const std::string& function_arn,
                                          const std::string& payload,
                                          const std::string& service_principal,
                                          const std::string& source_arn,
                                          const std::string& source_account) {
  const auto name = parse_function_name(function_arn, "", {"", options_.account});
  const auto* function = name ? lookup(name->region, name->name) : nullptr;
  if (!function || function->account != name->account)
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
  return dispatch(function_arn, payload);
}

aws::DispatchOutcome Lambda::dispatch(const std::string& function_arn, const std::string& payload) {
  const auto name = parse_function_name(function_arn, "", {"", options_.account});
  const auto* function = name ? lookup(name->region, name->name) : nullptr;
  if (!function || (!name->qualifier.empty() && !function->has_qualifier(name->qualifier)))
    return {aws::DispatchOutcome::Kind::refused, "", "Function not found: " + function_arn};
  if (payload.size() > async_payload_limit)
    return {aws::DispatchOutcome::Kind::refused, "",
            "Request must be smaller than 262144 bytes for the InvokeFunction operation"};
  if (!is_json(payload))
    return {aws::DispatchOutcome::Kind::refused, "", "Could not parse payload into json."};
  auto request_id = enqueue(*function, name->qualifier, ports::uuid(ports_.entropy), payload, "");
  return {aws::DispatchOutcome::Kind::accepted, std::move(request_id), ""};
}

std::string Lambda::enqueue(const Function& function, const std::string& qualifier,
                            std::string request_id, std::string payload,
                            std::string client_context) {
  AsyncEvent event;
  event.request_id = request_id;
  event.region = function.region;
  event.function = function.name;
  event.qualifier = qualifier;
  event.payload = std::move(payload);
  event.client_context = std::move(client_context);
  event.enqueued = event.due = ports_.timers.now();
  queue_.add(std::move(event));
  count(function.region, function.name, "AsyncEventsReceived", 1, "Count");
  return request_id;
}

void Lambda::attempt(const AsyncEvent& event) {
  const auto* function = lookup(event.region, event.function);
  const auto* version = function ? runnable_version(*function, event.qualifier) : nullptr;
  if (!version) {  // deleted meanwhile: nobody is left to be told
    count(event.region, event.function, "AsyncEventsDropped", 1, "Count");
    return queue_.remove(event);
  }
  const auto now = ports_.timers.now();
  const Fate fate{"", event.failures, std::nullopt};
  if (too_old(event, limits_of(*function, event.qualifier), now))
    return give_up(
        event, {"EventAgeExceeded", event.failures, std::nullopt},
        {event.payload, event.request_id, 200, "The event is older than its maximum age."});
  if (function->reserved_concurrency == 0u) {
    count(event.region, event.function, "Throttles", 1, "Count");
    return give_up(event, {"ZeroReservedConcurrency", event.failures, std::nullopt},
                   {event.payload, event.request_id, 429, "Rate Exceeded."});
  }
  if (!has_room_for(*function)) {
    count(event.region, event.function, "Throttles", 1, "Count");
    return throttled(event, "Rate Exceeded.");
  }
  count(event.region, event.function, "AsyncEventAge",
        std::chrono::duration<double, std::milli>(now - event.enqueued).count(), "Milliseconds");
  auto run = make_run(*function, event.qualifier, *version);
  run.request_id = event.request_id;
  run.payload = event.payload;
  run.client_context = event.client_context;
  executor_.execute(std::move(run),
                    lifetime_.guard([this, event](const Outcome<Execution>& outcome) {
                      attempted(event, outcome);
                    }));
}

void Lambda::attempted(AsyncEvent event, const Outcome<Execution>& outcome) {
  if (!outcome) return throttled(std::move(event), outcome.error().message);
  const auto& verdict = outcome->verdict;
  if (verdict.kind == Verdict::Kind::host_error)
    return throttled(std::move(event), verdict.payload);
  const bool failed = verdict.kind == Verdict::Kind::function_error;
  Fate fate{"Success", event.failures + 1,
            LastResponse{outcome->executed_version, failed, verdict.payload}};
  const auto* function = lookup(event.region, event.function);
  if (!failed) {
    if (const auto* config = function ? event_invoke_config(*function, event.qualifier) : nullptr)
      tell(*function, event, config->on_success, fate);
    return queue_.remove(event);
  }
  ++event.failures;
  event.throttles = 0;
  const auto limits = function ? limits_of(*function, event.qualifier) : RetryLimits{};
  const DeadLetter letter{event.payload, event.request_id, 200, error_message_of(verdict.payload)};
  const auto next = after_function_error(event, limits, ports_.timers.now());
  go_on(std::move(event), next, fate, letter);
}

// It could not be started, for no fault of its own: no room, no role, trouble of the host.
void Lambda::throttled(AsyncEvent event, const std::string& why) {
  ++event.throttles;
  const auto* function = lookup(event.region, event.function);
  const auto limits = function ? limits_of(*function, event.qualifier) : RetryLimits{};
  const DeadLetter letter{event.payload, event.request_id, 429, repaired_utf8(why)};
  const Fate fate{"", event.failures, std::nullopt};
  const auto next = after_throttle(event, limits, ports_.timers.now());
  go_on(std::move(event), next, fate, letter);
}

void Lambda::go_on(AsyncEvent event, const NextStep& next, const Fate& fate,
                   const DeadLetter& letter) {
  if (const auto* due = std::get_if<Instant>(&next)) {
    event.due = *due;
    return queue_.reschedule(std::move(event));
  }
  auto final = fate;
  final.condition = std::get<GivenUp>(next).condition;
  give_up(event, std::move(final), letter);
}

// The record, the dead letter and the forgetting of the event are one journal batch.
void Lambda::give_up(const AsyncEvent& event, Fate fate, DeadLetter letter) {
  count(event.region, event.function, "AsyncEventsDropped", 1, "Count");
  if (const auto* function = lookup(event.region, event.function)) {
    if (const auto* config = event_invoke_config(*function, event.qualifier))
      tell(*function, event, config->on_failure, fate);
    const auto* version = runnable_version(*function, event.qualifier);
    if (version && !version->configuration.dead_letter_arn.empty()) {
      const auto& c = version->configuration;
      if (!dependencies_.destinations.send_dead_letter(c.dead_letter_arn, letter, c.role,
                                                       function->arn()))
        count(event.region, event.function, "DeadLetterErrors", 1, "Count");
    }
  }
  queue_.remove(event);
}

void Lambda::tell(const Function& function, const AsyncEvent& event, const std::string& destination,
                  const Fate& fate) {
  if (destination.empty()) return;
  const auto arn =
      function.arn(event.qualifier.empty() ? latest_version : std::string_view{event.qualifier});
  const auto record = invocation_record(event, arn, fate, ports_.timers.now());
  const auto* version = runnable_version(function, event.qualifier);
  const auto role = version ? version->configuration.role : function.latest.configuration.role;
  if (record.size() > record_limit ||
      !dependencies_.destinations.send(destination, record, role, arn))
    count(event.region, event.function, "DestinationDeliveryFailures", 1, "Count");
}

const EventInvokeConfig* Lambda::event_invoke_config(const Function& function,
                                                     const std::string& qualifier) const {
  const auto found = function.event_invoke_configs.find(
      qualifier.empty() ? std::string{latest_version} : qualifier);
  return found == function.event_invoke_configs.end() ? nullptr : &found->second;
}

RetryLimits Lambda::limits_of(const Function& function, const std::string& qualifier) const {
  RetryLimits limits;
  if (const auto* config = event_invoke_config(function, qualifier)) {
    limits.maximum_retries = config->maximum_retry_attempts.value_or(limits.maximum_retries);
    if (config->maximum_event_age_s)
      limits.maximum_age = std::chrono::seconds{*config->maximum_event_age_s};
  }
  return limits;
}

void Lambda::count(const std::string& region, const std::string& function_name,
                   std::string_view metric_name, double value, std::string_view unit) const {
  const auto now = ports_.timers.now();
  dependencies_.metrics.count(region, metric_name, function_name, value, unit, now);
  dependencies_.metrics.count(region, metric_name, "", value, unit, now);
}

}  // namespace sitelatch::lambda
