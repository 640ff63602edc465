// SPDX-License-Identifier: Apache-2.0
#include "services/sns/notification.h"

#include <string_view>

#include "base/check.h"
#include "base/text.h"

namespace sitelatch::sns {
namespace {
using aws::Value;
using Kind = Notification::Kind;

std::string_view type_of(Kind kind) {
  switch (kind) {
    case Kind::notification:
      return "Notification";
    case Kind::subscription_confirmation:
      return "SubscriptionConfirmation";
    case Kind::unsubscribe_confirmation:
      return "UnsubscribeConfirmation";
  }
  ENSURE(false, "a notification of no kind");
}
Kind kind_of(std::string_view type) {
  if (type == "SubscriptionConfirmation") return Kind::subscription_confirmation;
  if (type == "UnsubscribeConfirmation") return Kind::unsubscribe_confirmation;
  return Kind::notification;
}

Value attributes_value(const MessageAttributes& attributes) {
  Value out = Value::structure();
  for (const auto& [name, attribute] : attributes)
    out.members_mut().push_back(
        {name, Value::structure({{"Type", attribute.type}, {"Value", attribute.value}})});
  return out;
}

std::string certificate_url(const Notification& n, const Envelope& envelope) {
  if (envelope.certificate_url.empty()) return envelope.endpoint + "/" + envelope.certificate_name;
  const auto arn = split(n.topic_arn, ':');
  return replace_all(envelope.certificate_url, "{region}", arn.size() > 3 ? arn[3] : "us-east-1") +
         "/" + envelope.certificate_name;
}

// Subjects become header lines: control characters of messages that AWS services send must not make
// new ones.
std::string one_line(std::string text) {
  for (char& c : text)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  return text;
}

std::string mail_subject(const Notification& n) {
  switch (n.kind) {
    case Kind::subscription_confirmation:
      return "AWS Notification - Subscription Confirmation";
    case Kind::unsubscribe_confirmation:
      return "AWS Notification - Unsubscribe Confirmation";
    case Kind::notification:
      break;
  }
  return one_line(n.subject.value_or("AWS Notification Message"));
}

std::string mail_text(const Notification& n, const Envelope& envelope) {
  switch (n.kind) {
    case Kind::subscription_confirmation:
      return "Somebody asked to send the notifications of this topic to your address:\n" +
             n.topic_arn + "\n\nTo confirm this subscription, open this link:\n" +
             subscribe_url(n, envelope.endpoint) +
             "\n\nIf you did not expect this message, ignore it: nothing will be sent.\n";
    case Kind::unsubscribe_confirmation:
      return "Your subscription to this topic has ended:\n" + n.topic_arn +
             "\n\nIf this was a mistake, open this link to subscribe again:\n" +
             subscribe_url(n, envelope.endpoint) + "\n";
    case Kind::notification:
      break;
  }
  return n.message +
         "\n\n--\nTo stop receiving the notifications of this topic, open this link:\n" +
         unsubscribe_url(n.subscription_arn, envelope.endpoint) + "\n";
}

}  // namespace

Value to_value(const Notification& n) {
  return Value::structure({{"kind", type_of(n.kind)},
                           {"id", n.id},
                           {"topic_arn", n.topic_arn},
                           {"subscription_arn", n.subscription_arn},
                           {"subject", n.subject},
                           {"message", n.message},
                           {"time_ms", unix_ms(n.time)},
                           {"token", n.token},
                           {"attributes", attributes_value(n.attributes)},
                           {"signature_version", n.signature_version},
                           {"group", n.group_id},
                           {"deduplication", n.deduplication_id},
                           {"sequence", n.sequence_number}});
}

Notification notification_from(const Value& value) {
  Notification n;
  n.kind = kind_of(value["kind"].string());
  n.id = value["id"].string();
  n.topic_arn = value["topic_arn"].string();
  n.subscription_arn = value["subscription_arn"].string();
  n.subject = value["subject"].optional_string();
  n.message = value["message"].string();
  n.time = from_unix_ms(value["time_ms"].integer());
  n.token = value["token"].string_or("");
  for (const auto& [name, attribute] : value["attributes"].members())
    n.attributes.push_back({name, {attribute["Type"].string(), attribute["Value"].string()}});
  n.signature_version = static_cast<int>(value["signature_version"].integer());
  n.group_id = value["group"].string_or("");
  n.deduplication_id = value["deduplication"].string_or("");
  n.sequence_number = value["sequence"].string_or("");
  return n;
}

Notification confirmation(Kind kind, std::string id, const std::string& topic_arn,
                          const std::string& subscription_arn, std::string token, Instant now) {
  Notification n;
  n.kind = kind;
  n.id = std::move(id);
  n.topic_arn = topic_arn;
  n.subscription_arn = subscription_arn;
  n.token = std::move(token);
  n.time = now;
  n.message =
      kind == Kind::subscription_confirmation
          ? "You have chosen to subscribe to the topic " + topic_arn +
                ".\nTo confirm the subscription, visit the SubscribeURL included in this message."
          : "You have chosen to deactivate subscription " + subscription_arn +
                ".\nTo cancel this operation and restore the subscription, visit the "
                "SubscribeURL included in this message.";
  return n;
}

std::string subscribe_url(const Notification& n, const std::string& endpoint) {
  return endpoint + "/?Action=ConfirmSubscription&TopicArn=" + n.topic_arn + "&Token=" + n.token;
}
std::string unsubscribe_url(const std::string& subscription_arn, const std::string& endpoint) {
  return endpoint + "/?Action=Unsubscribe&SubscriptionArn=" + subscription_arn;
}

std::string signature_input(const Notification& n, const std::string& endpoint) {
  std::string out;
  const auto line = [&](std::string_view key, std::string_view value) {
    out.append(key).append("\n").append(value).append("\n");
  };
  line("Message", n.message);
  line("MessageId", n.id);
  if (n.kind == Kind::notification) {
    if (n.subject) line("Subject", *n.subject);
    line("Timestamp", iso8601_ms(n.time));
  } else {
    line("SubscribeURL", subscribe_url(n, endpoint));
    line("Timestamp", iso8601_ms(n.time));
    line("Token", n.token);
  }
  line("TopicArn", n.topic_arn);
  line("Type", type_of(n.kind));
  return out;
}

std::string lambda_event(const Notification& n, const Envelope& envelope) {
  Value message = Value::structure();
  message.members_mut() = {
      {"Type", type_of(n.kind)},
      {"MessageId", n.id},
      {"TopicArn", n.topic_arn},
      {"Subject", n.subject},  // present as null when there is none
      {"Message", n.message},
      {"Timestamp", iso8601_ms(n.time)},
      {"SignatureVersion", std::to_string(n.signature_version)},
      {"Signature", envelope.signature},
      {"SigningCertUrl", certificate_url(n, envelope)},
      {"UnsubscribeUrl", unsubscribe_url(n.subscription_arn, envelope.endpoint)},
      {"MessageAttributes", attributes_value(n.attributes)}};
  const Value record = Value::structure({{"EventSource", "aws:sns"},
                                         {"EventVersion", "1.0"},
                                         {"EventSubscriptionArn", n.subscription_arn},
                                         {"Sns", message}});
  return aws::to_json(Value::structure({{"Records", Value::list({record})}}));
}

std::string http_body(const Notification& n, const Envelope& envelope) {
  const bool confirms = n.kind != Kind::notification;
  Value out = Value::structure({{"Type", type_of(n.kind)}, {"MessageId", n.id}});
  if (confirms) out.set("Token", n.token);
  if (!n.sequence_number.empty()) out.set("SequenceNumber", n.sequence_number);
  out.set("TopicArn", n.topic_arn);
  if (!confirms) out.set("Subject", n.subject);
  out.set("Message", n.message);
  if (confirms) out.set("SubscribeURL", subscribe_url(n, envelope.endpoint));
  out.set("Timestamp", iso8601_ms(n.time));
  out.set("SignatureVersion", std::to_string(n.signature_version));
  out.set("Signature", envelope.signature);
  out.set("SigningCertURL", certificate_url(n, envelope));
  if (!confirms) {
    out.set("UnsubscribeURL", unsubscribe_url(n.subscription_arn, envelope.endpoint));
    if (!n.attributes.empty()) out.set("MessageAttributes", attributes_value(n.attributes));
  }
  return aws::to_json(out);
}

aws::QueueLetter queue_letter(const Notification& n, const Envelope& envelope,
                              std::string queue_arn, RawMessage raw) {
  aws::QueueLetter letter;
  if (queue_arn.ends_with(".fifo")) {
    letter.group_id = n.group_id;
    letter.deduplication_id = n.deduplication_id;
  }
  letter.queue_arn = std::move(queue_arn);
  letter.body = raw == RawMessage::yes ? n.message : http_body(n, envelope);
  if (raw == RawMessage::no) return letter;
  for (const auto& [name, attribute] : n.attributes) {
    const bool binary = attribute.type.starts_with("Binary");
    letter.attributes.push_back(
        {name, attribute.type, binary ? unbase64(attribute.value).value_or("") : attribute.value});
  }
  return letter;
}

ports::Post http_post(const Notification& n, const Envelope& envelope, std::string url,
                      const std::string& content_type, RawMessage raw) {
  const bool as_is = raw == RawMessage::yes && n.kind == Kind::notification;
  ports::Post post;
  post.url = std::move(url);
  post.headers = {{"User-Agent", "Amazon Simple Notification Service Agent"},
                  {"Accept-Encoding", "gzip,deflate"},
                  {"Content-Type", content_type},
                  {"x-amz-sns-message-type", std::string{type_of(n.kind)}},
                  {"x-amz-sns-message-id", n.id},
                  {"x-amz-sns-topic-arn", n.topic_arn}};
  if (n.kind != Kind::subscription_confirmation)
    post.headers.emplace_back("x-amz-sns-subscription-arn", n.subscription_arn);
  if (as_is) post.headers.emplace_back("x-amz-sns-rawdelivery", "true");
  post.body = as_is ? n.message : http_body(n, envelope);
  return post;
}

ports::Mail mail(const Notification& n, const Envelope& envelope, std::string address,
                 MailForm form) {
  ports::Mail out;
  out.to = std::move(address);
  out.subject = mail_subject(n);
  out.body = form == MailForm::json ? http_body(n, envelope) + "\n" : mail_text(n, envelope);
  return out;
}

}  // namespace sitelatch::sns
