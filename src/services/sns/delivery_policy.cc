// SPDX-License-Identifier: Apache-2.0
#include "services/sns/delivery_policy.h"

#include <array>
#include <string_view>

namespace sitelatch::sns {
namespace {
using aws::Value;
using std::chrono::seconds;

constexpr std::array count_names{"numRetries", "numMaxDelayRetries", "numNoDelayRetries",
                                 "numMinDelayRetries"};

Value default_retry_policy() {
  return Value::structure({{"minDelayTarget", 20},
                           {"maxDelayTarget", 20},
                           {"numRetries", 3},
                           {"numMaxDelayRetries", 0},
                           {"numNoDelayRetries", 0},
                           {"numMinDelayRetries", 0},
                           {"backoffFunction", "linear"}});
}
Value default_request_policy() {
  return Value::structure({{"headerContentType", "text/plain; charset=UTF-8"}});
}

// Members of `over` replace those of `base`.
Value merged(Value base, const Value& over) {
  if (!over.is_struct()) return base;
  for (const auto& [name, value] : over.members())
    if (!value.is_null()) base.set(name, value);
  return base;
}

Value parsed(const std::string& json) {
  if (json.empty()) return {};
  auto value = aws::from_json(json);
  return value && value->is_struct() ? std::move(*value) : Value{};
}

RetryFunction backoff_of(const std::string& name) {
  if (name == "arithmetic") return RetryFunction::arithmetic;
  if (name == "geometric") return RetryFunction::geometric;
  if (name == "exponential") return RetryFunction::exponential;
  return RetryFunction::linear;
}
bool is_backoff(const Value& name) {
  return name.is_string() && (name.string() == "linear" || name.string() == "arithmetic" ||
                              name.string() == "geometric" || name.string() == "exponential");
}

RetrySchedule schedule_of(const Value& policy) {
  const auto number = [&](std::string_view name) {
    return static_cast<int>(policy[name].integer_or(0));
  };
  RetrySchedule out;
  out.no_delay = number("numNoDelayRetries");
  out.min_delay = number("numMinDelayRetries");
  out.max_delay = number("numMaxDelayRetries");
  out.backoff = number("numRetries") - out.no_delay - out.min_delay - out.max_delay;
  out.shortest = seconds{number("minDelayTarget")};
  out.longest = seconds{number("maxDelayTarget")};
  out.function = backoff_of(policy["backoffFunction"].string_or("linear"));
  return out;
}

Result<Done, std::string> check_number(const Value& policy, std::string_view name,
                                       std::int64_t least, std::int64_t most) {
  const Value& value = policy[name];
  if (value.is_null()) return Done{};
  if (!value.is_integer()) return failure(std::string{name} + " must be an integer");
  if (value.integer() < least || value.integer() > most)
    return failure(std::string{name} + " must be between " + std::to_string(least) + " and " +
                   std::to_string(most));
  return Done{};
}

Result<Done, std::string> check_retry_policy(const Value& given) {
  if (given.is_null()) return Done{};
  if (!given.is_struct()) return failure(std::string{"healthyRetryPolicy must be an object"});
  for (const char* name : {"minDelayTarget", "maxDelayTarget"})
    if (auto ok = check_number(given, name, 1, 3600); !ok) return ok;
  for (const char* name : count_names)
    if (auto ok = check_number(given, name, 0, 100); !ok) return ok;
  if (given.has("backoffFunction") && !is_backoff(given["backoffFunction"]))
    return failure(
        std::string{"backoffFunction must be linear, arithmetic, geometric or exponential"});
  const auto schedule = schedule_of(merged(default_retry_policy(), given));
  if (schedule.longest < schedule.shortest)
    return failure(std::string{"maxDelayTarget must not be less than minDelayTarget"});
  if (schedule.backoff < 0)
    return failure(std::string{"numRetries must not be less than the retries of its phases"});
  if (total_delay(schedule) > seconds{3600})
    return failure(std::string{"the retries must not take longer than 3600 seconds"});
  return Done{};
}

Result<Done, std::string> check_throttle_policy(const Value& given) {
  if (given.is_null()) return Done{};
  if (!given.is_struct()) return failure(std::string{"throttlePolicy must be an object"});
  return check_number(given, "maxReceivesPerSecond", 1, 1'000'000);
}

Result<Done, std::string> check_request_policy(const Value& given) {
  if (given.is_null()) return Done{};
  const Value& type = given.is_struct() ? given["headerContentType"] : given;
  if (!type.is_string()) return failure(std::string{"requestPolicy needs a headerContentType"});
  for (const char c : type.string())
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f)
      return failure(std::string{"headerContentType has a character that no header may have"});
  return Done{};
}

Result<Done, std::string> check_parts(const Value& policy, std::string_view retry,
                                      std::string_view throttle, std::string_view request) {
  for (const auto& [name, value] : policy.members())
    if (name != retry && name != throttle && name != request &&
        name != "disableSubscriptionOverrides" && name != "sicklyRetryPolicy" &&
        name != "guaranteed")
      return failure("unrecognized member " + name);
  if (auto ok = check_retry_policy(policy[retry]); !ok) return ok;
  if (auto ok = check_throttle_policy(policy[throttle]); !ok) return ok;
  if (auto ok = check_request_policy(policy[request]); !ok) return ok;
  const Value& disable = policy["disableSubscriptionOverrides"];
  if (!disable.is_null() && !disable.is_bool())
    return failure(std::string{"disableSubscriptionOverrides must be true or false"});
  return Done{};
}

// The parts that hold for one http subscription.
struct Parts {
  Value retry, throttle, request;
};
Parts topic_parts(const std::string& topic_json) {
  const Value policy = parsed(topic_json);
  const Value& http = policy["http"];
  return {merged(default_retry_policy(), http["defaultHealthyRetryPolicy"]),
          http["defaultThrottlePolicy"],
          merged(default_request_policy(), http["defaultRequestPolicy"])};
}
Parts subscription_parts(const std::string& topic_json, const std::string& subscription_json) {
  Parts parts = topic_parts(topic_json);
  const Value topic = parsed(topic_json);
  if (topic["http"]["disableSubscriptionOverrides"].boolean_or(false)) return parts;
  const Value own = parsed(subscription_json);
  if (own.has("healthyRetryPolicy"))
    parts.retry = merged(default_retry_policy(), own["healthyRetryPolicy"]);
  if (own.has("throttlePolicy")) parts.throttle = own["throttlePolicy"];
  parts.request = merged(parts.request, own["requestPolicy"]);
  return parts;
}

}  // namespace

Result<Done, std::string> check_topic_delivery_policy(const std::string& json) {
  const auto policy = aws::from_json(json);
  if (!policy || !policy->is_struct()) return failure(std::string{"failed to parse JSON."});
  for (const auto& [name, value] : policy->members())
    if (name != "http" || !value.is_struct()) return failure("unrecognized member " + name);
  return check_parts((*policy)["http"], "defaultHealthyRetryPolicy", "defaultThrottlePolicy",
                     "defaultRequestPolicy");
}

Result<Done, std::string> check_subscription_delivery_policy(const std::string& json) {
  const auto policy = aws::from_json(json);
  if (!policy || !policy->is_struct()) return failure(std::string{"failed to parse JSON."});
  return check_parts(*policy, "healthyRetryPolicy", "throttlePolicy", "requestPolicy");
}

std::string effective_topic_policy(const std::string& topic_json) {
  const Parts parts = topic_parts(topic_json);
  const Value topic = parsed(topic_json);
  const Value http =
      Value::structure({{"defaultHealthyRetryPolicy", parts.retry},
                        {"disableSubscriptionOverrides",
                         topic["http"]["disableSubscriptionOverrides"].boolean_or(false)},
                        {"defaultThrottlePolicy", parts.throttle},
                        {"defaultRequestPolicy", parts.request}});
  return aws::to_json(Value::structure({{"http", http}}));
}

std::string effective_subscription_policy(const std::string& topic_json,
                                          const std::string& subscription_json) {
  const Parts parts = subscription_parts(topic_json, subscription_json);
  Value out = Value::structure();
  out.members_mut() = {{"healthyRetryPolicy", parts.retry},
                       {"sicklyRetryPolicy", {}},
                       {"throttlePolicy", parts.throttle},
                       {"requestPolicy", parts.request},
                       {"guaranteed", false}};
  return aws::to_json(out);
}

HttpDelivery http_delivery(const std::string& topic_json, const std::string& subscription_json) {
  const Parts parts = subscription_parts(topic_json, subscription_json);
  return {schedule_of(parts.retry), parts.request["headerContentType"].string()};
}

}  // namespace sitelatch::sns
