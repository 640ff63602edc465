// SPDX-License-Identifier: Apache-2.0
// SQS as the other services need it: messages to a queue by its ARN (SNS subscriptions, dead
// letters, targets of rules, destinations of functions), and the reading of a queue by what polls
// it for a function. Satisfied in engine/bindings.h.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "aws/service/dispatch.h"
#include "aws/wire/error.h"

namespace sitelatch::aws {

struct QueueAttribute {
  std::string name, type;  // "String", "Number", "Binary.png" ...
  std::string value;       // of Binary: the bytes
};

struct QueueLetter {
  std::string queue_arn, body;
  std::vector<QueueAttribute> attributes = {};
  std::string group_id = {}, deduplication_id = {};  // empty: none
  std::string trace_header = {};                     // AWSTraceHeader; empty: none
  std::string dead_letter_source = {};               // DeadLetterQueueSourceArn; empty: none
};

// Who sends or reads. A service is judged by the queue's policy alone (under aws:SourceArn and
// aws:SourceAccount), a role by its policies with the queue's.
struct QueueUser {
  std::string service = {};     // "sns.amazonaws.com"
  std::string source_arn = {};  // in whose name the service acts
  std::string role_arn = {};    // not empty: this role, and not the service
};

class Queues {
 public:
  // Accepted: in the queue with this journal batch. Refused: no such queue, no permission, not a
  // message that it takes; trying again does not help.
  virtual DispatchOutcome send(const QueueLetter& letter, const QueueUser& sender) = 0;
  virtual bool exists(const std::string& queue_arn) const = 0;
  // `action` as in "SendMessage".
  virtual bool permitted(const std::string& queue_arn, const std::string& action,
                         const QueueUser& user) const = 0;

 protected:
  ~Queues() = default;
};

class QueueReader {
 public:
  // Up to `most` messages, each as ReceiveMessage answers it with all attributes, in flight for the
  // queue's visibility timeout. Not authorised here: ask Queues::permitted.
  virtual Outcome<std::vector<Value>> receive(const std::string& queue_arn, std::size_t most) = 0;
  virtual void remove(const std::string& queue_arn, const std::string& receipt_handle) = 0;
  // Visible again after this many seconds (0: at once).
  virtual void release(const std::string& queue_arn, const std::string& receipt_handle,
                       int after_s) = 0;
  // Called once, later than this call, when there may be something to receive; at once if there is.
  virtual void when_available(const std::string& queue_arn, std::function<void()> callback) = 0;

 protected:
  ~QueueReader() = default;
};

}  // namespace sitelatch::aws
