// SPDX-License-Identifier: Apache-2.0
// What Lambda needs of other services, in its own words; engine/ satisfies it. Every call is
// synchronous and takes part in the journal batch of the caller, so "sent the record" and "forgot
// the event" are committed together.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "aws/service/dispatch.h"
#include "aws/wire/error.h"
#include "aws/wire/value.h"
#include "base/time.h"
#include "ports/function_host.h"

namespace sitelatch::lambda {

// IAM and STS. The trust policy of the role must let lambda.amazonaws.com assume it, else the
// outcome is a refusal.
class Roles {
 public:
  virtual aws::Outcome<ports::Credentials> assume(const std::string& role_arn,
                                                  const std::string& session_name,
                                                  Duration duration) = 0;
  // The same question without making credentials: is there such a role, and may Lambda assume it?
  virtual aws::Outcome<Done> assumable(const std::string& role_arn) = 0;

 protected:
  ~Roles() = default;
};

struct LogLine {
  Instant at;
  std::string text;  // UTF-8, with its final newline
};

// CloudWatch Logs, with the rights of the execution role (logs:CreateLogGroup, CreateLogStream,
// PutLogEvents): creates group and stream as needed; without the right nothing is written and
// nothing is said, as on AWS.
class FunctionLogs {
 public:
  virtual void write(const std::string& region, const std::string& group, const std::string& stream,
                     const std::vector<LogLine>& lines, const std::string& role_arn) = 0;

 protected:
  ~FunctionLogs() = default;
};

// What a dead letter carries (fact lambda-37): the event as it was, and why it died.
struct DeadLetter {
  std::string payload;
  std::string request_id;
  int error_code = 200;
  std::string error_message;
};

// Where the fate of an asynchronous event is told, with the rights of the execution role.
class Destinations {
 public:
  // Delivers an invocation record (a JSON document) to a topic, a queue or a function.
  virtual aws::Outcome<> send(const std::string& destination_arn, const std::string& record,
                              const std::string& role_arn, const std::string& function_arn) = 0;
  // Sends a dead letter to a topic or a queue, with message attributes RequestID, ErrorCode
  // (Number), ErrorMessage.
  virtual aws::Outcome<> send_dead_letter(const std::string& topic_arn, const DeadLetter& letter,
                                          const std::string& role_arn,
                                          const std::string& function_arn) = 0;
  // May the role send there at all? Asked when a topic or a queue is configured as a destination or
  // dead letter target.
  virtual bool permitted(const std::string& target_arn, const std::string& role_arn) = 0;

 protected:
  ~Destinations() = default;
};

// CloudWatch, namespace AWS/Lambda. An empty function name means the metric without dimensions (the
// whole region).
class FunctionMetrics {
 public:
  virtual void count(const std::string& region, std::string_view metric_name,
                     const std::string& function_name, double value, std::string_view unit,
                     Instant at) = 0;

 protected:
  ~FunctionMetrics() = default;
};

// SQS, for event source mappings. Lambda reads with the rights of the execution role, asked when a
// mapping is made or changed.
class MessageQueues {
 public:
  // Nothing: there is no such queue.
  virtual std::optional<std::int64_t> visibility_timeout_s(const std::string& queue_arn) const = 0;
  // `action` as in "sqs:ReceiveMessage".
  virtual bool permitted(const std::string& queue_arn, const std::string& action,
                         const std::string& role_arn) const = 0;
  // Up to `most` messages, each as ReceiveMessage answers it with all attributes, in flight for the
  // queue's visibility timeout.
  virtual aws::Outcome<std::vector<aws::Value>> receive(const std::string& queue_arn,
                                                        std::size_t most) = 0;
  virtual void remove(const std::string& queue_arn, const std::string& receipt_handle) = 0;
  // Called once, later than this call, when there may be something to receive.
  virtual void when_available(const std::string& queue_arn, std::function<void()> callback) = 0;

 protected:
  ~MessageQueues() = default;
};

// EventBridge's patterns, by which an event source mapping filters.
class EventPatterns {
 public:
  virtual bool valid(const std::string& pattern) const = 0;
  virtual bool matches(const std::string& pattern, const aws::Value& event) const = 0;

 protected:
  ~EventPatterns() = default;
};

}  // namespace sitelatch::lambda
