// SPDX-License-Identifier: Apache-2.0
#include "services/lambda/async_invoker.h"

#include <chrono>
#include <utility>
#include <variant>

#include "aws/wire/value.h"
#include "services/lambda/json_text.h"

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

RetryLimits limits_of(const Function& function, const std::string& qualifier) {
  RetryLimits limits;
  if (const auto* config = function.event_invoke_config(qualifier)) {
    limits.maximum_retries = config->maximum_retry_attempts.value_or(limits.maximum_retries);
    if (config->maximum_event_age_s)
      limits.maximum_age = std::chrono::seconds{*config->maximum_event_age_s};
  }
  return limits;
}
}  // namespace

AsyncInvoker::AsyncInvoker(World world, const Functions& functions, Invoker& invoker)
    : world_(world),
      functions_(functions),
      invoker_(invoker),
      queue_(world.journal, world.timers, [this](const AsyncEvent& event) { attempt(event); }) {}

void AsyncInvoker::enqueue(const Function& function, const std::string& qualifier,
                           InvocationRequest request) {
  AsyncEvent event;
  event.request_id = std::move(request.request_id);
  event.region = function.region;
  event.function = function.name;
  event.qualifier = qualifier;
  event.payload = std::move(request.payload);
  event.client_context = std::move(request.client_context);
  event.enqueued = event.due = world_.timers.now();
  queue_.add(std::move(event));
  invoker_.count(function.region, function.name, "AsyncEventsReceived");
}

void AsyncInvoker::attempt(const AsyncEvent& event) {
  const auto* function = functions_.lookup(event.region, event.function);
  const auto* version = function ? invoker_.runnable_version(*function, event.qualifier) : nullptr;
  if (!version) {  // deleted meanwhile: nobody is left to be told
    count(event, "AsyncEventsDropped");
    return queue_.remove(event);
  }
  const auto now = world_.timers.now();
  if (too_old(event, limits_of(*function, event.qualifier), now))
    return give_up(
        event, {"EventAgeExceeded", event.failures, std::nullopt},
        {event.payload, event.request_id, 200, "The event is older than its maximum age."});
  if (function->reserved_concurrency == 0u) {
    count(event, "Throttles");
    return give_up(event, {"ZeroReservedConcurrency", event.failures, std::nullopt},
                   {event.payload, event.request_id, 429, "Rate Exceeded."});
  }
  if (!invoker_.has_room_for(*function)) {
    count(event, "Throttles");
    return throttled(event, "Rate Exceeded.");
  }
  invoker_.count(event.region, event.function, "AsyncEventAge",
                 std::chrono::duration<double, std::milli>(now - event.enqueued).count(),
                 "Milliseconds");
  invoker_.start(*function, event.qualifier, *version,
                 {event.request_id, event.payload, event.client_context},
                 lifetime_.guard([this, event](const Outcome<Execution>& outcome) {
                   attempted(event, outcome);
                 }));
}

void AsyncInvoker::attempted(AsyncEvent event, const Outcome<Execution>& outcome) {
  if (!outcome) return throttled(std::move(event), outcome.error().message);
  const auto& verdict = outcome->verdict;
  if (verdict.kind == Verdict::Kind::host_error)
    return throttled(std::move(event), verdict.payload);
  const bool failed = verdict.kind == Verdict::Kind::function_error;
  Fate fate{"Success", event.failures + 1,
            LastResponse{outcome->executed_version, failed, verdict.payload}};
  const auto* function = functions_.lookup(event.region, event.function);
  if (!failed) {
    if (const auto* config = function ? function->event_invoke_config(event.qualifier) : nullptr)
      tell(*function, event, config->on_success, fate);
    return queue_.remove(event);
  }
  ++event.failures;
  event.throttles = 0;
  const auto limits = function ? limits_of(*function, event.qualifier) : RetryLimits{};
  const DeadLetter letter{event.payload, event.request_id, 200, error_message_of(verdict.payload)};
  const auto next = after_function_error(event, limits, world_.timers.now());
  go_on(std::move(event), next, fate, letter);
}

// It could not be started, for no fault of its own: no room, no role, trouble of the host.
void AsyncInvoker::throttled(AsyncEvent event, const std::string& why) {
  ++event.throttles;
  const auto* function = functions_.lookup(event.region, event.function);
  const auto limits = function ? limits_of(*function, event.qualifier) : RetryLimits{};
  const DeadLetter letter{event.payload, event.request_id, 429, repaired_utf8(why)};
  const Fate fate{"", event.failures, std::nullopt};
  const auto next = after_throttle(event, limits, world_.timers.now());
  go_on(std::move(event), next, fate, letter);
}

void AsyncInvoker::go_on(AsyncEvent event, const NextStep& next, const Fate& fate,
                         const DeadLetter& letter) {
  if (const auto* due = std::get_if<Instant>(&next)) {
    event.due = *due;
    return queue_.reschedule(std::move(event));
  }
  auto final = fate;
  final.condition = std::get<GivenUp>(next).condition;
  give_up(event, final, letter);
}

// The record, the dead letter and the forgetting of the event are one journal batch.
void AsyncInvoker::give_up(const AsyncEvent& event, const Fate& fate, const DeadLetter& letter) {
  count(event, "AsyncEventsDropped");
  if (const auto* function = functions_.lookup(event.region, event.function)) {
    if (const auto* config = function->event_invoke_config(event.qualifier))
      tell(*function, event, config->on_failure, fate);
    const auto* version = invoker_.runnable_version(*function, event.qualifier);
    if (version && !version->configuration.dead_letter_arn.empty()) {
      const auto& c = version->configuration;
      if (!world_.destinations.send_dead_letter(c.dead_letter_arn, letter, c.role, function->arn()))
        count(event, "DeadLetterErrors");
    }
  }
  queue_.remove(event);
}

void AsyncInvoker::tell(const Function& function, const AsyncEvent& event,
                        const std::string& destination, const Fate& fate) {
  if (destination.empty()) return;
  const auto arn =
      function.arn(event.qualifier.empty() ? latest_version : std::string_view{event.qualifier});
  const auto record = invocation_record(event, arn, fate, world_.timers.now());
  const auto* version = invoker_.runnable_version(function, event.qualifier);
  const auto role = version ? version->configuration.role : function.latest.configuration.role;
  if (record.size() > record_limit || !world_.destinations.send(destination, record, role, arn))
    count(event, "DestinationDeliveryFailures");
}

}  // namespace sitelatch::lambda
