// SPDX-License-Identifier: Apache-2.0
#include "services/sns/deliverer.h"

#include "aws/wire/stored.h"
#include "base/log.h"
#include "ports/rows.h"
#include "services/sns/delivery_policy.h"

namespace sitelatch::sns {
namespace {

constexpr std::string_view signing_table = "sns.signing";

std::unique_ptr<MessageSigner> stored_signer(const ports::Journal& journal) {
  std::unique_ptr<MessageSigner> signer;
  ports::take_rows(journal, signing_table, [&](std::string_view, std::string_view text) {
    const auto row = aws::stored_value(text);
    signer = std::make_unique<MessageSigner>(
        SigningKey{row["private_key"].string(), row["certificate"].string()});
  });
  return signer;
}

Notification notification_for(const Topic& topic, const Subscription& s, const Publication& p,
                              const std::string& id, Instant now) {
  Notification n;
  n.id = id;
  n.topic_arn = topic.arn;
  n.subscription_arn = s.arn;
  n.subject = p.subject;
  n.message = p.text_for(s.protocol);
  n.time = now;
  n.attributes = p.attributes;
  n.signature_version = topic.signature_version();
  return n;
}

bool is_http(const Subscription& s) { return s.protocol == "http" || s.protocol == "https"; }

// Fact sns-34: 4xx says that asking again will not help, except for "too many".
bool asks_no_retry(int status) { return status >= 400 && status < 500 && status != 429; }

}  // namespace

Deliverer::Deliverer(Dependencies dependencies, const Topics& topics,
                     const Subscriptions& subscriptions, std::string endpoint)
    : dependencies_(dependencies),
      topics_(topics),
      subscriptions_(subscriptions),
      endpoint_(std::move(endpoint)),
      signer_(stored_signer(dependencies.journal)),
      queue_(dependencies.journal, dependencies.timers,
             [this](const Delivery& delivery) { attempt(delivery); }) {
  if (!subscriptions_.empty()) need_signing_key();
}

// A key is made only where there is somebody to sign for: an engine without subscriptions never
// pays for it.
void Deliverer::need_signing_key() {
  if (signer_ || key_is_made_) return;
  key_is_made_ = true;
  dependencies_.key_maker.make(lifetime_.guard([this](const SigningKey& key) { adopt(key); }));
}

void Deliverer::adopt(const SigningKey& key) {
  signer_ = std::make_unique<MessageSigner>(key);
  dependencies_.journal.put(
      signing_table, "key",
      aws::to_json(aws::Value::structure(
          {{"private_key", key.private_key_pem}, {"certificate", key.certificate_pem}})));
  queue_.wake_parked();
}

std::optional<std::string> Deliverer::certificate(std::string_view path) const {
  if (!signer_ || path != "/" + signer_->certificate_name()) return std::nullopt;
  return signer_->certificate_pem();
}

std::string Deliverer::send(const Topic& topic, const Publication& publication) {
  const auto id = ports::uuid(dependencies_.entropy);
  count(topic, "NumberOfMessagesPublished", 1);
  count(topic, "PublishSize", static_cast<double>(publication.size_bytes), "Bytes");
  subscriptions_.visit_topic(topic.arn, [&](const Subscription& s) {
    if (s.state != Subscription::State::confirmed || !wants(topic, s, publication)) return;
    auto notification = notification_for(topic, s, publication, id, dependencies_.timers.now());
    if (s.protocol == "lambda")
      deliver_to_function(s, std::move(notification));
    else
      queue_.add(std::move(notification));
  });
  return id;
}

void Deliverer::send_confirmation(Notification confirmation) {
  queue_.add(std::move(confirmation));
}

bool Deliverer::wants(const Topic& topic, const Subscription& s, const Publication& publication) {
  if (!s.filter) return true;
  const auto verdict = s.filter->judge(publication.attributes, publication.text_for(s.protocol));
  if (verdict == FilterVerdict::wanted) return true;
  count(topic, "NumberOfNotificationsFilteredOut", 1);
  if (verdict == FilterVerdict::no_attributes)
    count(topic, "NumberOfNotificationsFilteredOut-NoMessageAttributes", 1);
  else if (verdict == FilterVerdict::invalid_body)
    count(topic, "NumberOfNotificationsFilteredOut-InvalidMessageBody", 1);
  else
    count(topic,
          s.scope() == FilterScope::message_body
              ? "NumberOfNotificationsFilteredOut-MessageBody"
              : "NumberOfNotificationsFilteredOut-MessageAttributes",
          1);
  return false;
}

Envelope Deliverer::envelope_of(const Notification& notification) const {
  Envelope envelope{endpoint_, "", ""};
  if (signer_) {
    envelope.signature =
        signer_->sign(signature_input(notification, endpoint_), notification.signature_version);
    envelope.certificate_name = signer_->certificate_name();
  }
  return envelope;
}

// Nothing is queued here unless the function's queue has trouble: then this was the first of the
// attempts.
void Deliverer::deliver_to_function(const Subscription& s, Notification notification) {
  const auto event = lambda_event(notification, envelope_of(notification));
  const auto handover = dependencies_.functions.dispatch(s.endpoint, event, s.topic_arn);
  if (handover.kind == aws::DispatchOutcome::Kind::accepted)
    return count(s.topic_arn, "NumberOfNotificationsDelivered");
  if (handover.kind == aws::DispatchOutcome::Kind::refused)
    return give_up(notification, s, handover.reason);
  queue_.add_failed(std::move(notification),
                    dependencies_.timers.now() + *delay_after(function_schedule(), 1));
}

void Deliverer::attempt(const Delivery& delivery) {
  const Subscription* found = subscriptions_.find(delivery.notification.subscription_arn);
  const bool is_message = delivery.notification.kind == Notification::Kind::notification;
  // Whoever has left meanwhile gets nothing more (but the confirmation that he has left).
  if (!found || (is_message && found->state != Subscription::State::confirmed))
    return queue_.finish(delivery.id);
  const Subscription& s = *found;
  if (s.protocol == "lambda") return attempt_function(delivery, s);
  if (!signer_) return queue_.park(delivery.id);  // until the key is there (fact sns-41)
  if (is_http(s))
    attempt_http(delivery, s);
  else
    attempt_mail(delivery, s);
}

void Deliverer::attempt_function(const Delivery& delivery, const Subscription& s) {
  const auto& n = delivery.notification;
  const auto handover =
      dependencies_.functions.dispatch(s.endpoint, lambda_event(n, envelope_of(n)), s.topic_arn);
  switch (handover.kind) {
    case aws::DispatchOutcome::Kind::accepted:
      return settle(delivery.id, Verdict::delivered, "");
    case aws::DispatchOutcome::Kind::refused:
      return settle(delivery.id, Verdict::hopeless, handover.reason);
    case aws::DispatchOutcome::Kind::failed:
      return settle(delivery.id, Verdict::try_again, handover.reason);
  }
}

void Deliverer::attempt_http(const Delivery& delivery, const Subscription& s) {
  const auto& n = delivery.notification;
  const auto http =
      http_delivery(topics_.at(s.topic_arn).setting("DeliveryPolicy"), s.setting("DeliveryPolicy"));
  auto post = http_post(n, envelope_of(n), s.endpoint, http.content_type,
                        s.raw() ? RawMessage::yes : RawMessage::no);
  dependencies_.courier.post(
      std::move(post), lifetime_.guard([this, id = delivery.id](const ports::Receipt& receipt) {
        const int status = receipt.http_status;
        const auto why =
            receipt.failure.empty() ? "answered " + std::to_string(status) : receipt.failure;
        if (receipt.failure.empty() && status >= 200 && status < 300)
          settle(id, Verdict::delivered, "");
        else
          settle(id, asks_no_retry(status) ? Verdict::hopeless : Verdict::try_again, why);
      }));
}

void Deliverer::attempt_mail(const Delivery& delivery, const Subscription& s) {
  const auto& n = delivery.notification;
  const auto form = s.protocol == "email-json" ? MailForm::json : MailForm::text;
  dependencies_.courier.mail(
      mail(n, envelope_of(n), s.endpoint, form),
      lifetime_.guard([this, id = delivery.id](const ports::Receipt& receipt) {
        const bool sent = receipt.failure.empty();
        settle(id, sent ? Verdict::delivered : Verdict::try_again, receipt.failure);
      }));
}

void Deliverer::settle(std::uint64_t id, Verdict verdict, const std::string& why) {
  const Delivery* delivery = queue_.find(id);
  if (!delivery) return;
  const Notification n = delivery->notification;
  const bool is_message = n.kind == Notification::Kind::notification;
  const Subscription* found = subscriptions_.find(n.subscription_arn);
  if (!found) return queue_.finish(id);
  const Subscription& s = *found;
  if (verdict == Verdict::delivered) {
    if (is_message) count(s.topic_arn, "NumberOfNotificationsDelivered");
    return queue_.finish(id);
  }
  // For http(s) every failed attempt counts, else only giving up does (give_up; fact sns-84).
  if (is_message && is_http(s)) count(s.topic_arn, "NumberOfNotificationsFailed");
  const auto wait = delay_after(schedule_of(s), delivery->failures + 1);
  if (verdict == Verdict::try_again && wait)
    return queue_.retry(id, dependencies_.timers.now() + *wait);
  queue_.finish(id);
  give_up(n, s, why);
}

RetrySchedule Deliverer::schedule_of(const Subscription& s) const {
  if (s.protocol == "lambda") return function_schedule();
  if (!is_http(s)) return mail_schedule();
  return http_delivery(topics_.at(s.topic_arn).setting("DeliveryPolicy"),
                       s.setting("DeliveryPolicy"))
      .schedule;
}

void Deliverer::give_up(const Notification& n, const Subscription& s, const std::string& why) {
  log(LogLevel::warning, "sns",
      "message " + n.id + " of " + n.topic_arn + " does not reach " + s.protocol + " " +
          s.endpoint + ": " + why);
  if (n.kind != Notification::Kind::notification) return;
  if (!is_http(s)) count(s.topic_arn, "NumberOfNotificationsFailed");
  // There are no SQS queues here to redrive to (fact sns-36).
  if (!s.setting("RedrivePolicy").empty())
    count(s.topic_arn, "NumberOfNotificationsFailedToRedriveToDlq");
}

void Deliverer::count(const Topic& topic, std::string_view metric, double value,
                      std::string_view unit) {
  dependencies_.metrics.count(topic.region, metric, topic.name, value, unit,
                              dependencies_.timers.now());
}
void Deliverer::count(const std::string& arn, std::string_view metric) {
  if (const Topic* topic = topics_.find(arn)) count(*topic, metric, 1);
}

}  // namespace sitelatch::sns
