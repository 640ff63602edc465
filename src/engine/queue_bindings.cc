// SPDX-License-Identifier: Apache-2.0
#include "engine/queue_bindings.h"

#include <fmt/format.h>

#include <utility>

#include "aws/auth/policy.h"
#include "engine/realism/realism.h"
#include "services/cloudwatch/cloudwatch.h"
#include "services/events/pattern.h"
#include "services/sqs/sqs.h"

namespace sitelatch::engine {
namespace {

// What receivers see as SenderId of messages that SNS sent (fact sqs-42).
std::string sender_id(const aws::QueueUser& sender, const std::string& account) {
  return sender.service == "sns.amazonaws.com" ? "AIDAIT2UOQQY3AUEKVGXU" : account;
}

}  // namespace

bool QueuesOfSqs::exists(const std::string& queue_arn) const {
  return services_.sqs->has_queue(queue_arn);
}

bool QueuesOfSqs::permitted(const std::string& queue_arn, const std::string& action,
                            const aws::QueueUser& user) const {
  const auto policy = services_.sqs->queue_policy(queue_arn);
  const auto asked = "sqs:" + action;
  if (!user.role_arn.empty()) return role_may(services_, user.role_arn, asked, {queue_arn}, policy);
  if (policy.empty()) return false;
  const aws::ConditionKeys keys{{"aws:sourcearn", {user.source_arn}},
                                {"aws:sourceaccount", {services_.account}},
                                {"aws:securetransport", {"true"}}};
  return aws::resource_policy_allows(policy, user.service, asked, queue_arn, keys);
}

aws::DispatchOutcome QueuesOfSqs::send(const aws::QueueLetter& letter,
                                       const aws::QueueUser& sender) {
  using Kind = aws::DispatchOutcome::Kind;
  const auto& arn = letter.queue_arn;
  if (!exists(arn)) return {Kind::refused, "", fmt::format("there is no queue {}", arn)};
  if (!permitted(arn, "SendMessage", sender))
    return {Kind::refused, "",
            fmt::format("{} may not send messages to {}",
                        sender.role_arn.empty() ? sender.service : sender.role_arn, arn)};
  auto sent = services_.sqs->deliver(letter, sender_id(sender, services_.account));
  if (!sent) return {Kind::refused, "", sent.error().message};
  return {Kind::accepted, *sent, ""};
}

std::optional<std::int64_t> QueuesOfMappings::visibility_timeout_s(
    const std::string& queue_arn) const {
  return services_.sqs->visibility_timeout_s(queue_arn);
}

bool QueuesOfMappings::permitted(const std::string& queue_arn, const std::string& action,
                                 const std::string& role_arn) const {
  return role_may(services_, role_arn, action, {queue_arn}, services_.sqs->queue_policy(queue_arn));
}

aws::Outcome<std::vector<aws::Value>> QueuesOfMappings::receive(const std::string& queue_arn,
                                                                std::size_t most) {
  return services_.sqs->receive(queue_arn, most);
}

void QueuesOfMappings::remove(const std::string& queue_arn, const std::string& receipt_handle) {
  services_.sqs->remove(queue_arn, receipt_handle);
}

void QueuesOfMappings::when_available(const std::string& queue_arn,
                                      std::function<void()> callback) {
  services_.sqs->when_available(queue_arn, std::move(callback));
}

bool PatternsOfMappings::valid(const std::string& pattern) const {
  return events::EventPattern::parse(pattern).has_value();
}

bool PatternsOfMappings::matches(const std::string& pattern, const aws::Value& event) const {
  const auto parsed = events::EventPattern::parse(pattern);
  return parsed && parsed->matches(event);
}

void MetricsOfQueues::count(std::string_view region, std::string_view metric_name,
                            std::string_view queue_name, double value, std::string_view unit,
                            Instant at) {
  services_.cloudwatch->put_datum(std::string{region}, "AWS/SQS", std::string{metric_name},
                                  {{"QueueName", std::string{queue_name}}}, value, unit, at);
}

}  // namespace sitelatch::engine
