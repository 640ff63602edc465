// SPDX-License-Identifier: Apache-2.0
// One message on its way to one subscription, and the exact forms in which AWS hands it over: the
// Lambda event (fact sns-20), the HTTP request (sns-21), the mail (sns-22), and the text that is
// signed (sns-23). Pure.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "aws/service/queues.h"
#include "aws/wire/value.h"
#include "base/time.h"
#include "ports/courier.h"

namespace sitelatch::sns {

struct MessageAttribute {
  std::string type;   // "String", "String.Array", "Number", "Binary", "Number.int" ...
  std::string value;  // of Binary: base64
  friend bool operator==(const MessageAttribute&, const MessageAttribute&) = default;
};
using MessageAttributes = std::vector<std::pair<std::string, MessageAttribute>>;

struct Notification {
  enum class Kind { notification, subscription_confirmation, unsubscribe_confirmation };
  Kind kind = Kind::notification;
  std::string id, topic_arn, subscription_arn;
  std::optional<std::string> subject;
  std::string message;
  Instant time{};
  std::string token;  // of confirmations
  MessageAttributes attributes;
  int signature_version = 1;
  // Of FIFO topics; empty elsewhere.
  std::string group_id = {}, deduplication_id = {}, sequence_number = {};
  friend bool operator==(const Notification&, const Notification&) = default;
};

// Where this engine is reached, and which signature goes with the message (empty where there is
// none yet).
struct Envelope {
  std::string endpoint;          // "http://127.0.0.1:4566"
  std::string signature;         // base64
  std::string certificate_name;  // "SimpleNotificationService-....pem"
  // Where the certificate is said to be: "https://sns.{region}.amazonaws.com"; empty: at the
  // endpoint (fact sns-40).
  std::string certificate_url = {};
};

aws::Value to_value(const Notification& notification);  // for the journal
Notification notification_from(const aws::Value& value);

// The confirmation that asks an endpoint whether it wants to be subscribed, or whether it meant to
// leave.
Notification confirmation(Notification::Kind kind, std::string id, const std::string& topic_arn,
                          const std::string& subscription_arn, std::string token, Instant now);

std::string subscribe_url(const Notification& notification, const std::string& endpoint);
std::string unsubscribe_url(const std::string& subscription_arn, const std::string& endpoint);
std::string signature_input(const Notification& notification, const std::string& endpoint);

std::string lambda_event(const Notification& notification, const Envelope& envelope);
std::string http_body(const Notification& notification, const Envelope& envelope);

enum class RawMessage { no, yes };
// To a queue: the notification as http has it, or the message itself with its attributes (fact
// sns-90).
aws::QueueLetter queue_letter(const Notification& notification, const Envelope& envelope,
                              std::string queue_arn, RawMessage raw);
ports::Post http_post(const Notification& notification, const Envelope& envelope, std::string url,
                      const std::string& content_type, RawMessage raw);
enum class MailForm { text, json };  // email, email-json
ports::Mail mail(const Notification& notification, const Envelope& envelope, std::string address,
                 MailForm form);

}  // namespace sitelatch::sns
