// SPDX-License-Identifier: Apache-2.0
#include "services/sns/deliverer.h"

#include <utility>

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
  n.group_id = p.group_id;
  n.deduplication_id = p.deduplication_id;
  n.sequence_number = p.sequence_number;
  return n;
}

// Functions and queues are of this engine: they have what is sent to them in the very call.
bool is_ours(const Subscription& s) { return s.protocol == "lambda" || s.protocol == "sqs"; }

RawMessage form_for(const Subscription& s) { return s.raw() ? RawMessage::yes : RawMessage::no; }

bool is_http(const Subscription& s) { return s.protocol == "http" || s.protocol == "https"; }

// Fact sns-34: 4xx says that asking again will not help, except for "too many".
bool asks_no_retry(int status) { return status >= 400 && status < 500 && status != 429; }

}  // namespace

Deliverer::Deliverer(Dependencies dependencies, const Topics& topics,
                     const Subscriptions& subscriptions, std::string endpoint,
                     std::string certificate_url)
    : dependencies_(dependencies),
      topics_(topics),
      subscriptions_(subscriptions),
      endpoint_(std::move(endpoint)),
      certificate_url_(std::move(certificate_url)),
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

void Deliverer::when_signing(std::function<void()> callback) {
  if (signer_) return callback();
  waiting_for_key_.push_back(std::move(callback));
  need_signing_key();
}

void Deliverer::adopt(const SigningKey& key) {
  signer_ = std::make_unique<MessageSigner>(key);
  dependencies_.journal.put(
      signing_table, "key",
      aws::to_json(aws::Value::structure(
          {{"private_key", key.private_key_pem}, {"certificate", key.certificate_pem}})));
  queue_.wake_parked();
  for (const auto& callback : std::exchange(waiting_for_key_, {})) callback();
}

std::optional<std::string> Deliverer::certificate(std::string_view path) const {
  if (!signer_ || path != "/" + signer_->certificate_name()) return std::nullopt;
  return signer_->certificate_pem();
}

std::string Deliverer::send(const Topic& topic, const Publication& publication) {
  const auto id = publication.id.empty() ? ports::uuid(dependencies_.entropy) : publication.id;
  count(topic, "NumberOfMessagesPublished", 1);
  count(topic, "PublishSize", static_cast<double>(publication.size_bytes), "Bytes");
  subscriptions_.visit_topic(topic.arn, [&](const Subscription& s) {
    if (s.state != Subscription::State::confirmed || !wants(topic, s, publication)) return;
    auto notification = notification_for(topic, s, publication, id, dependencies_.timers.now());
    if (is_ours(s))
      deliver_at_once(s, std::move(notification));
    else if (is_delivered(s.protocol))
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
  Envelope envelope{endpoint_, "", "", certificate_url_};
  if (signer_) {
    envelope.signature =
        signer_->sign(signature_input(notification, endpoint_), notification.signature_version);
    envelope.certificate_name = signer_->certificate_name();
  }
  return envelope;
}

aws::DispatchOutcome Deliverer::hand_over(const Subscription& s, const Notification& n) {
  if (s.protocol == "sqs")
    return dependencies_.queues.send(queue_letter(n, envelope_of(n), s.endpoint, form_for(s)),
                                     {"sns.amazonaws.com", s.topic_arn});
  return dependencies_.functions.dispatch(s.endpoint, lambda_event(n, envelope_of(n)), s.topic_arn);
}

// Nothing is queued here unless the function's or the queue's service has trouble: then this was
// the first of the attempts. Behind what waits of the same message group it waits, too.
void Deliverer::deliver_at_once(const Subscription& s, Notification notification) {
  const auto now = dependencies_.timers.now();
  if (queue_.waits_for(notification))
    return queue_.add_failed(std::move(notification), now + *delay_after(function_schedule(), 1));
  const auto handover = hand_over(s, notification);
  if (handover.kind == aws::DispatchOutcome::Kind::accepted)
    return count(s.topic_arn, "NumberOfNotificationsDelivered");
  if (handover.kind == aws::DispatchOutcome::Kind::refused)
    return give_up(notification, s, handover.reason);
  queue_.add_failed(std::move(notification), now + *delay_after(function_schedule(), 1));
}

void Deliverer::attempt(const Delivery& delivery) {
  const Subscription* found = subscriptions_.find(delivery.notification.subscription_arn);
  const bool is_message = delivery.notification.kind == Notification::Kind::notification;
  // Whoever has left meanwhile gets nothing more (but the confirmation that he has left).
  if (!found || (is_message && found->state != Subscription::State::confirmed))
    return queue_.finish(delivery.id);
  const Subscription& s = *found;
  if (is_ours(s)) return attempt_at_once(delivery, s);
  if (!signer_) return queue_.park(delivery.id);  // until the key is there (fact sns-41)
  if (is_http(s))
    attempt_http(delivery, s);
  else
    attempt_mail(delivery, s);
}

void Deliverer::attempt_at_once(const Delivery& delivery, const Subscription& s) {
  if (queue_.waits_for(delivery.notification, delivery.id))
    return settle(delivery.id, Verdict::try_again, "an earlier one of its group waits");
  const auto handover = hand_over(s, delivery.notification);
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
  auto post = http_post(n, envelope_of(n), s.endpoint, http.content_type, form_for(s));
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
  if (is_ours(s)) return function_schedule();
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
  if (!s.setting("RedrivePolicy").empty()) redrive(n, s);
}

// To the subscription's dead-letter queue, in the form in which a queue would have had it (fact
// sns-36).
void Deliverer::redrive(const Notification& n, const Subscription& s) {
  const auto policy = aws::from_json(s.setting("RedrivePolicy")).value_or(aws::Value{});
  const auto& target = policy["deadLetterTargetArn"];
  const auto outcome = dependencies_.queues.send(
      queue_letter(n, envelope_of(n), target.is_string() ? target.string() : "", form_for(s)),
      {"sns.amazonaws.com", s.topic_arn});
  if (outcome.kind == aws::DispatchOutcome::Kind::accepted)
    return count(s.topic_arn, "NumberOfNotificationsRedrivenToDlq");
  count(s.topic_arn, "NumberOfNotificationsFailedToRedriveToDlq");
  log(LogLevel::warning, "sns",
      "message " + n.id + " of " + n.topic_arn +
          " does not reach its dead-letter queue: " + outcome.reason);
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
