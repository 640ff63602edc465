// SPDX-License-Identifier: Apache-2.0
// Deliverer: from a published message to its subscribers, each attempt retried by AWS's schedule
// until it has arrived or is given up.
//   send -> filter -> function, queue: handed over in the very call; failed: delivery queue
//                 '-> http, mail:      delivery queue
//   delivery queue -> attempt -> settle -> finish              delivered
//                                      |-> retry               again later, by the schedule
//                                      '-> finish, give_up     hopeless, or tried often enough:
//                                                              to the dead-letter queue, if any
// It looks subscribers up anew for every attempt: who has left meanwhile gets nothing more. It
// signs what it sends with the engine's key, made once somebody is there to sign for (fact sns-41),
// and counts the metrics of AWS/SNS. Owns the journal tables sns.deliveries and sns.signing.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ports/lifetime.h"
#include "services/sns/delivery_queue.h"
#include "services/sns/dependencies.h"
#include "services/sns/notification.h"
#include "services/sns/publication.h"
#include "services/sns/retry_schedule.h"
#include "services/sns/signer.h"
#include "services/sns/subscriptions.h"
#include "services/sns/topics.h"

namespace sitelatch::sns {

class Deliverer {
 public:
  // Takes up the deliveries and the key that the journal has. Topics and subscriptions are the
  // caller's, loaded already, and outlive this. `endpoint` is how subscribers reach this engine
  // ("http://127.0.0.1:4566"), for the links in notifications; `certificate_url` as in Envelope.
  // Throws ports::BadRow.
  Deliverer(Dependencies dependencies, const Topics& topics, const Subscriptions& subscriptions,
            std::string endpoint, std::string certificate_url = {});

  // Sends to each confirmed subscription of the topic whose filter wants the message; functions
  // have it in this journal batch, all others some time after it. Gives the message id, a UUID.
  std::string send(const Topic& topic, const Publication& publication);
  // A question to the endpoint of a pending or deactivated subscription, as confirmation() makes
  // it.
  void send_confirmation(Notification confirmation);

  // Somebody is there to sign for. Has the key made, unless it is there or asked for already.
  void need_signing_key();
  // Calls back once there is a key: at once if it is there.
  void when_signing(std::function<void()> callback);
  // The PEM at "/SimpleNotificationService-<32 hex>.pem"; nothing: another name, or no key yet.
  std::optional<std::string> certificate(std::string_view path) const;

  std::size_t waiting() const { return queue_.size(); }  // deliveries that are not settled

 private:
  bool wants(const Topic& topic, const Subscription& subscription, const Publication& publication);
  Envelope envelope_of(const Notification& notification) const;
  aws::DispatchOutcome hand_over(const Subscription& subscription,
                                 const Notification& notification);
  void deliver_at_once(const Subscription& subscription, Notification notification);
  void attempt(const Delivery& delivery);
  void attempt_at_once(const Delivery& delivery, const Subscription& subscription);
  void attempt_http(const Delivery& delivery, const Subscription& subscription);
  void attempt_mail(const Delivery& delivery, const Subscription& subscription);
  enum class Verdict { delivered, try_again, hopeless };
  void settle(std::uint64_t delivery_id, Verdict verdict, const std::string& why);
  RetrySchedule schedule_of(const Subscription& subscription) const;
  void give_up(const Notification& notification, const Subscription& subscription,
               const std::string& why);
  void redrive(const Notification& notification, const Subscription& subscription);
  void count(const Topic& topic, std::string_view metric, double value,
             std::string_view unit = "Count");
  void count(const std::string& topic_arn, std::string_view metric);
  void adopt(const SigningKey& key);

  Dependencies dependencies_;
  const Topics& topics_;
  const Subscriptions& subscriptions_;
  std::string endpoint_, certificate_url_;
  std::unique_ptr<MessageSigner> signer_;
  bool key_is_made_ = false;  // asked for, and not there yet
  std::vector<std::function<void()>> waiting_for_key_;
  DeliveryQueue queue_;
  ports::Lifetime lifetime_;
};

}  // namespace sitelatch::sns
