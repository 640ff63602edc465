// SPDX-License-Identifier: Apache-2.0
// What goes out to people and programs: notifications in all their forms, mail, inputs of targets,
// delivery policies. Whatever was published, what leaves is well-formed, and no text of it becomes
// a header. Input: what, NUL-ended parts.
#include <algorithm>

#include "aws/wire/value.h"
#include "base/text.h"
#include "guard/rules/json.h"
#include "net/http/courier.h"
#include "services/events/input.h"
#include "services/events/rule.h"
#include "services/sns/delivery_policy.h"
#include "services/sns/notification.h"
#include "services/sns/publication.h"
#include "services/sns/subscription.h"
#include "target.h"

using namespace sitelatch;
using aws::Value;
using fuzz::Input;
using fuzz::require;

namespace {

sns::Notification notification_of(Input& input) {
  sns::Notification out;
  out.kind = static_cast<sns::Notification::Kind>(input.choice(3));
  out.signature_version = input.choice(2) == 0 ? 1 : 2;
  out.id = "m-1";
  out.topic_arn = "arn:aws:sns:eu-west-1:000000000000:t";
  out.subscription_arn = out.topic_arn + ":s";
  if (auto subject = input.text(); !subject.empty()) out.subject = std::move(subject);
  out.message = input.text();
  out.token = "token";
  while (!input.empty() && out.attributes.size() < 10) {
    auto name = input.text(), type = input.text(), value = input.text();
    out.attributes.push_back({std::move(name), {std::move(type), std::move(value)}});
  }
  return out;
}

void notification(Input& input) {
  const auto sent = notification_of(input);
  if (!valid_utf8(aws::to_json(sns::to_value(sent)))) return;  // refused where it is published
  require(sns::notification_from(sns::to_value(sent)) == sent, "a stored message comes back");
  const sns::Envelope envelope{"http://127.0.0.1:4566", "c2ln", "SNS.pem"};
  require(guard::Json::parse(sns::lambda_event(sent, envelope)).has_value(), "the event is JSON");
  require(guard::Json::parse(sns::http_body(sent, envelope)).has_value(), "the body is JSON");
  (void)sns::signature_input(sent, envelope.endpoint);
  const auto mail = sns::mail(sent, envelope, "a@b.test", sns::MailForm::text);
  (void)net::rfc5322(mail, "us@b.test", WallInstant{}, "id");
}

// RFC 5322 §2.1.1, §2.2: the headers that we wrote and no others.
void mail(Input& input) {
  // Addresses were checked when they subscribed (subscription.cc).
  const auto named = input.text();
  const auto checked = sns::check_endpoint("email", named);
  const auto to = checked ? named : std::string{"a@b.test"};
  const auto subject = input.text(), body = input.rest();
  const auto text = net::rfc5322({to, subject, body}, "us@b.test", WallInstant{}, "id");
  const auto end = text.find("\r\n\r\n");
  require(end != text.npos, "a mail has headers and a body");
  const std::string_view head{text.data(), end + 2};
  std::size_t headers = 0;
  for (std::string_view left = head; !left.empty();) {
    const auto line = left.substr(0, left.find("\r\n"));
    require(line.size() <= 998, "a line has at most 998 characters");
    require(line.find_first_of(std::string_view{"\r\n\0", 3}) == line.npos, "a line is one line");
    headers += !line.starts_with(' ');
    left.remove_prefix(line.size() + 2);
  }
  require(headers == 8, "nothing becomes a header of its own");
}

void target_input(Input& input) {
  auto target = Value::structure({{"Id", "1"}, {"Arn", "arn:aws:sns:eu-west-1:000000000000:t"}});
  const auto how = input.choice(3);
  if (how == 0) target.set("Input", input.text());
  if (how == 1) target.set("InputPath", input.text());
  if (how == 2) {
    auto transformer = Value::structure({{"InputTemplate", input.text()}});
    auto paths = Value::structure();
    for (auto name = input.text(); !name.empty(); name = input.text())
      paths.set(name, input.text());
    transformer.set("InputPathsMap", std::move(paths));
    target.set("InputTransformer", std::move(transformer));
  }
  if (!events::check_target(target)) return;
  events::EventParts parts;
  parts.id = "id";
  parts.source = "aws.events";
  parts.resources = {"arn"};
  const auto event = events::make_event(parts, Instant{});
  (void)events::payload_for(target, event, {"arn:aws:events:eu-west-1:000000000000:rule/r", "r"});
}

void delivery_policies(Input& input) {
  const auto topic = input.text(), subscription = input.rest();
  if (!sns::check_topic_delivery_policy(topic)) return;
  (void)sns::effective_topic_policy(topic);
  if (!sns::check_subscription_delivery_policy(subscription)) return;
  (void)sns::effective_subscription_policy(topic, subscription);
  const auto delivery = sns::http_delivery(topic, subscription);
  for (int failures = 1; failures < 120; ++failures)
    if (const auto wait = sns::delay_after(delivery.schedule, failures))
      require(*wait >= Duration{}, "nothing is sent before it failed");
}

void publication(Input& input) {
  auto wire = Value::structure({{"TopicArn", "arn:aws:sns:eu-west-1:000000000000:t"}});
  if (input.choice(2) == 1) wire.set("MessageStructure", "json");
  wire.set("Message", input.text());
  if (auto subject = input.text(); !subject.empty()) wire.set("Subject", std::move(subject));
  auto attributes = Value::structure();
  for (auto name = input.text(); !name.empty(); name = input.text()) {
    auto type = input.text(), value = input.text();
    attributes.set(
        name, Value::structure({{"DataType", std::move(type)}, {"StringValue", std::move(value)}}));
  }
  wire.set("MessageAttributes", std::move(attributes));
  if (const auto read = sns::read_publication(wire))
    for (const auto* protocol : {"http", "lambda", "email"}) (void)read->text_for(protocol);
}

}  // namespace

FUZZ_TARGET(messages) {
  switch (input.choice(5)) {
    case 0:
      return notification(input);
    case 1:
      return mail(input);
    case 2:
      return target_input(input);
    case 3:
      return delivery_policies(input);
    default:
      publication(input);
  }
}
